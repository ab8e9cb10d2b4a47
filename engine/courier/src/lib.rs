//! Parcels (受渡し) between the two halves of a separated installation (三層分離): the portal on the internet and the desk
//! inside the hall.
//!
//! What one half has for the other is a [`Parcel`]: bytes of a *kind*, whose [`Handler`] says what they do on the other side.
//! A parcel is sealed to the receiver the moment it is made, so that the portal can't read what it holds; it is numbered
//! without gaps, applied there in that order and exactly once, since the receipt is written in the same write unit as what
//! the parcel does; and when the receipt has come back, the sender erases the content and keeps hash and size.
//!
//! - [`keys`]: the keys of both halves, their exchange, replacement and retirement
//! - [`envelope`]: sealing a parcel to a key
//! - [`outgoing`] and [`incoming`]: the two registers of parcels
//! - [`bundle`]: the signed form in which parcels and receipts travel, the same for both ways
//! - [`media`]: by file (媒体による受渡し), and [`line`]: by a connection that the desk opens
//! - [`status`]: how it stands
//!
//! Both ways may be used beside one another: what arrives twice is known by its number and hash.

pub mod bundle;
mod courier;
pub mod envelope;
pub mod error;
pub mod incoming;
pub mod keys;
pub mod line;
pub mod media;
pub mod outgoing;
pub mod parcel;
pub mod records;
pub mod side;
pub mod status;
pub mod tables;

pub use courier::{Courier, Parts};
pub use error::{CourierError, Result};
pub use incoming::Taken;
pub use keys::{Key, KeyState};
pub use line::{Client, Round};
pub use media::{Packed, Unpacked};
pub use outgoing::Receipt;
pub use parcel::{HandleError, Handler, HandlerParts, Handlers, HandlersOf, Parcel};
pub use records::RecordMaker;
pub use side::Side;
pub use status::Status;
pub use tables::engine;
