//! Oversight (監査・個人情報保護): who looked at whom, and what becomes of personal data.
//!
//! Two offices ask this engine. The auditor (監査担当) reads what the access log says, in reports: [`reports`]. The officer for
//! personal data (個人情報保護担当) keeps the register of files ([`file_register`]), lets what is past its retention be disposed
//! of with the approval of a second person ([`disposal`]), stops the use of a record or has it erased ([`stop`]), and puts
//! together what is held on one person ([`disclosure`]). What others watch from outside is sent by [`siem`].
//!
//! The log itself is written where records are read (`kawasemi_identity::access_log`). Here its entries get a gapless place,
//! are signed ([`seals`]) and are counted ([`totals`]) in the same unit, so that a report over ten million entries reads some
//! thousand counters, and can be held against the entries at any time.

pub mod city;
pub mod disclosure;
pub mod disposal;
pub mod error;
pub mod file_register;
pub mod hours;
pub mod reports;
pub mod seals;
pub mod siem;
pub mod stop;
pub mod subjects;
pub mod tables;
pub mod totals;

pub use city::{Oversight, Parts};
pub use error::{OversightError, Result};
pub use tables::engine;
