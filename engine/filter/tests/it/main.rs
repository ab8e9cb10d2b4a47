//! Conditions: what they mean, what they refuse, and that all who work them out agree.

mod agreement;
mod differential;
mod hostile;
mod meaning;
mod reading;
mod support;
mod typing;
