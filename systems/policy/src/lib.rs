//! The policy board (部局運営方針): what each department set out to do, and what became of it.
//!
//! Each year every department states its basic ideas and its initiatives under the city's priority themes. Most of them set
//! no figure: they study, discuss, decide. So the board asks of each what is delivered or decided, by when, which document
//! proves it, and what comes next; figures only where there are any.
//!
//! - [`definitions`]: the ledgers, roles and figures, as `system.toml`, `ledgers/` and `kpis.toml` declare them
//! - [`paper`]: reads the paper that the departments hand in, and tells a correction from something new
//! - [`rules`]: achievement, grades, roll-ups, deadlines and trends, as pure functions with their working
//! - [`calculators`]: the rules as the ledgers' computed fields call them
//! - [`sample`]: content for the demo city

pub mod calculators;
pub mod definitions;
pub mod paper;
pub mod rules;
pub mod sample;

use {kawasemi_kernel as kernel, kawasemi_schema as schema};
