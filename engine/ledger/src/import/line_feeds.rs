//! Line ends of one kind: `\r\n` becomes `\n` while a file is read, so that lines count alike whatever wrote it.

use std::io::{Error, ErrorKind, Read, Result};

/// A reader that leaves out the `\r` before each `\n`.
pub struct LineFeeds<R> {
    inner: R,
    /// A `\r` that was read and of which is not known yet what follows.
    held: bool,
}

impl<R> LineFeeds<R> {
    /// Reads `inner`.
    pub const fn new(inner: R) -> Self {
        Self { inner, held: false }
    }

    /// What is read.
    pub const fn inner(&self) -> &R {
        &self.inner
    }
}

impl<R: Read> Read for LineFeeds<R> {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        // A held byte may come out beside each byte that is read, so one place is kept for it.
        let Some(room) = out.len().checked_sub(1).filter(|room| *room > 0) else {
            return Err(Error::new(ErrorKind::InvalidInput, "the buffer is too small"));
        };
        let mut chunk = [0; 4096];
        loop {
            let n = self.inner.read(&mut chunk[..room.min(4096)])?;
            let mut written = 0;
            let mut put = |byte| {
                out[written] = byte;
                written += 1;
            };
            if n == 0 && std::mem::take(&mut self.held) {
                put(b'\r');
            }
            for byte in &chunk[..n] {
                if std::mem::take(&mut self.held) && *byte != b'\n' {
                    put(b'\r');
                }
                match byte {
                    b'\r' => self.held = true,
                    byte => put(*byte),
                }
            }
            if written > 0 || n == 0 {
                return Ok(written);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out one byte at a time.
    struct Drop<'a>(&'a [u8]);

    impl Read for Drop<'_> {
        fn read(&mut self, out: &mut [u8]) -> Result<usize> {
            let n = self.0.len().min(1).min(out.len());
            out[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    #[test]
    fn only_the_cr_of_a_line_end_goes() {
        for (text, expected) in [("a\r\nb", "a\nb"), ("a\rb\r", "a\rb\r"), ("\r\r\n\r\n", "\r\n\n"), ("", "")] {
            for whole in [true, false] {
                let mut read = Vec::new();
                let source: Box<dyn Read> =
                    if whole { Box::new(text.as_bytes()) } else { Box::new(Drop(text.as_bytes())) };
                let mut buffered = std::io::BufReader::new(LineFeeds::new(source));
                buffered.read_to_end(&mut read).expect("reads");
                assert_eq!(read, expected.as_bytes(), "{text:?}");
            }
        }
    }
}
