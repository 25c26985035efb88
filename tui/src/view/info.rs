//! The contact panel: who writes, how the conversation stands, what was decided.

use api::inbox::ConversationView;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::message::approval_words;
use super::ui::{self, Spans, put, rule, span};
use crate::layout;
use crate::state::State;
use crate::text;
use crate::theme::Theme;

/// Rows of attributes at most; the menu has all.
const ATTRIBUTES_MAX: usize = 12;

/// The account's attributes that have a value, by their definitions; what has none is shown by its key.
fn attributes(state: &State, theme: &Theme, view: &ConversationView) -> Vec<Spans> {
    let row = |(key, value): (&String, &serde_json::Value)| {
        let of = |definition: &&api::lists::CustomAttributeView| definition.model == "conversation_attribute" && definition.key == *key;
        let definition = state.directory.attributes.iter().find(of);
        let name = definition.map_or(key.as_str(), |definition| definition.display_name.as_str());
        let shown = match (definition, value) {
            (_, serde_json::Value::Null) => return None,
            (Some(definition), value) => api::attribute::show(definition, value),
            (None, serde_json::Value::String(text)) => text.clone(),
            (None, other) => other.to_string(),
        };
        Some(vec![span(format!("{} ", text::line(name)), theme.dim), span(text::line(&shown), theme.text)])
    };
    view.custom_attributes.iter().filter_map(row).take(ATTRIBUTES_MAX).collect()
}

/// What scrolls: all but the name, and the rule under it where the panel is alone.
fn body(pane: Rect, alone: bool) -> Rect {
    let head = if alone { 2 } else { 1 };
    Rect { y: pane.y + head.min(pane.height), height: pane.height.saturating_sub(head), ..pane }
}

/// How far the panel can be scrolled.
pub(crate) fn scroll_max(state: &State) -> usize {
    let panes = layout::panes(state);
    let Some((pane, view)) = panes.info.zip(shown(state)) else { return 0 };
    lines(state, &super::plain(), view, width(pane)).len().saturating_sub(usize::from(body(pane, panes.narrow).height))
}

fn shown(state: &State) -> Option<&ConversationView> {
    state.shown().and_then(|id| state.conversations.get(&id))
}

fn width(pane: Rect) -> usize {
    usize::from(pane.width.saturating_sub(2))
}

/// All that is known, from the address on.
fn lines(state: &State, theme: &Theme, view: &ConversationView, width: usize) -> Vec<Spans> {
    let mut lines: Vec<Spans> = Vec::new();
    for (field, style) in
        [(&view.contact.email, theme.dim), (&view.contact.phone_number, theme.dim), (&view.contact.identifier, theme.faint)]
    {
        if let Some(value) = field.as_deref().map(text::line).filter(|v| !v.is_empty()) {
            lines.push(vec![span(value, style)]);
        }
    }
    if view.contact.blocked {
        lines.push(vec![span("blocked in Chatwoot", theme.bad)]);
    }
    let mut section = |title: &'static str, rows: Vec<Spans>| {
        if !rows.is_empty() {
            lines.push(Spans::new());
            lines.push(vec![span(title, theme.faint)]);
            lines.extend(rows);
        }
    };
    let mut status = vec![span(view.status.as_str(), theme.text)];
    if let Some(until) = view.snoozed_until {
        status.push(span(format!(" until {} {}", ui::day(state, until), ui::clock(state, until)), theme.dim));
    }
    if let Some(priority) = view.priority {
        status.push(span(format!("  {priority}"), theme.text));
    }
    section("Status", vec![status]);
    let mut labels: Vec<Spans> = Vec::new();
    let mut used = width + 1;
    for label in &view.labels {
        let label = ui::label(state, theme, label);
        let cells = text::width(&label.content) + 2;
        if used + cells > width + 2 {
            labels.push(Spans::new());
            used = 0;
        }
        used += cells;
        if let Some(row) = labels.last_mut() {
            if !row.is_empty() {
                row.push(span("  ", theme.text));
            }
            row.push(label);
        }
    }
    section("Labels", labels);
    section("Attributes", attributes(state, theme, view));
    let person = |n: &Option<api::inbox::Named>| {
        n.as_ref().map_or_else(|| vec![span("nobody", theme.dim)], |n| vec![span(text::line(&n.name), theme.text)])
    };
    section("Assigned to", vec![person(&view.assignee)]);
    section("Team", view.team.iter().map(|_| person(&view.team)).collect());
    section(
        "Inbox",
        vec![vec![span(text::line(&view.inbox.name), theme.text), span(format!("  {}", text::line(&view.inbox.channel)), theme.dim)]],
    );
    let waiting = view.waiting_since.map(|since| {
        let words = match ui::minutes_since(state.ages_at(), since) {
            0 => "under a minute".into(),
            minutes => ui::span_words(minutes * 60),
        };
        vec![
            span(words, ui::waiting(state, theme, view).style),
            span(format!("  target {}", ui::span_words(state.settings.waiting.of(&view.inbox).1 * 60)), theme.dim),
        ]
    });
    section("Waiting", waiting.into_iter().collect());
    let approvals = view.approvals.iter().take(6).map(|a| {
        let (style, word) = approval_words(theme, a.status);
        let word = if word.starts_with("waiting") { "waiting" } else { word };
        vec![
            span(a.reference.to_string(), theme.strong),
            span(format!(" {word}"), style),
            span(format!("  {}", text::line(&a.title)), theme.dim),
        ]
    });
    section("Approvals", approvals.collect());
    section("On its way to Chatwoot", view.pending.iter().map(|p| vec![span(text::line(p), theme.warn)]).collect());
    section("Began", vec![vec![span(format!("{} {}", ui::day(state, view.created_at), ui::clock(state, view.created_at)), theme.dim)]]);
    section(
        "Heard from Chatwoot",
        vec![vec![span(format!("{} ago", ui::age(state.ages_at(), view.as_of)).replace("now ago", "just now"), theme.dim)]],
    );
    lines
}

pub(super) fn draw(state: &State, theme: &Theme, buf: &mut Buffer, pane: Rect, alone: bool) {
    let Some(view) = shown(state) else { return };
    let mut name: Spans = if alone { vec![span("‹ ", theme.accent)] } else { Spans::new() };
    name.push(span(text::line(&view.contact.name), theme.strong));
    put(buf, pane.x + 1, pane.y, pane.width.saturating_sub(2), name);
    if alone {
        rule(buf, pane.x, pane.y + 1, pane.width, theme.rule);
    }
    let lines = lines(state, theme, view, width(pane));
    let body = body(pane, alone);
    let most = lines.len().saturating_sub(usize::from(body.height));
    let top = state.info_top(view.id).min(most);
    for (y, line) in (body.y..body.bottom()).zip(lines.into_iter().skip(top)) {
        put(buf, body.x + 1, y, body.width.saturating_sub(2), line);
    }
    if top < most && body.height > 0 {
        let words = " ↓ more ";
        let x = body.right().saturating_sub(u16::try_from(text::width(words)).unwrap_or(0) + 1);
        put(buf, x, body.bottom() - 1, body.width, vec![span(words, theme.accent)]);
    }
}
