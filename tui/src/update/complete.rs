//! Completion lists of the composer: what opens one, what is in it, and what a choice puts in.
//!
//! A list follows what stands left of the cursor. It opens while something is typed, never by a paste or a movement, and is closed by
//! Esc until something else is begun.

use api::inbox::Mention;

use super::compose;
use crate::editor::Edit;
use crate::event::Purpose;
use crate::state::{Candidate, Completing, Completion, Composer, Mentioned, Offer, State, With};
use crate::text;
use crate::{canned, mention};

/// Lines of a list at most: more nobody goes through, another letter narrows it.
const CHOICES_MAX: usize = 50;
/// Characters that are looked for at most; what is longer is text.
const QUERY_MAX: usize = 60;

/// What left of the cursor asks for a list: where it begins, and what is looked for.
fn trigger(composer: &Composer) -> Option<(Offer, usize, String)> {
    let before = composer.editor.text().get(..composer.editor.cursor())?;
    let line = before.rfind('\n').map_or(0, |at| at + 1);
    let words = before.get(line..)?;
    let message = matches!(composer.purpose, Purpose::Reply(_) | Purpose::Note(_));
    if let Some(query) = words.strip_prefix('/').filter(|query| message && query.chars().count() <= QUERY_MAX) {
        return Some((Offer::Canned, line, query.to_owned()));
    }
    at_sign(composer, words, line).or_else(|| shortcode(words, line))
}

/// What left of the cursor asks for somebody to be notified: only in a note, and not where a mention stands already.
fn at_sign(composer: &Composer, line: &str, from: usize) -> Option<(Offer, usize, String)> {
    let at = line.rfind('@')?;
    let (before, query) = (line.get(..at)?, line.get(at + 1..)?);
    let begins = !before.ends_with(char::is_alphanumeric) && !query.starts_with(char::is_whitespace);
    let note = matches!(composer.purpose, Purpose::Note(_)) && begins && query.chars().count() <= QUERY_MAX;
    let taken = mention::places(composer.editor.text(), &composer.with.mentions).iter().any(|place| place.start == from + at);
    (note && !taken).then(|| (Offer::Mention, from + at, query.to_owned()))
}

/// What left of the cursor asks for an emoji: a colon where a word begins, and two letters of its shortcode.
fn shortcode(line: &str, from: usize) -> Option<(Offer, usize, String)> {
    let at = line.rfind(':')?;
    let (before, query) = (line.get(..at)?, line.get(at + 1..)?);
    let begins = before.is_empty() || before.ends_with(|c: char| c.is_whitespace() || c == '(');
    let code = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '-');
    let asked = begins && (2..=QUERY_MAX).contains(&query.len()) && query.chars().all(code);
    asked.then(|| (Offer::Emoji, from + at, query.to_owned()))
}

/// A colon was typed: a whole shortcode before it becomes its emoji.
pub(super) fn colon(state: &mut State) {
    let Some(composer) = state.composer.as_mut().filter(|c| !c.sending) else { return };
    let cursor = composer.editor.cursor();
    let before = composer.editor.text().get(..cursor.saturating_sub(1)).unwrap_or_default();
    let line = before.rfind('\n').map_or(0, |at| at + 1);
    let found = shortcode(before.get(line..).unwrap_or_default(), line);
    if let Some((from, emoji)) = found.and_then(|(_, from, code)| Some((from, emojis::get_by_shortcode(&code)?))) {
        composer.editor.replace(from..cursor, emoji.as_str());
        compose::changed(state);
    }
}

/// Brings the list up to what stands left of the cursor; only where something was `typed` a list opens.
pub(super) fn follow(state: &mut State, typed: bool) {
    let Some(composer) = &state.composer else { return };
    let completing = &composer.completing;
    let found = trigger(composer).filter(|_| !composer.sending && !composer.takes_commands());
    let closed = completing.closed.filter(|at| found.as_ref().is_some_and(|(_, from, _)| from == at));
    let old = completing.list.as_ref().filter(|list| found.as_ref().is_some_and(|(_, from, _)| *from == list.from));
    let called = old.is_some_and(|list| list.called);
    let list = found.filter(|_| closed.is_none() && (typed || old.is_some())).and_then(|(offer, from, query)| {
        let choices = match offer {
            Offer::Canned => responses(state, composer, &query),
            Offer::Mention => people(state, &query),
            Offer::Emoji => emoji(&query),
        };
        (!choices.is_empty()).then_some(Completion { offer, from, choices, cursor: 0, called })
    });
    // The chosen line stays chosen while it is there.
    let chosen = old.and_then(|old| old.choices.get(old.cursor)).map(|choice| choice.label.clone());
    if let Some(composer) = &mut state.composer {
        composer.completing.closed = closed;
        composer.completing.list = list.map(|mut list| {
            list.cursor = list.choices.iter().position(|c| !typed && Some(&c.label) == chosen.as_ref()).unwrap_or(0);
            list
        });
    }
}

/// Canned responses by code, then by text.
fn responses(state: &State, composer: &Composer, query: &str) -> Vec<Candidate> {
    let Some(id) = composer.purpose.conversation() else { return Vec::new() };
    let query = query.trim().to_lowercase();
    let rank = |code: &str, content: &str| {
        let code = code.to_lowercase();
        if code.starts_with(&query) {
            Some(0)
        } else if code.contains(&query) {
            Some(1)
        } else {
            content.to_lowercase().contains(&query).then_some(2)
        }
    };
    let mut found: Vec<_> =
        state.directory.canned.iter().filter_map(|canned| Some((rank(&canned.short_code, &canned.content)?, canned))).collect();
    found.sort_by_key(|(rank, _)| *rank);
    let filled = |content: &str| text::typed(&canned::fill(content, |name| canned::value(state, id, name)).text);
    found
        .into_iter()
        .take(CHOICES_MAX)
        .map(|(_, canned)| Candidate { label: canned.short_code.clone(), text: filled(&canned.content).trim_end().to_owned(), who: None })
        .collect()
}

/// Agents but oneself, and teams: by how a name begins, then by how one of its words does, then by what it holds.
fn people(state: &State, query: &str) -> Vec<Candidate> {
    let query = query.to_lowercase();
    let me = state.agent();
    let agents = state.directory.agents.iter().filter(|a| Some(a.id) != me).map(|a| (Mention::Agent(a.id), &a.name));
    let teams = state.directory.teams.iter().map(|t| (Mention::Team(t.id), &t.name));
    let mut found: Vec<_> = agents
        .chain(teams)
        .filter_map(|(who, name)| {
            let name = text::line(name);
            let lower = name.to_lowercase();
            let words = || lower.split(' ').any(|word| word.starts_with(&query));
            let rank = if lower.starts_with(&query) { 0 } else { 2 - u8::from(words()) };
            (!name.is_empty() && lower.contains(&query)).then_some((rank, who, name))
        })
        .collect();
    found.sort_by_key(|(rank, ..)| *rank);
    let choice = |(_, who, name): (u8, Mention, String)| Candidate { label: format!("@{name}"), text: format!("@{name} "), who: Some(who) };
    found.into_iter().take(CHOICES_MAX).map(choice).collect()
}

/// Emoji by how a shortcode begins, then by what it holds.
fn emoji(query: &str) -> Vec<Candidate> {
    let query = query.to_ascii_lowercase();
    let mut found: Vec<_> = emojis::iter()
        .filter_map(|emoji| {
            let rank =
                |code: &str| if code.starts_with(&query) { Some(code.len()) } else { code.contains(&query).then_some(100 + code.len()) };
            let (rank, code) = emoji.shortcodes().filter_map(|code| Some((rank(code)?, code))).min()?;
            Some((rank, code, emoji.as_str()))
        })
        .collect();
    found.sort_by_key(|(rank, ..)| *rank);
    let choice = |(_, code, emoji): (usize, &str, &str)| Candidate { label: format!(":{code}:"), text: emoji.to_owned(), who: None };
    found.into_iter().take(CHOICES_MAX).map(choice).collect()
}

/// Opens a list by its key, where a line begins.
pub(super) fn call(state: &mut State) {
    if state.directory.canned.is_empty() {
        super::toast(state, crate::state::Tone::Plain, "The account has no canned responses; they are made in Chatwoot");
        return;
    }
    let Some(composer) = state.composer.as_mut().filter(|c| !c.sending) else { return };
    let before = composer.editor.text().get(..composer.editor.cursor()).unwrap_or_default();
    let fits = composer.editor.insert(if before.is_empty() || before.ends_with('\n') { "/" } else { "\n/" });
    compose::changed(state);
    if let Some(list) = state.composer.as_mut().filter(|_| fits).and_then(|c| c.completing.list.as_mut()) {
        list.called = true;
    }
}

/// Closes the list; what was typed stays, but for what a key of its own put there.
pub(super) fn close(state: &mut State) {
    let Some(composer) = &mut state.composer else { return };
    let Some(list) = composer.completing.list.take() else { return };
    composer.completing.closed = Some(list.from);
    let cursor = composer.editor.cursor();
    if list.called && composer.editor.text().get(list.from..cursor) == Some("/") {
        composer.editor.replace(list.from..cursor, "");
        compose::changed(state);
    }
}

/// Puts the chosen line in.
pub(super) fn choose(state: &mut State) {
    let Some(composer) = state.composer.as_mut().filter(|c| !c.sending) else { return };
    let Some(list) = composer.completing.list.take() else { return };
    let Some(choice) = list.choices.get(list.cursor) else { return };
    let (from, cursor) = (list.from, composer.editor.cursor());
    let fits = composer.editor.replace(from..cursor, &choice.text);
    if let Some(who) = choice.who.filter(|_| fits) {
        let mentioned = Mentioned { who, name: choice.label.strip_prefix('@').unwrap_or(&choice.label).to_owned() };
        composer.with.join(With { mentions: vec![mentioned], ..With::default() });
    }
    compose::changed(state);
    if let Some(composer) = &mut state.composer {
        composer.completing = Completing { list: None, closed: Some(from) };
        if !fits {
            composer.error = Some(format!("A message has {} characters at most; this does not fit", crate::editor::CHARS_MAX));
        }
    }
}

/// Marks another line.
pub(super) fn move_by(state: &mut State, by: isize) {
    if let Some(list) = state.composer.as_mut().and_then(|c| c.completing.list.as_mut()) {
        list.cursor = super::moved(list.cursor, by, list.choices.len());
    }
}

/// A mention that the edit is to take away as one piece.
pub(super) fn whole(composer: &Composer, edit: Edit) -> Option<std::ops::Range<usize>> {
    let cursor = composer.editor.cursor();
    let ends = |range: &std::ops::Range<usize>| match edit {
        Edit::Backspace | Edit::WordBackspace => range.end == cursor,
        Edit::Delete | Edit::WordDelete => range.start == cursor,
        _ => false,
    };
    mentions(composer).into_iter().find(ends)
}

/// Where the text mentions somebody; only a note does.
pub(super) fn mentions(composer: &Composer) -> Vec<std::ops::Range<usize>> {
    match composer.purpose {
        Purpose::Note(_) => mention::places(composer.editor.text(), &composer.with.mentions),
        _ => Vec::new(),
    }
}
