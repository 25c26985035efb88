//! The completion list over the composer: lines to choose from, and below them what the chosen one puts in.

use api::inbox::Mention;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use unicode_segmentation::UnicodeSegmentation as _;

use super::ui::{self, Spans, put, span, titled_rule};
use crate::state::{Candidate, Offer, State};
use crate::text;
use crate::theme::Theme;
use crate::{canned, files};

/// Lines of the list that are on the screen at once.
const LINES_MAX: u16 = 6;
/// Lines of what goes in.
const PREVIEW_MAX: usize = 6;

/// Draws the list above `composer`, within `pane`.
pub(super) fn draw(state: &State, theme: &Theme, buf: &mut Buffer, pane: Rect, composer: Rect) {
    let Some(list) = state.composer.as_ref().and_then(|c| c.completing.list.as_ref()) else { return };
    let width = usize::from(pane.width.saturating_sub(4));
    let mut below = list.choices.get(list.cursor).map(|choice| preview(theme, list.offer, choice, width)).unwrap_or_default();
    // As high for every choice, so that the lines keep their places.
    let most = list.choices.iter().map(|choice| preview(theme, list.offer, choice, width).len()).max().unwrap_or(0);
    below.resize(most, Spans::new());
    let room = composer.y.saturating_sub(pane.y);
    // Whom it is written to stays in sight, wherever a line is left to choose from.
    let room = if room > 2 { room - 1 } else { room };
    // The list comes first: what goes in is shown as far as there is room for three lines to choose from.
    let lines = u16::try_from(list.choices.len()).unwrap_or(LINES_MAX).min(LINES_MAX).min(room.saturating_sub(1));
    let lines = lines.min(room.saturating_sub(2 + u16::try_from(below.len()).unwrap_or(0)).max(lines.min(3)));
    let spare = room.saturating_sub(lines + 1);
    below.truncate(usize::from(spare.saturating_sub(1)));
    let extra = u16::try_from(below.len()).unwrap_or(0);
    let height = lines + 1 + if extra > 0 { extra + 1 } else { 0 };
    let area = Rect { y: composer.y.saturating_sub(height), height, ..pane };
    ui::fill(buf, area, theme.block);
    let place = if list.choices.len() > 1 { format!("  {}/{}", list.cursor + 1, list.choices.len()) } else { String::new() };
    titled_rule(buf, Rect { height: 1, ..area }, &format!("{}{place}", list.offer.title()), theme.strong, theme.accent);
    let top = (list.cursor + 1).saturating_sub(usize::from(lines));
    let shown = list.choices.iter().enumerate().skip(top).take(usize::from(lines));
    let column = list.choices.iter().map(|c| text::width(&text::line(&c.label))).max().unwrap_or(0).min(width / 3);
    for (y, (i, choice)) in (area.y + 1..).zip(shown) {
        put(buf, area.x + 3, y, area.width.saturating_sub(4), line(theme, choice, column));
        if i == list.cursor {
            super::inbox::select(theme, buf, Rect { x: area.x + 1, y, width: area.width.saturating_sub(2), height: 1 }, false);
        }
    }
    if extra > 0 {
        let from = area.y + 1 + lines;
        ui::rule(buf, area.x + 3, from, area.width.saturating_sub(5), theme.rule);
        for (y, row) in (from + 1..area.bottom()).zip(below) {
            put(buf, area.x + 3, y, area.width.saturating_sub(4), row);
        }
    }
}

fn line(theme: &Theme, choice: &Candidate, column: usize) -> Spans {
    let label = text::truncate(&text::line(&choice.label), column);
    let gap = " ".repeat(column.saturating_sub(text::width(&label)) + 2);
    vec![span(label, theme.accent), span(gap, theme.text), span(said(choice), theme.dim)]
}

/// What is behind a line's label.
fn said(choice: &Candidate) -> String {
    match choice.who {
        Some(Mention::Agent(_)) => "agent".into(),
        Some(Mention::Team(_)) => "team: everybody in it".into(),
        None => text::line(&choice.text),
    }
}

/// What goes in whole, and above it what of it stays open.
fn preview(theme: &Theme, offer: Offer, choice: &Candidate, width: usize) -> Vec<Spans> {
    match offer {
        Offer::Mention | Offer::Emoji => Vec::new(),
        Offer::Canned => {
            let mut rows = text::wrap(&text::clean(&choice.text), width);
            let more = rows.len().saturating_sub(PREVIEW_MAX);
            if more > 0 {
                rows.truncate(PREVIEW_MAX - 1);
                rows.push(format!("… {} more lines", more + 1));
            }
            let mut out: Vec<Spans> = rows.into_iter().map(|row| vec![span(row, theme.text)]).collect();
            let open = canned::open(&choice.text);
            if !open.is_empty() {
                out.insert(0, ui::fit(vec![span(format!("not known here: {}", text::line(&open.join(" "))), theme.warn)], width));
            }
            out
        }
    }
}

/// Draws the line that asks for a path, above `composer`; returns where the terminal's cursor belongs.
pub(super) fn draw_prompt(state: &State, theme: &Theme, buf: &mut Buffer, pane: Rect, composer: Rect) -> Option<Position> {
    let prompt = state.composer.as_ref().and_then(|c| c.prompt.as_ref())?;
    let width = usize::from(pane.width.saturating_sub(4));
    let (words, style) = match (&prompt.error, prompt.looking) {
        (Some(error), _) => (text::line(error), theme.bad),
        (None, true) => ("looking at it …".into(), theme.faint),
        (None, false) => (format!("up to {} MB a file; Tab completes", files::FILE_BYTES_MAX / 1024 / 1024), theme.faint),
    };
    let room = composer.y.saturating_sub(pane.y);
    // The end of a name says which it is: the folder is in the line above.
    let name = |path: &String| text::line(path.trim_end_matches('/').rfind('/').and_then(|at| path.get(at + 1..)).unwrap_or(path));
    let names = text::wrap(&prompt.found.iter().map(name).collect::<Vec<_>>().join("   "), width);
    let lines = u16::try_from(names.len()).unwrap_or(LINES_MAX).min(LINES_MAX).min(room.saturating_sub(3));
    let lines = if prompt.found.is_empty() { 0 } else { lines };
    let area = Rect { y: composer.y.saturating_sub(lines + 3), height: lines + 3, ..pane };
    ui::fill(buf, area, theme.block);
    titled_rule(buf, Rect { height: 1, ..area }, "Attach a file", theme.strong, theme.accent);
    let path = prompt.path.text();
    let before = text::width(path.get(..prompt.path.cursor()).unwrap_or_default());
    // The cursor stays on the line: of a long path the part before it goes.
    let room = width.saturating_sub(3).max(1);
    let skip = (before + 1).saturating_sub(room);
    let mut shown = String::new();
    let mut at = 0;
    for g in path.graphemes(true) {
        if at >= skip && at - skip + text::cell(g) <= room {
            shown.push_str(g);
        }
        at += text::cell(g);
    }
    put(buf, area.x + 3, area.y + 1, area.width.saturating_sub(4), vec![span("> ", theme.accent), span(text::drawn(&shown), theme.text)]);
    put(buf, area.x + 3, area.y + 2, area.width.saturating_sub(4), vec![span(words, style)]);
    for (y, row) in (area.y + 3..area.bottom()).zip(names) {
        put(buf, area.x + 3, y, area.width.saturating_sub(4), vec![span(row, theme.dim)]);
    }
    let column = u16::try_from(before.saturating_sub(skip)).unwrap_or(0);
    Some(Position::new((area.x + 5 + column).min(area.right().saturating_sub(1)), area.y + 1))
}
