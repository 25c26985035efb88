use std::os::unix::fs::PermissionsExt;

use chatwoot::webhook::sign;

use super::*;

const NOW_S: i64 = 1_800_000_000;
const BODY: &[u8] = br#"{"event":"contact_updated"}"#;

fn settings(secrets: &[&str], unsigned: bool) -> config::Chatwoot {
    config::Chatwoot {
        url: "http://127.0.0.1:9".to_owned(),
        account_id: 1,
        token: Token::new("t"),
        webhook_secrets: secrets.iter().map(Token::new).collect(),
        webhooks_unsigned: unsigned,
        ca_file: None,
    }
}

fn open(folder: &tempfile::TempDir, secrets: &[&str], unsigned: bool) -> Hooks {
    Hooks::open(folder.path(), "ours", &settings(secrets, unsigned))
}

/// Whether a webhook signed with `secret` at `sent_s` is believed at `now_s`.
fn believed(hooks: &Hooks, secret: &str, sent_s: i64, now_s: i64) -> bool {
    let timestamp = sent_s.to_string();
    let signature = sign(&Secret::new(secret), &timestamp, BODY);
    let proof = Proof { timestamp: Some(&timestamp), signature: Some(&signature), body: BODY };
    hooks.judge(&proof, Some((4, 15, 1)), now_s * SECOND, 300).is_ok()
}

#[test]
fn the_window_is_closed_on_both_sides_and_a_clock_that_is_off_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let hooks = open(&folder, &["live"], false);
    for (what, off_s, expected, told) in [
        ("now", 0, true, None),
        ("just in time", 300, true, None),
        ("too old, or their clock is behind", 301, false, Some("301 s behind ours, 300 s are allowed")),
        ("their clock is a little ahead", -300, true, None),
        ("their clock is ahead", -3_600, false, Some("3600 s ahead ours")),
        ("right again", 2, true, None),
    ] {
        assert_eq!(believed(&hooks, "live", NOW_S - off_s, NOW_S), expected, "{what}");
        let warnings = hooks.warnings(Some((4, 15, 1)), &WebhookCounts::default(), 300).join("\n");
        match told {
            Some(told) => assert!(warnings.contains(told) && warnings.contains("NTP"), "{what}: {warnings}"),
            None => assert_eq!(warnings, "", "{what}"),
        }
    }
    // Somebody without the secret cannot make the daemon complain about clocks.
    assert!(!believed(&hooks, "other", NOW_S - 9_999, NOW_S));
    assert!(hooks.warnings(Some((4, 15, 1)), &WebhookCounts::default(), 300).is_empty());
}

#[test]
fn unsigned_is_believed_only_where_it_is_allowed_and_nothing_better_can_be_had() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (Some((4, 6, 0)), Some((4, 15, 1)));
    for (what, unsigned, version, timestamp, signature, expected) in [
        ("by default", false, old, None, None, false),
        ("allowed, an old server", true, old, None, None, true),
        ("allowed, a new server", true, new, None, None, false),
        ("allowed, nobody knows the server", true, None, None, None, false),
        ("a wrong signature is no absent one", true, old, Some("1800000000"), Some("sha256=00"), false),
        ("half a signature", true, old, Some("1800000000"), None, false),
    ] {
        let hooks = open(&folder, &[], unsigned);
        let proof = Proof { timestamp, signature, body: BODY };
        assert_eq!(hooks.judge(&proof, version, NOW_S * SECOND, 300).is_ok(), expected, "{what}");
    }
    let said = |version| open(&folder, &[], true).warnings(version, &WebhookCounts::default(), 300).join("\n");
    assert!(said(new).contains("has no effect") && said(new).contains("webhooks install"), "{}", said(new));
    assert!(said(old).contains("believed without a signature"), "{}", said(old));
    assert_eq!(said(None), "");
}

#[tokio::test]
async fn a_replaced_secret_stays_accepted_for_an_hour_and_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let now = NOW_S * SECOND;
    let hooks = open(&folder, &["by-hand"], false);
    assert!(hooks.keep(5, &Secret::new("one"), now).await.unwrap());
    assert!(!hooks.keep(5, &Secret::new("one"), now).await.unwrap(), "the same again is no news");
    assert!(hooks.keep(6, &Secret::new("two"), now).await.unwrap());
    let file = folder.path().join("webhooks").join("ours.json");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    for hooks in [hooks, open(&folder, &["by-hand"], false)] {
        assert_eq!(hooks.webhook_id(), Some(6));
        for (secret, later_s, expected) in
            [("two", 0, true), ("one", 0, true), ("by-hand", 0, true), ("one", 3_599, true), ("one", 3_600, false), ("two", 9_999, true)]
        {
            assert_eq!(believed(&hooks, secret, NOW_S + later_s, NOW_S + later_s), expected, "{secret} after {later_s} s");
        }
        let shown = format!("{hooks:?}");
        assert!(!shown.contains("by-hand") && !shown.contains("one\"") && !shown.contains("two\""), "{shown}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_told_and_keeps_nothing_from_working() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("webhooks")).unwrap();
    std::fs::write(folder.path().join("webhooks").join("ours.json"), r#"{"webhook_id":5,"secret":["hush"]}"#).unwrap();
    let hooks = open(&folder, &["live"], false);
    assert!(believed(&hooks, "live", NOW_S, NOW_S));
    let warnings = hooks.warnings(None, &WebhookCounts::default(), 300).join("\n");
    assert!(warnings.contains("ours.json") && warnings.contains("webhooks install") && !warnings.contains("hush"), "{warnings}");
}

#[test]
fn refusals_are_logged_now_and_then_and_the_newest_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let hooks = open(&folder, &["live"], false);
    assert!(!believed(&hooks, "other", NOW_S, NOW_S));
    let at = |later_s: i64| (NOW_S + later_s) * SECOND;
    assert_eq!([hooks.tell(at(0)), hooks.tell(at(59)), hooks.tell(at(60))], [true, false, true]);
    let view = hooks.view("/p".to_owned(), &WebhookCounts { waiting: 2, dead: 1, last: Some((at(0), "message_created".to_owned())) });
    assert_eq!((view.secret, view.waiting, view.dead), (true, 2, 1));
    assert_eq!(view.last.unwrap().event, "message_created");
    assert!(view.refused.unwrap().reason.contains("wrong"));
}
