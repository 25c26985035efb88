//! A text to be taken with the mouse: from edge to edge, nothing beside it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::ui::{self, put, span, titled_rule};
use crate::layout::{self, Panes};
use crate::state::Shown;
use crate::text;
use crate::theme::Theme;

pub(super) fn draw(theme: &Theme, buf: &mut Buffer, panes: &Panes, shown: &Shown) {
    let rows = text::wrap(&shown.text, usize::from(panes.foot.width));
    let room = layout::shown_height(panes.foot.y + 1);
    let height = u16::try_from(rows.len()).unwrap_or(room).min(room);
    let area = Rect { y: panes.foot.y.saturating_sub(height + 2), height: height + 2, ..panes.foot };
    ui::fill(buf, area, theme.text);
    titled_rule(buf, Rect { height: 1, ..area }, &shown.title, theme.strong, theme.accent);
    let below = rows.len().saturating_sub(shown.scroll + usize::from(height));
    for (y, row) in (area.y + 1..area.bottom()).zip(rows.into_iter().skip(shown.scroll).take(usize::from(height))) {
        put(buf, area.x, y, area.width, vec![span(row, theme.text)]);
    }
    let last = Rect { y: area.bottom().saturating_sub(1), height: 1, ..area };
    if below > 0 {
        titled_rule(buf, last, &format!("{below} more lines ↓"), theme.accent, theme.rule);
    } else {
        ui::rule(buf, last.x, last.y, last.width, theme.rule);
    }
}
