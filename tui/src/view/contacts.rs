//! The contacts screen: the list by name, and one contact with conversations and attributes.

use api::contact::{ContactDetail, ContactNoteView};
use api::inbox::{ConversationView, OutboxState};
use api::page::Source;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::ui::{self, Spans, ends, put, rule, span};
use super::{complete, composer, inbox, quiet, search};
use crate::layout;
use crate::state::{ContactCard, ContactItem, Daemon, NOTES_MAX, State};
use crate::text;
use crate::theme::Theme;

/// A contact's name as far as it is known here.
pub(crate) fn name_of(state: &State, id: i64) -> String {
    let card = state.contacts.card.as_ref().filter(|card| card.id == id).and_then(|card| card.detail.as_ref());
    let detail = card.or_else(|| state.contacts.rows.iter().find(|row| row.contact.id == id));
    let known = detail.map(|detail| &detail.contact);
    let known = known.or_else(|| state.conversations.values().map(|view| &view.contact).find(|contact| contact.id == id));
    known.map(|contact| text::line(&contact.name)).filter(|name| !name.trim().is_empty()).unwrap_or_else(|| format!("contact {id}"))
}

/// An inbox's name as far as it is known here.
pub(crate) fn inbox_name(state: &State, id: i64) -> String {
    let known = state.directory.inboxes.iter().find(|inbox| inbox.id == id);
    known.map_or_else(|| format!("inbox {id}"), |inbox| text::line(&inbox.name))
}

/// Cells for the names of fields.
const NAMES: usize = 16;

pub(super) fn draw(state: &State, theme: &Theme, buf: &mut Buffer, pane: Rect) -> Option<Position> {
    let contacts = &state.contacts;
    let inner = Rect { x: pane.x + 1, width: pane.width.saturating_sub(2), height: 1, ..pane };
    let cursor = contacts.typing.as_ref().and_then(|line| search::line(theme, buf, inner, line, true));
    if cursor.is_none() {
        let title = if contacts.beginning { "New conversation: with whom?" } else { "Contacts" };
        let mut left = vec![span(title, theme.strong)];
        if contacts.loaded {
            left.push(span(format!(" {}", contacts.total), theme.accent));
        }
        let filter = text::truncate(&text::line(&contacts.query), usize::from(inner.width) / 2);
        let right = if filter.is_empty() { vec![span("by name", theme.dim)] } else { vec![span(format!("/{filter}"), theme.accent)] };
        ends(buf, inner, left, right);
    }
    let area = layout::rows_area(pane);
    if contacts.rows.is_empty() {
        empty(state, theme, buf, area);
        return cursor;
    }
    let step = layout::row_step(area);
    let mut y = area.y;
    for (index, row) in contacts.rows.iter().enumerate().skip(contacts.top) {
        if y >= area.bottom() {
            break;
        }
        let height = step.min(2).min(area.bottom() - y);
        let place = Rect { y, height, ..area };
        draw_row(state, theme, buf, place, step > 1, row);
        if index == contacts.cursor {
            inbox::select(theme, buf, place, super::open_focused(state));
        }
        y += step;
    }
    cursor
}

fn empty(state: &State, theme: &Theme, buf: &mut Buffer, area: Rect) {
    let contacts = &state.contacts;
    match (&contacts.error, &state.daemon) {
        (Some(error), _) => quiet(theme, buf, area, &text::line(error), "Ctrl+R tries again"),
        (None, Daemon::Lost { .. }) if !contacts.loaded => quiet(theme, buf, area, "No daemon", "The list is read when it is back"),
        _ if !contacts.loaded => quiet(theme, buf, area, "Reading …", ""),
        _ if !contacts.query.is_empty() => quiet(theme, buf, area, "Nobody matches", "Esc drops the filter"),
        _ if state.copying() => quiet(theme, buf, area, "Nobody so far", "The first copy from Chatwoot runs"),
        _ => quiet(theme, buf, area, "No contacts", ""),
    }
}

fn draw_row(state: &State, theme: &Theme, buf: &mut Buffer, row: Rect, two_lines: bool, detail: &ContactDetail) {
    let contact = &detail.contact;
    let inner = Rect { x: row.x + 3, width: row.width.saturating_sub(4), height: 1, ..row };
    let mut name = vec![span(search::name(&contact.name, contact.id), theme.text)];
    if contact.blocked {
        name.push(span("  blocked", theme.bad));
    }
    let seen = detail.last_activity_at.map(|at| vec![span(ui::age(state.ages_at(), at), theme.faint)]).unwrap_or_default();
    let reach = [&contact.email, &contact.phone_number, &contact.identifier];
    let reach: Vec<String> = reach.into_iter().flatten().map(|text| text::line(text)).filter(|text| !text.is_empty()).collect();
    let reach = if reach.is_empty() { span("no address", theme.faint) } else { span(reach.join("  "), theme.dim) };
    if two_lines {
        ends(buf, inner, name, seen);
        if row.height > 1 {
            put(buf, inner.x, inner.y + 1, inner.width, vec![reach]);
        }
    } else {
        let room = (usize::from(inner.width) / 3).clamp(8, 24);
        let mut left = ui::fit(name, room);
        left.push(span(" ".repeat(room.saturating_sub(ui::spans_width(&left)) + 2), theme.text));
        left.push(reach);
        ends(buf, inner, left, seen);
    }
}

/// A line of the card, and which item of it the cursor may stand on.
struct Line {
    left: Spans,
    right: Spans,
    item: Option<usize>,
}

pub(super) fn draw_card(state: &State, theme: &Theme, buf: &mut Buffer, pane: Rect, alone: bool) -> Option<Position> {
    let Some(card) = &state.contacts.card else {
        let hint = if state.contacts.beginning { "Choose with whom, Enter writes" } else { "" };
        quiet(theme, buf, pane, "Nobody is chosen", hint);
        return None;
    };
    let notices = composer::notices(state, layout::composer_width(pane));
    let parts = layout::open_parts(state, pane, u16::try_from(notices.len()).unwrap_or(0));
    let inner = Rect { x: pane.x + 1, width: pane.width.saturating_sub(2), ..pane };
    head(state, theme, buf, Rect { height: 1, ..inner }, card, alone);
    rule(buf, pane.x, pane.y + 1, pane.width, theme.rule);
    draw_body(state, theme, buf, parts.body, card);
    parts.composer.and_then(|area| {
        let cursor = composer::draw(state, theme, buf, area, notices);
        complete::draw(state, theme, buf, pane, area);
        cursor
    })
}

fn draw_body(state: &State, theme: &Theme, buf: &mut Buffer, body: Rect, card: &ContactCard) {
    if card.detail.is_none() {
        return quiet(theme, buf, body, card.error.as_deref().unwrap_or("Reading …"), "");
    }
    let lines = lines(state, theme, card, usize::from(body.width.saturating_sub(4)));
    let chosen = lines.iter().position(|line| line.item == Some(card.cursor)).unwrap_or(0);
    // As little as needed for the cursor, and a line more for what comes next.
    let height = usize::from(body.height);
    let top = (chosen + 2).saturating_sub(height).min(lines.len().saturating_sub(height));
    let more = lines.len() > top + height;
    for (y, line) in (body.y..body.bottom()).zip(lines.into_iter().skip(top)) {
        let row = Rect { y, height: 1, ..body };
        let place = Rect { x: row.x + 3, width: row.width.saturating_sub(4), ..row };
        ends(buf, place, line.left, line.right);
        if line.item == Some(card.cursor) {
            inbox::select(theme, buf, row, !super::open_focused(state));
        }
    }
    if more {
        let words = " ↓ more ";
        let x = body.right().saturating_sub(u16::try_from(text::width(words)).unwrap_or(0) + 1);
        put(buf, x, body.bottom().saturating_sub(1), body.width, vec![span(words, theme.accent)]);
    }
}

fn head(state: &State, theme: &Theme, buf: &mut Buffer, area: Rect, card: &ContactCard, alone: bool) {
    let mut left = Spans::new();
    if alone {
        left.push(span("‹ ", theme.accent));
    }
    let known = card.detail.as_ref().map(|detail| &detail.contact);
    let name = known.map_or_else(|| format!("Contact {}", card.id), |contact| search::name(&contact.name, contact.id));
    left.push(span(name, theme.strong));
    if known.is_some_and(|contact| contact.blocked) {
        left.push(span("  blocked in Chatwoot", theme.bad));
    }
    let seen = card.detail.as_ref().and_then(|detail| detail.last_activity_at).map(|at| ui::age(state.ages_at(), at));
    let mut right: Spans =
        seen.map(|age| vec![span(format!("active {age} ago").replace("now ago", "just now"), theme.faint)]).unwrap_or_default();
    if alone {
        right.push(span("  ", theme.text));
        right.extend(super::foot::dot(state, theme, false));
    }
    ends(buf, area, left, right);
}

fn lines(state: &State, theme: &Theme, card: &ContactCard, width: usize) -> Vec<Line> {
    let mut out: Vec<Line> = Vec::new();
    let mut item = 0;
    let plain = |left: Spans| Line { left, right: Spans::new(), item: None };
    let mut section = |out: &mut Vec<Line>, title: &str, items: Vec<ContactItem<'_>>, none: Option<&str>| {
        if items.is_empty() && none.is_none() {
            return;
        }
        if !out.is_empty() {
            out.push(plain(Spans::new()));
        }
        if !title.is_empty() {
            out.push(plain(vec![span(title.to_owned(), theme.faint)]));
        }
        if let Some(none) = none.filter(|_| items.is_empty()) {
            out.push(plain(vec![span(none.to_owned(), theme.dim)]));
        }
        for each in items {
            let (left, right) = match each {
                ContactItem::Field(name, value) => (field(theme, &name, &value, width), Spans::new()),
                ContactItem::Conversation(view) => conversation(state, theme, view),
                ContactItem::Note(view) => note(state, theme, view),
            };
            out.push(Line { left, right, item: Some(item) });
            item += 1;
        }
    };
    section(&mut out, "", card.fields(), Some("No address is known"));
    let title = match card.conversations.len() as u64 {
        shown if shown < card.total => format!("Conversations, the newest {shown} of {}", card.total),
        _ => "Conversations".to_owned(),
    };
    let none = if card.loaded { "None" } else { "Reading …" };
    section(&mut out, &title, card.conversations.iter().map(ContactItem::Conversation).collect(), Some(none));
    let none = match (&card.notes_error, &card.notes_meta) {
        (Some(why), _) => why.as_str(),
        (None, Some(_)) if state.read_only => "None",
        (None, Some(_)) => "None; n writes one",
        (None, None) => "Reading …",
    };
    let notes = card.notes.iter().take(NOTES_MAX).map(ContactItem::Note).collect();
    section(&mut out, &notes_title(state, card), notes, Some(none));
    section(&mut out, "Attributes", card.attributes(), None);
    out
}

/// How many notes there are, and where they come from when that is not Chatwoot itself.
fn notes_title(state: &State, card: &ContactCard) -> String {
    let mut title = match card.notes.len() {
        all if all > NOTES_MAX => format!("Notes, TEAM ONLY, the newest {NOTES_MAX} of {all}"),
        _ => "Notes, TEAM ONLY".to_owned(),
    };
    let kept = card.notes_meta.as_ref().filter(|meta| meta.source == Some(Source::Store)).and_then(|meta| meta.as_of);
    if let Some(at) = kept {
        title.push_str(&format!(", as of {} ago", ui::age(state.ages_at(), at)).replace("now ago", "just now"));
    }
    title
}

fn note(state: &State, theme: &Theme, view: &ContactNoteView) -> (Spans, Spans) {
    let who = view.author.as_ref().map_or_else(|| "somebody".to_owned(), |author| text::truncate(&text::line(&author.name), 16));
    let left = vec![span(format!("{who}  "), theme.strong), span(text::line(&view.content), theme.text)];
    let right = match view.state {
        Some(OutboxState::Failed) => span("not saved", theme.bad),
        Some(OutboxState::Held) => span("not known", theme.bad),
        Some(_) => span("on its way", theme.warn),
        None => span(ui::age(state.ages_at(), view.created_at), theme.faint),
    };
    (left, vec![right])
}

fn field(theme: &Theme, name: &str, value: &str, width: usize) -> Spans {
    let column = NAMES.min(width / 2);
    let name = text::truncate(&text::line(name), column);
    let pad = " ".repeat(column.saturating_sub(text::width(&name)) + 2);
    vec![span(name, theme.dim), span(pad, theme.text), span(text::line(value), theme.text)]
}

fn conversation(state: &State, theme: &Theme, view: &ConversationView) -> (Spans, Spans) {
    let mut left = vec![span(format!("{:<5}", format!("#{}", view.id)), theme.strong)];
    let style = if view.status.as_str() == "open" { theme.ok } else { theme.faint };
    left.push(span(format!("  {:<8}", view.status), style));
    left.push(span(format!("  {}", text::truncate(&text::line(&view.inbox.name), 14)), theme.dim));
    if let Some(snippet) = &view.snippet {
        let mark = if snippet.private { "  Note: " } else { "  " };
        left.push(span(mark, theme.warn));
        left.push(span(text::line(&snippet.text), theme.dim));
    }
    (left, vec![ui::waiting(state, theme, view)])
}
