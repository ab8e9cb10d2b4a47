//! Files in and out of host systems, from the folder to the records.

mod common;
mod folders;
mod intake;
mod nasty;
mod published;
mod recovery;
