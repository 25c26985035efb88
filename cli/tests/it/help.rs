//! All `--help` texts as one snapshot: a changed flag shows in review.

use crate::harness::Home;

/// Every command, the parents first.
const COMMANDS: &[&str] = &[
    "",
    "demo",
    "daemon",
    "daemon start",
    "daemon token",
    "sandbox",
    "status",
    "doctor",
    "conv",
    "conv list",
    "conv view",
    "conv messages",
    "conv create",
    "conv reply",
    "conv note",
    "conv assign",
    "conv label",
    "conv status",
    "conv mute",
    "conv unmute",
    "conv attr",
    "conv read",
    "conv unread",
    "conv escalate",
    "contact",
    "contact view",
    "contact edit",
    "contact notes",
    "auth",
    "auth link-chatwoot",
    "auth unlink-chatwoot",
    "macro",
    "macro list",
    "macro run",
    "canned",
    "canned list",
    "approvals",
    "approvals list",
    "approvals view",
    "approvals approve",
    "approvals reject",
    "approvals withdraw",
    "approvals wait",
    "approvals request",
    "outbox",
    "outbox list",
    "outbox cancel",
    "outbox retry",
    "webhooks",
    "webhooks list",
    "webhooks show",
    "webhooks replay",
    "webhooks purge",
    "webhooks install",
    "events",
    "keys",
    "keys list",
    "keys check",
    "audit",
    "audit list",
];

#[test]
fn all_help_texts() {
    let home = Home::new();
    let mut all = String::new();
    for command in COMMANDS {
        let args: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let ran = home.run(&args).ends(0);
        assert!(ran.err.is_empty(), "{}", ran.err);
        all.push_str(&format!("===== afenda {command}\n{}\n", ran.out));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn the_version_is_told() {
    assert!(Home::new().run(&["--version"]).ends(0).out.starts_with("afenda "));
}

#[test]
fn singular_nouns_are_understood() {
    let home = Home::new();
    for args in [["approval", "--help"], ["conversation", "--help"], ["webhook", "--help"]] {
        home.run(&args).ends(0);
    }
}
