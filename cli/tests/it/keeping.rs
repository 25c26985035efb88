//! What the daemon keeps: shown, looked through, made anew, cleared; and compared with Chatwoot when somebody asks.

use crate::harness::until;
use crate::pty::Pty;
use crate::shop::Shop;

#[test]
fn what_is_kept_is_shown_checked_made_anew_and_cleared() {
    let shop = Shop::open();
    let kept = shop.run("jo", &["cache", "stats"]).ends(0).json();
    let conversations = shop.run("jo", &["conv", "list", "-s", "all", "--all", "--jq", "length"]).ends(0).out;
    assert_eq!(kept["conversations"].to_string(), conversations.trim());
    assert!(kept["messages"].as_u64() > kept["conversations"].as_u64() && kept["store_bytes"].as_u64() > Some(100_000), "{kept}");
    assert_eq!((&kept["files"], &kept["file_bytes"]), (&0.into(), &0.into()));

    shop.run("jo", &["cache", "verify"]).ends(5);
    let found = shop.run("max", &["cache", "verify"]).ends(0).json();
    let states: Vec<(&str, &str)> =
        found.as_array().unwrap().iter().map(|check| (check["name"].as_str().unwrap(), check["state"].as_str().unwrap())).collect();
    assert_eq!(states, [("store", "ok"), ("index", "ok")]);

    // What the index has lost is found missing, and is there again.
    let path = shop.home.path().join("daemon/afenda.db");
    let broken = rusqlite::Connection::open(path).unwrap();
    broken.busy_timeout(crate::harness::LIMIT).unwrap();
    broken.execute("insert into messages_fts (messages_fts) values ('delete-all')", ()).unwrap();
    let find = || shop.run("jo", &["search", "gift", "--jq", "length"]).ends(0).out;
    assert_eq!(find(), "0\n");
    let found = shop.run("max", &["cache", "verify"]).ends(1).json();
    assert_eq!((&found[1]["state"], &found[1]["repair"]), (&"fail".into(), &"run `afenda cache rebuild`".into()), "{found}");
    shop.run("jo", &["cache", "rebuild"]).ends(5);
    let rounds = shop.run("max", &["sync", "status"]).json()["deep"]["count"].as_u64().unwrap();
    let after = shop.run("max", &["cache", "rebuild"]).ends(0);
    assert!(after.json()["deep"]["count"].as_u64().unwrap() > rounds, "{after:?}");
    shop.run("max", &["cache", "verify"]).ends(0);
    assert_ne!(find(), "0\n");

    // A file that was looked at is kept; one that was looked at just now is not old.
    let with_file = shop.run("jo", &["conv", "list", "-s", "all", "--all"]).json();
    let file = with_file.as_array().unwrap().iter().find_map(|row| {
        let messages = shop.run("jo", &["conv", "messages", &row["id"].to_string(), "-L", "200"]).json();
        let message = messages.as_array().unwrap().iter().find(|message| message["attachments"][0]["url"].is_string())?.clone();
        Some((row["id"].as_i64().unwrap(), message["id"].as_i64().unwrap(), message["attachments"][0]["id"].as_i64().unwrap()))
    });
    let (conversation, message, file) = file.expect("the shop has a message with a file");
    let read = async {
        let mut body = shop
            .client("jo")
            .attachment(api::id::ConversationId(conversation), api::id::MessageId(message), file, 1_000_000)
            .await
            .unwrap();
        while body.chunk().await.unwrap().is_some() {}
    };
    shop.runtime.block_on(read);
    until("the file to be kept", || (shop.run("jo", &["cache", "stats"]).json()["files"] == 1).then_some(()));
    assert_eq!(shop.run("max", &["cache", "clear", "--older-than", "1h"]).ends(0).json()["files"], 0);
    let gone = shop.run("max", &["cache", "clear"]).ends(0).json();
    assert!(gone["files"] == 1 && gone["file_bytes"].as_u64() > Some(10), "{gone}");
    shop.close();
}

#[test]
fn comparing_ends_when_it_is_done_and_says_why_where_it_cannot_be() {
    let shop = Shop::open();
    let count = |which: &str| shop.run("jo", &["sync", "status"]).json()[which]["count"].as_u64().unwrap();
    let (shallow, deep) = (count("shallow"), count("deep"));
    assert!(shop.run("jo", &["sync"]).ends(0).json()["shallow"]["count"].as_u64().unwrap() > shallow);
    assert!(shop.run("jo", &["sync", "--full"]).ends(0).json()["deep"]["count"].as_u64().unwrap() > deep);
    shop.run("vi", &["sync"]).ends(5);

    // Everything that was active since a moment: none is left out, and the moment is said.
    let conversations = shop.run("jo", &["conv", "list", "-s", "all", "--all", "--jq", "length"]).ends(0).out;
    let read = shop.run("jo", &["sync", "--since", "2000-01-01"]).ends(0);
    let since = read.json()["since"].clone();
    assert_eq!((since["conversations"].to_string(), &since["truncated"]), (conversations.trim().to_owned(), &false.into()));
    assert_eq!(read.err, "");
    let told = shop.plain("jo", &["sync", "--utc", "--since", "1s"]).ends(0);
    assert!(told.err.contains("since 20") && told.err.contains("+00:00") && told.out.contains("conversations read"), "{told:?}");
    for wrong in [&["--since", "soon"][..], &["--since", "2100-01-01"], &["--since", "2h", "--full"]] {
        shop.run("jo", &[&["sync"], wrong].concat()).ends(2);
    }
    let refused = |round: &str| shop.run("jo", &["api", "POST", "/sync/reconcile", "--input", round]).ends(1).error();
    for (round, said) in
        [(r#"{"since":"2100-01-01T00:00:00Z"}"#, "has not come yet"), (r#"{"since":"2000-01-01T00:00:00Z","deep":true}"#, "`since`")]
    {
        let path = shop.home.path().join("round.json");
        std::fs::write(&path, round).unwrap();
        assert!(refused(&path.display().to_string())["message"].as_str().unwrap().contains(said));
    }
    shop.run("vi", &["sync", "--since", "1h"]).ends(5);
    shop.run("jo", &["sync", "--since", "1h", "--dry-run"]).ends(2);
    shop.is_down();
    assert_eq!(shop.run("jo", &["sync"]).ends(11).error()["code"], "CHATWOOT_UNAVAILABLE");
    shop.close();
}

#[test]
fn what_takes_its_time_is_told_on_a_terminal_and_in_a_log() {
    let shop = Shop::open();
    let slow = serde_json::json!({"match": {"method": "GET", "path": "/api/v1/accounts/*/conversations/44"}, "times": 8,
        "fault": {"kind": "latency", "ms": 2500, "handled": true}});
    shop.fault(&slow);
    let mut pty = Pty::of(&shop.home, "-P jo conv view 44 --fresh");
    pty.shows("waiting for the daemon");
    assert_eq!(pty.code(), 0, "{}", pty.raw());
    let told = shop.run("jo", &["conv", "view", "44", "--fresh"]).ends(0);
    assert!(told.err.contains("waiting for the daemon (1 s)"), "{}", told.err);
    assert!(shop.run("jo", &["conv", "view", "44", "--fresh", "-q"]).ends(0).err.is_empty());
    shop.fault(&serde_json::json!({"match": {"method": "GET", "path": "/api/v1/accounts/*/conversations/*/messages"}, "times": 8,
        "fault": {"kind": "latency", "ms": 2500, "handled": true}}));
    let told = shop.run("jo", &["sync", "--since", "2000-01-01"]).ends(0);
    assert!(told.err.contains("reading conversations from Chatwoot ("), "{}", told.err);
    shop.close();
}

#[test]
fn how_fresh_an_answer_is_can_be_chosen() {
    // Without a websocket the copy grows old between two rounds.
    let shop = Shop::with("[sync]\nwebsocket = false\n");
    let source = |args: &[&str]| shop.run("jo", &[&["conv", "view", "44", "--jq", ".source"], args].concat());
    assert_eq!(source(&[]).ends(0).out, "store\n");
    assert_eq!(source(&["--fresh"]).ends(0).out, "chatwoot\n");
    // How old the copy is, is known once it was compared.
    until("a comparison", || shop.run("jo", &["status"]).json()["lag_s"].as_u64());
    assert_eq!(source(&["--max-age", "1h"]).ends(0).out, "store\n");
    until("the copy to be a second old", || (shop.run("jo", &["status"]).json()["lag_s"].as_u64() > Some(1)).then_some(()));
    assert_eq!(source(&["--max-age", "1s"]).ends(0).out, "chatwoot\n");
    // All pages of a list come after one round.
    let asked = shop.run("jo", &["conv", "list", "-s", "all", "--all", "--fresh", "--debug=api"]).ends(0);
    assert!(asked.err.contains("GET /api/v1/conversations?") && asked.err.contains(" 200 in "), "{}", asked.err);
    assert!(!asked.err.contains("afd_") && !asked.err.contains("hyper"), "{}", asked.err);

    // What Chatwoot alone knows is answered as it was read last, or refused.
    let notes = |args: &[&str]| shop.run("jo", &[&["contact", "notes", "1001"], args].concat());
    assert_eq!(notes(&["--offline"]).ends(11).error()["code"], "CHATWOOT_UNAVAILABLE");
    notes(&[]).ends(0);
    notes(&["--offline"]).ends(0);
    let refused = shop.run("jo", &["agent", "availability", "--offline"]).ends(11);
    assert!(refused.err.contains("only what is kept was asked for"), "{}", refused.err);
    source(&["--offline", "--fresh"]).ends(2);

    shop.is_down();
    assert_eq!(source(&["--offline"]).ends(0).out, "store\n");
    assert_eq!(source(&["--fresh"]).ends(11).error()["code"], "CHATWOOT_UNAVAILABLE");
    assert_eq!(source(&["--max-age", "1h"]).ends(0).out, "store\n");
    shop.close();
}
