//! Personnel transfers (人事異動): orders that are brought in ahead, checked, shown as before and after, and take effect at
//! midnight.
//!
//! An order is a record of its own ([`crate::PERSONNEL_ORDER`]), seen by the personnel section alone, since a transfer is told
//! to the person before it is told to the hall. What is planned counts at once where it must, with its dates: identity knows
//! today which departments somebody has from 1 April on ([`crate::standing`]). The registers themselves say it from that
//! day on ([`apply`]).
//!
//! Start reading at [`career`], which is all of the rules; [`check`] reads a file against them, [`orders`] keeps what is
//! right.

pub mod apply;
pub mod career;
pub mod check;
pub mod file;
pub mod kind;
pub mod orders;
pub mod preview;

pub use career::{Career, Order};
pub use kind::OrderKind;
