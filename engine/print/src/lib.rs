//! Prints (印刷): from a template and data to PDF, so that every character of a name is on the paper as it was entered.
//!
//! A [`Job`] is a Typst template with its data, pictures and options; a [`Printer`] makes a PDF of it with the fonts of the
//! machine. The template reaches no file and no network, time comes from the caller, and the same job gives the same bytes.
//!
//! An **official** print (公文) stops rather than show a blank, a 〓 or another shape than the one that is registered: every
//! character of the data is looked up in the very fonts that will be used ([`coverage`]), variation sequences and external
//! characters (外字) included, and [`PrintError::Stopped`] carries the list of what can't be shown: which record, which field,
//! which code point, what to do. What was laid out is looked at once more before it becomes a file ([`verify`]). An **ordinary**
//! print puts the substitute of the city's table in the place of what can't be shown, marks it and says so.
//!
//! No font is part of the program. [`fonts`] finds BIZ UD明朝 and BIZ UDゴシック for text and IPAmj明朝 for the kanji of names in
//! the folders of the system, and says which package brings one that is missing. From the same fonts [`web_font`] cuts the few
//! rare characters that a page on the screen needs.
//!
//! Start reading at [`job`], then [`printer`]. `typ/paper.typ` is what templates build papers with; [`sheet`] prints any record of
//! any ledger. This is the only crate that knows Typst.

pub mod coverage;
pub mod fonts;
pub mod job;
pub mod map_sheet;
pub mod printer;
pub mod sheet;
pub mod stop;
mod verify;
pub mod web_font;
mod world;

pub use fonts::{FontState, Fonts};
pub use job::{Archive, Asset, Footer, Job, Kind, Mark, Naming, Options, Orientation, PaperSize, Template};
pub use printer::{Pdf, PrintError, Printer};
pub use stop::{Finding, Reason, StopList};
