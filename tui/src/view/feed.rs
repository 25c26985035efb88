//! The Activity screen: what happened in the tenant, newest at the top, a line each.

use api::event::{Activity, ActivityType, SubjectType};
use api::id::ConversationId;
use api::inbox::MessageType;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::inbox::select;
use super::ui::{self, Spans, ends, put, span};
use crate::layout;
use crate::mention;
use crate::state::{Daemon, Kinds, Screen, State};
use crate::text;
use crate::theme::Theme;

/// From this height on rows have a space between them.
const AIRY: u16 = 24;
/// Cells of the columns before the last: time, group, what, who.
const CLOCK: usize = 10;
const GROUP: usize = 14;
const WHAT: usize = 32;
const WHO: usize = 16;

/// Where the rows stand; none while another screen is on.
pub(crate) fn area(state: &State) -> Option<Rect> {
    (state.screen == Screen::Activity).then(|| layout::panes(state).list.map(layout::rows_area)).flatten()
}

/// Lines of a row: the day if it is the first of it or of the screen, the row, a space where there is height.
fn lines(state: &State, area: Rect, index: usize) -> u16 {
    let rows = &state.feed.rows;
    let day = index == state.feed.top
        || match (index.checked_sub(1).and_then(|i| rows.get(i)), rows.get(index)) {
            (Some(before), Some(row)) => ui::other_day(state, before.at, row.at),
            _ => true,
        };
    let air = u16::from(area.height >= AIRY);
    1 + air + if day { 1 + air } else { 0 }
}

/// Rows that are on the screen from the first one on.
pub(crate) fn fitting(state: &State, area: Rect) -> usize {
    let air = u16::from(area.height >= AIRY);
    let mut left = area.height + air; // The space under the last row may be cut off.
    let mut count = 0;
    for index in state.feed.top..state.feed.rows.len() {
        let need = lines(state, area, index);
        if need > left {
            break;
        }
        left -= need;
        count += 1;
    }
    count
}

pub(super) fn draw(state: &State, theme: &Theme, buf: &mut Buffer, pane: Rect) {
    let feed = &state.feed;
    head(state, theme, buf, Rect { x: pane.x + 1, width: pane.width.saturating_sub(2), height: 1, ..pane });
    let area = layout::rows_area(pane);
    if feed.rows.is_empty() {
        let (words, hint) = match (&feed.error, feed.loaded) {
            (Some(error), _) => (text::line(error), "Ctrl+R tries again"),
            (None, false) if matches!(state.daemon, Daemon::Lost { .. }) => {
                ("The daemon is not there".into(), "this screen connects by itself")
            }
            (None, false) => ("Reading …".into(), ""),
            (None, true) if feed.loading => ("Looking further back …".into(), ""),
            (None, true) if feed.ended => ("Nothing has happened yet".into(), "t shows other types"),
            (None, true) => {
                (format!("None in the last {} activities", feed.newest - feed.oldest + 1), "j looks further back, t shows other types")
            }
        };
        return super::quiet(theme, buf, area, &words, hint);
    }
    let air = u16::from(area.height >= AIRY);
    let mut y = area.y;
    for (index, row) in feed.rows.iter().enumerate().skip(feed.top).take(fitting(state, area)) {
        if lines(state, area, index) > 1 + air {
            let day = format!("── {} ──", ui::day(state, row.at));
            let width = u16::try_from(text::width(&day)).unwrap_or(0);
            put(
                buf,
                area.x + area.width.saturating_sub(width) / 2,
                y,
                area.width,
                vec![span(day, theme.faint.add_modifier(Modifier::ITALIC))],
            );
            y += 1 + air;
        }
        let line = Rect { y, height: 1, ..area };
        draw_row(state, theme, buf, Rect { x: line.x + 1, width: line.width.saturating_sub(2), ..line }, row);
        if feed.cursor == Some(row.seq) {
            select(theme, buf, line, false);
        }
        y += 1 + air;
    }
}

fn head(state: &State, theme: &Theme, buf: &mut Buffer, area: Rect) {
    let feed = &state.feed;
    let mut left = Spans::new();
    let other = (!Kinds::TABS.contains(&feed.kinds)).then_some(feed.kinds);
    for kinds in Kinds::TABS.into_iter().chain(other) {
        if !left.is_empty() {
            left.push(span("   ", theme.text));
        }
        left.push(span(kinds.title(), if kinds == feed.kinds { theme.strong.add_modifier(Modifier::UNDERLINED) } else { theme.dim }));
    }
    let right = match (feed.follow, feed.fresh) {
        (true, _) => vec![span("following", theme.ok)],
        (false, 0) => vec![span("paused", theme.dim)],
        (false, n) => vec![span("paused · ", theme.dim), span(format!("{n} new · F"), theme.accent)],
    };
    ends(buf, area, left, right);
}

/// One activity in words.
struct Words {
    group: &'static str,
    what: String,
    style: Style,
    who: String,
    about: String,
}

fn draw_row(state: &State, theme: &Theme, buf: &mut Buffer, area: Rect, row: &Activity) {
    let words = words(state, theme, row);
    let wide = area.width >= 100;
    let cell = |text: &str, width: usize| {
        let text = text::truncate(text, width.saturating_sub(2));
        let pad = width.saturating_sub(text::width(&text));
        format!("{text}{}", " ".repeat(pad))
    };
    let clock = row.at.to_zoned(state.tz.clone()).strftime(if area.width >= 70 { "%H:%M:%S" } else { "%H:%M" }).to_string();
    let clock = cell(&clock, if area.width >= 70 { CLOCK } else { 7 });
    let mut spans = vec![span(clock, theme.faint)];
    if wide {
        spans.push(span(cell(words.group, GROUP), theme.dim));
        spans.push(span(cell(&words.what, WHAT), words.style));
        spans.push(span(cell(&words.who, WHO), theme.dim));
        spans.push(span(words.about, theme.text));
    } else {
        // The three run together; the end gives way.
        spans.push(span(words.what, words.style));
        for (text, style) in [(words.who, theme.dim), (words.about, theme.text)] {
            if !text.is_empty() {
                spans.push(span("  ", theme.text));
                spans.push(span(text, style));
            }
        }
    }
    put(buf, area.x, area.y, area.width, spans);
}

/// An activity in one sentence's words, without its time.
pub(crate) fn said_of(state: &State, row: &Activity) -> String {
    let words = words(state, &super::plain(), row);
    let by = if words.who.is_empty() { String::new() } else { format!(", {}", words.who) };
    let about = if words.about.is_empty() { String::new() } else { format!(": {}", words.about) };
    text::line(&format!("{}{by}{about}", words.what))
}

fn fact<'a>(row: &'a Activity, name: &str) -> &'a str {
    row.data.get(name).and_then(|value| value.as_str()).unwrap_or_default()
}

fn words(state: &State, theme: &Theme, row: &Activity) -> Words {
    use ActivityType as T;
    let number = row.conversation_id.map(|id| format!("#{id}")).unwrap_or_default();
    let name = row.conversation_id.map(ConversationId).and_then(|id| {
        let known = state.conversations.get(&id).map(|view| text::line(&view.contact.name));
        known.or_else(|| state.feed.names.get(&id).cloned())
    });
    let actor = row.actor.as_ref().map(|actor| text::line(&actor.name));
    let place = [number.as_str(), name.as_deref().unwrap_or_default()].into_iter().filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ");
    let plain = |group, what: String, who: Option<String>, about: String| Words {
        group,
        what,
        style: theme.text,
        who: actor.clone().or(who).unwrap_or_default(),
        about,
    };
    let chatwoot = Some("Chatwoot".to_owned());
    let us = Some("afenda".to_owned());
    match row.kind {
        T::MessageCreated | T::MessageUpdated => message(state, theme, row, &number, name),
        T::ConversationCreated => {
            Words { style: theme.strong, ..plain("conversation", format!("{number} is new"), None, name.unwrap_or_default()) }
        }
        T::ConversationUpdated => {
            let status = Some(text::line(fact(row, "status"))).filter(|status| !status.is_empty() && status != "open");
            let what = status.map_or_else(|| format!("{number} changed"), |status| format!("{number} changed, {status}"));
            plain("conversation", what, None, name.unwrap_or_default())
        }
        T::ConversationDeleted => {
            Words { style: theme.bad, ..plain("conversation", format!("{number} is gone"), chatwoot, name.unwrap_or_default()) }
        }
        T::ContactUpdated | T::ContactDeleted => {
            let id: Option<i64> = row.subject_id.parse().ok();
            let known = state.conversations.values().find(|view| Some(view.contact.id) == id).map(|view| text::line(&view.contact.name));
            let gone = row.kind == T::ContactDeleted;
            let what = format!("contact {} {}", text::line(&row.subject_id), if gone { "is gone" } else { "changed" });
            plain("contact", what, None, known.unwrap_or_default())
        }
        T::ApprovalDrafted
        | T::ApprovalSubmitted
        | T::ApprovalUpdated
        | T::ApprovalApproved
        | T::ApprovalRejected
        | T::ApprovalWithdrawn
        | T::ApprovalExpired => approval(state, theme, row, actor.unwrap_or_default(), &place),
        T::OutboxUpdated => {
            let (kind, how) = (text::line(fact(row, "kind")), text::line(fact(row, "state")));
            let error = text::line(fact(row, "error"));
            let style = match how.as_str() {
                "failed" | "held" => theme.bad,
                "queued" | "sending" => theme.warn,
                _ => theme.text,
            };
            let about = if error.is_empty() { place } else { format!("{place} · {error}") };
            Words { style, ..plain("write", format!("{kind} {how}"), Some(text::line(fact(row, "user"))), about) }
        }
        T::DirectoryUpdated => plain("sync", "agents, teams or labels changed".into(), chatwoot, String::new()),
        T::SyncProgress => {
            let count = |name: &str| row.data.get(name).and_then(serde_json::Value::as_u64);
            let total = count("conversations_total").map_or_else(String::new, |total| format!(" of {total}"));
            let done = row.data.get("done").and_then(serde_json::Value::as_bool) == Some(true);
            let what = if done { "first copy complete" } else { "first copy" };
            let about =
                format!("{}{total} conversations, {} messages", count("conversations").unwrap_or(0), count("messages").unwrap_or(0));
            plain("sync", what.into(), us, about)
        }
        T::SyncState => {
            let how = text::line(fact(row, "state"));
            let style = match how.as_str() {
                "live" | "polling" => theme.ok,
                "connecting" => theme.warn,
                _ => theme.bad,
            };
            Words { style, ..plain("sync", format!("Chatwoot {}", how.replace('_', " ")), us, text::line(fact(row, "message"))) }
        }
    }
}

/// A message: who wrote it and what, as far as that is in memory.
fn message(state: &State, theme: &Theme, row: &Activity, number: &str, name: Option<String>) -> Words {
    let known = row.conversation_id.and_then(|id| state.threads.get(&ConversationId(id))).and_then(|thread| {
        let id: i64 = row.subject_id.parse().ok()?;
        thread.messages.iter().rev().find(|message| message.id.is_some_and(|known| known.0 == id))
    });
    let private = row.data.get("private").and_then(serde_json::Value::as_bool) == Some(true);
    let kind = fact(row, "message_type").parse::<MessageType>().ok();
    let sender = known.and_then(|message| message.sender.as_ref()).map(|sender| text::line(&sender.name));
    let content = known.filter(|m| !m.deleted).and_then(|message| message.content.as_deref()).map(|content| said(content, private));
    let customer = name.clone().unwrap_or_else(|| "customer".into());
    let (group, noun, style, who) = match kind {
        _ if private => ("note", "note", theme.warn, sender),
        Some(MessageType::Incoming) => ("message", "message", theme.strong, Some(customer)),
        Some(MessageType::Outgoing) => ("message", "reply", theme.accent, sender),
        Some(MessageType::Template) => ("message", "automatic message", theme.text, Some("Chatwoot".into())),
        Some(MessageType::Activity) => ("event", "event", theme.dim, None),
        None => ("message", "message", theme.text, sender),
    };
    let (what, style) = if row.kind == ActivityType::MessageCreated {
        (format!("{noun} in {number}"), style)
    } else {
        let how = text::line(fact(row, "state"));
        let failed = how == "failed";
        let deleted = known.is_some_and(|message| message.deleted);
        let how = if deleted {
            "deleted".into()
        } else if kind == Some(MessageType::Incoming) || how.is_empty() || how == "sent" {
            "changed".into()
        } else {
            how
        };
        (format!("{noun} in {number} {how}"), if failed { theme.bad } else { theme.text })
    };
    let content = content.or_else(|| newest(state, row, kind, private));
    let about = content.filter(|text| !text.is_empty()).or(name).filter(|about| Some(about) != who.as_ref()).unwrap_or_default();
    Words { group, what, style, who: who.unwrap_or_default(), about }
}

/// The text of a conversation's newest message, which its row in the list carries.
fn newest(state: &State, row: &Activity, kind: Option<MessageType>, private: bool) -> Option<String> {
    let view = row.conversation_id.and_then(|id| state.conversations.get(&ConversationId(id)))?;
    let snippet = view.snippet.as_ref().filter(|snippet| Some(snippet.message_type) == kind && snippet.private == private)?;
    let spoken = |other: &Activity| {
        let event = fact(other, "message_type") == MessageType::Activity.as_str();
        other.kind == ActivityType::MessageCreated && other.conversation_id == row.conversation_id && !event
    };
    let newer = state.feed.rows.iter().take_while(|other| other.seq > row.seq).any(spoken);
    (row.kind == ActivityType::MessageCreated && !newer && !state.feed.cut).then(|| said(&snippet.text, snippet.private))
}

fn approval(state: &State, theme: &Theme, row: &Activity, who: String, place: &str) -> Words {
    use ActivityType as T;
    let revision = row.data.get("revision").and_then(serde_json::Value::as_u64);
    let (how, style) = match row.kind {
        T::ApprovalDrafted => ("drafted".to_owned(), theme.dim),
        T::ApprovalSubmitted => ("asked".into(), theme.warn),
        T::ApprovalUpdated => (revision.map_or_else(|| "changed".into(), |n| format!("changed, revision {n}")), theme.warn),
        T::ApprovalApproved => ("approved".into(), theme.ok),
        T::ApprovalRejected => ("rejected".into(), theme.bad),
        T::ApprovalWithdrawn => ("withdrawn".into(), theme.dim),
        _ => ("expired".into(), theme.bad),
    };
    let title = state.approvals.rows.iter().find(|a| row.subject_type == SubjectType::Approval && a.id.to_string() == row.subject_id);
    let title = title.map(|a| text::line(&a.title)).or_else(|| {
        let view = row.conversation_id.and_then(|id| state.conversations.get(&ConversationId(id)))?;
        view.approvals.iter().find(|a| a.id.to_string() == row.subject_id).map(|a| text::line(&a.title))
    });
    let about = match (title, place.is_empty()) {
        (Some(title), false) => format!("{title} · {place}"),
        (Some(title), true) => title,
        (None, _) => place.to_owned(),
    };
    Words {
        group: "approval",
        what: format!("{} {how}", text::line(fact(row, "reference"))),
        style: style.add_modifier(Modifier::BOLD),
        who,
        about,
    }
}

/// What a message says, on one line: a note with names, not links, where it mentions somebody.
fn said(content: &str, private: bool) -> String {
    text::line(&if private { mention::readable(content) } else { content.to_owned() })
}
