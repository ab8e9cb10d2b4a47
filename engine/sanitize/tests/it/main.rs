//! Documents with and without something active inside.

mod hostile;
mod office;
mod support;
