//! What scripts read, whole: the JSON of every command that reads, the manual pages, the JSON Schemas. A change shows in review.

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::json;

use crate::harness::Home;
use crate::shop::Shop;

/// Each command that reads: its name, who runs it, and how. `HOOK` is a webhook that came.
const READS: &[(&str, &str, &str)] = &[
    ("status", "jo", ""),
    ("daemon status", "jo", ""),
    ("doctor", "max", ""),
    ("sync status", "jo", ""),
    ("cache stats", "jo", ""),
    ("cache verify", "max", ""),
    ("version", "jo", ""),
    ("config path", "", ""),
    ("config list", "", ""),
    ("config get", "", "data_dir"),
    ("keys preset", "", ""),
    ("alias list", "", ""),
    ("conv list", "jo", "-L 3"),
    ("conv view", "jo", "47"),
    ("conv next", "jo", ""),
    ("conv messages", "jo", "47"),
    ("conv export", "jo", "47"),
    ("conv draft list", "jo", ""),
    ("conv draft show", "jo", "note/47"),
    ("contact list", "jo", "-L 3"),
    ("contact search", "jo", "ann -L 1"),
    ("contact view", "jo", "1001"),
    ("contact notes", "jo", "1001"),
    ("auth status", "jo", ""),
    ("auth whoami", "jo", ""),
    ("macro list", "jo", ""),
    ("canned list", "jo", ""),
    ("canned show", "jo", "bye"),
    ("approvals list", "ada", ""),
    ("approvals view", "ada", "AP-1"),
    ("approvals next", "ada", ""),
    ("outbox list", "jo", ""),
    ("webhooks list", "max", ""),
    ("webhooks show", "max", "HOOK"),
    ("audit list", "max", "-L 2"),
    ("audit verify", "max", ""),
    ("agent list", "jo", ""),
    ("agent availability", "jo", ""),
    ("team list", "jo", ""),
    ("inbox list", "jo", ""),
    ("label list", "jo", ""),
    ("view list", "jo", ""),
    ("view show", "jo", "Open"),
    ("tenant list", "jo", ""),
    ("notification list", "jo", ""),
    ("search", "jo", "parcel -L 2"),
    ("search --in contacts", "jo", "ann"),
    ("search --in canned", "jo", "refund"),
];

/// Commands that change something or never end: what they print is shown by the tests of what they do.
const OTHERS: &[&str] = &[
    "sync",
    "cache rebuild",
    "cache clear",
    "conv reply",
    "conv note",
    "conv draft edit",
    "conv draft send",
    "conv draft rm",
    "conv create",
    "conv assign",
    "conv label",
    "conv status",
    "conv resolve",
    "conv reopen",
    "conv pending",
    "conv snooze",
    "conv priority",
    "conv attr",
    "conv read",
    "conv unread",
    "conv mute",
    "conv unmute",
    "conv escalate",
    "contact edit",
    "auth login",
    "tenant switch",
    "auth link-chatwoot",
    "auth unlink-chatwoot",
    "macro run",
    "approvals approve",
    "approvals reject",
    "approvals withdraw",
    "approvals wait",
    "approvals request",
    "canned create",
    "canned edit",
    "canned rm",
    "outbox cancel",
    "outbox retry",
    "outbox flush",
    "webhooks replay",
    "webhooks purge",
    "webhooks install",
    "audit export",
    "events",
];

/// The text without what is different each time: times, ids that are drawn, numbers that count bytes or steps, where it runs.
fn redacted(text: &str, home: &Home) -> String {
    let text = text.replace(&home.path().display().to_string(), "HOME").replace(env!("CARGO_PKG_VERSION"), "VERSION");
    let rules = [
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"),
        (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME"),
        (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
        (r"afd_[0-9a-zA-Z]+", "TOKEN"),
        (r"sha256:[0-9a-f]+", "sha256:…"),
        (r#""(hash|prev_hash)": "[0-9a-f]*""#, r#""$1": "…""#),
        // A round may be under way, or the first one done by now.
        (r#""(running|finished_at)": (true|false|null|"TIME")"#, r#""$1": "…""#),
        (r#""(seq|position|lag_s|used|count|rereads|store_bytes|pid)": \d+"#, r#""$1": "N""#),
    ];
    rules.iter().fold(text, |text, (rule, instead)| Regex::new(rule).unwrap().replace_all(&text, *instead).into_owned())
}

#[test]
fn every_command_that_reads_has_its_golden_json() {
    let promised: Vec<&str> = include_str!("../../../docs/fields.txt").lines().filter_map(|line| line.split('\t').next()).collect();
    for command in &promised {
        let known = READS.iter().any(|(name, ..)| name == command) || OTHERS.contains(command);
        assert!(known, "`{command}` has no golden JSON");
    }
    let shop = Shop::open();
    shop.run("jo", &["approvals", "request", "-t", "Refund 240 EUR", "-b", "It never arrived.", "--amount", "240.00 EUR", "-c", "47"])
        .ends(0);
    shop.run("jo", &["contact", "notes", "1001", "--add", "Writes in the evening", "--hold", "600"]).ends(0);
    crate::drafts::keep(&shop, "reply/47", "It left today.");
    crate::drafts::keep(&shop, "note/47", "Asked the carrier.");
    let query =
        json!({"payload": [{"attribute_key": "status", "filter_operator": "equal_to", "values": ["open"], "query_operator": null}]});
    let view = api::lists::NewCustomFilter { name: "Open ones".to_owned(), query: query.as_object().unwrap().clone() };
    shop.runtime.block_on(shop.client("jo").save_custom_filter(&view)).unwrap();
    let actions = json!([{"action_name": "add_label", "action_params": ["vip"]}]);
    let macros = json!({"payload": [{"id": 5, "name": "Make it a VIP", "visibility": "global", "actions": actions}]});
    shop.fault(&json!({"match": {"method": "GET", "path": "/api/v1/accounts/*/macros"}, "fault": {"kind": "status", "status": 200, "body": macros}}));
    let dead = shop.dead_letter();
    shop.home.run(&["alias", "set", "mine", "conv list -a me"]).ends(0);
    for (command, who, args) in READS {
        let args = args.replace("HOOK", &dead);
        let args: Vec<&str> = command.split(' ').chain(args.split_whitespace()).collect();
        let ran = shop.run(who, &args);
        let mut value = ran.ends(0).json();
        if *command == "doctor" || *command == "cache verify" {
            // What is found is this machine's; what is looked at is not.
            value.as_array_mut().unwrap().iter_mut().for_each(|check| {
                ["state", "message", "repair"].into_iter().for_each(|field| check[field] = json!("…"));
            });
        }
        let shown = redacted(&format!("{value:#}\n"), &shop.home);
        insta::assert_snapshot!(command.replace(" --", " ").replace(' ', "_"), shown);
    }
    shop.close();
}

#[test]
fn the_manual_pages_are_as_they_were() {
    let home = Home::new();
    let folder = home.path().join("man");
    home.run(&["man", folder.to_str().unwrap()]).ends(0);
    let pages: BTreeMap<String, String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read_to_string(entry.path()).unwrap()))
        .collect();
    // What every command takes stands in each page; here in the first.
    let shared = |page: &str| page.find(".SH EVERYWHERE").map(|at| page[at..].split(".SH VERSION").next().unwrap_or_default().to_owned());
    let everywhere = shared(&pages["afenda.1"]).unwrap();
    let mut shown = String::new();
    for (name, page) in &pages {
        let own = if name == "afenda.1" { page.clone() } else { page.replace(&shared(page).unwrap_or_default(), "") };
        shown.push_str(&format!("==== {name}\n{own}\n"));
    }
    assert!(everywhere.contains("idempotency"), "{everywhere}");
    insta::assert_snapshot!("manual_pages", redacted(&shown, &home));
}

#[test]
fn the_json_schemas_are_as_they_were() {
    let home = Home::new();
    let names = home.run(&["schema"]).ends(0).out;
    let mut all = BTreeMap::new();
    for name in names.lines() {
        let schema = home.run(&["schema", name]).ends(0).json();
        assert_eq!(schema["$ref"], format!("#/$defs/{name}"), "{name}");
        all.insert(name.to_owned(), schema["$defs"][name].clone());
    }
    assert!(all.len() > 50, "{names}");
    insta::assert_snapshot!("json_schemas", redacted(&format!("{:#}\n", serde_json::to_value(&all).unwrap()), &home));
}
