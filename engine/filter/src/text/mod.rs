//! CQL2 text: read (`lexer`, `parser`, `literal`) and written (`print`).

mod lexer;
mod literal;
pub(crate) mod names;
mod parser;
mod print;

use crate::ast::Ast;
use crate::error::{At, FilterError};
use crate::limits::Limits;

/// Reads CQL2 text. The whole text must be one expression: what is left over is refused, never ignored, since a grant
/// that ends too early would grant more than was written.
///
/// # Errors
/// When the text is too long, too deep or not CQL2; the error says where.
pub fn parse_text(text: &str, limits: Limits) -> Result<Ast, FilterError> {
    limits.check_length(text.len())?;
    let words = lexer::words(text)?;
    let end = At::character(text.chars().count() + 1);
    parser::Parser::new(&words, end, limits).whole().map(|root| Ast { root })
}
