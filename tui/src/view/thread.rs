//! The conversation pane: head, messages from the place on the screen upwards, and the composer.

use api::id::ConversationId;
use api::inbox::{ConversationView, MessageView, Priority};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::message::{self, Row};
use super::ui::{self, Spans, ends, put, rule, span, spans_width};
use super::{complete, composer, quiet};
use crate::layout;
use crate::state::State;
use crate::text;
use crate::theme::Theme;

pub(super) fn draw(state: &State, theme: &Theme, buf: &mut Buffer, pane: Rect, alone: bool) -> Option<Position> {
    let Some(id) = state.shown() else {
        quiet(theme, buf, pane, "No conversation is chosen", "");
        return None;
    };
    let notices = composer::notices(state, layout::composer_width(pane));
    let parts = layout::open_parts(state, pane, u16::try_from(notices.len()).unwrap_or(0));
    match state.conversations.get(&id) {
        Some(view) => head(state, theme, buf, parts.head, view, alone),
        None => {
            put(buf, pane.x + 1, pane.y, pane.width.saturating_sub(2), vec![span(format!("#{id}"), theme.strong)]);
        }
    }
    rule(buf, pane.x, pane.y + 1, pane.width, theme.rule);
    match state.threads.get(&id) {
        Some(thread) if thread.messages.is_empty() && thread.loaded => {
            let words = thread.error.as_deref().unwrap_or("No messages yet");
            quiet(theme, buf, parts.body, words, "");
        }
        Some(thread) if !thread.messages.is_empty() => messages(state, theme, buf, parts.body),
        _ => quiet(theme, buf, parts.body, "Reading …", ""),
    }
    let finding = parts.find.and_then(|area| super::find::draw(state, theme, buf, area));
    let writing = parts.composer.and_then(|area| {
        let cursor = composer::draw(state, theme, buf, area, notices);
        complete::draw(state, theme, buf, pane, area);
        complete::draw_prompt(state, theme, buf, pane, area).or(cursor)
    });
    writing.or(finding)
}

fn head(state: &State, theme: &Theme, buf: &mut Buffer, area: Rect, view: &ConversationView, alone: bool) {
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let mut left = Spans::new();
    if alone {
        left.push(span("‹ ", theme.accent));
    }
    left.push(span(text::truncate(&text::line(&view.contact.name), usize::from(area.width) / 3), theme.strong));
    left.push(span(format!("  #{}", view.id), theme.dim));
    let named = ui::spans_width(&left);
    left.push(span(format!("  {}", text::truncate(&text::line(&view.inbox.name), 20)), theme.dim));
    if view.status.as_str() != "open" {
        left.push(span(format!("  {}", view.status), theme.ok));
    }
    match view.priority {
        Some(Priority::Urgent) => left.push(span("  !! urgent", theme.bad)),
        Some(Priority::High) => left.push(span("  ! high", theme.bad)),
        _ => {}
    }
    // Messages on their way stand in the thread; changes have no place but this.
    let saving: Vec<_> = view.pending.iter().filter(|p| *p != "reply" && *p != "note").map(|p| text::line(p)).collect();
    if !saving.is_empty() {
        left.push(span(format!("  saving {}", saving.join(", ")), theme.warn));
    }
    if alone {
        for label in &view.labels {
            left.push(span("  ", theme.text));
            left.push(ui::label(state, theme, label));
        }
    }
    let mut right = Spans::new();
    if let Some(assignee) = &view.assignee {
        let name = if alone { ui::first_word(&assignee.name) } else { text::truncate(&text::line(&assignee.name), 20) };
        right.push(span(name, theme.accent));
    } else {
        right.push(span("nobody", theme.faint));
    }
    if alone {
        right.push(span("  ", theme.text));
        right.push(ui::waiting(state, theme, view));
        right.push(span(" ", theme.text));
        right.extend(super::foot::dot(state, theme, false));
    } else if named + 2 + ui::spans_width(&right) > usize::from(inner.width) {
        right.clear(); // Whose conversation this is stands above who has it.
    }
    // The number is what a text is bound to: it stays whole, whoever works on it.
    if named + 3 + ui::spans_width(&right) > usize::from(inner.width) {
        right.clear();
    }
    ends(buf, inner, left, right);
}

/// Fills the pane from the lowest line upwards, looking only at the items that are on the screen.
fn messages(state: &State, theme: &Theme, buf: &mut Buffer, area: Rect) {
    let Some(id) = state.shown() else { return };
    let Some(thread) = state.threads.get(&id) else { return };
    let items = message::items(state, id);
    let width = layout::message_width(area);
    let place = thread.anchor.as_ref().and_then(|anchor| message::find(&items, anchor));
    let (mut index, hidden) = match place {
        Some((i, hidden)) => (i + 1, hidden),
        // At the end the space under the last item is not worth a line, but above a composer.
        None => (items.len(), usize::from(state.composer.is_none())),
    };
    let below = place.is_some() || thread.around.is_some();
    let mut lines: Vec<Row> = Vec::new();
    if let Some(words) = state.writing(id).filter(|_| !below && state.composer.is_none()) {
        let style = theme.faint.add_modifier(ratatui::style::Modifier::ITALIC);
        lines.push(Row { left: vec![span(format!("{words} …"), style)], ..Row::default() });
    }
    let mut skip = hidden;
    while index > 0 && lines.len() < usize::from(area.height) {
        index -= 1;
        let mut rows = message::rows(state, theme, id, &items, index, width);
        rows.truncate(rows.len().saturating_sub(skip));
        skip = 0;
        lines.extend(rows.into_iter().rev());
    }
    if index == 0 && lines.len() < usize::from(area.height) && (thread.older || thread.loading_older) {
        let words = if thread.loading_older { "reading older messages …" } else { "k reads older messages" };
        lines.push(Row { left: vec![span(words, theme.faint)], centred: true, ..Row::default() });
    }
    lines.truncate(usize::from(area.height));
    for (y, row) in (area.y..).zip(lines.iter().rev()) {
        draw_row(theme, buf, Rect { y, height: 1, ..area }, row);
    }
    if below {
        let words = " ↓ newer below, G ";
        let x = area.right().saturating_sub(u16::try_from(text::width(words)).unwrap_or(0) + 1);
        put(buf, x, area.bottom().saturating_sub(1), area.width, vec![span(words, theme.accent)]);
    }
}

/// The messages that are on the screen, from below, in the pane of an opened conversation.
pub(crate) fn on_screen(state: &State, id: ConversationId, pane: Rect) -> Vec<&MessageView> {
    let notices = composer::notices(state, layout::composer_width(pane));
    let area = layout::open_parts(state, pane, u16::try_from(notices.len()).unwrap_or(0)).body;
    let items = message::items(state, id);
    let place = state.threads.get(&id).and_then(|thread| thread.anchor.as_ref()).and_then(|anchor| message::find(&items, anchor));
    let (mut index, mut hidden) = place.map_or((items.len(), 0), |(i, hidden)| (i + 1, hidden));
    let (mut lines, mut out) = (0, Vec::new());
    while index > 0 && lines < usize::from(area.height) {
        index -= 1;
        lines += message::height(state, id, &items, index, layout::message_width(area)).saturating_sub(hidden);
        hidden = 0;
        if let Some(message::Item::Message(message)) = items.get(index) {
            out.push(*message);
        }
    }
    out
}

/// One line of a thread.
pub(super) fn draw_row(theme: &Theme, buf: &mut Buffer, area: Rect, row: &Row) {
    if row.centred {
        let width = u16::try_from(spans_width(&row.left)).unwrap_or(area.width);
        put(buf, area.x + area.width.saturating_sub(width) / 2, area.y, area.width, row.left.clone());
        return;
    }
    if let Some(bar) = row.bar {
        let mark = if row.chosen { "▎" } else { "│" };
        put(buf, area.x + 1, area.y, 1, vec![span(mark, if row.chosen { theme.accent } else { bar })]);
    }
    let inner = Rect { x: area.x + layout::GUTTER, width: area.width.saturating_sub(layout::GUTTER + 2), ..area };
    ends(buf, inner, row.left.clone(), row.right.clone());
    if row.chosen {
        let width = area.width.saturating_sub(2);
        buf.set_style(Rect { x: area.x + 1, width, ..area }.intersection(buf.area), theme.selection);
    }
    if let Some((picture, row)) = &row.picture {
        crate::picture::draw(theme, buf, (inner.x, inner.y), picture, *row);
    }
}
