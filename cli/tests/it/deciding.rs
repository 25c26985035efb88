//! Deciding on a terminal: the card, the question, the keys, and what is changed meanwhile.

use std::num::NonZeroU16;

use api::approval::ApprovalPatch;
use api::client::new_key;
use serde_json::Value;

use crate::pty::Pty;
use crate::shop::Shop;

/// A phone, held upright, and one whose keyboard takes half of it.
const PHONE: (NonZeroU16, NonZeroU16) = (NonZeroU16::new(24).unwrap(), NonZeroU16::new(40).unwrap());
const HALF: (NonZeroU16, NonZeroU16) = (NonZeroU16::new(12).unwrap(), NonZeroU16::new(40).unwrap());

fn asked(shop: &Shop, title: &str, body: &str) -> String {
    let asked = shop.run("jo", &["approvals", "request", "-t", title, "-b", body]).ends(0).json();
    asked["reference"].as_str().unwrap().to_owned()
}

fn status(shop: &Shop, reference: &str) -> Value {
    shop.run("ada", &["approvals", "view", reference]).ends(0).json()["status"].take()
}

#[test]
fn the_next_one_is_decided_with_two_keys_and_anything_else_decides_nothing() {
    let shop = Shop::open();
    let first = asked(&shop, "Refund 240 EUR", "The parcel never arrived.");
    let next = |keys: &[(&str, &str)]| {
        let mut pty = Pty::sized(&shop.home, "-P ada approvals next", PHONE);
        for (shown, key) in keys {
            pty.shows(shown);
            pty.types(key);
        }
        (pty.code(), pty.raw())
    };
    for (keys, code) in [
        (&[("[a] approve", "q")][..], 1),
        (&[("[a] approve", "\x1b")], 1),
        (&[("[a] approve", "\x03")], 130),
        (&[("[a] approve", "xzy\ra"), ("[y/N]", "n")], 1),
        (&[("[a] approve", "a"), ("[y/N]", "\r")], 1),
        (&[("[a] approve", "r"), ("Why?", "\r")], 2),
        (&[("[a] approve", "r"), ("Why?", "\x1b")], 1),
        (&[("[a] approve", "r"), ("Why?", "No"), ("Why? No", "\x1b")], 1),
        (&[("[a] approve", "r"), ("Why?", "No"), ("Why? No", "\x03")], 130),
    ] {
        let (ended, raw) = next(keys);
        assert_eq!(ended, code, "{keys:?}: {raw}");
        assert_eq!(status(&shop, &first), "submitted", "{keys:?}: {raw}");
    }
    let (ended, raw) = next(&[("[a] approve", "a"), ("[y/N]", "y")]);
    assert_eq!((ended, status(&shop, &first)), (0, "approved".into()), "{raw}");
    let second = asked(&shop, "Refund 20 EUR", "It was late.");
    let (ended, raw) =
        next(&[("[a] approve", "r"), ("Why?", "gone\x15Oncé is enougg\x7fh, and this is more than a row of a phone\r"), ("[y/N]", "y")]);
    assert_eq!((ended, status(&shop, &second)), (0, "rejected".into()), "{raw}");
    let view = shop.run("ada", &["approvals", "view", &second]).ends(0).json();
    assert_eq!(view["comment"], "Oncé is enough, and this is more than a row of a phone");
    shop.close();
}

#[test]
fn what_was_not_on_the_screen_yet_is_not_decided() {
    let shop = Shop::open();
    let lines: Vec<String> = (1..=30).map(|n| format!("Line {n} of what is asked.")).collect();
    let long = asked(&shop, "A long one", &lines.join("\n"));
    let mut pty = Pty::sized(&shop.home, "-P ada approvals next", HALF);
    pty.shows("-- more");
    pty.types("ay");
    for _ in 0..10 {
        pty.types(" ");
    }
    pty.shows("Line 30");
    pty.shows("[a] approve");
    assert_eq!(status(&shop, &long), "submitted");
    pty.types("a");
    pty.shows("[y/N]");
    pty.types("y");
    assert_eq!((pty.code(), status(&shop, &long)), (0, "approved".into()), "{}", pty.raw());
    shop.close();
}

#[test]
fn what_is_changed_while_it_is_read_is_shown_and_asked_again() {
    let shop = Shop::open();
    let reference = asked(&shop, "Refund 240 EUR", "The parcel never arrived.");
    let mut pty = Pty::of(&shop.home, &format!("-P ada approvals approve {reference}"));
    pty.shows("revision 1? [y/N]");
    let patch = ApprovalPatch { revision: Some(1), title: Some("Refund 2400 EUR".to_owned()), ..ApprovalPatch::default() };
    shop.runtime.block_on(shop.client("jo").update_approval(&reference, &patch, &new_key())).unwrap();
    pty.types("y\r");
    pty.shows("was changed meanwhile");
    pty.shows("- Refund 240 EUR");
    pty.shows("+ Refund 2400 EUR");
    pty.shows("revision 2? [y/N]");
    assert_eq!(status(&shop, &reference), "submitted", "what was read is not what is there");
    pty.types("y\r");
    assert_eq!((pty.code(), status(&shop, &reference)), (0, "approved".into()), "{}", pty.raw());
    shop.close();
}

#[test]
fn the_keys_of_the_phone_path_end_with_the_commands_time_and_decide_nothing() {
    let shop = Shop::open();
    let reference = asked(&shop, "Refund 240 EUR", "The parcel never arrived.");
    let mut pty = Pty::of(&shop.home, "--timeout 1s -P ada approvals next");
    pty.shows("[a] approve");
    assert_eq!(pty.code(), 124, "{}", pty.raw());
    // Keys that come in time are heard, two at once too.
    let mut pty = Pty::of(&shop.home, "--timeout 60s -P ada approvals next");
    pty.shows("[a] approve");
    pty.types("an");
    assert_eq!((pty.code(), status(&shop, &reference)), (1, "submitted".into()), "{}", pty.raw());
    shop.close();
}

#[test]
fn a_terminal_that_is_not_to_be_asked_is_none() {
    let shop = Shop::open();
    let reference = asked(&shop, "Refund 240 EUR", "The parcel never arrived.");
    let mut pty = Pty::of(&shop.home, &format!("--no-input -P ada approvals approve {reference}"));
    let (code, raw) = pty.ends_badly();
    assert!(code == 2 && raw.contains("-y") && !raw.contains("[y/N]"), "{code}: {raw}");
    assert_eq!(status(&shop, &reference), "submitted");
    shop.close();
}

#[test]
fn how_an_approval_stands_is_the_exit_code_where_that_is_asked_for_and_its_page_is_opened() {
    let shop = Shop::open();
    let asked = |conversation: &str| shop.escalate(conversation)["reference"].as_str().unwrap().to_owned();
    let (first, second, third) = (asked("44"), asked("46"), asked("47"));
    let view = |id: &str, code: i32| {
        assert_eq!(shop.run("ada", &["approvals", "view", id, "--exit-code"]).ends(code).json()["reference"], id);
        shop.run("ada", &["approvals", "view", id]).ends(0);
    };
    view(&first, 8);
    shop.run("ada", &["approvals", "approve", &format!("{first}@1"), "-y"]).ends(0);
    view(&first, 0);
    shop.run("ada", &["approvals", "reject", &format!("{second}@1"), "-m", "No", "-y"]).ends(0);
    view(&second, 12);
    shop.run("jo", &["approvals", "withdraw", &third]).ends(0);
    view(&third, 13);

    let page = shop.plain("ada", &["approvals", "view", &first, "--page"]).ends(0).out;
    assert_eq!(page, shop.plain("ada", &["conv", "view", "44", "--page"]).ends(0).out);
    let (opened, browser) = (shop.home.path().join("opened"), shop.home.path().join("browser"));
    std::fs::write(&browser, format!("#!/bin/sh\necho \"$1\" > {}\n", opened.display())).unwrap();
    std::fs::set_permissions(&browser, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut web = shop.home.command(&["-P", "ada", "approvals", "view", &first, "--web"]);
    assert!(web.env("AFENDA_BROWSER", &browser).output().unwrap().status.success());
    assert_eq!(std::fs::read_to_string(&opened).unwrap(), page);
    let alone = shop.run("jo", &["approvals", "request", "-t", "A chair", "-b", "Mine broke."]).ends(0).json();
    shop.run("ada", &["approvals", "view", alone["reference"].as_str().unwrap(), "--web"]).ends(6);
    shop.close();
}

#[test]
fn the_audit_log_is_read_by_who_what_and_when() {
    let shop = Shop::open();
    shop.run("jo", &["conv", "resolve", "44"]).ends(0);
    let asked = shop.escalate("46");
    shop.run("ada", &["approvals", "approve", &format!("{}@1", asked["reference"].as_str().unwrap()), "-y"]).ends(0);
    let rows = |args: &[&str]| shop.run("max", &[&["audit", "list", "--all"], args].concat()).ends(0).json().as_array().unwrap().clone();
    let all = rows(&[]);
    let by = |actor: &str| all.iter().filter(|row| row["actor"]["user"] == actor).count();
    assert!(by("jo") > 0 && by("ada") > 0);
    assert_eq!(rows(&["--actor", "ada"]).len(), by("ada"));
    let of_44 = rows(&["--object", "conversation/44"]);
    assert!(!of_44.is_empty() && of_44.iter().all(|row| row["resource_id"] == "44"), "{of_44:?}");
    assert!(rows(&["--object", "approval"]).iter().all(|row| row["resource_type"] == "approval"));
    let (named, id) = (format!("approval/{}", asked["reference"].as_str().unwrap()), format!("approval/{}", asked["id"].as_str().unwrap()));
    assert_eq!((rows(&["--object", &named]), rows(&["--object", &named]).len()), (rows(&["--object", &id]), 2));
    assert!(shop.plain("max", &["audit", "list", "--object", &named, "-o", "table"]).ends(0).out.contains(&named), "for people");
    assert!(shop.plain("max", &["audit", "list", "--object", &named]).ends(0).out.contains(&id), "for programs");
    shop.run("max", &["audit", "list", "--object", "approval/AP-999"]).ends(6);
    assert_eq!(rows(&["--since", "1h"]).len(), all.len());
    assert!(rows(&["--since", "2100-01-01T00:00:00Z"]).is_empty());
    shop.run("max", &["audit", "list", "--since", "soon"]).ends(2);
    shop.close();
}
