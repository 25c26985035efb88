//! The palette: a line to type in, and the actions that match with the key and the command line that do the same.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::ui::{self, Spans, put, span, spans_width, titled_rule};
use crate::layout::Panes;
use crate::state::{Palette, Row, State};
use crate::text;
use crate::theme::Theme;

/// Cells at most: wider, and the eye loses the line from an action to its key.
const WIDTH_MAX: u16 = 110;
/// Rows at most; what matches no better is found by typing on.
const ROWS_MAX: u16 = 16;
/// From this width on the command line stands in the row; below it under the rows, for the marked one.
const WITH_CLI: u16 = 90;
/// Cells for the key.
const KEY: usize = 10;

pub(super) fn draw(state: &State, theme: &Theme, buf: &mut Buffer, panes: &Panes, palette: &Palette) -> Option<Position> {
    let rows = palette.rows(state);
    let screen = panes.foot;
    let width = screen.width.min(WIDTH_MAX);
    let top = if screen.y >= 16 { 2 } else { 0 };
    // A rule, the line, the rows, what is said of the marked one, a rule.
    let room = screen.y.saturating_sub(top + 5).clamp(1, ROWS_MAX);
    let area = Rect { x: (screen.width - width) / 2, y: top, width, height: (room + 4).min(screen.y) };
    // A cell of air at both sides, where something stands there.
    ui::fill(buf, Rect { x: area.x.saturating_sub(1), width: area.width + 2, ..area }, theme.text);
    ui::fill(buf, area, theme.block);
    let title = if palette.line().is_some() { "Command line" } else { "Actions" };
    titled_rule(buf, Rect { height: 1, ..area }, title, theme.strong, theme.accent);
    ui::rule(buf, area.x, area.bottom().saturating_sub(1), area.width, theme.rule);
    let cursor = line(theme, buf, Rect { x: area.x + 2, y: area.y + 1, width: area.width.saturating_sub(4), height: 1 }, palette);
    let first = (palette.cursor + 1).saturating_sub(usize::from(room));
    for (i, (y, row)) in (area.y + 2..area.y + 2 + room).zip(rows.iter().skip(first)).enumerate() {
        let at = Rect { x: area.x + 1, y, width: area.width.saturating_sub(2), height: 1 };
        draw_row(theme, buf, at, row);
        if i + first == palette.cursor {
            super::inbox::select(theme, buf, at, false);
        }
    }
    let said = match (&palette.error, rows.get(palette.cursor)) {
        (Some(error), _) => vec![span(error.clone(), theme.warn)],
        (None, None) => vec![span(nothing(palette), theme.faint)],
        (None, Some(row)) => about(theme, row, area.width),
    };
    let below = if rows.is_empty() { area.y + 3 } else { area.bottom().saturating_sub(2) };
    put(buf, area.x + 2, below, area.width.saturating_sub(4), said);
    let more = rows.len().saturating_sub(first + usize::from(room));
    if more > 0 {
        let words = format!(" {more} more ↓ ");
        let x = area.right().saturating_sub(u16::try_from(text::width(&words)).unwrap_or(0) + 2);
        put(buf, x, area.bottom().saturating_sub(1), area.width, vec![span(words, theme.faint)]);
    }
    cursor
}

/// The line that is typed in; its end stays in sight.
fn line(theme: &Theme, buf: &mut Buffer, area: Rect, palette: &Palette) -> Option<Position> {
    let text = palette.editor.text();
    if text.is_empty() {
        put(
            buf,
            area.x + 1,
            area.y,
            area.width,
            vec![span("an action or a key; : a line, # conversation, @ person, ~ label, > view, ? help", theme.faint)],
        );
        return Some(Position::new(area.x, area.y));
    }
    let before = text.get(..palette.editor.cursor()).unwrap_or(text);
    let room = usize::from(area.width.saturating_sub(1)).max(1);
    let mut from = 0;
    while text::width(before.get(from..).unwrap_or_default()) > room {
        from += before.get(from..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
    }
    let shown = text::drawn(text.get(from..).unwrap_or_default());
    put(buf, area.x, area.y, area.width, vec![span(shown, theme.strong)]);
    let column = text::width(before.get(from..).unwrap_or_default());
    Some(Position::new(area.x + u16::try_from(column).unwrap_or(0).min(area.width), area.y))
}

fn nothing(palette: &Palette) -> &'static str {
    match palette.editor.text().chars().next() {
        Some('#') => "the number of a conversation, or a name",
        Some('@') => "nobody known here has this name; 4 finds everybody",
        Some('~') => "no label has this name",
        _ => "nothing matches",
    }
}

fn draw_row(theme: &Theme, buf: &mut Buffer, area: Rect, row: &Row) {
    let live = row.refusal.is_none();
    let mut left: Spans = vec![span(row.title.clone(), if live { theme.text } else { theme.faint })];
    if let Some(id) = row.id {
        left.push(span(format!("  {id}"), theme.faint));
    }
    if let Some(why) = row.refusal {
        left.push(span(format!("  {why}"), theme.faint));
    }
    let key = crate::glyphs::key(&row.key);
    let key = format!("{key}{}", " ".repeat(KEY.saturating_sub(text::width(&key))));
    let mut right: Spans = vec![span(key, if live { theme.accent } else { theme.faint })];
    if area.width >= WITH_CLI {
        let cli = text::truncate(row.cli.as_deref().unwrap_or_default(), 44);
        let pad = 44_usize.saturating_sub(text::width(&cli));
        right.push(span(format!("{cli}{}", " ".repeat(pad)), theme.faint));
    }
    let taken = u16::try_from(spans_width(&right)).unwrap_or(area.width).min(area.width);
    put(buf, area.x + 1, area.y, area.width.saturating_sub(taken + 2), left);
    put(buf, area.right().saturating_sub(taken), area.y, taken, right);
}

/// What is said of the marked row: why not, or how to say it in a shell.
fn about(theme: &Theme, row: &Row, width: u16) -> Spans {
    match (row.refusal, &row.cli) {
        (Some(why), _) => vec![span(why, theme.dim)],
        (None, Some(cli)) if width < WITH_CLI => vec![span(cli.clone(), theme.dim)],
        _ => Spans::new(),
    }
}
