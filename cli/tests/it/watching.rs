//! `--watch`: lines of JSON in a pipe, a screen that is drawn anew on a terminal.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::sync::mpsc;

use serde_json::Value;

use crate::harness::{LIMIT, until};
use crate::pty::Pty;
use crate::shop::Shop;

#[test]
fn a_row_that_is_new_changed_or_gone_is_a_line() {
    let shop = Shop::open();
    let mut child = shop
        .home
        .command(&["-P", "ada", "approvals", "list", "--watch", "--json=reference,revision,title"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in out.lines().map_while(Result::ok) {
            let _ = sender.send(serde_json::from_str::<Value>(&line).unwrap());
        }
    });
    let next = || lines.recv_timeout(LIMIT).unwrap();
    let reference = shop.run("jo", &["approvals", "request", "-t", "A chair", "-b", "Why"]).ends(0).json()["reference"].clone();
    let shown = next();
    assert_eq!((&shown["reference"], &shown["title"]), (&reference, &"A chair".into()));
    let id = reference.as_str().unwrap();
    let patch = api::approval::ApprovalPatch { revision: Some(1), title: Some("A desk".to_owned()), ..Default::default() };
    shop.runtime.block_on(shop.client("jo").update_approval(id, &patch, &api::client::new_key())).unwrap();
    let shown = next();
    assert_eq!((&shown["reference"], &shown["title"], &shown["revision"]), (&reference, &"A desk".into(), &2.into()));
    shop.run("ada", &["approvals", "approve", &format!("{id}@2"), "-y"]).ends(0);
    assert_eq!(next()["left"], reference);
    child.kill().unwrap();
    child.wait().unwrap();
    shop.close();
}

#[test]
fn a_terminal_is_drawn_anew_until_ctrl_c() {
    let shop = Shop::open();
    let mut pty = Pty::of(&shop.home, "-P ada approvals list --watch");
    pty.shows("no approval fits");
    shop.run("jo", &["approvals", "request", "-t", "A chair", "-b", "Why"]).ends(0);
    pty.shows("A chair");
    pty.hides("no approval fits");
    shop.run("ada", &["approvals", "reject", "AP-1@1", "-m", "No", "-y"]).ends(0);
    pty.hides("A chair");
    pty.types("\x03");
    let code = pty.code();
    assert_eq!(code, 130);
    shop.close();
}

#[test]
fn a_reader_that_is_gone_ends_it() {
    let shop = Shop::open();
    let mut child = shop.home.command(&["-P", "jo", "conv", "list", "-s", "all", "--watch"]).spawn().unwrap();
    drop(child.stdout.take());
    let ended = until("the end", || {
        // Something that changes a row, again until it is seen.
        shop.run("jo", &["conv", "note", "47", "-b", "Look"]);
        child.try_wait().unwrap()
    });
    assert_eq!(ended.code(), Some(141));
    shop.close();
}
