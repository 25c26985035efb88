//! Characters that not every terminal draws, or not in one cell: replaced, and measured, as the settings say.
//!
//! Measuring is asked everywhere and takes no settings; `view` and `update` therefore set the look of their thread when they begin.

use std::borrow::Cow;
use std::cell::Cell;
use std::num::NonZeroU16;

use ratatui::buffer::{Buffer, CellDiffOption, CellWidth as _};
use ratatui::text::Span;
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// How characters look in this terminal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Look {
    /// Lines, dots and arrows are those of a typewriter.
    pub(crate) ascii: bool,
    /// A character of ambiguous width takes two cells.
    pub(crate) wide: bool,
}

thread_local! {
    static LOOK: Cell<Look> = const { Cell::new(Look { ascii: false, wide: false }) };
}

/// Sets the look of this thread.
pub(crate) fn set(look: Look) {
    LOOK.set(look);
}

/// What stands for a character of ours. All are one cell, so that nothing moves. Where ambiguous characters are wide these are replaced
/// too: a line of them would be twice as long.
const ASCII: [(&str, &str); 24] = [
    ("─", "-"),
    ("│", "|"),
    ("▎", "|"),
    ("●", "*"),
    ("○", "o"),
    ("•", "*"),
    ("·", "-"),
    ("…", "~"),
    ("↑", "^"),
    ("↓", "v"),
    ("←", "<"),
    ("→", ">"),
    ("‹", "<"),
    ("›", ">"),
    ("◂", "<"),
    ("↳", "`"),
    ("✓", "+"),
    ("−", "-"),
    ("–", "-"),
    ("—", "-"),
    ("“", "\""),
    ("”", "\""),
    ("’", "'"),
    ("�", "?"),
];

fn replaced(grapheme: &str, look: Look) -> Option<&'static str> {
    let fits = |own: &str| look.ascii || own.width_cjk() != own.width();
    ASCII.iter().find(|(own, _)| *own == grapheme && (look.ascii || look.wide) && fits(own)).map(|(_, plain)| *plain)
}

/// Cells one grapheme cluster takes on this terminal.
pub(crate) fn cells(grapheme: &str) -> usize {
    let usual = usize::from(grapheme.cell_width());
    let look = LOOK.get();
    if !look.wide || grapheme.is_ascii() || replaced(grapheme, look).is_some() {
        return usual;
    }
    // UAX 11 has them ambiguous, unicode-width 0.2 narrow. Where the terminal draws one cell all the same, a gap is left and nothing moves.
    let letters = |c| matches!(c, '\u{391}'..='\u{3c9}' | '\u{401}' | '\u{410}'..='\u{44f}' | '\u{451}');
    if grapheme.chars().next().is_some_and(letters) { 2 } else { usual.max(grapheme.width_cjk().min(2)) }
}

/// The name of a key as it is shown: an arrow that became a letter would be another key.
pub(crate) fn key(name: &str) -> Cow<'_, str> {
    let look = LOOK.get();
    if !look.ascii && !look.wide {
        return Cow::Borrowed(name);
    }
    Cow::Owned(name.replace('↑', "Up").replace('↓', "Down").replace('←', "Left").replace('→', "Right"))
}

/// Whether anything is drawn otherwise than ratatui draws it.
pub(crate) fn differ() -> bool {
    LOOK.get() != Look::default()
}

/// Draws spans that fit, one cluster after the other; returns the cell after them.
pub(crate) fn place(buf: &mut Buffer, x: u16, y: u16, width: u16, spans: &[Span<'_>]) -> u16 {
    let look = LOOK.get();
    let (mut at, end) = (x, x.saturating_add(width).min(buf.area.right()));
    for span in spans {
        for grapheme in span.content.graphemes(true) {
            let symbol = replaced(grapheme, look).unwrap_or(grapheme);
            let cells = u16::try_from(cells(grapheme)).unwrap_or(1);
            if cells == 0 || grapheme.contains(char::is_control) {
                continue;
            }
            if at.saturating_add(cells) > end {
                return at;
            }
            for rest in at..at + cells {
                if let Some(cell) = buf.cell_mut((rest, y)) {
                    cell.set_symbol(" ").set_diff_option(CellDiffOption::None).set_style(span.style);
                }
            }
            if let Some(cell) = buf.cell_mut((at, y)) {
                cell.set_symbol(symbol);
                // ratatui would write on into the second cell.
                if let Some(forced) = NonZeroU16::new(cells).filter(|_| symbol.cell_width() != cells) {
                    cell.set_diff_option(CellDiffOption::ForcedWidth(forced));
                }
            }
            at += cells;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_a_character_takes_its_one_cell() {
        for (own, plain) in ASCII {
            assert_eq!((own.cell_width(), plain.cell_width(), plain.len()), (1, 1, 1), "{own}");
        }
    }

    #[test]
    fn a_key_is_named_so_that_it_is_no_other() {
        set(Look { ascii: true, wide: false });
        assert_eq!(key("Ctrl+↓"), "Ctrl+Down");
        set(Look::default());
        assert_eq!(key("Ctrl+↓"), "Ctrl+↓");
    }

    #[test]
    fn what_unicode_leaves_open_is_measured_as_set() {
        set(Look { ascii: false, wide: true });
        // A letter of Greek, a sign, a line of ours (which is replaced), an ideogram, a plain letter.
        assert_eq!(["Ω", "±", "─", "李", "a"].map(cells), [2, 2, 1, 2, 1]);
        set(Look::default());
        assert_eq!(["Ω", "±", "─", "李", "a"].map(cells), [1, 1, 1, 2, 1]);
    }
}
