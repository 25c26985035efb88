//! What is longer than the screen goes through a pager, on a real pseudo-terminal of 30 rows.

use std::sync::Arc;

use crate::harness::{Home, until};
use crate::pty::Pty;

/// A pager that marks what it was given.
const MARKS: (&str, &str) = ("AFENDA_PAGER", "sed s/^/P:/");

/// Runs it to its end with these variables, and shows what the terminal got.
fn shown(home: &Arc<Home>, args: &str, env: &[(&str, &str)]) -> String {
    let mut pty = Pty::with(home, args, env);
    assert_eq!(pty.code(), 0, "{args}: {}", pty.raw());
    // The end of it is on its way to the reader yet.
    let path = home.path().join("after");
    until("the end", || path.exists().then_some(()));
    let mut before = String::new();
    until("all that was written", || {
        let raw = pty.raw();
        let same = raw == before && !raw.is_empty();
        before = raw;
        std::thread::park_timeout(std::time::Duration::from_millis(50));
        same.then_some(())
    });
    before
}

#[test]
fn only_what_is_longer_than_the_screen_is_paged() {
    let home = Arc::new(Home::new());
    for (args, paged) in [
        ("keys list", true),
        ("help environment", true),
        ("config list --resolved", true),
        ("conv list --help", true),
        ("keys list -o csv", true),
        ("--no-pager keys list", false),
        ("conv list --help --no-pager", false),
        ("keys list --json", false),
        ("keys list --jq length", false),
        ("keys preset", false),
        ("--version", false),
        ("man", false),
    ] {
        let out = shown(&home, args, &[MARKS]);
        let marked = out.lines().filter(|line| line.starts_with("P:")).count();
        assert_eq!(marked > 0, paged, "{args}: {out}");
        assert!(!paged || marked == out.lines().count(), "{args}: {out}");
    }
    let piped = crate::harness::ran(home.command(&["keys", "list"]).envs([MARKS]).output().unwrap()).ends(0);
    assert!(!piped.out.contains("P:"), "never where there is no terminal");
}

#[test]
fn the_pager_is_the_first_that_is_named() {
    let home = Arc::new(Home::new());
    let with = |env: &[(&str, &str)]| shown(&home, "keys list", env);
    let (ours, theirs) = (("AFENDA_PAGER", "sed s/^/A:/"), ("PAGER", "sed s/^/B:/"));
    let quiet = ("AFENDA_ACCESSIBLE", "1");
    assert!(with(&[ours, theirs]).starts_with("A:"));
    assert!(with(&[theirs]).starts_with("B:"));
    assert!(!with(&[theirs, quiet]).contains("B:"), "none unless it is asked for");
    assert!(!with(&[theirs, ("TERM", "dumb")]).contains("B:"));
    assert!(with(&[ours, quiet]).starts_with("A:"));
    for plain in ["cat", "no-such-pager", "no-such-pager | no-such-pager", "false", "head --no-such-flag", "cat > /dev/null; exit 3"] {
        let out = with(&[("AFENDA_PAGER", plain)]);
        assert_eq!(out.contains("the pager"), plain != "cat", "{plain}: {out}");
        assert!(out.contains("PLACE") && out.contains("quit.now"), "{plain}: {out}");
    }
    home.run(&["config", "set", "ui.pager", "sed s/^/C:/"]).ends(0);
    assert!(with(&[theirs]).starts_with("C:"));
    assert!(with(&[theirs, quiet]).starts_with("C:"));
    home.run(&["config", "set", "ui.accessible", "true"]).ends(0);
    assert!(with(&[theirs]).starts_with("C:"));
    let lines = home.path().join("lines.toml");
    std::fs::write(&lines, "[ui]\naccessible = true\n").unwrap();
    let set = ("AFENDA_CONFIG", lines.to_str().unwrap());
    assert!(!with(&[theirs, set]).contains("B:"));
    assert!(with(&[theirs, set, ("AFENDA_ACCESSIBLE", "0")]).starts_with("B:"));
    assert!(with(&[ours, set]).starts_with("A:"));
    assert!(with(&[ours, theirs]).starts_with("A:"));
    for (args, want) in [
        (&["config", "get", "ui.pager", "--origin"][..], "sed s/^/C:/\tfile\t"),
        (&["config", "get", "ui.pager", "--origin", "--no-pager"], "\tflag\t--no-pager\n"),
    ] {
        let out = home.run(args).ends(0).out;
        assert!(out.starts_with(want), "{out}");
    }
    let out = with(&[("AFENDA_PAGER", "cat > /dev/null; echo $LESS $LESSCHARSET")]);
    assert_eq!(out.trim(), "FRX utf-8");
    let out = with(&[("AFENDA_PAGER", "cat > /dev/null; echo $LESS"), ("LESS", "R")]);
    assert_eq!(out.trim(), "R");
}

#[test]
fn a_pager_that_is_left_early_or_interrupted_is_no_failure() {
    let home = Arc::new(Home::new());
    assert_eq!(shown(&home, "keys list", &[("AFENDA_PAGER", "head -n 1")]).lines().count(), 1);
    // One that ends with an error because of an interrupt did not fail.
    let out = shown(&home, "keys list", &[("AFENDA_PAGER", "echo here; kill -INT $PPID; exit 2")]);
    assert_eq!(out.trim(), "here");
    // An interrupt is the pager's.
    let mut pty = Pty::with(&home, "keys list", &[("AFENDA_PAGER", "echo here; read key < /dev/tty; echo there")]);
    pty.shows("here");
    pty.signal("INT");
    pty.types("\n");
    pty.shows("there");
    assert_eq!(pty.code(), 0, "{}", pty.raw());
}

#[test]
fn what_is_said_is_said_after_the_pager() {
    let home = Arc::new(Home::new());
    let folder = home.path().join(".config/afenda");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("keys.toml"), "[list]\nx = \"nonsense\"\n").unwrap();
    // The note is on stderr, which `script` puts on the same terminal.
    let out = shown(&home, "keys list", &[MARKS]);
    let note = out.find("nonsense").unwrap_or_else(|| panic!("{out}"));
    assert!(out.rfind("P:").unwrap() < note, "{out}");
}
