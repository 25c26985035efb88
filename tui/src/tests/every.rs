//! Every screen, menu, sheet and question there is: at every size and without colours, and finished and left by letters, Tab and Enter alone.
//! A place, an overlay or a question without a row here does not compile or fails.

use std::collections::BTreeSet;

use api::inbox::{MessageType, MessageView};
use api::lists::CustomFilterView;
use api::tenant::LinkedAgent;

use super::world::{Screen, message, thread};
use super::{activity, acts, beginning, contacting, gallery, mailing, searching, shelf, templates};
use crate::event::{Act, Answer, Effect, Event};
use crate::keymap::{self, Context};
use crate::state::{Action, Asks, Button, Overlay, Question, Shown};

const SIZES: [(u16, u16); 4] = [(200, 50), (80, 24), (60, 20), (40, 15)];

/// How a sheet is finished: by which keys, and what is asked of the outside or stands on the screen then; and how it is left.
struct Sheet {
    finish: &'static str,
    does: &'static str,
    leave: &'static str,
}

struct Row {
    name: &'static str,
    open: fn(u16, u16) -> Screen,
    /// None: a pane, which is not left but gone on from.
    sheet: Option<Sheet>,
}

fn pane(name: &'static str, open: fn(u16, u16) -> Screen) -> Row {
    Row { name, open, sheet: None }
}

fn sheet(name: &'static str, open: fn(u16, u16) -> Screen, finish: &'static str, does: &'static str, leave: &'static str) -> Row {
    Row { name, open, sheet: Some(Sheet { finish, does, leave }) }
}

fn at(width: u16, height: u16, keys: &str) -> Screen {
    let mut screen = Screen::new(width, height);
    screen.press(keys);
    screen.tick(400);
    screen
}

fn written(mut screen: Screen, text: &str) -> Screen {
    screen.type_text(text);
    screen.tick(400);
    screen
}

/// What the outside says to a deed, after some keys.
fn acted(width: u16, height: u16, keys: &str) -> Screen {
    let mut screen = Screen::new(width, height);
    for effect in screen.press(keys) {
        if let Effect::Act(act) = effect {
            let act: Act = *act;
            screen.answer(Answer::Acted(Box::new(acts::answer(act, true))));
        }
    }
    screen
}

fn fed(width: u16, height: u16, keys: &str) -> Screen {
    let mut screen = Screen::new(width, height);
    activity::opened(&mut screen, keys);
    screen
}

fn shelved(mut screen: Screen, keys: &str) -> Screen {
    screen.press(keys);
    screen
}

/// The conversation with its newest message one's own, chosen.
fn own(width: u16, height: u16) -> Screen {
    let mut screen = Screen::new(width, height);
    screen.press("Enter");
    screen.state.me.as_mut().unwrap().agent = Some(LinkedAgent { id: 1, name: "Jo Agent".into(), own_token: true });
    let mine: MessageView = message(700, MessageType::Outgoing, "Jo Agent", "The wrong number: 555", 0);
    screen.messages(thread().into_iter().chain([mine]).collect());
    screen.press("v D");
    screen
}

fn views(width: u16, height: u16, keys: &str) -> Screen {
    let mut screen = Screen::new(width, height);
    let view =
        |id, name: &str| CustomFilterView { id, name: name.into(), filter_type: "conversation".into(), query: serde_json::Map::default() };
    screen.answer(Answer::Views(Ok(vec![view(4, "Late refunds"), view(7, "VIP")])));
    screen.press(keys);
    screen
}

fn pasted(width: u16, height: u16) -> Screen {
    let mut screen = Screen::new(width, height);
    screen.send(Event::Paste("one\ntwo".into()));
    screen
}

fn shown(width: u16, height: u16) -> Screen {
    let mut screen = Screen::new(width, height);
    screen.state.overlay =
        Some(Overlay::Shown(Shown { title: "Its address".into(), text: "https://chat.example.com/1".into(), scroll: 0 }));
    screen
}

fn vim(width: u16, height: u16) -> Screen {
    let mut screen = Screen::new(width, height);
    screen.state.settings.editor.mode = Some(crate::settings::EditorMode::Vim);
    screen.press("r");
    screen.type_text("Hello Dee");
    screen.press("Esc");
    screen
}

/// A conversation with a contact is begun, as far as the keys go.
fn begun(width: u16, height: u16, keys: &str) -> Screen {
    let mut screen = contacting::opened(width, height);
    screen.press("C");
    beginning::offer(&mut screen);
    screen.press(keys);
    screen
}

/// A template for a customer whose reply window is closed, as far as the keys go.
fn template(width: u16, height: u16, keys: &str) -> Screen {
    let mut screen = templates::whatsapp(width, height, false);
    screen.press("r");
    templates::listed(&mut screen);
    screen.press(keys);
    screen
}

/// The same with its values, before it is sent.
fn template_filled(width: u16, height: u16) -> Screen {
    let mut screen = templates::whatsapp(width, height, false);
    templates::filled(&mut screen);
    screen
}

/// An inbox with saved views.
pub(super) fn with_views(width: u16, height: u16) -> Screen {
    views(width, height, "")
}

/// Every pane.
pub(super) fn panes(width: u16, height: u16) -> Vec<(&'static str, Screen)> {
    places().iter().map(|row| (row.name, (row.open)(width, height))).collect()
}

fn places() -> Vec<Row> {
    vec![
        pane("list", |w, h| at(w, h, "")),
        pane("thread", |w, h| at(w, h, "Enter k")),
        pane("info", |w, h| at(w, h, if w < 150 { "Enter i" } else { "Enter" })),
        pane("queue", |w, h| at(w, h, "2")),
        pane("card", |w, h| at(w, h, "2 Enter")),
        pane("found", |w, h| shelved(searching::searched(w, h), "Enter")),
        pane("contacts", contacting::listed),
        pane("contact", contacting::opened),
        pane("activity", |w, h| fed(w, h, "")),
        pane("drafts", shelf::drafts),
        pane("outbox", shelf::outbox),
        pane("log", shelf::log),
        pane("settings", shelf::settings),
        pane("which_key", |w, h| at(w, h, "g")),
    ]
}

fn rows() -> Vec<Row> {
    let mut rows = places();
    rows.extend(texts());
    rows.extend(lines());
    rows.extend(menus());
    rows.extend(questions());
    rows
}

/// Where a text is written.
fn texts() -> Vec<Row> {
    vec![
        sheet(
            "reply",
            |w, h| written(at(w, h, "r"), "Hi Dee, a new parcel leaves today by express and arrives on Friday."),
            "Tab Enter",
            "Reply(",
            "Tab Tab Enter",
        ),
        sheet("note", |w, h| written(at(w, h, "p"), "The courier was asked."), "Tab Enter", "Note(", "Tab Tab Enter"),
        sheet("escalate", |w, h| written(at(w, h, "H"), "Refund 240 €?"), "Tab Enter", "Escalate(", "Tab Tab Enter"),
        sheet("reject", |w, h| written(at(w, h, "2 Enter x"), "Resend it instead."), "Tab Enter", "Reject(", "Tab Tab Enter"),
        sheet("mail", |w, h| written(shelved(mailing::mailer(w, h), "r"), "On its way."), "Tab Enter", "Reply(", "Tab Tab Enter"),
        sheet(
            "contact_note",
            |w, h| written(shelved(contacting::opened(w, h), "n"), "Prefers mail."),
            "Tab Enter",
            "ContactNote(",
            "Tab Tab Enter",
        ),
        sheet("begin", |w, h| written(begun(w, h, "Enter"), "Hello Dee"), "Tab Enter", "Begin(", "Tab Tab Enter"),
        sheet("vim", vim, "Tab Enter", "Reply(", "Tab Tab Enter"),
        sheet("completion", |w, h| at(w, h, "c"), "Tab Tab Enter", "Reply(", "Enter Tab Tab Enter"),
        sheet("path", |w, h| written(at(w, h, "p Alt+A"), "/tmp/photo.jpg"), "Enter", "Look", "Tab Nothing Tab Tab Enter"),
    ]
}

/// Where a line is typed.
fn lines() -> Vec<Row> {
    vec![
        sheet("filter", |w, h| written(at(w, h, "/"), "parcel"), "Enter", "List", "Tab Tab Enter"),
        sheet("find", |w, h| written(at(w, h, "Enter \\"), "news"), "Enter", "screen:news", "Tab Tab Enter"),
        sheet("search", searching::searched, "Tab", "", "Tab q"),
        sheet("search_empty", |w, h| at(w, h, "3"), "r e f", "screen:ref", "Tab Tab Enter"),
        sheet(
            "contact_filter",
            |w, h| {
                let mut screen = contacting::listed(w, h);
                screen.press("/");
                written(screen, "dee")
            },
            "Enter",
            "screen:dee",
            "Tab Tab Enter",
        ),
        sheet("address", |w, h| shelved(mailing::mailer(w, h), "r Ctrl+G c"), "Tab Enter", "screen:Reply to", "Tab Tab Enter"),
        sheet("contact_field", |w, h| shelved(contacting::opened(w, h), "e n x"), "Enter", "EditContact", "Tab Tab Enter"),
        sheet("snooze_line", |w, h| written(at(w, h, "z c"), "mon 8"), "Enter", "Patch", "Tab Tab Enter"),
        sheet("attribute_line", |w, h| written(at(w, h, "m a Enter"), "A-22"), "Enter", "Patch", "Tab Tab Enter"),
        sheet("palette", |w, h| written(at(w, h, "Ctrl+K"), "Resol"), "Enter", "Patch", "Tab Tab Tab Enter"),
        sheet("command_line", |w, h| written(at(w, h, ":"), "conversation.resolve"), "Enter", "Patch", "Tab Tab Enter"),
        sheet("words", |w, h| written(at(w, h, "? /"), "snooze"), "Enter", "screen:Status of", "Tab q"),
        sheet("help", |w, h| at(w, h, "?"), "Enter", "screen:Dee Shopper", "q"),
        sheet("shown", shown, "Enter", "screen:Dee Shopper", "q"),
    ]
}

/// Where something is chosen.
fn menus() -> Vec<Row> {
    vec![
        sheet("assign", |w, h| at(w, h, "j a"), "n", "Patch", "Tab Tab Enter"),
        sheet("team", |w, h| at(w, h, "a t"), "n", "Patch", "Tab Tab Enter"),
        sheet("status", |w, h| at(w, h, "s"), "p", "Patch", "Tab Tab Enter"),
        sheet("snooze", |w, h| at(w, h, "z"), "h", "Patch", "Tab Tab Enter"),
        sheet("priority", |w, h| at(w, h, "!"), "h", "Patch", "Tab Tab Enter"),
        sheet("macros", |w, h| acted(w, h, "M"), "Enter", "screen:Refund done", "Tab Tab Enter"),
        sheet("macro", |w, h| shelved(acted(w, h, "M"), "Enter"), "y", "Macro", "Tab Tab Enter"),
        sheet("block", |w, h| at(w, h, "m b"), "y", "Patch", "Tab Tab Enter"),
        sheet("participants", |w, h| acted(w, h, "m p"), "a", "Patch", "Tab Tab Enter"),
        sheet("attributes", |w, h| at(w, h, "m a"), "Enter", "screen:Order", "Tab Tab Enter"),
        sheet("availability", |w, h| acted(w, h, "m v"), "b", "Availability", "Tab Tab Enter"),
        sheet("cut", |w, h| at(w, h, "f"), "u", "List", "Tab Tab Enter"),
        sheet("cut_inbox", |w, h| at(w, h, "f i"), "m a i l Enter", "List", "Tab Tab Enter"),
        sheet("cut_team", |w, h| at(w, h, "f t"), "b i l Enter", "List", "Tab Tab Enter"),
        sheet("cut_label", |w, h| at(w, h, "f l"), "v i p Enter", "List", "Tab Tab Enter"),
        sheet("cut_priority", |w, h| at(w, h, "f p"), "u", "List", "Tab Tab Enter"),
        sheet("cut_sort", |w, h| at(w, h, "f s"), "a", "List", "Tab Tab Enter"),
        sheet("views", |w, h| views(w, h, "g v"), "V I P Enter", "List", "Tab Tab Enter"),
        sheet("labels", |w, h| at(w, h, "L"), "v i p Space Enter", "Patch", "Tab Tab Enter"),
        sheet("kinds", |w, h| fed(w, h, "t"), "Tab Enter", "", "Tab Tab Enter"),
        sheet("templates", |w, h| template(w, h, ""), "p a r c e l Enter", "screen:first_name", "Tab Tab Enter"),
        sheet("template_value", |w, h| template(w, h, "p a r c e l Enter"), "Enter", "screen:order", "Tab Tab Enter"),
        sheet("template_review", template_filled, "y", "Template(", "Tab Tab Enter"),
        sheet("begin_inbox", |w, h| begun(w, h, ""), "Enter", "screen:new conversation", "Tab Tab Enter"),
        sheet("links", |w, h| at(w, h, "Enter O"), "1", "screen:copy the address", "Tab Tab Enter"),
        sheet("copy", |w, h| at(w, h, "Enter y"), "Enter", "Copy", "Tab Tab Enter"),
        sheet("contact_fields", |w, h| shelved(contacting::opened(w, h), "e"), "n", "screen:Name", "Tab Tab Enter"),
    ]
}

/// Where yes and no are asked.
fn questions() -> Vec<Row> {
    vec![
        sheet("approve", |w, h| at(w, h, "2 Enter G g g a"), "y", "Approve", "n"),
        sheet("discard", |w, h| shelved(written(at(w, h, "p"), "x"), "Ctrl+X d"), "y", "", "n"),
        sheet("note_to_reply", |w, h| shelved(written(at(w, h, "p"), "x"), "Alt+L"), "y", "screen:CUSTOMER", "n"),
        sheet("quit", |w, h| shelved(shelf::drafts(w, h), "1 q"), "y", "Quit", "n"),
        sheet("pasted", pasted, "y", "screen:TEAM ONLY", "n"),
        sheet("drop_draft", |w, h| shelved(shelf::drafts(w, h), "j x"), "y", "screen:Drafts", "n"),
        sheet("drop_entry", |w, h| shelved(shelf::outbox(w, h), "j j j j j x"), "y", "Discard", "n"),
        sheet("drop_view", |w, h| shelved(views(w, h, "g 2 g v"), "D e l e t e Enter"), "y", "DeleteView", "n"),
        sheet("logout", |w, h| at(w, h, "g Q"), "y", "Forget", "n"),
        sheet("erase", own, "y", "Erase", "n"),
    ]
}

/// Gives each variant a name that a row must have met; the match is exhaustive, and the list is made of the same arms.
macro_rules! kinds {
    ($list:ident, $name:ident, $of:ty, $($pattern:pat => $word:literal),+ $(,)?) => {
        const $list: &[&str] = &[$($word),+];
        fn $name(value: &$of) -> &'static str {
            match value { $($pattern => $word),+ }
        }
    };
}

kinds!(OVERLAYS, overlay, Overlay,
    Overlay::Menu(_) => "menu", Overlay::Labels(_) => "labels", Overlay::Pick(_) => "pick", Overlay::Shown(_) => "shown",
    Overlay::Line(_) => "line", Overlay::Address(_) => "address", Overlay::Contact(_) => "contact", Overlay::Approve { .. } => "approve", Overlay::Question(_) => "question",
    Overlay::Help(_) => "help", Overlay::Palette(_) => "palette",
);
kinds!(QUESTIONS, question, Question,
    Question::Discard => "discard", Question::NoteToReply => "note to reply", Question::Quit => "quit", Question::Pasted(_) => "pasted",
    Question::DropDraft => "drop draft", Question::DropEntry => "drop entry", Question::DropView => "drop view",
    Question::Logout => "log out", Question::Erase(..) => "erase",
);
kinds!(ACTIONS, action, Action,
    Action::Patch(_) => "patch", Action::Teams => "teams", Action::Snooze => "snooze", Action::SnoozeLine => "snooze line",
    Action::Macro(_) => "macro", Action::RunMacro(..) => "run macro", Action::Attribute(..) => "attribute",
    Action::SetAttribute(..) => "set attribute", Action::Availability(..) => "availability", Action::Nothing => "nothing",
    Action::Filters(_) => "filters", Action::Filter(_) => "filter", Action::View(_) => "view", Action::Template(_) => "template",
);
kinds!(ASKS, asks, Asks, Asks::Snooze(_) => "snooze", Asks::Attribute(..) => "attribute",
    Asks::Template(..) => "template");

/// What the rows have not met of a list.
fn missing(list: &[&'static str], met: &BTreeSet<&'static str>) -> Vec<&'static str> {
    list.iter().copied().filter(|word| !met.contains(word)).collect()
}

#[test]
fn every_place_and_every_sheet_has_a_row() {
    let (mut places, mut overlays, mut asked, mut actions, mut lines) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut unlike: Vec<String> = Vec::new();
    for row in rows() {
        let screen = (row.open)(80, 24);
        places.insert(screen.state.context());
        if row.sheet.is_none() != Context::PANES.contains(&screen.state.context()) {
            unlike.push(format!("{} is a {:?}\n{}", row.name, screen.state.context(), screen.draw()));
        }
        if let Some(over) = &screen.state.overlay {
            overlays.insert(overlay(over));
            match over {
                Overlay::Question(which) => drop(asked.insert(question(which))),
                Overlay::Menu(menu) => actions.extend(menu.items.iter().map(|item| action(&item.action))),
                Overlay::Line(line) => drop(lines.insert(asks(&line.asks))),
                _ => {}
            }
        }
    }
    assert!(unlike.is_empty(), "panes and sheets that are none:\n{}", unlike.join("\n"));
    let unmet: Vec<_> = Context::ALL.iter().filter(|context| !places.contains(context)).collect();
    assert!(unmet.is_empty(), "places without a row: {unmet:?}");
    assert_eq!(missing(OVERLAYS, &overlays), [""; 0]);
    assert_eq!(missing(QUESTIONS, &asked), [""; 0]);
    assert_eq!(missing(ASKS, &lines), [""; 0]);
    let unmet: Vec<_> = missing(ACTIONS, &actions).into_iter().filter(|word| *word != "set attribute").collect();
    assert_eq!(unmet, [""; 0]);
}

#[test]
fn every_screen_at_every_size_and_without_colours() {
    for row in rows() {
        let mut drawn = String::new();
        for (width, height) in SIZES {
            drawn.push_str(&format!("── {width}x{height}\n{}", (row.open)(width, height).draw()));
        }
        drawn.push_str(&format!("── 80x24 without colours\n{}", gallery::attributes(&gallery::mono(&(row.open)(80, 24)))));
        insta::assert_snapshot!(format!("{}_every", row.name), drawn);
    }
}

/// Presses keys that everybody has and everybody finds: letters, Tab, Enter and the space.
fn plainly(screen: &mut Screen, keys: &str, name: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    for key in keys.split_whitespace() {
        if key == "Nothing" {
            // The disk's answer to a path that does not go on.
            let Some(Effect::Paths(typed)) = effects.pop() else { panic!("{name}: no path was asked for") };
            screen.answer(Answer::Paths { typed, found: Vec::new() });
            continue;
        }
        assert!(["Tab", "Enter", "Space"].contains(&key) || key.chars().all(|c| c.is_ascii_alphanumeric()), "{name}: {key}");
        assert!(keymap::parse(key).is_some());
        effects.extend(screen.press(key));
    }
    effects
}

/// What is asked of the outside that changes something there.
fn acts_outside(effect: &Effect) -> bool {
    matches!(
        effect,
        Effect::Submit { .. }
            | Effect::Patch { .. }
            | Effect::Approve { .. }
            | Effect::Act(_)
            | Effect::Discard(..)
            | Effect::DeleteView(_)
            | Effect::EditContact { .. }
            | Effect::Erase { .. }
            | Effect::Forget
            | Effect::Quit
            | Effect::Look { .. }
    )
}

/// What is wrong with how a sheet is finished and left.
fn faults(row: &Row, sheet: &Sheet, width: u16, height: u16) -> Vec<String> {
    let mut faults = Vec::new();
    let mut screen = (row.open)(width, height);
    let (before, context) = (screen.state.clone(), screen.state.context());
    let effects = format!("{:?}", plainly(&mut screen, sheet.finish, row.name));
    let done = match sheet.does.strip_prefix("screen:") {
        Some(words) => screen.draw().contains(words),
        None => effects.contains(sheet.does),
    };
    if !done || screen.state == before {
        faults.push(format!("{} {width}x{height}: not finished, no {}: {effects}\n{}", row.name, sheet.does, screen.draw()));
    }
    let mut screen = (row.open)(width, height);
    let effects = plainly(&mut screen, sheet.leave, row.name);
    let gone = match context {
        Context::Composer | Context::Normal | Context::Completion => screen.state.composer.is_none(),
        _ => screen.state.overlay.is_none(),
    };
    if !gone || screen.state.context() == context {
        faults.push(format!("{} {width}x{height}: not left\n{}", row.name, screen.draw()));
    }
    if effects.iter().any(acts_outside) {
        faults.push(format!("{} {width}x{height}: does something where it is left: {effects:?}", row.name));
    }
    faults
}

#[test]
fn every_sheet_is_finished_and_left_with_letters_tab_and_enter() {
    let rows = rows();
    let sheets = rows.iter().filter_map(|row| Some((row, row.sheet.as_ref()?)));
    let found: Vec<String> = sheets.flat_map(|(row, sheet)| [(80, 24), (40, 15)].map(|(w, h)| faults(row, sheet, w, h)).concat()).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The marked button says what it is, and any other key goes where it always goes.
#[test]
fn a_marked_button_stands_out_and_letters_are_still_text() {
    for (width, height) in SIZES {
        let mut screen = written(at(width, height, "r"), "Hi");
        assert!(screen.press("Tab").is_empty());
        let foot = screen.draw().lines().last().unwrap().to_owned();
        assert!(foot.contains("[ send ] [ leave"), "{foot}");
        let marked = |screen: &Screen| gallery::attributes(&gallery::mono(screen)).lines().last().unwrap().matches('r').count();
        assert_eq!(marked(&screen), "[ send ]".len());
        screen.press("x");
        assert_eq!(screen.state.composer.as_ref().unwrap().editor.text(), "Hix");
        assert_eq!((screen.state.marked_button(), marked(&screen)), (None, 0));
        screen.press("Tab Tab Tab");
        assert_eq!(screen.state.marked_button(), None);
        // An Enter that found no button is a new line, as always.
        screen.press("Enter");
        assert_eq!(screen.state.composer.as_ref().unwrap().editor.text(), "Hix\n");
    }
}

#[test]
fn arrows_stay_with_the_buttons() {
    let mut screen = at(80, 24, "r");
    screen.type_text("Hello there");
    let before = screen.state.composer.clone();
    let marked = |screen: &mut Screen, key: &str| {
        screen.press(key);
        screen.state.marked_button()
    };
    assert_eq!(marked(&mut screen, "Tab"), Some(Button::Does));
    assert_eq!(marked(&mut screen, "←"), Some(Button::Does));
    assert_eq!(marked(&mut screen, "→"), Some(Button::Leaves));
    assert_eq!(marked(&mut screen, "→"), Some(Button::Leaves));
    assert_eq!(marked(&mut screen, "←"), Some(Button::Does));
    assert_eq!(marked(&mut screen, "↑"), None);
    assert_eq!(screen.state.composer, before, "the text's cursor is where it was");
    screen.press("←");
    screen.type_text("x");
    assert_eq!(screen.state.composer.as_ref().unwrap().editor.text(), "Hello therxe");
}
