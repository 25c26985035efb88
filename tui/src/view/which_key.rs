//! What can follow the first key of a pair: a panel above the foot, made from the table.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::ui::{self, put, span, titled_rule};
use crate::keymap::{self, registry};
use crate::layout::Panes;
use crate::state::State;
use crate::text;
use crate::theme::Theme;

/// Cells of a column: a key, words, and most reasons.
const COLUMN: u16 = 44;

/// More keys of one row than this are named by the first and the last.
const MANY: usize = 3;

/// A key that can follow.
pub(super) struct Next {
    pub(super) key: String,
    pub(super) help: &'static str,
    refusal: Option<&'static str>,
}

/// The keys that can follow the one that was pressed, in the order of the table.
pub(super) fn next(state: &State) -> Vec<Next> {
    let Some(prefix) = &state.prefix else { return Vec::new() };
    let context = state.context();
    let mut out = Vec::new();
    for row in keymap::bindings(context).filter(|row| registry::is_offered(state, context, row.command)) {
        let second = |key: &str| key.strip_prefix(prefix.as_str()).and_then(|rest| rest.strip_prefix(' ')).map(str::to_owned);
        let refusal = registry::refusal(state, context, row.command);
        let mut keys: Vec<String> = state.keys.of(context, row).into_iter().filter_map(second).collect();
        // Many keys that do the same are one line: the first and the last.
        if let (true, Some(first), Some(last)) = (keys.len() > MANY, keys.first(), keys.last()) {
            keys = vec![format!("{first}\u{2026}{last}")];
        }
        out.extend(keys.into_iter().map(|key| Next {
            key: crate::glyphs::key(&key).into_owned(),
            help: registry::help(state, context, row),
            refusal,
        }));
    }
    out
}

pub(super) fn draw(state: &State, theme: &Theme, buf: &mut Buffer, panes: &Panes) {
    if !state.lists_next_keys() {
        return;
    }
    let next = next(state);
    let columns = (panes.foot.width / COLUMN).clamp(1, 3);
    let count = u16::try_from(next.len()).unwrap_or(u16::MAX);
    let height = count.div_ceil(columns).clamp(1, panes.foot.y.saturating_sub(3).max(1));
    let area = Rect { y: panes.foot.y.saturating_sub(height + 2), height: height + 1, ..panes.foot };
    ui::fill(buf, area, theme.block);
    let title = format!("{} …", state.prefix.as_deref().unwrap_or_default());
    titled_rule(buf, Rect { height: 1, ..area }, &title, theme.strong, theme.accent);
    let keys = next.iter().map(|next| text::width(&next.key)).max().unwrap_or(0);
    let width = panes.foot.width.saturating_sub(3) / columns;
    for (i, next) in (0_u16..).zip(next) {
        let (column, line) = (i / height, i % height);
        if column == columns {
            break;
        }
        let key = format!("{}{}", next.key, " ".repeat(keys.saturating_sub(text::width(&next.key)) + 2));
        let room = width.saturating_sub(2);
        let spans = match next.refusal {
            Some(why) => {
                // A reason that does not fit is left to who presses the key.
                let words = format!("{}  {why}", next.help);
                let fits = text::width(&key) + text::width(&words) <= usize::from(room);
                vec![span(key, theme.faint), span(if fits { words } else { next.help.to_owned() }, theme.faint)]
            }
            None => vec![span(key, theme.accent), span(next.help, theme.text)],
        };
        put(buf, area.x + 3 + column * width, area.y + 1 + line, room, spans);
    }
}
