//! Whole conversations as Markdown and as data.

use serde_json::{Value, json};

use crate::harness::{Home, until};
use crate::shop::Shop;

/// More than one page of them.
const MANY: usize = 230;

/// A colleague writes notes in Chatwoot itself, which takes 200 a minute: half of them a while ago.
fn write_many(shop: &Shop, id: &str) {
    let url = format!(
        "{}/api/v1/accounts/{}/conversations/{id}/messages",
        shop.sandbox.base_url(),
        shop.sandbox.account_ids().values().next().unwrap()
    );
    let token = shop.sandbox.tokens().into_values().next().unwrap();
    let chatwoot = reqwest::Client::new();
    let clock = format!("{}/sandbox/clock", shop.sandbox.base_url());
    let at = async |offset_s: i64| {
        let set = chatwoot.post(&clock).json(&json!({"offset_s": offset_s})).send().await.unwrap();
        assert!(set.status().is_success(), "{}", set.status());
    };
    shop.runtime.block_on(async {
        at(-90).await;
        for n in 1..=MANY {
            if n == MANY / 2 {
                at(0).await;
            }
            let note = json!({"content": format!("Note {n} of many"), "private": true});
            let sent = chatwoot.post(&url).header("api_access_token", &token).json(&note).send().await.unwrap();
            assert!(sent.status().is_success(), "{}", sent.status());
        }
    });
    let last = format!("Note {MANY} of many");
    until("the copy", || (shop.run("jo", &["conv", "messages", id, "-L", "1"]).json()[0]["content"] == last.as_str()).then_some(()));
}

#[test]
fn a_conversation_is_exported_whole_in_order_and_harmless() {
    let shop = Shop::open();
    write_many(&shop, "44");
    shop.run("jo", &["conv", "reply", "44", "-b", "## Not a heading\n\n<img src=x>\u{1b}[2J", "--hold", "600"]).ends(0);
    let whole = shop.run("jo", &["conv", "export", "44"]).ends(0).json();
    let messages = whole["messages"].as_array().unwrap();
    let notes: Vec<&str> =
        messages.iter().filter_map(|message| message["content"].as_str()).filter(|text| text.starts_with("Note ")).collect();
    assert_eq!(notes, (1..=MANY).map(|n| format!("Note {n} of many")).collect::<Vec<_>>());
    assert!(messages.iter().filter_map(|message| message["created_at"].as_str()?.parse::<jiff::Timestamp>().ok()).is_sorted());
    let unique: std::collections::BTreeSet<String> = messages.iter().map(|message| message["id"].to_string()).collect();
    assert_eq!((unique.len(), whole["id"].clone()), (messages.len(), 44.into()));
    assert_eq!(messages.last().unwrap()["state"], "queued", "what is on its way is the last: {}", messages.last().unwrap());

    let text = shop.plain("jo", &["--utc", "conv", "export", "44"]).ends(0).out;
    assert!(text.starts_with("# Conversation 44 with ") && text.contains("> Note 1 of many\n"), "{text}");
    assert!(text.contains("\n> ## Not a heading\n>\n> \\<img src=x>␛[2J\n"), "{text}");
    assert!(text.contains(" · note · sent · TEAM ONLY · 20") && text.contains(" +00:00\n"), "{text}");
    shop.run("jo", &["conv", "export", "9999"]).ends(6);
    shop.plain("jo", &["conv", "export", "44", "-o", "csv"]).ends(2);
    shop.close();
}

#[test]
fn a_file_gets_all_or_nothing_and_is_replaced_only_on_request() {
    let shop = Shop::open();
    let path = shop.home.path().join("all.md");
    let file = path.to_str().unwrap();
    let said = shop.plain("jo", &["conv", "export", "44", "46", "--file", file]).ends(0);
    assert!(said.out.is_empty() && said.err.contains("2 exported to"), "{said:?}");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("# Conversation 44 ") && text.contains("\n---\n\n# Conversation 46 "), "{text}");
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions()) & 0o777, 0o600);
    shop.plain("jo", &["conv", "export", "44", "--file", file]).ends(2);
    shop.plain("jo", &["conv", "export", "44", "9999", "--file", file, "--force"]).ends(6);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "nothing of a half export");
    shop.run("jo", &["conv", "export", "44", "46", "--file", file, "-y"]).ends(0);
    let lines: Vec<Value> = std::fs::read_to_string(&path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().map(|whole| whole["id"].clone()).collect::<Vec<_>>(), [44, 46]);
    shop.run("jo", &["conv", "export", "44", "--force"]).ends(2);
    shop.close();
}

#[test]
fn what_is_interrupted_leaves_no_file() {
    let home = Home::new();
    let folder = home.path().join("exports");
    std::fs::create_dir(&folder).unwrap();
    // Nobody answers at this address, and nobody refuses.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    home.profile("silent", &format!("http://{}", silent.local_addr().unwrap()), "afd_none");
    let there = || std::fs::read_dir(&folder).unwrap().count();
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let file = folder.join("all.md").display().to_string();
        let mut running = home.command(&["-P", "silent", "conv", "export", "44", "--file", &file]).spawn().unwrap();
        until("the file to be begun", || (there() == 1).then_some(()));
        // It asks by now, and listens for signals before it begins the file.
        assert!(std::process::Command::new("kill").args(["-s", signal, &running.id().to_string()]).status().unwrap().success());
        let ended = until("the end", || running.try_wait().unwrap());
        assert_eq!((ended.code(), there()), (Some(code), 0), "{signal}");
    }
}
