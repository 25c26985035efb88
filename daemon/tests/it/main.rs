//! The daemon as its clients meet it: over loopback, with real stores on temporary files.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy knows only functions marked `#[test]` as tests; their helpers fail the test too"
)]

mod approvals;
mod attachments;
mod canned;
mod contacting;
mod doctor;
mod harness;
mod idempotency;
mod isolation;
mod mail;
mod openapi;
mod outbox;
mod people;
mod personal;
mod saved;
mod search;
mod start;
mod stream;
mod tenants;
mod webhook;
mod webhooks;
mod with_chatwoot;
