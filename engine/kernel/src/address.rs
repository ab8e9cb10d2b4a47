//! Addresses (住所): written in a hundred ways, brought to one key, compared.
//!
//! The same house is written as 綾瀬市大字早川五五〇番地の一, 早川550-1 or 神奈川県綾瀬市早川５５０－１. A [`Gazetteer`] knows the
//! towns of one city; [`Gazetteer::read`] brings a text to an [`Address`] of town, 丁目, numbers and room, whose
//! [`Address::key`] is the same for all spellings; [`compare`] decides whether two texts mean the same place. Both say how
//! they came to their answer, step by step. The order of the rules matters and is that of the modules:
//!
//! - [`spelling`]: width, hyphens, variant characters, invisible marks
//! - [`numeral`]: numbers in digits, 五五〇, 五百五十 or 壱弐参
//! - [`gazetteer`]: prefecture and city off, then the town by longest match
//! - [`mod@read`]: 丁目, numbers and the room
//! - [`pair`]: the decision for two addresses
//! - [`split`]: prefecture, city, town and the rest of an address anywhere in Japan
//!
//! Both kinds of address are read: 住居表示 (町丁目・番・号, 住居表示に関する法律第2条) and 地番 (町・大字、本番、枝番). No person is
//! matched by an address alone.

mod chain;
pub mod gazetteer;
mod head;
pub mod numeral;
pub mod pair;
pub mod read;
pub mod spelling;
pub mod split;

pub use gazetteer::{Gazetteer, GazetteerError, Town};
pub use pair::{Comparison, Decision, compare};
pub use read::{Address, Reading, Unresolved};
pub use split::{Split, split};

#[cfg(test)]
mod tests;
