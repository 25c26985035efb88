//! What the inbox without a screen asks for by name where a screen has a cursor and keys. The rules are those of the keys: each of these
//! ends in what a key does.

use api::id::{ApprovalId, ConversationId, MessageId};

use super::{
    approvals, bulk, complete, compose, contact_edit, contacts, feed, keys, line, list, live, mail, menus, messages, pick, run, search,
    thread, view, window,
};
use crate::editor::Editor;
use crate::event::Effect;
use crate::keymap::{Command, Context, registry};
use crate::state::{ApprovalTab, Hit, Overlay, Screen, Shelf, State, Tab};
use crate::view::message;

/// Something to be done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Deed {
    /// What a key of this place does here.
    Key(Command),
    /// Open a conversation.
    Open(ConversationId),
    /// Open an approval's card.
    Card(ApprovalId),
    /// Open a found message in its conversation.
    Found(MessageId),
    /// Choose a menu's line.
    Item(usize),
    /// Put a label on or take it off, in the picker.
    Label(usize),
    /// Show the inbox's list.
    Inbox,
    /// Another tab of it.
    Tab(Tab),
    /// Another status of it.
    Status(&'static str),
    /// Cut it by words; none: no more.
    Words(String),
    /// Its rows are told as far as this one: the next page is read.
    Reached(ConversationId),
    /// Mark these rows and no others.
    Mark(Vec<ConversationId>),
    /// Another tab of the approvals.
    Decisions(ApprovalTab),
    /// Search.
    Search(String),
    /// The results are told as far as this one.
    ReachedFound(usize),
    /// Read the page before the first message.
    Older(ConversationId),
    /// Read the page after the last message.
    Newer(ConversationId),
    /// Text for what is being written, at its end.
    Text(String),
    /// Take the list of what it could mean: this line, or none.
    Complete(Option<usize>),
    /// Take the space before the end away.
    Unspace,
    /// Write anew, from nothing.
    Anew,
    /// End, after asking where something is unsent.
    Quit,
    /// Choose a line of a choice.
    Pick(usize),
    /// What the line that is asked for says.
    Line(String),
    /// Cut the contacts by words; none: no more.
    Contacts(String),
    /// The contacts are told as far as this one.
    ReachedContact(usize),
    /// Open a contact.
    Contact(i64),
    /// Show the text of a canned response that was found.
    Canned(i64),
    /// Open what an activity is about.
    Activity(i64),
    /// The activities are told as far as this one.
    ReachedActivity(i64),
    /// Mean this row of the drafts, the outbox, the log or the settings.
    Entry(Shelf, String),
    /// Choose a message, by its name.
    Message(ConversationId, String),
    /// Save the list as it is cut now, under a name.
    SaveView(String),
    /// Give the view that is shown another name.
    RenameView(String),
}

/// Does it; `Err` says why not.
pub(crate) fn deed(state: &mut State, deed: Deed) -> Result<Vec<Effect>, String> {
    let mut out = Vec::new();
    match deed {
        Deed::Key(command) => {
            let context = state.context();
            if let Some(why) = registry::refusal(state, context, command) {
                return Err(super::palette::refused(command, why));
            }
            run::run(state, &mut out, context, command, "");
        }
        Deed::Open(id) => {
            let contact = state.pane() == Context::Contact;
            thread::open(state, &mut out, id);
            if contact {
                state.back_to = Some(Screen::Contacts);
            }
        }
        Deed::Card(id) => match state.approvals.rows.iter().find(|row| row.id == id).cloned() {
            Some(shown) => approvals::open_card(state, &mut out, shown),
            None => return Err("That approval is not in this list any more".into()),
        },
        Deed::Found(id) => {
            let is = |at: &usize| matches!(state.search.hit(*at), Some(Hit::Message(found)) if found.id == id);
            let Some(at) = (0..state.search.len()).find(is) else { return Err("That message is not among the results any more".into()) };
            state.search.cursor = at;
            search::open(state, &mut out);
        }
        Deed::Item(index) => menus::choose(state, &mut out, index),
        Deed::Label(index) => {
            if let Some(Overlay::Labels(picker)) = &mut state.overlay
                && let Some((_, on)) = picker.items.get_mut(index)
            {
                *on = Some(*on != Some(true));
            }
        }
        Deed::Inbox => {
            approvals::close(state);
            run::show(state, Screen::Inbox);
            state.focus = crate::state::Focus::List;
        }
        Deed::Tab(tab) => {
            state.list.tab = tab;
            list::refilter(state, &mut out);
        }
        Deed::Status(status) => {
            state.list.status = status;
            list::refilter(state, &mut out);
        }
        Deed::Words(words) => {
            state.list.query = words;
            list::refilter(state, &mut out);
        }
        Deed::Reached(id) => {
            state.list.cursor = Some(id);
            list::move_by(state, &mut out, 0);
        }
        Deed::Mark(ids) => bulk::only(state, ids),
        Deed::Decisions(tab) => {
            let at =
                |tab: ApprovalTab| ApprovalTab::ALL.iter().position(|t| *t == tab).and_then(|at| isize::try_from(at).ok()).unwrap_or(0);
            let by = at(tab) - at(state.approvals.tab);
            approvals::tab(state, &mut out, by);
        }
        Deed::Search(words) => {
            search::show(state);
            state.focus = crate::state::Focus::List;
            state.search.line = Editor::default();
            search::insert(state, &words);
            state.search.typing = false;
        }
        Deed::ReachedFound(at) => {
            state.search.cursor = at;
            search::move_by(state, &mut out, 0);
        }
        Deed::Older(id) => {
            thread::read_older(state, &mut out, id);
        }
        Deed::Newer(id) => window::ahead(state, &mut out, id, 0),
        Deed::Text(text) => keys::insert(state, &text),
        Deed::Complete(choice) => {
            let list = state.composer.as_mut().and_then(|composer| composer.completing.list.as_mut());
            match (list, choice) {
                (Some(list), Some(at)) => {
                    list.cursor = at;
                    complete::choose(state);
                }
                (Some(_), None) => complete::close(state),
                (None, _) => {}
            }
        }
        Deed::Unspace => {
            if let Some(composer) = state.composer.as_mut().filter(|composer| !composer.sending && composer.editor.text().ends_with(' ')) {
                let end = composer.editor.text().len();
                composer.editor.replace(end - 1..end, "");
                compose::changed(state);
            }
        }
        Deed::Anew => {
            if let Some(composer) = state.composer.as_mut().filter(|composer| !composer.sending) {
                composer.editor = Editor::default();
                compose::changed(state);
            }
        }
        Deed::Pick(index) => {
            if let Some(Overlay::Pick(choice)) = &mut state.overlay {
                choice.cursor = index;
            }
            pick::chosen(state, &mut out);
        }
        Deed::Line(words) => {
            // Nothing stays nothing: an empty line takes a value away.
            match &mut state.overlay {
                Some(Overlay::Line(asked)) => {
                    asked.editor = Editor::default();
                    if !words.is_empty() {
                        line::insert(state, &words);
                    }
                }
                Some(Overlay::Contact(edit)) => {
                    edit.line = Editor::default();
                    contact_edit::insert(state, &words);
                }
                Some(Overlay::Address(asked)) => {
                    asked.line = Editor::default();
                    mail::insert(state, &words);
                }
                _ => {}
            }
        }
        Deed::Contacts(_)
        | Deed::ReachedContact(_)
        | Deed::Contact(_)
        | Deed::Canned(_)
        | Deed::Activity(_)
        | Deed::ReachedActivity(_)
        | Deed::Entry(..) => elsewhere(state, &mut out, deed)?,
        Deed::Message(conversation, name) => {
            let at = message::items(state, conversation).iter().position(|item| item.name() == name);
            match at.filter(|_| state.open == Some(conversation)) {
                Some(at) => messages::choose(state, at),
                None => return Err("That message is not there any more".into()),
            }
        }
        Deed::SaveView(name) => view::save(state, &mut out, &name)?,
        Deed::RenameView(name) => view::rename(state, &mut out, &name)?,
        Deed::Quit => {
            if state.composer.is_some() {
                compose::leave(state);
            }
            run::quit(state, &mut out);
        }
    }
    live::pump(state, &mut out);
    Ok(out)
}

/// What is done on the screens of contacts, activities and of what the inbox itself holds.
fn elsewhere(state: &mut State, out: &mut Vec<Effect>, deed: Deed) -> Result<(), String> {
    match deed {
        Deed::Contacts(words) => {
            contacts::show(state);
            state.contacts.typing = Some(Editor::default());
            contacts::insert(state, &words);
            contacts::end_filter(state, true);
        }
        Deed::ReachedContact(at) => {
            state.contacts.cursor = at;
            contacts::move_by(state, out, 0);
        }
        Deed::Contact(id) => {
            let found = state.screen == Screen::Search;
            contacts::open_id(state, id);
            state.back_to = found.then_some(Screen::Search);
        }
        Deed::Canned(id) => {
            let is = |at: &usize| matches!(state.search.hit(*at), Some(Hit::Canned(found)) if found.id == id);
            let at = (0..state.search.len()).find(is).ok_or("That canned response is not among the results any more")?;
            state.search.cursor = at;
            search::open(state, out);
        }
        Deed::Activity(seq) => {
            if !state.feed.rows.iter().any(|row| row.seq == seq) {
                return Err("That activity is not in this list any more".into());
            }
            state.feed.cursor = Some(seq);
            feed::open(state, out);
        }
        Deed::ReachedActivity(seq) => {
            state.feed.cursor = Some(seq);
            feed::move_by(state, out, 0);
        }
        Deed::Entry(shelf, name) => match state.shelf_rows(shelf).iter().position(|row| *row == name) {
            Some(at) if state.shelf() == Some(shelf) => {
                state.shelves.cursor.insert(shelf, (name, at));
            }
            _ => return Err("That row is not there any more".into()),
        },
        _ => {}
    }
    Ok(())
}

/// The whole card has been read out: it can be decided.
pub(crate) fn heard(state: &mut State) {
    if let Some(card) = &mut state.approvals.card {
        card.read = true;
    }
}

/// Whether what a place shows is still on its way.
pub(crate) fn is_read(state: &State, context: Context) -> bool {
    use crate::state::Read;
    let reads = |what: Read| state.reads.contains_key(&what);
    // A menu whose lines are read first opens when they have come.
    if state.acts.waits.is_some() || state.feed.opening.is_some() {
        return false;
    }
    match context {
        Context::Thread => state.open.is_none_or(|id| {
            let there = state.threads.get(&id).is_none_or(|thread| thread.loaded && !thread.loading_older && !thread.loading_newer);
            there && !reads(Read::Messages(id)) && !reads(Read::Around(id)) && state.conversations.contains_key(&id)
        }),
        Context::List => state.list.loaded && !state.list.loading && state.bulk.is_none(),
        Context::Queue => state.approvals.loaded && !state.approvals.loading && !state.approvals.due,
        Context::Card => state.approvals.card.as_ref().is_none_or(|card| !card.deciding && !reads(Read::Approval(card.shown.id))),
        Context::Found | Context::Search => state.search.is_blank() || (!state.search.loading && state.search.typed_at.is_none()),
        Context::Contacts => {
            let contacts = &state.contacts;
            !contacts.loading && contacts.due_at.is_none() && (contacts.loaded || contacts.error.is_some())
        }
        Context::Contact => {
            let read =
                |card: &crate::state::ContactCard| !card.due && !reads(Read::Contact(card.id)) && !reads(Read::ConversationsOf(card.id));
            state.contacts.card.as_ref().is_none_or(read)
        }
        Context::Activity => {
            let feed = &state.feed;
            let named = !feed.asked.iter().any(|id| reads(Read::Conversation(*id)));
            !feed.loading && (feed.loaded && !feed.due || feed.error.is_some()) && named
        }
        Context::Outbox => !reads(Read::Outbox),
        _ => state.composer.as_ref().is_none_or(|composer| !composer.sending),
    }
}
