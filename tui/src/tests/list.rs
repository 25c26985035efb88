//! The list: marks, changes of many, filters, and rows beyond one page.

use api::id::ConversationId;
use api::inbox::{ConversationPatch, ConversationQuery, ConversationStatus, ConversationView, Sort};
use api::page::{Page, PageMeta};
use proptest::prelude::*;

use super::behaviour::{held, toasts};
use super::world::{Screen, Talk, ago, failure, lost, outbox_id, page, talks};
use crate::event::{Answer, Effect, Event, Pointer};
use crate::state::Tab;

fn patches(effects: &[Effect]) -> Vec<(i64, ConversationPatch)> {
    let patch = |effect: &Effect| match effect {
        Effect::Patch { id, patch, .. } => Some((id.0, patch.clone())),
        _ => None,
    };
    effects.iter().filter_map(patch).collect()
}

fn asked(effects: &[Effect]) -> Option<ConversationQuery> {
    effects.iter().rev().find_map(|effect| match effect {
        Effect::List { query, .. } => Some(query.clone()),
        _ => None,
    })
}

fn rows(from: i64, to: i64) -> Vec<ConversationView> {
    (from..to).map(|i| Talk { waits: Some(9_000 - i), ..Talk::new(i, "Somebody", "text", 9_000 - i) }.view()).collect()
}

fn part(data: Vec<ConversationView>, total: u64, next: Option<&str>) -> Page<ConversationView> {
    Page { data, meta: PageMeta { total, page: None, limit: 60, next_cursor: next.map(Into::into), counts: None, ..PageMeta::default() } }
}

/// A filter that was typed and left faster than the daemon answers: the next key does not meet a row that the filter leaves out.
#[test]
fn a_key_after_the_filter_waits_for_its_rows() {
    let mut screen = Screen::new(80, 24);
    let other = screen.state.list.cursor;
    screen.press("/");
    screen.type_text("parcel");
    let effects = screen.press("Enter e");
    assert_eq!(patches(&effects), [], "nothing is resolved before the rows are there");
    assert_eq!(asked(&effects).and_then(|query| query.q), Some("parcel".into()));
    let found = talks().into_iter().rfind(|view| Some(view.id) != other).unwrap();
    let generation = screen.state.list.generation;
    screen.answer(Answer::List { generation, more: false, result: Ok(page(vec![found.clone()])) });
    assert_eq!(patches(&screen.press("e")).iter().map(|(id, _)| *id).collect::<Vec<_>>(), [found.id.0]);
}

#[test]
fn marked_rows_are_changed_one_by_one_and_each_refusal_is_said() {
    let mut screen = Screen::new(80, 24);
    screen.press("Space Space");
    screen.press("j V");
    let marked: Vec<i64> = screen.state.list.marked.iter().map(|id| id.0).collect();
    assert_eq!(marked.len(), 4);
    assert!(screen.draw().contains("4 marked"));
    insta::assert_snapshot!("marked_80x24", screen.draw());
    screen.press("z");
    assert!(screen.draw().contains("Snooze 4 marked conversations"));
    let first = patches(&screen.press("r"));
    assert_eq!(first.iter().map(|(id, _)| *id).collect::<Vec<_>>(), marked, "four at once");
    assert!(first.iter().all(|(_, patch)| patch.status == Some(ConversationStatus::Snoozed) && patch.hold_seconds == Some(5)));
    assert!(screen.draw().contains("0 of 4, Esc stops"));
    for (n, id) in marked.iter().enumerate() {
        let result = if n == 1 {
            Err(failure(api::Code::Forbidden, "not your inbox"))
        } else {
            let mut view = talks().into_iter().find(|view| view.id.0 == *id).unwrap();
            view.status = ConversationStatus::Snoozed;
            Ok(view)
        };
        screen.answer(Answer::Patched { id: ConversationId(*id), label: "x".into(), result });
    }
    let said = toasts(&screen.state);
    assert!(said.contains("3 of 4: snoozed until the customer writes"), "{said}");
    assert!(said.contains(&format!("1 not changed, marked again: #{}: not your inbox", marked[1])), "{said}");
    assert_eq!(screen.state.list.marked.iter().map(|id| id.0).collect::<Vec<_>>(), [marked[1]]);
    assert!(screen.state.bulk.is_none());
    // And back: those that still wait.
    screen.answer(Answer::Outbox(Ok(vec![held(1, marked[0]), held(2, marked[3]), held(3, 7)])));
    let recalled: Vec<_> = screen.press("u").into_iter().filter(|e| matches!(e, Effect::Recall(..))).collect();
    assert!(matches!(recalled.as_slice(), [Effect::Recall(a, _), Effect::Recall(b, _)] if (*a, *b) == (outbox_id(1), outbox_id(2))));
    assert!(toasts(&screen.state).contains("1 of 3 have left already"));
}

#[test]
fn a_change_of_many_can_be_stopped_and_ends_when_the_daemon_is_lost() {
    for stop in [true, false] {
        let mut screen = Screen::new(80, 24);
        screen.press("*");
        let marked = screen.state.list.marked.len();
        assert!(marked > 5);
        let under_way = patches(&screen.press("e"));
        assert_eq!(under_way.len(), 4);
        if stop {
            assert!(patches(&screen.press("Esc")).is_empty());
        }
        for (id, _) in &under_way {
            screen.answer(Answer::Patched { id: ConversationId(*id), label: String::new(), result: Err(lost()) });
        }
        assert!(screen.state.bulk.is_none());
        assert_eq!(screen.state.list.marked.len(), marked, "nothing was changed, all are marked again");
        let why = if stop { "not tried: stopped" } else { "no daemon answers" };
        assert!(toasts(&screen.state).contains(why), "{}", toasts(&screen.state));
    }
}

#[test]
fn labels_of_several_show_what_only_some_have() {
    let mut screen = Screen::new(80, 24);
    let mut some = talks();
    some[0].labels = vec!["vip".into()];
    some[1].labels = vec!["vip".into(), "refund".into()];
    let ids: Vec<i64> = some.iter().take(2).map(|view| view.id.0).collect();
    let generation = screen.state.list.generation;
    screen.answer(Answer::List { generation, more: false, result: Ok(page(some)) });
    screen.press("Space Space L");
    let drawn = screen.draw();
    assert!(drawn.contains("[x] vip") && drawn.contains("[-] refund") && drawn.contains("[ ] escalate"), "{drawn}");
    screen.press("↓ Space");
    let made = patches(&screen.press("Enter"));
    assert_eq!(made.iter().map(|(id, _)| *id).collect::<Vec<_>>().len(), ids.len());
    let change = serde_json::to_value(made[0].1.labels.as_ref().unwrap()).unwrap();
    assert_eq!(change, serde_json::json!({"add": ["refund"], "remove": []}));
}

#[test]
fn the_filter_cuts_and_orders_the_list() {
    let mut screen = Screen::new(80, 24);
    screen.press("f");
    insta::assert_snapshot!("filter_80x24", screen.draw());
    screen.press("i");
    screen.type_text("mail");
    assert_eq!(asked(&screen.press("Enter")).unwrap().inbox, Some(2));
    screen.press("f p");
    assert_eq!(asked(&screen.press("u")).unwrap().priority.as_deref(), Some("urgent"));
    screen.press("f s");
    let query = asked(&screen.press("a")).unwrap();
    assert_eq!((query.sort, query.inbox, query.priority.as_deref()), (Some(Sort::Activity), Some(2), Some("urgent")));
    let generation = screen.state.list.generation;
    screen.answer(Answer::List { generation, more: false, result: Ok(page(Vec::new())) });
    assert!(screen.draw().contains("Shop mail, priority urgent"));
    screen.press("f");
    let query = asked(&screen.press("c")).unwrap();
    assert_eq!((query.sort, query.inbox, query.priority), (Some(Sort::Activity), None, None));
}

#[test]
fn five_tabs_fit_where_there_is_room_and_the_chosen_one_always_does() {
    for (width, height) in [(80, 24), (200, 50), (60, 20), (40, 15)] {
        let mut screen = Screen::new(width, height);
        for tab in Tab::ALL {
            assert_eq!(screen.state.list.tab, tab);
            let drawn = screen.draw();
            assert!(drawn.contains(tab.title()), "{width}: {drawn}");
            let query = asked(&screen.press("Tab")).unwrap();
            let generation = screen.state.list.generation;
            screen.answer(Answer::List { generation, more: false, result: Ok(page(talks())) });
            let next = screen.state.list.tab;
            let wanted = match next {
                Tab::Mentions => Some("mention"),
                Tab::Unattended => Some("unattended"),
                _ => None,
            };
            assert_eq!(query.conversation_type.as_deref(), wanted);
        }
    }
}

#[test]
fn a_long_list_that_is_read_again_keeps_the_cursor_and_its_rows() {
    let mut screen = Screen::new(80, 24);
    screen.press("Tab Tab");
    let generation = screen.state.list.generation;
    screen.answer(Answer::List { generation, more: false, result: Ok(part(rows(0, 200), 600, Some("p200"))) });
    let mut at = 200;
    while at < 600 {
        let effects = screen.press("G");
        assert!(effects.iter().any(|e| matches!(e, Effect::List { more: true, .. })), "the next page is asked for");
        let next = format!("p{}", at + 60);
        let last = at + 60 >= 600;
        screen.answer(Answer::List {
            generation,
            more: true,
            result: Ok(part(rows(at, (at + 60).min(600)), 600, (!last).then_some(next.as_str()))),
        });
        at += 60;
    }
    screen.press(&format!("G {}", "k ".repeat(20)));
    assert_eq!((screen.state.list.rows.len(), screen.state.list.cursor), (600, Some(ConversationId(579))));
    let before = screen.draw();
    // Read again: a new one waits longest, number 3 is gone, 599 has moved to the top.
    let effects = screen.press("Ctrl+R");
    assert_eq!(asked(&effects).unwrap().limit, Some(200));
    let generation = screen.state.list.generation;
    let mut first = vec![Talk { waits: Some(9_999), ..Talk::new(5_000, "New", "x", 1) }.view()];
    first.extend(rows(599, 600));
    first.extend(rows(0, 200).into_iter().filter(|view| view.id.0 != 3));
    screen.effects.clear();
    screen.answer(Answer::List { generation, more: false, result: Ok(part(first, 600, Some("q200"))) });
    assert_eq!((screen.state.list.rows.len(), screen.state.list.cursor), (601, Some(ConversationId(579))), "nothing is lost on the way");
    let mut read = 200;
    while let Some(cursor) = asked(&std::mem::take(&mut screen.effects)).and_then(|query| query.cursor) {
        let from: i64 = cursor.trim_start_matches('q').parse().unwrap();
        let to = (from + 200).min(599);
        screen.answer(Answer::List {
            generation,
            more: true,
            result: Ok(part(rows(from, to), 600, (to < 599).then_some(&*format!("q{to}")))),
        });
        read = to;
    }
    assert_eq!(read, 599, "as far as the cursor needs it");
    let list = &screen.state.list;
    assert_eq!((list.rows.len(), list.rows[0], list.cursor), (600, ConversationId(5_000), Some(ConversationId(579))));
    assert!(!list.rows.contains(&ConversationId(3)));
    let line = |drawn: &str| drawn.lines().position(|line| line.contains('▎'));
    assert_eq!(line(&before), line(&screen.draw()), "the cursor stays on its line");
}

#[test]
fn keys_after_an_assignment_mean_the_same_conversation() {
    let mut screen = Screen::new(80, 24);
    let id = screen.state.list.cursor.unwrap();
    screen.press("a");
    let (assigned, _) = patches(&screen.press("n")).remove(0);
    let mut view = talks().into_iter().find(|view| view.id.0 == assigned).unwrap();
    view.assignee = None;
    screen.answer(Answer::Patched { id, label: "assigned to nobody".into(), result: Ok(view) });
    assert_eq!(screen.state.list.cursor, Some(id), "it is no longer mine, and still what is worked on");
    screen.press("!");
    assert_eq!(patches(&screen.press("h")).remove(0).0, id.0);
    screen.press("j");
    assert!(!screen.state.list.rows.contains(&id) && screen.state.list.cursor != Some(id));
    assert_eq!(screen.state.list.read, screen.state.list.rows.len());
}

#[test]
fn a_change_that_somebody_else_made_since_is_not_undone() {
    let mut screen = Screen::new(80, 24);
    screen.press("!");
    let (id, _) = patches(&screen.press("h")).remove(0);
    let mut view = talks().into_iter().find(|view| view.id.0 == id).unwrap();
    view.priority = Some(api::inbox::Priority::High);
    screen.answer(Answer::Patched { id: view.id, label: "priority high".into(), result: Ok(view.clone()) });
    view.priority = Some(api::inbox::Priority::Low);
    screen.answer(Answer::Conversation(view.id, Ok(view)));
    assert!(patches(&screen.press("u")).is_empty());
    assert!(toasts(&screen.state).contains("changed since by somebody else"));
}

proptest! {
    /// One row that changes ends where a sort of everything would put it.
    #[test]
    fn a_changed_row_goes_where_it_belongs(changes in proptest::collection::vec((0_i64..40, 0_i64..200, any::<bool>(), 0_u8..3), 1..40), sort in 0_u8..4) {
        let mut screen = Screen::new(80, 24);
        screen.state.calm = false;
        screen.state.list.tab = Tab::All;
        screen.state.list.filter.sort = [Sort::Waiting, Sort::Activity, Sort::Created, Sort::Priority][usize::from(sort)];
        screen.press("Ctrl+R");
        let generation = screen.state.list.generation;
        screen.answer(Answer::List { generation, more: false, result: Ok(part(Vec::new(), 0, None)) });
        for (id, at, waits, status) in changes {
            let mut view = Talk { waits: waits.then_some(at), ..Talk::new(id, "Somebody", "text", at) }.view();
            view.created_at = ago(at);
            view.status = [ConversationStatus::Open, ConversationStatus::Open, ConversationStatus::Resolved][usize::from(status)];
            screen.answer(Answer::Conversation(view.id, Ok(view)));
            let rows = screen.state.list.rows.clone();
            screen.state.list.unsorted = true;
            let any = rows.first().and_then(|id| screen.state.conversations.get(id)).cloned();
            if let Some(any) = any {
                screen.answer(Answer::Conversation(any.id, Ok(any)));
            }
            prop_assert_eq!(&rows, &screen.state.list.rows);
            prop_assert_eq!(screen.state.list.read, rows.len());
        }
    }
}

#[test]
fn the_tabs_keep_their_own_numbers_while_the_list_is_cut() {
    let mut screen = Screen::new(120, 24);
    assert!(screen.draw().contains("Mine 4") && screen.draw().contains("1 Inbox 11"));
    screen.press("f u");
    let generation = screen.state.list.generation;
    let mut two = super::world::page(talks().into_iter().take(2).collect());
    two.meta.counts = Some(api::page::Counts { mine: 2, unassigned: 0, all: 2 });
    screen.answer(Answer::List { generation, more: false, result: Ok(two.clone()) });
    let drawn = screen.draw();
    assert!(drawn.contains("Mine 4") && drawn.contains("1 Inbox 11") && drawn.contains("unread: 2"), "{drawn}");
    // Of another status they are asked for, without the filter.
    let effects = screen.press("]");
    let own = effects.iter().find_map(|effect| match effect {
        Effect::OwnCounts { status, query } => Some((*status, query.unread, query.status.clone())),
        _ => None,
    });
    assert_eq!(own, Some(("pending", false, Some("pending".into()))));
    assert!(!screen.draw().contains("Mine 4") && screen.draw().contains("1 Inbox 11"));
    let mut pending = two.clone();
    pending.meta.counts = Some(api::page::Counts { mine: 3, unassigned: 1, all: 9 });
    screen.answer(Answer::OwnCounts { status: "pending", result: Ok(pending) });
    assert!(screen.draw().contains("Mine 3") && screen.draw().contains("1 Inbox 11"), "{}", screen.draw());
    // Words are a filter too, and say what they found.
    let mut screen = Screen::new(120, 24);
    screen.press("/");
    screen.type_text("parcel");
    screen.tick(1_000);
    let generation = screen.state.list.generation;
    screen.answer(Answer::List { generation, more: false, result: Ok(two) });
    assert!(screen.draw().contains("2 found"), "{}", screen.draw());
    screen.press("Enter");
    assert!(screen.draw().contains("/parcel: 2") && screen.draw().contains("Mine 4"), "{}", screen.draw());
}

#[test]
fn an_inbox_with_limits_of_its_own_ages_by_them() {
    let mut screen = Screen::new(80, 24);
    assert!(screen.draw().contains("41m^^") && screen.draw().contains("18m^"));
    let own = crate::limits::InboxLimits { inbox: "shop api".into(), ageing_minutes: Some(20), late_minutes: Some(60) };
    screen.state.settings.waiting.inboxes.push(own);
    let drawn = screen.draw();
    assert!(drawn.contains("41m^") && !drawn.contains("41m^^") && drawn.contains("18m") && !drawn.contains("18m^"), "{drawn}");
    screen.press("Enter i");
    assert!(screen.draw().contains("target 1 h 0 m"), "{}", screen.draw());
}

#[test]
fn the_contact_panel_scrolls_to_its_end() {
    for (width, height) in [(80, 24), (40, 15)] {
        let mut screen = Screen::new(width, height);
        screen.press("Enter i");
        let first = screen.draw();
        assert!(first.contains("↓ more") && !first.contains("Heard from Chatwoot"), "{first}");
        screen.press("j");
        assert!(screen.draw().contains("‹ Dee Shopper"), "the name stays");
        screen.press("G");
        let last = screen.draw();
        assert!(last.contains("Heard from Chatwoot") && last.contains("just now") && !last.contains("↓ more"), "{last}");
        screen.press("k g g");
        assert_eq!(screen.draw(), first);
        // The messages below stand where they stood.
        screen.press("G i i");
        assert_eq!(screen.draw(), first, "opened again, it begins with its beginning");
        assert!(screen.state.threads[&ConversationId(1042)].anchor.is_none());
    }
    // Beside the conversation the wheel scrolls it.
    let mut screen = Screen::new(150, 20);
    screen.state.settings.ui.mouse = true;
    screen.press("Enter");
    for _ in 0..9 {
        screen.send(Event::Pointer(Pointer::Down, 140, 5));
    }
    assert!(screen.draw().contains("Heard from Chatwoot"), "{}", screen.draw());
}

#[test]
fn another_filter_keeps_the_chosen_row_where_it_has_it() {
    let mut screen = Screen::new(80, 24);
    let list = |screen: &mut Screen, rows: Vec<ConversationView>| {
        let generation = screen.state.list.generation;
        screen.answer(Answer::List { generation, more: false, result: Ok(page(rows)) });
    };
    screen.press("j j");
    let bob = ConversationId(1040);
    assert_eq!(screen.state.list.cursor, Some(bob));
    for keys in ["Tab", "f s a", "]"] {
        screen.press(keys);
        assert_eq!(patches(&screen.press("e")), [], "no key means a row that is not shown");
        list(&mut screen, talks());
        assert_eq!(screen.state.list.cursor, Some(bob), "{keys}");
    }
    // Typed letter by letter, answered once.
    screen.press("/");
    screen.type_text("as");
    list(&mut screen, talks().into_iter().skip(1).collect());
    assert_eq!(screen.state.list.cursor, Some(bob));
    screen.press("Enter Esc");
    let without: Vec<_> = talks().into_iter().filter(|view| view.id != bob).collect();
    list(&mut screen, without);
    assert_eq!(screen.state.list.cursor, Some(ConversationId(1042)), "it is gone: the first one");
    list(&mut screen, talks());
    assert_eq!(screen.state.list.cursor, Some(ConversationId(1042)));
    // What holds no row at all leaves nothing else to choose.
    screen.press("j j");
    for found in [Vec::new(), talks()] {
        screen.press("/ z Enter");
        list(&mut screen, found);
    }
    assert_eq!(screen.state.list.cursor, Some(bob));
}

#[test]
fn esc_at_the_list_drops_what_cuts_it_and_h_only_moves() {
    let mut screen = Screen::new(80, 24);
    let empty = |screen: &mut Screen| {
        let generation = screen.state.list.generation;
        screen.answer(Answer::List { generation, more: false, result: Ok(page(Vec::new())) });
        screen.draw()
    };
    screen.press("f u");
    let drawn = empty(&mut screen);
    assert!(drawn.contains("Nothing matches") && drawn.contains("Esc drops the filter"), "{drawn}");
    assert_eq!(asked(&screen.press("h")), None);
    assert!(screen.state.list.filter.unread);
    assert!(!asked(&screen.press("Esc")).unwrap().unread);
    let drawn = empty(&mut screen);
    assert!(drawn.contains("Nothing here"), "{drawn}");
    assert_eq!(asked(&screen.press("Esc")), None);
    assert!(toasts(&screen.state).contains("This is the inbox; q quits"));
    // A saved view stays: it is left in its own menu.
    screen.state.list.filter.view = Some((7, "Late".into()));
    screen.press("f u");
    screen.press("Esc");
    assert_eq!(screen.state.list.filter.words(), ["Late"]);
    assert!(empty(&mut screen).contains("g v shows the others"));
}
