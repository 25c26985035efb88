//! The inbox line by line, whatever is typed and whatever happens: it never acts on what its prompt did not name, and nothing in what it says
//! steers a terminal.

use proptest::prelude::*;

use super::spoken::Talk;
use crate::event::{Act, Effect, Purpose};
use crate::text;

#[derive(Debug, Clone)]
enum Step {
    Line(String),
    Answer(prop::sample::Index, u8),
    Stream(prop::sample::Index, i64, u8),
    Tick(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let words = prop::sample::select(vec![
        "reply",
        "note",
        "send",
        ".",
        "yes",
        "y",
        "no",
        "back",
        "0",
        "1",
        "2",
        "3",
        "10",
        "approve",
        "reject",
        "approvals",
        "inbox",
        "search parcel",
        "mark 1 2",
        "resolve",
        "assign",
        "labels",
        "save",
        "canned",
        "/gre",
        "@Ada Admin hi",
        "@b",
        "u",
        "next",
        "older",
        "newer",
        "more",
        "anew",
        "discard",
        "escalate",
        "status",
        "again",
        "tab",
        "show",
        "find a",
        "conversation",
        "contacts",
        "find ann",
        "edit",
        "attributes",
        "a@b.example",
        "tomorrow 9:00",
        "another",
        "activity",
        "type",
        "follow",
        "newest",
        "drafts",
        "outbox",
        "log",
        "settings",
        "open",
        "retry",
        "message",
        "quote",
        "delete",
        "links",
        "copy",
        "views",
        "filter",
        "macros",
        "block",
        "participants",
        "availability",
        "contact",
        "logout",
        "send-resolve",
        "",
        "help",
        "quit",
        "#1042",
        "#1041",
    ]);
    let index = any::<prop::sample::Index>;
    prop_oneof![
        10 => words.prop_map(|words| Step::Line(words.to_owned())),
        2 => (0_u32..40).prop_map(|n| Step::Line(n.to_string())),
        2 => "\\PC{0,30}|[\\PC\u{1b}\u{202e}\u{301}@/.]{0,12}".prop_map(Step::Line),
        8 => (index(), 0_u8..6).prop_map(|(at, how)| Step::Answer(at, how)),
        2 => (index(), 1_020_i64..1_045, any::<u8>()).prop_map(|(kind, id, how)| Step::Stream(kind, id, how)),
        1 => prop::sample::select(vec![0, 250, 2_500, 20_000]).prop_map(Step::Tick),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, ..ProptestConfig::default() })]
    #[test]
    fn a_read_only_inbox_asks_for_no_change(steps in prop::collection::vec(step(), 1..120)) {
        let mut talk = Talk::new();
        talk.run.screen.state.read_only = true;
        for step in &steps {
            match step {
                Step::Line(line) => {
                    let effects = talk.type_line(line);
                    talk.run.waiting.extend(effects);
                    talk.prompt();
                }
                Step::Answer(at, how) => talk.run.answer(at, *how),
                Step::Stream(kind, id, how) => talk.run.stream(kind, *id, *how),
                Step::Tick(millis) => talk.run.screen.tick(*millis),
            }
            let new = std::mem::take(&mut talk.run.screen.effects);
            talk.run.waiting.extend(new);
            let traces: Vec<_> = talk.run.waiting.iter().filter(|effect| !effect.leaves_no_trace()).collect();
            prop_assert!(traces.is_empty() && talk.run.screen.state.composer.is_none(), "{:?}: {:?}", step, traces);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]
    #[test]
    fn whatever_is_typed_goes_where_the_prompt_said(steps in prop::collection::vec(step(), 1..120)) {
        let mut talk = Talk::new();
        for step in &steps {
            match step {
                Step::Line(line) => {
                    let said = talk.said.clone();
                    let question = said.lines().last().unwrap_or_default().to_owned();
                    let effects = talk.type_line(line);
                    for effect in &effects {
                        match effect {
                            Effect::Submit { purpose, .. } => {
                                let (number, reader) = match purpose {
                                    Purpose::Reply(id) => (format!("#{id} "), "read by CUSTOMER"),
                                    Purpose::Note(id) => (format!("#{id} "), "read by TEAM ONLY"),
                                    Purpose::Escalate(id) => (format!("#{id} "), "read by APPROVERS"),
                                    Purpose::Template(id) => (format!("#{id} "), "read by CUSTOMER"),
                                    Purpose::ContactNote(_) => ("Note about ".to_owned(), "read by TEAM ONLY"),
                                    Purpose::Begin(..) => ("New conversation with ".to_owned(), "read by CUSTOMER"),
                                    Purpose::Reject(_, revision) => (format!("revision {revision}"), "read by whoever asked"),
                                };
                                let named = question.contains(&number) || question.contains(number.trim_end());
                                prop_assert!(named && question.contains(reader), "{:?} at: {}", effect, said);
                            }
                            Effect::Approve { id, revision, .. } => {
                                let named = question.starts_with(&format!("Approve AP-{},", id.0.as_u128())) && question.contains(&format!("revision {revision},"));
                                prop_assert!(named, "{:?} at: {}", effect, said);
                            }
                            Effect::EditContact { change, .. } if !change.back => {
                                let named = question.contains(&change.whose) && question.ends_with("? yes or no:");
                                prop_assert!(named, "{:?} at: {}", effect, said);
                            }
                            Effect::Erase { .. } => prop_assert!(question.starts_with("Delete your "), "{:?} at: {}", effect, said),
                            Effect::Forget => prop_assert!(question.starts_with("Log out?"), "{:?} at: {}", effect, said),
                            Effect::Discard(..) => prop_assert!(question.contains("hrow"), "{:?} at: {}", effect, said),
                            Effect::Act(act) => {
                                if let Act::Macro { id, .. } = act.as_ref() {
                                    prop_assert!(question.contains(&format!("#{id}")), "{:?} at: {}", effect, said);
                                }
                            }
                            Effect::Patch { id, label, .. } if !label.ends_with("taken back") => {
                                let named = said.contains(&format!("#{id}")) || said.contains("marked conversations");
                                prop_assert!(named, "{:?} at: {}", effect, said);
                            }
                            _ => {}
                        }
                    }
                    talk.run.waiting.extend(effects);
                }
                Step::Answer(at, how) => talk.run.answer(at, *how),
                Step::Stream(kind, id, how) => talk.run.stream(kind, *id, *how),
                Step::Tick(millis) => talk.run.screen.tick(*millis),
            }
            let new = std::mem::take(&mut talk.run.screen.effects);
            talk.run.waiting.extend(new);
            talk.dialog.hear(&mut talk.run.screen.state);
            // As the loop does: a prompt follows every line; meanwhile nothing is said.
            if matches!(step, Step::Line(_)) {
                talk.prompt();
            }
            prop_assert!(talk.said.lines().all(|line| line.chars().all(text::is_safe)), "{:?}", talk.said);
        }
    }
}
