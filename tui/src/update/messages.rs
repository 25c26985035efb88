//! One message of the opened conversation: choosing it, and what is done with it.

use api::id::ConversationId;
use api::inbox::{DeliveryState, MessageType, MessageView, OutboxView};

use super::{Out, compose, keys, live, new_key, pick, read, returned, template, thread, toast};
use crate::editor::Editor;
use crate::event::{Effect, Outcome, Purpose};
use crate::state::{Link, Pick, PickLine, Picked, Read, State, Tone};
use crate::text;
use crate::view::message::{self, Item};
use crate::view::rich;

/// Links listed at once, the newest first: more nobody reads through.
const LISTED_MAX: usize = 200;
/// What opens them, one after the other: no letter that moves elsewhere, and not the one that leaves.
const LETTERS: &str = "123456789abcdefgimnoprstuvwxyzABCDEFGIMNOPRSTUVWXYZ";
/// Messages looked through for them.
const LOOKED_MAX: usize = 500;
/// Lines of a message that are quoted.
const QUOTED_MAX: usize = 200;

/// Items that can be chosen: what people wrote.
fn choosable(item: &Item<'_>) -> bool {
    matches!(item, Item::Message(m) if m.message_type != MessageType::Activity)
}

/// The chosen message.
pub(super) fn chosen(state: &State) -> Option<MessageView> {
    let id = state.open?;
    let name = state.threads.get(&id)?.selected.as_deref()?;
    message::items(state, id).into_iter().rev().find(|item| item.name() == name).and_then(|item| match item {
        Item::Message(m) => Some(m.clone()),
        Item::Approval(_) => None,
    })
}

/// Chooses the lowest message on the screen, or none.
pub(super) fn toggle(state: &mut State, out: &mut Out) {
    if !clear(state) {
        step(state, out, 0);
    }
}

/// Chooses none; false where none was.
pub(super) fn clear(state: &mut State) -> bool {
    state.open.and_then(|id| state.threads.get_mut(&id)).is_some_and(|thread| thread.selected.take().is_some())
}

/// Chooses the next message or the one before; from none, the lowest on the screen.
pub(super) fn step(state: &mut State, out: &mut Out, by: isize) {
    let Some(id) = state.open else { return };
    let items = message::items(state, id);
    let Some(thread) = state.threads.get(&id) else { return };
    let at = thread.selected.as_deref().and_then(|name| items.iter().rposition(|item| item.name() == name));
    let lowest = || thread.anchor.as_ref().and_then(|anchor| message::find(&items, anchor)).map_or(items.len(), |(i, _)| i + 1);
    let to = match at {
        None => items.iter().take(lowest()).rposition(choosable),
        Some(at) if by < 0 => items.iter().take(at).rposition(choosable),
        Some(at) => items.iter().skip(at + 1).position(choosable).map(|i| at + 1 + i),
    };
    let Some(to) = to else {
        if by < 0 {
            thread::read_older(state, out, id);
        }
        return;
    };
    choose(state, to);
    if by < 0 && to < 8 {
        thread::read_older(state, out, id);
    }
}

/// Chooses an item and brings it on the screen.
pub(super) fn choose(state: &mut State, index: usize) {
    let Some(id) = state.open else { return };
    let items = message::items(state, id);
    let name = items.get(index).map(Item::name);
    // What stands below the last of them, approvals and activities, comes along.
    let last = !items.iter().skip(index + 1).any(choosable);
    if let Some(thread) = state.threads.get_mut(&id) {
        thread.selected = name;
        if last {
            thread.anchor = None;
        }
    }
    thread::reveal(state, index);
}

/// Writes an answer to the chosen message; what only the team reads is answered by a note, and where no reply goes out it stays chosen for
/// the template or the note that is chosen instead. False where none is chosen.
pub(super) fn reply(state: &mut State, out: &mut Out) -> bool {
    let Some(chosen) = chosen(state) else { return false };
    if !chosen.private && template::closed(state, chosen.conversation_id) {
        template::begin(state, out, chosen.conversation_id);
        return true;
    }
    write(state, out, &chosen);
    clear(state);
    true
}

/// Writes a note, which answers the message that is chosen in its conversation.
pub(super) fn note(state: &mut State, out: &mut Out, id: ConversationId) {
    match chosen(state).filter(|message| message.conversation_id == id) {
        Some(to) => {
            write_as(state, out, Purpose::Note(id), &to);
            clear(state);
        }
        None => keys::write(state, out, Purpose::Note(id)),
    }
}

/// Opens the composer that fits a message.
fn write(state: &mut State, out: &mut Out, to: &MessageView) {
    let purpose = if to.private { Purpose::Note(to.conversation_id) } else { Purpose::Reply(to.conversation_id) };
    write_as(state, out, purpose, to);
}

/// Opens a composer that answers a message.
fn write_as(state: &mut State, out: &mut Out, purpose: Purpose, to: &MessageView) {
    keys::write(state, out, purpose);
    if let Some(composer) = state.composer.as_mut().filter(|composer| composer.purpose == purpose && to.id.is_some()) {
        composer.with.answers = to.id;
        compose::changed(state);
    }
}

/// Quotes the chosen message, else the customer's newest; a note is quoted in a note, never to the customer.
pub(super) fn quote(state: &mut State, out: &mut Out) {
    let newest = || {
        let thread = state.open.and_then(|id| state.threads.get(&id))?;
        thread.messages.iter().rev().find(|m| m.message_type == MessageType::Incoming && !m.deleted).cloned()
    };
    let Some(message) = chosen(state).or_else(newest) else {
        return toast(state, Tone::Plain, "There is nothing to quote yet");
    };
    let Some(quoted) = quoted(&message) else {
        return toast(state, Tone::Plain, "This message has no text");
    };
    write(state, out, &message);
    clear(state);
    let Some(composer) = state.composer.as_mut() else { return };
    let text = composer.editor.text();
    let gap = if text.is_empty() || text.ends_with("\n\n") {
        ""
    } else if text.ends_with('\n') {
        "\n"
    } else {
        "\n\n"
    };
    let quoted = format!("{gap}{quoted}\n\n");
    let mut editor = Editor::new(text.to_owned());
    editor.insert(&quoted);
    composer.editor = editor;
    compose::changed(state);
}

/// A message's text as a quote.
fn quoted(message: &MessageView) -> Option<String> {
    let content = message::content(message);
    if content.is_empty() || message.deleted {
        return None;
    }
    let mut lines: Vec<String> = content.split('\n').take(QUOTED_MAX).map(|line| format!("> {line}").trim_end().to_owned()).collect();
    if content.split('\n').nth(QUOTED_MAX).is_some() {
        lines.push("> …".into());
    }
    Some(lines.join("\n"))
}

/// Sends the chosen message again where it failed, else replies.
pub(super) fn retry(state: &mut State, out: &mut Out, conversation: ConversationId) {
    match chosen(state) {
        Some(MessageView { state: DeliveryState::Failed, outbox_id: Some(id), .. }) => {
            let key = new_key(state);
            out.push(Effect::Retry(id, key));
            toast(state, Tone::Plain, "Trying again");
        }
        Some(MessageView { state: DeliveryState::Held, .. }) => {
            toast(state, Tone::Bad, "It may have arrived: look in Chatwoot before `afenda outbox retry`");
        }
        Some(MessageView { state: DeliveryState::Failed, .. }) => {
            toast(state, Tone::Plain, "Chatwoot has it, and could not deliver it: only Chatwoot can send it again");
        }
        _ => {
            if !reply(state, out) {
                keys::write(state, out, Purpose::Reply(conversation));
            }
        }
    }
}

/// A failed entry is tried again, or is not.
pub(super) fn retried(state: &mut State, out: &mut Out, result: Outcome<OutboxView>) {
    match result {
        Ok(entry) => {
            state.failed_said.remove(&entry.id);
            returned::gone_again(state, &entry);
            if let Some(id) = entry.conversation_id {
                thread::refresh(state, out, id);
            }
            read(state, out, Read::Outbox);
            state.status_due = true;
        }
        Err(failure) => {
            live::failed(state, &failure);
            toast(state, Tone::Bad, format!("Not tried again: {}", failure.message));
        }
    }
}

/// Asks what of the message, else of the conversation, to copy.
pub(super) fn ask_copy(state: &mut State) {
    let Some(id) = state.target() else { return };
    let message = if state.pane() == crate::keymap::Context::Thread { chosen(state) } else { None };
    let line = |letter, label: &'static str, text: Option<String>, why| PickLine {
        letter: Some(letter),
        label: label.to_owned(),
        note: text.as_deref().map(|text| text::truncate(&text::line(text), 60)).unwrap_or_default(),
        disabled: text.is_none().then_some(why),
        choice: Picked::Copy(label, text.unwrap_or_default()),
    };
    let url = state.conversations.get(&id).map(|view| text::line(&view.url)).filter(|url| rich::checked(url).is_some());
    let (title, lines) = match message {
        Some(message) => {
            let number = message.id.map(|id| id.to_string());
            // Chatwoot's own form of a link to one message.
            let link = url.zip(number.clone()).map(|(url, number)| format!("{url}?messageId={number}"));
            let content = Some(message::content(&message)).filter(|content| !content.is_empty() && !message.deleted);
            let lines = vec![
                line('t', "text", content, "it has none"),
                line('q', "quote", quoted(&message), "it has no text"),
                line('l', "link", link, "it is not in Chatwoot yet"),
                line('i', "id", number, "it has none yet"),
                line('c', "as CLI", Some(format!("afenda conv messages {id}")), ""),
            ];
            ("Copy of this message".to_owned(), lines)
        }
        None => {
            let name = state.conversations.get(&id).map(|view| text::line(&view.contact.name)).filter(|name| !name.is_empty());
            let lines = vec![
                line('l', "link", url, "its address is not known here"),
                line('i', "id", Some(id.to_string()), ""),
                line('n', "name", name, "it has none"),
                line('c', "as CLI", Some(format!("afenda conv view {id}")), ""),
            ];
            (format!("Copy of #{id}"), lines)
        }
    };
    pick::show(state, Pick { title, lines, cursor: 0 });
}

/// Lists the links and files of the chosen message, else of all, the newest first.
pub(super) fn ask_links(state: &mut State) {
    let Some(thread) = state.open.and_then(|id| state.threads.get(&id)) else { return };
    let chosen = chosen(state);
    let messages: Vec<&MessageView> = match &chosen {
        Some(message) => vec![message],
        None => thread.messages.iter().rev().take(LOOKED_MAX).collect(),
    };
    let mut lines = Vec::new();
    let mut left_out = 0;
    for message in messages.into_iter().filter(|message| !message.deleted) {
        let who = message.sender.as_ref().map(|sender| text::line(&sender.name)).unwrap_or_default();
        for (number, link) in (1..).zip(message::links(message)) {
            if lines.len() == LISTED_MAX {
                left_out += 1;
                continue;
            }
            let place = if link.words.contains(&link.host) { String::new() } else { format!("→ {}  ", link.host) };
            let letter = LETTERS.chars().nth(lines.len());
            let who =
                if chosen.is_some() { String::new() } else { format!("{who}, {}", crate::view::ui::clock(state, message.created_at)) };
            let disabled = link.address.is_empty().then_some("it has no address to open");
            lines.push(PickLine {
                letter,
                label: format!("[{number}] {}", text::truncate(&text::line(&link.words), 60)),
                note: format!("{place}{who}"),
                disabled,
                choice: Picked::Link(link),
            });
        }
    }
    if lines.is_empty() {
        return toast(state, Tone::Plain, "There are no links and no files");
    }
    let more = if left_out > 0 { format!(", {left_out} more not listed") } else { String::new() };
    pick::show(state, Pick { title: format!("Links and files{more}"), lines, cursor: 0 });
}

/// Asks what to do with a link.
pub(super) fn ask_link(state: &mut State, link: Link) {
    let away = state.remote.then_some("over SSH it would open there; copy it");
    let save = link.file.map(|file| PickLine {
        letter: Some('s'),
        label: "save".into(),
        note: file.bytes.map(text::size).unwrap_or_default(),
        disabled: state.saving.is_some().then_some("another is being saved; Esc stops it"),
        choice: Picked::Save(file),
    });
    let mut lines: Vec<PickLine> = save.into_iter().collect();
    let address = [
        PickLine {
            letter: Some('c'),
            label: "copy the address".into(),
            note: text::truncate(&link.address, 120),
            disabled: None,
            choice: Picked::Copy("address", link.address.clone()),
        },
        PickLine {
            letter: Some('b'),
            label: "open in the browser".into(),
            note: String::new(),
            disabled: away,
            choice: Picked::Browse(link.address),
        },
    ];
    lines.extend(address);
    let title = if lines.first().is_some_and(|line| matches!(line.choice, Picked::Save(_))) {
        text::truncate(&text::line(&link.words), 60)
    } else {
        format!("Leads to {}", link.host)
    };
    pick::show(state, Pick { title, lines, cursor: 0 });
}

/// Copies a text and says so.
pub(super) fn copy(state: &mut State, out: &mut Out, what: &str, text: String) {
    let shown = text::truncate(&text::line(&text), 200);
    let said = if what == "text" || what == "quote" { format!("Copied the {what}") } else { format!("Copied: {shown}") };
    super::clip::copy(state, out, said, text);
}
