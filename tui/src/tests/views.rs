//! Saved views: Chatwoot's custom filters in the list.

use api::event::{ActivityType, StreamEvent};
use api::lists::CustomFilterView;
use serde_json::json;

use super::behaviour::{activity, toasts};
use super::world::{Screen, failure, me, now, page, talks};
use crate::event::{Answer, Effect, Event};
use crate::seen::Seen;
use crate::state::{Opening, Overlay, State, Tab};
use crate::update;

fn saved(id: i64, name: &str) -> CustomFilterView {
    CustomFilterView { id, name: name.into(), filter_type: "conversation".into(), query: Default::default() }
}

fn with_views() -> Screen {
    let mut screen = Screen::new(80, 24);
    let contact = CustomFilterView { filter_type: "contact".into(), ..saved(9, "People") };
    screen.answer(Answer::Views(Ok(vec![saved(4, "Late\x1b[31m refunds"), contact, saved(7, "VIP")])));
    screen.effects.clear();
    screen
}

fn asked(effects: &[Effect]) -> Option<(Option<i64>, Option<String>, Option<String>)> {
    effects.iter().find_map(|effect| match effect {
        Effect::List { query, .. } => Some((query.view, query.status.clone(), query.assignee.clone())),
        _ => None,
    })
}

#[test]
fn a_digit_shows_a_view_and_the_list_says_so() {
    let mut screen = with_views();
    let effects = screen.press("2 g 2");
    assert_eq!(asked(&effects), Some((Some(7), Some("all".into()), Some("all".into()))));
    let generation = screen.state.list.generation;
    screen.answer(Answer::List { generation, more: false, result: Ok(page(talks())) });
    assert!(screen.draw().contains("VIP"), "{}", screen.draw());
    // What is new to it only the daemon can say: it is asked again, but not at every change.
    screen.effects.clear();
    screen.send(activity(101, api::event::ActivityType::ConversationUpdated, 1042));
    screen.tick(1_000);
    assert_eq!(asked(&screen.effects), None);
    screen.tick(10_000);
    assert_eq!(asked(&screen.effects).map(|(view, ..)| view), Some(Some(7)));
    // Tabs cut it further; clearing the filter leads back.
    assert_eq!(asked(&screen.press("Shift+Tab")).map(|(view, _, whose)| (view, whose)), Some((Some(7), Some("unassigned".into()))));
    let effects = screen.press("f c");
    assert_eq!(asked(&effects), Some((None, Some("open".into()), Some("me".into()))));
    screen.press(":");
    screen.type_text("conv list --view vip");
    assert_eq!(asked(&screen.press("Enter")).map(|(view, ..)| view), Some(Some(7)));
    screen.press(":");
    screen.type_text("conv list --view nobody");
    assert_eq!(screen.press("Enter"), []);
    assert!(screen.draw().contains("there is no saved view"));
    screen.press("Esc");
    // A place that nothing stands at shows them all.
    screen.press("g 5");
    assert!(matches!(&screen.state.overlay, Some(Overlay::Menu(menu)) if menu.title == "Saved views"));
    let drawn = screen.draw();
    assert!(drawn.contains("g 1  Late\u{241b}[31m refunds") && drawn.contains("g 2  VIP") && !drawn.contains("People"), "{drawn}");
}

/// An entry of the outbox moved.
fn wrote(seq: i64, kind: &str, conversation: i64) -> Event {
    let Event::Stream(generation, Ok(StreamEvent::Activity(told))) = activity(seq, ActivityType::OutboxUpdated, conversation) else {
        unreachable!()
    };
    let data = json!({ "state": "queued", "kind": kind, "user": "jo" });
    Event::Stream(generation, Ok(StreamEvent::Activity(api::event::Activity { data, ..told })))
}

#[test]
fn what_is_done_from_here_shows_in_a_view_at_once() {
    let mut screen = with_views();
    screen.press("2 g 2");
    let generation = screen.state.list.generation;
    screen.answer(Answer::List { generation, more: false, result: Ok(page(talks())) });
    screen.tick(1_000);
    screen.effects.clear();
    // Read marks are no condition of a view.
    screen.send(wrote(101, "read", 1042));
    screen.tick(1_000);
    assert_eq!(asked(&screen.effects), None);
    screen.send(wrote(102, "labels", 1042));
    screen.tick(10);
    assert_eq!(asked(&screen.effects).map(|(view, ..)| view), Some(Some(7)));
}

#[test]
fn a_row_that_left_the_view_by_ones_own_key_stays_under_the_cursor_until_it_moves() {
    let mut screen = with_views();
    screen.press("2 g 2");
    let generation = screen.state.list.generation;
    screen.answer(Answer::List { generation, more: false, result: Ok(page(talks())) });
    let first = screen.state.list.rows[0];
    assert_eq!(screen.state.list.cursor, Some(first));
    let view = screen.state.conversations[&first].clone();
    screen.answer(Answer::Patched { id: first, label: "labels −vip".into(), result: Ok(view) });
    screen.send(wrote(101, "labels", first.0));
    screen.tick(1_000);
    let generation = screen.state.list.generation;
    let rest = || talks().into_iter().filter(|talk| talk.id != first).collect::<Vec<_>>();
    screen.answer(Answer::List { generation, more: false, result: Ok(page(rest())) });
    assert_eq!((screen.state.list.cursor, screen.state.list.rows[0]), (Some(first), first), "the next key means the same one");
    screen.press("j");
    screen.tick(1_000);
    let generation = screen.state.list.generation;
    screen.answer(Answer::List { generation, more: false, result: Ok(page(rest())) });
    assert!(!screen.state.list.rows.contains(&first));
}

#[test]
fn what_the_copy_cannot_tell_is_said_in_the_list() {
    let mut screen = with_views();
    screen.press("g 1");
    let generation = screen.state.list.generation;
    let why = "view: \u{201c}Late refunds\u{201d} cannot be told from the copy: campaign_id: campaigns are not copied";
    screen.answer(Answer::List { generation, more: false, result: Err(failure(api::Code::ValidationFailed, why)) });
    let words = screen.draw().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("cannot be told from the copy: campaign_id: campaigns are not copied"), "{words}");
}

#[test]
fn the_list_as_it_is_cut_is_saved_under_a_name() {
    let mut screen = with_views();
    screen.state.list.filter.label = Some("refund".into());
    screen.state.list.filter.priority = Some("urgent");
    screen.press("g v");
    screen.type_text("save this");
    screen.press("Enter");
    assert!(screen.draw().contains(":view save"), "{}", screen.draw());
    screen.type_text("My refunds");
    let effects = screen.press("Enter");
    let Some(Effect::SaveView(new)) = effects.first() else { panic!("{effects:?}") };
    assert_eq!(new.name, "My refunds");
    let row = |key: &str, values, joint| json!({ "attribute_key": key, "filter_operator": "equal_to", "values": values, "query_operator": joint, "attribute_model": "standard" });
    let want = json!([
        row("status", json!(["open"]), json!("AND")),
        row("assignee_id", json!([1]), json!("AND")),
        row("labels", json!(["refund"]), json!("AND")),
        row("priority", json!(["urgent"]), json!(null))
    ]);
    assert_eq!(new.query["payload"], want);
    screen.answer(Answer::Views(Ok(Vec::new())));
    screen.effects.clear();
    screen.answer(Answer::ViewChanged("saved", Ok(saved(12, "My refunds"))));
    assert!(screen.effects.contains(&Effect::Views) && toasts(&screen.state).contains("View saved: My refunds"));
}

#[test]
fn what_chatwoots_filters_cannot_say_is_not_saved() {
    for (change, why) in [
        ((|screen: &mut Screen| screen.state.list.tab = Tab::Mentions) as fn(&mut Screen), "no mentions"),
        (|screen| screen.state.list.filter.unread = true, "neither unread nor words"),
        (|screen| screen.state.list.query = "parcel".into(), "neither unread nor words"),
        (|screen| screen.state.list.filter.priority = Some("none"), "no priority"),
        (|screen| screen.state.list.filter.view = Some((4, "Late".into())), "a saved view already"),
    ] {
        let mut screen = with_views();
        change(&mut screen);
        screen.press(":");
        screen.type_text("view save x");
        assert_eq!(screen.press("Enter"), []);
        assert!(screen.draw().contains(why), "{why}: {}", screen.draw());
    }
}

#[test]
fn the_view_that_is_shown_is_renamed_and_deleted_after_a_question() {
    let mut screen = with_views();
    screen.press("g 2 :");
    screen.type_text("view rename Very important");
    assert_eq!(screen.press("Enter"), [Effect::RenameView(7, "Very important".into())]);
    screen.answer(Answer::ViewChanged("renamed", Ok(saved(7, "Very important"))));
    assert!(screen.draw().contains("Very important"));
    screen.press("g v");
    screen.type_text("delete");
    screen.press("Enter");
    assert!(screen.draw().contains("Delete the saved view \u{201c}Very important\u{201d}, in Chatwoot too?"));
    screen.press("n");
    screen.press("g v");
    screen.type_text("delete");
    screen.press("Enter");
    assert_eq!(screen.press("y"), [Effect::DeleteView(7)]);
    screen.effects.clear();
    screen.answer(Answer::ViewChanged("deleted", Ok(saved(7, "Very important"))));
    assert_eq!(asked(&screen.effects).map(|(view, ..)| view), Some(None));
    // Without one there is nothing to rename.
    screen.press(":");
    screen.type_text("view rename x");
    assert_eq!(screen.press("Enter"), []);
    assert!(screen.draw().contains("no saved view is shown"));
}

/// An inbox that was asked to open with something, and what it left behind the last time.
fn opening(what: Opening, seen: Option<Seen>) -> Screen {
    let mut state = State::new(now(), jiff::tz::TimeZone::UTC, (80, 24), "s");
    state.opening = Some(what);
    let effects = update::start(&mut state, seen);
    Screen { state, effects }
}

#[test]
fn it_opens_with_the_tab_or_the_view_that_it_was_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    for (what, query) in [
        (Opening::Tab(Tab::Unassigned), (None, Some("open".into()), Some("unassigned".into()))),
        (Opening::View(7, "VIP".into()), (Some(7), Some("all".into()), Some("all".into()))),
    ] {
        for seen in [None, Some(super::seen::left(dir.path()))] {
            let mut screen = opening(what.clone(), seen);
            assert!(screen.state.list.rows.is_empty(), "rows of another list are not shown under this one's name");
            screen.answer(Answer::Me(Ok(me(Some(true)))));
            assert_eq!(asked(&screen.effects), Some(query.clone()));
            let generation = screen.state.list.generation;
            screen.answer(Answer::List { generation, more: false, result: Ok(page(talks())) });
            let drawn = screen.draw();
            assert!(drawn.contains("Dee Shopper") && drawn.contains("VIP") == (query.0 == Some(7)), "{drawn}");
        }
    }
    // Somebody else's inbox of last time changes nothing of it.
    let mut screen = opening(Opening::View(7, "VIP".into()), Some(super::seen::left(dir.path())));
    screen.answer(Answer::Me(Ok(api::tenant::MeView { user: "kim".into(), ..me(Some(true)) })));
    assert_eq!(asked(&screen.effects).map(|(view, ..)| view), Some(Some(7)));
    // What was shown last is there at once where it is the same.
    let screen = opening(Opening::Tab(Tab::Mine), Some(super::seen::left(dir.path())));
    assert_eq!(screen.state.list.rows.len(), talks().len());
    assert_eq!(screen.state.list.cursor, screen.state.list.rows.get(1).copied(), "the cursor stands where it stood");
    assert_eq!([Tab::named("mine"), Tab::named("UNASSIGNED"), Tab::named("min")], [Some(Tab::Mine), Some(Tab::Unassigned), None]);
}
