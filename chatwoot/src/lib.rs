//! Chatwoot as it is: the REST API, webhooks and the websocket of a Chatwoot server, as types and calls.
//!
//! The crate knows nothing of what its caller does with them, keeps no state on disk, reads no wall clock and never logs a secret.
//! Checked against recordings of a running Chatwoot 4.15.1 and 4.6.0 (2026-11-21; `tests/conformance.rs`, feature `conformance`);
//! "section n" in the documentation of items means the contract written down from those servers.
//!
//! | module | owns |
//! |---|---|
//! | [`model`] | payloads, with the differences between REST, socket and webhook evened out |
//! | [`rest`] | one typed method per call, base URL, TLS, limits |
//! | [`webhook`] | signature check, then parse |
//! | [`cable`] | websocket subscription: a pure state machine, then a driver |
//! | [`error`] | what failed, whether to try again, and when |
//! | [`secret`] | values that are never shown, and [`redact`] for raw payloads |

pub mod cable;
pub mod error;
pub mod model;
pub mod rest;
pub mod secret;
pub mod stamp;
mod tls;
pub mod webhook;

pub use error::{Error, ErrorKind, Refusal, Retry, TokenDoubt};
pub use rest::{BaseUrl, Client, ClientConfig};
pub use secret::{Secret, redact};
pub use stamp::Stamp;
pub use tls::Roots;
