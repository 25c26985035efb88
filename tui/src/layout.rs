//! Where things stand: pure geometry, for `view` to draw in and for `update` to know how far a page is.

use ratatui::layout::Rect;

use crate::state::{Focus, Screen, State};
use crate::text;

/// From this width on: list, conversation and contact panel.
pub(crate) const THREE: u16 = 150;
/// From this width on: list and conversation.
pub(crate) const TWO: u16 = 100;
/// Below this nothing can be shown sensibly.
pub(crate) const MIN: (u16, u16) = (20, 6);

/// The parts of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Panes {
    /// The head line; what is open alone on a narrow screen replaces it.
    pub(crate) head: Option<Rect>,
    /// The list.
    pub(crate) list: Option<Rect>,
    /// The conversation or the card.
    pub(crate) open: Option<Rect>,
    /// The contact panel.
    pub(crate) info: Option<Rect>,
    /// The first screen's hint.
    pub(crate) banner: Option<Rect>,
    /// The line of keys.
    pub(crate) foot: Rect,
    /// Whether one pane is shown at a time.
    pub(crate) narrow: bool,
}

/// Divides the screen.
pub(crate) fn panes(state: &State) -> Panes {
    let (width, height) = state.size;
    let narrow = width < TWO;
    let opened = state.focus == Focus::Open || state.composer.is_some();
    let alone = narrow && opened;
    let top = if alone { 0 } else { 2 };
    let mut bottom = height.saturating_sub(2);
    let foot = Rect::new(0, height.saturating_sub(1), width, 1);
    let banner = state.banner.as_ref().filter(|_| !alone && height >= 16).map(|banner| {
        let rows = text::rows(&format!("{}  (Esc hides this)", banner.trim_end()), usize::from(width.saturating_sub(4)));
        let lines = u16::try_from(rows.len()).unwrap_or(u16::MAX).min(height / 2);
        bottom = bottom.saturating_sub(lines + 1);
        Rect::new(0, bottom, width, lines + 1)
    });
    let body = Rect::new(0, top, width, bottom.saturating_sub(top));
    let mut panes = Panes { head: (!alone).then(|| Rect::new(0, 0, width, 1)), list: None, open: None, info: None, banner, foot, narrow };
    if matches!(state.screen, Screen::Activity | Screen::Own(_)) {
        panes.list = Some(body);
        return panes;
    }
    let person = state.screen == Screen::Inbox || (state.screen == Screen::Search && state.shown().is_some());
    let info = person && state.info.unwrap_or(width >= THREE);
    if narrow {
        if !opened {
            panes.list = Some(body);
        } else if info && state.composer.is_none() {
            panes.info = Some(body);
        } else {
            panes.open = Some(body);
        }
        return panes;
    }
    let list_width = (width / 3).clamp(42, 52);
    panes.list = Some(Rect { width: list_width, ..body });
    let mut open = Rect { x: list_width + 1, width: width - list_width - 1, ..body };
    if info {
        let info_width = (width / 4).clamp(30, 38);
        open.width = open.width.saturating_sub(info_width + 1);
        panes.info = Some(Rect { x: open.right() + 1, width: info_width, ..body });
    }
    panes.open = Some(open);
    panes
}

/// Rows of a text that is shown over the panes, on a screen of this height.
pub(crate) fn shown_height(height: u16) -> u16 {
    height.saturating_sub(5).max(1)
}

/// Rows' area of a list pane, below its tabs.
pub(crate) fn rows_area(pane: Rect) -> Rect {
    let skip = if pane.height >= 8 { 2 } else { 1 };
    Rect { y: pane.y + skip.min(pane.height), height: pane.height.saturating_sub(skip), ..pane }
}

/// Lines from one row to the next: two and a space when there is height, two, else one.
pub(crate) fn row_step(rows: Rect) -> u16 {
    match rows.height {
        15.. => 3,
        10..15 => 2,
        _ => 1,
    }
}

/// Rows that are on the screen at once; none while another pane has the screen.
pub(crate) fn rows_page(state: &State) -> Option<usize> {
    panes(state).list.map(|pane| {
        let area = rows_area(pane);
        let step = row_step(area);
        // The space under the last row may be cut off.
        usize::from(((area.height + step.saturating_sub(2).min(1)) / step).max(1))
    })
}

/// A conversation or card pane: its head line, what scrolls, and the composer below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OpenParts {
    /// One line.
    pub(crate) head: Rect,
    /// What scrolls.
    pub(crate) body: Rect,
    /// Rule, notices and text; absent while nothing is written.
    pub(crate) composer: Option<Rect>,
    /// The search line; absent while nothing is searched.
    pub(crate) find: Option<Rect>,
}

/// From this height on a pane has lines to spare for space.
pub(crate) const AIRY: u16 = 20;

/// Cells left of a message's text: margin, bar, space.
pub(crate) const GUTTER: u16 = 3;

/// Divides a conversation or card pane. `notices` are the lines the composer says above its text.
pub(crate) fn open_parts(state: &State, pane: Rect, notices: u16) -> OpenParts {
    let head = Rect { height: pane.height.min(1), ..pane };
    let mut body = Rect { y: pane.y + pane.height.min(2), height: pane.height.saturating_sub(2), ..pane };
    let composer = state.composer.as_ref().map(|composer| {
        let rows = composer.editor.layout(composer_width(pane)).0.len();
        // A low pane keeps a few lines of what is answered, the text has the rest.
        let most = (body.height / 2).max(body.height.saturating_sub(3).min(8)).max(5);
        let under = crate::view::composer::signature(state, composer, composer_width(pane)).len();
        let rows = u16::try_from(rows + under).unwrap_or(u16::MAX);
        let beside = crate::view::composer::beside(state, composer, composer_width(pane)).len();
        let notices = notices + u16::try_from(beside).unwrap_or(0);
        let air = u16::from(body.height >= AIRY);
        let lines = rows.max(if body.height >= 16 { 3 } else { 1 }).saturating_add(notices + 2 + air).min(most).min(body.height);
        body.height -= lines;
        Rect { y: body.bottom(), height: lines, ..pane }
    });
    let find = (state.screen == Screen::Inbox && state.find.is_some() && body.height > 2).then(|| {
        body.height -= 1;
        Rect { y: body.bottom(), height: 1, ..body }
    });
    OpenParts { head, body, composer, find }
}

/// Cells of a row of the composer.
pub(crate) fn composer_width(pane: Rect) -> usize {
    usize::from(pane.width.saturating_sub(3)).max(1)
}

/// Cells of a message's row.
pub(crate) fn message_width(pane: Rect) -> usize {
    usize::from(pane.width.saturating_sub(GUTTER + 2)).max(1)
}

/// The place of the pane's lowest line after moving `by` lines towards the top (negative: towards the end).
///
/// `len` items of `height(i)` lines each; a place is an item and how many of its lines are hidden below the edge; `page` lines are
/// on the screen. None is the end. Costs as much as the lines moved over and those on the screen, not all items.
pub(crate) fn scrolled(
    len: usize,
    height: impl Fn(usize) -> usize,
    place: Option<(usize, usize)>,
    by: isize,
    page: usize,
) -> Option<(usize, usize)> {
    let last = len.checked_sub(1)?;
    let (mut item, hidden) = place.unwrap_or((last, 0));
    let mut hidden = isize::try_from(hidden).unwrap_or(isize::MAX).saturating_add(by);
    let lines = |i: usize| isize::try_from(height(i)).unwrap_or(isize::MAX).max(1);
    while hidden >= lines(item) {
        if item == 0 {
            hidden = lines(0) - 1;
            break;
        }
        hidden -= lines(item);
        item -= 1;
    }
    while hidden < 0 {
        if item == last {
            return None;
        }
        item += 1;
        hidden += lines(item);
    }
    // Nothing above the first line: what is missing to a full page comes back from below.
    let page = isize::try_from(page).unwrap_or(isize::MAX);
    let mut above = lines(item) - hidden;
    let mut i = item;
    while above < page && i > 0 {
        i -= 1;
        above += lines(i);
    }
    hidden -= (page - above).max(0);
    while hidden < 0 {
        if item == last {
            return None;
        }
        item += 1;
        hidden += lines(item);
    }
    (item < last || hidden > 0).then(|| (item, usize::try_from(hidden).unwrap_or(0)))
}

/// The place of the pane's lowest line when its first line is the first of all: what scrolling there comes to, at the cost of one page.
pub(crate) fn at_the_top(len: usize, height: impl Fn(usize) -> usize, page: usize) -> Option<(usize, usize)> {
    let mut lines = 0;
    for item in 0..len {
        lines += height(item).max(1);
        if lines >= page {
            return (item + 1 < len || lines > page).then_some((item, lines - page));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_is_where_scrolling_far_up_ends() {
        let heights = [3, 1, 4, 2, 5, 1];
        for len in 0..=heights.len() {
            for page in 1..20 {
                let height = |i: usize| heights[i];
                assert_eq!(at_the_top(len, height, page), scrolled(len, height, None, 1_000, page), "{len} items, page {page}");
            }
        }
    }

    #[test]
    fn scrolling_stops_at_both_ends() {
        let heights = [3, 1, 4, 2];
        let go = |place, by, page| scrolled(heights.len(), |i| heights[i], place, by, page);
        assert_eq!(go(None, 1, 4), Some((3, 1)));
        assert_eq!(go(None, 2, 4), Some((2, 0)));
        assert_eq!(go(Some((2, 0)), -2, 4), None);
        assert_eq!(go(None, 99, 4), Some((1, 0)));
        assert_eq!(go(None, 3, 10), None);
        assert_eq!(go(None, 1, 99), None);
        assert_eq!(go(Some((1, 0)), -1, 4), Some((2, 3)));
        assert_eq!(scrolled(0, |_| 1, None, 5, 5), None);
    }
}
