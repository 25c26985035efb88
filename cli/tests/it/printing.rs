//! What scripts rely on: forms of output, cut lists, several ids, the place in the stream.

use jiff::Timestamp;
use serde_json::Value;

use crate::harness::until;
use crate::shop::Shop;

#[test]
fn a_script_lists_filters_and_decides_what_it_read() {
    let shop = Shop::open();
    let id = shop.conversation();
    let asked = shop.escalate(&id);
    let reference = asked["reference"].as_str().unwrap();
    let ada = |args: &[&str]| shop.plain("ada", args);

    assert_eq!(ada(&["approvals", "list", "--jq", ".[].reference"]).ends(0).out, format!("{reference}\n"));
    assert_eq!(
        ada(&["approvals", "list", "--json=reference,revision"]).ends(0).out,
        format!("[{{\"reference\":\"{reference}\",\"revision\":1}}]\n")
    );
    assert_eq!(
        ada(&["approvals", "list", "--template", "{{ data[0].reference }} {{ data[0].nope is undefined }}"]).ends(0).out,
        format!("{reference} True")
    );
    let csv = ada(&["approvals", "list", "-o", "csv"]).ends(0).out;
    assert!(csv.starts_with("ID,KIND,TITLE,") && csv.lines().count() == 2, "{csv}");
    let yaml = ada(&["approvals", "view", reference, "-o", "yaml"]).ends(0).out;
    assert!(yaml.contains(&format!("reference: {reference}")), "{yaml}");
    ada(&["approvals", "view", reference, "-o", "csv"]).ends(2);

    // What is listed is named with its revision, so what changed in between is not decided.
    let ids = ada(&["approvals", "list", "-o", "ids"]).ends(0).out;
    assert_eq!(ids, format!("{reference}@1\n"));
    assert_eq!(ada(&["approvals", "next", "--jq", ".reference"]).ends(0).out, format!("{reference}\n"));
    ada(&["approvals", "approve", ids.trim(), "AP-999@1", "-y"]).ends(6);
    assert_eq!(ada(&["approvals", "list", "-s", "approved", "--jq", "length"]).ends(0).out, "1\n");
    assert_eq!(ada(&["approvals", "next", "--json"]).ends(0).out, "null\n");
    shop.close();
}

#[test]
fn the_newest_revision_is_decided_only_where_that_is_said() {
    let shop = Shop::open();
    let id = shop.conversation();
    let reference = shop.escalate(&id)["reference"].as_str().unwrap().to_owned();
    let refused = shop.plain("ada", &["approvals", "approve", &reference, "-y"]).ends(2);
    assert!(refused.err.contains("ssh -t") && refused.err.contains("-y"), "{}", refused.err);
    shop.plain("ada", &["approvals", "approve", &reference, "--latest", "--rev", "1", "-y"]).ends(2);
    assert_eq!(shop.run("ada", &["approvals", "approve", &reference, "--latest", "-y"]).ends(0).json()["status"], "approved");
    shop.close();
}

#[test]
fn a_list_that_was_cut_says_so_and_can_be_an_error() {
    let shop = Shop::open();
    let jo = |args: &[&str]| shop.plain("jo", &[&["conv", "list", "-s", "all"], args].concat());
    let all = jo(&["--all", "--jq", "length"]).ends(0);
    assert!(all.err.is_empty(), "{}", all.err);
    let all: usize = all.out.trim().parse().unwrap();
    let cut = jo(&["-L", "2", "--json=id", "--json-envelope"]).ends(0);
    let envelope: Value = serde_json::from_str(&cut.out).unwrap();
    assert_eq!((envelope["meta"]["total"].as_u64(), envelope["meta"]["truncated"].as_bool()), (Some(all as u64), Some(true)));
    assert!(cut.err.contains("2 of"), "{}", cut.err);
    assert_eq!(jo(&["-L", "2", "--json", "--fail-truncated"]).ends(1).error()["code"], "TRUNCATED");
    assert_eq!(jo(&["-L", "2", "-o", "jsonl"]).ends(0).out.lines().count(), 2);
    shop.close();
}

#[test]
fn messages_are_found_in_a_span_of_time_that_is_exact_and_in_the_zone_that_is_named() {
    let shop = Shop::open();
    let find = |args: &[&str]| shop.run("jo", &[&["search", "parcel"], args].concat());
    let at = |args: &[&str]| -> Vec<Timestamp> {
        let rows = find(args).ends(0).json();
        rows.as_array().unwrap().iter().map(|row| row["created_at"].as_str().unwrap().parse().unwrap()).collect()
    };
    let all = at(&[]);
    let (first, last) = (all.iter().min().unwrap(), all.iter().max().unwrap());
    assert!(first < last, "{all:?}");
    let later = |limit: &Timestamp| all.iter().copied().filter(|at| at >= limit).collect::<Vec<_>>();
    let earlier = |limit: &Timestamp| all.iter().copied().filter(|at| at < limit).collect::<Vec<_>>();
    assert_eq!(at(&["--from", &last.to_string()]), later(last));
    assert_eq!(at(&["--to", &last.to_string()]), earlier(last));
    assert_eq!(at(&["--from", &first.to_string(), "--to", &last.to_string()]), earlier(last));
    // A clock without a zone is read in the one that is named.
    let tokyo = last.in_tz("Asia/Tokyo").unwrap().datetime().to_string();
    assert_eq!(at(&["--tz", "Asia/Tokyo", "--to", &tokyo]), earlier(last));
    assert_eq!(at(&["--utc", "--to", &tokyo]), all);

    // Which moment a duration means is said; an absolute one is known.
    let told = find(&["--utc", "--from", "52w", "--to", "1s"]).ends(0);
    assert!(told.err.contains("from 20") && told.err.contains("to 20") && told.err.contains("+00:00"), "{}", told.err);
    assert_eq!(find(&["--from", "2000-01-01"]).ends(0).err, "");
    for (args, said) in [
        (&["--from", "soon"][..], "--from: `soon` is no time that was"),
        (&["--from", "2026-11-02", "--to", "2026-11-01"], "--to must be later than --from"),
        (&["--in", "contacts", "--from", "2h"], "when a message was written"),
        (&["--in", "canned", "--to", "2h"], "when a message was written"),
    ] {
        let refused = find(args).ends(2).err;
        assert!(refused.contains(said), "{refused}");
    }
    shop.close();
}

#[test]
fn what_a_command_prints_has_the_fields_that_are_promised() {
    let shop = Shop::open();
    let id = shop.conversation();
    shop.escalate(&id);
    let promised = include_str!("../../../docs/fields.txt");
    for (user, args) in [
        ("ada", &["status"][..]),
        ("max", &["doctor"]),
        ("ada", &["sync", "status"]),
        ("jo", &["conv", "list"]),
        ("jo", &["conv", "view", &id]),
        ("jo", &["conv", "messages", &id]),
        ("jo", &["conv", "label", &id, "--add", "vip"]),
        ("jo", &["conv", "note", &id, "-b", "Looking into it"]),
        ("ada", &["approvals", "list"]),
        ("ada", &["approvals", "next"]),
        ("ada", &["audit", "list"]),
        ("jo", &["canned", "list"]),
        ("jo", &["outbox", "list"]),
        ("jo", &["contact", "list"]),
        ("jo", &["agent", "list"]),
        ("jo", &["team", "list"]),
        ("jo", &["inbox", "list"]),
        ("jo", &["label", "list"]),
        ("jo", &["tenant", "list"]),
        ("jo", &["search", "the"]),
        ("max", &["webhooks", "list"]),
    ] {
        let answer = shop.run(user, args).ends(0).json();
        let words: Vec<&str> = args.iter().copied().take_while(|arg| !arg.starts_with('-') && *arg != id && *arg != "the").collect();
        let command = words.join(" ");
        let rows = match answer {
            Value::Array(rows) => rows,
            one => vec![one],
        };
        for field in rows.iter().filter_map(Value::as_object).flat_map(|row| row.keys()) {
            assert!(
                promised.lines().any(|line| line.starts_with(&format!("{command}\t{field}\t"))),
                "`{command}` prints `{field}`, which docs/fields.txt does not have"
            );
        }
    }
    shop.close();
}

#[test]
fn a_status_has_words_of_its_own() {
    let shop = Shop::open();
    let id = shop.conversation();
    for (args, status) in [
        (&["conv", "resolve", &id][..], "resolved"),
        (&["conv", "reopen", &id], "open"),
        (&["conv", "pending", &id], "pending"),
        (&["conv", "snooze", &id, "--until", "2h"], "snoozed"),
    ] {
        let set = shop.run("jo", args).ends(0);
        assert_eq!(set.json()["status"], status);
    }
    assert_eq!(shop.run("jo", &["conv", "priority", &id, "urgent"]).ends(0).json()["priority"], "urgent");
    shop.run("jo", &["conv", "priority", &id, "loud"]).ends(2);
    shop.close();
}

#[test]
fn a_follower_goes_on_where_it_stopped_and_works_each_event_off() {
    let shop = Shop::open();
    let place = shop.home.path().join("place");
    let done = shop.home.path().join("done");
    let (place, done) = (place.to_str().unwrap(), done.to_str().unwrap());
    let follow = || {
        let exec = format!("cat >> {done}");
        shop.home.start(&["-P", "ada", "events", "--types", "approval.submitted", "--cursor-file", place, "--exec", &exec])
    };
    let worked = || std::fs::read_to_string(done).unwrap_or_default().lines().count();
    let ids: Vec<String> =
        shop.run("jo", &["conv", "list", "-s", "all"]).json().as_array().unwrap().iter().map(|row| row["id"].to_string()).collect();

    let first = follow();
    until("the place to be kept", || std::fs::metadata(place).ok().map(|_| ()));
    shop.escalate(&ids[0]);
    until("the first event", || (worked() == 1).then_some(()));
    let seq = serde_json::from_str::<Value>(&std::fs::read_to_string(done).unwrap()).unwrap()["seq"].as_i64().unwrap();
    let kept = || std::fs::read_to_string(place).ok()?.trim().parse().ok();
    until("the place after it", || kept().filter(|kept: &i64| *kept >= seq));
    drop(first);
    // While nobody follows.
    shop.escalate(&ids[1]);
    let second = follow();
    until("the second event", || (worked() == 2).then_some(()));
    drop(second);
    let events: Vec<Value> = std::fs::read_to_string(done).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(events.iter().all(|event| event["type"] == "approval.submitted"));

    // A failure that is fatal ends with 1 and leaves the event to be worked off again.
    let fatal = ["-P", "ada", "events", "--since", "0", "--types", "approval.submitted", "--exec", "exit 3", "--exec-fatal"];
    let ended = shop.home.run(&fatal).ends(1);
    assert!(ended.err.contains("exit status: 3"), "{}", ended.err);
    // So does one that takes too long, and what it started ends with it.
    let pid = shop.home.path().join("pid");
    let sleeps = format!("sleep 60 & echo $! > {}; wait", pid.display());
    let slow = ["-P", "ada", "events", "--since", "0", "--exec", &sleeps, "--exec-timeout", "1s", "--exec-fatal"];
    let ended = shop.home.run(&slow).ends(1);
    assert!(ended.err.contains("took too long"), "{}", ended.err);
    let pid = std::fs::read_to_string(pid).unwrap();
    let lives = || std::process::Command::new("kill").args(["-0", pid.trim()]).output().unwrap().status.success();
    until("the end of what the command started", || (!lives()).then_some(()));
    std::fs::write(place, "x").unwrap();
    shop.home.run(&["-P", "ada", "events", "--cursor-file", place]).ends(2);
    shop.close();
}

#[test]
fn any_call_of_the_api_can_be_made() {
    let shop = Shop::open();
    let all = shop.plain("jo", &["conv", "list", "-s", "all", "--all", "--jq", "length"]).ends(0).out;
    let call = |args: &[&str]| shop.plain("jo", &[&["api"], args].concat());
    assert_eq!(call(&["GET", "/conversations", "-f", "status=all", "-F", "limit=5", "--paginate", "--jq", "length"]).ends(0).out, all);
    assert_eq!(call(&["get", "/api/v1/me", "--jq", ".data.user"]).ends(0).out, "jo\n");
    let twice = || {
        call(&[
            "POST",
            "/approvals",
            "-f",
            "title=A chair",
            "-f",
            "description=Why",
            "--idempotency-key",
            "chair",
            "--jq",
            ".data.reference",
        ])
    };
    assert_eq!(twice().ends(0).out, twice().ends(0).out, "the same key is the same approval");
    let body = shop
        .home
        .run_with_input(&["-P", "jo", "api", "POST", "/approvals", "--input", "-", "--jq", ".data.title"], r#"{"title": "A desk"}"#);
    assert_eq!(body.ends(0).out, "A desk\n");
    let missing = |args: &[&str]| shop.run("jo", args).ends(6).error();
    assert_eq!(missing(&["api", "GET", "/approvals/AP-999"])["code"], "NOT_FOUND");
    for (thing, list) in [("contact", "contact list"), ("conv", "conv list")] {
        let hint = missing(&[thing, "view", "99999"])["hint"].to_string();
        assert!(hint.contains(list), "{thing}: {hint}");
    }
    call(&["GET", "/conversations", "-o", "csv"]).ends(2);
    call(&["GET", "/conversations", "--json=id"]).ends(2);
    assert_eq!(shop.run("jo", &["api", "POST", "/approvals", "-f", "titel=x"]).ends(1).error()["code"], "VALIDATION_FAILED");
    call(&["GET", "https://elsewhere.example/"]).ends(2);
    call(&["FETCH", "/me"]).ends(2);
    call(&["POST", "/approvals", "--paginate"]).ends(2);
    shop.close();
}
