//! Working conversations from the command line: the next one, a reply and what follows it, a text from one's own editor, the page.

use crate::harness::until;
use crate::pty::Pty;
use crate::shop::Shop;

#[test]
fn the_next_one_is_who_waits_longest_and_a_claim_takes_what_is_nobodys() {
    let shop = Shop::open();
    let rows = shop.run("jo", &["conv", "list", "--sort", "waiting", "--all"]).ends(0).json();
    let waiting = |who: &dyn Fn(&serde_json::Value) -> bool| {
        let rows = rows.as_array().unwrap().iter().filter(|row| row["waiting_since"].is_string() && who(&row["assignee"]));
        rows.min_by_key(|row| row["waiting_since"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap()).unwrap()["id"].clone()
    };
    let nobodys = waiting(&|assignee| assignee.is_null());
    let mine_or_nobodys = waiting(&|assignee| assignee.is_null() || assignee["name"] == "Jo Agent");
    assert_eq!(shop.run("jo", &["conv", "next"]).ends(0).json()["id"], mine_or_nobodys);
    let claimed = shop.run("jo", &["conv", "next", "--claim"]).ends(0).json();
    assert_eq!((&claimed["id"], &claimed["assignee"]["name"]), (&nobodys, &"Jo Agent".into()));
    assert_ne!(shop.run("jo", &["conv", "next", "--claim"]).ends(0).json()["id"], nobodys, "it is somebody's now");
    assert_eq!(shop.run("max", &["conv", "next", "--claim"]).ends(5).error()["code"], "NO_AGENT");
    shop.close();
}

#[test]
fn what_follows_a_reply_is_done_after_it() {
    let shop = Shop::open();
    for (then, status) in [(&["--pending"][..], "pending"), (&["--snooze", "2h"], "snoozed"), (&["--resolve"], "resolved")] {
        shop.run("jo", &[&["conv", "reply", "44", "-b", "On its way."], then].concat()).ends(0);
        assert_eq!(shop.run("jo", &["conv", "view", "44"]).ends(0).json()["status"], status);
        // Chatwoot has it too, in that order: a reply after it would open the conversation again.
        until("the outbox to be empty", || (shop.run("jo", &["outbox", "list"]).json().as_array().unwrap().is_empty()).then_some(()));
        assert_eq!(shop.run("jo", &["conv", "view", "44", "--fresh"]).ends(0).json()["status"], status);
    }
    shop.run("jo", &["conv", "reply", "44", "-b", "x", "--pending", "--resolve"]).ends(2);
    shop.close();
}

#[test]
fn on_a_terminal_a_text_is_written_in_ones_own_editor_and_nothing_written_is_nothing_sent() {
    let shop = Shop::open();
    let write = |editor: &str| {
        let mut pty = Pty::with(&shop.home, "-P jo conv note 44", &[("AFENDA_EDITOR", editor)]);
        (pty.code(), pty.raw())
    };
    let (code, raw) = write("printf 'From my editor\\n' >");
    assert_eq!(code, 0, "{raw}");
    let last = |shop: &Shop| shop.run("jo", &["conv", "messages", "44", "-L", "1"]).ends(0).json()[0]["content"].clone();
    assert_eq!(last(&shop), "From my editor");
    let (code, raw) = write("true");
    assert!(code == 1 && raw.contains("nothing was sent"), "{code}: {raw}");
    let (code, raw) = write("false");
    assert!(code == 1 && raw.contains("nothing was sent"), "{code}: {raw}");
    assert_eq!(last(&shop), "From my editor");
    shop.run("jo", &["conv", "note", "44"]).ends(2);
    shop.close();
}

#[test]
fn what_was_written_in_an_editor_and_is_refused_is_kept_and_what_can_be_known_before_is_said_before() {
    let shop = Shop::open();
    let write = |command: &str, editor: &str| {
        let mut pty = Pty::with(&shop.home, &format!("-P jo {command}"), &[("AFENDA_EDITOR", editor)]);
        (pty.code(), pty.raw())
    };
    // What Chatwoot takes no message with, and one that is too long: nobody can know before.
    for (editor, kept, length) in [
        ("f() { printf 'a\\0b' > \"$1\"; }; f", "what you wrote is kept in ", 3),
        ("f() { head -c 150001 /dev/zero | tr '\\0' x > \"$1\"; }; f", "what was written there is kept in ", 150_001),
    ] {
        let (code, raw) = write("conv note 44", editor);
        assert_eq!(code, 1, "{raw}");
        let path = raw.split(kept).nth(1).unwrap_or_else(|| panic!("{raw}")).split_whitespace().next().unwrap();
        let path = std::path::Path::new(path);
        assert_eq!(std::fs::metadata(path).unwrap().len(), length);
        std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }
    // The time that a command may take does not run out in an editor.
    let (code, raw) = write("conv note 44 --timeout 1s", "f() { sleep 2; echo 'Took my time' > \"$1\"; }; f");
    assert_eq!(code, 0, "{raw}");
    let opened = shop.home.path().join("opened");
    let editor = format!("touch '{}'; true", opened.display());
    for (command, code) in [("conv reply 44 --hold 99999", 1), ("conv note 99999", 6)] {
        let (ended, raw) = write(command, &editor);
        assert!(ended == code && !opened.exists(), "{command}: {ended} {raw}");
    }
    shop.close();
}

#[test]
fn the_page_is_opened_by_the_browser_that_is_named() {
    let shop = Shop::open();
    let opened = shop.home.path().join("opened");
    let browser = shop.home.path().join("browser");
    std::fs::write(&browser, format!("#!/bin/sh\necho \"$1\" > '{}'\n", opened.display())).unwrap();
    std::fs::set_permissions(&browser, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut command = shop.home.command(&["-P", "jo", "conv", "view", "44", "--web"]);
    let ran = crate::harness::ran(command.env("AFENDA_BROWSER", &browser).output().unwrap()).ends(0);
    let page = shop.plain("jo", &["conv", "view", "44", "--page"]).ends(0).out;
    assert!(page.contains("/conversations/44") && ran.err.contains(page.trim()), "{page}{}", ran.err);
    assert_eq!(std::fs::read_to_string(&opened).unwrap(), page);
    let mut command = shop.home.command(&["-P", "jo", "conv", "view", "44", "-w"]);
    crate::harness::ran(command.env("AFENDA_BROWSER", "/nowhere/browser").output().unwrap()).ends(1);
    shop.close();
}

#[test]
fn with_wait_a_command_ends_once_chatwoot_has_it_and_says_what_became_of_it() {
    let shop = Shop::open();
    let there = || shop.run("jo", &["conv", "messages", "44", "-L", "1"]).ends(0).json()[0].clone();
    shop.run("jo", &["conv", "reply", "44", "-b", "On its way.", "--hold", "1", "--wait"]).ends(0);
    assert_eq!((&there()["content"], &there()["state"]), (&"On its way.".into(), &"sent".into()), "after a hold of a second");
    shop.run("jo", &["label", "list", "--wait"]).ends(0);
    // Refused: the entry says why.
    let messages = "/api/v1/accounts/*/conversations/*/messages";
    let refuse = serde_json::json!({"match": {"method": "POST", "path": messages}, "times": 1, "fault": {"kind": "status", "status": 422, "body": {"message": "Content is too long"}}});
    shop.fault(&refuse);
    let refused = shop.run("jo", &["conv", "reply", "44", "-b", "Too long", "--wait"]).ends(1);
    assert_eq!(refused.error()["code"], "NOT_SENT", "{}", refused.err);
    assert!(refused.err.contains("outbox retry"), "{}", refused.err);
    // Away: it stays queued, and goes out later.
    shop.is_down();
    let late = shop.run("jo", &["conv", "note", "46", "-b", "Later", "--wait", "--timeout", "2s"]).ends(10);
    assert_eq!(late.error()["code"], "NOT_YET_SENT");
    let kept = shop.run("jo", &["outbox", "list"]).ends(0).json();
    let kept: Vec<_> = kept.as_array().unwrap().iter().filter(|entry| entry["kind"] == "note").collect();
    assert!(kept.len() == 1 && ["queued", "sending"].contains(&kept[0]["state"].as_str().unwrap()), "{kept:?}");
    shop.close();
}

#[test]
fn a_dry_run_shows_what_would_be_and_changes_nothing() {
    let shop = Shop::open();
    let (id, attached) = (shop.conversation(), shop.home.path().join("bill.txt"));
    std::fs::write(&attached, "12 EUR").unwrap();
    let state = || {
        let status = shop.run("max", &["status"]).ends(0).json();
        let view = shop.run("jo", &["conv", "view", &id]).ends(0).json();
        (status["seq"].clone(), status["outbox"].clone(), view["status"].clone(), view["priority"].clone())
    };
    let before = state();
    let dry = |args: &[&str]| {
        let ran = shop.run("jo", &[args, &["--dry-run"]].concat()).ends(0);
        assert!(ran.err.contains("a dry run: nothing was changed"), "{args:?}: {ran:?}");
        assert_eq!(state(), before, "{args:?}");
        ran.json()
    };
    assert_eq!(dry(&["conv", "resolve", &id])["status"], "resolved");
    assert_eq!(dry(&["conv", "priority", &id, "urgent"])["priority"], "urgent");
    assert_eq!(dry(&["conv", "reply", &id, "-b", "On its way.", "--attach", attached.to_str().unwrap()])["content"], "On its way.");
    let kept = std::fs::read_dir(shop.home.path().join("daemon/attachments")).into_iter().flatten().count();
    assert_eq!(kept, 0, "no file is left behind");
    assert!(dry(&["approvals", "request", "-t", "A chair", "-b", "Mine broke."])["reference"].is_string());
    assert_eq!(dry(&["api", "PATCH", &format!("/conversations/{id}"), "-f", "status=pending"])["data"]["status"], "pending");
    // Refused as the call itself would be; and what cannot be checked is not made.
    shop.run("jo", &["conv", "resolve", "4711", "--dry-run"]).ends(6);
    shop.run("vi", &["conv", "resolve", &id, "--dry-run"]).ends(5);
    assert_eq!(shop.run("jo", &["agent", "availability", "busy", "--dry-run"]).ends(1).error()["code"], "DRY_RUN_UNSUPPORTED");
    let canned = |args: &[&str]| shop.run("jo", &[&["canned"], args, &["--dry-run"]].concat()).ends(1).error()["code"].clone();
    let known = || shop.runtime.block_on(shop.client("jo").canned_responses()).unwrap();
    let all = known();
    let first = all[0].short_code.clone();
    for args in [&["create", "dry", "-b", "Run"][..], &["edit", &first, "-b", "Other"], &["rm", &first]] {
        assert_eq!(canned(args), "DRY_RUN_UNSUPPORTED", "{args:?}");
    }
    shop.run("jo", &["sync", "--full"]).ends(0);
    assert_eq!(known(), all, "nothing was done in Chatwoot");
    for args in [&["config", "set", "ui.motion", "false"][..], &["auth", "switch", "ada"], &["daemon", "stop"]] {
        assert!(shop.run("jo", &[args, &["--dry-run"]].concat()).ends(2).err.contains("--dry-run"), "{args:?}");
    }
    shop.run("jo", &["conv", "draft", "rm", "44", "--dry-run"]).ends(2);
    let file = shop.home.path().join("export.md");
    shop.run("jo", &["conv", "export", "44", "--file", file.to_str().unwrap(), "--dry-run"]).ends(2);
    assert!(!file.exists());
    // A decision needs no consent: nothing is decided.
    let asked = shop.escalate(&id)["reference"].as_str().unwrap().to_owned();
    shop.run("ada", &["approvals", "approve", &asked, "--dry-run"]).ends(0);
    shop.run("ada", &["approvals", "approve", &format!("{asked}@7"), "--dry-run"]).ends(7);
    assert_eq!(shop.run("ada", &["approvals", "approve", &format!("{asked}@1"), "--dry-run"]).ends(0).json()["status"], "approved");
    assert_eq!(shop.run("ada", &["approvals", "view", &asked]).ends(0).json()["status"], "submitted");
    shop.close();
}

#[test]
fn what_was_so_already_is_3_where_that_is_asked_for() {
    let shop = Shop::open();
    let id = shop.conversation();
    let unread = shop.run("jo", &["conv", "list", "--unread", "-L", "1"]).ends(0).json()[0]["id"].to_string();
    shop.run("jo", &["canned", "create", "hello", "-b", "Hello"]).ends(0);
    for args in [
        &["conv", "resolve", &id][..],
        &["conv", "priority", &id, "high"],
        &["conv", "assign", &id, "@me"],
        &["conv", "attr", &id, "--set", "tier=gold"],
        &["conv", "read", &unread],
        &["contact", "edit", "1001", "--name", "Ann B. Uyer"],
        &["canned", "edit", "hello", "-b", "Good day"],
        &["agent", "availability", "busy"],
    ] {
        let strictly = [args, &["--error-unchanged"]].concat();
        shop.run("jo", &strictly).ends(0);
        shop.run("jo", args).ends(0);
        assert_eq!(shop.run("jo", &strictly).ends(3).error()["code"], "UNCHANGED", "{args:?}");
    }
    let asked = format!("{}@1", shop.escalate(&id)["reference"].as_str().unwrap());
    let approve = ["approvals", "approve", &asked, "-y", "--error-unchanged"];
    shop.run("ada", &approve).ends(0);
    shop.run("ada", &approve).ends(3);
    shop.run("jo", &["conv", "view", &id, "--error-unchanged"]).ends(0);
    for args in [&["config", "set", "hold_seconds", "9"][..], &["alias", "set", "mine", "conv list -a me"], &["auth", "switch", "jo"]] {
        let strictly = [args, &["--error-unchanged"]].concat();
        shop.home.run(&strictly).ends(0);
        shop.home.run(&strictly).ends(3);
        shop.home.run(args).ends(0);
    }
    shop.close();
}

#[test]
fn what_is_named_twice_is_done_once_and_an_address_of_another_account_is_nothing_here() {
    let shop = Shop::open();
    let id = shop.conversation();
    let count = || shop.run("jo", &["conv", "messages", &id, "-L", "100"]).ends(0).json().as_array().unwrap().len();
    let before = count();
    let page = shop.plain("jo", &["conv", "view", &id, "--page"]).ends(0).out.trim().to_owned();
    assert_eq!(shop.plain("jo", &["conv", "note", &id, &format!("#{id}"), &page, "-b", "Once"]).ends(0).out.lines().count(), 1);
    assert_eq!(count(), before + 1);
    let port = page.split(':').nth(2).unwrap().split('/').next().unwrap();
    for (from, to) in [("/accounts/", "/accounts/9"), (port, "1"), ("127.0.0.1", "chat.example.com")] {
        let other = page.replacen(from, to, 1);
        let refused = shop.run("jo", &["conv", "note", &other, "-b", "Astray"]).ends(6);
        assert!(refused.error()["message"].as_str().unwrap().contains("another account"), "{other}: {}", refused.err);
    }
    assert_eq!(count(), before + 1);
    let ids = shop.plain("jo", &["search", "the", "-o", "ids", "-L", "100"]).ends(0).out;
    let all = ids.lines().collect::<Vec<_>>();
    let once = all.iter().collect::<std::collections::BTreeSet<_>>();
    assert!(all.len() > 1 && all.len() == once.len(), "{ids}");
    shop.close();
}

#[test]
fn a_flush_says_how_many_are_tried_now_and_only_who_works_may() {
    let shop = Shop::open();
    shop.run("jo", &["conv", "reply", "44", "-b", "Held", "--hold", "600"]).ends(0);
    assert_eq!(shop.run("jo", &["outbox", "flush"]).ends(0).json()["flushed"], 0, "a hold is left alone");
    let messages = "/api/v1/accounts/*/conversations/*/messages";
    let later = serde_json::json!({"kind": "status", "status": 429, "body": {}, "headers": {"retry-after": "3600"}});
    shop.fault(&serde_json::json!({"match": {"method": "POST", "path": messages}, "fault": later}));
    shop.run("jo", &["conv", "note", "46", "-b", "Later"]).ends(0);
    let entries = || shop.run("jo", &["outbox", "list"]).ends(0).json();
    let put_off = |entry: &serde_json::Value| entry["attempts"] == 1 && entry["state"] == "queued";
    until("the refusal", || entries().as_array().unwrap().iter().any(put_off).then_some(()));
    assert_eq!(shop.plain("jo", &["outbox", "flush"]).ends(0).out, "1\n");
    shop.run("vi", &["outbox", "flush"]).ends(5);
    shop.close();
}

#[test]
fn a_canned_response_is_made_written_on_and_deleted_by_its_code() {
    let shop = Shop::open();
    shop.run("jo", &["canned", "create", "late", "-b", "It is late."]).ends(0);
    assert_eq!(shop.plain("jo", &["canned", "show", "late"]).ends(0).out, "It is late.\n");
    assert!(shop.plain("jo", &["canned", "create", "late", "-b", "Another"]).ends(1).err.contains("already been taken"));
    let edit = |editor: &str| {
        let mut pty = Pty::with(&shop.home, "-P jo canned edit late", &[("AFENDA_EDITOR", editor)]);
        (pty.code(), pty.raw())
    };
    assert_eq!(edit("false").0, 1);
    assert_eq!(edit("printf 'Very late.\\n' >").0, 0);
    assert_eq!(shop.run("jo", &["canned", "show", "LATE"]).ends(0).json()["content"], "Very late.");
    assert_eq!(shop.run("jo", &["canned", "rm", "late"]).ends(0).json()["content"], "Very late.", "what it was");
    shop.run("jo", &["canned", "rm", "late"]).ends(6);
    // As oneself: without an own token there is nobody to write as, and a viewer writes nothing.
    shop.run("ada", &["canned", "create", "late", "-b", "x"]).ends(5);
    shop.run("vi", &["canned", "create", "late", "-b", "x"]).ends(5);
    shop.close();
}
