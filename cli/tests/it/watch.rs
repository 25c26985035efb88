//! `--watch` on lists: JSON lines in a pipe, a table over itself on a terminal, and how both end.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout};

use serde_json::Value;

use crate::harness::until;
use crate::pty::Pty;
use crate::shop::Shop;

/// A watched list in a pipe.
struct Watching {
    child: Child,
    /// `None` once nobody reads.
    lines: Option<BufReader<ChildStdout>>,
}

impl Watching {
    fn start(shop: &Shop, args: &[&str]) -> Self {
        let mut child = shop.home.command(args).spawn().unwrap();
        let lines = child.stdout.take().map(BufReader::new);
        Self { child, lines }
    }

    /// The next row.
    fn row(&mut self) -> Value {
        let mut line = String::new();
        self.lines.as_mut().unwrap().read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|err| panic!("{err}: {line:?}"))
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    fn ends(&mut self) -> Option<i32> {
        until("the end", || self.child.try_wait().unwrap()).code()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_row_that_is_new_changed_or_gone_is_a_line() {
    let shop = Shop::open();
    let mut list = Watching::start(&shop, &["-P", "ada", "approvals", "list", "--watch", "--json=reference,revision,title"]);
    let reference = shop.run("jo", &["approvals", "request", "-t", "A chair", "-b", "Why"]).ends(0).json()["reference"].clone();
    let shown = list.row();
    assert_eq!((&shown["reference"], &shown["title"]), (&reference, &"A chair".into()));
    let id = reference.as_str().unwrap();
    let patch = api::approval::ApprovalPatch { revision: Some(1), title: Some("A desk".to_owned()), ..Default::default() };
    shop.runtime.block_on(shop.client("jo").update_approval(id, &patch, &api::client::new_key())).unwrap();
    let shown = list.row();
    assert_eq!((&shown["reference"], &shown["title"], &shown["revision"]), (&reference, &"A desk".into(), &2.into()));
    shop.run("ada", &["approvals", "approve", &format!("{id}@2"), "-y"]).ends(0);
    assert_eq!(list.row()["left"], reference);
    drop(list);
    shop.close();
}

#[test]
fn messages_and_outbox_are_watched_and_each_end_has_its_code() {
    let shop = Shop::open();
    let conversation = shop.conversation();
    let mut thread =
        Watching::start(&shop, &["-P", "jo", "conv", "messages", &conversation, "--after", "999999", "--watch", "--json=content"]);
    let mut outbox = Watching::start(&shop, &["-P", "jo", "outbox", "list", "--watch"]);
    shop.is_down();
    shop.run("jo", &["conv", "reply", &conversation, "-b", "Hello"]).ends(0);
    let entry = outbox.row();
    assert_eq!(entry["content"], "Hello");
    outbox.signal("TERM");
    assert_eq!(outbox.ends(), Some(143));
    assert_eq!(thread.row(), serde_json::json!({"content": "Hello"}));
    thread.signal("INT");
    assert_eq!(thread.ends(), Some(130));

    // Nothing is written after the reader has gone: it is seen all the same.
    let mut list = Watching::start(&shop, &["-P", "jo", "conv", "list", "--watch", "-L", "1"]);
    assert!(list.row()["id"].is_number());
    let mut err = list.child.stderr.take().unwrap();
    list.lines = None;
    assert_eq!(list.ends(), Some(141));
    let mut said = String::new();
    std::io::Read::read_to_string(&mut err, &mut said).unwrap();
    assert!(said.lines().all(|line| line.contains("-L watches more")), "{said}");

    let refused = shop.plain("jo", &["conv", "list", "--watch", "-o", "csv"]).ends(2);
    assert!(refused.err.contains("leave -o out"), "{}", refused.err);
    shop.close();
}

#[test]
fn a_watched_list_on_a_terminal_is_drawn_over_itself_until_a_key_leaves() {
    let shop = Shop::open();
    // What draws over itself goes through no pager.
    let mut pty = Pty::with(&shop.home, "-P ada approvals list --watch", &[("AFENDA_PAGER", "false")]);
    pty.shows("0 · q leaves");
    let asked = shop.run("jo", &["approvals", "request", "-t", "Refund", "-b", "Why"]).ends(0).json();
    pty.shows("Refund");
    pty.shows("1 · q leaves");
    let id = format!("{}@1", asked["reference"].as_str().unwrap());
    shop.run("ada", &["approvals", "approve", &id, "-y"]).ends(0);
    pty.hides("Refund");
    pty.types("q");
    let (code, raw) = pty.ends();
    assert_eq!(code, 0, "{raw}");
    restored(&shop, &raw);

    for (end, code) in [("\x03", 130), ("TERM", 143)] {
        let mut pty = Pty::of(&shop.home, "-P jo outbox list --watch");
        pty.shows("nothing is on its way");
        if end == "TERM" {
            pty.signal(end)
        } else {
            pty.types(end)
        }
        let (ended, raw) = pty.ends();
        assert_eq!(ended, code, "{raw}");
        restored(&shop, &raw);
    }
    shop.close();
}

/// The main screen, a line that wraps, and the line's settings are as they were.
#[track_caller]
fn restored(shop: &Shop, raw: &str) {
    for (on, off) in [("\x1b[?1049h", "\x1b[?1049l"), ("\x1b[?7l", "\x1b[?7h"), ("\x1b[?25l", "\x1b[?25h")] {
        assert!(raw.rfind(on).unwrap() < raw.rfind(off).unwrap(), "{on:?} is still on");
    }
    let read = |name: &str| std::fs::read_to_string(shop.home.path().join(name)).unwrap();
    assert_eq!(until("the settings after", || Some(read("after")).filter(|text| !text.is_empty())), read("before"));
}
