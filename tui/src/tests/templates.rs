//! WhatsApp templates: chosen, filled, shown with their reader, sent, taken back, kept over a crash.

use api::id::ConversationId;
use api::inbox::{DeliveryState, MessageType, OutboxState, OutboxView};
use api::template::{TemplateView, UseTemplate, variables};

use super::world::{Screen, failure, message, outbox_id, talks};
use crate::event::{Act, Acted, Answer, Effect, Purpose, Submitted};
use crate::state::With;

const DEE: ConversationId = ConversationId(1042);
const SIZES: [(u16, u16); 4] = [(200, 50), (80, 24), (60, 20), (40, 15)];

fn template(name: &str, body: &str) -> TemplateView {
    TemplateView {
        name: name.into(),
        language: "en".into(),
        category: "UTILITY".into(),
        body: body.into(),
        variables: variables(body),
        ..TemplateView::default()
    }
}

pub(super) fn templates() -> Vec<TemplateView> {
    let sent = template("parcel_sent", "Hi {{first_name}}, your order {{order}} is on its way.");
    vec![
        TemplateView { unusable: Some("its header is no text (document)".into()), ..template("invoice", "Your invoice.") },
        TemplateView { header: Some("Your parcel".into()), footer: Some("Acme".into()), buttons: vec!["Tell me".into()], ..sent },
        template("reply_wanted", "We have an answer for you. Reply to read it."),
    ]
}

/// The customer of the first conversation wrote by WhatsApp, too long ago or not.
pub(super) fn whatsapp(width: u16, height: u16, open: bool) -> Screen {
    let mut screen = Screen::new(width, height);
    let mut view = talks().remove(0);
    view.inbox = api::inbox::InboxView { id: 9, name: "Shop WhatsApp".into(), channel: "Whatsapp".into(), email: None };
    view.can_reply = open;
    screen.answer(Answer::Conversation(DEE, Ok(view)));
    screen.effects.clear();
    screen
}

pub(super) fn listed(screen: &mut Screen) {
    screen.answer(Answer::Acted(Box::new(Acted::Templates(DEE, Ok(templates())))));
}

fn asks(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Act(act) if **act == Act::Templates(DEE, 9)))
}

fn submitted(effects: &[Effect]) -> Option<(String, With, String)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Submit { purpose: Purpose::Template(DEE), text, with, key } => Some((text.clone(), with.clone(), key.clone())),
        _ => None,
    })
}

/// Chooses the template with two values and gives the one that is asked for; the other is known.
pub(super) fn filled(screen: &mut Screen) {
    assert!(asks(&screen.press("r")));
    listed(screen);
    screen.type_text("parcel");
    screen.press("Enter Enter");
    screen.type_text("A-2291");
    screen.press("Enter");
}

fn check(name: &str, screen: &Screen) {
    let (width, height) = screen.state.size;
    insta::assert_snapshot!(format!("{name}_{width}x{height}"), screen.draw());
}

#[test]
fn a_closed_window_offers_templates_and_a_note_on_all_sizes() {
    for (width, height) in SIZES {
        let mut screen = whatsapp(width, height, false);
        assert!(asks(&screen.press("r")));
        listed(&mut screen);
        check("choice", &screen);
        screen.type_text("parcel");
        screen.press("Enter Enter");
        check("value", &screen);
        screen.type_text("A-2291");
        screen.press("Enter");
        check("review", &screen);
    }
}

#[test]
fn enter_sends_what_was_shown_with_its_values() {
    let mut screen = whatsapp(80, 24, false);
    filled(&mut screen);
    let shown = screen.draw();
    assert!(shown.contains("CUSTOMER via Shop WhatsApp, template parcel_sent"), "{shown}");
    assert!(shown.contains("Hi Dee, your order A-2291 is on its way."), "{shown}");
    let (text, with, _) = submitted(&screen.press("Enter")).unwrap();
    assert_eq!(text, "Hi Dee, your order A-2291 is on its way.");
    let chosen = with.template.unwrap();
    assert_eq!((chosen.template.name.as_str(), chosen.template.language.as_str()), ("parcel_sent", "en"));
    assert_eq!(chosen.vars.into_iter().collect::<Vec<_>>(), [("first_name".into(), "Dee".into()), ("order".into(), "A-2291".into())]);
}

#[test]
fn a_sent_template_is_recalled_as_a_template() {
    let mut screen = whatsapp(80, 24, false);
    filled(&mut screen);
    let (text, _, key) = submitted(&screen.press("y")).unwrap();
    let mut taken = message(0, MessageType::Outgoing, "Jo Agent", &text, 0);
    (taken.id, taken.outbox_id, taken.state) = (None, Some(outbox_id(1)), DeliveryState::Queued);
    screen.answer(Answer::Submitted { purpose: Purpose::Template(DEE), key, result: Ok(Submitted::Message(Box::new(taken))) });
    assert!(screen.state.drafts.is_empty(), "what the daemon has is no draft");
    assert!(screen.press("u").iter().any(|effect| matches!(effect, Effect::Recall(id, _) if *id == outbox_id(1))));
    let entry = OutboxView { content: Some(text), state: OutboxState::Cancelled, ..super::world::entry(1, "reply") };
    screen.answer(Answer::Recalled(outbox_id(1), Ok(entry)));
    assert!(screen.draw().contains("template parcel_sent"), "{}", screen.draw());
    assert!(screen.state.drafts.contains_key("template/1042"));
}

/// What the daemon says of a template, where nothing here remembers having sent it.
fn sent_before(state: OutboxState) -> OutboxView {
    let vars = [("first_name".into(), "Dee".into()), ("order".into(), "A-2291".into())].into();
    let template = Some(UseTemplate { name: "parcel_sent".into(), language: Some("en".into()), vars });
    let content = Some("Hi Dee, your order A-2291 is on its way.".into());
    OutboxView { content, template, state, ..super::world::entry(1, "reply") }
}

#[test]
fn after_a_restart_a_template_is_recalled_as_a_template_too() {
    let mut screen = whatsapp(80, 24, false);
    screen.answer(Answer::Recalled(outbox_id(1), Ok(sent_before(OutboxState::Cancelled))));
    assert!(!screen.state.drafts.contains_key("reply/1042"), "no plain reply");
    assert!(screen.draw().contains("Hi Dee, your order A-2291 is on its way."), "{}", screen.draw());
    let (_, with, _) = submitted(&screen.press("Enter")).unwrap();
    let chosen = with.template.unwrap();
    assert_eq!((chosen.template.name.as_str(), chosen.template.language.as_str()), ("parcel_sent", "en"));
    assert_eq!(chosen.vars, sent_before(OutboxState::Cancelled).template.unwrap().vars);
}

#[test]
fn after_a_restart_a_failed_template_is_taken_up_from_the_outbox_as_a_template() {
    let mut screen = whatsapp(80, 24, false);
    screen.state.outbox = vec![sent_before(OutboxState::Failed)];
    screen.press("g o Enter");
    assert!(screen.draw().contains("template parcel_sent"), "{}", screen.draw());
    let (_, with, _) = submitted(&screen.press("Enter")).unwrap();
    assert_eq!(with.template.unwrap().vars.len(), 2);
}

#[test]
fn what_would_not_arrive_is_said_before_enter_and_not_taken() {
    let mut screen = whatsapp(80, 24, false);
    screen.press("r");
    listed(&mut screen);
    screen.type_text("parcel");
    screen.press("Enter Enter");
    assert_eq!(screen.press("Enter"), [], "nothing is no value");
    screen.type_text("{{contact.name}}");
    assert!(screen.draw().contains("Liquid"), "{}", screen.draw());
    screen.press("Enter");
    assert!(matches!(screen.state.overlay, Some(crate::state::Overlay::Line(_))));
}

#[test]
fn a_template_that_is_left_before_its_first_value_is_no_draft() {
    let mut screen = whatsapp(80, 24, false);
    screen.press("r");
    listed(&mut screen);
    screen.type_text("parcel");
    screen.press("Enter Esc");
    assert!(screen.state.drafts.is_empty());
    // Another one that is left so does not take the place of the first.
    filled(&mut screen);
    let before = screen.state.drafts.clone();
    screen.press("t");
    listed(&mut screen);
    screen.type_text("parcel");
    screen.press("Enter Esc");
    assert_eq!(screen.state.drafts, before);
}

#[test]
fn a_choice_survives_a_crash_and_a_refusal() {
    let mut screen = whatsapp(80, 24, false);
    screen.press("r");
    listed(&mut screen);
    screen.type_text("parcel");
    screen.press("Enter Enter Esc");
    let drafts: Vec<_> = screen.state.drafts.iter().map(|(name, draft)| (name.clone(), draft.clone())).collect();
    let read: Vec<(String, crate::drafts::Draft)> = serde_json::from_str(&serde_json::to_string(&drafts).unwrap()).unwrap();
    let mut again = whatsapp(80, 24, false);
    again.answer(Answer::Drafts(read, None));
    assert_eq!(again.press("r").iter().filter(|effect| matches!(effect, Effect::Act(_))).count(), 0, "the choice is known");
    assert!(again.draw().contains("{{order}}") && again.draw().contains("Hi Dee"), "{}", again.draw());
    again.type_text("A-1");
    again.press("Enter");
    let (_, _, key) = submitted(&again.press("Enter")).unwrap();
    let refused = Err(failure(api::Code::ValidationFailed, "there is no such template"));
    again.answer(Answer::Submitted { purpose: Purpose::Template(DEE), key: key.clone(), result: refused });
    assert!(again.draw().contains("Template not sent"), "{}", again.draw());
    again.press("r");
    let (_, _, second) = submitted(&again.press("Enter")).unwrap();
    assert_ne!(second, key, "what was refused is not asked for under the same key");
}

#[test]
fn every_step_is_left_with_letters_and_a_note_is_one_key_away() {
    let mut screen = whatsapp(80, 24, false);
    filled(&mut screen);
    screen.press("e");
    assert!(screen.draw().contains("{{first_name}}, 1 of 2"), "{}", screen.draw());
    screen.press("Enter Enter");
    assert!(asks(&screen.press("t")));
    listed(&mut screen);
    screen.press("Esc r x");
    assert!(screen.state.drafts.is_empty() && screen.state.overlay.is_none());
    screen.press("r");
    listed(&mut screen);
    screen.type_text("note");
    screen.press("Enter");
    assert_eq!(screen.state.composer.as_ref().map(|composer| composer.purpose), Some(Purpose::Note(DEE)));
}

#[test]
fn an_open_window_has_templates_too_and_other_channels_say_why_not() {
    let mut screen = whatsapp(80, 24, true);
    screen.press("r");
    screen.type_text("half a reply");
    assert!(asks(&screen.press("Ctrl+G w")));
    listed(&mut screen);
    assert!(screen.draw().contains("reply_wanted"), "{}", screen.draw());
    assert_eq!(screen.state.drafts["reply/1042"].text, "half a reply");
    let mut other = Screen::new(80, 24);
    assert!(!asks(&other.press("m t")));
    assert!(other.draw().contains("only WhatsApp has templates"), "{}", other.draw());
}

#[test]
fn a_begun_reply_is_not_hidden_by_a_window_that_closed() {
    let mut screen = whatsapp(80, 24, true);
    screen.press("r");
    screen.type_text("half a reply");
    screen.press("Esc");
    let mut view = screen.state.conversations[&DEE].clone();
    view.can_reply = false;
    screen.answer(Answer::Conversation(DEE, Ok(view)));
    assert!(!asks(&screen.press("r")));
    assert!(screen.draw().contains("half a reply") && screen.draw().contains("Ctrl+G w"), "{}", screen.draw());
}

#[test]
fn a_hostile_template_harms_no_terminal() {
    let mut screen = whatsapp(80, 24, false);
    screen.press("r");
    let hostile = TemplateView { footer: Some("\u{1b}]0;x\u{7}".into()), ..template("t\u{1b}[2J", "a\u{1b}[31m {{n\u{202e}}}") };
    let bad = TemplateView { unusable: Some("\u{1b}[2J".into()), ..hostile.clone() };
    screen.answer(Answer::Acted(Box::new(Acted::Templates(DEE, Ok(vec![hostile, bad])))));
    for keys in ["", "Enter", "x Enter"] {
        screen.press(keys);
        let shown = screen.draw();
        assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{shown}");
    }
}

#[test]
fn the_chosen_message_is_answered_by_what_goes_out_instead_of_a_reply() {
    use api::id::MessageId;
    let answers = |screen: &Screen| screen.state.composer.as_ref().map(|composer| (composer.purpose, composer.with.answers));
    for key in ["r", "Enter"] {
        // A note for the team.
        let mut screen = whatsapp(80, 24, false);
        screen.press("Enter v");
        assert!(asks(&screen.press(key)), "{key}");
        listed(&mut screen);
        screen.type_text("private");
        screen.press("Enter");
        assert_eq!(answers(&screen), Some((Purpose::Note(DEE), Some(MessageId(505)))));
        assert!(screen.draw().contains("Answers Dee Shopper: Any news?"), "{}", screen.draw());
        // A template, sent, taken back and sent again.
        let mut screen = whatsapp(80, 24, false);
        screen.press("Enter v");
        assert!(asks(&screen.press(key)));
        listed(&mut screen);
        screen.type_text("parcel");
        screen.press("Enter Enter");
        screen.type_text("A-2291");
        screen.press("Enter");
        assert!(screen.draw().contains("Answers Dee Shopper: Any news?"), "{}", screen.draw());
        let (text, with, key) = submitted(&screen.press("y")).unwrap();
        assert_eq!(with.answers, Some(MessageId(505)));
        let (_, handed, _) = crate::message::message(Purpose::Template(DEE), &text, &with, None).unwrap();
        assert_eq!(handed.in_reply_to, Some(505));
        let mut taken = message(0, MessageType::Outgoing, "Jo Agent", &text, 0);
        (taken.id, taken.outbox_id, taken.state) = (None, Some(outbox_id(1)), DeliveryState::Queued);
        screen.answer(Answer::Submitted { purpose: Purpose::Template(DEE), key, result: Ok(Submitted::Message(Box::new(taken))) });
        screen.press("u");
        let entry = OutboxView { content: Some(text), state: OutboxState::Cancelled, ..super::world::entry(1, "reply") };
        screen.answer(Answer::Recalled(outbox_id(1), Ok(entry)));
        assert_eq!(submitted(&screen.press("y")).map(|(_, with, _)| with.answers), Some(Some(MessageId(505))));
    }
    // What only the team reads is answered by a note, whatever the window.
    let mut screen = whatsapp(80, 24, false);
    let effects = screen.press("Enter v ( r");
    assert!(!asks(&effects));
    assert_eq!(answers(&screen), Some((Purpose::Note(DEE), Some(MessageId(504)))));
    // Without a message chosen nothing is answered.
    let mut screen = whatsapp(80, 24, false);
    filled(&mut screen);
    assert_eq!(submitted(&screen.press("y")).map(|(_, with, _)| with.answers), Some(None));
}
