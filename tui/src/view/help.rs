//! The help screen, made from the table of keys: found by words or by a key, run with Enter.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::ui::{self, Spans, put, rule, span, spans_width};
use crate::keymap::registry;
use crate::state::{Help, HelpLine, State};
use crate::text;
use crate::theme::Theme;

/// Cells for the keys of a row.
const KEYS: usize = 20;

fn draw_line(state: &State, theme: &Theme, line: &HelpLine) -> Spans {
    match line {
        HelpLine::Heading(title) => vec![span(*title, theme.strong)],
        HelpLine::Row(place, row) => {
            let keys = crate::glyphs::key(&state.keys.of(*place, row).join("  ")).into_owned();
            // What has no key is done by its name.
            let keys = if keys.is_empty() { format!(":{}", registry::action(row.command).id) } else { keys };
            let pad = KEYS.saturating_sub(text::width(&keys)).max(2);
            vec![span(keys, theme.accent), span(" ".repeat(pad), theme.text), span(registry::help(state, *place, row), theme.text)]
        }
        HelpLine::Blank => Spans::new(),
    }
}

/// What the rows are filtered by; the cursor stands behind the words while they are typed.
fn draw_filter(theme: &Theme, buf: &mut Buffer, x: u16, area: Rect, help: &Help) -> Option<Position> {
    let spans = if help.listening {
        vec![span("press the key to look up", theme.warn)]
    } else if let Some((place, command)) = help.changing {
        vec![span(
            format!("press the key for “{}” in [{}]; Esc changes nothing", registry::action(command).title, place.name()),
            theme.warn,
        )]
    } else if let Some(key) = &help.key {
        vec![span("key ", theme.dim), span(crate::glyphs::key(key).into_owned(), theme.accent)]
    } else if help.typing || !help.words.text().is_empty() {
        vec![span("/", theme.accent), span(text::drawn(help.words.text()), theme.strong)]
    } else {
        vec![span(help.context.title().to_lowercase(), theme.dim)]
    };
    let before = help.words.text().get(..help.words.cursor()).map_or(0, text::width);
    let room = area.width.saturating_sub(x - area.x);
    put(buf, x, area.y, room, spans);
    help.typing.then(|| Position::new((x + 1 + u16::try_from(before).unwrap_or(0)).min(area.right().saturating_sub(1)), area.y))
}

pub(super) fn draw(state: &State, theme: &Theme, buf: &mut Buffer, area: Rect, help: &Help) -> Option<Position> {
    ui::fill(buf, area, theme.text);
    let x = put(buf, area.x + 1, area.y, area.width, vec![span("Keys  ", theme.strong)]);
    let cursor = draw_filter(theme, buf, x, area, help);
    rule(buf, area.x, area.y + 1, area.width, theme.rule);
    let (columns, height) = Help::page(state.size);
    let width = area.width / u16::try_from(columns).unwrap_or(1);
    let lines = help.lines(state);
    if lines.is_empty() {
        let words = if help.key.is_some() { "This key means nothing." } else { "No key's words hold all of these." };
        put(buf, area.x + 1, area.y + 3, area.width, vec![span(words, theme.dim), span("  Esc shows all", theme.faint)]);
    }
    let mut row = lines.iter().take(help.scroll).filter(|line| matches!(line, HelpLine::Row(..))).count();
    for (i, line) in lines.iter().skip(help.scroll).take(columns * height).enumerate() {
        let (column, y) = (u16::try_from(i / height).unwrap_or(0), u16::try_from(i % height).unwrap_or(0));
        let at = Rect { x: area.x + column * width, y: area.y + 2 + y, width: width.saturating_sub(1), height: 1 };
        put(buf, at.x + 1, at.y, at.width.saturating_sub(1), draw_line(state, theme, line));
        if matches!(line, HelpLine::Row(..)) {
            if row == help.cursor {
                super::inbox::select(theme, buf, at, false);
            }
            row += 1;
        }
    }
    if lines.len() > help.scroll + columns * height {
        let words = vec![span(" ↓ more, j ", theme.accent)];
        let x = area.right().saturating_sub(u16::try_from(spans_width(&words)).unwrap_or(0) + 1);
        put(buf, x, area.bottom().saturating_sub(1), area.width, words);
    }
    cursor
}
