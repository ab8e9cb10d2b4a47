//! The hall's identity provider.
