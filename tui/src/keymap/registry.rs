//! What is known of each command besides its keys: a stable id, words to find it by, why it is not available now, and how to say it on
//! the command line. Palette, command line, help and `docs/keys.md` are made from it.

use api::approval::{ApprovalStatus, Hindrance};
use api::id::{ConversationId, OutboxId};
use api::inbox::{ConversationStatus, ConversationView, OutboxState, OutboxView};

use super::{Binding, Command, Context, TABLE, bindings};
use crate::editor::{Edit, Vim};
use crate::event::Purpose;
use crate::state::{Focus, Overlay, Screen, State, Undo};

/// What is known of a command whatever the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Action {
    /// The command.
    pub command: Command,
    /// Its name in `keys.toml` and on the command line; never changes.
    pub id: &'static str,
    /// For people.
    pub title: &'static str,
    /// Other words it is found by.
    pub synonyms: &'static str,
}

impl Action {
    /// Whether it does something to a thing, as opposed to moving, editing and answering.
    pub fn is_deed(&self) -> bool {
        ["conversation.", "approval.", "composer.", "undo", "list."].iter().any(|start| self.id.starts_with(start))
    }
}

/// All actions, in the order of the table.
pub fn actions() -> impl Iterator<Item = Action> {
    let first = |(i, command): &(usize, Command)| TABLE.iter().position(|row| row.command == *command) == Some(*i);
    TABLE.iter().map(|row| row.command).enumerate().filter(first).map(|(_, command)| action(command))
}

/// The action with an id.
pub fn by_id(id: &str) -> Option<Action> {
    actions().find(|action| action.id == id)
}

/// What is known of a command.
pub fn action(command: Command) -> Action {
    use Command as C;
    let (id, title, synonyms) = match command {
        C::Down => ("move.down", "Down", "next row line"),
        C::Up => ("move.up", "Up", "previous row line"),
        C::Top => ("move.top", "To the top", "first beginning start"),
        C::Bottom => ("move.bottom", "To the bottom", "last end newest"),
        C::HalfDown => ("move.half-down", "Half a page down", "scroll"),
        C::HalfUp => ("move.half-up", "Half a page up", "scroll"),
        C::PageDown => ("move.page-down", "A page down", "scroll"),
        C::PageUp => ("move.page-up", "A page up", "scroll"),
        C::PaneLeft => ("pane.left", "Pane to the left", "window back"),
        C::PaneRight => ("pane.right", "Pane to the right", "window into"),
        C::Open => ("open", "Open", "show read enter view"),
        C::Back => ("back", "Back", "close leave escape"),
        C::Quit => ("quit", "Back, at the list quit", "exit leave end close"),
        C::QuitTwice => ("quit.now", "Quit, drafts are kept", "exit leave end force"),
        C::Inbox => ("go.inbox", "Go to the inbox", "conversations list home"),
        C::Approvals => ("go.approvals", "Go to the approvals", "decisions queue requests"),
        C::TabNext => ("tab.next", "Next tab", "mine unassigned all waiting asked decided"),
        C::TabPrevious => ("tab.previous", "Previous tab", "mine unassigned all waiting asked decided"),
        C::StatusNext => ("list.status-next", "Show the next status", "open pending snoozed resolved filter"),
        C::StatusPrevious => ("list.status-previous", "Show the previous status", "open pending snoozed resolved filter"),
        C::Filter => ("list.filter", "Find words in the list", "search filter messages notes names"),
        C::UnreadNext => ("conversation.next-unread", "Next unread", "new jump"),
        C::UnreadPrevious => ("conversation.previous-unread", "Previous unread", "new jump"),
        C::ConversationNext => ("conversation.next", "Next conversation", "following jump"),
        C::ConversationPrevious => ("conversation.previous", "Previous conversation", "before jump"),
        C::Reply => ("conversation.reply", "Reply to the customer", "answer write message public send"),
        C::Note => ("conversation.note", "Private note", "internal comment team write remark"),
        C::Assign => ("conversation.assign", "Assign", "give hand over me agent team owner take nobody"),
        C::Labels => ("conversation.labels", "Labels", "tag mark category"),
        C::Status => ("conversation.status", "Set the status", "open pending resolve snooze reopen"),
        C::Resolve => ("conversation.resolve", "Resolve", "close done finish archive solve"),
        C::ResolveNext => ("conversation.resolve-next", "Resolve and go to the next", "close done finish archive solve"),
        C::Snooze => ("conversation.snooze", "Snooze", "later sleep remind postpone until"),
        C::Priority => ("conversation.priority", "Set the priority", "urgent high medium low important"),
        C::Template => ("conversation.template", "Send a WhatsApp template", "whatsapp approved window closed message hsm"),
        C::Macros => ("conversation.macros", "Run a macro", "automation several steps at once"),
        C::Block => ("conversation.block", "Block the customer, or unblock", "mute spam ban unmute"),
        C::Participants => ("conversation.participants", "Who takes part", "watch follow subscribe add colleague cc"),
        C::Attributes => ("conversation.attributes", "Custom attributes of the conversation", "fields properties order values"),
        C::ContactAttributes => ("contact.attributes", "Custom attributes of the contact", "fields properties customer values"),
        C::Availability => ("availability", "My availability", "online busy offline away status presence"),
        C::Escalate => ("conversation.escalate", "Ask an approver to decide", "escalate approval request hand over permission refund"),
        C::Undo => ("undo", "Take the last message or change back", "undo recall revert cancel unsend"),
        C::Url => ("conversation.url", "Show and copy its address", "link browser web chatwoot open"),
        C::Info => ("conversation.info", "Contact panel", "customer details sidebar person"),
        C::Refetch => ("refetch", "Read everything again", "refresh reload sync update"),
        C::Help => ("help", "Help", "keys shortcuts bindings"),
        C::Quotes => ("conversation.quotes", "Show or fold quoted e-mail", "history fold unfold"),
        C::Approve => ("approval.approve", "Approve", "accept yes allow grant decide"),
        C::Reject => ("approval.reject", "Reject, with a reason", "refuse deny no decline decide"),
        C::Conversation => ("approval.conversation", "Open its conversation", "thread messages"),
        C::Send => ("composer.send", "Send", "submit hand in"),
        C::Leave => ("composer.leave", "Leave, the draft is kept", "close escape"),
        C::Discard => ("composer.discard", "Discard the text", "throw away delete draft"),
        C::ToReply => ("composer.to-reply", "Make it a reply to the customer", "public switch"),
        C::ToNote => ("composer.to-note", "Make it a private note", "internal team switch"),
        C::Edit(edit) => return edit_action(edit),
        C::Vim(vim) => return vim_action(vim),
        C::Yes => ("answer.yes", "Yes", "confirm approve"),
        C::Cancel => ("answer.no", "No, close", "cancel drop escape"),
        C::Choose => ("answer.choose", "Choose the marked line", "run select"),
        C::Toggle => ("answer.toggle", "Toggle the label", "check mark"),
        C::Accept => ("answer.accept", "Keep, save", "filter labels"),
        C::Palette => ("palette", "Find and run any action", "actions commands menu"),
        C::CommandLine => ("command-line", "Command line", "colon prompt cli type"),
        C::Buttons => ("answer.buttons", "To the buttons of a sheet", "tab ok cancel"),
        C::Complete => ("palette.complete", "Complete the name or the command", "tab"),
        C::HelpWords => ("help.words", "Find in the help by words", "search filter"),
        C::HelpChange => ("help.change", "Change the key of the marked row", "remap rebind keys.toml override"),
        C::Mouse => ("mouse", "Mouse on or off", "click wheel pointer scroll"),
        C::Suspend => ("suspend", "Suspend, back to the shell", "stop background job"),
        C::HelpKey => ("help.key", "Find in the help by key", "search press chord"),
        C::Search => ("go.search", "Search everything", "find messages notes contacts full text"),
        C::Contacts => ("go.contacts", "Go to the contacts", "customers people address book"),
        C::Activity => ("go.activity", "Go to the activity", "feed events log what happened"),
        C::Follow => ("activity.follow", "Follow what happens", "live newest tail"),
        C::Kinds => ("activity.kinds", "Choose what the activity shows", "types filter"),
        C::CopyJson => ("activity.copy-json", "Copy the row as JSON", "clipboard yank"),
        C::Select => ("message.select", "Choose a message", "mark cursor"),
        C::MessagePrevious => ("message.previous", "Choose the message before", "up older"),
        C::MessageNext => ("message.next", "Choose the next message", "down newer"),
        C::Quote => ("message.quote", "Quote the chosen message", "cite answer reply"),
        C::Erase => ("message.delete", "Delete the chosen message, if it is yours", "remove erase unsend retract mistake"),
        C::EditContact => ("contact.edit", "Change the contact", "edit name email phone company identifier correct"),
        C::ContactNote => ("contact.note", "Note about the contact", "internal team write remark"),
        C::Begin => ("conversation.new", "New conversation", "begin create compose start write first contact"),
        C::Retry => ("message.retry", "Send the failed message again", "retry resend"),
        C::CopyMenu => ("message.copy", "Copy text, link or id", "yank clipboard cli"),
        C::Links => ("message.links", "Links and files", "open attachment url copy save"),
        C::Unread => ("conversation.unread", "Mark unread", "new later"),
        C::Find => ("conversation.find", "Find words in the conversation", "search"),
        C::Canned => ("conversation.canned", "Write with a canned response", "template answer snippet"),
        C::SendResolve => ("composer.send-resolve", "Send and resolve", "close done"),
        C::SendPend => ("composer.send-pend", "Send and set pending", "wait"),
        C::SendSnooze => ("composer.send-snooze", "Send and snooze until the customer writes", "later"),
        C::SendNext => ("composer.send-next", "Send and go to the next", "following"),
        C::Attach => ("composer.attach", "Attach a file", "upload image document"),
        C::MailTo => ("composer.to", "Whom an e-mail goes to", "recipients address mail"),
        C::MailCc => ("composer.cc", "Who gets a copy of an e-mail", "recipients address mail carbon"),
        C::MailBcc => ("composer.bcc", "Who gets a copy of an e-mail unseen", "recipients address mail blind"),
        C::Signature => ("composer.signature", "Signature into the text, or back under it", "sign mail regards"),
        C::Detach => ("composer.detach", "Take the last file off", "remove attachment"),
        C::Editor => ("composer.editor", "Write in your own editor", "external vim"),
        C::Turn => ("composer.turn", "Note or reply", "switch public private"),
        C::Mark => ("list.mark", "Mark this row", "select choose bulk several"),
        C::MarkDown => ("list.mark-down", "Mark this row and go down", "select choose bulk several"),
        C::MarkRange => ("list.mark-range", "Mark from the last mark to here", "select choose bulk several"),
        C::MarkAll => ("list.mark-all", "Mark all rows, or none", "select choose bulk several everything"),
        C::Drafts => ("go.drafts", "Go to the drafts", "unsent texts kept written"),
        C::Outbox => ("go.outbox", "Go to the outbox", "queue waiting failed held sending unsent"),
        C::Log => ("go.log", "Go to the log", "errors notes toasts history noted"),
        C::Settings => ("go.settings", "Go to the settings", "options configuration preferences version profile"),
        C::Mentions => ("go.mentions", "Go to where you were mentioned", "mentions @ inbox notes"),
        C::Logout => ("logout", "Log out", "forget remove clear private file drafts leave sign"),
        C::View => ("view.open", "Show a saved view", "custom filter folder segment shared chatwoot"),
        C::Views => ("view.menu", "Saved views", "custom filter folder segment save rename delete"),
        C::Drop => ("kept.discard", "Discard the draft or the entry", "throw away delete remove"),
        C::CopyRow => ("kept.copy", "Copy the line", "clipboard yank"),
        C::Cut => ("list.cut", "Cut and order the list", "filter inbox team label priority unread sort order"),
    };
    Action { command, id, title, synonyms }
}

fn edit_action(edit: Edit) -> Action {
    let (id, title) = match edit {
        Edit::Newline => ("edit.newline", "New line"),
        Edit::Backspace => ("edit.backspace", "Delete to the left"),
        Edit::Delete => ("edit.delete", "Delete to the right"),
        Edit::WordBackspace => ("edit.word-backspace", "Delete the word to the left"),
        Edit::WordDelete => ("edit.word-delete", "Delete the word to the right"),
        Edit::KillToStart => ("edit.kill-to-start", "Delete to the line's start"),
        Edit::KillToEnd => ("edit.kill-to-end", "Delete to the line's end"),
        Edit::Yank => ("edit.yank", "Put the deleted back"),
        Edit::Left => ("edit.left", "Cursor left"),
        Edit::Right => ("edit.right", "Cursor right"),
        Edit::Up => ("edit.up", "Cursor a row up"),
        Edit::Down => ("edit.down", "Cursor a row down"),
        Edit::WordLeft => ("edit.word-left", "Cursor a word to the left"),
        Edit::WordRight => ("edit.word-right", "Cursor a word to the right"),
        Edit::Home => ("edit.home", "Cursor to the line's start"),
        Edit::End => ("edit.end", "Cursor to the line's end"),
    };
    Action { command: Command::Edit(edit), id, title, synonyms: "text write" }
}

fn vim_action(vim: Vim) -> Action {
    let (id, title) = match vim {
        Vim::Insert => ("vim.insert", "Write at the cursor"),
        Vim::Append => ("vim.append", "Write after the letter"),
        Vim::InsertFirst => ("vim.insert-first", "Write before the line's first word"),
        Vim::AppendLast => ("vim.append-last", "Write at the line's end"),
        Vim::OpenBelow => ("vim.open-below", "Write in a new line below"),
        Vim::OpenAbove => ("vim.open-above", "Write in a new line above"),
        Vim::Left => ("vim.left", "Left, in the line"),
        Vim::Down => ("vim.down", "A line down"),
        Vim::Up => ("vim.up", "A line up"),
        Vim::Right => ("vim.right", "Right, in the line"),
        Vim::Word => ("vim.word", "To the next word"),
        Vim::WordBack => ("vim.word-back", "To the word before"),
        Vim::WordEnd => ("vim.word-end", "To the word's end"),
        Vim::Start => ("vim.start", "To the line's start"),
        Vim::First => ("vim.first", "To the line's first word"),
        Vim::Last => ("vim.last", "To the line's end"),
        Vim::Cut => ("vim.cut", "Delete the letter"),
        Vim::Delete => ("vim.delete", "Delete what a movement passes"),
        Vim::Change => ("vim.change", "Change what a movement passes"),
        Vim::Yank => ("vim.yank", "Copy what a movement passes"),
        Vim::Top => ("vim.top", "To the first line"),
        Vim::Bottom => ("vim.bottom", "To the last line"),
        Vim::DeleteRest => ("vim.delete-rest", "Delete the rest of the line"),
        Vim::ChangeRest => ("vim.change-rest", "Change the rest of the line"),
        Vim::Put => ("vim.put", "Put what was deleted or copied"),
        Vim::PutBefore => ("vim.put-before", "Put it before the cursor"),
        Vim::Undo => ("vim.undo", "Take the last change of the text back"),
        Vim::Redo => ("vim.redo", "Make the change again"),
    };
    Action { command: Command::Vim(vim), id, title, synonyms: "text write vim" }
}

/// Said where a read-only inbox is asked for a change.
pub const READ_ONLY: &str = "this inbox is read-only";

/// Whether a command changes something in Chatwoot or afenda, or begins what does: a text, a mark, a menu of changes. What it means in a
/// place counts; what only answers a menu or a question does what that was opened for.
pub fn changes(context: Context, command: Command) -> bool {
    use Command as C;
    match command {
        C::Down | C::Up | C::Top | C::Bottom | C::HalfDown | C::HalfUp | C::PageDown | C::PageUp => false,
        C::PaneLeft | C::PaneRight | C::Back | C::Quit | C::QuitTwice => false,
        // Writes on.
        C::Open => context == Context::Drafts,
        C::Inbox | C::Approvals | C::Activity | C::Search | C::Contacts | C::Drafts | C::Outbox | C::Log | C::Settings => false,
        C::Mentions | C::View | C::Views | C::TabNext | C::TabPrevious | C::StatusNext | C::StatusPrevious => false,
        C::Follow | C::Kinds | C::CopyJson | C::CopyMenu | C::CopyRow | C::Url | C::Links | C::Info | C::Refetch => false,
        C::Filter | C::Cut | C::Find | C::Quotes | C::Conversation => false,
        C::UnreadNext | C::UnreadPrevious | C::ConversationNext | C::ConversationPrevious => false,
        C::Select | C::MessagePrevious | C::MessageNext => false,
        C::Help | C::HelpWords | C::HelpKey | C::Palette | C::CommandLine | C::Complete | C::Mouse | C::Suspend => false,
        C::Yes | C::Cancel | C::Choose | C::Accept | C::Buttons | C::Leave => false,
        C::Edit(_) | C::Vim(_) => false,
        C::Reply | C::Note | C::Canned | C::Template | C::Quote | C::ContactNote | C::Begin | C::Escalate => true,
        C::Retry | C::Erase | C::Undo | C::Drop | C::Discard => true,
        C::Assign | C::Labels | C::Status | C::Resolve | C::ResolveNext | C::Snooze | C::Priority | C::Unread => true,
        C::Macros | C::Block | C::Participants | C::Attributes | C::ContactAttributes | C::EditContact | C::Availability => true,
        C::Approve | C::Reject | C::Toggle => true,
        C::Send | C::SendResolve | C::SendPend | C::SendSnooze | C::SendNext => true,
        C::Attach | C::Detach | C::MailTo | C::MailCc | C::MailBcc | C::Signature | C::Editor | C::Turn | C::ToReply | C::ToNote => true,
        // Marks are for what is then done to all of them.
        C::Mark | C::MarkDown | C::MarkRange | C::MarkAll => true,
        // Files of the inbox's own.
        C::HelpChange | C::Logout => true,
    }
}

/// What a row of the table does, for people; in a read-only inbox without what it would change.
pub fn help(state: &State, context: Context, row: &'static Binding) -> &'static str {
    match row.command {
        Command::Quotes if state.read_only => "show or fold quoted e-mail",
        Command::Views if state.read_only => "saved views",
        Command::Open if state.read_only && context == Context::Outbox => "open the conversation",
        _ => row.help,
    }
}

/// Whether a command is offered at all: in a read-only inbox what changes nothing.
pub fn is_offered(state: &State, context: Context, command: Command) -> bool {
    !(state.read_only && (changes(context, command) || context.is_for_changes()))
}

/// Where a command holds, for people: why it does nothing elsewhere.
pub(super) fn only(command: Command) -> &'static str {
    let holds = |context| TABLE.iter().any(|row| row.command == command && row.contexts.contains(&context));
    match () {
        () if holds(Context::List) && holds(Context::Thread) => "only in the inbox",
        () if holds(Context::Drafts) || holds(Context::Outbox) || holds(Context::Log) => {
            "only in the drafts, the outbox, the log or the settings"
        }
        () if holds(Context::List) && holds(Context::Queue) => "only in a list",
        () if holds(Context::List) => "only in the inbox's list",
        () if holds(Context::Thread) => "only in a conversation",
        () if holds(Context::Queue) => "only in the approvals",
        () if holds(Context::Card) => "only on a decision",
        () if holds(Context::Composer) => "only while writing",
        () if holds(Context::Normal) => "only while writing with vim's keys",
        () if holds(Context::Sheet) => "only on a sheet or a question",
        () if holds(Context::Contact) => "only on a contact",
        () if holds(Context::Help) => "only in the help",
        () if holds(Context::Palette) => "only in the palette",
        () => "only in a menu",
    }
}

/// Why no template is sent from here.
fn no_templates(state: &State) -> Option<&'static str> {
    let view = state.target().and_then(|id| state.conversation(id));
    view.is_some_and(|view| !crate::update::has_templates(view)).then_some("only WhatsApp has templates")
}

/// Why a command is not available here and now; `None` when it is.
pub fn refusal(state: &State, context: Context, command: Command) -> Option<&'static str> {
    use Command as C;
    if state.read_only && changes(context, command) {
        return Some(READ_ONLY);
    }
    if !bindings(context).any(|row| row.command == command) {
        return Some(only(command));
    }
    let when = |is: bool, why: &'static str| is.then_some(why);
    match command {
        C::Down | C::Up | C::Top | C::Bottom | C::HalfDown | C::HalfUp | C::PageDown | C::PageUp => match context {
            Context::List => when(state.list.rows.is_empty(), "the list is empty"),
            Context::Queue => when(state.approvals.rows.is_empty(), "the list is empty"),
            Context::Drafts | Context::Outbox | Context::Log | Context::Settings => when(kept(state).is_none(), "the list is empty"),
            _ => None,
        },
        C::Mark | C::MarkDown | C::MarkRange | C::MarkAll => when(state.list.rows.is_empty(), "the list is empty"),
        C::Macros if state.me.is_some() && !state.speaks_for_itself() => Some("it runs as you, and no own Chatwoot token is linked"),
        C::Assign | C::Labels | C::Status | C::Resolve | C::Snooze | C::Priority | C::Macros | C::Block
            if context == Context::List && !state.list.marked.is_empty() =>
        {
            state.barred()
        }
        C::Select | C::Links | C::Quote => when(thread(state).is_none_or(|thread| thread.messages.is_empty()), "there are no messages"),
        C::Attach => when(
            !matches!(state.composer.as_ref().map(|c| c.purpose), Some(Purpose::Reply(_) | Purpose::Note(_))),
            "only a message has files",
        ),
        C::MailTo | C::MailCc | C::MailBcc => crate::update::no_mail(state),
        C::Signature => {
            let none = when(state.signature.is_none(), "Chatwoot has no signature of yours, or your own token is not linked");
            crate::update::no_mail(state).or(none)
        }
        C::UnreadNext | C::UnreadPrevious => when(state.list.rows.is_empty(), "the list is empty"),
        C::Open | C::PaneRight => match context {
            Context::List => when(state.list.cursor.is_none(), "nothing is marked"),
            Context::Queue => when(state.approval().is_none(), "nothing is marked"),
            Context::Activity => when(state.feed.chosen().is_none(), "nothing is marked"),
            Context::Found => when(state.search.is_empty(), "nothing is found"),
            Context::Contacts => when(state.contacts.rows.is_empty(), "the list is empty"),
            Context::Drafts | Context::Outbox | Context::Settings if command == C::Open => when(kept(state).is_none(), "the list is empty"),
            Context::Drafts | Context::Outbox => when(kept(state).is_none(), "the list is empty"),
            Context::Contact if command == C::Open => {
                when(state.contacts.card.as_ref().is_none_or(|card| card.items().is_empty()), "there is nothing in it")
            }
            _ => Some("nothing is to the right"),
        },
        C::PaneLeft if context == Context::List => Some("nothing is to the left"),
        C::Back if context == Context::List => {
            let list = &state.list;
            let cut = !list.query.is_empty() || list.filter != list.filter.uncut();
            let here = cut || state.banner.is_some() || !list.marked.is_empty() || state.bulk.is_some();
            when(!here, "this is the inbox; q quits")
        }
        C::Inbox => when(state.screen == Screen::Inbox && state.focus == Focus::List, "this is the inbox"),
        C::Approvals => when(state.screen == Screen::Approvals && state.focus == Focus::List, "these are the approvals"),
        C::ConversationNext => when(at_edge(state, true), "this is the last one"),
        C::ConversationPrevious => when(at_edge(state, false), "this is the first one"),
        C::Reply
        | C::Note
        | C::Canned
        | C::Assign
        | C::Status
        | C::Snooze
        | C::Priority
        | C::Escalate
        | C::Macros
        | C::Block
        | C::Participants => working(state).err(),
        C::Template => working(state).err().or_else(|| no_templates(state)),
        C::Attributes => working(state).err().or(when(!defined(state, "conversation_attribute"), NO_ATTRIBUTES)),
        C::ContactAttributes => match state.barred() {
            Some(why) => Some(why),
            None if state.contact_meant().is_none() => Some("no contact is meant"),
            None => when(!defined(state, "contact_attribute"), NO_ATTRIBUTES),
        },
        C::Availability => when(
            state.me.as_ref().is_none_or(|_| !state.speaks_for_itself()),
            "it is your own in Chatwoot, and no own Chatwoot token is linked",
        ),
        C::Resolve | C::ResolveNext => match working(state) {
            Ok(view) => when(view.status == ConversationStatus::Resolved, "already resolved"),
            Err(why) => Some(why),
        },
        C::Labels => match working(state) {
            Ok(view) => {
                when(view.labels.is_empty() && state.directory.labels.is_empty(), "the account has no labels; they are made in Chatwoot")
            }
            Err(why) => Some(why),
        },
        C::Url => match target(state) {
            Ok(view) => when(!view.url.starts_with("http"), "its address is not known here"),
            Err(why) => Some(why),
        },
        C::Info | C::CopyMenu => target(state).err(),
        C::Unread => working(state).err(),
        C::Drafts => when(context == Context::Drafts, "these are the drafts"),
        C::Outbox => when(context == Context::Outbox, "this is the outbox"),
        C::Log => when(context == Context::Log, "this is the log"),
        C::Settings => when(context == Context::Settings, "these are the settings"),
        C::Mentions => when(context == Context::List && state.list.tab == crate::state::Tab::Mentions, "this is where you were mentioned"),
        C::CopyRow => when(kept(state).is_none(), "the list is empty"),
        C::Drop | C::Retry if matches!(context, Context::Drafts | Context::Outbox) => dropping(state, context, command),
        C::Undo if context == Context::Outbox => match entry(state).map(|entry| entry.state) {
            None => Some("the list is empty"),
            Some(OutboxState::Queued) => state.barred(),
            Some(OutboxState::Sending) => Some("it is on its way"),
            Some(_) => Some("it waits for nothing; x discards it, r tries it again"),
        },
        C::EditContact => crate::update::contact_edit_refusal(state),
        C::ContactNote => crate::update::begin_refusal(state),
        C::Begin => crate::update::begin_refusal(state).or(match context {
            Context::Contacts => when(state.contacts.rows.is_empty(), "the list is empty"),
            _ => None,
        }),
        C::Erase => working(state).err().or_else(|| crate::update::erase_refusal(state)),
        C::Undo => when(state.undo.is_empty(), "nothing to take back"),
        C::Conversation => when(state.approval().is_none_or(|a| a.conversation_id.is_none()), "it belongs to no conversation"),
        C::Approve => {
            deciding(state).or(when(state.approvals.card.as_ref().is_some_and(|card| !card.read), "the ask was not read to its end"))
        }
        C::Reject => deciding(state),
        C::Discard => when(state.composer.as_ref().is_some_and(|c| c.sending), "it is on its way"),
        C::Send => when(state.composer.as_ref().is_some_and(|c| c.sending), "it is on its way"),
        C::ToNote => match state.composer.as_ref().map(|c| c.purpose) {
            Some(Purpose::Reply(_)) => None,
            Some(Purpose::Note(_)) => Some("it is a note"),
            _ => Some("only a reply becomes a note"),
        },
        C::ToReply => match state.composer.as_ref().map(|c| c.purpose) {
            Some(Purpose::Note(_)) => None,
            Some(Purpose::Reply(_)) => Some("it is a reply"),
            _ => Some("only a note becomes a reply"),
        },
        C::Vim(Vim::Undo) => when(editing(state).is_some_and(|editor| !editor.can_undo()), "nothing of this text to take back"),
        C::Vim(Vim::Redo) => when(editing(state).is_some_and(|editor| !editor.can_redo()), "nothing was taken back"),
        C::Vim(Vim::Put | Vim::PutBefore) => when(editing(state).is_some_and(|editor| !editor.can_put()), "nothing was deleted or copied"),
        C::Toggle => match &state.overlay {
            Some(Overlay::Labels(picker)) => when(picker.shown().is_empty(), "nothing matches"),
            _ => None,
        },
        C::Choose => match &state.overlay {
            Some(Overlay::Menu(menu)) => match menu.shown().get(menu.cursor) {
                Some(item) => item.disabled,
                None => Some("nothing matches"),
            },
            _ => None,
        },
        _ => None,
    }
}

/// The chosen row of the drafts, the outbox, the log or the settings.
fn kept(state: &State) -> Option<String> {
    state.shelf().and_then(|shelf| state.shelf_chosen(shelf)).map(|(_, name)| name)
}

/// The chosen entry of the outbox.
fn entry(state: &State) -> Option<&OutboxView> {
    kept(state).and_then(|name| state.outbox_entry(&name))
}

/// Why a draft or an entry cannot be discarded or tried again.
fn dropping(state: &State, context: Context, command: Command) -> Option<&'static str> {
    if context == Context::Drafts {
        return kept(state).is_none().then_some("the list is empty");
    }
    if let Some(why) = state.barred() {
        return Some(why);
    }
    match entry(state).map(|entry| entry.state) {
        None => Some("the list is empty"),
        Some(OutboxState::Failed | OutboxState::Held) => None,
        Some(OutboxState::Sending) => Some("it is on its way"),
        Some(_) if command == Command::Retry => Some("it has not failed"),
        Some(_) => Some("it still waits; u takes it back"),
    }
}

/// Said where there are no definitions.
const NO_ATTRIBUTES: &str = "the account has none; they are defined in Chatwoot";

/// Whether there are attributes of a kind.
fn defined(state: &State, model: &str) -> bool {
    state.directory.attributes.iter().any(|definition| definition.model == model)
}

/// The opened conversation's messages, while they have the keys.
fn thread(state: &State) -> Option<&crate::state::Thread> {
    state.open.filter(|_| state.pane() == Context::Thread).and_then(|id| state.threads.get(&id))
}

/// The text, unless a command of vim's is begun: what follows that only completes or drops it.
fn editing(state: &State) -> Option<&crate::Editor> {
    let idle = |composer: &&crate::state::Composer| composer.modal.is_none_or(|modal| modal.begun.is_none());
    state.composer.as_ref().filter(idle).map(|composer| &composer.editor)
}

/// Whether a message of the opened conversation is chosen.
pub(crate) fn chosen(state: &State) -> bool {
    thread(state).is_some_and(|thread| thread.selected.is_some())
}

/// The conversation that a key means, as far as it was read.
fn target(state: &State) -> Result<&ConversationView, &'static str> {
    let nothing = if matches!(state.screen, Screen::Approvals) || state.composer.is_some() {
        "it belongs to no conversation"
    } else {
        "nothing is marked"
    };
    let id = state.target().ok_or(nothing)?;
    state.conversation(id).ok_or("it is still being read")
}

/// The same, for somebody who may change it.
fn working(state: &State) -> Result<&ConversationView, &'static str> {
    state.barred().map_or_else(|| target(state), Err)
}

fn at_edge(state: &State, last: bool) -> bool {
    let edge = if last { state.list.rows.last() } else { state.list.rows.first() };
    edge.is_none() || edge.copied() == state.shown()
}

fn deciding(state: &State) -> Option<&'static str> {
    let Some(approval) = state.approval() else { return Some("nothing is marked") };
    if state.approvals.card.as_ref().is_some_and(|card| card.deciding) {
        return Some("a decision is on its way");
    }
    if crate::update::waiting::on(state, approval.id).is_some() {
        return Some("the decision waits for the daemon");
    }
    let hindrance = if approval.status == ApprovalStatus::Submitted { approval.hindrance } else { Some(Hindrance::NotWaiting) };
    hindrance.map(crate::update::hindrance_words)
}

/// What a command line can name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// The conversation that the keys mean.
    pub conversation: Option<ConversationId>,
    /// Its contact.
    pub contact: Option<i64>,
    /// The approval, and the revision that is shown.
    pub approval: Option<(String, u32)>,
    /// The outbox entry that `u` would take back.
    pub outbox: Option<OutboxId>,
}

impl Subject {
    /// What the keys mean now.
    pub fn of(state: &State) -> Self {
        let conversation = state.target();
        let shown = state.approval().filter(|_| state.screen == Screen::Approvals);
        let card = state.contacts.card.as_ref().filter(|_| state.screen == Screen::Contacts);
        Self {
            conversation,
            contact: card.map(|card| card.id).or_else(|| state.contact_meant()),
            approval: shown.map(|approval| (approval.reference.to_string(), approval.revision)),
            outbox: match state.undo.last() {
                Some(Undo::Message(id) | Undo::Entry { entry: id, .. }) => Some(*id),
                _ => None,
            },
        }
    }

    /// One of each, for the documents and the tests.
    pub fn example() -> Self {
        Self {
            conversation: Some(ConversationId(123)),
            contact: Some(7),
            approval: Some(("AP-42".into(), 2)),
            outbox: Some(OutboxId(uuid::Uuid::nil())),
        }
    }
}

/// What to type in a shell for the same, where the program has a command for it. What stands in capitals is to be filled in.
pub fn cli(command: Command, context: Context, subject: &Subject) -> Option<String> {
    use Command as C;
    let conv = |verb: &str, rest: &str| subject.conversation.map(|id| format!("afenda conv {verb} {id}{rest}"));
    let approval = |verb: &str, rest: &str| subject.approval.as_ref().map(|(id, rev)| format!("afenda approvals {verb} {id}@{rev}{rest}"));
    match command {
        C::Open if context == Context::Queue => subject.approval.as_ref().map(|(id, _)| format!("afenda approvals view {id}")),
        C::Open if context == Context::Settings => None,
        C::Open | C::Conversation => conv("view", ""),
        C::Inbox => Some("afenda conv list".into()),
        C::Approvals => Some("afenda approvals list".into()),
        C::Outbox => Some("afenda outbox list".into()),
        C::View | C::Views => Some("afenda conv list --view NAME".into()),
        C::Filter => Some("afenda conv list --search WORDS".into()),
        C::Reply => conv("reply", " --body TEXT"),
        C::Note => conv("note", " --body TEXT"),
        C::Assign => conv("assign", " @me"),
        C::Labels => conv("label", " --add LABEL"),
        C::Status => conv("status", " pending"),
        C::Resolve => conv("status", " resolved"),
        C::Snooze => conv("status", " snoozed"),
        C::Template => conv("reply", " --template-name NAME"),
        C::Macros => subject.conversation.map(|id| format!("afenda macro run NAME {id}")),
        C::Block => conv("mute", ""),
        C::Attributes => conv("attr", " --set KEY=VALUE"),
        C::Escalate => conv("escalate", " --reason TEXT"),
        C::ContactNote => subject.contact.map(|id| format!("afenda contact notes {id} --add TEXT")),
        C::Info => subject.contact.map(|id| format!("afenda contact view {id}")),
        C::EditContact => subject.contact.map(|id| format!("afenda contact edit {id} --name NAME")),
        C::Undo => subject.outbox.map(|id| format!("afenda outbox cancel {id}")),
        C::Approve => approval("approve", ""),
        C::Reject => approval("reject", " --message REASON"),
        _ => None,
    }
}
