//! Text from outside, made harmless: for people as the inbox does it, for programs so that nothing is lost.

pub(crate) use tui::text::{clean, line, size, truncate, width, wrap};

use tui::text::is_harmful;

/// One field of tab-separated output: `\t`, `\n`, `\\` and whatever is harmful are written as escapes, so that nothing is lost.
pub(crate) fn field(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            c if is_harmful(c) => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// Text that keeps its lines, tabs and backslashes; only what is harmful is written as an escape.
pub(crate) fn raw(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c != '\n' && c != '\t' && is_harmful(c) { out.push_str(&format!("\\u{{{:x}}}", u32::from(c))) } else { out.push(c) }
    }
    out
}

/// A cell of CSV: harmless to a terminal and, unless `raw`, to a spreadsheet, which takes what begins like a formula for one.
pub(crate) fn cell(text: &str, raw: bool) -> String {
    let cell = self::raw(text);
    if !raw && cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}

/// JSON with the harmful characters that JSON itself allows written as escapes. They stand in strings only, so it stays the same value.
pub(crate) fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c != '\n' && is_harmful(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_never_gets_through() {
        let evil = "a\u{1b}]0;x\u{7}b\u{9b}2J\u{202e}c\u{2066}d\u{200f}\u{e0041}\u{7f}";
        for shown in [line(evil), clean(evil), field(evil), json(&serde_json::to_string(evil).unwrap())] {
            assert!(!shown.chars().any(is_harmful), "{shown:?}");
        }
        let back: String = serde_json::from_str(&json(&serde_json::to_string(evil).unwrap())).unwrap();
        assert_eq!(back, evil);
    }

    #[test]
    fn a_field_escapes_what_would_end_it_and_keeps_a_picture() {
        assert_eq!(field("a\tb\nc\\d\u{1b}"), "a\\tb\\nc\\\\d\\u{1b}");
        assert_eq!(field("\u{2764}\u{fe0f}"), "\u{2764}\u{fe0f}");
    }
}
