//! afenda's daemon: keeps a company's Chatwoot inbox, its approvals and its audit trail in SQLite, and serves them.
//!
//! [`start()`] wires everything and returns a [`Running`]. Nothing here reads the environment or installs signal handlers, that is the
//! command line's part.
//!
//! | module | owns |
//! |---|---|
//! | [`config`] | what the operator can set, checked |
//! | [`domain`] | the rules, without IO |
//! | [`store`] | everything that is kept; the only SQL |
//! | [`sync`] | Chatwoot to store and back |
//! | [`files`] | files that wait for Chatwoot |
//! | [`keep`] | files of messages that somebody has looked at |
//! | [`tokens`] | own Chatwoot tokens that agents linked |
//! | `approvals` | approvals end to end, inside one write |
//! | `webhooks` | whom a webhook is believed, and the account webhook in Chatwoot |
//! | `doctor` | the facts for `afenda doctor` |
//! | `http` | the API |

mod app;
mod approvals;
pub mod clock;
pub mod config;
mod doctor;
pub mod domain;
mod fault;
pub mod files;
mod http;
pub mod keep;
mod lock;
pub mod secret;
mod start;
pub mod store;
pub mod sync;
pub mod tokens;
mod webhooks;

pub use clock::Clock;
pub use config::{Config, ConfigError, Overrides};
pub use lock::{Holder, await_release, holder};
pub use start::{Running, StartError, mint_token, start};

/// The OpenAPI document of everything the daemon serves under `/api/v1`, as JSON.
pub fn openapi() -> serde_json::Value {
    serde_json::to_value(http::document()).unwrap_or_default()
}
