//! What is shown elsewhere as rows, panes and colours, as sentences. Pure; every text from outside is made safe here.

use api::approval::{ApprovalStatus, ApprovalView};
use api::contact::ContactDetail;
use api::event::Activity;
use api::id::ConversationId;
use api::inbox::{ConversationStatus, ConversationView, DeliveryState, MessageType, MessageView, SenderKind};
use api::search::FoundMessage;
use jiff::Timestamp;

use crate::event::Purpose;
use crate::mention;
use crate::state::{Action, Asks, ContactCard, ContactItem, Line, MailField, Overlay, Owner, State};
use crate::text;
use crate::update::{contact_echo, echo, hindrance_words, money};
use crate::view::message::{self, Item};
use crate::{marks, view};

/// Characters of a row's snippet.
const SNIPPET: usize = 100;

/// Text of somebody's, so that none of its lines can be taken for one of ours: each is set in.
pub(super) fn body(content: &str) -> Vec<String> {
    content.split('\n').map(|line| format!("  {line}").trim_end().to_owned()).collect()
}

/// `1 message`, `3 messages`.
pub(super) fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// A length of time in words.
fn long(minutes: i64) -> String {
    let of = |n: i64, what| count(usize::try_from(n).unwrap_or(0), what);
    match minutes {
        0 => "less than a minute".into(),
        1..60 => of(minutes, "minute"),
        60..2_880 => of(minutes / 60, "hour"),
        _ => of(minutes / 1_440, "day"),
    }
}

/// The time of day, with the day where it is another than today.
fn at(state: &State, moment: Timestamp) -> String {
    let clock = view::ui::clock(state, moment);
    match view::ui::day(state, moment).as_str() {
        "today" => clock,
        day => format!("{day} {clock}"),
    }
}

/// Name and number of a conversation.
pub(super) fn named(state: &State, id: ConversationId) -> String {
    match state.conversation(id).map(|view| text::line(&view.contact.name)).filter(|name| !name.is_empty()) {
        Some(name) => format!("#{id} {name}"),
        None => format!("#{id}"),
    }
}

/// How long the customer waits, and whether that is long.
fn waits(state: &State, view: &ConversationView) -> Option<String> {
    let since = view.waiting_since?;
    let late = match view::waiting_mark(state, view) {
        "^^" => ", late",
        "^" => ", getting late",
        _ => "",
    };
    Some(format!("waits {}{late}", long(view::ui::minutes_since(state.now, since))))
}

fn facts(state: &State, view: &ConversationView) -> Vec<String> {
    let mut out: Vec<String> = waits(state, view).into_iter().collect();
    out.extend(view.priority.map(|priority| format!("priority {priority}")));
    if view.unread_count > 0 {
        out.push(format!("{} unread", view.unread_count));
    }
    if !view.labels.is_empty() {
        out.push(format!("labels {}", view.labels.iter().map(|label| text::line(label)).collect::<Vec<_>>().join(" and ")));
    }
    out
}

/// A row of the list.
pub(super) fn row(state: &State, view: &ConversationView, marked: bool) -> String {
    let mut parts = vec![named(state, view.id), text::line(&view.inbox.name)];
    if marked {
        parts.insert(0, "marked".into());
    }
    if view.status != ConversationStatus::Open {
        parts.push(view.status.to_string());
    }
    if let Some(agent) = view.assignee.as_ref().filter(|agent| Some(agent.id) != state.agent()) {
        parts.push(format!("with {}", text::line(&agent.name)));
    }
    parts.extend(facts(state, view));
    let said = view.snippet.as_ref().map(|snippet| {
        let who = match (snippet.private, snippet.message_type) {
            (true, _) => "note: ",
            (_, MessageType::Incoming) => "",
            _ => "we: ",
        };
        let words = if snippet.private { mention::readable(&snippet.text) } else { snippet.text.clone() };
        format!("{who}{}", text::truncate(&text::line(&words), SNIPPET))
    });
    format!("{}: {}", parts.join(", "), said.filter(|said| !said.is_empty()).unwrap_or_else(|| "no text".into()))
}

/// What is known of an opened conversation.
pub(super) fn heading(state: &State, id: ConversationId) -> String {
    let Some(view) = state.conversation(id) else { return format!("Conversation #{id}.") };
    let mut parts = vec![view.status.to_string()];
    parts.push(match &view.assignee {
        Some(agent) if Some(agent.id) == state.agent() => "assigned to you".into(),
        Some(agent) => format!("assigned to {}", text::line(&agent.name)),
        None => "assigned to nobody".into(),
    });
    parts.extend(view.team.as_ref().map(|team| format!("team {}", text::line(&team.name))));
    parts.extend(facts(state, view));
    let closed = if view.can_reply { "" } else { " The reply window is closed." };
    format!("Conversation {}, via {}; {}.{closed}", named(state, id), text::line(&view.inbox.name), parts.join(", "))
}

/// Something that stands in a thread.
pub(super) fn item(state: &State, item: &Item<'_>) -> Vec<String> {
    match item {
        Item::Approval(mark) => {
            let words = status_words(mark.status);
            vec![format!("{}, {words}, asked {}: {}", mark.reference, at(state, mark.created_at), text::line(&mark.title))]
        }
        Item::Message(m) if m.message_type == MessageType::Activity => {
            vec![format!("{}: {}", at(state, m.created_at), text::line(m.content.as_deref().unwrap_or("(no text)")))]
        }
        Item::Message(m) => message(state, m),
    }
}

/// A message among those that can be chosen: its head and how it begins.
pub(super) fn message_row(state: &State, m: &MessageView) -> String {
    let lines = message(state, m);
    let head = lines.first().map_or("", |head| head.trim_end_matches(':'));
    let words: Vec<&str> = lines.iter().skip(1).map(|line| line.trim()).filter(|line| !line.is_empty()).collect();
    format!("{head}: {}", text::truncate(&text::line(&words.join(" ")), SNIPPET))
}

/// A message, whole.
pub(super) fn message(state: &State, m: &MessageView) -> Vec<String> {
    let ours = m.message_type != MessageType::Incoming;
    let name = match &m.sender {
        Some(sender) if !text::line(&sender.name).is_empty() => {
            format!("{}{}", text::line(&sender.name), if sender.kind == SenderKind::Bot { " (bot)" } else { "" })
        }
        _ if m.message_type == MessageType::Template => "Chatwoot (automatic)".into(),
        _ if m.outbox_id.is_some() => "You".into(),
        _ if ours => "Agent".into(),
        _ => "Customer".into(),
    };
    let reader = match (m.private, ours) {
        (true, _) => ", note, TEAM ONLY",
        (false, true) => ", to the CUSTOMER",
        (false, false) => ", customer",
    };
    let how = if ours { delivery(state, m).map(|how| format!(", {how}")).unwrap_or_default() } else { String::new() };
    let mut out = vec![format!("{name}{reader}, {}{how}:", at(state, m.created_at))];
    if m.deleted {
        out.push("  (deleted)".into());
        return out;
    }
    if let Some(words) = m.in_reply_to.and_then(|id| message::answer_words(state, m.conversation_id, id)) {
        out.push(format!("  (answers {words})"));
    }
    let content = message::content(m);
    if !content.is_empty() {
        out.extend(body(&content));
    } else if m.attachments.is_empty() {
        out.push("  (no text)".into());
    }
    for file in &m.attachments {
        let size = file.file_size.map(text::size).filter(|size| !size.is_empty()).map(|size| format!(", {size}")).unwrap_or_default();
        out.push(format!("  (file: {}{size})", text::line(&file.name)));
    }
    if let Some(error) = &m.error {
        out.push(format!("  (error: {})", text::line(error)));
    }
    out
}

/// How far a message of ours has come.
pub(super) fn delivery(state: &State, m: &MessageView) -> Option<String> {
    Some(match m.state {
        DeliveryState::Queued => {
            let left = m.sends_at.map_or(0, |at| view::ui::seconds_until(state.now, at));
            let back = if state.read_only { "" } else { ", u takes it back" };
            if left > 0 { format!("leaves in {left} s{back}") } else { "queued".into() }
        }
        DeliveryState::Sending => "being sent".into(),
        DeliveryState::Held => "arrival unknown, look in Chatwoot".into(),
        DeliveryState::Failed => "NOT SENT".into(),
        DeliveryState::Sent if m.private => return None,
        DeliveryState::Sent => "sent".into(),
        DeliveryState::Delivered => "delivered".into(),
        DeliveryState::Read => "read".into(),
    })
}

/// A message that was found.
pub(super) fn found(state: &State, found: &FoundMessage) -> String {
    let sender = found.sender.as_ref().map(|sender| text::line(&sender.name)).filter(|name| !name.is_empty());
    let who = sender.unwrap_or_else(|| text::line(&found.contact));
    let note = if found.private { ", note" } else { "" };
    let words: String = found.snippet.iter().map(|part| part.text.as_str()).collect();
    let (id, when) = (found.conversation_id, at(state, found.created_at));
    format!("#{id} {}, {who}{note}, {when}: {}", text::line(&found.contact), text::truncate(&text::line(&words), SNIPPET))
}

/// How an approval stands.
fn status_words(status: ApprovalStatus) -> &'static str {
    match status {
        ApprovalStatus::Draft => "draft",
        ApprovalStatus::Submitted => "waiting for a decision",
        ApprovalStatus::Approved => "approved",
        ApprovalStatus::Rejected => "rejected",
        ApprovalStatus::Withdrawn => "withdrawn",
        ApprovalStatus::Expired => "expired",
    }
}

/// A row of the approvals.
pub(super) fn decision_row(state: &State, a: &ApprovalView) -> String {
    let amount = a.amount.as_ref().map(|amount| format!(", {}", money(amount))).unwrap_or_default();
    let contact = a.contact.as_ref().map(|contact| format!(" for {}", marks::line(contact))).unwrap_or_default();
    let asked = long(view::ui::minutes_since(state.now, a.submitted_at.unwrap_or(a.created_at)));
    let (reference, status) = (a.reference, status_words(a.status));
    format!("{reference}, {status}{amount}, {} asked{contact} {asked} ago: {}", marks::line(&a.requester.name), marks::line(&a.title))
}

/// What a decision is about, in one sentence: said before and after all else.
pub(super) fn decision(a: &ApprovalView) -> String {
    let amount = a.amount.as_ref().map_or_else(|| "no amount".to_owned(), money);
    let contact = a.contact.as_ref().map_or_else(|| "no customer".to_owned(), |contact| format!("customer {}", marks::line(contact)));
    format!("{}, revision {}, {amount}, asked by {}, {contact}", a.reference, a.revision, marks::line(&a.requester.name))
}

/// A decision card, whole.
pub(super) fn card(state: &State, a: &ApprovalView) -> Vec<String> {
    let mut out = vec![format!("Decision {}.", decision(a))];
    if let (ApprovalStatus::Submitted, Some(expires)) = (a.status, a.expires_at) {
        let left = expires.duration_since(state.now).as_secs();
        out.push(if left > 0 { format!("It expires in {}.", view::ui::span_words(left)) } else { "It expires now.".into() });
    }
    out.push("The ask:".into());
    out.extend(body(&marks::line(&a.title)));
    let description = marks::clean(a.description.trim());
    let title = marks::clean(a.title.trim());
    let told = description.strip_prefix(title.as_str()).filter(|rest| rest.is_empty() || rest.starts_with('\n')).unwrap_or(&description);
    if !told.trim().is_empty() {
        out.extend(body(told.trim()));
    }
    if let Some(id) = a.conversation_id.filter(|_| !a.excerpt.is_empty()) {
        out.push(format!("From conversation #{id}:"));
    }
    for line in &a.excerpt {
        let note = if line.private { ", note, TEAM ONLY" } else { "" };
        out.push(format!("{}{note}, {}:", marks::line(&line.from), at(state, line.at)));
        let words = if line.private { marks::clean(&mention::readable(&line.text)) } else { marks::clean(&line.text) };
        out.extend(body(if words.trim().is_empty() { "(no text)" } else { words.trim() }));
    }
    out.extend(marks::mixed(marks::fields(a)).map(|words| format!("Beware: {words}.")));
    if let Some(card) = state.approvals.card.as_ref().filter(|card| card.shown.id == a.id && !card.changed.is_empty()) {
        out.push(format!("Changed since you opened it: {}.", card.changed.join(", ")));
    }
    if a.status != ApprovalStatus::Submitted {
        let by = a.decided_by.as_ref().map(|by| format!(" by {}", marks::line(&by.name))).unwrap_or_default();
        let why = a.comment.as_deref().map(marks::line).filter(|why| !why.is_empty()).map(|why| format!(", reason: {why}"));
        out.push(format!("It is {}{by}{}.", status_words(a.status), why.unwrap_or_default()));
    } else if let Some(hindrance) = a.hindrance {
        out.push(hindrance_words(hindrance).into());
    }
    out.push(format!("End of {}.", decision(a)));
    out
}

/// What is written, and who reads it.
pub(super) fn purpose(state: &State, purpose: Purpose) -> (String, String) {
    let via = |id| state.conversation(id).map(|view| format!(" via {}", text::line(&view.inbox.name))).unwrap_or_default();
    match purpose {
        Purpose::Template(id) => (format!("Template to {}", named(state, id)), format!("CUSTOMER{}", via(id))),
        Purpose::Reply(id) => {
            let composer = state.composer.as_ref().filter(|composer| composer.purpose == purpose);
            let whom = composer.and_then(|composer| crate::update::mail_recipients(state, composer));
            let whom = whom.map(|whom| format!(": {}", crate::update::mail_words(&whom))).unwrap_or_default();
            (format!("Reply to {}", named(state, id)), format!("CUSTOMER{}{whom}", via(id)))
        }
        Purpose::Note(id) => (format!("Private note on {}", named(state, id)), "TEAM ONLY".into()),
        Purpose::Escalate(id) => (format!("Ask for a decision about {}", named(state, id)), "APPROVERS".into()),
        Purpose::ContactNote(id) => (format!("Note about {}", crate::view::contacts::name_of(state, id)), "TEAM ONLY".into()),
        Purpose::Begin(id, inbox) => {
            let via = crate::view::contacts::inbox_name(state, inbox);
            (format!("New conversation with {}", crate::view::contacts::name_of(state, id)), format!("CUSTOMER via {via}"))
        }
        Purpose::Reject(id, revision) => {
            let card = state.approvals.card.as_ref().filter(|card| card.shown.id == id);
            let reference = card.map(|card| card.shown.reference.to_string()).unwrap_or_default();
            (format!("Reject {reference} revision {revision}, with a reason"), "whoever asked".into())
        }
    }
}

/// A contact's name, or its number where it has none.
fn contact_name(id: i64, name: &str) -> String {
    let name = text::line(name);
    if name.is_empty() { format!("contact {id}") } else { name }
}

/// How long ago.
fn ago(state: &State, moment: Timestamp) -> String {
    format!("{} ago", long(view::ui::minutes_since(state.now, moment)))
}

/// A row of the contacts.
pub(super) fn contact_row(state: &State, detail: &ContactDetail) -> String {
    let contact = &detail.contact;
    let mut parts = vec![contact_name(contact.id, &contact.name)];
    let addresses = [&contact.email, &contact.phone_number, &contact.identifier].into_iter().flatten();
    parts.extend(addresses.map(|address| text::line(address)).filter(|address| !address.is_empty()));
    if contact.blocked {
        parts.push("blocked".into());
    }
    parts.extend(detail.last_activity_at.map(|at| format!("active {}", ago(state, at))));
    parts.join(", ")
}

/// Notes about a contact that are told with it; the screen has all.
const NOTES_TOLD: usize = 5;

/// A contact, with what is known of it; its conversations are rows.
pub(super) fn contact(state: &State, card: &ContactCard) -> Vec<String> {
    let Some(detail) = &card.detail else {
        let why = card.error.as_deref().map(text::line).unwrap_or_else(|| "it has not been read yet".into());
        return vec![format!("Contact {}: {why}.", card.id)];
    };
    let contact = &detail.contact;
    let blocked = if contact.blocked { ", blocked in Chatwoot" } else { "" };
    let active = detail.last_activity_at.map(|at| format!(", active {}", ago(state, at))).unwrap_or_default();
    let mut out = vec![format!("Contact {}{blocked}{active}.", contact_name(contact.id, &contact.name))];
    let field = |item: ContactItem<'_>| match item {
        ContactItem::Field(name, value) => Some(format!("  {}: {}", text::line(&name), text::line(&value))),
        ContactItem::Conversation(_) | ContactItem::Note(_) => None,
    };
    let fields: Vec<String> = card.fields().into_iter().filter_map(field).collect();
    if fields.is_empty() {
        out.push("No address is known.".into());
    }
    out.extend(fields);
    let attributes: Vec<String> = card.attributes().into_iter().filter_map(field).collect();
    if !attributes.is_empty() {
        out.push("Attributes:".into());
    }
    out.extend(attributes);
    if !card.notes.is_empty() {
        let newest = card.notes.len().min(NOTES_TOLD);
        out.push(format!("Notes about the contact, TEAM ONLY, the newest {newest} of {}:", card.notes.len()));
        out.extend(card.notes.iter().take(newest).map(|note| {
            let author = note.author.as_ref().map_or_else(|| "an agent who is gone".to_owned(), |author| text::line(&author.name));
            format!("  {author}, {}: {}", ago(state, note.created_at), text::line(&note.content))
        }));
    }
    let shown = card.conversations.len();
    out.push(match usize::try_from(card.total).unwrap_or(usize::MAX) {
        total if shown < total => format!("The newest {shown} of {}:", count(total, "conversation")),
        total => format!("{}.", count(total, "conversation")),
    });
    out
}

/// An activity.
pub(super) fn activity(state: &State, row: &Activity) -> String {
    format!("{}, {}", at(state, row.at), view::feed::said_of(state, row))
}

/// Whose attribute it is.
pub(super) fn owner(state: &State, owner: &Owner) -> String {
    match owner {
        Owner::Conversation(id) => named(state, *id),
        Owner::Contact(id, _) => {
            let card = state.contacts.card.as_ref().filter(|card| card.id == *id).and_then(|card| card.detail.as_ref());
            let of_conversation = || state.conversations.values().map(|view| &view.contact).find(|contact| contact.id == *id);
            let known = card.map(|detail| &detail.contact).or_else(of_conversation);
            known.map_or_else(|| format!("contact {id}"), |contact| contact_name(*id, &contact.name))
        }
    }
}

/// Whose attribute the menu that stands sets: its title has only the attribute's name.
pub(super) fn menu_owner(state: &State) -> Option<String> {
    let Some(Overlay::Menu(menu)) = &state.overlay else { return None };
    menu.items.iter().find_map(|item| match &item.action {
        Action::SetAttribute(whose, ..) => Some(owner(state, whose)),
        _ => None,
    })
}

/// What the line that is asked for is about.
pub(super) fn line_about(state: &State) -> String {
    match &state.overlay {
        Some(Overlay::Line(Line { asks: Asks::Attribute(whose, definition), .. })) => {
            format!("{} of {}", text::line(&definition.display_name), owner(state, whose))
        }
        Some(Overlay::Line(line)) => line.title.trim_end_matches(" until").to_owned(),
        Some(Overlay::Contact(edit)) => format!("{} of {}", edit.field.title(), edit.whose),
        Some(Overlay::Address(asked)) => format!("{} of the mail", asked.field.title()),
        _ => String::new(),
    }
}

/// What the line that is asked for would do as it stands, or what is wrong with it.
pub(super) fn understood(state: &State) -> Option<Result<String, String>> {
    match &state.overlay {
        Some(Overlay::Line(line)) => {
            let blank = line.editor.text().trim().is_empty();
            let about = line_about(state);
            Some(match &line.asks {
                Asks::Snooze(_) if blank => Err("no time was given".into()),
                Asks::Snooze(_) => echo(state, line).map(|until| format!("{about}, {until}")),
                Asks::Template(..) => echo(state, line).map(|value| format!("{about}: {value}")),
                Asks::Attribute(..) if blank => echo(state, line).map(|_| format!("{about}: no value")),
                Asks::Attribute(..) => {
                    echo(state, line).map(|value| format!("{about}: {}", value.split_once(": ").map_or(value.as_str(), |(_, value)| value)))
                }
            })
        }
        Some(Overlay::Contact(edit)) => Some(contact_echo(edit)),
        Some(Overlay::Address(asked)) => Some(match api::mail::addresses(asked.line.text()) {
            Ok(list) if list.is_empty() && asked.field == MailField::To => Err("a reply goes to somebody".into()),
            Ok(list) if list.is_empty() => Ok(format!("{}: nobody", line_about(state))),
            Ok(list) => Ok(format!("{}: {}", line_about(state), text::line(&list.join(", ")))),
            Err(why) => Err(text::line(&why)),
        }),
        _ => None,
    }
}

/// Words that name keys of the screen, by what is answered here instead.
pub(super) fn toast(words: &str) -> String {
    let out = here(&text::line(words).replace(" · 2 shows it", "; approvals shows it").replace(" · ", "; "));
    if out.ends_with(['.', '!', '?']) { out } else { format!("{out}.") }
}

/// The same in a text that stays as it is otherwise.
pub(super) fn here(words: &str) -> String {
    let mut out = words.to_owned();
    for (key, here) in [
        ("f then s in the list", "filter, then order, in the list"),
        ("change it: i in a conversation", "it is of the screen alone"),
        ("r brings its text back", "reply brings its text back"),
        ("p brings its text back", "note brings its text back"),
        ("Ctrl+S again is safe", "send again is safe"),
        ("look above, then Ctrl+S again", "it is read out again"),
        ("look above, then Ctrl+S", "it is read out again"),
        ("Ctrl+G o writes an address there", "to writes an address there"),
        ("Ctrl+G o, c, b change To, Cc, Bcc", "to, cc and bcc change them"),
        ("Ctrl+G t makes this a note for the team", "note makes this a note for the team"),
        ("; g v shows them", "; views shows them"),
        ("x discards it, r tries it again", "discard throws it away, retry tries it again"),
        ("Only a reply or a note is sent so; Ctrl+S hands this in", "Only a reply or a note is sent so; send hands this in"),
    ] {
        out = out.replace(key, here);
    }
    out
}
