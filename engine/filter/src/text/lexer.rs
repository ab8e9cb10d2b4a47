//! From characters to words, with `winnow`.

use winnow::LocatingSlice;
use winnow::Parser as _;
use winnow::ascii::digit1;
use winnow::combinator::{alt, delimited, dispatch, opt, peek, preceded, repeat};
use winnow::error::{ContextError, ModalResult};
use winnow::stream::Location as _;
use winnow::token::{any, one_of, take_till, take_while};

use crate::error::{At, ErrorCode, FilterError};
use crate::text::names::{begins_name, continues_name, is_space, is_wide_sign};

/// One word of the text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'a> {
    /// A name or keyword without quotes.
    Name(&'a str),
    /// A name in double quotes.
    Quoted(&'a str),
    /// A character string, its quotes resolved.
    Text(String),
    /// A number without sign.
    Number(&'a str),
    /// A sign such as `<=` or `(`. `!=` is read as `<>`: it is not in the grammar, but many type it and it can mean
    /// nothing else.
    Sign(&'a str),
}

/// A word and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Word<'a> {
    pub(super) at: At,
    pub(super) token: Token<'a>,
}

type Input<'a> = LocatingSlice<&'a str>;

/// Cuts a text into words. Every character belongs to one or is white space, or the text is refused.
pub(super) fn words(text: &str) -> Result<Vec<Word<'_>>, FilterError> {
    let mut words = Vec::new();
    let mut input = LocatingSlice::new(text);
    // The column is counted along, so that finding it never goes back over the text.
    let (mut column, mut counted) = (1, 0);
    loop {
        skip_space(&mut input);
        let start = input.current_token_start();
        column += text[counted..start].chars().count();
        counted = start;
        let at = At::character(column);
        if start == text.len() {
            return Ok(words);
        }
        let token = token(&mut input).map_err(|_| unreadable(at, &text[start..]))?;
        if let Token::Number(digits) = token
            && text[input.current_token_start()..].starts_with(continues_name)
        {
            let hint = "名前を数字で始めるときは \"\" で囲んでください";
            return Err(FilterError::new(ErrorCode::Syntax, at, format!("「{digits}」の後に空白がありません"), hint));
        }
        words.push(Word { at, token });
    }
}

fn skip_space(input: &mut Input<'_>) {
    let spaces: Result<&str, ContextError> = take_while(0.., is_space).parse_next(input);
    debug_assert!(spaces.is_ok(), "white space of no length is always there");
}

/// The first character tells what a word is, so no reading is ever tried twice.
fn token<'a>(input: &mut Input<'a>) -> ModalResult<Token<'a>> {
    dispatch! {peek(any);
        '\'' => string.map(Token::Text),
        '"' => quoted,
        '0'..='9' | '.' => number,
        '<' | '>' | '!' => alt(("<>", "!=".value("<>"), "<=", ">=", "<", ">")).map(Token::Sign),
        '=' | '(' | ')' | ',' | '+' | '-' | '*' | '/' | '%' | '^' => any.take().map(Token::Sign),
        _ => name,
    }
    .parse_next(input)
}

fn name<'a>(input: &mut Input<'a>) -> ModalResult<Token<'a>> {
    (one_of(begins_name), take_while(0.., continues_name)).take().map(Token::Name).parse_next(input)
}

fn quoted<'a>(input: &mut Input<'a>) -> ModalResult<Token<'a>> {
    let inner = take_till(1.., |c: char| c == '"' || c.is_control());
    delimited('"', inner, '"').map(Token::Quoted).parse_next(input)
}

/// `'…'`, in which `''` and `\'` stand for one quotation mark; any other backslash stands for itself.
fn string(input: &mut Input<'_>) -> ModalResult<String> {
    let part = alt((take_till(1.., ['\'', '\\']), "''".value("'"), "\\'".value("'"), '\\'.value("\\")));
    let inner = repeat(0.., part).fold(String::new, |mut text: String, part: &str| {
        text.push_str(part);
        text
    });
    delimited('\'', inner, '\'').parse_next(input)
}

fn number<'a>(input: &mut Input<'a>) -> ModalResult<Token<'a>> {
    let decimal = alt(((digit1, opt(('.', opt(digit1)))).void(), ('.', digit1).void()));
    let exponent = preceded(one_of(['e', 'E']), (opt(one_of(['+', '-'])), digit1)).void();
    (decimal, opt(exponent)).take().map(Token::Number).parse_next(input)
}

/// Says what is wrong with a text of which no word can be read.
fn unreadable(at: At, rest: &str) -> FilterError {
    let first = rest.chars().next().unwrap_or_default();
    let (message, hint) = match first {
        '\'' => ("文字を囲む ' が閉じていません".to_owned(), "文字の中の ' は '' と二つ重ねてください"),
        '"' => ("項目の名前を囲む \" が閉じていません".to_owned(), "文字は ' で、項目の名前は \" で囲みます"),
        '‘' | '’' | '“' | '”' => (format!("引用符「{first}」は使えません"), "半角の ' を使ってください"),
        _ if is_wide_sign(first) => (format!("「{first}」は全角です"), "記号は半角で書いてください"),
        _ => (format!("「{first}」は条件に使えない文字です"), "文字は ' で囲んでください（例：name = '中央公園'）"),
    };
    FilterError::new(ErrorCode::Syntax, at, message, hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<Token<'_>> {
        words(text).expect("words").into_iter().map(|word| word.token).collect()
    }

    #[test]
    fn quotes_and_backslashes() {
        for (text, read) in [
            ("'O''Brien'", "O'Brien"),
            (r"'O\'Brien'", "O'Brien"),
            (r"'100\%'", r"100\%"),
            ("''", ""),
            ("''''", "'"),
            ("'改\n行'", "改\n行"),
        ] {
            assert_eq!(tokens(text), [Token::Text(read.to_owned())], "{text}");
        }
        assert!(words(r"'open\'").is_err());
    }

    #[test]
    fn numbers_and_names_stand_apart() {
        assert_eq!(tokens("a1.b>=.5e-3"), [Token::Name("a1.b"), Token::Sign(">="), Token::Number(".5e-3")]);
        assert_eq!(tokens("面積\u{3000}<>𠮷"), [Token::Name("面積"), Token::Sign("<>"), Token::Name("𠮷")]);
        assert!(words("1a = 2").is_err());
    }

    #[test]
    fn columns_count_characters() {
        let error = words("面積 ＝ 5").expect_err("full-width sign");
        assert_eq!((error.column, error.code), (Some(4), ErrorCode::Syntax));
    }
}
