//! The components of pages and their words.

mod gallery;
mod words;
