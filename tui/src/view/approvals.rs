//! The approvals screen: the queue at the left, the decision card at the right or on a screen of its own.

use api::approval::{ApprovalStatus, ApprovalView};
use api::inbox::MessageType;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

use super::composer;
use super::inbox::select;
use super::message::{Row, approval_words};
use super::thread::draw_row;
use super::ui::{self, Spans, ends, put, rule, span};
use crate::layout;
use crate::marks;
use crate::mention;
use crate::state::{ApprovalTab, Daemon, Focus, Overlay, State};
use crate::text;
use crate::theme::Theme;
use crate::update::{hindrance_words, money, waiting};

pub(super) fn draw_queue(state: &State, theme: &Theme, buf: &mut Buffer, pane: Rect) {
    let approvals = &state.approvals;
    let inner = Rect { x: pane.x + 1, width: pane.width.saturating_sub(2), height: 1, ..pane };
    let mut left = Spans::new();
    let waiting = state.status.as_ref().map(|s| s.approvals_waiting).filter(|n| *n > 0);
    for tab in ApprovalTab::ALL {
        let on = tab == approvals.tab;
        if !left.is_empty() {
            left.push(span("   ", theme.text));
        }
        left.push(span(tab.title(), if on { theme.strong.add_modifier(Modifier::UNDERLINED) } else { theme.dim }));
        let number = if tab == ApprovalTab::Waiting { waiting } else { Some(approvals.total).filter(|n| on && *n > 0) };
        if let Some(number) = number {
            left.push(span(format!(" {number}"), if on { theme.accent } else { theme.dim }));
        }
    }
    put(buf, inner.x, inner.y, inner.width, left);
    let area = layout::rows_area(pane);
    if approvals.rows.is_empty() {
        let (words, hint) = match (&approvals.error, approvals.loaded, approvals.tab) {
            (Some(error), ..) => (error.as_str(), "Ctrl+R tries again"),
            (None, false, _) if matches!(state.daemon, Daemon::Lost { .. }) => {
                ("The daemon is not there", "this screen connects by itself")
            }
            (None, false, _) => ("Reading …", ""),
            (None, true, ApprovalTab::Waiting) => ("Nothing waits for you", "Tab shows what you asked and what was decided"),
            (None, true, ApprovalTab::Asked) if state.read_only => ("You have asked for nothing", ""),
            (None, true, ApprovalTab::Asked) => ("You have asked for nothing", "H in a conversation asks for a decision"),
            (None, true, ApprovalTab::Decided) => ("Nothing was decided yet", ""),
        };
        return super::quiet(theme, buf, area, words, hint);
    }
    let step = layout::row_step(area);
    let mut y = area.y;
    for approval in approvals.rows.iter().skip(approvals.top) {
        if y >= area.bottom() {
            break;
        }
        let row = Rect { y, height: step.min(2).min(area.bottom() - y), ..area };
        queue_row(state, theme, buf, row, approval);
        if Some(approval.id) == approvals.cursor {
            select(theme, buf, row, super::open_focused(state));
        }
        y += step;
    }
}

fn queue_row(state: &State, theme: &Theme, buf: &mut Buffer, row: Rect, a: &ApprovalView) {
    let inner = Rect { x: row.x + 2, width: row.width.saturating_sub(3), height: 1, ..row };
    let reference = format!("{:<6}", a.reference.to_string());
    let mut left = vec![span(reference.clone(), theme.accent), span(marks::line(&a.title), theme.strong)];
    // Which words they are the card says; before the title it is never cut off.
    if marks::mixed([a.title.as_str(), &a.requester.name, a.contact.as_deref().unwrap_or_default()]).is_some() {
        left.insert(1, span(if inner.width >= 60 { "mixed scripts · " } else { "mixed · " }, theme.warn));
    }
    let right = match a.status {
        ApprovalStatus::Submitted => vec![waiting_age(state, theme, a)],
        status => {
            let (style, word) = approval_words(theme, status);
            vec![span(word, style), span(format!("  {}", ui::age(state.ages_at(), a.decided_at.unwrap_or(a.created_at))), theme.faint)]
        }
    };
    ends(buf, inner, left, right);
    if row.height > 1 {
        let mut who = vec![span(" ".repeat(text::width(&reference)), theme.text), span(marks::line(&a.requester.name), theme.dim)];
        if let Some(contact) = &a.contact {
            who.push(span(format!(" · {}", marks::line(contact)), theme.dim));
        }
        let amount = a.amount.as_ref().map(|m| vec![span(money(m), theme.dim)]).unwrap_or_default();
        ends(buf, Rect { y: row.y + 1, ..inner }, who, amount);
    }
}

/// How long it waits, marked as it comes near its end.
fn waiting_age(state: &State, theme: &Theme, a: &ApprovalView) -> ratatui::text::Span<'static> {
    let since = a.submitted_at.unwrap_or(a.created_at);
    let age = ui::age(state.ages_at(), since);
    let Some(expires) = a.expires_at else { return span(age, theme.faint) };
    let (whole, left) = (expires.duration_since(since).as_secs().max(1), expires.duration_since(state.now).as_secs());
    match left * 4 / whole {
        2.. => span(age, theme.faint),
        1 => span(format!("{age}^"), theme.warn),
        _ => span(format!("{age}^^"), theme.late),
    }
}

pub(super) fn draw_card(state: &State, theme: &Theme, buf: &mut Buffer, pane: Rect, alone: bool) -> Option<Position> {
    let Some(a) = state.approval() else {
        if state.approvals.loaded {
            super::quiet(theme, buf, pane, "", "");
        }
        return None;
    };
    let notices = composer::notices(state, layout::composer_width(pane));
    let parts = layout::open_parts(state, pane, u16::try_from(notices.len()).unwrap_or(0));
    let inner = Rect { x: pane.x + 1, width: pane.width.saturating_sub(2), ..parts.head };
    let mut left = if alone { vec![span("‹ ", theme.accent)] } else { Spans::new() };
    left.push(span(a.reference.to_string(), theme.accent.add_modifier(Modifier::BOLD)));
    if pane.width >= 60 {
        left.push(span(format!("  {}", text::line(&a.kind)), theme.dim));
        left.push(span(format!("  revision {}", a.revision), theme.dim));
    } else {
        left.push(span(format!("  rev {}", a.revision), theme.dim));
    }
    // Reference and revision are never cut: the time left gives way.
    let room = usize::from(inner.width).saturating_sub(ui::spans_width(&left) + 2);
    let right = [Words::Whole, Words::Short, Words::Figures].map(|words| expiry(state, theme, a, words));
    let at_most = usize::from(pane.width < 60);
    let right = right.into_iter().skip(at_most).find(|words| ui::spans_width(words) <= room).unwrap_or_default();
    ends(buf, inner, left, right);
    if alone {
        rule(buf, pane.x, pane.y + 1, pane.width, theme.rule);
    }
    let action = action_height(state, pane);
    let body = Rect { height: parts.body.height.saturating_sub(action), ..parts.body };
    let (figures, lines, _) = card(state, theme, a, pane, usize::from(body.height));
    let top = body.y + u16::try_from(figures.len()).unwrap_or(0);
    for (y, row) in (body.y..body.bottom()).zip(&figures) {
        draw_card_row(theme, buf, Rect { y, height: 1, ..body }, row);
    }
    let room = usize::from(body.bottom().saturating_sub(top));
    let scroll = state.approvals.card.as_ref().map_or(0, |c| c.scroll).min(lines.len().saturating_sub(room));
    for (y, row) in (top..body.bottom()).zip(lines.iter().skip(scroll)) {
        draw_card_row(theme, buf, Rect { y, height: 1, ..body }, row);
    }
    let below = lines.len().saturating_sub(scroll + room);
    if below > 0 && body.height > 0 {
        let words = format!(" {below} more line{} ↓ ", if below == 1 { "" } else { "s" });
        let width = u16::try_from(text::width(&words)).unwrap_or(0);
        // On the free line above the question, else on the last one.
        let y = if action > 0 { body.bottom() } else { body.bottom() - 1 };
        put(buf, body.right().saturating_sub(width), y, width, vec![span(words, theme.accent)]);
    }
    match parts.composer {
        Some(area) => composer::draw(state, theme, buf, area, notices),
        None => {
            let area = Rect { y: body.bottom(), height: action, ..body };
            actions(state, theme, buf, area, a);
            None
        }
    }
}

/// Rows that start at the pane's margin: everything but the conversation's lines, which have a bar.
fn draw_card_row(theme: &Theme, buf: &mut Buffer, area: Rect, row: &Row) {
    if row.bar.is_some() || row.centred {
        draw_row(theme, buf, area, row);
    } else {
        ends(buf, Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area }, row.left.clone(), row.right.clone());
    }
}

/// How much is said of the time left.
#[derive(Clone, Copy)]
enum Words {
    Whole,
    Short,
    Figures,
}

fn expiry(state: &State, theme: &Theme, a: &ApprovalView, said: Words) -> Spans {
    let (style, word) = approval_words(theme, a.status);
    match (a.status, a.expires_at) {
        (ApprovalStatus::Submitted, Some(at)) => {
            let left = at.duration_since(state.now).as_secs();
            let words = ui::span_words(left);
            if left > 0 {
                let words = match said {
                    Words::Whole => format!("expires in {words}"),
                    Words::Short => format!("{words} left"),
                    Words::Figures => words,
                };
                vec![span(words, theme.warn)]
            } else {
                vec![span("expires now", theme.bad)]
            }
        }
        _ => vec![span(word, style.add_modifier(Modifier::BOLD))],
    }
}

/// Lines of the block in which a decision is asked.
pub(super) fn action_height(state: &State, pane: Rect) -> u16 {
    if state.composer.is_some() {
        0
    } else if pane.height >= 18 {
        4
    } else {
        2
    }
}

/// How far the opened card can be scrolled, and how many lines of the ask are below the screen.
pub(super) fn scroll_max(state: &State) -> (usize, usize) {
    let (Some(a), Some(pane)) = (state.approval(), layout::panes(state).open) else { return (0, usize::MAX) };
    let parts = layout::open_parts(state, pane, 0);
    let height = usize::from(parts.body.height.saturating_sub(action_height(state, pane)));
    let (figures, lines, ask) = card(state, &super::plain(), a, pane, height);
    let room = height.saturating_sub(figures.len());
    let most = lines.len().saturating_sub(room);
    let scroll = state.approvals.card.as_ref().map_or(0, |card| card.scroll).min(most);
    // Where there is no free line, the number of lines below covers a part of the last one.
    let covered = usize::from(action_height(state, pane) == 0 && scroll < most);
    (most, ask.saturating_sub((scroll + room).saturating_sub(covered)))
}

/// What stands still on a card of `room` lines, and what scrolls. Who asks, for whom and how much stand still, whole, as long as a line is
/// left for the rest; on a screen too small even for that they begin what scrolls. The number: rows of what scrolls up to the ask's end.
fn card(state: &State, theme: &Theme, a: &ApprovalView, pane: Rect, room: usize) -> (Vec<Row>, Vec<Row>, usize) {
    let (lines, ask) = card_rows(state, theme, a, pane);
    let mut figures = figures(state, theme, a, pane);
    if figures.len() + 3 <= room {
        figures.push(Row::default());
        return (figures, lines, ask);
    }
    let short = short_figures(theme, a, pane);
    if short.len() < room {
        return (short, lines, ask);
    }
    let ask = ask + short.len();
    (Vec::new(), short.into_iter().chain(lines).collect(), ask)
}

/// Cells of a card's words.
fn card_width(pane: Rect) -> usize {
    usize::from(pane.width.saturating_sub(2)).max(1)
}

/// A card's field: its name, and its value in as many rows as it takes.
fn field(theme: &Theme, pane: Rect, name: &str, value: &str, style: ratatui::style::Style, after: &str) -> Vec<Row> {
    let width = card_width(pane);
    let label = if width >= 50 { 11 } else { 9 };
    let room = width.saturating_sub(label).max(1);
    let mut rows: Vec<Row> = Vec::new();
    for row in text::wrap(value, room) {
        let name = if rows.is_empty() { name } else { "" };
        rows.push(Row { left: vec![span(format!("{name:<label$}"), theme.faint), span(row, style)], ..Row::default() });
    }
    if let Some(last) = rows.last_mut()
        && ui::spans_width(&last.left) + text::width(after) <= width
    {
        last.left.push(span(after.to_owned(), theme.dim));
    }
    rows
}

/// Who asks, for whom and how much: never cut.
fn figures(state: &State, theme: &Theme, a: &ApprovalView, pane: Rect) -> Vec<Row> {
    let asked = a.submitted_at.unwrap_or(a.created_at);
    let since = format!(", {} ago", ui::age(state.ages_at(), asked)).replace("now ago", "just now");
    let mut out = field(theme, pane, "asked by", &marks::line(&a.requester.name), theme.text, &since);
    if let Some(contact) = &a.contact {
        out.extend(field(theme, pane, "customer", &marks::line(contact), theme.text, ""));
    }
    if let Some(amount) = &a.amount {
        out.extend(field(theme, pane, "amount", &money(amount), theme.strong, ""));
    }
    out.extend(beware(theme, pane, [a.requester.name.as_str(), a.contact.as_deref().unwrap_or_default()]));
    out
}

/// What to know of words in these texts, where there is something.
fn beware<'a>(theme: &Theme, pane: Rect, texts: impl IntoIterator<Item = &'a str>) -> Vec<Row> {
    let words = marks::mixed(texts).map(|words| text::wrap(&words, card_width(pane))).unwrap_or_default();
    words.into_iter().map(|row| Row { left: vec![span(row, theme.warn)], ..Row::default() }).collect()
}

/// The same in as few lines as they take.
fn short_figures(theme: &Theme, a: &ApprovalView, pane: Rect) -> Vec<Row> {
    let amount = a.amount.as_ref().map(|amount| format!("{} · ", money(amount))).unwrap_or_default();
    let contact = a.contact.as_ref().map(|contact| format!(" for {}", marks::line(contact))).unwrap_or_default();
    let words = format!("{amount}{} asks{contact}", marks::line(&a.requester.name));
    let rows = text::wrap(&words, card_width(pane)).into_iter();
    let rows = rows.map(|row| Row { left: vec![span(row, theme.strong)], ..Row::default() });
    rows.chain(beware(theme, pane, [a.requester.name.as_str(), a.contact.as_deref().unwrap_or_default()])).collect()
}

/// What scrolls, and how many of its rows are the ask.
fn card_rows(state: &State, theme: &Theme, a: &ApprovalView, pane: Rect) -> (Vec<Row>, usize) {
    let width = card_width(pane);
    let mut out: Vec<Row> = Vec::new();
    let plain = |left: Spans| Row { left, ..Row::default() };
    for row in text::wrap(&marks::line(&a.title), width) {
        out.push(plain(vec![span(row, theme.strong)]));
    }
    let description = marks::clean(&a.description);
    let title = marks::clean(a.title.trim());
    // An escalation's first line is its title already.
    let description = description.trim();
    let description =
        description.strip_prefix(title.as_str()).filter(|rest| rest.is_empty() || rest.starts_with('\n')).unwrap_or(description);
    let told = text::wrap(description.trim(), width).into_iter().filter(|_| !description.trim().is_empty());
    out.extend(told.map(|row| plain(vec![span(row, theme.text)])));
    out.extend(beware(theme, pane, [a.title.as_str(), &a.description]));
    let ask = out.len();
    let changed = state.approvals.card.as_ref().filter(|c| c.shown.id == a.id).is_some_and(|c| !c.changed.is_empty());
    if a.status != ApprovalStatus::Submitted || changed {
        out.push(Row::default());
    }
    let label = if width >= 50 { 11 } else { 9 };
    let mut field = |name: &str, spans: Spans| {
        let mut left = vec![span(format!("{name:<label$}"), theme.faint)];
        left.extend(spans);
        out.push(plain(left));
    };
    if a.status != ApprovalStatus::Submitted {
        let (style, word) = approval_words(theme, a.status);
        let mut spans = vec![span(word, style)];
        if let Some(by) = &a.decided_by {
            spans.push(span(format!(" by {}", marks::line(&by.name)), theme.text));
        }
        if let Some(at) = a.decided_at {
            spans.push(span(format!(", {} {}", ui::day(state, at), ui::clock(state, at)), theme.dim));
        }
        field("decision", spans);
        if let Some(comment) = a.comment.as_deref().map(marks::line).filter(|c| !c.is_empty()) {
            for (i, row) in text::wrap(&comment, width.saturating_sub(label).max(1)).into_iter().enumerate() {
                field(if i == 0 { "reason" } else { "" }, vec![span(row, theme.text)]);
            }
        }
        field(
            "Chatwoot",
            vec![span(
                match a.write_back.as_str() {
                    "queued" => "note and label are on their way",
                    "done" => "note and label are there",
                    "failed" => "note and label were refused, see `afenda outbox`",
                    _ => "nothing to write",
                },
                theme.dim,
            )],
        );
    }
    if let Some(card) = state.approvals.card.as_ref().filter(|c| c.shown.id == a.id) {
        for (i, change) in card.changed.iter().enumerate() {
            field(if i == 0 { "changed" } else { "" }, vec![span(change.clone(), theme.warn)]);
        }
    }
    if let Some(id) = a.conversation_id {
        out.push(Row::default());
        let words = format!("── Conversation #{id} ");
        let rest = "─".repeat(width.saturating_sub(text::width(&words)));
        out.push(plain(vec![
            span("── ", theme.rule),
            span(format!("Conversation #{id}"), theme.dim),
            span(format!(" {rest}"), theme.rule),
        ]));
    }
    let width = layout::message_width(pane);
    for line in &a.excerpt {
        out.push(Row::default());
        let (bar, name, body) = match (line.private, line.message_type) {
            (true, _) => (theme.warn, theme.warn.add_modifier(Modifier::BOLD), theme.warn),
            (false, MessageType::Incoming) => (theme.dim, theme.strong, theme.text),
            (false, MessageType::Activity) => (theme.rule, theme.faint, theme.faint),
            (false, _) => (theme.accent, theme.accent.add_modifier(Modifier::BOLD), theme.text),
        };
        let mut left = vec![span(marks::line(&line.from), name)];
        if line.private {
            left.push(span(" TEAM ONLY", theme.warn));
        }
        out.push(Row { bar: Some(bar), left, right: vec![span(ui::clock(state, line.at), theme.faint)], ..Row::default() });
        let words = if line.private { marks::clean(&mention::readable(&line.text)) } else { marks::clean(&line.text) };
        let words = if words.trim().is_empty() { "(no text)" } else { words.trim() };
        for row in text::wrap(words, width) {
            out.push(Row { bar: Some(bar), left: vec![span(row, body)], ..Row::default() });
        }
        out.extend(beware(theme, pane, [line.from.as_str(), &line.text]));
    }
    (out, ask)
}

/// Where the decision is asked: the one filled block of the screen.
fn actions(state: &State, theme: &Theme, buf: &mut Buffer, area: Rect, a: &ApprovalView) {
    if area.height == 0 {
        return;
    }
    let card = state.approvals.card.as_ref();
    let error = card.and_then(|c| c.error.as_deref());
    let open = state.focus == Focus::Open;
    let asked = matches!(&state.overlay, Some(Overlay::Approve { id, .. }) if *id == a.id);
    let mut bar = theme.ok;
    let line: Spans = if asked {
        let keys = vec![
            span("   y", theme.ok.add_modifier(Modifier::BOLD)),
            span(" approve   ", theme.text),
            span("n", theme.accent),
            span(" not yet", theme.text),
        ];
        let mut question = vec![span(format!("Approve {} revision {}?", a.reference, a.revision), theme.strong)];
        if area.width >= 60 {
            question.extend(keys);
        }
        question
    } else if let Some((name, draft)) = waiting::on(state, a.id) {
        bar = theme.warn;
        let verb = if name.starts_with("approve") { "approved" } else { "rejected" };
        let at = draft.at.to_zoned(state.tz.clone()).strftime("%H:%M").to_string();
        let mut waits = vec![span(format!("{verb} at {at}"), theme.warn), span(", waits for the daemon", theme.dim)];
        if state.read_only {
            waits.push(span(" and another inbox", theme.dim));
        } else {
            waits.extend([span(" · ", theme.dim), span("u", theme.accent), span(" takes it back", theme.dim)]);
        }
        waits
    } else if card.is_some_and(|c| c.deciding) {
        vec![span("deciding …", theme.dim)]
    } else if a.status != ApprovalStatus::Submitted {
        let (style, word) = approval_words(theme, a.status);
        bar = style;
        let who = a.decided_by.as_ref().map_or_else(String::new, |by| format!(" by {}", marks::line(&by.name)));
        vec![span(word, style), span(format!("{who}: nothing is left to do"), theme.dim)]
    } else if let Some(error) = error {
        bar = theme.bad;
        vec![span(text::line(error), theme.bad)]
    } else if let Some(hindrance) = a.hindrance {
        bar = theme.warn;
        vec![span(hindrance_words(hindrance), theme.dim)]
    } else if state.read_only {
        bar = theme.warn;
        vec![span("read-only: it is decided elsewhere", theme.dim)]
    } else if open {
        let read = card.is_none_or(|card| card.read);
        let (key, does) = if read { ("a", " approve    ") } else { ("Space", " read on    ") };
        vec![
            span(key, theme.ok.add_modifier(Modifier::BOLD)),
            span(does, theme.strong),
            span("x", theme.bad.add_modifier(Modifier::BOLD)),
            span(if area.width >= if read { 40 } else { 46 } { " reject with a reason" } else { " reject" }, theme.text),
        ]
    } else {
        bar = theme.rule;
        vec![span("Enter", theme.accent), span(" opens it to decide", theme.dim)]
    };
    let block = Rect { x: area.x + 1, y: area.y + 1, width: area.width.saturating_sub(2), height: area.height.saturating_sub(1) };
    ui::fill(buf, block, theme.block);
    for y in block.top()..block.bottom() {
        put(buf, block.x, y, 1, vec![span("▎", bar)]);
    }
    let room = usize::from(block.width.saturating_sub(3)).max(1);
    let mut y = block.y + block.height.saturating_sub(1) / 2;
    if ui::spans_width(&line) > room && line.len() == 1 && block.height > 1 {
        // A message that is too long for one line takes the block's other lines.
        let style = line.first().map_or(theme.text, |s| s.style);
        let words = line.first().map(|s| s.content.to_string()).unwrap_or_default();
        y = block.y;
        for row in text::wrap(&words, room).into_iter().take(usize::from(block.height)) {
            put(buf, block.x + 2, y, block.width.saturating_sub(3), vec![span(row, style)]);
            y += 1;
        }
        return;
    }
    put(buf, block.x + 2, y, block.width.saturating_sub(3), line);
}
