//! Text from outside, made safe and measured. Customers choose these bytes: nothing of them may reach the terminal as a command.
//!
//! Owns sanitising, width, cutting and wrapping, for the inbox and for whatever else prints to a terminal: [`clean`] or [`line()`] first,
//! then [`width`] and [`truncate`] on what they made. Everything here is pure and works on grapheme clusters, measured as
//! ratatui measures its cells, so that a wide character is never split and a row never grows past its pane.

use unicode_segmentation::UnicodeSegmentation as _;

/// Marks that stand on one letter at most. More is never language, only a text that climbs over the rows around it.
const MARKS_MAX: usize = 6;
/// A tab is shown as this many spaces: customer text has no columns to line up with.
const TAB: &str = "    ";

/// Makes untrusted text safe over several lines: line breaks stay, everything else that could act on the terminal becomes visible or goes.
///
/// - C0 controls, ESC and DEL become their pictures (`␛`, `␇`): the rest of an escape sequence is then plain text.
/// - C1 controls become `�`.
/// - Bidirectional controls, invisible format characters, tags and variation selectors are dropped.
/// - A joiner between pictographs is dropped (terminals disagree about the width of what it makes); between letters it stays.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut marks = 0_usize;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let pushed = match c {
            '\r' => {
                if chars.peek() != Some(&'\n') {
                    out.push('\n');
                }
                continue;
            }
            '\n' | '\u{2028}' | '\u{2029}' | '\u{85}' => '\n',
            '\t' => {
                out.push_str(TAB);
                marks = 0;
                continue;
            }
            '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('�'),
            '\u{7f}' => '␡',
            '\u{80}'..='\u{9f}' => '�',
            // Half-width sound marks join their letter to a cluster that ratatui 0.30 with unicode-width 0.2.3 takes for three cells, where
            // terminals draw two: the full-width ones stand alone, and are measured as they are drawn.
            '\u{ff9e}' => '゛',
            '\u{ff9f}' => '゜',
            c if !is_safe(c) => continue,
            '\u{200c}' | '\u{200d}' => {
                let letters = out.chars().next_back().is_some_and(joins) && chars.peek().copied().is_some_and(joins);
                if !letters {
                    continue;
                }
                c
            }
            c => c,
        };
        if pushed != '\n' && is_zero_width(pushed) {
            marks += 1;
            // A mark with nothing under it would land on what stands to its left on the screen.
            if marks > MARKS_MAX || out.is_empty() || out.ends_with('\n') {
                continue;
            }
        } else {
            marks = 0;
        }
        out.push(pushed);
    }
    out
}

/// What may be typed or pasted into a message: the text as it is, without what steers a terminal or turns the reading direction. Marks,
/// joiners and variation selectors stay, the customer's screen needs them; [`drawn`] shows such text here.
pub(crate) fn typed(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}', '\u{85}'], "\n").replace('\t', TAB);
    text.chars().filter(|c| *c == '\n' || !is_harmful(*c)).collect()
}

/// A row of typed text as the screen can show it: a cluster that terminals disagree about is its first plain character, in the same cells.
pub(crate) fn drawn(row: &str) -> String {
    let plain = |c: char| is_safe(c) && !matches!(c, '\u{200c}' | '\u{200d}');
    let mut out = String::with_capacity(row.len());
    for g in row.graphemes(true) {
        if g.chars().all(plain) && g.chars().count() <= 1 + MARKS_MAX {
            out.push_str(g);
            continue;
        }
        let base: String = g.chars().find(|c| plain(*c) && !is_zero_width(*c)).into_iter().collect();
        out.push_str(&base);
        out.extend(std::iter::repeat_n(' ', cell(g).saturating_sub(width(&base))));
    }
    out
}

/// Makes untrusted text safe and one line: every run of white space becomes one space.
pub fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in clean(text).split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// Whether a character steers a terminal, or turns or hides what stands around it. Output that must lose nothing escapes these.
///
/// [`clean`] takes away more: also what only changes the look of the letter before it.
pub fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Whether a character may stand in a cell: the last check before the screen is written.
pub(crate) fn is_safe(c: char) -> bool {
    !is_harmful(c) && !is_hidden(c)
}

/// Other characters that show nothing themselves, or on which terminals disagree.
fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{ffa0}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{1f3fb}'..='\u{1f3ff}'
            | '\u{e0080}'..='\u{e0fff}'
    )
}

/// Letters of scripts in which a joiner says how the letter is written.
fn joins(c: char) -> bool {
    c.is_alphabetic() && !c.is_ascii() || is_zero_width(c)
}

fn is_zero_width(c: char) -> bool {
    unicode_width::UnicodeWidthChar::width(c) == Some(0)
}

/// Cells one grapheme cluster takes.
pub(crate) fn cell(grapheme: &str) -> usize {
    if grapheme.contains(char::is_control) { 0 } else { crate::glyphs::cells(grapheme) }
}

/// Cells a text takes.
pub fn width(text: &str) -> usize {
    text.graphemes(true).map(cell).sum()
}

/// Cuts to at most `max` cells; a cut text ends in `…`.
pub fn truncate(text: &str, max: usize) -> String {
    if width(text) <= max {
        return text.to_owned();
    }
    if max == 0 {
        return String::new();
    }
    let mut out = String::new();
    let mut used = 0;
    for g in text.graphemes(true) {
        let w = cell(g);
        if used + w > max - 1 {
            break;
        }
        used += w;
        out.push_str(g);
    }
    let mut out = out.trim_end().to_owned();
    out.push('…');
    out
}

/// Byte ranges of the rows that `text` takes at `max` cells: broken at spaces where there are some, inside a word where not.
///
/// Every line of the text makes at least one row. The space at which a row breaks belongs to it and may stand past its end.
pub(crate) fn rows(text: &str, max: usize) -> Vec<std::ops::Range<usize>> {
    let max = max.max(1);
    let mut out = Vec::new();
    let mut at = 0;
    for line in text.split('\n') {
        let mut start = at;
        let mut used = 0;
        // Where the row may break: behind a space, with the width so far.
        let mut gap: Option<(usize, usize)> = None;
        for (i, g) in line.grapheme_indices(true) {
            let w = cell(g);
            let space = g == " ";
            if used + w > max && !space {
                let (end, left) = match gap {
                    Some((end, before)) if end > start => (end, used - before),
                    _ => (at + i, 0),
                };
                if end > start {
                    out.push(start..end);
                    start = end;
                    used = left;
                }
                gap = None;
            }
            used += w;
            if space {
                gap = Some((at + i + g.len(), used));
            }
        }
        out.push(start..at + line.len());
        at += line.len() + 1;
    }
    out
}

/// The rows themselves, without the space each was broken at.
pub fn wrap(text: &str, max: usize) -> Vec<String> {
    rows(text, max).into_iter().map(|r| text.get(r).unwrap_or_default().trim_end().to_owned()).collect()
}

/// A size for people: `312 KB`.
pub fn size(bytes: i64) -> String {
    match bytes {
        ..0 => String::new(),
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} KB", bytes / 1_000),
        1_000_000..1_000_000_000 => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
        _ => format!("{}.{} GB", bytes / 1_000_000_000, bytes % 1_000_000_000 / 100_000_000),
    }
}
