//! Every flag of every command with what it changes: the command is run without it, twice and with the same outcome, then with it, and the
//! outcome is another. A flag without a row fails, and so does a row without its flag. Rows that only read look at what no other row writes.

use std::collections::BTreeSet;

use regex::Regex;

use crate::harness::Ran;
use crate::shop::Shop;

/// How the effect of a flag is shown.
#[derive(Debug, Clone, Copy)]
enum Shown {
    /// Whoever runs it; the command without the flag; the flag with its value, put at its end.
    By(&'static str, &'static str, &'static str),
    /// In a file of the project's tests, where the flag stands: what ends, asks a terminal or listens has no outcome to compare.
    In(&'static str),
}
use Shown::{By, In};

/// Command, flag, how it is shown. `AP` is an approval that waits, made for this run; `FILE` a file with a text; behind `DOWN` Chatwoot answers nothing.
const ROWS: &[(&str, &str, Shown)] = &[
    ("", "profile", By("", "status --jq .me.user", "--profile jo")),
    ("", "tenant", By("jo", "label list", "--tenant nobody")),
    ("", "url", By("jo", "label list", "--url http://127.0.0.1:9")),
    ("", "quiet", By("jo", "conv list -L 1 -o ids", "--quiet")),
    ("", "no-input", In("cli/tests/it/deciding.rs")),
    ("", "wait", In("cli/tests/it/working.rs")),
    ("", "timeout", In("cli/tests/it/online.rs")),
    ("", "max-age", In("cli/tests/it/keeping.rs")),
    ("", "offline", In("cli/tests/it/keeping.rs")),
    ("", "debug", In("cli/tests/it/keeping.rs")),
    ("", "dry-run", In("cli/tests/it/working.rs")),
    ("", "error-unchanged", In("cli/tests/it/working.rs")),
    ("", "idempotency-key", In("cli/tests/it/online.rs")),
    ("", "color", By("jo", "label list -o table", "--color always")),
    ("", "no-pager", In("cli/tests/it/paging.rs")),
    ("", "utc", By("jo", "TZ=Asia/Tokyo conv messages 43 -L 1 -o table", "--utc")),
    ("", "tz", By("jo", "conv messages 43 -L 1 -o table", "--tz Asia/Tokyo")),
    ("", "json", By("jo", "label list", "--json")),
    ("", "jq", By("jo", "label list", "--jq length")),
    ("", "template", By("jo", "label list", "--template {{data|length}}")),
    ("", "output", By("jo", "label list", "--output yaml")),
    ("", "csv-raw", By("jo", "approvals list --type consultation_room -o csv", "--csv-raw")),
    ("", "no-headers", By("jo", "label list -o csv", "--no-headers")),
    ("", "json-envelope", By("jo", "label list --json", "--json-envelope")),
    ("", "exit-empty", By("jo", "search zzqq", "--exit-empty")),
    ("", "fail-truncated", By("jo", "conv list -L 1", "--fail-truncated")),
    ("tui", "view", In("cli/tests/it/opening.rs")),
    ("tui", "read-only", By("jo", "tui --accessible", "--read-only")),
    ("tui", "accessible", By("jo", "tui", "--accessible")),
    ("demo", "headless", In("cli/tests/it/demo.rs")),
    ("demo", "repeat", In("cli/tests/it/demo.rs")),
    ("daemon", "listen", In("cli/tests/it/online.rs")),
    ("daemon", "config", By("", "daemon token nobody", "--config FILE")),
    ("daemon", "data-dir", By("", "daemon token owner --jq .user", "--data-dir /proc/nowhere")),
    ("daemon start", "listen", In("cli/tests/it/online.rs")),
    ("daemon start", "foreground", In("cli/tests/it/daemon.rs")),
    ("daemon logs", "follow", In(".ci/cli")),
    ("daemon logs", "lines", In(".ci/cli")),
    ("daemon install", "system", By("", "daemon install --print", "--system")),
    ("daemon install", "print", In("cli/tests/it/daemon.rs")),
    ("audit verify", "file", In("cli/tests/it/ledgers.rs")),
    ("audit export", "ledger", In("cli/tests/it/ledgers.rs")),
    ("daemon restart", "force", In("cli/tests/it/daemon.rs")),
    ("status", "exit-code", In("cli/tests/it/narrowing.rs")),
    ("doctor", "fix", In("cli/tests/it/offline.rs")),
    ("auth login", "with-token", By("", "auth login", "--with-token")),
    ("auth token", "show", In("cli/tests/it/profiles.rs")),
    ("api", "raw-field", By("jo", "api GET /conversations --jq .meta.total", "--raw-field status=resolved")),
    ("api", "field", By("jo", "api GET /conversations --jq .data|length", "--field limit=1")),
    ("api", "input", By("jo", "api POST /approvals", "--input FILE")),
    ("api", "paginate", By("jo", "api GET /conversations?limit=5&status=all --jq length", "--paginate")),
    ("sandbox", "world", In(".ci/screens")),
    ("sandbox", "generate", In(".ci/cli")),
    ("sandbox", "as-version", In(".ci/play")),
    ("sandbox", "listen", In(".ci/play")),
    ("sandbox", "hooks", In(".ci/play")),
    ("sandbox", "env-out", In("cli/tests/it/offline.rs")),
    ("sync", "since", In("cli/tests/it/keeping.rs")),
    ("sync", "full", In("cli/tests/it/keeping.rs")),
    ("cache clear", "older-than", In("cli/tests/it/keeping.rs")),
    ("sync status", "watch", In(".ci/sync-watch")),
    ("config list", "resolved", By("", "config list", "--resolved")),
    ("config list", "origin", By("", "config list", "--origin")),
    ("config get", "origin", By("", "config get data_dir", "--origin")),
    ("conv list", "status", By("jo", "conv list", "--status resolved")),
    ("conv list", "assignee", By("jo", "conv list", "--assignee unassigned")),
    ("conv list", "inbox", By("jo", "conv list", "--inbox 203")),
    ("conv list", "team", By("jo", "conv list", "--team billing")),
    ("conv list", "label", By("jo", "conv list", "--label vip")),
    ("conv list", "view", By("jo", "conv list", "--view none")),
    ("conv list", "search", By("jo", "conv list", "--search invoice")),
    ("conv list", "sort", By("jo", "conv list -s all", "--sort created")),
    ("conv list", "limit", By("jo", "conv list", "--limit 1")),
    ("conv list", "all", By("jo", "conv list -s all -o ids", "--all")),
    ("conv list", "priority", By("jo", "conv list", "--priority urgent")),
    ("conv list", "unread", By("jo", "conv list", "--unread")),
    ("conv list", "waiting", By("jo", "conv list", "--waiting 100000h")),
    ("conv list", "watch", In("cli/tests/it/watch.rs")),
    ("conv messages", "watch", In("cli/tests/it/watch.rs")),
    ("outbox list", "watch", In("cli/tests/it/watch.rs")),
    ("approvals view", "web", In("cli/tests/it/deciding.rs")),
    ("approvals view", "page", By("ada", "approvals view AP-1", "--page")),
    ("approvals view", "diff", By("ada", "approvals view AP-1", "--diff")),
    ("approvals view", "exit-code", In("cli/tests/it/deciding.rs")),
    ("approvals list", "watch", In("cli/tests/it/watch.rs")),
    ("conv view", "limit", By("jo", "conv view 43", "--limit 1")),
    ("conv view", "web", In("cli/tests/it/working.rs")),
    ("conv view", "page", By("jo", "conv view 43", "--page")),
    ("conv export", "file", In("cli/tests/it/exporting.rs")),
    ("conv export", "force", In("cli/tests/it/exporting.rs")),
    ("conv next", "claim", By("jo", "conv next", "--claim")),
    ("conv reply", "in-reply-to", By("jo", "conv reply 44 -b Hello --jq .in_reply_to", "--in-reply-to 1")),
    ("conv reply", "resolve", In("cli/tests/it/working.rs")),
    ("conv reply", "pending", In("cli/tests/it/working.rs")),
    ("conv reply", "snooze", In("cli/tests/it/working.rs")),
    ("conv messages", "since", By("jo", "conv messages 43", "--since 2199-01-01")),
    ("conv messages", "before", By("jo", "conv messages 43", "--before 1")),
    ("conv messages", "after", By("jo", "conv messages 43", "--after 999999")),
    ("conv messages", "limit", By("jo", "conv messages 43", "--limit 1")),
    ("conv create", "inbox", By("jo", "conv create 1001 -b Hello", "--inbox 201")),
    ("conv create", "body", By("jo", "conv create 1001 --inbox 201 --jq .content", "--body Hello")),
    ("conv create", "body-file", By("jo", "conv create 1001 --inbox 201 --jq .content", "--body-file FILE")),
    ("conv create", "subject", By("jo", "conv create 1001 --inbox 201 -b Hello", "--subject Parcel")),
    ("conv create", "status", By("jo", "conv create 1001 --inbox 201 -b Hello", "--status nonsense")),
    ("conv create", "assignee", By("jo", "conv create 1001 --inbox 201 -b Hello", "--assignee nobody-here")),
    ("conv create", "team", By("jo", "conv create 1001 --inbox 201 -b Hello", "--team nobody-here")),
    ("conv create", "hold", By("jo", "conv create 1001 --inbox 201 -b Hello --jq .sends_at>.created_at", "--hold 600")),
    ("conv reply", "body", By("jo", "conv reply 44", "--body Hello")),
    ("conv reply", "body-file", By("jo", "conv reply 44", "--body-file FILE")),
    ("conv reply", "canned", By("jo", "conv reply 44", "--canned bye")),
    ("conv reply", "attach", By("jo", "conv reply 44 -b Look --jq .attachments", "--attach FILE")),
    ("conv reply", "hold", By("jo", "conv reply 44 -b Hello --jq .sends_at>.created_at", "--hold 600")),
    ("conv reply", "template-name", By("jo", "conv reply 55", "--template-name reply_wanted")),
    ("conv reply", "language", By("jo", "conv reply 55 --template-name reply_wanted", "--language fr")),
    ("conv reply", "var", By("jo", "conv reply 44 --canned bye", "--var nothing=x")),
    ("conv reply", "to", By("jo", "conv reply 40 -b Hello --jq .mail", "--to ann@example.com")),
    ("conv reply", "cc", By("jo", "conv reply 40 -b Hello --jq .mail", "--cc ann@example.com")),
    ("conv reply", "bcc", By("jo", "conv reply 40 -b Hello --jq .mail", "--bcc ann@example.com")),
    ("conv note", "body", By("jo", "conv note 44", "--body Hello")),
    ("conv note", "body-file", By("jo", "conv note 44", "--body-file FILE")),
    ("conv note", "canned", By("jo", "conv note 44", "--canned bye")),
    ("conv note", "attach", By("jo", "conv note 44 -b Look --jq .attachments", "--attach FILE")),
    ("conv note", "mention", By("jo", "conv note 44 -b Look --jq .content", "--mention kim")),
    ("conv assign", "to", By("jo", "conv assign 41", "--to kim")),
    ("conv assign", "team", By("jo", "conv assign 41", "--team billing")),
    ("conv assign", "none", By("jo", "conv assign 41", "--none")),
    ("conv label", "add", By("jo", "conv label 33", "--add vip")),
    ("conv label", "remove", By("jo", "conv label 30", "--remove wholesale")),
    ("conv status", "until", By("jo", "conv status 36 snoozed --jq .snoozed_until!=null", "--until 2h")),
    ("conv snooze", "until", By("jo", "conv snooze 36 --jq .snoozed_until!=null", "--until 2h")),
    ("conv attr", "set", By("jo", "conv attr 36 --jq .custom_attributes", "--set order=A-1")),
    ("conv attr", "unset", By("jo", "conv attr 46 --set order=A-1 --jq .custom_attributes", "--unset order")),
    ("conv mute", "hold", By("jo", "conv mute 28", "--hold 999999999")),
    ("conv escalate", "reason", By("jo", "conv escalate 51", "--reason Why?")),
    ("conv escalate", "to", By("jo", "conv escalate 52 --reason Why? --dry-run", "--to nobody-here")),
    ("conv escalate", "team", By("jo", "conv escalate 52 --reason Why? --dry-run", "--team nobody-here")),
    ("conv escalate", "priority", By("jo", "conv escalate 52 --reason Why? --dry-run", "--priority nonsense")),
    ("conv escalate", "reason-file", By("jo", "conv escalate 50", "--reason-file FILE")),
    ("contact search", "limit", By("jo", "contact search a -o ids", "--limit 1")),
    ("contact search", "all", By("jo", "contact search a -L 1", "--all")),
    ("contact list", "search", By("jo", "contact list -o ids", "--search ann")),
    ("contact list", "limit", By("jo", "contact list -o ids", "--limit 1")),
    ("contact list", "all", By("jo", "contact list -L 1", "--all")),
    ("contact edit", "name", By("jo", "contact edit 1003", "--name Cyd")),
    ("contact edit", "email", By("jo", "contact edit 1003", "--email cyd@example.com")),
    ("contact edit", "phone", By("jo", "contact edit 1003", "--phone +15550100099")),
    ("contact edit", "identifier", By("jo", "contact edit 1003", "--identifier cyd-1")),
    ("contact edit", "blocked", By("jo", "contact edit 1003", "--blocked true")),
    ("contact edit", "field", By("jo", "contact edit 1003", "--field city=Rome")),
    ("contact edit", "set", By("jo", "contact edit 1003", "--set tier=gold")),
    ("contact edit", "unset", By("jo", "contact edit 1003", "--unset tier")),
    ("contact notes", "add", By("jo", "contact notes 1002", "--add Friendly")),
    ("contact notes", "body-file", By("jo", "contact notes 1006", "--body-file FILE")),
    ("contact notes", "delete", By("jo", "contact notes 1007", "--delete 999999")),
    ("contact notes", "hold", By("jo", "contact notes 1008 --add Patient --jq .sends_at>.created_at", "--hold 600")),
    ("canned list", "search", By("jo", "canned list", "--search parcel")),
    ("canned create", "body", By("jo", "canned create made", "--body Hello")),
    ("canned create", "body-file", By("jo", "canned create made-too", "--body-file FILE")),
    ("canned edit", "body", By("jo", "canned edit made", "--body Bye")),
    ("canned edit", "body-file", By("jo", "canned edit made", "--body-file FILE")),
    ("approvals list", "status", By("jo", "approvals list", "--status all")),
    ("approvals list", "mine", By("ada", "approvals list", "--mine")),
    ("approvals list", "decidable", By("jo", "approvals list", "--decidable")),
    ("approvals list", "type", By("jo", "approvals list", "--type consultation_room")),
    ("approvals list", "older", By("jo", "approvals list -s all", "--older 900h")),
    ("approvals list", "sort", By("jo", "approvals list", "--sort oldest")),
    ("approvals list", "limit", By("jo", "approvals list", "--limit 1")),
    ("approvals list", "all", By("jo", "approvals list -s all -o ids", "--all")),
    ("approvals approve", "rev", By("ada", "approvals approve AP -y", "--rev 1")),
    ("approvals approve", "latest", By("ada", "approvals approve AP -y", "--latest")),
    ("approvals approve", "yes", By("ada", "approvals approve AP@1", "--yes")),
    ("approvals approve", "message", By("ada", "approvals approve AP@1 -y --jq .comment", "--message Fine")),
    ("approvals reject", "rev", By("ada", "approvals reject AP -m No -y", "--rev 1")),
    ("approvals reject", "latest", By("ada", "approvals reject AP -m No -y", "--latest")),
    ("approvals reject", "yes", By("ada", "approvals reject AP@1 -m No", "--yes")),
    ("approvals reject", "message", By("ada", "approvals reject AP@1 -y", "--message No")),
    ("approvals reject", "message-file", By("ada", "approvals reject AP@1 -y", "--message-file FILE")),
    ("approvals withdraw", "rev", By("jo", "approvals withdraw AP", "--rev 9")),
    ("approvals withdraw", "message", By("jo", "approvals withdraw AP --jq .comment", "--message Wrong")),
    ("approvals wait", "any", In("cli/tests/it/online.rs")),
    ("approvals request", "title", By("jo", "approvals request -b Why", "--title What")),
    ("approvals request", "body", By("jo", "approvals request -t What --jq .description", "--body Why")),
    ("approvals request", "body-file", By("jo", "approvals request -t What --jq .description", "--body-file FILE")),
    ("approvals request", "type", By("jo", "approvals request -t What -b Why", "--type consultation_room")),
    ("approvals request", "conversation", By("jo", "approvals request -t What -b Why --jq .conversation_id", "--conversation 47")),
    ("approvals request", "amount", By("jo", "approvals request -t What -b Why --jq .amount", "--amount 5.00_EUR")),
    ("approvals request", "expires", By("jo", "approvals request -t What -b Why --jq .expires_at!=null", "--expires 4h")),
    ("webhooks list", "state", By("max", "webhooks list -q", "--state nonsense")),
    ("webhooks list", "limit", By("max", "webhooks list", "--limit 0")),
    ("webhooks list", "all", In("cli/tests/it/online.rs")),
    ("webhooks replay", "all", By("max", "webhooks replay", "--all")),
    ("webhooks purge", "all", By("max", "webhooks purge", "--all")),
    ("webhooks purge", "older-than", By("max", "webhooks purge", "--older-than 1h")),
    ("webhooks install", "rotate", In("cli/tests/it/online.rs")),
    ("events", "since", In("cli/tests/it/online.rs")),
    ("events", "cursor-file", In("cli/tests/it/printing.rs")),
    ("events", "types", In("cli/tests/it/printing.rs")),
    ("events", "exec", In("cli/tests/it/printing.rs")),
    ("events", "exec-timeout", In("cli/tests/it/printing.rs")),
    ("events", "exec-fatal", In("cli/tests/it/printing.rs")),
    ("audit list", "actor", By("max", "audit list --jq length", "--actor nobody")),
    ("audit list", "object", By("max", "audit list --jq length", "--object nothing")),
    ("audit list", "since", By("max", "audit list --jq length", "--since 2100-01-01")),
    ("audit list", "limit", By("max", "audit list --jq length", "--limit 1")),
    ("audit list", "all", By("max", "audit list --jq length>30", "--all")),
    ("search", "in", By("jo", "search parcel", "--in contacts")),
    ("search", "from", By("jo", "search parcel --jq length", "--from 2100-01-01")),
    ("search", "to", By("jo", "search parcel --jq length", "--to 2000-01-01")),
    ("search", "limit", By("jo", "search parcel", "--limit 1")),
    // Last: the daemon waits a while before it asks again.
    // Last: from here on Chatwoot answers nothing.
    ("", "fresh", By("jo", "DOWN conv view 43", "--fresh")),
];

/// The flags of the book of commands, which is made of the program itself.
fn flags() -> BTreeSet<(String, String)> {
    let head = Regex::new(r"^## afenda ?(.*)$").unwrap();
    let flag = Regex::new(r"^ {2,6}(?:-\w, )?--([a-z][a-z-]*)").unwrap();
    let mut command = String::new();
    let mut found = BTreeSet::new();
    for line in include_str!("../../../docs/cli.md").lines() {
        if let Some(words) = head.captures(line) {
            command = words[1].to_owned();
        } else if let Some(name) = flag.captures(line).map(|found| found[1].to_owned())
            && !["help", "version"].contains(&name.as_str())
        {
            found.insert((command.clone(), name));
        }
    }
    found
}

#[test]
fn every_flag_has_a_row_and_every_row_its_flag() {
    let flags = flags();
    assert!(flags.len() > 100, "the book of commands was not read: {flags:?}");
    let rows: BTreeSet<(String, String)> = ROWS.iter().map(|(command, flag, _)| ((*command).to_owned(), (*flag).to_owned())).collect();
    assert_eq!(rows.len(), ROWS.len(), "a flag has two rows");
    let missing: Vec<_> = flags.difference(&rows).collect();
    let gone: Vec<_> = rows.difference(&flags).collect();
    assert!(missing.is_empty() && gone.is_empty(), "without a row: {missing:?}; without a flag: {gone:?}");
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    for (command, flag, shown) in ROWS {
        if let In(file) = shown {
            let text = std::fs::read_to_string(format!("{root}/{file}")).unwrap();
            assert!(text.contains(&format!("--{flag}")), "{file} does not use --{flag} of `{command}`");
        }
    }
}

/// What an outcome is, without what is different each time.
fn outcome(ran: &Ran) -> (i32, String) {
    let each_time = Regex::new(
        r#"(?x) [0-9a-f]{8}-[0-9a-f-]{27} | \d{4}-\d\d-\d\dT[\d:.]+Z | \bAP-\d+ | sha256:[0-9a-f]+ | "(?:id|seq|revision)":\d+ | \bnow\b
            | \b\d+(?:[smhd]|\ (?:second|minute|hour|day)s?)\b"#,
    )
    .unwrap();
    (ran.code, each_time.replace_all(&format!("{}\n{}", ran.out, ran.err), "…").into_owned())
}

struct Bench {
    shop: Shop,
    file: String,
}

impl Bench {
    /// Runs a line of the table.
    fn run(&self, who: &str, line: &str) -> (i32, String) {
        let mut args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let zone = args.first().and_then(|word| word.strip_prefix("TZ=")).map(str::to_owned);
        let down = args.first().is_some_and(|word| word == "DOWN");
        args.drain(..usize::from(zone.is_some() || down));
        if down {
            self.shop.is_down();
        }
        for arg in &mut args {
            if arg == "AP" || arg.starts_with("AP@") {
                let asked = self.shop.run("jo", &["approvals", "request", "-t", "What", "-b", "Why"]).ends(0).json();
                *arg = arg.replacen("AP", asked["reference"].as_str().unwrap(), 1);
            }
            *arg = arg.replace("FILE", &self.file).replace("5.00_EUR", "5.00 EUR");
        }
        if args.first().is_some_and(|noun| noun == "conv") && args.get(1).is_some_and(|verb| verb != "list") {
            // What a change will do besides depends on those before it.
            args.push("--quiet".to_owned());
        }
        if !who.is_empty() {
            args.splice(0..0, ["-P".to_owned(), who.to_owned()]);
        }
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let mut command = self.shop.home.command(&args);
        command.envs(zone.map(|zone| ("TZ", zone)));
        outcome(&crate::harness::ran(command.output().unwrap()))
    }
}

#[test]
fn every_flag_changes_the_outcome() {
    let shop = Shop::open();
    let file = shop.home.path().join("text.txt");
    std::fs::write(&file, "From a file\n").unwrap();
    // More than a list shows by itself, one of them decided.
    for _ in 0..50 {
        shop.run("jo", &["approvals", "request", "-t", "Refund", "-b", "Why"]).ends(0);
    }
    shop.run("ada", &["approvals", "approve", "AP-1@1", "-y"]).ends(0);
    for (title, kind) in [("=1+1", "consultation_room"), ("Refund", "ceo_approval")] {
        shop.run("jo", &["approvals", "request", "-t", title, "-b", "Why", "--type", kind]).ends(0);
    }
    let bench = Bench { file: file.display().to_string(), shop };
    let mut wrong = Vec::new();
    for (command, flag, shown) in ROWS {
        let By(who, base, with) = shown else { continue };
        let (before, again) = (bench.run(who, base), bench.run(who, base));
        let after = bench.run(who, &format!("{base} {with}"));
        if before != again {
            wrong.push(format!("`{base}` comes to something else each time: {before:?} {again:?}"));
        }
        if before == after {
            wrong.push(format!("--{flag} of `{command}` changes nothing: `{base}` and `{with}` come to {after:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    bench.shop.close();
}
