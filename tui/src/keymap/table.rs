//! The rows: where a key holds, what it does, and its words.

use super::{Binding, Command, Context};
use crate::editor::Edit;

const LIST: &[Context] = &[Context::List];
const THREAD: &[Context] = &[Context::Thread];
const CONVERSATION: &[Context] = &[Context::List, Context::Thread];
pub(super) const PANES: &[Context] = &[
    Context::List,
    Context::Thread,
    Context::Queue,
    Context::Card,
    Context::Found,
    Context::Contacts,
    Context::Contact,
    Context::Activity,
];
const LISTS: &[Context] = &[Context::List, Context::Queue, Context::Activity];
pub(super) const MOVING: &[Context] = &[
    Context::List,
    Context::Thread,
    Context::Queue,
    Context::Card,
    Context::Found,
    Context::Contacts,
    Context::Contact,
    Context::Activity,
    Context::Help,
];
const CARD: &[Context] = &[Context::Card];
const QUEUE: &[Context] = &[Context::Queue];
const ACTIVITY: &[Context] = &[Context::Activity];
const COMPOSER: &[Context] = &[Context::Composer];
const COMPLETION: &[Context] = &[Context::Completion];
const TEXT: &[Context] = &[
    Context::Composer,
    Context::Path,
    Context::Filter,
    Context::Find,
    Context::Words,
    Context::Palette,
    Context::Search,
    Context::ContactFilter,
    Context::ContactField,
];
const FIND: &[Context] = &[Context::Find];
const PATH: &[Context] = &[Context::Path];
const MENU: &[Context] = &[Context::Menu, Context::Pick];
const PICK: &[Context] = &[Context::Menu, Context::Pick, Context::Labels];
const SEARCHED: &[Context] = &[Context::Menu, Context::Labels];
const FILTER: &[Context] = &[Context::Filter, Context::ContactFilter];
const SEARCH: &[Context] = &[Context::Search];
const FOUND: &[Context] = &[Context::Found];
const CONTACTS: &[Context] = &[Context::Contacts];
const CONTACT: &[Context] = &[Context::Contact];
const CONTACT_FIELD: &[Context] = &[Context::ContactField];
const LABELS: &[Context] = &[Context::Labels];
const SHEET: &[Context] = &[Context::Sheet];
const QUESTION: &[Context] = &[Context::Question];
const HELP: &[Context] = &[Context::Help];
const WORDS: &[Context] = &[Context::Words];
const PALETTE: &[Context] = &[Context::Palette];
const ROWS: &[Context] = &[Context::Words, Context::Palette];
pub(super) const EVERYWHERE: &[Context] = &[
    Context::List,
    Context::Thread,
    Context::Queue,
    Context::Card,
    Context::Activity,
    Context::Search,
    Context::Found,
    Context::Contacts,
    Context::Contact,
    Context::ContactFilter,
    Context::ContactField,
    Context::Composer,
    Context::Completion,
    Context::Path,
    Context::Filter,
    Context::Find,
    Context::Menu,
    Context::Pick,
    Context::Labels,
    Context::Sheet,
    Context::Question,
    Context::Help,
    Context::Words,
    Context::Palette,
];

const fn row(
    contexts: &'static [Context],
    keys: &'static [&'static str],
    command: Command,
    help: &'static str,
    hint: Option<&'static str>,
) -> Binding {
    Binding { contexts, keys, command, help, hint }
}

/// The table. Its order is that of the foot (most useful first) and of the help screen.
pub static TABLE: &[Binding] = &[
    // Deciding.
    row(CARD, &["a"], Command::Approve, "approve: opens a sheet that y confirms", Some("approve")),
    row(CARD, &["x"], Command::Reject, "reject, with a reason", Some("reject")),
    row(CARD, &["Enter"], Command::Conversation, "open its conversation", Some("conversation")),
    row(SHEET, &["y"], Command::Yes, "approve, at the revision shown", Some("approve")),
    row(SHEET, &["Esc", "q", "n", "Enter"], Command::Cancel, "not yet", Some("not yet")),
    row(QUESTION, &["y"], Command::Yes, "yes", Some("yes")),
    row(QUESTION, &["Esc", "q", "n", "Enter"], Command::Cancel, "no", Some("no")),
    // Writing.
    row(COMPOSER, &["Ctrl+S", "Ctrl+Enter"], Command::Send, "send", Some("send")),
    row(COMPOSER, &["Esc"], Command::Leave, "leave, the draft is kept", Some("leave, draft kept")),
    row(COMPOSER, &["Alt+P"], Command::ToNote, "make it a private note", Some("note")),
    row(COMPOSER, &["Alt+L"], Command::ToReply, "make it a reply to the customer", Some("reply")),
    row(COMPOSER, &["Ctrl+G t"], Command::Turn, "note or reply", None),
    row(COMPOSER, &["Alt+A", "Ctrl+G a"], Command::Attach, "attach a file", Some("attach")),
    row(COMPOSER, &["Ctrl+X f"], Command::Detach, "take the last file off", None),
    row(COMPOSER, &["Ctrl+O"], Command::Editor, "write on in your own editor", Some("editor")),
    row(COMPOSER, &["Ctrl+G r"], Command::SendResolve, "send and resolve", None),
    row(COMPOSER, &["Ctrl+G p"], Command::SendPend, "send and make it pending", None),
    row(COMPOSER, &["Ctrl+G z"], Command::SendSnooze, "send and snooze until the customer writes", None),
    row(COMPOSER, &["Ctrl+G n"], Command::SendNext, "send and go to the next", None),
    row(COMPOSER, &["Ctrl+X d"], Command::Discard, "discard the text, after asking", Some("discard")),
    row(COMPOSER, &["Alt+E", "Ctrl+G e"], Command::Resolve, "resolve the conversation, nothing is sent", None),
    row(COMPOSER, &["Alt+M", "Ctrl+G m"], Command::Snooze, "snooze the conversation, nothing is sent", None),
    row(FILTER, &["Enter"], Command::Accept, "keep the filter", Some("keep")),
    row(FILTER, &["Esc"], Command::Cancel, "drop the filter", Some("drop")),
    row(CONTACT_FIELD, &["Enter"], Command::Accept, "change it; an empty line clears it", Some("change")),
    row(CONTACT_FIELD, &["Esc"], Command::Cancel, "leave it as it is", Some("leave as it is")),
    row(FIND, &["Enter"], Command::Accept, "go to the newest match", Some("find")),
    row(FIND, &["Esc"], Command::Cancel, "end the search", Some("end")),
    row(COMPLETION, &["Tab", "Enter"], Command::Choose, "put the marked line in", Some("put it in")),
    row(COMPLETION, &["↓", "Ctrl+N"], Command::Down, "next line", Some("next")),
    row(COMPLETION, &["↑", "Ctrl+P"], Command::Up, "previous line", None),
    row(COMPLETION, &["Esc"], Command::Cancel, "close the list, the text stays", Some("close the list")),
    row(PATH, &["Enter"], Command::Accept, "attach the file", Some("attach")),
    row(PATH, &["Tab"], Command::Choose, "complete the path", Some("complete")),
    row(PATH, &["Esc"], Command::Cancel, "attach nothing", Some("attach nothing")),
    row(SEARCH, &["Enter", "↓", "Tab"], Command::Accept, "to the results", Some("results")),
    row(SEARCH, &["Esc"], Command::Cancel, "leave the line", Some("leave")),
    // Menus.
    row(LABELS, &["Space"], Command::Toggle, "put the label on, take it off", Some("toggle")),
    row(LABELS, &["Enter"], Command::Accept, "save", Some("save")),
    row(MENU, &["Enter"], Command::Choose, "choose the marked line", Some("choose")),
    row(PICK, &["Esc"], Command::Cancel, "close", Some("close")),
    row(PICK, &["↓", "Ctrl+N"], Command::Down, "next line", None),
    row(PICK, &["↑", "Ctrl+P"], Command::Up, "previous line", None),
    row(SEARCHED, &["Backspace", "Ctrl+H"], Command::Edit(Edit::Backspace), "shorten the search, then close", None),
    // The palette and the help.
    row(PALETTE, &["Enter"], Command::Choose, "run it", Some("run")),
    row(PALETTE, &["Tab"], Command::Complete, "complete the name or the command", Some("complete")),
    row(PALETTE, &["Esc"], Command::Cancel, "close", Some("close")),
    row(HELP, &["Enter"], Command::Choose, "run the marked row", Some("run")),
    row(HELP, &["/"], Command::HelpWords, "find by words", Some("find words")),
    row(
        HELP,
        &["Tab"],
        Command::HelpKey,
        "find by key: press it next; a key that means nothing here is looked up at once",
        Some("find a key"),
    ),
    row(WORDS, &["Enter"], Command::Choose, "run the marked row", Some("run")),
    row(WORDS, &["Esc"], Command::Cancel, "drop the words", Some("drop")),
    row(ROWS, &["↓", "Ctrl+N"], Command::Down, "next row", None),
    row(ROWS, &["↑", "Ctrl+P"], Command::Up, "previous row", None),
    // Conversations.
    row(LIST, &["Enter"], Command::Open, "open the conversation", Some("open")),
    row(QUEUE, &["Enter"], Command::Open, "open the decision card", Some("open")),
    row(ACTIVITY, &["Enter"], Command::Open, "open the conversation or the approval it is about", Some("open")),
    row(ACTIVITY, &["t"], Command::Kinds, "choose the type", Some("by type")),
    row(ACTIVITY, &["F"], Command::Follow, "follow the newest, or no longer", Some("follow")),
    row(ACTIVITY, &["y"], Command::CopyJson, "copy as JSON", Some("copy as JSON")),
    row(LIST, &["r", "R", "Alt+L"], Command::Reply, "reply to the customer", Some("reply")),
    row(THREAD, &["r", "Alt+L"], Command::Reply, "reply to the customer, to the chosen message if there is one", Some("reply")),
    row(FOUND, &["Enter"], Command::Open, "open it, at the message", Some("open")),
    row(CONTACTS, &["Enter"], Command::Open, "open the contact", Some("open")),
    row(CONTACTS, &["/"], Command::Filter, "find a name, address, number or identifier", Some("filter")),
    row(CONTACT, &["Enter"], Command::Open, "open the conversation, copy the value", Some("open or copy")),
    row(CONTACT, &["e"], Command::EditContact, "change name, e-mail, phone, company or identifier", Some("edit")),
    row(FOUND, &["/"], Command::Search, "to the line", Some("search")),
    row(CONVERSATION, &["p", "P", "Alt+P"], Command::Note, "private note, only the team reads it", Some("note")),
    row(CONVERSATION, &["c"], Command::Canned, "reply with a canned response", Some("canned")),
    row(CONVERSATION, &["a"], Command::Assign, "assign", Some("assign")),
    row(CONVERSATION, &["e", "Alt+E"], Command::Resolve, "resolve", Some("resolve")),
    row(CONVERSATION, &["E", "Ctrl+Alt+E"], Command::ResolveNext, "resolve and go to the next", None),
    row(LIST, &["/"], Command::Filter, "find words in messages, notes and names", Some("filter")),
    row(LIST, &["f"], Command::Cut, "cut the list by inbox, team, label, priority, unread; order it", None),
    row(LIST, &["v"], Command::Mark, "mark, or take the mark off; what follows is done to all marked", None),
    row(LIST, &["Space"], Command::MarkDown, "mark and go down", Some("mark")),
    row(LIST, &["V"], Command::MarkRange, "mark from the last mark to here", None),
    row(LIST, &["*"], Command::MarkAll, "mark all rows, or none", None),
    row(CONVERSATION, &["H"], Command::Escalate, "ask an approver to decide", Some("escalate")),
    row(CONVERSATION, &["s"], Command::Status, "status menu", Some("status")),
    row(CONVERSATION, &["z", "Alt+M"], Command::Snooze, "snooze menu", Some("snooze")),
    row(CONVERSATION, &["L"], Command::Labels, "labels", Some("labels")),
    row(CONVERSATION, &["!"], Command::Priority, "priority menu", None),
    row(PANES, &["u", "Ctrl+Z"], Command::Undo, "take the last message, change or waiting decision back", Some("undo")),
    row(CONVERSATION, &["n"], Command::UnreadNext, "next unread", None),
    row(CONVERSATION, &["N"], Command::UnreadPrevious, "previous unread", None),
    row(THREAD, &["J", "Alt+J"], Command::ConversationNext, "next conversation", None),
    row(THREAD, &["K", "Alt+K"], Command::ConversationPrevious, "previous conversation", None),
    row(THREAD, &["v"], Command::Select, "choose a message, or none", Some("choose")),
    row(THREAD, &["(", "Ctrl+↑"], Command::MessagePrevious, "choose the message before", None),
    row(THREAD, &[")", "Ctrl+↓"], Command::MessageNext, "choose the message after", None),
    row(THREAD, &[">"], Command::Quote, "quote the chosen message, else the customer's newest", Some("quote")),
    row(THREAD, &["O"], Command::Links, "links and files: copy, open", Some("links")),
    row(CONVERSATION, &["y"], Command::CopyMenu, "copy text, link, id or the CLI form", Some("copy")),
    row(THREAD, &["R"], Command::Retry, "send the chosen failed message again; else reply", None),
    row(THREAD, &["D"], Command::Erase, "delete the chosen message, if it is yours, after asking", None),
    row(CONVERSATION, &["U"], Command::Unread, "mark unread", None),
    row(THREAD, &["\\"], Command::Find, "search in this conversation; n goes up, N down", Some("search")),
    row(THREAD, &["Enter"], Command::Quotes, "reply to the chosen message; else show or fold quoted e-mail", None),
    row(
        &[Context::List, Context::Thread, Context::Card, Context::Queue],
        &["o"],
        Command::Url,
        "show and copy its address in Chatwoot",
        None,
    ),
    row(CONVERSATION, &["i", "Alt+O"], Command::Info, "contact panel", Some("info")),
    // Going about.
    row(LISTS, &["Tab", "Alt+N"], Command::TabNext, "next tab", Some("tab")),
    row(LISTS, &["Shift+Tab"], Command::TabPrevious, "previous tab", None),
    row(LIST, &["]"], Command::StatusNext, "next status", None),
    row(LIST, &["["], Command::StatusPrevious, "previous status", None),
    row(MOVING, &["j", "↓"], Command::Down, "down", None),
    row(MOVING, &["k", "↑"], Command::Up, "up", None),
    row(MOVING, &["g g", "Home"], Command::Top, "to the top", None),
    row(MOVING, &["G", "End"], Command::Bottom, "to the bottom", None),
    row(MOVING, &["Ctrl+D"], Command::HalfDown, "half a page down", None),
    row(MOVING, &["Ctrl+U"], Command::HalfUp, "half a page up", None),
    row(MOVING, &["Ctrl+F", "PgDn"], Command::PageDown, "a page down", None),
    row(MOVING, &["Ctrl+B", "PgUp"], Command::PageUp, "a page up", None),
    row(PANES, &["h", "←", "Ctrl+W h"], Command::PaneLeft, "pane to the left", None),
    row(PANES, &["l", "→", "Ctrl+W l"], Command::PaneRight, "pane to the right", None),
    row(PANES, &["1", "Alt+C", "g i"], Command::Inbox, "the inbox", None),
    row(PANES, &["2", "g a"], Command::Approvals, "the approvals", None),
    row(PANES, &["3", "g /"], Command::Search, "search everything", None),
    row(PANES, &["4", "Alt+V"], Command::Contacts, "the contacts", None),
    row(PANES, &["5", "Alt+R", "g y"], Command::Activity, "what happened", None),
    row(PANES, &["Ctrl+R", "F5"], Command::Refetch, "read everything again", None),
    row(PANES, &["Ctrl+K", "Ctrl+P"], Command::Palette, "find and run any action", Some("actions")),
    row(COMPOSER, &["Ctrl+K"], Command::Palette, "find and run any action", Some("actions")),
    row(PANES, &[":"], Command::CommandLine, "command line: an action's name, or what follows `afenda`", None),
    row(PANES, &["?", "F1"], Command::Help, "this help", Some("help")),
    row(
        &[Context::Composer, Context::Menu, Context::Pick, Context::Labels, Context::Sheet],
        &["F1"],
        Command::Help,
        "this help",
        Some("help"),
    ),
    row(HELP, &["?", "F1", "Esc", "q"], Command::Cancel, "close the help", Some("close")),
    row(PANES, &["Esc"], Command::Back, "back", None),
    row(PANES, &["q"], Command::Quit, "back; at the list: quit", None),
    row(EVERYWHERE, &["Ctrl+C"], Command::QuitTwice, "twice: quit, drafts are kept", None),
    // Editing.
    row(COMPOSER, &["Enter", "Alt+Enter"], Command::Edit(Edit::Newline), "new line", None),
    row(TEXT, &["Backspace", "Ctrl+H"], Command::Edit(Edit::Backspace), "delete to the left", None),
    row(TEXT, &["Delete", "Ctrl+D"], Command::Edit(Edit::Delete), "delete to the right", None),
    row(TEXT, &["Ctrl+W", "Alt+Backspace"], Command::Edit(Edit::WordBackspace), "delete the word to the left", None),
    row(TEXT, &["Alt+D", "Ctrl+Delete"], Command::Edit(Edit::WordDelete), "delete the word to the right", None),
    row(TEXT, &["Ctrl+U"], Command::Edit(Edit::KillToStart), "delete to the line's start", None),
    row(COMPOSER, &["Ctrl+X k"], Command::Edit(Edit::KillToEnd), "delete to the line's end", None),
    row(TEXT, &["Ctrl+Y"], Command::Edit(Edit::Yank), "put the deleted back", None),
    row(TEXT, &["←", "Ctrl+B"], Command::Edit(Edit::Left), "left", None),
    row(TEXT, &["→", "Ctrl+F"], Command::Edit(Edit::Right), "right", None),
    row(COMPOSER, &["↑", "Ctrl+P"], Command::Edit(Edit::Up), "row up", None),
    row(COMPOSER, &["↓", "Ctrl+N"], Command::Edit(Edit::Down), "row down", None),
    row(TEXT, &["Alt+B", "Ctrl+←", "Alt+←"], Command::Edit(Edit::WordLeft), "word to the left", None),
    row(TEXT, &["Alt+F", "Ctrl+→", "Alt+→"], Command::Edit(Edit::WordRight), "word to the right", None),
    row(TEXT, &["Home", "Ctrl+A"], Command::Edit(Edit::Home), "line's start", None),
    row(TEXT, &["End", "Ctrl+E"], Command::Edit(Edit::End), "line's end", None),
];
