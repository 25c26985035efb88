//! The search screen: the line with its operators, and what it found.

use api::inbox::MessageType;
use api::search::FoundMessage;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;
use unicode_segmentation::UnicodeSegmentation as _;

use super::ui::{self, Spans, ends, put, span, spans_width};
use super::{inbox, quiet, thread};
use crate::editor::Editor;
use crate::layout;
use crate::state::{Daemon, Hit, State};
use crate::text;
use crate::theme::Theme;

/// What may be typed, shown while the line is empty.
pub(super) const OPERATORS: [(&str, &str); 8] = [
    ("late parcel", "both words, the last may be a beginning"),
    ("\"late parcel\"", "these words in this order"),
    ("from:dee", "who wrote it; from:me"),
    ("in:shop", "the inbox"),
    ("label:vip", "the conversation's label"),
    ("after:2026-11-20", "from that day on; before: until then"),
    ("has:attachment", "with a file"),
    ("is:note", "only the team has read it"),
];

pub(super) fn draw(state: &State, theme: &Theme, buf: &mut Buffer, pane: Rect) -> Option<Position> {
    let search = &state.search;
    let inner = Rect { x: pane.x + 1, width: pane.width.saturating_sub(2), height: 1, ..pane };
    let count = match (search.is_blank(), search.loaded, search.total) {
        (true, ..) | (_, false, _) => Spans::new(),
        (_, _, 1_000..) => vec![span("1,000 or more", theme.faint)],
        (_, _, 1) => vec![span("1 message", theme.faint)],
        (_, _, total) => vec![span(format!("{total} messages"), theme.faint)],
    };
    let taken = u16::try_from(spans_width(&count)).unwrap_or(0);
    put(buf, inner.right().saturating_sub(taken), inner.y, taken, count);
    let cursor = line(theme, buf, Rect { width: inner.width.saturating_sub(taken + 2), ..inner }, &search.line, search.typing);
    let area = layout::rows_area(pane);
    if search.is_blank() {
        operators(theme, buf, area);
    } else if search.is_empty() {
        nothing(state, theme, buf, area);
    } else {
        rows(state, theme, buf, area);
    }
    cursor
}

/// A search line.
pub(super) fn line(theme: &Theme, buf: &mut Buffer, area: Rect, editor: &Editor, typing: bool) -> Option<Position> {
    line_after(theme, buf, area, editor, typing, "/ ")
}

/// A line of text being typed, after its mark; a long one moves to the left under its cursor.
pub(super) fn line_after(
    theme: &Theme,
    buf: &mut Buffer,
    area: Rect,
    editor: &Editor,
    typing: bool,
    sign: &'static str,
) -> Option<Position> {
    let mark = if typing { theme.accent } else { theme.faint };
    let x = put(buf, area.x, area.y, area.width, vec![span(sign, mark)]);
    // The cursor has a cell of its own behind the text.
    let room = usize::from(area.right().saturating_sub(x)).saturating_sub(1);
    let (before, after) = editor.text().split_at_checked(editor.cursor()).unwrap_or_default();
    let before = text::drawn(before);
    let mut cells = text::width(&before);
    let mut hidden = 0;
    for (at, cluster) in before.grapheme_indices(true) {
        if cells <= room {
            break;
        }
        cells -= text::cell(cluster);
        hidden = at + cluster.len();
    }
    let shown = format!("{}{}", before.get(hidden..).unwrap_or_default(), text::drawn(after));
    put(buf, x, area.y, area.right().saturating_sub(x), vec![span(shown, if typing { theme.text } else { theme.strong })]);
    typing.then(|| Position::new(x + u16::try_from(cells).unwrap_or(0), area.y))
}

fn operators(theme: &Theme, buf: &mut Buffer, area: Rect) {
    let column = OPERATORS.iter().map(|(operator, _)| operator.len()).max().unwrap_or(0) + 2;
    let words = "Messages, notes, contacts and canned responses";
    put(buf, area.x + 3, area.y, area.width.saturating_sub(4), vec![span(words, theme.dim)]);
    let widest = OPERATORS.iter().map(|(_, help)| help.len()).max().unwrap_or(0);
    let room = usize::from(area.width.saturating_sub(4));
    let needed = 2 + 2 * u16::try_from(OPERATORS.len()).unwrap_or(0);
    // A pane too narrow for both has each under its operator, where it is high enough.
    let step = if column + widest > room && area.height >= needed { 2 } else { 1 };
    for (y, (operator, help)) in (area.y + 2..area.bottom()).step_by(step).zip(OPERATORS) {
        let (x, width) = (area.x + 3, area.width.saturating_sub(4));
        if step == 2 {
            put(buf, x, y, width, vec![span(operator, theme.dim)]);
            put(buf, x + 2, y + 1, width.saturating_sub(2), vec![span(help, theme.faint)]);
        } else {
            let pad = " ".repeat(column - operator.len());
            put(buf, x, y, width, vec![span(operator, theme.dim), span(pad, theme.text), span(help, theme.faint)]);
        }
    }
}

fn nothing(state: &State, theme: &Theme, buf: &mut Buffer, area: Rect) {
    let search = &state.search;
    match (&search.error, &state.daemon) {
        (Some(error), _) => quiet(theme, buf, area, &text::line(error), ""),
        (None, Daemon::Lost { .. }) if !search.loaded => quiet(theme, buf, area, "No daemon", "This is asked again when it is back"),
        _ if !search.loaded => quiet(theme, buf, area, "Searching …", ""),
        _ if state.copying() => quiet(theme, buf, area, "Nothing found so far", "The first copy from Chatwoot runs"),
        _ => quiet(theme, buf, area, "Nothing found", "A word may be a beginning only at the end of the line"),
    }
}

fn rows(state: &State, theme: &Theme, buf: &mut Buffer, area: Rect) {
    let search = &state.search;
    let step = layout::row_step(area);
    let mut y = area.y;
    let mut index = search.top;
    while y < area.bottom()
        && let Some(hit) = search.hit(index)
    {
        let height = step.min(2).min(area.bottom() - y);
        let row = Rect { y, height, ..area };
        let inner = Rect { x: row.x + 3, width: row.width.saturating_sub(4), height: 1, ..row };
        let (head, age, detail) = match hit {
            Hit::Contact(contact) => {
                let reach = [&contact.email, &contact.phone_number, &contact.identifier];
                let reach = reach.into_iter().flatten().map(|text| text::line(text)).filter(|text| !text.is_empty());
                let words = reach.collect::<Vec<_>>().join("  ");
                (vec![span(name(&contact.name, contact.id), theme.strong)], span("contact", theme.faint), vec![span(words, theme.dim)])
            }
            Hit::Canned(canned) => {
                let code = format!("/{}", text::line(&canned.short_code));
                (vec![span(code, theme.strong)], span("canned", theme.faint), vec![span(text::line(&canned.content), theme.dim)])
            }
            Hit::Message(found) => {
                let id = format!("  #{}", found.conversation_id);
                // A long name gives way: the number says where.
                let room = usize::from(inner.width).saturating_sub(text::width(&id) + 8);
                let contact = if found.contact.is_empty() { "Somebody".into() } else { text::truncate(&text::line(&found.contact), room) };
                let who = vec![span(contact, theme.text), span(id, theme.faint)];
                (who, span(ui::age(state.ages_at(), found.created_at), theme.faint), message(theme, found, usize::from(inner.width)))
            }
        };
        if step > 1 {
            ends(buf, inner, head, vec![age]);
            if height > 1 {
                put(buf, inner.x, inner.y + 1, inner.width, detail);
            }
        } else {
            let room = (usize::from(inner.width) / 3).clamp(8, 24);
            let mut left = ui::fit(head, room);
            left.push(span(" ".repeat(room.saturating_sub(spans_width(&left)) + 2), theme.text));
            left.extend(detail);
            ends(buf, inner, left, vec![age]);
        }
        if index == search.cursor {
            inbox::select(theme, buf, row, search.typing || super::open_focused(state));
        }
        y += step;
        index += 1;
    }
}

/// A contact's name, or what stands for it.
pub(super) fn name(name: &str, id: i64) -> String {
    let line = text::line(name);
    if line.is_empty() { format!("Contact {id}") } else { line }
}

/// Who says it and the line with what was found; the hit is kept on the screen.
fn message(theme: &Theme, found: &FoundMessage, width: usize) -> Spans {
    let who = found.sender.as_ref().map(|sender| ui::first_word(&sender.name)).filter(|who| !who.is_empty());
    let mut out = match (found.private, found.message_type) {
        (true, _) => vec![span(who.map_or_else(|| "Note: ".to_owned(), |who| format!("Note by {who}: ")), theme.warn)],
        (false, MessageType::Incoming) => Spans::new(),
        (false, _) => vec![span(format!("{}: ", who.unwrap_or_else(|| "Reply".into())), theme.dim)],
    };
    let clean = |text: &str| text::clean(text).replace('\n', " ");
    let mut parts: Vec<(String, bool)> = found.snippet.iter().map(|part| (clean(&part.text), part.hit)).collect();
    let room = width.saturating_sub(spans_width(&out));
    if let Some(at) = parts.iter().position(|(_, hit)| *hit).filter(|at| *at > 0) {
        let hit = parts.get(at).map_or(0, |(text, _)| text::width(text));
        let before: usize = parts.iter().take(at).map(|(text, _)| text::width(text)).sum();
        if before + hit + 4 > room
            && let Some((lead, _)) = parts.get_mut(at - 1)
        {
            *lead = format!("…{}", tail(lead, (room / 2).saturating_sub(hit.min(room / 2) + 1)));
            parts.drain(..at - 1);
        }
    }
    let strong = theme.strong.add_modifier(Modifier::BOLD | Modifier::UNDERLINED);
    let text = if found.private { theme.warn } else { theme.dim };
    out.extend(parts.into_iter().map(|(part, hit)| span(part, if hit { strong } else { text })));
    if found.snippet.iter().all(|part| part.text.trim().is_empty()) {
        out.push(span("(no text)", theme.faint));
    }
    out
}

/// The end of a text, at most so many cells of it.
fn tail(text: &str, max: usize) -> String {
    let mut used = 0;
    let kept = text.graphemes(true).rev().take_while(|cluster| {
        used += text::cell(cluster);
        used <= max
    });
    let mut kept: Vec<&str> = kept.collect();
    kept.reverse();
    let kept = kept.concat();
    // A word that was cut in the middle is left out.
    kept.split_once(' ').map_or(kept.as_str(), |(_, words)| words).to_owned()
}

/// What the chosen row is about: its conversation, a contact's addresses, a canned response's text.
pub(super) fn draw_open(state: &State, theme: &Theme, buf: &mut Buffer, pane: Rect, alone: bool) -> Option<Position> {
    if state.shown().is_some() {
        return thread::draw(state, theme, buf, pane, alone);
    }
    let (title, text, hint) = match state.search.hit(state.search.cursor)? {
        Hit::Contact(contact) => {
            let reach = [&contact.email, &contact.phone_number, &contact.identifier];
            let reach: Vec<&str> = reach.into_iter().flatten().map(String::as_str).collect();
            (name(&contact.name, contact.id), reach.join("\n"), "Enter opens the contact")
        }
        Hit::Canned(canned) => (format!("/{}", text::line(&canned.short_code)), canned.content.clone(), "Enter copies the text"),
        Hit::Message(_) => return None,
    };
    let inner = Rect { x: pane.x + 1, width: pane.width.saturating_sub(2), height: 1, ..pane };
    ends(buf, inner, vec![span(title, theme.strong)], vec![span(hint, theme.faint)]);
    ui::rule(buf, pane.x, pane.y + 1, pane.width, theme.rule);
    let wrapped = text::wrap(&text::clean(&text), usize::from(inner.width.saturating_sub(2)).max(1));
    for (y, row) in (pane.y + 3..pane.bottom()).zip(wrapped) {
        put(buf, inner.x + 2, y, inner.width.saturating_sub(2), vec![span(row, theme.text)]);
    }
    None
}
