//! Small brushes: spans cut to a width, a line with two ends, rules, ages. Everything that reaches the screen passes here.

use api::inbox::ConversationView;
use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation as _;

use crate::glyphs;
use crate::state::State;
use crate::text;
use crate::theme::Theme;

pub(crate) type Spans = Vec<Span<'static>>;

pub(crate) fn span(text: impl Into<String>, style: Style) -> Span<'static> {
    Span::styled(text.into(), style)
}

pub(crate) fn spans_width(spans: &[Span<'_>]) -> usize {
    spans.iter().map(|s| text::width(&s.content)).sum()
}

/// Cuts spans to `max` cells; what is cut ends in `…`.
pub(crate) fn fit(spans: Spans, max: usize) -> Spans {
    if spans_width(&spans) <= max {
        return spans;
    }
    let mut left = max;
    let mut out = Spans::new();
    for s in spans {
        let width = text::width(&s.content);
        if width < left {
            left -= width;
            out.push(s);
            continue;
        }
        let cut = text::truncate(&s.content, left);
        // Fits to the cell, and there is more behind it: the mark still has to be seen.
        let cut = if cut.ends_with('…') || left == 0 { cut } else { text::truncate(&format!("{cut}…"), left) };
        out.push(Span::styled(cut, s.style));
        break;
    }
    out
}

/// Draws spans at a place, cut to `width` cells; returns the cell after them.
pub(crate) fn put(buf: &mut Buffer, x: u16, y: u16, width: u16, spans: Spans) -> u16 {
    if width == 0 || !buf.area.contains((x, y).into()) {
        return x;
    }
    if glyphs::differ() {
        return glyphs::place(buf, x, y, width, &fit(spans, usize::from(width)));
    }
    let line = Line::from(fit(spans, usize::from(width)));
    buf.set_line(x, y, &line, width).0
}

/// Draws one line with a left and a right end; the left one gives way.
pub(crate) fn ends(buf: &mut Buffer, area: Rect, left: Spans, right: Spans) {
    let right = fit(right, usize::from(area.width));
    let taken = u16::try_from(spans_width(&right)).unwrap_or(area.width);
    let gap = if taken == 0 { 0 } else { taken + 2 };
    put(buf, area.x, area.y, area.width.saturating_sub(gap), left);
    put(buf, area.right().saturating_sub(taken), area.y, taken, right);
}

/// A thin line across.
pub(crate) fn rule(buf: &mut Buffer, x: u16, y: u16, width: u16, style: Style) {
    put(buf, x, y, width, vec![span("─".repeat(usize::from(width)), style)]);
}

/// A thin line across with words in it.
pub(crate) fn titled_rule(buf: &mut Buffer, area: Rect, words: &str, word_style: Style, style: Style) {
    rule(buf, area.x, area.y, area.width, style);
    put(buf, area.x + 2, area.y, area.width.saturating_sub(4), vec![span(format!(" {words} "), word_style)]);
}

/// A thin line down.
pub(crate) fn column(buf: &mut Buffer, x: u16, area: Rect, style: Style) {
    for y in area.top()..area.bottom() {
        put(buf, x, y, 1, vec![span("│", style)]);
    }
}

/// Empties an area and gives it a ground.
pub(crate) fn fill(buf: &mut Buffer, area: Rect, style: Style) {
    let area = area.intersection(buf.area);
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            if let Some(cell) = buf.cell_mut((x, y)) {
                cell.reset();
            }
        }
    }
    buf.set_style(area, style);
}

/// Minutes since a moment, as of the clock's last full one: all ages on the screen change together, in one frame a minute.
pub(crate) fn minutes_since(now: Timestamp, then: Timestamp) -> i64 {
    (now.as_second().div_euclid(60) * 60 - then.as_second()).max(0) / 60
}

/// A short age: `41m`, `5h`, `1d`.
pub(crate) fn age(now: Timestamp, then: Timestamp) -> String {
    let minutes = minutes_since(now, then);
    match minutes {
        0 => "now".into(),
        1..60 => format!("{minutes}m"),
        60..1_440 => format!("{}h", minutes / 60),
        1_440..525_600 => format!("{}d", minutes / 1_440),
        _ => format!("{}y", minutes / 525_600),
    }
}

/// Whole seconds until a moment, the begun one counted.
pub(crate) fn seconds_until(now: Timestamp, at: Timestamp) -> i64 {
    (at.duration_since(now).as_millis() as i64 + 999).max(0) / 1_000
}

/// A length of time in words: `3 h 52 m`.
pub(crate) fn span_words(seconds: i64) -> String {
    let minutes = seconds.max(0) / 60;
    match minutes {
        0 => format!("{} s", seconds.max(0)),
        1..60 => format!("{minutes} m"),
        60..2_880 => format!("{} h {} m", minutes / 60, minutes % 60),
        _ => format!("{} days", minutes / 1_440),
    }
}

/// A conversation's age: how long the customer waits, else how long nothing happened; marked by words and colour.
pub(crate) fn waiting(state: &State, theme: &Theme, view: &ConversationView) -> Span<'static> {
    let Some(since) = view.waiting_since else {
        return span(age(state.ages_at(), view.last_activity_at), theme.faint);
    };
    let (text, minutes) = (age(state.ages_at(), since), minutes_since(state.ages_at(), since));
    let (ageing, late) = state.settings.waiting.of(&view.inbox);
    if minutes < ageing {
        span(text, theme.faint)
    } else if minutes < late {
        span(format!("{text}^"), theme.warn)
    } else {
        span(format!("{text}^^"), theme.late)
    }
}

/// The time of day, here.
pub(crate) fn clock(state: &State, at: Timestamp) -> String {
    at.to_zoned(state.tz.clone()).strftime("%H:%M").to_string()
}

/// The day, here: today, yesterday, or its date.
pub(crate) fn day(state: &State, at: Timestamp) -> String {
    let (day, today) = (at.to_zoned(state.tz.clone()).date(), state.now.to_zoned(state.tz.clone()).date());
    if day == today {
        "today".into()
    } else if day.tomorrow().ok() == Some(today) {
        "yesterday".into()
    } else if day.year() == today.year() {
        day.strftime("%a %d %b").to_string()
    } else {
        day.strftime("%d %b %Y").to_string()
    }
}

/// Whether two moments are on different days, here.
pub(crate) fn other_day(state: &State, a: Timestamp, b: Timestamp) -> bool {
    a.to_zoned(state.tz.clone()).date() != b.to_zoned(state.tz.clone()).date()
}

/// A label's name in its own colour, as far as that can be read.
pub(crate) fn label(state: &State, theme: &Theme, name: &str) -> Span<'static> {
    let color = state.directory.labels.iter().find(|l| l.title == name).map(|l| l.color.as_str());
    span(text::line(name), theme.label(color.unwrap_or_default()))
}

/// Writes what is safe and nothing else: the last door before the terminal.
pub(crate) fn guard(buf: &mut Buffer) {
    for cell in &mut buf.content {
        if !cell.symbol().chars().all(text::is_safe) {
            cell.set_symbol("�");
        }
    }
}

/// The first so many clusters, for names in tight places.
pub(crate) fn first_word(name: &str) -> String {
    let line = text::line(name);
    line.split(' ').next().unwrap_or_default().graphemes(true).take(12).collect()
}
