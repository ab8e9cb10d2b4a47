//! Tables in and out of the files that offices have.

mod by_hand;
mod tables;
