//! Unsent texts from the command line: the inbox's own, also while it is open.

use serde_json::Value;
use tui::state::With;
use tui::{Draft, DraftFile};

use crate::harness::until;
use crate::pty::Pty;
use crate::shop::Shop;

/// The drafts of one of them, as the inbox reads them.
fn file(shop: &Shop, who: &str) -> DraftFile {
    let me = shop.runtime.block_on(shop.client(who).me()).unwrap();
    DraftFile::open(shop.home.path(), who, &me).unwrap()
}

fn draft(text: &str) -> Draft {
    Draft { text: text.to_owned(), key: None, replaces: None, with: With::default(), decides: None, at: jiff::Timestamp::now() }
}

/// Leaves a draft of Jo's, as the inbox does.
pub(crate) fn keep(shop: &Shop, name: &str, text: &str) {
    assert!(file(shop, "jo").keep(name, draft(text)).unwrap());
}

fn names(shop: &Shop) -> Vec<String> {
    shop.plain("jo", &["conv", "draft", "list", "-o", "ids"]).ends(0).out.lines().map(str::to_owned).collect()
}

fn last(shop: &Shop, id: &str) -> Value {
    shop.run("jo", &["conv", "messages", id, "-L", "1"]).ends(0).json()[0].clone()
}

#[test]
fn drafts_are_listed_shown_and_thrown_away_by_what_names_them() {
    let shop = Shop::open();
    assert_eq!(shop.run("jo", &["conv", "draft", "list"]).ends(0).out, "[]\n");
    shop.run("jo", &["--exit-empty", "conv", "drafts", "list"]).ends(3);
    for (name, text) in
        [("reply/44", "It left\ntoday."), ("note/44", "Asked \u{1b}[2J the carrier."), ("reply/46", "Hello"), ("contact-note/1001", "x")]
    {
        keep(&shop, name, text);
    }
    assert_eq!(names(&shop), ["reply/46", "note/44", "reply/44"], "the newest first, and only those on conversations");
    let fields = shop.plain("jo", &["conv", "draft", "list"]).ends(0).out;
    assert!(fields.lines().nth(2).unwrap().starts_with("44\treply\t") && fields.contains("It left\\ntoday."), "{fields}");
    assert_eq!(shop.plain("jo", &["conv", "draft", "show", "reply/44"]).ends(0).out, "It left\ntoday.\n");
    assert!(!shop.plain("jo", &["conv", "draft", "show", "note/44"]).ends(0).out.contains('\u{1b}'));
    assert_eq!(shop.run("jo", &["conv", "draft", "show", "#46"]).ends(0).json()["text"], "Hello");
    // Two on one conversation, none, somebody else's.
    assert!(shop.plain("jo", &["conv", "draft", "show", "44"]).ends(2).err.contains("name one: note/44, reply/44"));
    let missing = shop.run("jo", &["conv", "draft", "send", "45"]).ends(6).error();
    assert_eq!((&missing["code"], &missing["target"]), (&"NOT_FOUND".into(), &"#45".into()));
    shop.run("ada", &["conv", "draft", "show", "46"]).ends(6);
    shop.run("jo", &["conv", "draft", "show", "contact-note/1001"]).ends(2);
    // One after the other, each told.
    let some = shop.run("jo", &["conv", "draft", "rm", "46", "45", "note/44"]).ends(6);
    assert_eq!((some.out.lines().count(), some.error()["target"].clone()), (2, "#45".into()));
    assert_eq!(names(&shop), ["reply/44"]);
    // A file that cannot be read is no reason to lose it.
    let path = std::fs::read_dir(shop.home.path()).unwrap().map(|entry| entry.unwrap().path());
    let path = path
        .into_iter()
        .find(|path| path.file_name().unwrap().to_str().unwrap().starts_with("drafts_") && path.extension().unwrap() == "json")
        .unwrap();
    std::fs::write(&path, "{").unwrap();
    shop.run("jo", &["conv", "draft", "rm", "44"]).ends(1);
    assert_eq!(std::fs::read(&path).unwrap(), b"{");
    shop.close();
}

#[test]
fn a_draft_is_sent_as_the_inbox_would_and_stays_until_the_daemon_has_it() {
    let shop = Shop::open();
    keep(&shop, "note/44", "Asked the carrier. ");
    keep(&shop, "reply/46", "It left today.");
    let dry = shop.run("jo", &["conv", "draft", "send", "44", "--dry-run"]).ends(0).json();
    assert_eq!((&dry["content"], names(&shop).len()), (&"Asked the carrier.".into(), 2), "a dry run sends nothing and keeps the draft");
    let sent = shop.run("jo", &["conv", "draft", "send", "44"]).ends(0).json();
    assert_eq!((&sent["content"], &sent["private"]), (&"Asked the carrier.".into(), &true.into()));
    assert_eq!(names(&shop), ["reply/46"]);
    until("the note", || (last(&shop, "44")["content"] == "Asked the carrier.").then_some(()));
    // A reply by e-mail is settled, held and signed as the inbox has it; one that is to have no signature has none.
    let profile = format!("{}/api/v1/profile", shop.sandbox.base_url());
    let signature = serde_json::json!({"profile": {"message_signature": "Jo  \nShop\n"}});
    let token = shop.sandbox.tokens()["agent"].clone();
    let set = reqwest::Client::new().put(&profile).header("api_access_token", token).json(&signature).send();
    assert!(shop.runtime.block_on(set).unwrap().status().is_success());
    let (mut with, config) = (With::default(), shop.home.path().join("inbox.toml"));
    with.mail = Some(api::mail::Recipients { to: vec!["ann@example.com".to_owned()], ..Default::default() });
    file(&shop, "jo").keep("reply/40", Draft { with: with.clone(), ..draft("By e-mail.") }).unwrap();
    std::fs::write(&config, "[composer]\nhold_seconds = 600\n").unwrap();
    let mut command = shop.home.command(&["-P", "jo", "--json", "conv", "draft", "send", "40"]);
    let held = crate::harness::ran(command.env("AFENDA_CONFIG", &config).output().unwrap()).ends(0).json();
    assert_eq!(held["mail"]["to"][0], "ann@example.com");
    assert_eq!(held["content"], "By e-mail.\n\n--\n\nJo\nShop");
    with.unsigned = true;
    file(&shop, "jo").keep("reply/40", Draft { with: with.clone(), ..draft("Signed by hand. Jo") }).unwrap();
    assert_eq!(shop.run("jo", &["conv", "draft", "send", "40"]).ends(0).json()["content"], "Signed by hand. Jo");
    assert_ne!(held["sends_at"], held["created_at"], "{held}");
    // Refused: it is there as it was, and the next try is another.
    let lost = tui::state::Attached { path: "/nowhere/a.txt".into(), name: "a.txt".into(), bytes: 1, kind: "text/plain".into() };
    file(&shop, "jo").keep("note/41", Draft { with: With { files: vec![lost], ..With::default() }, ..draft("With a file") }).unwrap();
    shop.run("jo", &["conv", "draft", "send", "41"]).ends(2);
    let file = file(&shop, "jo");
    let kept = file.drafts().iter().find(|(name, _)| name == "note/41").unwrap();
    assert_eq!((kept.1.key.clone(), kept.1.text.as_str()), (None, "With a file"));
    // Handed in before, and nobody knew what became of it: the same call again, and Chatwoot has it once.
    let (text, key) = ("Only once.", api::client::new_key());
    let message = api::inbox::NewMessage { content: text.to_owned(), private: true, ..Default::default() };
    shop.runtime.block_on(shop.client("jo").send_message(api::id::ConversationId(45), &message, &key)).unwrap();
    crate::drafts::file(&shop, "jo").keep("note/45", Draft { key: Some(key), ..draft(text) }).unwrap();
    shop.run("jo", &["conv", "draft", "send", "45"]).ends(0);
    let all = shop.run("jo", &["conv", "messages", "45"]).ends(0).json();
    assert_eq!(all.as_array().unwrap().iter().filter(|message| message["content"] == text).count(), 1);
    // What the approvers read is no message.
    keep(&shop, "escalate/45", "May I?");
    assert!(shop.plain("jo", &["conv", "draft", "send", "escalate/45"]).ends(2).err.contains("conv escalate"));
    shop.close();
}

#[test]
fn a_draft_is_written_on_in_ones_own_editor() {
    let shop = Shop::open();
    keep(&shop, "reply/44", "It left");
    let edit = |editor: &str| {
        let mut pty = Pty::with(&shop.home, "-P jo conv draft edit 44", &[("AFENDA_EDITOR", editor)]);
        (pty.code(), pty.raw())
    };
    let text = || shop.run("jo", &["conv", "draft", "show", "reply/44"]).ends(0).json()["text"].clone();
    for (editor, code, said, now) in [
        ("true", 0, "nothing was changed", "It left"),
        ("false", 1, "stays as it was", "It left"),
        ("printf '' >", 1, "conv draft rm", "It left"),
        ("printf ' today.\\n' >>", 0, "reply kept", "It left today."),
    ] {
        let (ended, raw) = edit(editor);
        assert!(ended == code && raw.contains(said), "{editor}: {ended} {raw}");
        assert_eq!(text(), now, "{editor}");
    }
    // The inbox writes on it while the editor is open: both texts are kept.
    let go = shop.home.path().join("go");
    let editor =
        format!("f() {{ printf 'Mine.\\n' > \"$1\"; touch '{0}.open'; until test -e '{0}'; do sleep 0.05; done; }}; f", go.display());
    let mut pty = Pty::with(&shop.home, "-P jo conv draft edit 44", &[("AFENDA_EDITOR", &editor)]);
    until("the editor", || go.with_extension("open").exists().then_some(()));
    keep(&shop, "reply/44", "The inbox's.");
    std::fs::write(&go, "").unwrap();
    assert_eq!(pty.code(), 0, "{}", pty.raw());
    assert_eq!((text(), names(&shop)), ("Mine.".into(), vec!["reply/44".to_owned(), "reply/44~2".to_owned()]));
    assert_eq!(shop.run("jo", &["conv", "draft", "show", "reply/44~2"]).ends(0).json()["text"], "The inbox's.");
    shop.run("jo", &["conv", "draft", "edit", "reply/44"]).ends(2);
    shop.close();
}

#[test]
fn an_open_inbox_lets_go_of_what_was_sent_here_and_keeps_the_rest() {
    let shop = Shop::open();
    keep(&shop, "reply/44", "It left today.");
    keep(&shop, "note/46", "Asked the carrier.");
    let mut inbox = Pty::of(&shop.home, "-P jo");
    inbox.shows("2 drafts");
    shop.run("jo", &["conv", "draft", "send", "44"]).ends(0);
    inbox.shows("1 draft");
    inbox.hides("2 drafts");
    inbox.signal("TERM");
    inbox.ends();
    assert_eq!(names(&shop), ["note/46"], "the inbox that ends brings nothing back");
    shop.close();
}
