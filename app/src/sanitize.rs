//! `[sanitize]`: how files from outside are made anew (無害化).

use std::ops::RangeInclusive;

use anyhow::{Context as _, bail};
use kawasemi_sanitize::{Limits, Mode, PdfWay, Sanitizer, Settings};
use serde::Deserialize;

/// What one source says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SanitizeSettings {
    /// Who makes files anew.
    mode: Option<ModeName>,
    /// A city's own product and its arguments, for `mode = "command"`.
    command: Option<Vec<String>>,
    /// Whether files that staff attach at the desk are made anew as well; what comes from outside always is.
    desk: Option<bool>,
    /// What becomes of PDFs.
    pdf: Option<PdfWay>,
    /// The largest file in MiB.
    input_mib: Option<u64>,
    /// The most pages of a PDF.
    pages: Option<u32>,
    /// The time for one file.
    seconds: Option<u64>,
    /// The memory for one file.
    memory_mib: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ModeName {
    Builtin,
    Command,
    Off,
}

/// What they mean.
#[derive(Clone, Debug)]
pub struct Sanitizing {
    /// Makes files anew.
    pub sanitizer: Sanitizer,
    /// Whether files that staff attach at the desk go through it.
    pub at_desk: bool,
}

impl SanitizeSettings {
    /// These settings with those of a stronger source laid over them.
    pub fn overlaid(self, over: Self) -> Self {
        Self {
            mode: over.mode.or(self.mode),
            command: over.command.or(self.command),
            desk: over.desk.or(self.desk),
            pdf: over.pdf.or(self.pdf),
            input_mib: over.input_mib.or(self.input_mib),
            pages: over.pages.or(self.pages),
            seconds: over.seconds.or(self.seconds),
            memory_mib: over.memory_mib.or(self.memory_mib),
        }
    }

    /// What they mean, with the usual where nothing is said.
    ///
    /// # Errors
    /// A product that is not named, or named without being asked for; a limit without sense.
    pub fn settled(self) -> anyhow::Result<Sanitizing> {
        let usual = Limits::default();
        let limits = Limits {
            input: within("input_mib", self.input_mib, usual.input >> 20, 1..=4096)? << 20,
            pages: u32::try_from(within("pages", self.pages.map(u64::from), usual.pages.into(), 1..=10_000)?)?,
            seconds: within("seconds", self.seconds, usual.seconds, 1..=3600)?,
            memory_mib: within("memory_mib", self.memory_mib, usual.memory_mib, 256..=1_048_576)?,
            pdf: self.pdf.unwrap_or(usual.pdf),
            ..usual
        };
        let mode = match (self.mode.unwrap_or(ModeName::Builtin), self.command) {
            (ModeName::Builtin, None) => Mode::Builtin,
            (ModeName::Off, _) => Mode::Off,
            (ModeName::Command, Some(words)) if words.first().is_some_and(|program| !program.trim().is_empty()) => {
                let has = |wanted: &str| words.iter().any(|word| word == wanted);
                if !has("{in}") || !has("{out}") {
                    bail!(
                        "sanitize.command には \"{{in}}\" と \"{{out}}\" が要ります（例 [\"/opt/seihin/clean\", \"{{in}}\", \"{{out}}\"]）。"
                    );
                }
                Mode::Command(words)
            }
            (ModeName::Command, _) => {
                bail!("sanitize.mode が command のときは、sanitize.command に製品のコマンドを書いてください。")
            }
            (ModeName::Builtin, Some(_)) => {
                bail!("sanitize.command は、sanitize.mode = \"command\" のときだけ書いてください。");
            }
        };
        let worker = std::env::current_exe().context("実行ファイルの場所が分かりません。")?;
        let sanitizer = Sanitizer::new(Settings { mode, limits, worker: Some(worker) });
        Ok(Sanitizing { sanitizer, at_desk: self.desk.unwrap_or(false) })
    }
}

fn within(key: &str, value: Option<u64>, usual: u64, range: RangeInclusive<u64>) -> anyhow::Result<u64> {
    let value = value.unwrap_or(usual);
    if !range.contains(&value) {
        let (least, most) = range.into_inner();
        bail!("sanitize.{key} は {least} から {most} までにしてください（いまは {value}）。");
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(text: &str) -> Result<Sanitizing, String> {
        let settings: SanitizeSettings = toml::from_str(text).map_err(|error| error.to_string())?;
        settings.settled().map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_said_is_builtin_and_not_at_the_desk() {
        let usual = settled("").expect("is fine");
        assert!(usual.sanitizer.is_on() && !usual.at_desk);
        assert!(!settled("mode = \"off\"").expect("is fine").sanitizer.is_on());
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        for (text, expected) in [
            ("mode = \"command\"", "sanitize.command に製品"),
            ("mode = \"command\"\ncommand = [\"clean\", \"{in}\"]", "{out}"),
            ("command = [\"clean\", \"{in}\", \"{out}\"]", "のときだけ"),
            ("seconds = 0", "1 から 3600"),
            ("memory_mib = 255", "256 から"),
            ("mode = \"on\"", "unknown variant"),
        ] {
            let said = settled(text).expect_err("is refused");
            assert!(said.contains(expected), "{text}: {said}");
        }
    }
}
