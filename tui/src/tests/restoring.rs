//! The terminal is as it was before, also after a panic: raw bytes on a real pseudo-terminal, which util-linux's `script` makes.

use std::process::{Command, Stdio};

use crate::terminal::Guard;

/// Set in the process on the pseudo-terminal.
const INSIDE: &str = "AFENDA_TEST_PANIC";

#[test]
fn a_panic_is_printed_on_a_restored_terminal() {
    if std::env::var_os(INSIDE).is_some() {
        let _guard = Guard::enter().unwrap();
        panic!("the inbox fell over");
    }
    let folder = tempfile::tempdir().unwrap();
    let program = std::env::current_exe().unwrap();
    let run = format!(
        "stty -a >before; '{}' --exact --nocapture tests::restoring::a_panic_is_printed_on_a_restored_terminal; stty -a >after",
        program.display()
    );
    let out = Command::new("script")
        .args(["-qc", &run, "/dev/null"])
        .current_dir(folder.path())
        .env("TERM", "xterm-256color")
        .env(INSIDE, "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let raw = String::from_utf8_lossy(&out.stdout).into_owned();
    let at = |what: &str| raw.find(what).unwrap_or_else(|| panic!("{what:?} is missing: {raw:?}"));
    let entered = at("\x1b[?1049h");
    let printed = at("the inbox fell over");
    for undone in ["\x1b[<1u", "\x1b[?1004l", "\x1b[?2004l", "\x1b[?1049l", "\x1b[?25h"] {
        assert!((entered..printed).contains(&at(undone)), "{undone:?}: {raw:?}");
    }
    let [before, after] = ["before", "after"].map(|name| std::fs::read_to_string(folder.path().join(name)).unwrap());
    assert!(before.contains("icanon"), "{before}");
    assert_eq!(before, after);
}
