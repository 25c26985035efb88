//! What is done besides writing: snoozing in words, macros, blocking, participants, attributes, availability, and what `u` would take back.

use api::contact::ContactDetail;
use api::id::ConversationId;
use api::inbox::{AttributeChange, ConversationStatus, MacroView, Named, OutboxView};
use api::lists::CustomAttributeView;
use api::page::{Page, PageMeta, Source};
use api::people::{Availability, AvailabilityView, MacroStep, ParticipantChange};
use serde_json::{Map, Value, json};

use super::behaviour::toasts;
use super::world::{Screen, failure, me, now, outbox_id, talks};
use crate::event::{Act, Acted, Answer, Effect};
use crate::state::{Undo, acts};

const DEE: ConversationId = ConversationId(1042);

/// One that still waits.
fn entry(n: u32, kind: &str) -> OutboxView {
    OutboxView { sends_at: now() + jiff::SignedDuration::from_secs(5), ..super::world::entry(n, kind) }
}

fn check(name: &str, screen: &Screen) {
    let (width, height) = screen.state.size;
    insta::assert_snapshot!(format!("{name}_{width}x{height}"), screen.draw());
}

const SIZES: [(u16, u16); 2] = [(200, 50), (80, 24)];

fn acted(screen: &mut Screen, acted: Acted) {
    screen.answer(Answer::Acted(Box::new(acted)));
}

fn said(screen: &Screen) -> String {
    screen.state.toasts.last().map(|toast| toast.text.clone()).unwrap_or_default()
}

/// Who takes part, as Chatwoot says now.
fn part(data: Vec<Named>) -> Page<Named> {
    Page { data, meta: PageMeta { source: Some(Source::Chatwoot), as_of: Some(now()), ..PageMeta::default() } }
}

/// The patch that was asked for.
fn patch(effects: &[Effect]) -> &api::inbox::ConversationPatch {
    let patches: Vec<_> =
        effects.iter().filter_map(|effect| if let Effect::Patch { patch, .. } = effect { Some(patch) } else { None }).collect();
    assert_eq!(patches.len(), 1, "{effects:?}");
    patches[0]
}

fn act(effects: &[Effect]) -> Act {
    let acts: Vec<_> =
        effects.iter().filter_map(|effect| if let Effect::Act(act) = effect { Some((**act).clone()) } else { None }).collect();
    assert_eq!(acts.len(), 1, "{effects:?}");
    acts[0].clone()
}

fn definition(model: &str, key: &str, name: &str, display_type: &str) -> CustomAttributeView {
    CustomAttributeView {
        id: 1,
        model: format!("{model}_attribute"),
        key: key.into(),
        display_name: name.into(),
        display_type: display_type.into(),
        choices: vec!["gold".into(), "silver".into()],
        regex_pattern: (display_type == "text").then(|| "/^A-\\d+$/".into()),
        regex_cue: Some("A- and digits".into()),
    }
}

pub(super) fn definitions() -> Vec<CustomAttributeView> {
    vec![
        definition("conversation", "order", "Order", "text"),
        definition("conversation", "amount", "Amount", "currency"),
        definition("conversation", "tier", "Tier", "list"),
        definition("conversation", "gift", "Gift", "checkbox"),
        definition("contact", "vat", "VAT", "number"),
    ]
}

/// What the outside may say to one of them.
pub(super) fn answer(act: Act, well: bool) -> Acted {
    let bad = || failure(api::Code::ChatwootUnavailable, "no answer");
    match act {
        Act::Macros => Acted::Macros(well.then(macros).ok_or_else(bad)),
        Act::Macro { id, label, .. } => Acted::Macro { id, label, result: well.then(|| entry(9, "macro")).ok_or_else(bad) },
        Act::Templates(id, _) => Acted::Templates(id, well.then(super::templates::templates).ok_or_else(bad)),
        Act::Participants(id) => Acted::Participants(id, well.then(|| part(Vec::new())).ok_or_else(bad)),
        Act::Availability(set) => {
            let now = AvailabilityView { availability: set.unwrap_or(Availability::Online) };
            Acted::Availability(set, well.then_some(now).ok_or_else(bad))
        }
        Act::Signature => Acted::Signature(well.then(|| Some("Jo Agent\nAcme Shop".to_owned())).ok_or_else(bad)),
        Act::ContactNotes(id) => Acted::ContactNotes(id, well.then(|| super::contacting::page(Vec::new(), 0)).ok_or_else(bad)),
        Act::ContactInboxes(id) => Acted::ContactInboxes(id, well.then(super::beginning::inboxes).ok_or_else(bad)),
        Act::Contact(id) => Acted::Contact(id, well.then(|| detail(Some(7))).ok_or_else(bad)),
        Act::ChangeContact { id, label, .. } => {
            Acted::ContactChanged { id, label, result: well.then(|| detail(Some(7)).contact).ok_or_else(bad) }
        }
    }
}

fn with_attributes(width: u16, height: u16) -> Screen {
    let mut screen = Screen::new(width, height);
    let dee = screen.state.conversations.get_mut(&DEE).unwrap();
    dee.custom_attributes = Map::from_iter([("order".to_owned(), json!("A-1")), ("gift".to_owned(), json!(true))]);
    screen
}

fn answer_patch(screen: &mut Screen, label: &str, change: impl FnOnce(&mut api::inbox::ConversationView)) {
    let mut view = screen.state.conversations[&DEE].clone();
    change(&mut view);
    screen.answer(Answer::Patched { id: DEE, label: label.into(), result: Ok(view) });
}

#[test]
fn a_snooze_is_written_in_words_and_said_back_before_it_acts() {
    for (width, height) in SIZES {
        let mut screen = Screen::new(width, height);
        screen.press("z c");
        screen.type_text("mon 8");
        check("snooze_line", &screen);
        screen.press("Ctrl+U");
        screen.type_text("9:00");
        check("snooze_line_past", &screen);
        assert_eq!(screen.press("Enter"), [], "what has passed does nothing, and stays to be set right");
        screen.press("Ctrl+U");
        screen.type_text("tomorrow 9:00");
        assert!(screen.draw().contains("until Sat 21 Nov 09:00 UTC"));
        let effects = screen.press("Enter");
        let made = patch(&effects);
        assert_eq!(made.status, Some(ConversationStatus::Snoozed));
        assert_eq!(made.snoozed_until.unwrap().to_string(), "2026-11-21T09:00:00Z");
        assert_eq!(screen.state.overlay, None);
        assert_eq!(acts::undo_words(&screen.state).as_deref(), Some("#1042 Dee Shopper: snoozed until Sat 21 Nov 09:00 UTC"));
    }
}

#[test]
fn a_snooze_on_the_command_line_is_said_back_too() {
    let mut screen = Screen::new(80, 24);
    screen.press(":");
    screen.type_text("conv status 1042 snoozed --until \"in 2 days\"");
    assert_eq!(screen.press("Enter"), []);
    assert!(screen.draw().contains("until Sun 22 Nov 10:41 UTC"), "{}", screen.draw());
    assert_eq!(patch(&screen.press("Enter")).snoozed_until.unwrap().to_string(), "2026-11-22T10:41:00Z");
}

#[test]
fn a_snooze_is_taken_back_only_while_its_time_is_ours() {
    for (theirs, back) in [("2026-11-21T09:00:00Z", true), ("2026-11-25T09:00:00Z", false)] {
        let mut screen = Screen::new(80, 24);
        screen.press("z c");
        screen.type_text("tomorrow");
        screen.press("Enter");
        answer_patch(&mut screen, "snoozed until Sat 21 Nov 09:00 UTC", |view| {
            view.status = ConversationStatus::Snoozed;
            view.snoozed_until = Some(theirs.parse().unwrap());
        });
        let effects = screen.press("u");
        assert_eq!(effects.iter().any(|effect| matches!(effect, Effect::Patch { .. })), back, "{theirs}");
    }
}

fn macros() -> Vec<MacroView> {
    let step = |action: &str, params: Value| MacroStep { action: action.into(), params: params.as_array().unwrap().clone() };
    let steps = vec![
        step("assign_team", json!([3])),
        step("add_label", json!(["refund"])),
        step("send_message", json!(["Your refund is on its way."])),
        step("resolve_conversation", json!([])),
    ];
    vec![MacroView { id: 5, name: "Refund done".into(), actions: steps.iter().map(|step| step.action.clone()).collect(), steps }]
}

#[test]
fn a_macro_says_what_it_does_and_waits_to_be_recalled() {
    for (width, height) in SIZES {
        let mut screen = Screen::new(width, height);
        assert_eq!(act(&screen.press("M")), Act::Macros);
        acted(&mut screen, Acted::Macros(Ok(macros())));
        assert_eq!(screen.press("Enter"), []);
        check("macro", &screen);
        assert_eq!(screen.press("Enter"), [], "Enter on a menu that was just opened runs nothing");
        assert_eq!(screen.state.overlay, None, "the cursor stood on what leaves it as it is");
        screen.press("M");
        acted(&mut screen, Acted::Macros(Ok(macros())));
        screen.press("Enter");
        let Act::Macro { id, run, label, .. } = act(&screen.press("y")) else { panic!("no macro") };
        assert_eq!((id, run.id, run.hold_seconds, label.as_str()), (DEE, 5, Some(5), "macro “Refund done”"));
        acted(&mut screen, Acted::Macro { id, label, result: Ok(entry(9, "macro")) });
        assert_eq!(acts::undo_words(&screen.state).as_deref(), Some("#1042 Dee Shopper: macro “Refund done”"));
        assert!(said(&screen).contains("runs in 5 s"), "{}", said(&screen));
        let effects = screen.press("u");
        assert!(matches!(effects.as_slice(), [Effect::Recall(id, _)] if *id == outbox_id(9)), "{effects:?}");
    }
}

#[test]
fn a_menu_never_opens_under_a_key_that_was_typed_meanwhile() {
    let mut screen = Screen::new(80, 24);
    screen.press("M j");
    acted(&mut screen, Acted::Macros(Ok(macros())));
    assert_eq!(screen.state.overlay, None);
    screen.press("m p");
    screen.press("r");
    acted(&mut screen, Acted::Participants(DEE, Ok(part(Vec::new()))));
    assert_eq!(screen.state.overlay, None);
    assert!(screen.state.composer.is_some());
}

#[test]
fn a_macro_runs_as_oneself_or_says_why_not() {
    let mut screen = Screen::new(80, 24);
    screen.answer(Answer::Me(Ok(me(Some(false)))));
    assert_eq!(screen.press("M"), []);
    assert!(said(&screen).contains("no own Chatwoot token is linked"), "{}", said(&screen));
    assert_eq!(screen.press("m v"), []);
    let mut screen = Screen::new(80, 24);
    screen.press("M");
    acted(&mut screen, Acted::Macros(Err(failure(api::Code::ChatwootUnavailable, "no answer"))));
    assert!(said(&screen).contains("The macros were not read: no answer"), "{}", said(&screen));
}

#[test]
fn a_macro_on_marked_rows_runs_one_by_one_and_says_what_became_of_each() {
    let mut screen = Screen::new(80, 24);
    screen.press("Space Space M");
    acted(&mut screen, Acted::Macros(Ok(macros())));
    screen.press("Enter");
    let effects = screen.press("y");
    let asked: Vec<_> =
        effects.iter().filter_map(|effect| if let Effect::Act(act) = effect { Some((**act).clone()) } else { None }).collect();
    assert_eq!(asked.len(), 2, "{effects:?}");
    for (n, act) in asked.into_iter().enumerate() {
        let Act::Macro { id, label, .. } = act else { panic!("{act:?}") };
        let result = if n == 0 { Ok(entry(9, "macro")) } else { Err(failure(api::Code::NotFound, "there is no such conversation")) };
        acted(&mut screen, Acted::Macro { id, label, result });
    }
    assert!(screen.state.bulk.is_none());
    let toasts: Vec<&str> = screen.state.toasts.iter().map(|toast| toast.text.as_str()).collect();
    assert!(toasts.iter().any(|text| text.starts_with("1 of 2: macro “Refund done”")), "{toasts:?}");
    assert!(toasts.iter().any(|text| text.contains("1 not changed, marked again") && text.contains("no such conversation")), "{toasts:?}");
    assert_eq!(screen.state.list.marked.len(), 1);
}

#[test]
fn blocking_says_exactly_what_it_does_and_waits() {
    for (width, height) in SIZES {
        let mut screen = Screen::new(width, height);
        screen.press("m b");
        check("block", &screen);
        assert_eq!(screen.press("Enter"), []);
        assert_eq!(screen.state.overlay, None, "the cursor stood on what leaves it as it is");
        screen.press("m b");
        let effects = screen.press("y");
        let made = patch(&effects);
        assert_eq!((made.muted, made.status, made.hold_seconds), (Some(true), None, Some(5)));
        assert!(matches!(screen.state.undo.last(), Some(Undo::Held { .. })));
        assert_eq!(acts::undo_words(&screen.state).as_deref(), Some("#1042 Dee Shopper: Dee Shopper blocked, resolved"));
        screen.answer(Answer::Outbox(Ok(vec![entry(4, "mute")])));
        assert!(matches!(screen.press("u").as_slice(), [Effect::Recall(id, _)] if *id == outbox_id(4)));
    }
    let mut screen = Screen::new(80, 24);
    screen.state.conversations.get_mut(&DEE).unwrap().contact.blocked = true;
    screen.press("m b");
    assert!(screen.draw().contains("unblock Dee Shopper"));
    let effects = screen.press("y");
    assert_eq!((patch(&effects).muted, patch(&effects).hold_seconds), (Some(false), Some(5)), "recalled, not reversed: to block resolves");
}

#[test]
fn participants_are_shown_added_and_removed() {
    let ada = Named { id: 2, name: "Ada Admin".into() };
    for (width, height) in SIZES {
        let mut screen = Screen::new(width, height);
        assert_eq!(act(&screen.press("m p")), Act::Participants(DEE));
        acted(&mut screen, Acted::Participants(DEE, Ok(part(vec![ada.clone()]))));
        check("participants", &screen);
        assert_eq!(screen.press("Enter"), [], "Enter on what was just opened changes nothing");
        assert_eq!(screen.state.overlay, None);
        screen.press("m p");
        acted(&mut screen, Acted::Participants(DEE, Ok(part(vec![ada.clone()]))));
        let effects = screen.press("a");
        let change = |add: &[i64], remove: &[i64]| Some(ParticipantChange { add: add.to_vec(), remove: remove.to_vec() });
        assert_eq!(patch(&effects).participants, change(&[1], &[]));
        answer_patch(&mut screen, "you take part", |_| {});
        assert_eq!(patch(&screen.press("u")).participants, change(&[], &[1]));
        screen.press("m p");
        acted(&mut screen, Acted::Participants(DEE, Ok(part(vec![ada.clone()]))));
        screen.type_text("Ada");
        assert_eq!(patch(&screen.press("Enter")).participants, change(&[], &[2]));
    }
}

#[test]
fn who_takes_part_is_shown_with_its_age_while_chatwoot_is_away() {
    for (minutes, words) in [(0, "as known just now"), (185, "as known 3h ago")] {
        let mut screen = Screen::new(80, 24);
        screen.press("m p");
        let at = Some(now() - jiff::SignedDuration::from_mins(minutes));
        let meta = PageMeta { source: Some(Source::Store), as_of: at, ..PageMeta::default() };
        acted(&mut screen, Acted::Participants(DEE, Ok(Page { meta, data: Vec::new() })));
        assert!(screen.draw().contains(words), "{words}: {}", screen.draw());
    }
}

#[test]
fn attributes_are_shown_by_their_definitions_and_checked_by_their_types() {
    for (width, height) in SIZES {
        let mut screen = with_attributes(width, height);
        screen.press("m a");
        check("attributes", &screen);
        screen.press("Enter");
        check("attribute_line", &screen);
        screen.press("Ctrl+U");
        screen.type_text("B 2");
        assert!(screen.draw().contains("A- and digits"));
        assert_eq!(screen.press("Enter"), []);
        screen.press("Ctrl+U");
        screen.type_text("A-22");
        let effects = screen.press("Enter");
        let change = patch(&effects).custom_attributes.clone().unwrap();
        assert_eq!(Value::Object(change.set), json!({"order": "A-22"}));
    }
}

#[test]
fn an_attribute_is_taken_back_only_while_its_value_is_ours() {
    for (now, back) in [("A-22", true), ("A-33", false)] {
        let mut screen = with_attributes(80, 24);
        screen.press("m a Enter Ctrl+U");
        screen.type_text("A-22");
        screen.press("Enter");
        answer_patch(&mut screen, "Order A-22", |view| {
            view.custom_attributes.insert("order".into(), json!(now));
        });
        let effects = screen.press("u");
        if back {
            let change = patch(&effects).custom_attributes.clone().unwrap();
            assert_eq!(Value::Object(change.set), json!({"order": "A-1"}));
        } else {
            assert_eq!(effects, []);
            assert!(said(&screen).contains("changed since"));
        }
    }
}

#[test]
fn choices_and_checkboxes_are_menus_and_a_value_can_go() {
    let mut screen = with_attributes(80, 24);
    screen.press("m a");
    screen.type_text("tier");
    screen.press("Enter");
    screen.type_text("silver");
    let change = patch(&screen.press("Enter")).custom_attributes.clone().unwrap();
    assert_eq!(Value::Object(change.set), json!({"tier": "silver"}));
    screen.press("m a");
    screen.type_text("gift");
    screen.press("Enter");
    assert_eq!(screen.press("Enter"), [], "it stands on what holds already");
    screen.type_text("no value");
    let change = patch(&screen.press("Enter")).custom_attributes.clone().unwrap();
    assert_eq!((change.set.len(), change.unset), (0, vec!["gift".to_owned()]));
}

fn detail(vat: Option<i64>) -> ContactDetail {
    let contact = talks()[0].contact.clone();
    let custom_attributes = vat.map(|vat| ("vat".to_owned(), json!(vat))).into_iter().collect();
    ContactDetail { contact, additional_attributes: Map::new(), custom_attributes, last_activity_at: None, created_at: None }
}

#[test]
fn a_contacts_attribute_is_changed_and_taken_back_only_while_it_is_ours() {
    for (later, back) in [(20, true), (30, false)] {
        let mut screen = with_attributes(80, 24);
        assert_eq!(act(&screen.press("m c")), Act::Contact(1042));
        acted(&mut screen, Acted::Contact(1042, Ok(detail(Some(7)))));
        screen.press("Enter Ctrl+U");
        screen.type_text("20");
        let Act::ChangeContact { id, patch, label, .. } = act(&screen.press("Enter")) else { panic!("nothing is changed") };
        assert_eq!(Value::Object(patch.custom_attributes.unwrap().set), json!({"vat": 20}));
        acted(&mut screen, Acted::ContactChanged { id, label, result: Ok(detail(Some(20)).contact) });
        assert_eq!(acts::undo_words(&screen.state).as_deref(), Some("VAT 20"));
        assert_eq!(act(&screen.press("u")), Act::Contact(1042), "it is looked at first");
        screen.effects.clear();
        acted(&mut screen, Acted::Contact(1042, Ok(detail(Some(later)))));
        let changed = screen.effects.iter().find_map(|effect| match effect {
            Effect::Act(act) => match &**act {
                Act::ChangeContact { patch, .. } => patch.custom_attributes.clone(),
                _ => None,
            },
            _ => None,
        });
        let want = AttributeChange { set: Map::from_iter([("vat".to_owned(), json!(7))]), unset: Vec::new() };
        assert_eq!(changed, back.then_some(want));
    }
}

#[test]
fn my_availability_is_shown_set_and_taken_back_only_while_it_is_mine() {
    for (width, height) in SIZES {
        let mut screen = Screen::new(width, height);
        assert_eq!(act(&screen.press("m v")), Act::Availability(None));
        let is = |availability| Ok(AvailabilityView { availability });
        acted(&mut screen, Acted::Availability(None, is(Availability::Online)));
        check("availability", &screen);
        assert_eq!(act(&screen.press("b")), Act::Availability(Some(Availability::Busy)));
        acted(&mut screen, Acted::Availability(Some(Availability::Busy), is(Availability::Busy)));
        assert_eq!(said(&screen), "You are busy in Chatwoot");
        assert_eq!(acts::undo_words(&screen.state).as_deref(), Some("you are busy"));
        assert_eq!(act(&screen.press("u")), Act::Availability(None));
        screen.effects.clear();
        acted(&mut screen, Acted::Availability(None, is(Availability::Busy)));
        assert_eq!(act(&std::mem::take(&mut screen.effects)), Act::Availability(Some(Availability::Online)));
        assert_eq!(screen.state.overlay, None);
    }
}

#[test]
fn what_u_takes_back_is_named_before_it_does() {
    let mut screen = Screen::new(200, 50);
    screen.press("a n");
    let foot = screen.draw().lines().last().unwrap_or_default().to_owned();
    assert!(foot.contains("undo #1042 Dee Shopper: assigned to nobody"), "{foot}");
    screen.press("Ctrl+K");
    screen.type_text("take");
    assert!(screen.draw().contains("Take back #1042 Dee Shopper: assigned to nobody"));
}

#[test]
fn marked_rows_take_labels_a_team_a_priority_a_snooze_and_a_block_together() {
    for (keys, text, has) in [
        ("L Space Enter", "", "labels"),
        ("a t", "billing", "team"),
        ("! h", "", "priority"),
        ("z c", "mon 8", "snoozed_until"),
        ("m b y", "", "muted"),
    ] {
        let mut screen = Screen::new(80, 24);
        screen.press("Space Space");
        let mut effects = screen.press(keys);
        if !text.is_empty() {
            screen.type_text(text);
            effects = screen.press("Enter");
        }
        let patches: Vec<Value> = effects
            .iter()
            .filter_map(|effect| if let Effect::Patch { patch, .. } = effect { Some(serde_json::to_value(patch).unwrap()) } else { None })
            .collect();
        assert_eq!(patches.len(), 2, "{keys}: {effects:?}");
        for patch in patches {
            assert!(patch.get(has).is_some(), "{keys}: {patch}");
            assert_eq!(patch["hold_seconds"], 5, "{keys}: what many are told waits");
        }
        assert!(screen.draw().contains("0 of 2, Esc stops"), "{keys}: progress is shown");
    }
}

#[test]
fn why_a_line_is_not_taken_goes_with_the_next_key() {
    for next in ["Backspace", "Esc"] {
        let mut screen = Screen::new(80, 24);
        screen.press("z c");
        screen.type_text("never");
        assert!(screen.press("Enter").is_empty());
        assert!(toasts(&screen.state).contains("Not snoozed"), "{}", toasts(&screen.state));
        screen.press(next);
        assert_eq!(toasts(&screen.state), "");
    }
}
