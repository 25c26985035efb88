//! Links that the terminal itself opens (OSC 8). ratatui measures what stands in a cell, so no command can stand there: a cell carries a
//! number in the colour of its underline, which nothing else here uses, and the last backend before the terminal makes the command of it.
//!
//! The numbers are of this thread, where a frame is drawn and written in one call.

use std::cell::RefCell;

use ratatui::style::Color;

/// Addresses that are remembered; then the numbers begin anew. What stands on the screen keeps its address: the terminal has it.
const ADDRESSES_MAX: usize = 4_096;
/// Bytes of an address at most.
const ADDRESS_MAX: usize = 2_000;

#[derive(Default)]
struct Table {
    on: bool,
    addresses: Vec<String>,
}

thread_local! {
    static TABLE: RefCell<Table> = RefCell::default();
}

/// Whether links are marked from now on.
pub(crate) fn set(on: bool) {
    TABLE.with_borrow_mut(|table| table.on = on);
}

/// The mark for an address that was checked; none where there are to be none, or it could hold a command.
pub(crate) fn mark(address: &str) -> Option<Color> {
    let plain = address.len() <= ADDRESS_MAX && address.bytes().all(|b| (0x21..0x7f).contains(&b));
    TABLE.with_borrow_mut(|table| {
        if !table.on || !plain {
            return None;
        }
        let known = table.addresses.iter().position(|other| other == address);
        let index = known.unwrap_or_else(|| {
            if table.addresses.len() >= ADDRESSES_MAX {
                table.addresses.clear();
            }
            table.addresses.push(address.to_owned());
            table.addresses.len() - 1
        });
        let [high, low] = u16::try_from(index).unwrap_or(0).to_be_bytes();
        Some(Color::Rgb(1, high, low))
    })
}

/// The address of a mark.
pub(crate) fn address(mark: Color) -> Option<String> {
    let Color::Rgb(1, high, low) = mark else { return None };
    TABLE.with_borrow(|table| table.addresses.get(usize::from(u16::from_be_bytes([high, low]))).cloned())
}

/// Begins a link; cells with the same number are one to the terminal, also over a line's end.
pub(crate) fn begin(mark: Color, address: &str) -> String {
    let number = if let Color::Rgb(_, high, low) = mark { u16::from_be_bytes([high, low]) } else { 0 };
    format!("\x1b]8;id=afenda{number};{address}\x1b\\")
}

/// Ends it.
pub(crate) const END: &str = "\x1b]8;;\x1b\\";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_could_hold_a_command_has_no_mark() {
        set(true);
        let good = mark("https://a.example/b").unwrap();
        assert_eq!(mark("https://a.example/b"), Some(good));
        assert_eq!(address(good).as_deref(), Some("https://a.example/b"));
        for bad in ["https://a.example/\x1b\\", "https://a.example/ b", "https://a.example/é", &"x".repeat(3_000)] {
            assert_eq!(mark(bad), None, "{bad:?}");
        }
        set(false);
        assert_eq!(mark("https://a.example/b"), None);
    }

    #[test]
    fn the_table_has_an_end() {
        set(true);
        let marks: Vec<_> = (0..=ADDRESSES_MAX).map(|n| mark(&format!("https://a.example/{n}")).unwrap()).collect();
        assert_eq!(address(*marks.last().unwrap()).as_deref(), Some(format!("https://a.example/{ADDRESSES_MAX}").as_str()));
        set(false);
    }
}
