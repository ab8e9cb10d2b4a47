//! What is wrong with a command line, said in Japanese.
//!
//! `clap` finds the mistake; its own sentences are English, so they are written anew here from the parts that it names.

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// The sentence for a mistake in the command line; none where `clap` wants to print something else (help, version).
pub fn sentence(error: &clap::Error) -> Option<String> {
    let part = |kind| error.get(kind).map(words).unwrap_or_default();
    let argument = part(ContextKind::InvalidArg);
    let value = part(ContextKind::InvalidValue);
    let said = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            return None;
        }
        ErrorKind::UnknownArgument => format!("「{argument}」というオプションや引数はありません。"),
        ErrorKind::InvalidSubcommand => {
            format!("「{}」というコマンドはありません。", part(ContextKind::InvalidSubcommand))
        }
        ErrorKind::MissingSubcommand => {
            format!("コマンドがありません。次のどれかを続けてください: {}。", part(ContextKind::ValidSubcommand))
        }
        ErrorKind::MissingRequiredArgument => format!("「{argument}」が必要です。"),
        ErrorKind::InvalidValue if value.is_empty() => format!("「{argument}」の値がありません。"),
        ErrorKind::InvalidValue => {
            format!("「{argument}」に「{value}」は使えません。使えるのは {} です。", part(ContextKind::ValidValue))
        }
        ErrorKind::ValueValidation => {
            let why = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
            let why = if is_japanese(&why) { why } else { "値の形が正しくありません。".to_owned() };
            format!("「{argument}」の「{value}」: {why}")
        }
        ErrorKind::ArgumentConflict => {
            let other = part(ContextKind::PriorArg);
            if other.is_empty() || other == argument {
                format!("「{argument}」は一度だけ指定してください。")
            } else {
                format!("「{argument}」は「{other}」と一緒に使えません。")
            }
        }
        ErrorKind::TooManyValues | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues | ErrorKind::NoEquals => {
            format!("「{argument}」の値の数が違います。")
        }
        ErrorKind::InvalidUtf8 => "引数に UTF-8 でない文字があります。".to_owned(),
        _ => "コマンドの指定に誤りがあります。".to_owned(),
    };
    let near: Vec<String> = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue]
        .into_iter()
        .filter_map(|kind| error.get(kind).map(words))
        .filter(|words| !words.is_empty())
        .collect();
    let hint =
        if near.is_empty() { String::new() } else { format!("「{}」のことですか。", near.join("」「")) };
    Some(format!("{said}{hint}使い方は kawasemi --help で確かめてください。"))
}

/// A page of help, with the words of its usage line that `clap` writes itself put into Japanese.
pub fn help(error: &clap::Error) -> String {
    error.to_string().replace("[OPTIONS]", "[オプション]")
}

/// The parts that `clap` names, without the values that follow an option (`--data <フォルダー>` becomes `--data`).
fn words(value: &ContextValue) -> String {
    let short = |text: &str| text.split_once(" <").map_or(text, |(name, _)| name).trim_matches(['<', '>']).to_owned();
    match value {
        ContextValue::String(text) => short(text),
        ContextValue::Strings(texts) => texts.iter().map(|text| short(text)).collect::<Vec<_>>().join("、"),
        ContextValue::StyledStr(text) => text.to_string(),
        ContextValue::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

fn is_japanese(text: &str) -> bool {
    text.chars().any(|character| matches!(character, 'ぁ'..='ん'))
}

#[cfg(test)]
mod tests {
    use crate::cli::Cli;

    fn said(line: &str) -> String {
        let error = Cli::read(line.split(' ').map(Into::into)).expect_err("is refused");
        super::sentence(&error).unwrap_or_default()
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::japanese().debug_assert();
    }

    #[test]
    fn mistakes_are_named_in_japanese() {
        for (line, expected) in [
            ("kawasemi serve --lisen 1", "「--lisen」というオプションや引数はありません。「--listen」のことですか。"),
            ("kawasemi export park", "「--format」が必要です。"),
            (
                "kawasemi export park --format pdf",
                "「--format」に「pdf」は使えません。使えるのは csv、xlsx、geojson、gpkg、shp です。",
            ),
            ("kawasemi init --code 142183", "団体コードの検査数字（6桁目）が合いません。"),
            ("kawasemi --data a --database-url b doctor", "「--database-url」と一緒に使えません"),
            ("kawasemi demo --residents many", "「--residents」の「many」: 値の形が正しくありません。"),
            ("kawasemi import park a.csv --map 公園名", "「見出し=項目」の形で指定してください。"),
        ] {
            let said = said(line);
            assert!(said.contains(expected), "{line}: {said}");
        }
    }

    #[test]
    fn help_speaks_japanese_on_every_page() {
        fn check(command: &clap::Command, path: &str) {
            let error = Cli::read(path.split(' ').chain(["--help"]).map(Into::into)).expect_err("is help");
            let help = super::help(&error);
            for english in ["Usage", "OPTIONS", "Options:", "Print help", "Commands:", "default:", "possible values"] {
                assert!(!help.contains(english), "{path}: {help}");
            }
            for child in command.get_subcommands() {
                check(child, &format!("{path} {}", child.get_name()));
            }
        }
        check(&Cli::japanese(), "kawasemi");
    }
}
