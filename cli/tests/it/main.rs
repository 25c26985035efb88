//! The program as a real process: what it prints, how it ends, and what it leaves behind.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails; clippy knows tests by their functions, not their helpers"
)]

mod aliases;
mod completing;
mod daemon;
mod deciding;
mod demo;
mod drafts;
mod exporting;
mod flags;
mod goldens;
mod harness;
mod help;
mod keeping;
mod ledgers;
mod narrowing;
mod offline;
mod online;
mod opening;
mod paging;
mod printing;
mod profiles;
mod pty;
mod settings;
mod shop;
mod terminal;
mod watch;
mod working;
