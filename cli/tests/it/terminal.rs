//! The inbox on a real pseudo-terminal, byte for byte: what reaches the terminal, and how it is left.

use std::sync::Arc;

use base64::Engine as _;

use crate::harness::{Home, until};
use crate::pty::Pty;

/// Every escape sequence in what was written, and no other control character but line ends.
fn sequences(raw: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = raw;
    while let Some(at) = rest.find(|c: char| c.is_control() && !matches!(c, '\r' | '\n')) {
        rest = &rest[at..];
        let end = if let Some(body) = rest.strip_prefix("\x1b[") {
            body.find(|c: char| ('@'..='~').contains(&c)).map(|end| end + 3)
        } else if rest.starts_with("\x1b]") {
            rest.find('\x07').map(|end| end + 1)
        } else {
            rest.chars().next().map(char::len_utf8)
        };
        let end = end.unwrap_or(rest.len());
        found.push(rest[..end].to_owned());
        rest = &rest[end..];
    }
    found
}

/// What was put in the clipboard, newest last.
pub(crate) fn copied(raw: &str) -> Vec<String> {
    let parts = sequences(raw).into_iter().filter_map(|s| Some(s.strip_prefix("\x1b]52;c;")?.strip_suffix('\x07')?.to_owned()));
    parts.map(|code| String::from_utf8(base64::engine::general_purpose::STANDARD.decode(code).unwrap()).unwrap()).collect()
}

#[test]
fn nothing_of_a_customers_escapes_reaches_the_terminal_and_a_copy_is_the_text() {
    let mut pty = Pty::start();
    pty.shows("live");
    // The conversation whose customer attacks the terminal: found by its words, from the list of all.
    pty.types("3");
    pty.shows("has:attachment");
    pty.types("locked");
    pty.shows("Mallory");
    pty.types("\r");
    pty.types("\r");
    pty.shows("alert('hi')");
    assert!(pty.raw().contains("LOCKED"), "the words themselves are shown");
    pty.types("o");
    let address = pty.copies(1);
    assert!(address.starts_with("http://127.0.0.1:") && address.contains("/app/accounts/1/conversations/"), "{address}");
    // The text of a message: the one with the attack, chosen by hand.
    pty.types("((y");
    pty.shows("Copy of this message");
    pty.types("t");
    let text = pty.copies(2);
    assert!(text.contains("ACCOUNT IS LOCKED"), "{text:?}");
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");

    pty.signal("TERM");
    let (code, raw) = pty.ends();
    assert_eq!(code, 143);
    pty.restored(&raw);
    for sequence in sequences(&raw) {
        let ours = match sequence.strip_prefix("\x1b[") {
            Some(rest) if rest.starts_with(['?', '>', '<']) => {
                ["?1049", "?2004", "?1004", "?25", "?2026", ">1u", "<1u"].iter().any(|mode| rest.starts_with(mode))
            }
            Some(rest) => rest.ends_with(['m', 'H', 'J', 'K']),
            None => sequence.starts_with("\x1b]52;c;") || sequence.starts_with("\x1b]8;"),
        };
        assert!(ours, "{sequence:?} was written");
    }
    for hostile in ["\x1b]0;", "\x1b[1;31m", "\u{9b}", "\u{8}", "\u{202e}", "\u{2066}"] {
        assert!(!raw.contains(hostile), "{hostile:?} was written");
    }
}

#[test]
fn keys_in_single_bytes_are_the_same_keys_and_quitting_restores_the_terminal() {
    let mut pty = Pty::start();
    pty.shows("live");
    // A terminal's late answers: what it is, where its cursor is, its background; the last one is cut off.
    for byte in ["\x1b", "[", "?", "1", ";", "2", "c", "\x1b", "[", "2", "4", ";", "8", "R", "\x1b", "]", "1", "1", ";", "e", "\x07"] {
        pty.types(byte);
    }
    // F1 in single bytes opens the help, and letters of the answers did nothing before it.
    for byte in ["\x1b", "O", "P"] {
        pty.types(byte);
    }
    pty.shows("Keys");
    pty.types("\x1b");
    pty.hides("Keys");
    assert!(!pty.raw().contains("Ctrl+S"), "an answer of the terminal opened the composer");
    pty.types("q");
    let (code, raw) = pty.ends();
    assert_eq!(code, 0, "{raw:?}");
    pty.restored(&raw);
}

#[test]
fn what_was_shown_last_is_painted_whatever_the_daemon_does() {
    let home = Arc::new(Home::new());
    let demo = home.start(&["demo"]);
    until("the demo", || Some(()).filter(|()| home.run(&["-P", "demo-agent", "status"]).code == 0));
    let profile: serde_json::Value = serde_json::from_slice(&std::fs::read(home.profiles().join("demo-agent.json")).unwrap()).unwrap();
    let (url, token) = (profile["url"].as_str().unwrap(), profile["token"].as_str().unwrap());
    home.profile("kept", url, token);
    let mut pty = Pty::of(&home, "-P kept");
    let kept = || serde_json::from_slice::<serde_json::Value>(&std::fs::read(home.path().join("seen_kept.json")).ok()?).ok();
    let seen = until("the list to be kept", || kept().filter(|seen| seen["rows"][0].is_object()));
    let shown = seen["rows"][0]["contact"]["name"].as_str().unwrap();
    pty.types("q");
    assert_eq!(pty.ends().0, 0, "{}", pty.raw());

    // The daemon that made the profile refuses it: after the screen is given back that is said in plain words.
    home.profile("kept", url, "of somebody else");
    let (code, raw) = Pty::of(&home, "-P kept").ends_badly();
    assert_eq!(code, 4, "{raw}");
    assert!(raw.rfind("\x1b[?1049l") < raw.rfind("error: "), "{raw}");

    // One that takes connections and never says a word.
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", mute.local_addr().unwrap());
    home.profile("kept", &address, token);
    let mut pty = Pty::of(&home, "-P kept");
    pty.shows(shown);
    pty.types("q");
    assert_eq!(pty.ends().0, 0);
    // Without anything to show the inbox opens too, and can be left.
    home.profile("fresh", &address, token);
    let mut pty = Pty::of(&home, "-P fresh");
    pty.shows("connecting");
    pty.types("q");
    assert_eq!(pty.ends().0, 0);
    // Nobody at all, and nothing to show: no screen is taken.
    drop(mute);
    let (code, raw) = Pty::of(&home, "-P fresh").ends_badly();
    assert!(code == 9 && raw.contains("error: ") && !raw.contains("\x1b[?1049h"), "{code} {raw}");
    demo.signal("TERM");
    demo.end();
}
