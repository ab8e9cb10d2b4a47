//! Webhooks, from the register to the receiver.

mod common;
mod delivery;
mod register;
