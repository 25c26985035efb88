//! The rules as tables: facts in, state and a word of the sentence out.

use super::*;

fn expect(check: &Check, state: CheckState, word: &str) {
    assert_eq!((check.state, check.message.contains(word)), (state, true), "{check:?} should say {word:?}");
    let acts = check.repair.as_deref().is_some_and(|repair| !repair.is_empty());
    assert_eq!(acts, state != CheckState::Ok, "{check:?}: whatever is not well has a repair");
}

fn server(version: &str, parts: Option<Version>) -> Server {
    Server { version: version.to_owned(), parts, ..Server::default() }
}

#[test]
fn chatwoot_answers_in_a_version_that_was_checked() {
    use CheckState::{Fail, Ok as Well, Warn};
    for (version, parts, state, word) in [
        ("4.15.1", Some((4, 15, 1)), Well, "runs Chatwoot 4.15.1"),
        ("4.6.0", Some((4, 6, 0)), Well, "4.6.0"),
        ("5.0.0", Some((5, 0, 0)), Well, "newer than 4.15.1"),
        ("4.5.9", Some((4, 5, 9)), Fail, "4.6.0 or newer"),
        ("develop", None, Warn, "no release"),
    ] {
        expect(&chatwoot("https://c", Ok(&server(version, parts))), state, word);
    }
    let down = Server { queue_down: true, ..server("4.15.1", Some((4, 15, 1))) };
    expect(&chatwoot("https://c", Ok(&down)), Fail, "queue is down");
    let failing = Server { data_down: true, ..server("4.15.1", Some((4, 15, 1))) };
    expect(&chatwoot("http://c", Ok(&failing)), Warn, "database is failing");
    expect(&chatwoot("https://c", Err("cannot be reached")), Fail, "cannot be reached");
}

#[test]
fn what_is_lacking_is_named_one_by_one() {
    let states = |server: Result<&Server, &str>| lacks(server).iter().map(|check| check.state).collect::<Vec<_>>();
    assert_eq!(states(Ok(&server("4.15.1", Some((4, 15, 1))))), [CheckState::Ok]);
    assert_eq!(states(Err("down")), [CheckState::Warn]);
    assert_eq!(states(Ok(&server("develop", None))), [CheckState::Warn]);
    let old = lacks(Ok(&server("4.8.0", Some((4, 8, 0)))));
    assert_eq!(old.len(), lacking((4, 8, 0)).count());
    expect(&old[0], CheckState::Warn, "mark");
    assert!(old[0].repair.as_ref().unwrap().contains("4.9.0"));
}

#[test]
fn clocks_agree_or_webhooks_are_refused() {
    use CheckState::{Fail, Ok as Well, Warn};
    for (skew_s, tolerance, state, word) in [
        (0, 300, Well, "agree"),
        (5, 300, Well, "agree"),
        (-5, 300, Well, "agree"),
        (6, 300, Warn, "6 s before"),
        (-299, 300, Warn, "299 s behind"),
        (300, 300, Fail, "webhooks are refused"),
        (-4000, 300, Fail, "4000 s behind"),
        (3, 1, Well, "agree"),
    ] {
        let server = Server { skew_s, ..Server::default() };
        expect(&clock(Ok(&server), tolerance), state, word);
    }
    expect(&clock(Err("down"), 300), Warn, "not checked");
    // A slow answer is no skew: the clock was read at some moment on the way.
    for (theirs, sent, answered, skew) in [(100, 100, 100, 0), (104, 100, 108, 0), (110, 100, 108, 2), (97, 100, 108, -3)] {
        assert_eq!(skew_s(theirs, sent, answered), skew);
    }
}

#[test]
fn the_token_is_an_administrators() {
    expect(&token(7, Ok("Ada")), CheckState::Ok, "administrator of account 7");
    expect(&token(7, Err("rejected")), CheckState::Fail, "rejected");
}

#[test]
fn the_sync_user_is_assigned_nothing() {
    use CheckState::{Ok as Well, Warn};
    let inbox = |name: &str, member, assigns| Inbox { name: name.to_owned(), member, assigns };
    let facts = |inboxes: Vec<Inbox>, open, websocket| Assignment { user: "Sync".to_owned(), inboxes, inboxes_left: 0, open, websocket };
    for (facts, state, word) in [
        (facts(vec![inbox("Shop", false, true)], 0, true), Well, "member of no inbox"),
        (facts(vec![], 0, true), Well, "member of no inbox"),
        (facts(vec![inbox("Shop", true, false), inbox("Mail", false, true)], 0, true), Well, "none of which assigns"),
        (facts(vec![inbox("Shop", true, true), inbox("Mail", false, true)], 0, true), Warn, "is assigned conversations in: Shop"),
        (facts(vec![inbox("Shop", true, true)], 0, false), Warn, "would be"),
        (facts(vec![inbox("Shop", false, true)], 3, true), Warn, "3 open conversations"),
        (Assignment { inboxes_left: 2, ..facts(vec![], 0, true) }, Warn, "2 more inboxes"),
        (Assignment { inboxes_left: 2, ..facts(vec![inbox("Shop", true, true)], 0, true) }, Warn, "in: Shop"),
    ] {
        expect(&assignment(Ok(&facts)), state, word);
    }
    let many: Vec<Inbox> = (1..=7).map(|n| inbox(&format!("i{n}"), true, true)).collect();
    expect(&assignment(Ok(&facts(many, 0, true))), Warn, "i4, i5 and 2 more");
    expect(&assignment(Err("no answer")), Warn, "not checked: no answer");
}

#[test]
fn sync_and_websocket_follow_from_the_link() {
    use CheckState::{Fail, Ok as Well, Warn};
    let base = Sync { link: LinkState::Live, message: None, copied: true, lag_s: Some(0), interval_s: 60, websocket: true };
    let with = |link, lag_s| Sync { link, lag_s, message: Some("why".to_owned()), ..base.clone() };
    for (facts, of_sync, of_websocket) in [
        (base.clone(), (Well, "as Chatwoot has it 0 s ago"), (Well, "confirmed")),
        (Sync { copied: false, ..base.clone() }, (Well, "first copy"), (Well, "confirmed")),
        (Sync { lag_s: None, ..base.clone() }, (Well, "under way"), (Well, "confirmed")),
        (with(LinkState::Polling, Some(300)), (Well, "300 s"), (Warn, "why")),
        (with(LinkState::Polling, Some(301)), (Warn, "last compared"), (Warn, "why")),
        (Sync { websocket: false, ..with(LinkState::Polling, Some(1)) }, (Well, "1 s"), (Well, "switched off")),
        (with(LinkState::Connecting, None), (Warn, "connecting"), (Warn, "not checked")),
        (with(LinkState::Offline, Some(9)), (Fail, "why"), (Warn, "not checked")),
        (with(LinkState::Refused, None), (Fail, "why"), (Warn, "not checked")),
        (with(LinkState::NotConfigured, None), (Fail, "why"), (Warn, "not checked")),
    ] {
        expect(&sync(&facts), of_sync.0, of_sync.1);
        expect(&websocket(&facts), of_websocket.0, of_websocket.1);
    }
}

#[test]
fn the_account_webhook_is_right_or_not_needed() {
    use CheckState::{Fail, Ok as Well, Warn};
    let good = Webhook {
        url: "https://desk.example.com/x".to_owned(),
        ours: true,
        other_receiver: false,
        private: false,
        subscriptions: EVENTS.map(str::to_owned).to_vec(),
        secret_known: Some(true),
    };
    let foreign = Webhook { ours: false, secret_known: Some(false), subscriptions: vec![], ..good.clone() };
    let few = Webhook { subscriptions: vec!["message_created".to_owned()], ..good.clone() };
    let (new, old) = (Some((4, 15, 1)), Some((4, 11, 2)));
    for (hooks, version, websocket, state, word) in [
        (vec![], new, true, Well, "none is set up"),
        (vec![foreign.clone()], new, true, Well, "none is set up"),
        (vec![], new, false, Warn, "changes come with the rounds"),
        (vec![good.clone(), foreign.clone()], new, true, Well, "everything that matters"),
        (vec![good.clone()], None, true, Well, "everything that matters"),
        (vec![Webhook { other_receiver: true, ..foreign }], new, true, Warn, "not this tenant's"),
        (vec![good.clone(), good.clone()], new, true, Warn, "2 webhooks"),
        (vec![few], new, true, Warn, "conversation_created, conversation_status_changed"),
        (vec![Webhook { secret_known: Some(false), ..good.clone() }], new, true, Fail, "does not know"),
        (vec![Webhook { secret_known: None, ..good.clone() }], new, true, Well, "everything"),
        (vec![good.clone()], old, true, Warn, "without signatures"),
        (vec![Webhook { private: true, ..good.clone() }], new, true, Warn, "private"),
        (vec![Webhook { private: true, ..good.clone() }], Some((4, 13, 9)), true, Well, "everything"),
    ] {
        expect(&webhook(Ok(&hooks), version, websocket, false, None), state, word);
    }
    let unused = Webhook { secret_known: Some(false), ..good };
    expect(&webhook(Ok(&[unused]), old, true, true, Some(7)), Well, "everything that matters; the last call came 7 s ago"); // Unsigned, as the operator wants it.
    expect(&webhook(Err("no answer"), new, true, false, None), Warn, "no answer");
}

#[test]
fn what_the_outbox_could_not_send_is_told() {
    let counts = |queued, failed, held| OutboxCounts { queued, failed, held };
    expect(&outbox(counts(3, 0, 0)), CheckState::Ok, "3 entries");
    expect(&outbox(counts(0, 1, 0)), CheckState::Warn, "1 entries failed");
    expect(&outbox(counts(0, 0, 2)), CheckState::Warn, "2 are held");
}

#[test]
fn each_linked_agent_that_is_not_well_is_named() {
    use CheckState::{Fail, Warn};
    let agent = |token, found| Agent { user: "jo".to_owned(), found, token };
    for (token, found, state, word) in [
        (AgentToken::Rejected, true, Fail, "rejects"),
        (AgentToken::NotMember, false, Fail, "not in this account"),
        (AgentToken::SomebodyElse("Max".to_owned()), true, Fail, "is of Max"),
        (AgentToken::Unknown("no answer".to_owned()), true, Warn, "no answer"),
        (AgentToken::None, false, Warn, "does not have"),
        (AgentToken::Works, false, Warn, "does not have"),
    ] {
        let checks = agents(&[agent(AgentToken::Works, true), agent(token, found)]);
        assert_eq!(checks.len(), 1, "{checks:?}");
        expect(&checks[0], state, word);
    }
    let well = agents(&[agent(AgentToken::Works, true), agent(AgentToken::None, true)]);
    expect(&well[0], CheckState::Ok, "2 users are linked to agents of Chatwoot, 1 with");
    assert_eq!((well.len(), agents(&[]).len()), (1, 1));
}

#[test]
fn the_store_is_whole_and_has_room() {
    use CheckState::{Fail, Ok as Well, Warn};
    expect(&store(Ok(&Integrity::Whole), 5 * MIB), Well, "5 MiB, and whole");
    expect(&store(Ok(&Integrity::SoFar { seconds: 5 }), 3 * 1024 * MIB), Well, "3.0 GiB, and whole as far as could be looked at in 5 s");
    expect(&store(Ok(&Integrity::Damaged("row 3 missing".to_owned())), 1), Fail, "row 3 missing");
    expect(&store(Err("closed"), 1), Fail, "closed");
    for (free, store_bytes, state, word) in [
        (100 * MIB - 1, 0, Fail, "99 MiB"),
        (100 * MIB, 0, Warn, "100 MiB"),
        (1024 * MIB, 0, Well, "1.0 GiB free in /d"),
        (1024 * MIB, 2048 * MIB, Warn, "1.0 GiB"),
    ] {
        expect(&disk("/d", Ok(free), store_bytes), state, word);
    }
    expect(&disk("/d", Err("why"), 0), Warn, "why");
}

#[test]
fn the_rate_is_well_until_it_is_used_up_or_refused() {
    use CheckState::{Ok as Well, Warn};
    let until = Some(jiff::Timestamp::UNIX_EPOCH);
    for (limit, used, paused_until, state, word) in [
        (None, 12, None, Well, "no limit known"),
        (Some(1500), 1499, None, Well, "1499 of 1500"),
        (Some(1500), 1500, None, Warn, "waits"),
        (Some(750), 3, until, Warn, "refused"),
    ] {
        expect(&rate(&RateView { limit, used, paused_until }), state, word);
    }
}
