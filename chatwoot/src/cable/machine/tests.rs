use super::*;

const ACCOUNT: i64 = 7;

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn machine(limits: Limits) -> Machine {
    let subscription = Subscription { pubsub_token: Secret::new("hush"), account_id: ACCOUNT, user_id: 2 };
    Machine::new(subscription, limits, Duration::ZERO)
}

/// A machine that was confirmed at second 1.
fn live(limits: Limits) -> Machine {
    let mut machine = machine(limits);
    assert!(matches!(machine.text(r#"{"type":"welcome"}"#, s(1)).as_slice(), [Action::Send(_)]));
    let confirm = json!({"type": "confirm_subscription", "identifier": machine.identifier.expose()}).to_string();
    assert!(matches!(machine.text(&confirm, s(1)).as_slice(), [Action::Confirmed]));
    machine
}

fn frame(machine: &Machine, event: &str, data: Value) -> String {
    json!({"identifier": machine.identifier.expose(), "message": {"event": event, "data": data}}).to_string()
}

fn closed(actions: &[Action]) -> Option<&Closed> {
    match actions {
        [Action::Close(why)] => Some(why),
        _ => None,
    }
}

#[test]
fn it_subscribes_after_the_welcome_with_json_in_json() {
    let mut machine = machine(Limits::default());
    let actions = machine.text(r#"{"type":"welcome"}"#, s(0));
    let [Action::Send(command)] = actions.as_slice() else { panic!("{actions:?}") };
    let identifier = r#"{\"channel\":\"RoomChannel\",\"pubsub_token\":\"hush\",\"account_id\":7,\"user_id\":2}"#;
    assert_eq!(command.expose(), format!(r#"{{"command":"subscribe","identifier":"{identifier}"}}"#));
    assert!(!format!("{actions:?} {machine:?}").contains("hush"));
}

#[test]
fn a_wrong_token_is_found_by_the_silence_after_it() {
    let mut machine = machine(Limits::default());
    machine.text(r#"{"type":"welcome"}"#, s(0));
    for second in [3, 6, 9] {
        assert!(machine.text(r#"{"type":"ping","message":1}"#, s(second)).is_empty());
        assert!(machine.tick(s(second)).is_empty());
    }
    assert_eq!(machine.deadline(), Some(s(10)));
    assert_eq!(closed(&machine.tick(s(10))), Some(&Closed::NotConfirmed));
    assert_eq!(machine.deadline(), None);
}

#[test]
fn pings_keep_it_alive_and_their_absence_ends_it() {
    let mut machine = live(Limits::default());
    for second in (2..60).step_by(3) {
        machine.text(r#"{"type":"ping","message":1}"#, s(second));
        assert_eq!(machine.deadline(), Some(s(second + 9)));
        assert!(machine.tick(s(second + 2)).is_empty());
    }
    let last = s(2 + 19 * 3);
    assert!(machine.tick(last + Duration::from_millis(8_999)).is_empty());
    assert_eq!(closed(&machine.tick(last + s(9))), Some(&Closed::Silent));
    assert!(machine.text(r#"{"type":"ping"}"#, last + s(10)).is_empty());
}

#[test]
fn another_identifiers_confirmation_is_not_ours() {
    let mut machine = machine(Limits::default());
    machine.text(r#"{"type":"welcome"}"#, s(0));
    assert!(machine.text(r#"{"type":"confirm_subscription","identifier":"{}"}"#, s(0)).is_empty());
    assert!(machine.text(r#"{"identifier":"{}","message":{"event":"message.created","data":{"id":1,"account_id":7}}}"#, s(0)).is_empty());
}

#[test]
fn events_of_another_account_are_dropped_and_counted() {
    let mut machine = live(Limits::default());
    let ours = frame(&machine, "message.created", json!({"id": 1, "account_id": ACCOUNT}));
    let theirs = frame(&machine, "message.created", json!({"id": 2, "account_id": ACCOUNT + 1}));
    let nobodys = frame(&machine, "message.created", json!({"id": 3}));
    assert!(matches!(machine.text(&ours, s(2)).as_slice(), [Action::Event(_)]));
    assert!(machine.text(&theirs, s(2)).is_empty());
    assert!(machine.text(&nobodys, s(2)).is_empty());
    assert_eq!(machine.foreign(), 2);
}

#[test]
fn unknown_and_unreadable_events_are_told_apart() {
    let mut machine = live(Limits::default());
    let event = |machine: &mut Machine, name: &str, data: Value| {
        let text = frame(machine, name, data);
        match machine.text(&text, s(2)).pop() {
            Some(Action::Event(event)) => *event,
            other => panic!("{other:?}"),
        }
    };
    let unknown = event(&mut machine, "voice_call.started", json!({"account_id": ACCOUNT}));
    assert!(matches!(unknown, CableEvent::Other { event } if event == "voice_call.started"));
    let unreadable = event(&mut machine, "message.created", json!({"account_id": ACCOUNT, "id": "hush"}));
    assert!(matches!(&unreadable, CableEvent::Unreadable { event, .. } if event == "message.created"));
    assert!(!format!("{unreadable:?}").contains("hush"));
}

#[test]
fn garbage_changes_nothing() {
    let mut machine = live(Limits::default());
    for text in ["", "hello", "[]", "{}", r#"{"type":7}"#, r#"{"type":"welcome"}"#, r#"{"message":{"event":"x"}}"#] {
        assert!(machine.text(text, s(2)).is_empty(), "{text}");
    }
    assert_eq!(machine.deadline(), Some(s(11)));
}

#[test]
fn a_disconnect_carries_its_reason() {
    let mut machine = live(Limits::default());
    let actions = machine.text(r#"{"type":"disconnect","reason":"server_restart","reconnect":true}"#, s(2));
    assert_eq!(closed(&actions), Some(&Closed::Disconnected { reason: "server_restart".to_owned(), reconnect: true }));
    assert!(machine.ended(Closed::Ended).is_empty(), "it ends once");
}

#[test]
fn presence_is_said_only_where_asked_for() {
    let mut quiet = live(Limits::default());
    assert!(quiet.tick(s(5)).is_empty());
    let mut machine = live(Limits { presence: Some(s(5)), ..Limits::default() });
    assert_eq!(machine.deadline(), Some(s(6)));
    let actions = machine.tick(s(6));
    let [Action::Send(command)] = actions.as_slice() else { panic!("{actions:?}") };
    assert!(command.expose().ends_with(r#""data":"{\"action\":\"update_presence\"}"}"#));
    assert!(machine.tick(s(7)).is_empty());
}
