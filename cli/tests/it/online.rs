//! Against a daemon and a sandbox in this process, over loopback.

use std::process::Stdio;

use serde_json::Value;

use crate::harness::{Home, until};
use crate::shop::Shop;

#[test]
fn the_loop_from_the_command_line() {
    let shop = Shop::open();
    let id = shop.conversation();

    // Lists are bare arrays, in a pipe in one line; tables become tab-separated rows without a head.
    let list = shop.run("ada", &["approvals", "list"]).ends(0);
    assert_eq!(list.out, "[]\n");
    let rows = shop.plain("jo", &["conv", "list", "-s", "all", "-L", "3"]).ends(0);
    assert_eq!(rows.out.lines().count(), 3);
    assert!(rows.out.lines().all(|row| row.split('\t').count() == 10), "{}", rows.out);
    assert!(rows.err.contains("-L shows more"), "{}", rows.err);
    assert!(shop.plain("jo", &["-q", "conv", "list", "-s", "all", "-L", "3"]).ends(0).err.is_empty());

    let asked = shop.escalate(&id);
    let ap = asked["reference"].as_str().unwrap().to_owned();
    assert_eq!((asked["status"].as_str(), asked["revision"].as_u64()), (Some("submitted"), Some(1)));
    assert_eq!(shop.run("ada", &["approvals", "list"]).ends(0).json()[0]["reference"], ap.as_str());
    let card = shop.plain("ada", &["approvals", "view", &ap]).ends(0);
    assert!(card.out.contains("revision    1") && card.out.contains("sha256:"), "{}", card.out);

    // Each kind of refusal has its own exit code.
    let read = format!("{ap}@1");
    assert_eq!(shop.run("jo", &["approvals", "approve", &read, "-y"]).ends(5).error()["exit_code"], 5);
    assert_eq!(shop.run("vi", &["conv", "reply", &id, "-b", "x"]).ends(5).error()["code"], "FORBIDDEN");
    assert_eq!(shop.run("ada", &["approvals", "view", "AP-999"]).ends(6).error()["code"], "NOT_FOUND");
    assert_eq!(shop.run("ada", &["conv", "view", "999999"]).ends(6).error()["code"], "NOT_FOUND");
    let stale = shop.run("ada", &["approvals", "approve", &format!("{ap}@7"), "-y"]).ends(7).error();
    assert_eq!(stale["code"], "STALE_REVISION");
    assert!(stale["request_id"].is_string(), "{stale}");
    assert_eq!(shop.run("jo", &["conv", "escalate", &id, "-m", "again"]).ends(7).error()["code"], "APPROVAL_OPEN");
    let wrong = Home::new().with("AFENDA_TOKEN", "wrong").with("AFENDA_URL", &shop.daemon.base_url());
    assert_eq!(wrong.run(&["--json", "status"]).ends(4).error()["code"], "UNAUTHENTICATED");

    // Waiting is told by the stream.
    let waiting = shop.home.command(&["-P", "jo", "--json", "approvals", "wait", &ap, "--timeout", "1m"]).spawn().unwrap();
    let yes = shop.run("ada", &["approvals", "approve", &read, "-y", "-m", "Fine"]).ends(0).json();
    assert_eq!(yes["status"], "approved");
    let told = waiting.wait_with_output().unwrap();
    assert_eq!(told.status.code(), Some(0));
    assert_eq!(serde_json::from_slice::<Value>(&told.stdout).unwrap()["comment"], "Fine");

    // The same once more is done; the opposite is a conflict.
    shop.run("ada", &["approvals", "approve", &read, "-y", "-m", "Fine"]).ends(0);
    assert_eq!(shop.run("ada", &["approvals", "reject", &read, "-y", "-m", "no"]).ends(7).error()["code"], "ALREADY_DECIDED");
    let audit = shop.run("ada", &["audit", "list"]).ends(0).json();
    assert!(audit.as_array().unwrap().iter().any(|row| row["resource_id"] == yes["id"]), "{audit}");
    shop.close();
}

#[test]
fn waiting_ends_with_12_13_or_124() {
    let shop = Shop::open();
    let id = shop.conversation();
    let ap = shop.escalate(&id)["reference"].as_str().unwrap().to_owned();
    assert_eq!(shop.run("jo", &["approvals", "wait", &ap, "--timeout", "1s"]).ends(124).error()["code"], "TIMED_OUT");
    shop.run("ada", &["approvals", "reject", &format!("{ap}@1"), "-y", "-m", "No budget"]).ends(0);
    shop.run("jo", &["approvals", "wait", &ap]).ends(12);
    let ap = shop.run("jo", &["approvals", "request", "-t", "A chair", "--amount", "240 EUR"]).ends(0).json();
    assert_eq!(ap["amount"]["minor_units"], 24_000);
    let ap = ap["reference"].as_str().unwrap().to_owned();
    shop.run("jo", &["approvals", "withdraw", &ap]).ends(0);
    shop.run("jo", &["approvals", "wait", &ap]).ends(13);
    shop.run("jo", &["approvals", "wait", "AP-999"]).ends(6);
    // One of two is enough where that is said; else the other is waited for.
    let other = shop.run("jo", &["approvals", "request", "-t", "A desk"]).ends(0).json()["reference"].as_str().unwrap().to_owned();
    shop.run("jo", &["approvals", "wait", &other, &ap, "--any", "--timeout", "50s"]).ends(13);
    shop.run("jo", &["approvals", "wait", &other, &ap, "--timeout", "1s"]).ends(124);
    shop.close();
}

#[test]
fn writing_and_changing_goes_through_the_outbox_once_per_key() {
    let shop = Shop::open();
    let id = shop.conversation();
    let reply = ["conv", "reply", &id, "-b", "Hello", "--hold", "60", "--idempotency-key", "k1"];
    let first = shop.run("jo", &reply).ends(0).json();
    let second = shop.run("jo", &reply).ends(0).json();
    assert_eq!(first["outbox_id"], second["outbox_id"]);
    let entry = first["outbox_id"].as_str().unwrap().to_owned();
    let queued = shop.run("jo", &["outbox", "list"]).ends(0).json();
    assert!(queued.as_array().unwrap().iter().any(|row| row["id"] == entry.as_str()), "{queued}");
    assert_eq!(shop.run("jo", &["outbox", "cancel", &entry]).ends(0).json()["state"], "cancelled");
    assert_eq!(shop.run("jo", &["outbox", "retry", &entry]).ends(7).error()["code"], "OUTBOX_STATE");

    let note = shop.home.run_with_input(&["-P", "jo", "--json", "conv", "note", &id, "-F", "-"], "from a pipe\n").ends(0).json();
    assert_eq!((note["content"].as_str(), note["private"].as_bool()), (Some("from a pipe"), Some(true)));
    shop.run("jo", &["conv", "label", &id, "--add", "vip"]).ends(0);
    shop.run("jo", &["conv", "assign", &id, "@me"]).ends(0);
    shop.run("jo", &["conv", "status", &id, "snoozed", "--until", "2h"]).ends(0);
    assert_eq!(shop.run("jo", &["conv", "assign", &id, "@nobody-of-that-name"]).ends(6).error()["code"], "NOT_FOUND");

    // What else will happen is said first; a token comes from standard input alone, and another's is refused.
    let opened = shop.run("ada", &["conv", "reply", &id, "-b", "x", "--hold", "60"]).ends(0);
    assert!(opened.err.contains("goes out as"), "{}", opened.err);
    shop.run("ada", &["outbox", "cancel", opened.json()["outbox_id"].as_str().unwrap()]).ends(0);
    assert!(!shop.run("jo", &["conv", "note", &id, "-b", "x"]).ends(0).err.contains("written by"));
    let keys = shop.sandbox.tokens();
    let wrong = shop.home.run_with_input(&["-P", "ada", "--json", "auth", "link-chatwoot"], &keys["agent"]).ends(1);
    assert!(wrong.err.contains("not yours") && !wrong.err.contains(&keys["agent"]), "{}", wrong.err);
    let linked = shop.home.run_with_input(&["-P", "ada", "--json", "auth", "link-chatwoot"], &keys["admin"]).ends(0);
    assert_eq!(linked.json()["agent"]["own_token"], true);
    assert!(!shop.run("ada", &["conv", "note", &id, "-b", "x"]).ends(0).err.contains("written by"));
    shop.run("ada", &["macro", "list"]).ends(0);
    assert_eq!(shop.run("ada", &["macro", "run", "none", &id]).ends(6).error()["code"], "NOT_FOUND");
    assert_eq!(shop.run("ada", &["auth", "unlink-chatwoot"]).ends(0).json()["agent"]["own_token"], false);
    shop.home.run_with_input(&["-P", "ada", "auth", "link-chatwoot"], "").ends(2);
    let bill = shop.home.path().join("bill.txt");
    std::fs::write(&bill, "240 EUR").unwrap();
    let sent = shop.run("jo", &["conv", "reply", &id, "--attach", bill.to_str().unwrap(), "--hold", "60"]).ends(0).json();
    let file = &sent["attachments"][0];
    assert_eq!((file["name"].as_str(), file["file_size"].as_u64(), sent["content"].as_str()), (Some("bill.txt"), Some(7), None));
    shop.run("jo", &["outbox", "cancel", sent["outbox_id"].as_str().unwrap()]).ends(0);
    assert!(shop.run("jo", &["conv", "reply", &id, "-b", "x", "--attach", "/no/such"]).ends(2).err.contains("/no/such"));
    let note = shop.run("jo", &["conv", "note", &id, "-b", "look", "--mention", "@Ada"]).ends(0).json();
    assert!(note["content"].as_str().unwrap().contains("](mention://user/"), "{note}");
    assert_eq!(shop.run("jo", &["conv", "reply", &id, "--canned", "none-of-that-name"]).ends(1).error()["code"], "VALIDATION_FAILED");
    shop.run("jo", &["canned", "list"]).ends(0);
    let inbox = shop.sandbox.inbox_ids()["whatsapp"].to_string();
    let closed = shop.run("jo", &["conv", "list", "-s", "all", "--inbox", &inbox]).ends(0).json()[0]["id"].to_string();
    let reply = ["conv", "reply", &closed, "--hold", "60", "--template-name"];
    let names = shop.run("jo", &[&reply[..], &[""]].concat()).ends(1).error();
    assert!(names["message"].as_str().unwrap().contains("parcel_sent, reply_wanted"), "{names}");
    let values = ["parcel_sent", "--language", "en", "--var", "1=Tom", "--var", "2=A-1096"];
    let sent = shop.run("jo", &[&reply[..], &values].concat()).ends(0);
    assert!(!sent.err.contains("takes no reply"), "{}", sent.err);
    assert_eq!(sent.json()["content"], "Hi Tom, your order A-1096 is on its way.");
    shop.run("jo", &["outbox", "cancel", sent.json()["outbox_id"].as_str().unwrap()]).ends(0);
    let shown = shop.run("jo", &["conv", "attr", &id, "--set", "order=A-1", "--set", "tier:=2"]).ends(0).json();
    assert_eq!((shown["custom_attributes"]["order"].as_str(), shown["custom_attributes"]["tier"].as_i64()), (Some("A-1"), Some(2)));
    assert_eq!(shop.run("jo", &["conv", "unread", &id]).ends(0).json()["unread_count"].as_i64().map(|n| n > 0), Some(true));
    assert_eq!(shop.run("jo", &["conv", "read", &id]).ends(0).json()["unread_count"], 0);
    let contact = shown["contact"]["id"].to_string();
    let edited = shop.run("jo", &["contact", "edit", &contact, "--name", "Ann Other", "--set", "tier=gold"]).ends(0).json();
    assert_eq!(edited["name"], "Ann Other");
    assert_eq!(shop.run("jo", &["contact", "view", &contact]).ends(0).json()["name"], "Ann Other");
    assert_eq!(shop.run("jo", &["contact", "view", "999999"]).ends(6).error()["target"], "contact 999999");
    assert_eq!(shop.run("jo", &["contact", "edit", &contact, "--phone", "030"]).ends(1).error()["code"], "VALIDATION_FAILED");
    shop.run("jo", &["conv", "attr", &id]).ends(2);

    // Several: each is tried and told, and the first failure is the exit code.
    let both = shop.run("jo", &["conv", "note", "999999", &id, "-b", "both"]).ends(6);
    assert_eq!(both.json()["content"], "both");
    assert_eq!(both.error()["target"], "#999999");
    shop.close();
}

#[test]
fn a_contact_gets_a_note_and_a_conversation_from_the_command_line() {
    let shop = Shop::open();
    let id = shop.conversation();
    let contact = shop.run("jo", &["conv", "view", &id]).ends(0).json();
    let contact = contact.pointer("/conversation/contact/id").or(contact.pointer("/contact/id")).unwrap().to_string();
    assert_eq!(shop.run("jo", &["contact", "notes", &contact]).ends(0).json(), serde_json::json!([]));
    let made = shop.run("jo", &["contact", "notes", &contact, "--add", "Calls back", "--hold", "60"]).ends(0).json();
    assert_eq!((made["kind"].as_str(), made["content"].as_str()), (Some("contact_note"), Some("Calls back")));
    let listed = shop.run("jo", &["contact", "notes", &contact]).ends(0).json();
    assert_eq!((listed[0]["content"].as_str(), listed[0]["state"].as_str()), (Some("Calls back"), Some("queued")));
    shop.run("jo", &["outbox", "cancel", made["id"].as_str().unwrap()]).ends(0);
    let piped = shop.home.run_with_input(&["-P", "jo", "contact", "notes", &contact, "-F", "-"], "from a pipe\n").ends(0);
    assert!(piped.out.contains("contact_note"), "{}", piped.out);
    shop.run("jo", &["contact", "notes", &contact, "--add", " "]).ends(2);
    assert_eq!(shop.run("jo", &["contact", "notes", "999999"]).ends(6).error()["target"], "contact 999999");

    let none = shop.run("jo", &["conv", "create", &contact, "-i", "none-of-that-name"]).ends(6).error();
    let first = none["hint"].as_str().unwrap().split('(').nth(1).unwrap().split(')').next().unwrap().to_owned();
    let new = ["conv", "create", &contact, "-i", &first, "-b", "Your parcel is here", "-a", "@me", "--hold", "60"];
    let queued = shop.run("jo", &new).ends(0).json();
    assert_eq!((queued["kind"].as_str(), queued["content"].as_str()), (Some("conversation"), Some("Your parcel is here")));
    shop.run("jo", &["outbox", "cancel", queued["id"].as_str().unwrap()]).ends(0);
    assert_eq!(shop.run("vi", &new).ends(5).error()["code"], "FORBIDDEN");
    shop.close();
}

#[test]
fn webhooks_are_installed_listed_replayed_and_purged_from_the_command_line() {
    let shop = Shop::open();
    for args in [&["list"][..], &["purge", "--all"], &["install"]] {
        let args: Vec<&str> = ["webhooks"].iter().chain(args).copied().collect();
        assert_eq!(shop.run("jo", &args).ends(5).error()["code"], "FORBIDDEN");
    }
    assert_eq!(shop.run("max", &["webhooks", "install"]).ends(1).error()["code"], "VALIDATION_FAILED");
    let url = shop.daemon.base_url();
    let made = shop.run("max", &["webhooks", "install", &url]).ends(0);
    assert!(made.err.contains("SAFE_FETCH_ALLOW_PRIVATE_NETWORK"), "{}", made.err);
    let made = made.json();
    assert_eq!((made["outcome"].as_str(), made["signed"].as_bool()), (Some("created"), Some(true)));
    let again = shop.plain("max", &["-q", "webhooks", "install"]).ends(0);
    assert_eq!(again.out.split('\t').nth(1), Some("unchanged"), "{}", again.out);
    assert_eq!(shop.run("max", &["webhooks", "install", "--rotate"]).ends(0).json()["outcome"], "rotated");

    // What happens in Chatwoot arrives and is listed; its body goes when it is done.
    let id = shop.conversation();
    shop.run("jo", &["conv", "reply", &id, "-b", "By webhook too"]).ends(0);
    let done = until("a webhook that is done", || {
        let rows = shop.run("max", &["webhooks", "list", "-s", "done"]).ends(0).json();
        rows.as_array().unwrap().iter().find(|row| row["event"] == "message_created").cloned()
    });
    let done = done["id"].as_str().unwrap().to_owned();
    let shown = shop.plain("max", &["webhooks", "show", &done]).ends(0);
    assert!(shown.out.contains("done after 1 tries") && !shown.out.contains("By webhook too"), "{}", shown.out);
    assert_eq!(shop.run("max", &["webhooks", "replay", &done]).ends(7).error()["code"], "WEBHOOK_STATE");
    assert_eq!(shop.run("max", &["webhooks", "purge", &done]).ends(7).error()["code"], "WEBHOOK_STATE");
    let listed = shop.plain("max", &["webhooks", "list", "-L", "1"]).ends(0);
    assert!(listed.err.contains("last ") && listed.err.contains("0 dead"), "{}", listed.err);
    assert!(shop.plain("max", &["status"]).ends(0).out.contains("webhooks\tlast "));
    assert!(!shop.plain("jo", &["status"]).ends(0).out.contains("webhook"));

    // A dead letter: signed, and nothing that afenda can read.
    let dead = shop.dead_letter();
    assert!(shop.plain("max", &["status"]).ends(0).out.contains("afenda webhooks list --state dead"));
    let shown = shop.plain("max", &["webhooks", "show", &dead]).ends(0);
    assert!(shown.out.contains("[2J") && !shown.out.contains('\u{1b}'), "{}", shown.out);
    assert_eq!(shop.run("max", &["webhooks", "replay", "--all"]).ends(0).json()["id"], dead.as_str());
    until("the dead letter again", || {
        let rows = shop.run("max", &["webhooks", "list", "--state", "dead"]).ends(0).json();
        rows.as_array().unwrap().iter().any(|row| row["id"] == dead.as_str()).then_some(())
    });
    assert_eq!(shop.run("max", &["webhooks", "purge", "--older-than", "1d"]).ends(0).json()["purged"], 0);
    assert_eq!(shop.run("max", &["webhooks", "purge", &dead]).ends(0).json()["purged"], 1);
    assert_eq!(shop.run("max", &["webhooks", "show", &dead]).ends(6).error()["code"], "NOT_FOUND");
    for args in [
        &["webhooks", "purge"][..],
        &["webhooks", "purge", "--all", "--older-than", "1d"],
        &["webhooks", "replay"],
        &["webhooks", "show", "7"],
    ] {
        shop.run("max", args).ends(2);
    }
    shop.close();
}

#[test]
fn doctor_ends_with_1_only_when_something_fails() {
    let shop = Shop::open();
    let checks = shop.run("max", &["doctor"]).ends(0).json();
    let names: Vec<&str> = checks.as_array().unwrap().iter().map(|check| check["name"].as_str().unwrap()).collect();
    for name in ["daemon", "chatwoot", "token", "assignment", "webhook", "clock", "agents", "sync", "outbox", "store", "disk"] {
        assert!(names.contains(&name), "{names:?} lack {name}");
    }
    let rows = shop.plain("max", &["doctor"]).ends(0);
    assert!(rows.out.lines().all(|row| row.split('\t').count() == 4), "{}", rows.out);
    let refused = shop.run("jo", &["doctor"]).ends(1).json();
    assert_eq!((&refused[0]["state"], &refused[1]["name"], &refused[1]["state"]), (&"ok".into(), &"rights".into(), &"fail".into()));
    shop.close();
}

#[test]
fn events_are_json_lines_from_a_place() {
    let shop = Shop::open();
    let seq = shop.run("jo", &["status"]).ends(0).json()["seq"].as_i64().unwrap();
    let id = shop.conversation();
    let mut events = shop
        .home
        .command(&["-P", "ada", "events", "--since", &seq.to_string(), "--types", "approval.submitted"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let asked = shop.escalate(&id);
    let mut line = String::new();
    let mut reader = std::io::BufReader::new(events.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut reader, &mut line).unwrap();
    let event: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(event["type"], "approval.submitted");
    assert_eq!(event["subject_id"], asked["id"]);
    events.kill().unwrap();
    events.wait().unwrap();
    shop.close();
}

#[test]
fn a_daemon_of_its_own_makes_the_owner_at_home_and_ends_in_order() {
    let home = Home::new();
    let daemon = home.start(&["daemon", "--listen", "127.0.0.1:0"]);
    let profile = home.profiles().join("default.json");
    until("the owner's profile", || profile.exists().then_some(()));
    until("the daemon", || Some(()).filter(|()| home.run(&["status"]).code == 0));
    assert_eq!(home.run(&["status", "--json"]).ends(0).json()["me"]["role"], "owner");
    assert!(home.run(&["daemon", "--listen", "127.0.0.1:0"]).ends(1).err.contains("another daemon"));
    let token = home.run(&["daemon", "token", "owner"]).ends(0);
    assert_eq!(token.out.lines().count(), 1);
    assert!(token.err.is_empty(), "{}", token.err);
    let url = home.run(&["status", "--json"]).json()["url"].as_str().unwrap().to_owned();
    let other = Home::new().with("AFENDA_TOKEN", token.out.trim()).with("AFENDA_URL", &url);
    other.run(&["status"]).ends(0);
    assert!(home.run(&["daemon", "token", "nobody"]).ends(1).err.contains("known are"));
    daemon.signal("TERM");
    assert_eq!(daemon.end(), 0);
    assert!(home.run(&["status"]).ends(9).err.contains("afenda daemon"));
}

#[test]
fn a_reply_by_mail_says_who_has_it() {
    let shop = Shop::open();
    let rows = shop.run("jo", &["conv", "list", "-s", "all", "-L", "200"]).ends(0).json();
    let of = |mail: bool| {
        let is = |row: &&Value| (row["inbox"]["channel"] == "Email") == mail;
        rows.as_array().unwrap().iter().find(is).unwrap()["id"].to_string()
    };
    let (mail, other) = (of(true), of(false));
    let whom = ["--to", "ann@example.com", "--cc", "boss@example.com", "--cc", "x@y.z", "--bcc", "log@shop.example"];
    let sent = shop.run("jo", &[&["conv", "reply", &mail, "-b", "x", "--hold", "60"][..], &whom].concat()).ends(0).json();
    let want = serde_json::json!({"to": ["ann@example.com"], "cc": ["boss@example.com", "x@y.z"], "bcc": ["log@shop.example"]});
    assert_eq!(sent["mail"], want);
    shop.run("jo", &["outbox", "cancel", sent["outbox_id"].as_str().unwrap()]).ends(0);
    let wrong = shop.run("jo", &["conv", "reply", &other, "-b", "x", "--cc", "boss@example.com"]).ends(1);
    assert_eq!(wrong.error()["code"], "VALIDATION_FAILED");
    assert!(wrong.err.contains("e-mail inbox"), "{}", wrong.err);
    shop.close();
}
