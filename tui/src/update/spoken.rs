//! What the inbox without a screen asks for by name where a screen has a cursor and keys. The rules are those of the keys: each of these
//! ends in what a key does.

use api::id::{ApprovalId, ConversationId, MessageId};

use super::{approvals, bulk, complete, compose, keys, line, list, live, menus, run, search, thread, window};
use crate::editor::Editor;
use crate::event::Effect;
use crate::keymap::{Command, Context, registry};
use crate::state::{ApprovalTab, Hit, Overlay, Screen, State, Tab};

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
    /// Answer the line that a menu asks for; nothing takes what stands there; none leaves it.
    Line(Option<String>),
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
        Deed::Open(id) => thread::open(state, &mut out, id),
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
        Deed::Line(words) => line::answered(state, &mut out, words.as_deref())?,
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
    if matches!(state.acts.waits, Some(crate::state::Waits::Templates(_))) {
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
        _ => state.composer.as_ref().is_none_or(|composer| !composer.sending),
    }
}
