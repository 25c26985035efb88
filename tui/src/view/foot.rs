//! The foot: the keys that work here now, made from the table, and at its right how fresh everything is and what is unsent.

use api::status::LinkState;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::ui::{Spans, put, span, spans_width};
use super::which_key;
use crate::keymap::{self, Command, registry};
use crate::state::{Button, Daemon, Overlay, State, acts};
use crate::text;
use crate::theme::Theme;
use crate::update::buttons as of_sheet;

/// Below this width a foot has no room for all that it says.
const NARROW: u16 = 60;

pub(super) fn draw(state: &State, theme: &Theme, buf: &mut Buffer, area: Rect) {
    let mut right = freshness(state, theme);
    right.push(span(" ", theme.text));
    let taken = u16::try_from(spans_width(&right)).unwrap_or(area.width).min(area.width);
    let room = area.width.saturating_sub(if taken > 1 { taken + 2 } else { taken });
    let mut x = area.x + 1;
    if state.quitting.is_some() {
        put(buf, x, area.y, room, vec![span("Ctrl+C", theme.accent), span(" again quits, drafts are kept", theme.dim)]);
    } else if let Some(marked) = state.marked_button() {
        buttons(state, theme, buf, Rect { x, width: room, ..area }, marked);
    } else if let Some(prefix) = &state.prefix {
        x = put(buf, x, area.y, room, vec![span(format!("{prefix} …  "), theme.accent)]);
        if state.lists_next_keys() {
            hint(buf, theme, x, area, room, "Esc", "close");
        } else {
            for next in which_key::next(state) {
                x = hint(buf, theme, x, area, room, &next.key, next.help);
            }
        }
    } else {
        let context = state.context();
        // A chosen message has keys of its own, which come first.
        let chosen = registry::chosen(state);
        let hints: Vec<_> = keymap::bindings(context)
            .filter(|b| registry::refusal(state, context, b.command).is_none())
            .filter(|b| if chosen { !of_conversation(b.command) } else { b.command != Command::Quote })
            .filter_map(|b| Some((b.command, state.keys.of(context, b).first().copied()?, b.hint?)))
            .map(|(command, key, words)| (command, key, if ends_writing(state, command) { "normal mode" } else { words }))
            .collect();
        let mut hints = hints;
        // Where not all fit, the buttons come before the keys that do the same.
        let before = |command: Command| matches!(command, Command::Cancel | Command::Leave);
        if state.size.0 < NARROW
            && let (Some(to), Some(from)) = (
                hints.iter().position(|(command, ..)| before(*command)),
                hints.iter().position(|(command, ..)| *command == Command::Buttons),
            )
            && to < from
        {
            let buttons = hints.remove(from);
            hints.insert(to, buttons);
        }
        // The way to all other keys keeps its place as long as it has one.
        let help = hints.iter().find(|(command, ..)| *command == Command::Help).copied();
        let kept = help.map_or(0, |(_, key, words)| u16::try_from(text::width(key) + text::width(words) + 3).unwrap_or(0));
        // On a sheet its answers come before it.
        let sheet = context == keymap::Context::Sheet
            || (state.size.0 < NARROW && keymap::bindings(context).any(|row| row.command == Command::Buttons));
        let kept = if kept < room / 2 && !sheet { kept } else { 0 };
        let undo = acts::undo_words(state);
        for (command, key, words) in hints.iter().filter(|(command, ..)| *command != Command::Help) {
            // What it takes back is named before it does, where there is room.
            let named = undo.as_ref().filter(|_| *command == Command::Undo).map(|what| format!("undo {what}"));
            let named = named.map(|named| hint(buf, theme, x, area, room - kept, key, &named)).filter(|after| *after != x);
            let after = named.unwrap_or_else(|| hint(buf, theme, x, area, room - kept, key, words));
            if after == x {
                break;
            }
            x = after;
        }
        if let Some((_, key, words)) = help {
            hint(buf, theme, x, area, room, key, words);
        }
    }
    put(buf, area.right().saturating_sub(taken), area.y, taken, right);
}

/// The buttons of a sheet, in the words that their keys have; the marked one stands out.
fn buttons(state: &State, theme: &Theme, buf: &mut Buffer, area: Rect, marked: Button) {
    let context = state.context();
    let words = |command| {
        let of = keymap::bindings(context).find(|row| row.command == command);
        of.and_then(|row| row.hint).unwrap_or("close")
    };
    let mut spans = Spans::new();
    for (button, command) in [(Button::Does, of_sheet::does(context)), (Button::Leaves, of_sheet::leaves(context))] {
        let style = if button == marked { theme.strong.add_modifier(Modifier::REVERSED) } else { theme.dim };
        spans.push(span(format!("[ {} ]", words(command)), style));
        spans.push(span(" ", theme.dim));
    }
    let help = vec![span(" Enter", theme.accent), span(" presses it", theme.dim)];
    if spans_width(&spans) + spans_width(&help) <= usize::from(area.width) {
        spans.extend(help);
    }
    put(buf, area.x, area.y, area.width, spans);
}

/// Whether leaving only ends writing, with vim's keys.
fn ends_writing(state: &State, command: Command) -> bool {
    command == Command::Leave && state.composer.as_ref().is_some_and(|c| c.modal.is_some() && !c.takes_commands())
}

/// What is done to a conversation as a whole.
fn of_conversation(command: Command) -> bool {
    matches!(command, Command::Assign | Command::Resolve | Command::Escalate | Command::Status | Command::Snooze | Command::Labels)
}

/// One key and its words, if they fit whole.
fn hint(buf: &mut Buffer, theme: &Theme, x: u16, area: Rect, room: u16, key: &str, words: &str) -> u16 {
    let spans = vec![span(crate::glyphs::key(key).into_owned(), theme.accent), span(format!(" {words}"), theme.dim)];
    let width = u16::try_from(spans_width(&spans)).unwrap_or(u16::MAX);
    if x + width > area.x + room {
        return x;
    }
    put(buf, x, area.y, width, spans) + 2
}

/// The dot at the head's right: full when what is shown is fresh.
pub(super) fn dot(state: &State, theme: &Theme, words: bool) -> Spans {
    let (mark, style, word) = link(state, theme);
    let mut out = vec![span(mark, style)];
    if words {
        out.push(span(format!(" {word}"), style));
    }
    out
}

fn link(state: &State, theme: &Theme) -> (&'static str, ratatui::style::Style, &'static str) {
    match (&state.daemon, state.status.as_ref().map(|s| s.chatwoot.state)) {
        (Daemon::Connecting, _) => ("○", theme.warn, "connecting"),
        (Daemon::Lost { refused: true, .. }, _) => ("○", theme.bad, "refused"),
        (Daemon::Lost { .. }, _) => ("○", theme.bad, "no daemon"),
        (Daemon::Live, None) => ("○", theme.warn, "connecting"),
        (Daemon::Live, Some(LinkState::Live)) => ("●", theme.ok, "live"),
        (Daemon::Live, Some(LinkState::Polling)) => ("●", theme.ok, "polling"),
        (Daemon::Live, Some(LinkState::Connecting)) => ("○", theme.warn, "connecting to Chatwoot"),
        (Daemon::Live, Some(LinkState::Offline)) => ("○", theme.bad, "Chatwoot offline"),
        (Daemon::Live, Some(LinkState::Refused)) => ("○", theme.bad, "Chatwoot refuses us"),
        (Daemon::Live, Some(LinkState::NotConfigured)) => ("○", theme.warn, "no Chatwoot configured"),
    }
}

/// How old what is shown may be, in steps: each costs the line a few bytes, and nobody acts on the seconds between.
fn age(state: &State) -> Option<String> {
    let status = state.status.as_ref()?;
    let since = state.now.duration_since(state.heard_at).as_secs().max(0).unsigned_abs();
    let lag_s = match state.daemon {
        Daemon::Lost { .. } => status.lag_s.unwrap_or(0) + since,
        _ => status.lag_s.filter(|_| status.chatwoot.state != LinkState::Live)? + since,
    };
    match lag_s {
        0..5 => None,
        5..30 => Some("5 s old".into()),
        30..60 => Some("30 s old".into()),
        60..3600 => {
            let minutes = lag_s / 60;
            let step = [45, 30, 20, 10, 5, 2].into_iter().find(|step| minutes >= *step).unwrap_or(1);
            Some(format!("{step}m old"))
        }
        _ => Some(format!("{}h old", lag_s / 3600)),
    }
}

/// Digits in groups of three.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
}

/// How fresh the data is, and what is still unsent.
pub(super) fn freshness(state: &State, theme: &Theme) -> Spans {
    let mut parts: Vec<Spans> = Vec::new();
    if state.read_only {
        parts.push(vec![span("read-only", theme.warn)]);
    }
    let (_, style, word) = link(state, theme);
    match &state.daemon {
        // No countdown: it would be the only thing on the screen that moves, and cost the line more than all else.
        Daemon::Lost { refused, .. } => {
            let what = if *refused { "the daemon refuses us, retrying" } else { "no daemon, retrying" };
            parts.push(vec![span(what, style)]);
            if let Some(at) = state.seen_at {
                let here = at.to_zoned(state.tz.clone());
                let today = here.date() == state.now.to_zoned(state.tz.clone()).date();
                parts.push(vec![span(here.strftime(if today { "as of %H:%M" } else { "as of %b %-d, %H:%M" }).to_string(), theme.warn)]);
            } else {
                parts.extend(age(state).map(|age| vec![span(age, theme.warn)]));
            }
        }
        _ if state.copying() => {
            let copy = state.status.as_ref().map(|s| s.first_copy.clone()).unwrap_or_default();
            let total = copy.conversations_total.map_or_else(String::new, |t| format!("/{}", grouped(t)));
            parts.push(vec![span(format!("copying {}{total}", grouped(copy.conversations)), theme.warn)]);
            if let Some(left) = copy.seconds_left {
                let left = if left < 60 { format!("{left} s") } else { format!("{} min", left.div_ceil(60)) };
                parts.push(vec![span(left, theme.warn)]);
            }
            if copy.incomplete > 0 {
                parts.push(vec![span(format!("{} incomplete", copy.incomplete), theme.bad)]);
            }
            if word != "live" && word != "polling" {
                parts.push(vec![span(word, style)]);
            }
        }
        _ => {
            parts.push(vec![span(word, if word == "live" { theme.dim } else { style })]);
            parts.extend(age(state).map(|age| vec![span(age, style)]));
        }
    }
    if let Some(bulk) = &state.bulk {
        let answered = bulk.done.len() + bulk.failed.len();
        parts.push(vec![span(format!("{} {answered} of {}, Esc stops", bulk.label, bulk.total()), theme.accent)]);
    }
    parts.extend(crate::update::save::words(state).map(|words| vec![span(words, theme.accent)]));
    let (waiting, failed) = state.unsent();
    if waiting > 0 {
        parts.push(vec![span(format!("outbox {waiting}"), theme.warn)]);
    }
    if failed > 0 {
        parts.push(vec![span(format!("{failed} not sent"), theme.bad)]);
    }
    let decisions = crate::update::waiting::count(state);
    if decisions > 0 {
        parts.push(vec![span(format!("{decisions} decision{} waiting", if decisions == 1 { "" } else { "s" }), theme.warn)]);
    }
    if state.drafts_error.is_some() {
        parts.push(vec![span("drafts not on disk", theme.bad)]);
    } else if state.overlay.is_none() && state.composer.is_none() && state.unsent_drafts() > 0 && state.size.0 >= 60 {
        let n = state.unsent_drafts();
        parts.push(vec![span(format!("{n} draft{}", if n == 1 { "" } else { "s" }), theme.dim)]);
    }
    // What a sheet asks comes before how fresh all is.
    let asks = !matches!(state.overlay, None | Some(Overlay::Help(_) | Overlay::Palette(_) | Overlay::Shown(_)));
    let asks = asks || state.composer.as_ref().is_some_and(|composer| composer.prompt.is_some());
    if asks && state.size.0 < NARROW {
        return Spans::new();
    }
    let mut out = Spans::new();
    for part in parts {
        if !out.is_empty() {
            out.push(span(" · ", theme.faint));
        }
        out.extend(part);
    }
    out
}
