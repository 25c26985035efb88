//! The list pane: tabs, filter, rows. Only the rows on the screen are looked at.

use api::inbox::{ConversationView, MessageType, Priority};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

use super::ui::{self, Spans, ends, fit, put, span, spans_width};
use crate::layout;
use crate::mention;
use crate::state::{Daemon, State, Tab};
use crate::text;
use crate::theme::Theme;
use crate::update::sort_word;

pub(super) fn draw(state: &State, theme: &Theme, buf: &mut Buffer, pane: Rect) -> Option<Position> {
    let cursor = tabs(state, theme, buf, Rect { height: 1, ..pane });
    let area = layout::rows_area(pane);
    if state.list.rows.is_empty() {
        empty(state, theme, buf, area);
        return cursor;
    }
    let step = layout::row_step(area);
    let mut y = area.y;
    for id in state.list.rows.iter().skip(state.list.top) {
        if y >= area.bottom() {
            break;
        }
        let height = step.min(2).min(area.bottom() - y);
        let row = Rect { y, height, ..area };
        let chosen = Some(*id) == state.list.cursor;
        match state.conversations.get(id) {
            Some(view) if step > 1 => two_lines(state, theme, buf, row, view),
            Some(view) => one_line(state, theme, buf, row, view),
            None => {
                put(buf, row.x + 3, row.y, row.width.saturating_sub(4), vec![span(format!("#{id} is gone from Chatwoot"), theme.faint)]);
            }
        }
        if chosen {
            select(theme, buf, row, super::open_focused(state));
        }
        y += step;
    }
    cursor
}

/// Marks the chosen row: a ground under its first line, and a bar that is there without colours too. A ground under both lines would
/// write both rows whole again with every step of the cursor: more than 512 bytes.
pub(super) fn select(theme: &Theme, buf: &mut Buffer, row: Rect, elsewhere: bool) {
    for y in row.top()..row.bottom() {
        put(buf, row.x, y, 1, vec![span("▎", if elsewhere { theme.rule } else { theme.accent })]);
    }
    if !elsewhere || theme.selection.bg.is_some() {
        buf.set_style(Rect { height: row.height.min(1), ..row }, theme.selection);
    }
}

fn tabs(state: &State, theme: &Theme, buf: &mut Buffer, area: Rect) -> Option<Position> {
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    if let Some(typing) = &state.list.typing {
        let room = usize::from(inner.width.saturating_sub(3));
        let before = typing.text().get(..typing.cursor()).unwrap_or_default();
        let column = text::width(before).min(room);
        put(buf, inner.x, inner.y, inner.width, vec![span("/ ", theme.accent), span(typing.text().to_owned(), theme.text)]);
        let number = format!("{} found", state.list.total);
        let taken = u16::try_from(text::width(&number)).unwrap_or(0);
        // Not over what is typed.
        if !state.list.query.is_empty()
            && state.list.loaded
            && text::width(typing.text()) + text::width(&number) + 6 < usize::from(inner.width)
        {
            put(buf, inner.right().saturating_sub(taken), inner.y, taken, vec![span(number, theme.dim)]);
        }
        return Some(Position::new(inner.x + 2 + u16::try_from(column).unwrap_or(0), inner.y));
    }
    let status = if state.list.status == "all" { "any status" } else { state.list.status };
    let marked = state.list.marked.len();
    let mut choices: Vec<Spans> = Vec::new();
    if marked > 0 {
        choices.push(vec![span(format!("{marked} marked"), theme.accent)]);
    } else if state.list.query.is_empty() {
        let mut words = state.list.filter.words();
        if let (Some(last), true) = (words.last_mut(), state.list.loaded) {
            // What the filter leaves of the tab.
            *last = format!("{last}: {}", state.list.total);
        }
        let sort = sort_word(state.list.filter.sort);
        if words.is_empty() {
            choices.push(vec![span(format!("{status} · {sort}"), theme.dim)]);
        } else {
            choices.push(vec![span(words.join(", "), theme.accent), span(format!(" · {status} · {sort}"), theme.dim)]);
            choices.push(vec![span(words.join(", "), theme.accent)]);
            choices.push(vec![span(format!("cut: {}", state.list.total), theme.accent)]);
        }
        choices.push(vec![span(status, theme.dim)]);
    } else {
        let query = text::line(&state.list.query);
        let number = if state.list.loaded { format!(": {}", state.list.total) } else { String::new() };
        choices.push(vec![span(format!("/{query}{number}"), theme.accent), span(format!(" · {status}"), theme.dim)]);
        choices.push(vec![span(format!("/{}{number}", text::truncate(&query, 10)), theme.accent)]);
    }
    // The tabs have the room that the words leave: what cuts the list is never left out for another tab's name.
    let cut = choices.get(1).filter(|_| !state.list.filter.words().is_empty() && marked == 0 && state.list.query.is_empty());
    let least = cut.or(choices.last()).map_or(0, |words| spans_width(words)).min(usize::from(inner.width) / 2);
    let left = tab_names(state, theme, usize::from(inner.width).saturating_sub(least + 2));
    let room = usize::from(inner.width).saturating_sub(spans_width(&left) + 2);
    let right = choices.into_iter().find(|c| spans_width(c) <= room).unwrap_or_default();
    ends(buf, inner, left, right);
    None
}

/// The tabs around the chosen one, as many as there is room for.
fn tab_names(state: &State, theme: &Theme, room: usize) -> Spans {
    // The tabs' own numbers, whatever the filter leaves of them.
    let counts = state.list.tab_counts();
    let name = |tab: Tab| {
        let on = tab == state.list.tab;
        let number = match tab {
            Tab::Mine => counts.map(|c| c.mine),
            Tab::Unassigned => counts.map(|c| c.unassigned),
            Tab::All => counts.map(|c| c.all),
            Tab::Mentions | Tab::Unattended => None,
        };
        let mut out = vec![span(tab.title(), if on { theme.strong.add_modifier(Modifier::UNDERLINED) } else { theme.dim })];
        if on && tab.is_asked() && state.list.loaded && !state.list.is_cut() {
            out.push(span(format!(" {}", state.list.total), theme.accent));
        }
        if let Some(number) = number {
            out.push(span(format!(" {number}"), if on { theme.accent } else { theme.dim }));
        }
        out
    };
    let at = Tab::ALL.iter().position(|tab| *tab == state.list.tab).unwrap_or(0);
    let names: Vec<Spans> = Tab::ALL.map(name).to_vec();
    let width = |from: usize, to: usize| {
        let names = names.get(from..=to).unwrap_or_default();
        let cut = usize::from(from > 0) + usize::from(to + 1 < Tab::ALL.len());
        names.iter().map(|n| spans_width(n)).sum::<usize>() + 3 * names.len().saturating_sub(1) + 2 * cut
    };
    let (mut from, mut to) = (at, at);
    loop {
        if from > 0 && width(from - 1, to) <= room {
            from -= 1;
        } else if to + 1 < names.len() && width(from, to + 1) <= room {
            to += 1;
        } else {
            break;
        }
    }
    let mut out = Spans::new();
    if from > 0 {
        out.push(span("‹ ", theme.faint));
    }
    for (index, name) in names.into_iter().enumerate().filter(|(index, _)| (from..=to).contains(index)) {
        if index > from {
            out.push(span("   ", theme.text));
        }
        out.extend(name);
    }
    if to + 1 < Tab::ALL.len() {
        out.push(span(" ›", theme.faint));
    }
    out
}

fn empty(state: &State, theme: &Theme, buf: &mut Buffer, area: Rect) {
    if let Some(error) = &state.list.error {
        return super::quiet(theme, buf, area, error, "Ctrl+R tries again");
    }
    if !state.list.loaded {
        return match &state.daemon {
            Daemon::Lost { message, refused, .. } => {
                let hint = if *refused {
                    "Check the token: `afenda auth status`"
                } else {
                    "Start it with `afenda daemon`; this screen connects by itself"
                };
                super::quiet(theme, buf, area, message, hint);
            }
            _ => super::quiet(theme, buf, area, "Reading …", ""),
        };
    }
    let chatwoot = state.status.as_ref().and_then(|s| s.chatwoot.message.clone());
    if state.copying() {
        super::quiet(theme, buf, area, "The first copy from Chatwoot runs", "Conversations appear as they come");
    } else if !state.list.query.is_empty() || state.list.filter != state.list.filter.uncut() {
        super::quiet(theme, buf, area, "Nothing matches", "Esc drops the filter");
    } else if state.list.filter.view.is_some() {
        super::quiet(theme, buf, area, "Nothing is in this view", "g v shows the others");
    } else if let Some(message) = chatwoot.filter(|_| state.list.total == 0) {
        super::quiet(theme, buf, area, "No conversations", &message);
    } else {
        super::quiet(theme, buf, area, "Nothing here", "Tab shows the other lists, ] another status");
    }
}

fn name_spans(theme: &Theme, view: &ConversationView) -> Spans {
    let unread = view.unread_count > 0;
    let name = text::line(&view.contact.name);
    let name = if name.is_empty() { format!("Contact {}", view.contact.id) } else { name };
    let mut out = vec![span(name, if unread { theme.strong } else { theme.text })];
    match view.priority {
        Some(Priority::Urgent) => out.push(span(" !!", theme.bad)),
        Some(Priority::High) => out.push(span(" !", theme.bad)),
        _ => {}
    }
    out
}

/// What stands at the left: unread, and marked.
fn dot(state: &State, theme: &Theme, buf: &mut Buffer, row: Rect, view: &ConversationView) {
    if state.list.marked.contains(&view.id) {
        put(buf, row.x + 2, row.y, 1, vec![span("✓", theme.accent)]);
    }
    if view.unread_count > 0 {
        put(buf, row.x + 1, row.y, 1, vec![span("●", theme.accent)]);
    }
}

fn snippet(theme: &Theme, view: &ConversationView) -> Spans {
    let Some(snippet) = &view.snippet else { return vec![span("no messages yet", theme.faint)] };
    let mut out = Spans::new();
    if snippet.private {
        out.push(span("Note: ", theme.warn));
    } else if matches!(snippet.message_type, MessageType::Outgoing | MessageType::Template) {
        out.push(span("Reply: ", theme.dim));
    }
    let text = text::line(&mention::readable(&snippet.text));
    out.push(if text.is_empty() { span("(no text)", theme.faint) } else { span(text, theme.dim) });
    out
}

/// What stands at the right of the snippet: another status than the filter's, an approval that waits, labels.
fn tags(state: &State, theme: &Theme, view: &ConversationView, room: usize) -> Spans {
    let mut parts: Vec<Spans> = Vec::new();
    if state.list.status != "all" && view.status.as_str() != state.list.status {
        parts.push(vec![span(view.status.as_str(), theme.ok)]);
    } else if state.list.status == "all" && view.status.as_str() != "open" {
        parts.push(vec![span(view.status.as_str(), theme.faint)]);
    }
    if state.has_draft(view.id) {
        parts.push(vec![span("draft", theme.accent)]);
    }
    if let Some(mark) = view.approvals.iter().find(|a| a.status == api::approval::ApprovalStatus::Submitted) {
        parts.push(vec![span(format!("{} waits", mark.reference), theme.warn)]);
    }
    parts.extend(view.labels.iter().map(|l| vec![ui::label(state, theme, l)]));
    let mut out = Spans::new();
    let mut used = 0;
    for part in parts {
        let width = spans_width(&part) + usize::from(!out.is_empty());
        if used + width > room {
            if used + 2 <= room && !out.is_empty() {
                out.push(span(" …", theme.faint));
            }
            break;
        }
        used += width;
        if !out.is_empty() {
            out.push(span(" ", theme.text));
        }
        out.extend(part);
    }
    out
}

fn two_lines(state: &State, theme: &Theme, buf: &mut Buffer, row: Rect, view: &ConversationView) {
    dot(state, theme, buf, row, view);
    let inner = Rect { x: row.x + 3, width: row.width.saturating_sub(4), height: 1, ..row };
    ends(buf, inner, name_spans(theme, view), vec![ui::waiting(state, theme, view)]);
    if row.height > 1 {
        let tags = tags(state, theme, view, usize::from(inner.width) / 2);
        ends(buf, Rect { y: row.y + 1, ..inner }, snippet(theme, view), tags);
    }
}

fn one_line(state: &State, theme: &Theme, buf: &mut Buffer, row: Rect, view: &ConversationView) {
    dot(state, theme, buf, row, view);
    let inner = Rect { x: row.x + 3, width: row.width.saturating_sub(4), height: 1, ..row };
    let room = usize::from(inner.width);
    let name_room = (room / 3).clamp(8, 24);
    let mut left = fit(name_spans(theme, view), name_room);
    left.push(span(" ".repeat(name_room.saturating_sub(spans_width(&left)) + 2), theme.text));
    left.extend(snippet(theme, view));
    let mut right = if room >= 50 { tags(state, theme, view, room / 4) } else { Spans::new() };
    let age = ui::waiting(state, theme, view);
    right.push(span(" ".repeat(7_usize.saturating_sub(text::width(&age.content)).max(1)), theme.text));
    right.push(age);
    ends(buf, inner, left, right);
}
