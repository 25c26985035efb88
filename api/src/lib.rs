//! afenda's wire contract: what the daemon's `/api/v1` takes and answers, and the typed client for it.
//!
//! Owns the request and response types, the one list of error codes, and [`Client`]. Knows nothing of SQLite, axum or
//! ratatui; the daemon, the inbox and the command line all speak through these types, so they cannot drift apart.
//!
//! Times are RFC 3339 UTC on the wire ([`jiff::Timestamp`]). Conversations are addressed by Chatwoot's display id inside
//! the tenant; everything that afenda itself makes has a UUIDv7.

pub mod approval;
pub mod attribute;
pub mod audit;
pub mod cache;
pub mod client;
pub mod contact;
pub mod doctor;
pub mod error;
pub mod event;
pub mod id;
pub mod inbox;
pub mod lists;
pub mod mail;
pub mod moment;
pub mod page;
pub mod people;
pub mod search;
pub mod sse;
pub mod status;
pub mod template;
pub mod tenant;
pub mod token;
pub mod webhook;

pub use client::{Client, ClientError};
pub use error::{Code, ErrorBody};
pub use page::{Data, Page, PageMeta};
pub use token::Token;

/// On a changing call, `true`: it is checked, answered as if it had been carried out, and nothing is kept. On an answer: that was so.
pub const DRY_RUN: &str = "afenda-dry-run";
/// On the answer to a changing call: everything was as it asks already.
pub const UNCHANGED: &str = "afenda-unchanged";

/// The version of this contract. A client and a daemon with different majors do not talk; `status` and `doctor` say so.
pub const PROTOCOL: u32 = 1;
