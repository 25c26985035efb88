//! A conversation's items as lines: messages, activities, approvals, days. Used to draw them and to measure them.

use std::sync::Arc;

use api::approval::ApprovalStatus;
use api::id::{ConversationId, MessageId};
use api::inbox::{ApprovalMark, AttachmentView, DeliveryState, MessageType, MessageView, SenderKind};
use jiff::Timestamp;
use ratatui::style::{Modifier, Style};

use super::html;
use super::rich::{self, Reader};
use super::ui::{self, Spans, seconds_until, span};
use crate::mention;
use crate::picture::Picture;
use crate::state::{Anchor, Link, State, StoredFile};
use crate::text;
use crate::theme::Theme;

/// Something that stands in a thread.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Item<'a> {
    /// A message or an activity.
    Message(&'a MessageView),
    /// An approval, at the moment it was asked.
    Approval(&'a ApprovalMark),
}

impl Item<'_> {
    /// A name that stays while the item does.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Message(m) => match (m.id, m.outbox_id) {
                (Some(id), _) => format!("m{id}"),
                (None, Some(id)) => format!("o{id}"),
                (None, None) => format!("t{}", m.created_at),
            },
            Self::Approval(a) => format!("a{}", a.id),
        }
    }

    fn at(&self) -> Timestamp {
        match self {
            Self::Message(m) => m.created_at,
            Self::Approval(a) => a.created_at,
        }
    }
}

/// One line of a thread.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    /// Who says it, as a bar's style.
    pub(crate) bar: Option<Style>,
    /// From the left.
    pub(crate) left: Spans,
    /// To the right.
    pub(crate) right: Spans,
    /// In the middle instead.
    pub(crate) centred: bool,
    /// Of the chosen message.
    pub(crate) chosen: bool,
    /// A row of a picture instead.
    pub(crate) picture: Option<(Arc<Picture>, u16)>,
}

/// What stands in a conversation's thread, in order.
pub(crate) fn items(state: &State, id: ConversationId) -> Vec<Item<'_>> {
    let Some(thread) = state.threads.get(&id) else { return Vec::new() };
    let mut marks: Vec<&ApprovalMark> = state.conversations.get(&id).map(|c| c.approvals.iter().collect()).unwrap_or_default();
    marks.sort_by_key(|a| (a.created_at, a.id));
    let first = thread.messages.first().map(|m| m.created_at);
    if thread.older {
        marks.retain(|a| first.is_some_and(|first| a.created_at >= first));
    }
    let mut marks = marks.into_iter().peekable();
    let mut out = Vec::with_capacity(thread.messages.len() + marks.len());
    for message in &thread.messages {
        while let Some(mark) = marks.next_if(|a| a.created_at < message.created_at) {
            out.push(Item::Approval(mark));
        }
        out.push(Item::Message(message));
    }
    out.extend(marks.map(Item::Approval));
    out
}

/// Finds an anchor's item again.
pub(crate) fn find(items: &[Item<'_>], anchor: &Anchor) -> Option<(usize, usize)> {
    items.iter().rposition(|item| item.name() == anchor.item).map(|i| (i, anchor.hidden))
}

/// Lines of one item.
pub(crate) fn height(state: &State, id: ConversationId, items: &[Item<'_>], index: usize, width: usize) -> usize {
    rows(state, &super::plain(), id, items, index, width).len()
}

/// The first of an item's lines that holds what is searched for.
pub(crate) fn found_line(state: &State, id: ConversationId, items: &[Item<'_>], index: usize, width: usize) -> Option<usize> {
    let marked = |row: &Row| row.left.iter().any(|part| part.style.add_modifier.contains(Modifier::REVERSED));
    rows(state, &super::plain(), id, items, index, width).iter().position(marked)
}

/// One item as lines: the day if it is a new one, the item, a space.
pub(crate) fn rows(state: &State, theme: &Theme, id: ConversationId, items: &[Item<'_>], index: usize, width: usize) -> Vec<Row> {
    let Some(item) = items.get(index) else { return Vec::new() };
    let before = index.checked_sub(1).and_then(|i| items.get(i));
    let mut out = Vec::new();
    if before.is_none_or(|b| ui::other_day(state, b.at(), item.at())) {
        let day = format!("── {} ──", ui::day(state, item.at()));
        out.push(Row { left: vec![span(day, theme.faint.add_modifier(Modifier::ITALIC))], centred: true, ..Row::default() });
        out.push(Row::default());
    }
    let thread = state.threads.get(&id);
    if let Item::Message(m) = item
        && m.id.is_some()
        && thread.is_some_and(|thread| thread.unread == m.id)
    {
        out.push(Row { left: vec![span("── unread from here ──", theme.accent)], centred: true, ..Row::default() });
        out.push(Row::default());
    }
    match item {
        Item::Message(m) if m.message_type == MessageType::Activity => activity(theme, m, width, &mut out),
        Item::Message(m) => {
            let quotes = thread.is_some_and(|t| t.quotes);
            let marked = m.id.is_some() && thread.is_some_and(|t| t.mark == m.id);
            let from = out.len();
            message(state, theme, m, (quotes, marked), width, &mut out);
            if thread.and_then(|t| t.selected.as_ref()).is_some_and(|name| *name == item.name()) {
                out.iter_mut().skip(from).for_each(|row| row.chosen = true);
            }
        }
        Item::Approval(a) => out.push(approval(state, theme, a, width)),
    }
    out.push(Row::default());
    out
}

fn activity(theme: &Theme, m: &MessageView, width: usize, out: &mut Vec<Row>) {
    let text = text::line(m.content.as_deref().unwrap_or("(no text)"));
    for row in text::wrap(&text, width) {
        out.push(Row { left: vec![span(row, theme.faint.add_modifier(Modifier::ITALIC))], centred: true, ..Row::default() });
    }
}

fn approval(state: &State, theme: &Theme, a: &ApprovalMark, width: usize) -> Row {
    let (bar, words) = approval_words(theme, a.status);
    // The title gives way: how it stands is what the line is for.
    let taken = text::width(&a.reference.to_string()) + text::width(words) + 11;
    let title = text::truncate(&text::line(&a.title), width.saturating_sub(taken).max(6));
    Row {
        bar: Some(bar),
        left: vec![span(a.reference.to_string(), theme.strong), span(format!("  {title}"), theme.strong), span(format!("  {words}"), bar)],
        right: vec![span(ui::clock(state, a.created_at), theme.faint)],
        ..Row::default()
    }
}

/// A state's colour and its word.
pub(crate) fn approval_words(theme: &Theme, status: ApprovalStatus) -> (Style, &'static str) {
    match status {
        ApprovalStatus::Draft => (theme.faint, "draft"),
        ApprovalStatus::Submitted => (theme.warn, "waiting for a decision"),
        ApprovalStatus::Approved => (theme.ok, "approved"),
        ApprovalStatus::Rejected => (theme.bad, "rejected"),
        ApprovalStatus::Withdrawn => (theme.faint, "withdrawn"),
        ApprovalStatus::Expired => (theme.bad, "expired"),
    }
}

fn message(state: &State, theme: &Theme, m: &MessageView, (quotes, marked): (bool, bool), width: usize, out: &mut Vec<Row>) {
    let ours = m.message_type != MessageType::Incoming;
    let (bar, name_style, text_style) = if m.private {
        (theme.warn, theme.warn.add_modifier(Modifier::BOLD), theme.warn)
    } else if ours {
        (theme.accent, theme.accent.add_modifier(Modifier::BOLD), theme.text)
    } else {
        (theme.dim, theme.strong, theme.text)
    };
    let name = match &m.sender {
        Some(sender) if !text::line(&sender.name).is_empty() => {
            let bot = if sender.kind == SenderKind::Bot { " (bot)" } else { "" };
            format!("{}{bot}", text::line(&sender.name))
        }
        _ if m.message_type == MessageType::Template => "Chatwoot (automatic)".into(),
        _ if m.outbox_id.is_some() => "You".into(),
        _ if ours => "Agent".into(),
        _ => "Customer".into(),
    };
    let mut left = vec![span(name, name_style)];
    if m.private {
        left.push(span(" TEAM ONLY", theme.warn));
    }
    if marked {
        left.push(span("  ◂ found", theme.accent.add_modifier(Modifier::BOLD)));
    }
    let bar = if m.state == DeliveryState::Failed { theme.bad } else { bar };
    out.push(Row { bar: Some(bar), left, right: delivery(state, theme, m, ours), ..Row::default() });
    let line = |left: Spans| Row { bar: Some(bar), left, ..Row::default() };
    if m.deleted {
        out.push(line(vec![span("(deleted)", theme.faint.add_modifier(Modifier::ITALIC))]));
        return;
    }
    if crate::update::erasing(state, m) {
        out.push(line(vec![span("deleting · u keeps it", theme.warn)]));
    }
    if let Some(words) = answered(state, m, width) {
        out.push(line(vec![span(words, theme.faint.add_modifier(Modifier::ITALIC))]));
    }
    if let Some(words) = others(state, m) {
        out.push(line(vec![span(text::truncate(&words, width), theme.faint)]));
    }
    let content = content(m);
    let mut reader = Reader::default();
    if content.is_empty() && m.attachments.is_empty() {
        let what = if m.content_type == "text" || m.content_type.is_empty() {
            "(no text)".to_owned()
        } else {
            format!("({}, no text)", text::line(&m.content_type))
        };
        out.push(line(vec![span(what, theme.faint.add_modifier(Modifier::ITALIC))]));
    } else if !content.is_empty() {
        let words = state.find.as_ref().filter(|_| state.open == Some(m.conversation_id)).map(|find| find.words.as_str());
        body(&content, quotes || words.is_some_and(|words| !words.is_empty()), &mut reader, |mut read, quoted| {
            read.mark(words.unwrap_or_default());
            out.extend(read.rows(theme, if quoted { theme.faint } else { text_style }, width).into_iter().map(&line));
        });
    }
    for (number, file) in (reader.links.len() + 1..).zip(&m.attachments) {
        let mut spans = vec![span(format!("[{number}] "), theme.accent), span(file_name(file), theme.text)];
        if let Some(size) = file.file_size.map(text::size).filter(|s| !s.is_empty()) {
            spans.push(span(format!("  {size}"), theme.dim));
        }
        out.push(line(ui::fit(spans, width)));
        if let Some(picture) = state.pictures.ready(file.id).filter(|picture| usize::from(picture.columns) <= width && file.id > 0) {
            out.extend((0..picture.rows).map(|row| Row { bar: Some(bar), picture: Some((Arc::clone(picture), row)), ..Row::default() }));
        }
    }
    if let Some(error) = &m.error {
        for row in text::wrap(&text::line(error), width) {
            out.push(line(vec![span(row, theme.bad)]));
        }
    }
}

/// Who else has an e-mail besides the customer and the inbox: a reply would go to them too.
fn others(state: &State, m: &MessageView) -> Option<String> {
    let mail = m.mail.as_ref()?;
    let view = state.conversation(m.conversation_id);
    let usual = |address: &String| {
        let is = |known: Option<&String>| known.is_some_and(|known| known.eq_ignore_ascii_case(address));
        is(view.and_then(|view| view.contact.email.as_ref())) || is(view.and_then(|view| view.inbox.email.as_ref()))
    };
    let field = |name: &str, all: &[String]| {
        let all: Vec<String> = all.iter().filter(|address| !usual(address)).map(|address| text::line(address)).collect();
        (!all.is_empty()).then(|| format!("{name} {}", all.join(", ")))
    };
    let fields = [field("From", &mail.from), field("To", &mail.to), field("Cc", &mail.cc), field("Bcc", &mail.bcc)];
    let words = fields.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    (!words.is_empty()).then_some(words)
}

fn delivery(state: &State, theme: &Theme, m: &MessageView, ours: bool) -> Spans {
    let clock = span(ui::clock(state, m.created_at), theme.faint);
    if !ours {
        return vec![clock];
    }
    let mark = match m.state {
        DeliveryState::Queued => {
            let left = m.sends_at.map_or(0, |at| seconds_until(state.now, at));
            // What was tried already may have arrived: nobody is promised that it can be taken back.
            let tried = m.error.is_some();
            let back = if state.read_only || tried { "" } else { ", u takes it back" };
            let does = if tried { "tried again" } else { "leaves" };
            let words = if left > 0 && !state.settings.ui.motion {
                format!("{does} in a moment{back}")
            } else if left > 0 {
                format!("{does} in {left} s{back}")
            } else {
                "queued".into()
            };
            return vec![span(words, theme.warn)];
        }
        DeliveryState::Sending => return vec![span("sending", theme.warn)],
        DeliveryState::Held => return vec![span("arrival unknown, look in Chatwoot", theme.bad)],
        DeliveryState::Failed => return vec![span("not sent ", theme.bad), clock],
        DeliveryState::Sent if m.private => return vec![clock],
        DeliveryState::Sent => span(" ✓", theme.faint),
        DeliveryState::Delivered => span(" ✓✓", theme.faint),
        DeliveryState::Read => span(" ✓✓ read", theme.accent),
    };
    vec![clock, mark]
}

/// So many quoted lines are shown as they are.
const QUOTED_MAX: usize = 2;

/// A message's text line by line; longer quotes of earlier mail are folded to one line.
fn body(content: &str, quotes: bool, reader: &mut Reader, mut push: impl FnMut(rich::Line, bool)) {
    let lines: Vec<&str> = content.split('\n').collect();
    let tail = lines.iter().position(|l| starts_quote(l)).unwrap_or(lines.len());
    let mut i = 0;
    while let Some(line) = lines.get(i) {
        let quoted = |i: usize| i >= tail || lines.get(i).is_some_and(|l| l.trim_start().starts_with('>'));
        if !quoted(i) {
            if let Some(line) = reader.line(line) {
                push(line, false);
            }
            i += 1;
            continue;
        }
        let end = (i..lines.len()).find(|j| !quoted(*j)).unwrap_or(lines.len());
        let shown = quotes || end - i <= QUOTED_MAX;
        for line in lines.get(i..end).unwrap_or_default() {
            // Folded links keep their numbers.
            if let Some(line) = reader.line(line).filter(|_| shown) {
                push(line, true);
            }
        }
        if !shown {
            push(rich::Line::plain(format!("> … {} quoted lines, Enter shows them", end - i)), true);
        }
        i = end;
    }
}

/// A message's text as it is read: safe, and without the markup of a page.
pub(crate) fn content(m: &MessageView) -> String {
    let raw = m.content.as_deref().unwrap_or_default();
    let clean = if html::is_html(raw) {
        text::clean(&html::to_text(raw))
    } else if m.private {
        text::clean(&mention::readable(raw))
    } else {
        text::clean(raw)
    };
    clean.trim_matches(['\n', ' ']).to_owned()
}

/// A message's links and files, in the order of their numbers; a file that has no address yet has none.
pub(crate) fn links(m: &MessageView) -> Vec<Link> {
    let mut links = rich::links(&content(m));
    links.extend(m.attachments.iter().map(|file| {
        let (address, host) = file.url.as_deref().and_then(rich::checked).unwrap_or_default();
        let stored = stored(m, file);
        Link { words: file_name(file), address, host, file: stored }
    }));
    links
}

/// A file that Chatwoot keeps; none for one that is only in the outbox, or at another host.
fn stored(m: &MessageView, file: &AttachmentView) -> Option<StoredFile> {
    let message = m.id.filter(|_| file.id > 0)?;
    file.url.as_deref().and_then(rich::checked).filter(|(address, _)| address.contains("/rails/active_storage/"))?;
    let name = if file.name.is_empty() { file.file_type.clone() } else { file.name.clone() };
    Some(StoredFile { conversation: m.conversation_id, message, id: file.id, name, bytes: file.file_size })
}

/// The files of a message that are pictures, and not too large to be shown.
pub(crate) fn pictures(m: &MessageView) -> impl Iterator<Item = StoredFile> {
    let shown = |file: &&AttachmentView| file.file_type == "image" && !m.deleted && crate::update::pictures::is_small(file.file_size);
    m.attachments.iter().filter(shown).filter_map(|file| stored(m, file))
}

fn file_name(file: &AttachmentView) -> String {
    let name = text::line(&file.name);
    if name.is_empty() { text::line(&file.file_type) } else { name }
}

/// What a message answers, in a line.
fn answered(state: &State, m: &MessageView, width: usize) -> Option<String> {
    let words = answer_words(state, m.conversation_id, m.in_reply_to?)?;
    Some(text::truncate(&format!("↳ {words}"), width))
}

/// Whose message it is, and how it begins; none where it is not loaded.
pub(crate) fn answer_words(state: &State, conversation: ConversationId, id: MessageId) -> Option<String> {
    let thread = state.threads.get(&conversation)?;
    let message = thread.messages.iter().rev().find(|message| message.id == Some(id))?;
    let who = message.sender.as_ref().map(|sender| text::line(&sender.name)).filter(|name| !name.is_empty());
    let said = if message.deleted { "(deleted)".to_owned() } else { text::truncate(&text::line(&rich::plain(&content(message))), 120) };
    Some(format!("{}: {said}", who.unwrap_or_else(|| "customer".into())))
}

/// Whether everything from this line on is an earlier mail.
fn starts_quote(line: &str) -> bool {
    let line = line.trim();
    (line.starts_with("On ") && line.ends_with("wrote:"))
        || (line.starts_with("Am ") && line.ends_with("schrieb:"))
        || (line.starts_with("Le ") && (line.ends_with("écrit :") || line.ends_with("écrit:")))
        || (line.starts_with("-----") && line.to_lowercase().contains("original message"))
}
