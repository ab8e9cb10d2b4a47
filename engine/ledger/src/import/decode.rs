//! Which encoding a text file is in, and reading it as UTF-8.
//!
//! Files come from spreadsheets (CP932, or UTF-8 with a byte order mark), from other systems (UTF-8, or CP932 with
//! half-width kana) and from "Unicode text" exports (UTF-16). The whole file is looked at once, since the first kanji may
//! stand in its last line; a person can overrule what was found.

use std::io::{self, Read};

use encoding_rs::{CoderResult, Decoder, Encoding as Codec, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE};
use serde::{Deserialize, Serialize};

/// Bytes read at once.
const BLOCK: usize = 64 * 1024;

/// The encoding of a text file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// Windows code page 932 (Shift_JISの拡張).
    Cp932,
    /// UTF-16, little-endian, with a byte order mark.
    Utf16Le,
    /// UTF-16, big-endian, with a byte order mark.
    Utf16Be,
}

impl Encoding {
    /// Every encoding, as a form offers them.
    pub const ALL: [Self; 4] = [Self::Utf8, Self::Cp932, Self::Utf16Le, Self::Utf16Be];

    /// Its key.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Cp932 => "cp932",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
        }
    }

    /// The encoding with a key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|encoding| encoding.key() == key)
    }

    /// What people call it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Cp932 => "Shift_JIS（CP932）",
            Self::Utf16Le => "UTF-16（LE）",
            Self::Utf16Be => "UTF-16（BE）",
        }
    }

    pub(super) fn codec(self) -> &'static Codec {
        match self {
            Self::Utf8 => UTF_8,
            // The WHATWG Shift_JIS is code page 932 with its NEC and IBM extensions.
            Self::Cp932 => SHIFT_JIS,
            Self::Utf16Le => UTF_16LE,
            Self::Utf16Be => UTF_16BE,
        }
    }

    /// The encoding of a codec; none where it is not one of ours.
    pub(super) fn of_codec(codec: &'static Codec) -> Option<Self> {
        Self::ALL.into_iter().find(|encoding| encoding.codec() == codec)
    }
}

/// What a look at the whole file found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Looks {
    utf8: bool,
    cp932: bool,
    /// A character that UTF-8 writes with three bytes or more, such as any kana or kanji.
    has_wide: bool,
    /// A kanji, kana or sign that CP932 writes with two bytes.
    has_double: bool,
    has_high: bool,
}

/// Finds the encoding of a text; none if it is in none that we read.
pub fn detect(reader: &mut impl Read) -> io::Result<Option<Encoding>> {
    let mut head = [0; 3];
    let length = read_fully(reader, &mut head)?;
    match &head[..length] {
        [0xEF, 0xBB, 0xBF] => return Ok(Some(Encoding::Utf8)),
        [0xFF, 0xFE, ..] => return Ok(Some(Encoding::Utf16Le)),
        [0xFE, 0xFF, ..] => return Ok(Some(Encoding::Utf16Be)),
        _ => {}
    }
    let looks = look(&mut head[..length].chain(reader))?;
    Ok(match looks {
        Looks { utf8: true, has_wide: true, .. } => Some(Encoding::Utf8),
        // A file of half-width kana alone can happen to be valid UTF-8; its Japanese text then has no kana or kanji.
        Looks { utf8: true, cp932: true, has_high: true, has_double: false, .. } => Some(Encoding::Cp932),
        Looks { utf8: true, .. } => Some(Encoding::Utf8),
        Looks { cp932: true, .. } => Some(Encoding::Cp932),
        _ => None,
    })
}

fn look(reader: &mut impl Read) -> io::Result<Looks> {
    let mut looks = Looks { utf8: true, cp932: true, ..Looks::default() };
    let mut utf8 = UTF_8.new_decoder_without_bom_handling();
    let mut cp932 = SHIFT_JIS.new_decoder_without_bom_handling();
    let mut block = vec![0; BLOCK];
    let mut text = String::with_capacity(BLOCK * 3 + 16);
    loop {
        let length = read_fully(reader, &mut block)?;
        let last = length < block.len();
        let bytes = &block[..length];
        if bytes.contains(&0) {
            return Ok(Looks::default());
        }
        looks.has_high |= !bytes.is_ascii();
        if looks.utf8 {
            looks.utf8 = is_valid(&mut utf8, bytes, &mut text, last);
            looks.has_wide |= text.chars().any(|c| c >= '\u{800}');
        }
        if looks.cp932 {
            looks.cp932 = is_valid(&mut cp932, bytes, &mut text, last);
            looks.has_double |= text.chars().any(|c| !c.is_ascii() && !matches!(c, '\u{FF61}'..='\u{FF9F}'));
        }
        if last {
            return Ok(looks);
        }
    }
}

/// Decodes a block into `text`; whether every byte had a meaning.
fn is_valid(decoder: &mut Decoder, bytes: &[u8], text: &mut String, last: bool) -> bool {
    text.clear();
    let (result, _) = decoder.decode_to_string_without_replacement(bytes, text, last);
    result == encoding_rs::DecoderResult::InputEmpty
}

/// Reads until the block is full or the file ends.
fn read_fully(reader: &mut impl Read, block: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < block.len() {
        match reader.read(&mut block[filled..]) {
            Ok(0) => break,
            Ok(length) => filled += length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// A reader that hands a file over as UTF-8 without a byte order mark, whatever its encoding, and ends its last line.
/// Bytes without a meaning become U+FFFD, which the import reports.
pub struct Decoding<R> {
    inner: R,
    decoder: Decoder,
    block: Box<[u8]>,
    /// The part of the block that was read and not yet decoded.
    pending: std::ops::Range<usize>,
    /// Decoded text that the caller has not taken yet.
    out: Vec<u8>,
    taken: usize,
    last_byte: Option<u8>,
    quotation_marks: u64,
    ended: bool,
}

impl<R: Read> Decoding<R> {
    /// Reads `inner` in an encoding.
    pub fn new(inner: R, encoding: Encoding) -> Self {
        Self {
            inner,
            decoder: encoding.codec().new_decoder_with_bom_removal(),
            block: vec![0; BLOCK].into_boxed_slice(),
            pending: 0..0,
            out: Vec::new(),
            taken: 0,
            last_byte: None,
            quotation_marks: 0,
            ended: false,
        }
    }

    /// How many quotation marks were handed over.
    pub(super) fn quotation_marks(&self) -> u64 {
        self.quotation_marks
    }

    /// Decodes more; leaves nothing in `out` only at the end.
    fn fill(&mut self) -> io::Result<()> {
        self.out.clear();
        self.taken = 0;
        while self.out.is_empty() && !self.ended {
            if self.pending.is_empty() {
                let length = read_fully(&mut self.inner, &mut self.block)?;
                self.pending = 0..length;
                self.ended = length < self.block.len();
            }
            let bytes = &self.block[self.pending.clone()];
            let room = self.decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(BLOCK * 4);
            self.out.resize(room, 0);
            let (result, read, written, _) = self.decoder.decode_to_utf8(bytes, &mut self.out, self.ended);
            debug_assert_eq!(result, CoderResult::InputEmpty, "the buffer has room for all");
            self.out.truncate(written);
            self.pending.start += read;
            self.quotation_marks += self.out.iter().filter(|byte| **byte == b'"').count() as u64;
            self.last_byte = self.out.last().copied().or(self.last_byte);
            if self.ended && self.last_byte.is_some_and(|byte| byte != b'\n') {
                self.out.push(b'\n');
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Decoding<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.out.len() {
            self.fill()?;
        }
        let rest = &self.out[self.taken..];
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.taken += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detected(bytes: &[u8]) -> Option<Encoding> {
        detect(&mut &bytes[..]).expect("reads")
    }

    fn cp932(text: &str) -> Vec<u8> {
        SHIFT_JIS.encode(text).0.into_owned()
    }

    fn decoded(bytes: &[u8], encoding: Encoding) -> String {
        let mut text = String::new();
        Decoding::new(bytes, encoding).read_to_string(&mut text).expect("is UTF-8");
        text.trim_end_matches('\n').to_owned()
    }

    #[test]
    fn finds_encodings() {
        for (bytes, encoding) in [
            ("\u{FEFF}公園".as_bytes().to_vec(), Encoding::Utf8),
            ("公園,綾瀬市".into(), Encoding::Utf8),
            ("name,1".into(), Encoding::Utf8),
            (cp932("公園,髙﨑①"), Encoding::Cp932),
            (cp932("ﾌﾘｶﾞﾅ,ﾃｽﾄ"), Encoding::Cp932),
            (cp932("ﾃｽ"), Encoding::Cp932),
            (b"\xFF\xFEa\0".to_vec(), Encoding::Utf16Le),
        ] {
            assert_eq!(detected(&bytes), Some(encoding), "{bytes:?}");
        }
        assert_eq!(detected(b"\x89PNG\r\n\x1a\n\0\0"), None);
        assert_eq!(detected(&[0xFF; 100]), None);
        assert_eq!(detected(b""), Some(Encoding::Utf8));
    }

    #[test]
    fn decodes_across_blocks() {
        let text = "綾瀬ｱ".repeat(40_000);
        assert_eq!(decoded(&cp932(&text), Encoding::Cp932), text);
        assert_eq!(decoded(format!("\u{FEFF}{text}").as_bytes(), Encoding::Utf8), text);
        assert_eq!(decoded(b"\xFF\xFE\x42\x30", Encoding::Utf16Le), "あ");
        assert_eq!(decoded(b"a\xE3\x81", Encoding::Utf8), "a\u{FFFD}");
    }
}
