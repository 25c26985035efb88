//! The search line of a conversation.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::ui::{Spans, ends, span, spans_width};
use crate::state::State;
use crate::text;
use crate::theme::Theme;

pub(super) fn draw(state: &State, theme: &Theme, buf: &mut Buffer, area: Rect) -> Option<Position> {
    let find = state.find.as_ref()?;
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let number = match (find.at, find.found) {
        _ if find.further => "reading older messages …".to_owned(),
        (_, 0) if find.words.is_empty() => String::new(),
        (_, 0) => "none so far".into(),
        (Some(at), found) => format!("{at} of {found}"),
        (None, 1) => "1 message".into(),
        (None, found) => format!("{found} messages"),
    };
    let mut right: Spans = vec![span(number, theme.dim)];
    if find.typing.is_none() && area.width >= 50 {
        for (key, words) in [("n", " older  "), ("N", " newer  "), ("Esc", " ends")] {
            right.push(span(if key == "n" { "   n" } else { key }, theme.accent));
            right.push(span(words, theme.dim));
        }
    }
    let words = find.typing.as_ref().map_or(find.words.as_str(), |typing| typing.text());
    let left = vec![span("\\ ", theme.accent), span(text::drawn(words), theme.text)];
    let taken = u16::try_from(spans_width(&right)).unwrap_or(0);
    ends(buf, inner, left, right);
    let typing = find.typing.as_ref()?;
    let before = typing.text().get(..typing.cursor()).unwrap_or_default();
    let room = inner.width.saturating_sub(taken + 5);
    let column = u16::try_from(text::width(before)).unwrap_or(u16::MAX).min(room);
    Some(Position::new(inner.x + 2 + column, inner.y))
}
