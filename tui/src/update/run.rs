//! What each command does, one line a command.

use api::inbox::{ConversationPatch, ConversationStatus};

use super::keys::write;
use super::movement::{edited, movement, toggle};
use super::{
    Out, acts, approvals, attach, attributes, begin, bulk, buttons, complete, compose, contact_edit, contacts, erase, feed, filter, find,
    help, line, list, logout, mail, menus, messages, palette, pasted, pick, returned, save, search, seen, shelf, template, thread, toast,
    undo, view, vim,
};
use crate::editor::Editor;
use crate::event::{Effect, Purpose};
use crate::keymap::{Command, Context};
use crate::layout;
use crate::state::{Focus, MailField, Overlay, Question, Screen, Shelf, State, Tab, Then, Tone};

/// Carries a command out, as if its key had been pressed there.
pub(super) fn run(state: &mut State, out: &mut Out, context: Context, command: Command, name: &str) {
    use Command as C;
    match command {
        C::Down | C::Up | C::Top | C::Bottom | C::HalfDown | C::HalfUp | C::PageDown | C::PageUp => movement(state, out, context, command),
        C::Edit(edit) => edited(state, context, edit),
        C::Open if context == Context::Queue => approvals::open(state, out),
        C::Open | C::PaneRight if context == Context::Activity => feed::open(state, out),
        C::Open | C::PaneRight if context == Context::Found => search::open(state, out),
        C::Open if context == Context::Contacts && state.contacts.beginning => begin::chosen(state, out),
        C::Open | C::PaneRight if context == Context::Contacts => contacts::open(state),
        C::Open if context == Context::Contact => contacts::choose(state, out),
        C::Open | C::PaneRight if state.shelf().is_some() => shelf::open(state, out),
        C::Open | C::PaneRight if context == Context::List => {
            if let Some(id) = state.list.cursor {
                thread::open(state, out, id);
            }
        }
        C::PaneRight if context == Context::Queue => approvals::open(state, out),
        C::Back if state.saving.is_some() && context == state.pane() => save::stop(state, out),
        C::PaneLeft | C::Back => back(state, out, context),
        C::Quit if context == Context::List => quit(state, out),
        C::Quit if state.shelf().is_some() => show(state, Screen::Inbox),
        C::Quit if matches!(context, Context::Queue | Context::Activity) => show(state, Screen::Inbox),
        C::Quit if context == Context::Found => search::back(state),
        C::Quit if context == Context::Contacts => show(state, Screen::Inbox),
        C::Quit => back(state, out, context),
        C::Open | C::PaneRight => {}
        C::QuitTwice => {
            if state.quitting.is_some() {
                leave(state, out);
            } else {
                state.quitting = Some(state.now);
            }
        }
        C::Inbox => show(state, Screen::Inbox),
        C::Approvals => {
            show(state, Screen::Approvals);
            state.approvals.due = true;
        }
        C::Activity if context == Context::Activity => feed::resume(state, out),
        C::Activity => {
            show(state, Screen::Activity);
            feed::show(state, out);
        }
        C::Follow => feed::follow(state, out),
        C::Kinds => feed::ask_kinds(state),
        C::CopyJson => feed::copy(state, out),
        C::Search => search::show(state),
        C::Drafts => shelf::show(state, out, Shelf::Drafts),
        C::Outbox => shelf::show(state, out, Shelf::Outbox),
        C::Log => shelf::show(state, out, Shelf::Log),
        C::Settings => shelf::show(state, out, Shelf::Settings),
        C::Mentions => {
            show(state, Screen::Inbox);
            state.focus = Focus::List;
            list::go(state, out, Tab::Mentions);
        }
        C::Logout => logout::ask(state),
        C::View => view::by_digit(state, out, name),
        C::Views => view::menu(state, out),
        C::Drop => shelf::ask_drop(state),
        C::CopyRow => shelf::copy(state, out),
        C::Retry if context == Context::Outbox => shelf::retry(state, out),
        C::Undo if context == Context::Outbox => shelf::recall(state, out),
        C::Contacts => contacts::show(state),
        C::Filter if context == Context::Contacts => contacts::filter(state),
        C::TabNext | C::TabPrevious => {
            let by = if command == C::TabNext { 1 } else { -1 };
            match context {
                Context::List => list::tab(state, out, by),
                Context::Activity => feed::tab(state, out, by),
                _ => approvals::tab(state, out, by),
            }
        }
        C::StatusNext => list::status(state, out, 1),
        C::StatusPrevious => list::status(state, out, -1),
        C::Filter => state.list.typing = Some(Editor::new(state.list.query.clone())),
        C::UnreadNext if context == Context::Thread && state.find.is_some() => find::step(state, out, -1),
        C::UnreadPrevious if context == Context::Thread && state.find.is_some() => find::step(state, out, 1),
        C::UnreadNext | C::ConversationNext if state.screen == Screen::Search => search::neighbour(state, out, 1),
        C::UnreadPrevious | C::ConversationPrevious if state.screen == Screen::Search => search::neighbour(state, out, -1),
        C::UnreadNext => list::unread(state, out, 1),
        C::UnreadPrevious => list::unread(state, out, -1),
        C::ConversationNext => list::neighbour(state, out, 1),
        C::ConversationPrevious => list::neighbour(state, out, -1),
        C::Refetch => {
            list::refetch(state, out);
            approvals::refetch(state, out);
            if context == Context::Activity {
                feed::reload(state, out);
            }
            search::refetch(state);
            contacts::refetch(state);
            state.status_due = true;
            super::read(state, out, crate::state::Read::Outbox);
            super::read(state, out, crate::state::Read::Directory);
        }
        C::Help => {
            let place = if matches!(context, Context::Composer | Context::Normal) { context } else { state.pane() };
            state.overlay = Some(Overlay::Help(crate::state::Help::new(place)));
        }
        C::Palette => palette::open(state, context, ""),
        C::CommandLine => palette::open(state, context, ":"),
        C::Complete => palette::complete(state),
        C::HelpWords => help::words(state),
        C::HelpKey => help::listen(state),
        C::HelpChange => help::change(state),
        C::Mouse => super::mouse::turn(state, out),
        C::Buttons => buttons::next(state, context),
        C::Suspend => out.push(Effect::Suspend),
        C::Undo => undo::undo(state, out),
        C::Info => {
            let shown = layout::panes(state).info.is_some();
            state.info = Some(!shown);
            state.info_scroll = None;
            if layout::panes(state).narrow
                && context == Context::List
                && !shown
                && let Some(id) = state.list.cursor
            {
                thread::open(state, out, id);
            }
        }
        C::Approve => approvals::ask_approve(state),
        C::Reject => approvals::ask_reject(state, out),
        C::Send => compose::send(state, out),
        C::SendResolve => compose::send_then(state, out, Then::Resolve),
        C::SendPend => compose::send_then(state, out, Then::Pend),
        C::SendSnooze => compose::send_then(state, out, Then::Snooze),
        C::SendNext => compose::send_then(state, out, Then::Next),
        C::Attach => attach::ask(state),
        C::Detach => attach::detach(state),
        C::MailTo => mail::ask(state, MailField::To),
        C::MailCc => mail::ask(state, MailField::Cc),
        C::MailBcc => mail::ask(state, MailField::Bcc),
        C::Signature => mail::into_text(state),
        C::Editor => returned::edit(state, out),
        C::Turn if matches!(state.composer.as_ref().map(|c| c.purpose), Some(Purpose::Reply(_))) => compose::to_note(state, out),
        C::Turn => compose::to_reply(state, out),
        C::Leave if vim::escape(state) => {}
        C::Leave => compose::leave(state),
        C::Vim(command) => vim::run(state, command),
        C::Discard => {
            if state.composer.as_ref().is_some_and(|c| !c.sending) {
                state.overlay = Some(Overlay::Question(Question::Discard));
            }
        }
        C::ToNote => compose::to_note(state, out),
        C::ToReply => compose::to_reply(state, out),
        C::Yes => yes(state, out),
        C::Cancel => cancel(state, out, context, name),
        C::Choose if context == Context::Pick => pick::chosen(state, out),
        C::Choose if context == Context::Completion => complete::choose(state),
        C::Choose if context == Context::Path => attach::complete(state, out),
        C::Choose if context == Context::Palette => palette::choose(state, out),
        C::Choose if context != Context::Menu => help::choose(state, out),
        C::Choose => menus::chosen(state, out),
        C::Toggle => toggle(state),
        C::Accept if context == Context::Path => attach::accept(state, out),
        C::Accept if context == Context::Line => line::accept(state, out),
        C::Accept if context == Context::Labels => menus::save_labels(state, out),
        C::Accept if context == Context::Find => find::accept(state, out),
        C::Accept if context == Context::Words => help::rows(state),
        C::Accept if context == Context::Search && name == "Tab" && state.search.is_empty() => buttons::next(state, context),
        C::Accept if context == Context::Search => search::results(state),
        C::Accept if context == Context::ContactField => contact_edit::accept(state, out),
        C::Accept if context == Context::Address => mail::accept(state),
        C::Accept if context == Context::ContactFilter => contacts::end_filter(state, true),
        C::Accept => {
            state.list.typing = None;
            // Rows that another filter brought are not left under the next key.
            let behind = state.list.due || state.list.loading;
            if behind { list::refilter(state, out) } else { list::reload(state, out) }
        }
        C::Select => messages::toggle(state, out),
        C::MessagePrevious => messages::step(state, out, -1),
        C::MessageNext => messages::step(state, out, 1),
        C::Quote => messages::quote(state, out),
        C::CopyMenu => messages::ask_copy(state),
        C::Links => messages::ask_links(state),
        C::Erase => erase::ask(state),
        C::EditContact => contact_edit::ask(state),
        C::ContactNote => begin::note(state, out),
        C::Begin => begin::ask(state, out),
        C::Find => find::open(state),
        C::Quotes if messages::reply(state, out) => {}
        C::Quotes => {
            if let Some(thread) = state.open.and_then(|id| state.threads.get_mut(&id)) {
                thread.quotes = !thread.quotes;
            }
        }
        C::Url => url(state, out),
        C::Mark => bulk::toggle(state),
        C::MarkDown => {
            bulk::toggle(state);
            list::move_by(state, out, 1);
        }
        C::MarkRange => bulk::range(state),
        C::MarkAll => bulk::all(state),
        C::Cut => filter::menu(state),
        C::Availability => acts::ask_availability(state, out),
        C::ContactAttributes => {
            if let Some(id) = state.contact_meant() {
                attributes::ask_contact(state, out, id);
            }
        }
        C::Reply if context == Context::Thread && messages::reply(state, out) => {}
        C::Reply if template::instead(state, out) => {}
        C::Reply
        | C::Retry
        | C::Unread
        | C::Note
        | C::Canned
        | C::Template
        | C::Escalate
        | C::Assign
        | C::Labels
        | C::Status
        | C::Resolve
        | C::ResolveNext
        | C::Snooze
        | C::Priority
        | C::Macros
        | C::Block
        | C::Participants
        | C::Attributes
        | C::Conversation => on_conversation(state, out, command),
    }
}

/// What is done to the conversation that the keys mean here.
fn on_conversation(state: &mut State, out: &mut Out, command: Command) {
    use Command as C;
    let Some(id) = state.target() else { return };
    let ids = state.targets();
    match command {
        C::Reply => write(state, out, Purpose::Reply(id)),
        C::Retry => messages::retry(state, out, id),
        C::Unread => seen::unread(state, out, id),
        C::Note => write(state, out, Purpose::Note(id)),
        C::Canned => {
            write(state, out, Purpose::Reply(id));
            complete::call(state);
        }
        C::Template => write(state, out, Purpose::Template(id)),
        C::Escalate => write(state, out, Purpose::Escalate(id)),
        C::Assign => menus::assign(state, ids),
        C::Labels => menus::labels(state, ids),
        C::Status => menus::status(state, ids),
        C::Snooze => menus::snooze(state, ids),
        C::Priority => menus::priority(state, ids),
        C::Macros => acts::macros(state, out, ids),
        C::Block => acts::block(state, ids),
        C::Participants => acts::ask_participants(state, out, id),
        C::Attributes => attributes::of_conversation(state, id),
        C::Resolve if ids.len() > 1 || ids.first() != Some(&id) => {
            let patch = ConversationPatch { status: Some(ConversationStatus::Resolved), ..ConversationPatch::default() };
            menus::change(state, out, ids, patch, ConversationStatus::Resolved.to_string());
        }
        C::Resolve => menus::set_status(state, out, id, ConversationStatus::Resolved),
        C::ResolveNext => {
            menus::set_status(state, out, id, ConversationStatus::Resolved);
            list::neighbour(state, out, 1);
        }
        C::Conversation => {
            let from = state.screen;
            thread::open(state, out, id);
            state.back_to = Some(from);
        }
        _ => {}
    }
}

pub(super) fn show(state: &mut State, screen: Screen) {
    state.back_to = None;
    if let Some(card) = &mut state.approvals.card {
        card.from = None;
    }
    if state.screen != screen {
        state.screen = screen;
        state.focus = Focus::List;
        if state.approvals.card.is_some() && screen == Screen::Approvals {
            state.focus = Focus::Open;
        }
    } else if state.focus == Focus::Open {
        state.focus = Focus::List;
        if screen == Screen::Approvals {
            approvals::close(state);
        }
    }
    list::keep_visible(state);
    approvals::keep_visible(state);
}

/// One step back: out of what is open; at the list, out of the filter and the hint.
fn back(state: &mut State, out: &mut Out, context: Context) {
    match context {
        Context::Thread if find::end(state) => {
            messages::clear(state);
        }
        Context::Thread if messages::clear(state) => {}
        Context::Thread => {
            if layout::panes(state).narrow && layout::panes(state).info.is_some() {
                state.info = Some(false);
                return;
            }
            if let Some(screen) = state.back_to.take() {
                return return_to(state, out, screen);
            }
            state.focus = Focus::List;
            list::keep_visible(state);
            search::keep_visible(state);
        }
        Context::Found => search::back(state),
        Context::Contact if state.back_to.take() == Some(Screen::Search) => {
            state.screen = Screen::Search;
            state.focus = Focus::List;
            search::keep_visible(state);
        }
        Context::Contacts | Context::Contact => contacts::back(state),
        Context::Card => {
            let from = state.approvals.card.as_ref().and_then(|card| card.from);
            approvals::close(state);
            if let Some(screen) = from {
                return_to(state, out, screen);
            }
        }
        Context::Queue | Context::Activity => show(state, Screen::Inbox),
        Context::Drafts | Context::Outbox | Context::Log | Context::Settings => show(state, Screen::Inbox),
        Context::List if state.bulk.is_some() => bulk::stop(state, out),
        Context::List if !state.list.marked.is_empty() => state.list.marked.clear(),
        Context::List if !state.list.query.is_empty() => {
            state.list.query.clear();
            list::refilter(state, out);
        }
        Context::List if state.list.filter != state.list.filter.uncut() => {
            state.list.filter = state.list.filter.uncut();
            list::refilter(state, out);
        }
        Context::List => state.banner = None,
        _ => {}
    }
}

/// Back to where something was opened: a card and a contact are as they were left.
fn return_to(state: &mut State, out: &mut Out, screen: Screen) {
    match screen {
        Screen::Own(which) => shelf::show(state, out, which),
        Screen::Activity => {
            show(state, screen);
            feed::show(state, out);
        }
        Screen::Contacts => state.screen = screen,
        Screen::Approvals => {
            state.screen = screen;
            state.focus = if state.approvals.card.is_some() { Focus::Open } else { Focus::List };
            approvals::keep_visible(state);
        }
        Screen::Inbox | Screen::Search => show(state, screen),
    }
}

pub(super) fn quit(state: &mut State, out: &mut Out) {
    let (queued, _) = state.unsent();
    // What waits is nobody's here who only looks.
    if state.read_only || state.drafts.is_empty() && queued == 0 {
        leave(state, out);
    } else {
        state.overlay = Some(Overlay::Question(Question::Quit));
    }
}

fn leave(state: &mut State, out: &mut Out) {
    compose::keep(state);
    if state.keeps_drafts() {
        state.drafts_dirty = false;
        out.push(compose::save(state));
    }
    out.push(Effect::Quit);
}

fn yes(state: &mut State, out: &mut Out) {
    match state.overlay {
        Some(Overlay::Approve { .. }) => approvals::approve(state, out),
        Some(Overlay::Question(question)) => {
            state.overlay = None;
            match question {
                Question::Discard => compose::discard(state, out),
                Question::Quit => leave(state, out),
                Question::DropDraft => shelf::drop_draft(state, out),
                Question::DropEntry => shelf::drop_entry(state, out),
                Question::DropView => view::delete(state, out),
                Question::Logout => logout::go(state, out),
                Question::Pasted(id) => pasted::keep(state, out, id),
                Question::Erase(conversation, message) => erase::erase(state, out, conversation, message),
                Question::NoteToReply => {
                    if let Some(id) = state.composer.as_ref().and_then(|c| c.purpose.conversation()) {
                        compose::turn(state, out, Purpose::Reply(id));
                    }
                }
            }
        }
        _ => {}
    }
}

fn cancel(state: &mut State, out: &mut Out, context: Context, name: &str) {
    match context {
        Context::Sheet => approvals::cancel_sheet(state, name == "Enter"),
        Context::Find => {
            find::end(state);
            messages::clear(state);
        }
        Context::Completion => complete::close(state),
        Context::Path => attach::cancel(state),
        Context::Help | Context::Words => help::back(state, name),
        Context::Search => search::back(state),
        Context::ContactFilter => contacts::end_filter(state, false),
        Context::Filter => {
            state.list.typing = None;
            if !state.list.query.is_empty() {
                state.list.query.clear();
                list::refilter(state, out);
            }
        }
        _ => {
            state.overlay = None;
            state.shelves.asked = None;
            state.pasted = None;
        }
    }
}

/// Shows and copies an address. Nothing is ever started: over SSH it would open on the wrong machine.
fn url(state: &mut State, out: &mut Out) {
    let url = state.target().and_then(|id| state.conversations.get(&id)).map(|c| crate::text::line(&c.url));
    match url.filter(|u| u.starts_with("http://") || u.starts_with("https://")) {
        Some(url) => {
            super::clip::copy(state, out, format!("Copied: {url}"), url);
        }
        None => toast(state, Tone::Plain, "Its address is not known here"),
    }
}
