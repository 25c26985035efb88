//! The command line: an action by its id or title, `#123`, or what follows `afenda` in a shell, as far as this screen can do it.
//!
//! Nothing is decided and nothing is sent from here: a text goes into the composer, an approval is opened to be read.

use api::id::{ConversationId, OutboxId};
use api::inbox::{ConversationPatch, ConversationStatus, LabelChange, Labels};

use super::{Out, acts, approvals, attributes, contact_edit, keys, list, menus, new_key, palette, run, template, thread, view};
use crate::event::{Effect, Purpose};
use crate::keymap::{Command, Context, registry};
use crate::state::{ContactField, Screen, State};

/// What was not understood, or why it is not done.
type Said = String;

/// A command line that is understood.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Line {
    Run(Command),
    Open(ConversationId),
    Write(Purpose, Option<String>),
    Change(ConversationId, Box<ConversationPatch>, String),
    Menu(Command, ConversationId),
    Snooze(ConversationId, String),
    Find(String),
    Contact(i64),
    EditContact(i64, Option<(ContactField, String)>),
    Approval(String),
    Recall(OutboxId),
    View(String),
    SaveView(String),
    RenameView(String),
}

impl Line {
    /// Whether it changes something, or begins what does. Actions say so themselves; views are the caller's own, whatever their role.
    fn changes(&self) -> bool {
        match self {
            Self::Write(..) | Self::Change(..) | Self::Menu(..) | Self::Snooze(..) | Self::EditContact(..) | Self::Recall(..) => true,
            Self::Run(_) | Self::Open(_) | Self::Find(_) | Self::Contact(_) | Self::Approval(_) | Self::View(_) => false,
            Self::SaveView(_) | Self::RenameView(_) => false,
        }
    }
}

/// Whether a line is one of a shell's: it begins with a command of `afenda`.
pub(super) fn is_shell(line: &str) -> bool {
    let first = line.split_whitespace().find(|word| *word != "afenda").unwrap_or_default();
    matches!(first, "conv" | "conversation" | "approvals" | "approval" | "contact" | "outbox" | "macro")
}

/// Reads a line.
pub(super) fn parse(line: &str) -> Result<Line, Said> {
    if let Some(action) = registry::actions().find(|action| action.id == line || action.title.eq_ignore_ascii_case(line)) {
        return Ok(Line::Run(action.command));
    }
    if let Some(id) = line.strip_prefix('#') {
        return conversation(id).map(Line::Open);
    }
    if let Some(rest) = line.strip_prefix("view ") {
        return match rest.trim().split_once(' ').map(|(verb, name)| (verb, name.trim())) {
            Some(("save", name)) if !name.is_empty() => Ok(Line::SaveView(name.to_owned())),
            Some(("rename", name)) if !name.is_empty() => Ok(Line::RenameView(name.to_owned())),
            _ => Err("view save NAME or view rename NAME; g v shows them".into()),
        };
    }
    if !is_shell(line) {
        return Err(format!("“{line}” is neither an action nor a command; Tab completes the marked row"));
    }
    let words = words(line)?;
    let words: Vec<&str> = words.iter().map(String::as_str).skip_while(|word| *word == "afenda").collect();
    match words.as_slice() {
        ["conv" | "conversation", rest @ ..] => conv(rest),
        ["approvals" | "approval"] | ["approvals" | "approval", "list"] => Ok(Line::Run(Command::Approvals)),
        ["approvals" | "approval", "view" | "approve" | "reject", id, ..] => {
            Ok(Line::Approval(id.split('@').next().unwrap_or(id).to_uppercase()))
        }
        ["contact", "view", id] => id.parse().map(Line::Contact).map_err(|_| format!("“{id}” is not a contact's number")),
        ["contact", "edit", id, rest @ ..] => {
            let id = id.parse().map_err(|_| format!("“{id}” is not a contact's number"))?;
            Ok(Line::EditContact(id, field(rest)?))
        }
        ["contact", "notes" | "note", id, rest @ ..] => {
            let id = id.parse().map_err(|_| format!("“{id}” is not a contact's number"))?;
            Ok(Line::Write(Purpose::ContactNote(id), body(rest, &["--add"])?))
        }
        ["outbox"] | ["outbox", "list"] => Ok(Line::Run(Command::Outbox)),
        ["outbox", "cancel", id] => {
            id.parse().map(Line::Recall).map_err(|_| format!("“{id}” is no entry of the outbox; `u` takes the last one back"))
        }
        ["macro", "run", _, id] => Ok(Line::Menu(Command::Macros, conversation(id)?)),
        other => Err(elsewhere(&other.join(" "))),
    }
}

fn elsewhere(line: &str) -> Said {
    format!("“{line}” is not done from here; type it in a shell, after `afenda`")
}

fn conversation(text: &str) -> Result<ConversationId, Said> {
    let id = text.trim_start_matches('#').parse::<i64>().ok().filter(|id| *id > 0);
    id.map(ConversationId).ok_or_else(|| format!("“{text}” is not a conversation's number"))
}

fn conv(words: &[&str]) -> Result<Line, Said> {
    let change = |id: &str, patch: ConversationPatch, label: String| Ok(Line::Change(conversation(id)?, Box::new(patch), label));
    match words {
        [] | ["list"] => Ok(Line::Run(Command::Inbox)),
        ["list", "--search" | "-S", search] => Ok(Line::Find((*search).to_owned())),
        ["list", "--view", name] => Ok(Line::View((*name).to_owned())),
        ["view", id] => Ok(Line::Open(conversation(id)?)),
        // Its name and values are chosen here.
        ["reply", id, "--template-name", ..] => Ok(Line::Menu(Command::Template, conversation(id)?)),
        ["reply", id, rest @ ..] => Ok(Line::Write(Purpose::Reply(conversation(id)?), body(rest, &["--body", "-b"])?)),
        ["note", id, rest @ ..] => Ok(Line::Write(Purpose::Note(conversation(id)?), body(rest, &["--body", "-b"])?)),
        ["escalate", id, rest @ ..] => Ok(Line::Write(Purpose::Escalate(conversation(id)?), body(rest, &["--reason", "-m", "-b"])?)),
        ["status", id, "snoozed"] => Ok(Line::Menu(Command::Snooze, conversation(id)?)),
        ["status", id, "snoozed", "--until", "next-reply"] => {
            change(id, menus::until(None), "snoozed until the customer writes".to_owned())
        }
        ["status", id, "snoozed", "--until", when] => Ok(Line::Snooze(conversation(id)?, (*when).to_owned())),
        ["status", _, "snoozed", ..] => Err("a time stands in quotes: --until \"tomorrow 9:00\"".to_owned()),
        ["mute" | "unmute", id] => Ok(Line::Menu(Command::Block, conversation(id)?)),
        ["attr", id, ..] => Ok(Line::Menu(Command::Attributes, conversation(id)?)),
        ["status", id] => Ok(Line::Menu(Command::Status, conversation(id)?)),
        ["status", id, word] => {
            let status: ConversationStatus =
                word.parse().map_err(|_| format!("“{word}” is no status: open, resolved, pending, snoozed"))?;
            change(id, ConversationPatch { status: Some(status), ..ConversationPatch::default() }, status.to_string())
        }
        ["assign", id] => Ok(Line::Menu(Command::Assign, conversation(id)?)),
        ["assign", id, "@me"] | ["assign", id, "--to", "me"] => {
            change(id, ConversationPatch { assignee: Some("me".into()), ..ConversationPatch::default() }, "assigned to you".into())
        }
        ["assign", id, "--none"] => {
            change(id, ConversationPatch { assignee: Some("none".into()), ..ConversationPatch::default() }, "assigned to nobody".into())
        }
        ["assign", id, ..] => Err(format!("@me and --none are understood here; for others: conv assign {id}, then the menu")),
        ["label", id] => Ok(Line::Menu(Command::Labels, conversation(id)?)),
        ["label", id, rest @ ..] => {
            let labels = labels(rest)?;
            let signed = |sign: char, names: &[String]| names.iter().map(|name| format!("{sign}{name}")).collect::<Vec<_>>();
            let words = [signed('+', &labels.add), signed('−', &labels.remove)].concat().join(" ");
            let patch = ConversationPatch { labels: Some(Labels::Change(labels)), ..ConversationPatch::default() };
            change(id, patch, format!("labels {words}"))
        }
        other => Err(elsewhere(&format!("conv {}", other.join(" ")))),
    }
}

/// The field of a contact, where one is given, and its new value.
fn field(words: &[&str]) -> Result<Option<(ContactField, String)>, Said> {
    let (name, value) = match words {
        [] => return Ok(None),
        ["--field", pair] => pair.split_once('=').ok_or("--field needs KEY=VALUE")?,
        [name, value] => (*name, *value),
        [name] => return Err(format!("{name} needs a value; \"\" clears a field")),
        _ => return Err("one field at a time here; a value of several words stands in quotes".to_owned()),
    };
    let field = match name {
        "--name" => ContactField::Name,
        "--email" => ContactField::Email,
        "--phone" => ContactField::Phone,
        "--identifier" => ContactField::Identifier,
        "company_name" => ContactField::Company,
        other => return Err(format!("“{other}” is not understood here: --name, --email, --phone, --identifier, --field company_name=…")),
    };
    Ok(Some((field, value.to_owned())))
}

/// The text of a message, where one is given.
fn body(words: &[&str], names: &[&str]) -> Result<Option<String>, Said> {
    match words {
        [] => Ok(None),
        [name, text] if names.contains(name) => Ok(Some((*text).to_owned())),
        [name] if names.contains(name) => Err(format!("{name} needs a text")),
        [other, ..] => Err(format!("“{other}” is not understood here; a text of several words stands in quotes")),
    }
}

fn labels(words: &[&str]) -> Result<LabelChange, Said> {
    let mut change = LabelChange::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let names = words.next().ok_or_else(|| format!("{word} needs a label"))?;
        let names = names.split(',').filter(|name| !name.is_empty()).map(str::to_owned);
        match *word {
            "--add" => change.add.extend(names),
            "--remove" => change.remove.extend(names),
            other => return Err(format!("“{other}” is not understood here: --add LABEL, --remove LABEL")),
        }
    }
    Ok(change)
}

/// Splits a line as a shell does: at spaces, but not inside quotes.
fn words(line: &str) -> Result<Vec<String>, Said> {
    let mut out = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => out.extend(word.take()),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err("a quote is not closed".into());
    }
    out.extend(word);
    Ok(out)
}

/// Carries a line out; `Err` says what was not understood or why not, and nothing happened.
pub(super) fn run(state: &mut State, out: &mut Out, context: Context, line: &str) -> Result<(), Said> {
    if line.is_empty() {
        state.overlay = None;
        return Ok(());
    }
    let line = parse(line)?;
    let why = if line.changes() { state.barred() } else { None };
    if let Some(why) = why {
        return Err(palette::sentence(why));
    }
    match line {
        Line::Run(command) => return palette::act(state, out, context, command),
        Line::Open(id) => {
            close(state);
            thread::open(state, out, id);
        }
        Line::Write(Purpose::Reply(id), None) if template::closed(state, id) => {
            close(state);
            template::begin(state, out, id);
        }
        Line::Write(purpose, text) => {
            close(state);
            keys::write(state, out, purpose);
            if let Some(text) = text {
                keys::insert(state, &text);
            }
        }
        Line::Change(id, patch, label) => {
            state.overlay = None;
            menus::patch(state, out, id, *patch, label, true);
        }
        Line::Menu(command, id) => {
            if state.conversation(id).is_none() {
                return Err(format!("#{id} was not read yet; #{id} opens it"));
            }
            close(state);
            match command {
                Command::Snooze => menus::snooze(state, vec![id]),
                Command::Status => menus::status(state, vec![id]),
                Command::Assign => menus::assign(state, vec![id]),
                Command::Macros => acts::macros(state, out, vec![id]),
                Command::Block => acts::block(state, vec![id]),
                Command::Attributes => attributes::of_conversation(state, id),
                _ => menus::labels(state, vec![id]),
            }
        }
        Line::View(name) => view::named(state, out, &name)?,
        Line::SaveView(name) => view::save(state, out, &name)?,
        Line::RenameView(name) => view::rename(state, out, &name)?,
        Line::Snooze(id, when) => {
            // Said back in full before it acts.
            close(state);
            menus::snooze_line(state, vec![id], &when);
        }
        Line::Find(text) => {
            close(state);
            run::show(state, Screen::Inbox);
            state.list.query = text;
            list::reload(state, out);
        }
        Line::Contact(contact) => {
            let of = |id: &ConversationId| state.conversation(*id).is_some_and(|view| view.contact.id == contact);
            let theirs = state.target().filter(of).or_else(|| state.list.rows.iter().copied().find(of));
            let id = theirs.ok_or_else(|| format!("contact {contact} is in none of the conversations that were read"))?;
            close(state);
            thread::open(state, out, id);
            state.info = Some(true);
        }
        Line::EditContact(id, change) => contact_edit::from_line(state, id, change)?,
        Line::Approval(reference) => {
            let known = state.approvals.rows.iter().find(|a| a.reference.to_string() == reference).map(|a| a.id);
            let id = known.ok_or_else(|| format!("{reference} is not among the approvals of this list"))?;
            close(state);
            run::show(state, Screen::Approvals);
            state.approvals.card = None;
            state.approvals.cursor = Some(id);
            approvals::open(state, out);
        }
        Line::Recall(id) => {
            state.overlay = None;
            let key = new_key(state);
            out.push(Effect::Recall(id, key));
        }
    }
    Ok(())
}

/// Closes the command line, and the composer it was opened over; the draft is kept.
pub(super) fn close(state: &mut State) {
    state.overlay = None;
    if state.composer.is_some() {
        super::compose::leave(state);
    }
}

/// Whether a line is understood, for the tests.
#[cfg(test)]
pub(crate) fn understands(line: &str) -> bool {
    parse(line).is_ok()
}
