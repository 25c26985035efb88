//! Draws the state. Views read it and never change it; everything they write is checked once more before it leaves.

mod approvals;
mod complete;
pub(crate) mod composer;
pub(crate) mod contacts;
pub(crate) mod feed;
mod find;
mod foot;
mod help;
mod html;
mod inbox;
mod info;
mod line;
pub(crate) mod message;
mod overlay;
mod palette;
pub(crate) mod rich;
mod search;
pub(crate) mod shelf;
mod shown;
pub(crate) mod thread;
pub(crate) mod ui;
mod which_key;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::layout::{self, Panes};
use crate::state::{Focus, Overlay, Screen, State};
use crate::text;
use crate::theme::{Background, Depth, Theme};
use ui::{Spans, ends, put, rule, span};

/// From this width on the head names every screen.
const ALL_NAMES: u16 = 100;

/// Draws everything.
pub fn view(state: &State, theme: &Theme, frame: &mut Frame<'_>) {
    crate::glyphs::set(state.settings.look());
    crate::links::set(state.around.links());
    let area = frame.area();
    let known = Rect::new(0, 0, state.size.0, state.size.1);
    let cursor = if area == known {
        draw(state, theme, frame.buffer_mut(), area)
    } else {
        // The terminal has another size already than the inbox has heard of: as much as fits is shown until it has.
        let mut whole = Buffer::empty(known);
        let cursor = draw(state, theme, &mut whole, known);
        let both = area.intersection(known);
        for place in both.positions() {
            if let (Some(to), Some(from)) = (frame.buffer_mut().cell_mut(place), whole.cell(place)) {
                to.clone_from(from);
            }
        }
        cursor.filter(|cursor| both.contains(*cursor))
    };
    ui::guard(frame.buffer_mut());
    if let Some(cursor) = cursor.filter(|_| state.marked_button().is_none()) {
        frame.set_cursor_position(cursor);
    }
}

fn draw(state: &State, theme: &Theme, buf: &mut Buffer, area: Rect) -> Option<Position> {
    buf.set_style(area, theme.text);
    if area.width < layout::MIN.0 || area.height < layout::MIN.1 {
        put(buf, area.x, area.y, area.width, vec![span("afenda: too small", theme.text)]);
        return None;
    }
    let panes = layout::panes(state);
    if let Some(head) = panes.head {
        draw_head(state, theme, buf, head, &panes);
        rule(buf, 0, 1, area.width, theme.rule);
    }
    let mut cursor = None;
    match state.screen {
        Screen::Inbox => {
            if let Some(pane) = panes.list {
                cursor = inbox::draw(state, theme, buf, pane);
            }
            if let Some(pane) = panes.open {
                cursor = thread::draw(state, theme, buf, pane, panes.narrow).or(cursor);
            }
            if let Some(pane) = panes.info {
                info::draw(state, theme, buf, pane, panes.narrow);
            }
        }
        Screen::Approvals => {
            if let Some(pane) = panes.list {
                approvals::draw_queue(state, theme, buf, pane);
            }
            if let Some(pane) = panes.open {
                cursor = approvals::draw_card(state, theme, buf, pane, panes.narrow);
            }
        }
        Screen::Contacts => {
            if let Some(pane) = panes.list {
                cursor = contacts::draw(state, theme, buf, pane);
            }
            if let Some(pane) = panes.open {
                cursor = contacts::draw_card(state, theme, buf, pane, panes.narrow).or(cursor);
            }
        }
        Screen::Search => {
            if let Some(pane) = panes.list {
                cursor = search::draw(state, theme, buf, pane);
            }
            if let Some(pane) = panes.open {
                cursor = search::draw_open(state, theme, buf, pane, panes.narrow).or(cursor);
            }
        }
        Screen::Activity => {
            if let Some(pane) = panes.list {
                feed::draw(state, theme, buf, pane);
            }
        }
        Screen::Own(which) => {
            if let Some(pane) = panes.list {
                shelf::draw(state, theme, buf, pane, which);
            }
        }
    }
    if let Some(list) = panes.list.filter(|_| panes.open.is_some()) {
        ui::column(buf, list.right(), list, theme.rule);
    }
    if let (Some(open), Some(_)) = (panes.open, panes.info) {
        ui::column(buf, open.right(), open, theme.rule);
    }
    if let (Some(at), Some(banner)) = (panes.banner, &state.banner) {
        draw_banner(theme, buf, at, banner);
    }
    rule(buf, 0, panes.foot.y.saturating_sub(1), area.width, theme.rule);
    foot::draw(state, theme, buf, panes.foot);
    if state.composer.is_none() || state.overlay.is_some() {
        cursor = cursor.filter(|_| state.typing());
    }
    overlay::toasts(state, theme, buf, &panes);
    match &state.overlay {
        Some(Overlay::Help(help)) => {
            let over = Rect { height: panes.foot.y.saturating_sub(1), ..area };
            cursor = help::draw(state, theme, buf, over, help).or(cursor);
        }
        Some(Overlay::Palette(palette)) => cursor = palette::draw(state, theme, buf, &panes, palette).or(cursor),
        Some(Overlay::Shown(text)) => shown::draw(theme, buf, &panes, text),
        Some(overlay) => cursor = overlay::draw(state, theme, buf, &panes, overlay).or(cursor),
        None => {}
    }
    which_key::draw(state, theme, buf, &panes);
    cursor
}

fn draw_head(state: &State, theme: &Theme, buf: &mut Buffer, area: Rect, panes: &Panes) {
    let mut right = Spans::new();
    let fresh = state.list.fresh.len();
    // On another screen the names come first.
    if fresh > 0 && (matches!(state.screen, Screen::Inbox | Screen::Approvals) || area.width >= ALL_NAMES) {
        right.push(span(format!("{fresh} new · Ctrl+R   "), theme.accent));
    }
    right.extend(foot::dot(state, theme, !panes.narrow));
    right.push(span(" ", theme.text));
    let mut left: Spans = vec![span(" afenda", theme.accent.add_modifier(ratatui::style::Modifier::BOLD))];
    let gap = if panes.narrow { "  " } else { "       " };
    let room = usize::from(area.width).saturating_sub(ui::spans_width(&left) + gap.len() + ui::spans_width(&right) + 2);
    let names = screen_names(state, theme, area.width, room);
    // The names of the screens come first where there is little room.
    if let Some(me) = &state.me {
        let tenant = format!("  {}", text::truncate(&text::line(&me.tenant.name), 24));
        if text::width(&tenant) + ui::spans_width(&names) <= room {
            left.push(span(tenant, theme.strong));
        }
    }
    left.push(span(gap, theme.text));
    left.extend(names);
    ends(buf, area, left, right);
}

/// The screens' keys and names; those that do not fit whole are left out.
fn screen_names(state: &State, theme: &Theme, width: u16, room: usize) -> Spans {
    let mut out = Spans::new();
    let inbox = state.list.open.map(|c| if state.agent().is_some() { c.mine + c.unassigned } else { c.all });
    let waiting = state.status.as_ref().map(|s| s.approvals_waiting).filter(|n| *n > 0);
    for (key, name, number, on) in [
        ("1", "Inbox", inbox, state.screen == Screen::Inbox),
        ("   2", "Approvals", waiting, state.screen == Screen::Approvals),
        ("   3", "Search", None, state.screen == Screen::Search),
        ("   4", "Contacts", None, state.screen == Screen::Contacts),
        ("   5", "Activity", None, state.screen == Screen::Activity),
    ] {
        let mut one = vec![span(key, if on { theme.accent } else { theme.faint })];
        // The two that are worked in keep their names.
        if on || ["Inbox", "Approvals"].contains(&name) || width >= ALL_NAMES {
            one.push(span(format!(" {name}"), if on { theme.strong } else { theme.dim }));
            if let Some(number) = number {
                one.push(span(format!(" {number}"), if on { theme.accent } else { theme.dim }));
            }
        }
        if ui::spans_width(&out) + ui::spans_width(&one) > room {
            break;
        }
        out.extend(one);
    }
    out
}

fn draw_banner(theme: &Theme, buf: &mut Buffer, area: Rect, banner: &str) {
    let banner = text::clean(&format!("{}  (Esc hides this)", banner.trim_end()));
    for (y, row) in (area.y + 1..area.bottom()).zip(text::wrap(&banner, usize::from(area.width.saturating_sub(4)))) {
        put(buf, 1, y, 1, vec![span("│", theme.accent)]);
        put(buf, 3, y, area.width.saturating_sub(4), vec![span(row, theme.dim)]);
    }
}

/// The middle of a pane: one quiet line and what can be done.
fn quiet(theme: &Theme, buf: &mut Buffer, area: Rect, words: &str, hint: &str) {
    let mut y = area.y + area.height / 3;
    for (text, style) in [(words, theme.dim), (hint, theme.faint)] {
        for row in text::wrap(&text::clean(text), usize::from(area.width.saturating_sub(4)).max(1)) {
            if y < area.bottom() && !row.is_empty() {
                let width = u16::try_from(text::width(&row)).unwrap_or(0);
                put(buf, area.x + area.width.saturating_sub(width) / 2, y, area.width, vec![span(row, style)]);
                y += 1;
            }
        }
    }
}

/// A theme for measuring: heights do not depend on colours.
fn plain() -> Theme {
    Theme::new(Depth::Mono, Background::Dark)
}

/// What is asked before something that is not easily taken back.
pub(crate) fn question_words(state: &State, question: crate::state::Question) -> String {
    overlay::question_words(state, question)
}

/// What a search line may hold: an example and what it finds.
pub(crate) fn search_operators() -> &'static [(&'static str, &'static str)] {
    &search::OPERATORS
}

/// How an age is marked, in text.
pub(crate) fn waiting_mark(state: &State, view: &api::inbox::ConversationView) -> &'static str {
    match ui::waiting(state, &plain(), view).content {
        age if age.ends_with("^^") => "^^",
        age if age.ends_with('^') => "^",
        _ => "",
    }
}

/// How far the opened card can be scrolled.
pub(crate) fn card_lines(state: &State) -> usize {
    approvals::scroll_max(state).0
}

/// How far the contact panel can be scrolled.
pub(crate) fn info_lines(state: &State) -> usize {
    info::scroll_max(state)
}

/// How many lines of the opened card's ask are below the screen.
pub(crate) fn ask_left(state: &State) -> usize {
    approvals::scroll_max(state).1
}

/// The words that stand at a cell, up to the next gap: what a click means there.
pub(crate) fn words_at(state: &State, x: u16, y: u16) -> String {
    let area = Rect::new(0, 0, state.size.0, state.size.1);
    let mut buf = Buffer::empty(area);
    draw(state, &plain(), &mut buf, area);
    let symbol = |x: u16| buf.cell((x, y)).map_or(" ", |cell| cell.symbol());
    let gap = |x: u16| symbol(x) == " " && (x + 1 >= area.width || symbol(x + 1) == " ");
    let from = (0..=x).rev().take_while(|x| !gap(*x)).last().unwrap_or(x);
    let words: String = (from..area.width).take_while(|x| !gap(*x)).map(symbol).collect();
    words.trim().to_owned()
}

/// Whether the pane at the right has the keys.
fn open_focused(state: &State) -> bool {
    state.focus == Focus::Open || state.composer.is_some()
}
