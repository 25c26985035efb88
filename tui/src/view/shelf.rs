//! Drafts, outbox, log and settings: a line each, and below what the chosen one says in full.

use api::inbox::{OutboxState, OutboxView};
use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::inbox::select;
use super::ui::{self, Spans, ends, put, rule, span};
use crate::drafts::Draft;
use crate::event::Purpose;
use crate::layout;
use crate::mention;
use crate::state::{Daemon, DraftOf, Setting, Shelf, State, Tone, draft_of};
use crate::text;
use crate::theme::Theme;

/// From this height on the chosen row is shown in full below the others; a text from a lower one, of which a narrow row says little.
const WITH_DETAIL: u16 = 12;
const WITH_TEXT: u16 = 8;
/// Its lines, with the rule above; a text has half of the pane, so that it is known without being opened.
const DETAIL: u16 = 4;
/// From this width on the columns stand below each other.
const COLUMNS: u16 = 70;

/// Where the rows stand, and where the chosen one is shown in full.
pub(crate) fn parts(pane: Rect, shelf: Shelf) -> (Rect, Option<Rect>) {
    let mut rows = layout::rows_area(pane);
    let (from, detail) = match shelf {
        Shelf::Drafts | Shelf::Outbox => (WITH_TEXT, rows.height.div_ceil(2)),
        Shelf::Log | Shelf::Settings => (WITH_DETAIL, DETAIL),
    };
    if rows.height < from {
        return (rows, None);
    }
    rows.height -= detail;
    (rows, Some(Rect { y: rows.bottom(), height: detail, ..rows }))
}

/// A row: columns of so many cells, then the rest.
struct Line {
    columns: Vec<(usize, String, ratatui::style::Style)>,
    rest: Spans,
    full: String,
}

pub(super) fn draw(state: &State, theme: &Theme, buf: &mut Buffer, pane: Rect, shelf: Shelf) {
    let lines = lines(state, theme, shelf);
    let inner = Rect { x: pane.x + 1, width: pane.width.saturating_sub(2), height: 1, ..pane };
    let left = vec![span(shelf.title(), theme.strong), span(format!(" {}", lines.len()), theme.accent)];
    let right = if pane.width >= COLUMNS { about(state, theme, shelf) } else { Spans::new() };
    ends(buf, inner, left, right);
    let (rows, detail) = parts(pane, shelf);
    if lines.is_empty() {
        let (words, hint) = empty(state, shelf);
        return super::quiet(theme, buf, rows, words, hint);
    }
    let chosen = state.shelf_chosen(shelf).map_or(0, |(place, _)| place);
    let top = state.shelves.top.get(&shelf).copied().unwrap_or(0);
    for (y, (index, line)) in (rows.top()..rows.bottom()).zip(lines.iter().enumerate().skip(top)) {
        let place = Rect { y, height: 1, ..rows };
        draw_line(buf, theme, Rect { x: place.x + 1, width: place.width.saturating_sub(2), ..place }, line);
        if index == chosen {
            select(theme, buf, place, false);
        }
    }
    if let (Some(area), Some(line)) = (detail, lines.get(chosen)) {
        rule(buf, area.x, area.y, area.width, theme.rule);
        let room = usize::from(area.width.saturating_sub(4)).max(1);
        let rows = text::wrap(&line.full, room);
        let cut = rows.len() > usize::from(area.height.saturating_sub(1));
        for (y, row) in (area.y + 1..area.bottom()).zip(rows) {
            let more = cut && y + 1 == area.bottom();
            let row = if more { format!("{} …", text::truncate(&row, room.saturating_sub(2).max(1))) } else { row.to_string() };
            put(buf, area.x + 2, y, area.width.saturating_sub(4), vec![span(row, theme.dim)]);
        }
    }
}

fn draw_line(buf: &mut Buffer, theme: &Theme, area: Rect, line: &Line) {
    let mut spans = Spans::new();
    for (width, words, style) in &line.columns {
        if area.width >= COLUMNS {
            let words = text::truncate(words, width.saturating_sub(2));
            let pad = width.saturating_sub(text::width(&words));
            spans.push(span(words, *style));
            spans.push(span(" ".repeat(pad), theme.text));
        } else if !words.is_empty() {
            spans.push(span(words.clone(), *style));
            spans.push(span("  ", theme.text));
        }
    }
    spans.extend(line.rest.iter().cloned());
    put(buf, area.x, area.y, area.width, spans);
}

/// What stands at the head's right.
fn about(state: &State, theme: &Theme, shelf: Shelf) -> Spans {
    let words = match shelf {
        Shelf::Drafts => "kept on this machine, newest first".to_owned(),
        Shelf::Outbox => {
            let others = state.outbox.iter().filter(|entry| entry.kind != "read").count() - state.own_outbox().count();
            if others > 0 { format!("yours; {others} of others: afenda outbox list") } else { "yours, first to leave first".into() }
        }
        Shelf::Log => "kept while the inbox is open, newest first".into(),
        Shelf::Settings => "where each value comes from".into(),
    };
    vec![span(words, theme.dim)]
}

fn empty(state: &State, shelf: Shelf) -> (&'static str, &'static str) {
    match shelf {
        Shelf::Drafts if !state.drafts_loaded => ("The drafts are being read", ""),
        Shelf::Drafts if state.read_only => ("Nothing is unsent", ""),
        Shelf::Drafts => ("Nothing is unsent", "What you write is kept here until it is sent or discarded"),
        Shelf::Outbox if !state.shelves.outbox_read && matches!(state.daemon, Daemon::Lost { .. }) => {
            ("The daemon is not there", "What it holds is shown when it is back")
        }
        Shelf::Outbox if !state.shelves.outbox_read => ("Reading …", ""),
        Shelf::Outbox => ("Nothing of yours waits", "Chatwoot has everything"),
        Shelf::Log => ("Nothing was noted yet", "Lost connections, refused writes and short messages stay here"),
        Shelf::Settings => ("There are no settings", ""),
    }
}

fn lines(state: &State, theme: &Theme, shelf: Shelf) -> Vec<Line> {
    match shelf {
        Shelf::Drafts => {
            let rows = state.shelf_rows(shelf);
            rows.iter().filter_map(|name| Some(draft(state, theme, name, state.drafts.get(name)?))).collect()
        }
        Shelf::Outbox => state.own_outbox().map(|entry| outbox(state, theme, entry)).collect(),
        Shelf::Log => state.log.rows().map(|row| noted(state, theme, row)).collect(),
        Shelf::Settings => Setting::all(state).iter().map(|setting| set(theme, setting)).collect(),
    }
}

/// Rows in words: the columns and the rest one after the other, and what each says in full.
pub(crate) fn said(state: &State, shelf: Shelf) -> Vec<(String, String)> {
    let words = |line: Line| {
        let rest: String = line.rest.iter().map(|part| part.content.as_ref()).collect();
        let parts = line.columns.into_iter().map(|(_, words, _)| words).chain([rest]);
        let parts: Vec<String> = parts.map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect();
        (parts.join(", "), line.full)
    };
    lines(state, &super::plain(), shelf).into_iter().map(words).collect()
}

/// What the rows of one are, or why there are none.
pub(crate) fn about_words(state: &State, shelf: Shelf) -> String {
    if state.shelf_rows(shelf).is_empty() {
        let (words, hint) = empty(state, shelf);
        return if hint.is_empty() { words.to_owned() } else { format!("{words}. {hint}") };
    }
    about(state, &super::plain(), shelf).iter().map(|part| part.content.as_ref()).collect()
}

/// A conversation's number and its contact, as far as that is known.
fn target(state: &State, id: api::id::ConversationId) -> String {
    let name = state.conversation(id).map(|view| text::line(&view.contact.name)).filter(|name| !name.is_empty());
    name.map_or_else(|| format!("#{id}"), |name| format!("#{id} {name}"))
}

/// What a text belongs to.
fn whose(state: &State, purpose: Purpose) -> String {
    match (purpose.conversation(), purpose.contact()) {
        (Some(id), _) => target(state, id),
        (None, Some(id)) => super::contacts::name_of(state, id),
        (None, None) => String::new(),
    }
}

fn first_line(words: &str) -> String {
    words.lines().map(text::line).find(|line| !line.trim().is_empty()).unwrap_or_default()
}

fn draft(state: &State, theme: &Theme, name: &str, draft: &Draft) -> Line {
    let (kind, style) = match draft_of(name) {
        DraftOf::Text(Purpose::Reply(_) | Purpose::Template(_) | Purpose::Begin(..)) => ("CUSTOMER", theme.accent),
        DraftOf::Text(Purpose::Note(_) | Purpose::ContactNote(_)) => ("TEAM ONLY", theme.warn),
        DraftOf::Text(Purpose::Escalate(_)) => ("APPROVERS", theme.warn),
        DraftOf::Decision(_, true) => ("APPROVAL", theme.warn),
        DraftOf::Decision(_, false) | DraftOf::Text(Purpose::Reject(..)) => ("REJECTION", theme.bad),
        DraftOf::Other => ("OTHER", theme.dim),
    };
    let about = match draft_of(name) {
        DraftOf::Text(purpose) => whose(state, purpose),
        DraftOf::Decision(id, _) => {
            let known = state.approvals.rows.iter().find(|approval| approval.id == id);
            known.map_or_else(|| "an approval".into(), |approval| format!("{} {}", approval.reference, text::line(&approval.title)))
        }
        DraftOf::Other => text::line(name),
    };
    let mut says = first_line(&mention::readable(&draft.text));
    let files = draft.with.files.len();
    if files > 0 {
        let files = format!("({files} file{})", if files == 1 { "" } else { "s" });
        says = if says.is_empty() { files } else { format!("{files} {says}") };
    }
    if draft.decides.is_some() {
        says = format!("waits for the daemon {says}").trim_end().to_owned();
    }
    let second = if name.contains(crate::state::SECOND) { "  another one, kept beside the newer" } else { "" };
    let full = format!("{kind}{second} · {about} · {}\n{}", ui::day(state, draft.at), mention::readable(&draft.text));
    Line {
        columns: vec![(11, kind.into(), style), (6, ui::age(state.ages_at(), draft.at), theme.faint), (26, about, theme.strong)],
        rest: vec![span(says, theme.dim)],
        full: text::clean(&full),
    }
}

/// What an entry would do, in words, its target named.
pub(crate) fn deed(state: &State, entry: &OutboxView) -> String {
    let (what, target) = deed_parts(state, entry);
    format!("{what} · {target}")
}

fn deed_parts(state: &State, entry: &OutboxView) -> (String, String) {
    let value = text::line(entry.change.as_deref().unwrap_or_default());
    let name = |list: &[api::inbox::Named]| {
        let id = value.parse::<i64>().ok();
        list.iter().find(|one| Some(one.id) == id).map_or_else(|| format!("number {value}"), |one| text::line(&one.name))
    };
    let target = match (entry.conversation_id, entry.contact_id) {
        (Some(id), _) => target(state, id),
        (None, Some(id)) => super::contacts::name_of(state, id),
        (None, None) => "no conversation".into(),
    };
    let what = match (entry.kind.as_str(), value.as_str()) {
        ("reply", _) => "reply to the CUSTOMER".to_owned(),
        ("note", _) => "note for the TEAM".into(),
        ("assignee", "none") => "assign to nobody".into(),
        ("assignee", "") => "assign".into(),
        ("assignee", _) => format!("assign to {}", name(&state.directory.agents)),
        ("team", "none") => "take off its team".into(),
        ("team", "") => "give to a team".into(),
        ("team", _) => format!("give to team {}", name(&state.directory.teams)),
        ("status", "") => "set the status".into(),
        ("status", status) => format!("set {status}"),
        ("priority", "none") => "take the priority off".into(),
        ("priority", "") => "set the priority".into(),
        ("priority", priority) => format!("set priority {priority}"),
        ("labels", labels) => format!("labels {labels}").trim_end().to_owned(),
        ("unread", _) => "mark unread".into(),
        ("attributes", keys) => format!("change attributes {keys}").trim_end().to_owned(),
        ("contact", keys) => format!("change the contact {keys}").trim_end().to_owned(),
        ("macro", id) => format!("run macro {id}").trim_end().to_owned(),
        ("mute", "unblocked") => "unblock the contact".into(),
        ("mute", _) => "block the contact, and resolve".into(),
        ("participants", who) => format!("participants {who}").trim_end().to_owned(),
        ("contact_note", _) => "note for the TEAM".into(),
        ("conversation", _) => "first message to the CUSTOMER".into(),
        ("delete", id) if id.starts_with("note ") => format!("delete {id}"),
        ("delete", id) => format!("delete message {id}").trim_end().to_owned(),
        (other, _) => text::line(other),
    };
    (what, target)
}

/// What is asked before something is thrown away: it is named.
pub(super) fn question(state: &State) -> String {
    let Some(name) = state.shelves.asked.as_deref() else { return "It is gone already.".into() };
    if let Some(draft) = state.drafts.get(name) {
        let line = draft_line(state, name, draft);
        return match draft.decides {
            Some(_) => format!("Take this decision back? {line}"),
            None => format!("Throw this draft away? {line}"),
        };
    }
    match state.outbox_entry(name) {
        Some(entry) => format!("Throw this away? {}", deed(state, entry)),
        None => "It is gone already.".into(),
    }
}

fn draft_line(state: &State, name: &str, draft: &Draft) -> String {
    let about = match draft_of(name) {
        DraftOf::Text(purpose) => whose(state, purpose),
        DraftOf::Decision(..) | DraftOf::Other => String::new(),
    };
    let says = text::truncate(&first_line(&mention::readable(&draft.text)), 80);
    [about, says].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// Until when, in steps: what changes every second would be the only thing on the screen that moves.
fn steps(now: Timestamp, at: Timestamp) -> String {
    match ui::seconds_until(now, at) {
        ..=0 => "now".into(),
        seconds @ 1..=30 => format!("in {} s", (seconds + 4) / 5 * 5),
        seconds @ 31..=120 => format!("in {} s", (seconds + 29) / 30 * 30),
        seconds => format!("in {} min", (seconds + 59) / 60),
    }
}

fn outbox(state: &State, theme: &Theme, entry: &OutboxView) -> Line {
    let error = text::line(entry.error.as_deref().unwrap_or_default());
    let (how, style) = match entry.state {
        OutboxState::Queued if entry.sends_at > state.now && entry.attempts > 0 => {
            (format!("again {}", steps(state.now, entry.sends_at)), theme.warn)
        }
        OutboxState::Queued if entry.sends_at > state.now => (format!("leaves {}", steps(state.now, entry.sends_at)), theme.accent),
        OutboxState::Queued => ("waits".into(), theme.warn),
        OutboxState::Sending => ("on its way".into(), theme.accent),
        OutboxState::Held => ("not known".into(), theme.bad),
        OutboxState::Failed => ("not done".into(), theme.bad),
        OutboxState::Done => ("done".into(), theme.ok),
        OutboxState::Cancelled => ("taken back".into(), theme.dim),
    };
    let content = entry.content.as_deref().map(|content| first_line(&mention::readable(content))).unwrap_or_default();
    let (what, target) = deed_parts(state, entry);
    let says = if error.is_empty() || entry.state == OutboxState::Queued { content } else { error.clone() };
    let mut full = deed(state, entry);
    if entry.state == OutboxState::Held {
        full.push_str(" · it is not known whether it arrived: look in Chatwoot before you try again");
    }
    if entry.attempts > 0 {
        full.push_str(&format!(" · tried {} time{}", entry.attempts, if entry.attempts == 1 { "" } else { "s" }));
    }
    if !error.is_empty() {
        full.push_str(&format!(" · {error}"));
    }
    if let Some(content) = &entry.content {
        full.push_str(&format!("\n{}", mention::readable(content)));
    }
    Line {
        columns: vec![(16, how, style), (24, what, theme.text), (if state.size.0 >= 100 { 30 } else { 21 }, target, theme.strong)],
        rest: vec![span(says, if entry.state == OutboxState::Queued { theme.dim } else { theme.text })],
        full: text::clean(&full),
    }
}

fn noted(state: &State, theme: &Theme, row: &crate::state::Noted) -> Line {
    let style = match row.tone {
        Tone::Good => theme.ok,
        Tone::Plain => theme.text,
        Tone::Bad => theme.bad,
    };
    let word = match row.tone {
        Tone::Good => "done",
        Tone::Plain => "",
        Tone::Bad => "look",
    };
    let clock = row.at.to_zoned(state.tz.clone()).strftime("%H:%M:%S").to_string();
    let times = if row.times > 1 { format!("  {} times", row.times) } else { String::new() };
    Line {
        columns: vec![(10, clock, theme.faint), (6, word.into(), style)],
        rest: vec![span(text::line(&row.text), style), span(times, theme.faint)],
        full: format!("{}, {}", ui::day(state, row.at), text::line(&row.text)),
    }
}

fn set(theme: &Theme, setting: &Setting) -> Line {
    let value = text::line(&setting.value);
    let source = text::line(&setting.source.words());
    let edit = text::line(&setting.edit);
    let how = if edit.is_empty() { "not to be changed here".to_owned() } else { format!("change it: {edit}") };
    Line {
        columns: vec![(22, text::line(&setting.name), theme.dim), (36, value.clone(), theme.strong)],
        rest: vec![span(source.clone(), theme.faint)],
        full: format!("{}: {value} · from {source}\n{how}", text::line(&setting.name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_countdown_goes_in_steps() {
        let now = Timestamp::UNIX_EPOCH;
        let at = |seconds| steps(now, now + jiff::SignedDuration::from_secs(seconds));
        let said: Vec<String> = [0, 1, 5, 6, 30, 31, 61, 120, 121, 600].into_iter().map(at).collect();
        assert_eq!(said, ["now", "in 5 s", "in 5 s", "in 10 s", "in 30 s", "in 60 s", "in 90 s", "in 120 s", "in 3 min", "in 10 min"]);
    }
}
