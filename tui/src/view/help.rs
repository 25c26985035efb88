//! The help screen, made from the table of keys.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::ui::{self, Spans, put, rule, span};
use crate::keymap::{self, Context};
use crate::text;
use crate::theme::Theme;

/// Cells for the keys of a row.
const KEYS: usize = 20;

fn title(context: Context) -> &'static str {
    match context {
        Context::List => "The list",
        Context::Thread => "A conversation",
        Context::Queue => "Approvals",
        Context::Card => "A decision",
        Context::Search => "The search line",
        Context::Found => "What was found",
        Context::Contacts => "Contacts",
        Context::Contact => "A contact",
        Context::ContactFilter => "The filter line",
        Context::Composer => "Writing",
        Context::Filter => "The filter line",
        Context::Menu => "A menu",
        Context::Labels => "The labels",
        Context::Sheet => "The approve sheet",
        Context::Question => "A question",
        Context::Help => "Help",
    }
}

fn lines(theme: &Theme, context: Context) -> Vec<Spans> {
    let mut out = Vec::new();
    let others = [Context::Composer, Context::Filter, Context::Search, Context::Menu, Context::Labels, Context::Sheet];
    let mut section = |place: Context| {
        out.push(vec![span(title(place), theme.strong)]);
        for binding in keymap::bindings(place) {
            let keys = binding.keys.join("  ");
            let pad = KEYS.saturating_sub(text::width(&keys)).max(2);
            out.push(vec![span(keys, theme.accent), span(" ".repeat(pad), theme.text), span(binding.help, theme.text)]);
        }
        out.push(Spans::new());
    };
    section(context);
    for place in others.into_iter().filter(|p| *p != context) {
        section(place);
    }
    out
}

fn page(area: Rect) -> (usize, usize) {
    let columns = if area.width >= 130 { 2 } else { 1 };
    (columns, usize::from(area.height.saturating_sub(2)))
}

pub(super) fn scroll_max(context: Context, size: (u16, u16)) -> usize {
    let area = Rect::new(0, 0, size.0, size.1.saturating_sub(2));
    let (columns, height) = page(area);
    lines(&super::plain(), context).len().saturating_sub(columns * height)
}

pub(super) fn draw(theme: &Theme, buf: &mut Buffer, area: Rect, context: Context, scroll: usize) {
    ui::fill(buf, area, theme.text);
    put(
        buf,
        area.x + 1,
        area.y,
        area.width,
        vec![span("Keys", theme.strong), span(format!("  {}", title(context).to_lowercase()), theme.dim)],
    );
    rule(buf, area.x, area.y + 1, area.width, theme.rule);
    let (columns, height) = page(area);
    let width = area.width / u16::try_from(columns).unwrap_or(1);
    let lines = lines(theme, context);
    let more = lines.len() > scroll + columns * height;
    for (i, line) in lines.into_iter().skip(scroll).take(columns * height).enumerate() {
        let (column, row) = (u16::try_from(i / height.max(1)).unwrap_or(0), u16::try_from(i % height.max(1)).unwrap_or(0));
        put(buf, area.x + 1 + column * width, area.y + 2 + row, width.saturating_sub(2), line);
    }
    if more {
        let words = " ↓ more, j ";
        let x = area.right().saturating_sub(u16::try_from(text::width(words)).unwrap_or(0) + 1);
        put(buf, x, area.bottom().saturating_sub(1), area.width, vec![span(words, theme.accent)]);
    }
}
