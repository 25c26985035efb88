//! How the inbox opens: with which view, only to look, line by line; as it is asked for on the command line, in the environment, in the settings.

use std::io::Write as _;
use std::process::Stdio;

use api::lists::NewCustomFilter;
use serde_json::json;

use crate::harness::Ran;
use crate::pty::Pty;
use crate::shop::Shop;

/// A shop whose Jo has saved these views of what has a label, each by its name.
fn with_views(names: &[&str]) -> (Shop, Vec<i64>) {
    let shop = Shop::open();
    let ids = names.iter().map(|name| {
        let row = json!({"attribute_key": "labels", "filter_operator": "equal_to", "values": ["vip"], "query_operator": null, "attribute_model": "standard"});
        let query = [("payload".to_owned(), json!([row]))].into_iter().collect();
        let view = NewCustomFilter { name: (*name).to_owned(), query };
        shop.runtime.block_on(shop.client("jo").save_custom_filter(&view)).unwrap().id
    });
    let ids = ids.collect();
    (shop, ids)
}

#[test]
fn a_view_is_named_as_for_a_list_and_a_tab_by_its_own_word() {
    let (shop, ids) = with_views(&["Vip talks", "Vip refunds", "Unassigned"]);
    let opens = |name: &str| -> Ran { shop.plain("jo", &["tui", "--accessible", "--view", name]) };
    let told = |name: &str| opens(name).ends(0).out;
    for name in ["Vip refunds", "vip REFUNDS", "refunds", &ids[1].to_string()] {
        assert!(told(name).contains("Vip refunds"), "{name}: {}", told(name));
    }
    // A tab's own word is the tab; a saved view of that name has its number.
    assert!(!told("unassigned").contains("Inbox, All, all, Unassigned"), "{}", told("unassigned"));
    assert!(told(&ids[2].to_string()).contains("Inbox, All, all, Unassigned"), "{}", told(&ids[2].to_string()));
    let usual = shop.plain("jo", &["tui", "--accessible"]).ends(0).out;
    assert_ne!(usual, told("Unattended"));

    let several = opens("vip").ends(2);
    assert!(
        several.err.contains("fits more than one view") && several.err.contains(&format!("Vip refunds ({})", ids[1])),
        "{}",
        several.err
    );
    let none = opens("nobody").ends(6);
    assert!(
        none.err.contains("there is no view `nobody`") && none.err.contains("there are: mine, unassigned, all, mentions, unattended, "),
        "{}",
        none.err
    );
    assert!(none.out.is_empty() && several.out.is_empty(), "nothing opened");
    shop.close();
}

#[test]
fn on_a_terminal_the_screen_opens_with_the_view_or_is_not_taken() {
    let (shop, _) = with_views(&["Vip talks"]);
    let mut pty = Pty::of(&shop.home, "-P jo tui --view 'vip talks'");
    pty.shows("Vip talks");
    pty.types("q");
    assert_eq!(pty.ends().0, 0);
    let (code, raw) = Pty::of(&shop.home, "-P jo tui --view nobody").ends_badly();
    assert!(code == 6 && !raw.contains("\x1b[?1049h"), "{code} {raw}");
    shop.close();
}

/// What Chatwoot and the daemon hold that an inbox could change.
fn held(shop: &Shop) -> Vec<String> {
    let [talks, outbox, approvals] =
        [&["conv", "list", "-s", "all", "--all", "--jq", "map(del(.as_of))"][..], &["outbox", "list"], &["approvals", "list", "-s", "all"]]
            .map(|args| shop.run("jo", args).ends(0).out);
    let audit = shop.run("max", &["audit", "list", "--all"]).ends(0).out;
    vec![talks, outbox, approvals, audit]
}

/// The inbox's own files.
fn kept(shop: &Shop) -> Vec<String> {
    let names = std::fs::read_dir(shop.home.path()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.starts_with("drafts_") || name.starts_with("seen_")).collect();
    names.sort();
    names
}

#[test]
fn a_read_only_inbox_looks_at_everything_and_changes_nothing() {
    let shop = Shop::open();
    shop.run("jo", &["approvals", "request", "-t", "What", "-b", "Why"]).ends(0);
    let before = held(&shop);
    let asked = "1\nreply\nnote\nresolve\nunread\nassign\nback\nmark 1 2\n1\nescalate\napprovals\n1\napprove\nreject\nlogout\nquit\n";
    let ran = shop.home.run_with_input(&["-P", "ada", "tui", "--accessible", "--read-only", "--view", "all"], asked).ends(0);
    assert!(ran.out.starts_with("This inbox is read-only: nothing is sent, changed or decided from here.\n"), "{}", ran.out);
    let refused = ran.out.matches("this inbox is read-only.").count();
    assert_eq!(refused, 10, "{}", ran.out);
    assert_eq!(kept(&shop), [""; 0], "it leaves no file");
    assert_eq!(held(&shop), before);

    // On a screen too, where what is looked at for a while would be marked read.
    let config = shop.home.path().join("quick.toml");
    std::fs::write(&config, "[ui]\nread_after_ms = 0\n").unwrap();
    let mut pty = Pty::with(&shop.home, "-P jo tui --read-only --view all", &[("AFENDA_CONFIG", config.to_str().unwrap())]);
    pty.shows("read-only \u{b7} live");
    pty.shows("Mirador");
    pty.types("\r");
    pty.shows("v choose");
    pty.types("r");
    pty.shows("Reply to the customer: this inbox is read-only");
    pty.types("e");
    pty.shows("Resolve: this inbox is read-only");
    pty.types("\x1b");
    pty.hides("v choose");
    pty.types("gs");
    pty.shows("--read-only");
    pty.types("qq");
    assert_eq!(pty.ends().0, 0);
    assert_eq!(kept(&shop), [""; 0]);
    assert_eq!(held(&shop), before);
    shop.close();
}

#[test]
fn the_environment_and_the_settings_ask_for_lines_on_a_terminal() {
    let shop = Shop::open();
    let settings = |accessible: bool| {
        let path = shop.home.path().join(format!("{accessible}.toml"));
        std::fs::write(&path, format!("[ui]\naccessible = {accessible}\n")).unwrap();
        path.display().to_string()
    };
    let (on, off) = (settings(true), settings(false));
    let lines = "What next?";
    for (args, env, by_lines) in [
        ("", &[("AFENDA_ACCESSIBLE", "1")][..], true),
        ("tui", &[("AFENDA_ACCESSIBLE", "1")], true),
        ("tui", &[("AFENDA_CONFIG", on.as_str())], true),
        ("", &[("AFENDA_CONFIG", on.as_str())], true),
        ("tui", &[("AFENDA_CONFIG", off.as_str()), ("AFENDA_ACCESSIBLE", "1")], true),
        ("tui", &[("AFENDA_CONFIG", on.as_str()), ("AFENDA_ACCESSIBLE", "0")], false),
        ("tui", &[("AFENDA_CONFIG", off.as_str())], false),
        ("tui --accessible", &[("AFENDA_ACCESSIBLE", "0")], true),
    ] {
        let mut pty = Pty::with(&shop.home, &format!("-P jo {args}"), env);
        pty.shows(if by_lines { lines } else { "live" });
        pty.types(if by_lines { "quit\n" } else { "q" });
        assert_eq!(pty.code(), 0, "{args} {env:?}: {}", pty.raw());
        assert_eq!(pty.raw().contains("\x1b[?1049h"), !by_lines, "{args} {env:?}");
    }
    // A script asked for nothing.
    let home = |key: &str, value: &str| {
        let mut command = shop.home.command(&["-P", "jo"]);
        command.env(key, value);
        crate::harness::ran(command.output().unwrap()).ends(0).out
    };
    for (key, value) in [("AFENDA_ACCESSIBLE", "1"), ("AFENDA_CONFIG", on.as_str())] {
        let out = home(key, value);
        assert!(out.contains("Usage: afenda") && !out.contains(lines), "{out}");
    }
    shop.close();
}

#[test]
fn line_by_line_the_settings_count_too() {
    let shop = Shop::open();
    let path = shop.home.path().join("mine.toml");
    std::fs::write(&path, "[ui]\naccessible = true\n[editor]\nmode = \"vim\"\n[composer]\nhold_seconds = 600\n").unwrap();
    let tells = |input: &str| -> String {
        let mut command = shop.home.command(&["-P", "jo", "tui", "--accessible", "--view", "all"]);
        command.env("AFENDA_CONFIG", &path).stdin(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        crate::harness::ran(child.wait_with_output().unwrap()).ends(0).out
    };
    let settings = tells("settings\nmore\nmore\nmore\nmore\nmore\nquit\n");
    assert!(settings.contains("ui.accessible, on, file config.toml") && settings.contains("data folder, "), "{settings}");
    let sent = tells("1\nnote\nFor the team.\n.\nsend\nreply\nHello there.\n.\nsend\nquit\n");
    assert!(sent.contains("Hello there."), "{sent}");
    let held = shop.run("jo", &["outbox", "list", "--jq", "map(select(.kind == \"reply\"))[0]"]).ends(0).json();
    let at = |name: &str| held[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert_eq!(at("sends_at").duration_since(at("created_at")).as_secs(), 600, "{held}");
    shop.close();
}
