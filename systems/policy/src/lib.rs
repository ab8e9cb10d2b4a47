//! The policy board (部局運営方針): what each department set out to do, and what became of it.

pub mod paper;
pub mod rules;

use kawasemi_kernel as kernel;
