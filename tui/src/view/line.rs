//! The line at the foot that a menu asks for, and under it what it would do.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::ui::{self, put, span, titled_rule};
use crate::layout::Panes;
use crate::state::{Line, State};
use crate::text;
use crate::theme::Theme;

pub(super) fn draw(state: &State, theme: &Theme, buf: &mut Buffer, panes: &Panes, line: &Line) -> Option<Position> {
    let echo = crate::update::echo(state, line);
    let (words, style) = match &echo {
        Ok(words) => (words, theme.ok),
        Err(words) => (words, theme.warn),
    };
    let room = usize::from(panes.foot.width.saturating_sub(6)).max(1);
    let said: Vec<String> = text::wrap(&text::line(words), room).into_iter().take(3).collect();
    let rows = u16::try_from(said.len()).unwrap_or(1);
    let area = Rect { y: panes.foot.y.saturating_sub(rows + 3), height: rows + 2, ..panes.foot };
    ui::fill(buf, area, theme.block);
    titled_rule(buf, Rect { height: 1, ..area }, &line.title, theme.strong, theme.accent);
    for (y, row) in (area.y + 2..).zip(said) {
        put(buf, 3, y, area.width.saturating_sub(4), vec![span(row, style)]);
    }
    let text = line.editor.text();
    let before = text.get(..line.editor.cursor()).unwrap_or(text);
    let mut from = 0;
    while text::width(before.get(from..).unwrap_or_default()) >= room {
        from += before.get(from..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
    }
    put(buf, 3, area.y + 1, area.width.saturating_sub(4), vec![span(text::drawn(text.get(from..).unwrap_or_default()), theme.strong)]);
    let column = text::width(before.get(from..).unwrap_or_default());
    Some(Position::new(3 + u16::try_from(column).unwrap_or(0), area.y + 1))
}
