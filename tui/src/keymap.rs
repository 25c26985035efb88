//! One table of keys. What a key does, the foot and the help screen are all made from it, so they cannot drift apart.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::editor::Edit;

/// Where keys are typed: decides which rows of the table hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Context {
    /// The conversation list.
    List,
    /// A conversation.
    Thread,
    /// The list of approvals.
    Queue,
    /// An opened approval.
    Card,
    /// The line of the search screen.
    Search,
    /// What it found.
    Found,
    /// The list of contacts.
    Contacts,
    /// A contact.
    Contact,
    /// The filter line of the contacts.
    ContactFilter,
    /// A text is being written.
    Composer,
    /// The filter line of the list.
    Filter,
    /// A menu of letters.
    Menu,
    /// The label picker.
    Labels,
    /// The approve sheet.
    Sheet,
    /// A question that `y` answers.
    Question,
    /// The help screen.
    Help,
}

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is explained, once, in the table below")]
pub enum Command {
    Down,
    Up,
    Top,
    Bottom,
    HalfDown,
    HalfUp,
    PageDown,
    PageUp,
    PaneLeft,
    PaneRight,
    Open,
    Back,
    Quit,
    QuitTwice,
    Inbox,
    Approvals,
    Search,
    Contacts,
    TabNext,
    TabPrevious,
    StatusNext,
    StatusPrevious,
    Filter,
    UnreadNext,
    UnreadPrevious,
    ConversationNext,
    ConversationPrevious,
    Reply,
    Note,
    Assign,
    Labels,
    Status,
    Resolve,
    ResolveNext,
    Snooze,
    Priority,
    Escalate,
    Undo,
    Url,
    Info,
    Refetch,
    Help,
    Quotes,
    Approve,
    Reject,
    Conversation,
    Send,
    Leave,
    Discard,
    ToReply,
    ToNote,
    Edit(Edit),
    Yes,
    Cancel,
    Choose,
    Toggle,
    Accept,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// Where it holds.
    pub contexts: &'static [Context],
    /// Keys as shown; two separated by a space are pressed one after the other.
    pub keys: &'static [&'static str],
    /// What it does.
    pub command: Command,
    /// For the help screen.
    pub help: &'static str,
    /// For the foot: a word or two; absent where the foot does not show it.
    pub hint: Option<&'static str>,
}

const LIST: &[Context] = &[Context::List];
const THREAD: &[Context] = &[Context::Thread];
const CONVERSATION: &[Context] = &[Context::List, Context::Thread];
const PANES: &[Context] =
    &[Context::List, Context::Thread, Context::Queue, Context::Card, Context::Found, Context::Contacts, Context::Contact];
const LISTS: &[Context] = &[Context::List, Context::Queue];
const MOVING: &[Context] =
    &[Context::List, Context::Thread, Context::Queue, Context::Card, Context::Found, Context::Contacts, Context::Contact, Context::Help];
const CARD: &[Context] = &[Context::Card];
const QUEUE: &[Context] = &[Context::Queue];
const COMPOSER: &[Context] = &[Context::Composer];
const TEXT: &[Context] = &[Context::Composer, Context::Filter, Context::Search, Context::ContactFilter];
const FILTER: &[Context] = &[Context::Filter, Context::ContactFilter];
const SEARCH: &[Context] = &[Context::Search];
const FOUND: &[Context] = &[Context::Found];
const CONTACTS: &[Context] = &[Context::Contacts];
const CONTACT: &[Context] = &[Context::Contact];
const MENU: &[Context] = &[Context::Menu];
const PICK: &[Context] = &[Context::Menu, Context::Labels];
const LABELS: &[Context] = &[Context::Labels];
const SHEET: &[Context] = &[Context::Sheet];
const QUESTION: &[Context] = &[Context::Question];
const HELP: &[Context] = &[Context::Help];
const EVERYWHERE: &[Context] = &[
    Context::List,
    Context::Thread,
    Context::Queue,
    Context::Card,
    Context::Search,
    Context::Found,
    Context::Contacts,
    Context::Contact,
    Context::ContactFilter,
    Context::Composer,
    Context::Filter,
    Context::Menu,
    Context::Labels,
    Context::Sheet,
    Context::Question,
    Context::Help,
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
pub const TABLE: &[Binding] = &[
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
    row(COMPOSER, &["Ctrl+X d"], Command::Discard, "discard the text, after asking", Some("discard")),
    row(COMPOSER, &["Alt+E"], Command::Resolve, "resolve the conversation, nothing is sent", None),
    row(COMPOSER, &["Alt+M"], Command::Snooze, "snooze the conversation, nothing is sent", None),
    row(FILTER, &["Enter"], Command::Accept, "keep the filter", Some("keep")),
    row(FILTER, &["Esc"], Command::Cancel, "drop the filter", Some("drop")),
    row(SEARCH, &["Enter", "↓", "Tab"], Command::Accept, "to the results", Some("results")),
    row(SEARCH, &["Esc"], Command::Cancel, "leave the line", Some("leave")),
    // Menus.
    row(LABELS, &["Space"], Command::Toggle, "put the label on, take it off", Some("toggle")),
    row(LABELS, &["Enter"], Command::Accept, "save", Some("save")),
    row(MENU, &["Enter"], Command::Choose, "choose the marked line", Some("choose")),
    row(PICK, &["Esc"], Command::Cancel, "close", Some("close")),
    row(PICK, &["↓", "Ctrl+N"], Command::Down, "next line", None),
    row(PICK, &["↑", "Ctrl+P"], Command::Up, "previous line", None),
    row(PICK, &["Backspace", "Ctrl+H"], Command::Edit(Edit::Backspace), "shorten the search, then close", None),
    // Conversations.
    row(LIST, &["Enter"], Command::Open, "open the conversation", Some("open")),
    row(QUEUE, &["Enter"], Command::Open, "open the decision card", Some("open")),
    row(FOUND, &["Enter"], Command::Open, "open it, at the message", Some("open")),
    row(CONTACTS, &["Enter"], Command::Open, "open the contact", Some("open")),
    row(CONTACTS, &["/"], Command::Filter, "find a name, address, number or identifier", Some("filter")),
    row(CONTACT, &["Enter"], Command::Open, "open the conversation, copy the value", Some("open or copy")),
    row(FOUND, &["/"], Command::Search, "to the line", Some("search")),
    row(CONVERSATION, &["r", "R", "Alt+L"], Command::Reply, "reply to the customer", Some("reply")),
    row(CONVERSATION, &["p", "P", "Alt+P"], Command::Note, "private note, only the team reads it", Some("note")),
    row(CONVERSATION, &["a"], Command::Assign, "assign", Some("assign")),
    row(CONVERSATION, &["e", "Alt+E"], Command::Resolve, "resolve", Some("resolve")),
    row(CONVERSATION, &["E", "Ctrl+Alt+E"], Command::ResolveNext, "resolve and go to the next", None),
    row(LIST, &["/"], Command::Filter, "find words in messages, notes and names", Some("filter")),
    row(CONVERSATION, &["H"], Command::Escalate, "ask an approver to decide", Some("escalate")),
    row(CONVERSATION, &["s"], Command::Status, "status menu", Some("status")),
    row(CONVERSATION, &["z", "Alt+M"], Command::Snooze, "snooze menu", Some("snooze")),
    row(CONVERSATION, &["L"], Command::Labels, "labels", Some("labels")),
    row(CONVERSATION, &["!"], Command::Priority, "priority menu", None),
    row(CONVERSATION, &["u", "Ctrl+Z"], Command::Undo, "take the last message or change back", Some("undo")),
    row(CONVERSATION, &["n"], Command::UnreadNext, "next unread", None),
    row(CONVERSATION, &["N"], Command::UnreadPrevious, "previous unread", None),
    row(THREAD, &["J", "Alt+J"], Command::ConversationNext, "next conversation", None),
    row(THREAD, &["K", "Alt+K"], Command::ConversationPrevious, "previous conversation", None),
    row(THREAD, &["Enter"], Command::Quotes, "show or fold quoted e-mail", None),
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
    row(PANES, &["Ctrl+R", "F5"], Command::Refetch, "read everything again", None),
    row(PANES, &["?", "F1"], Command::Help, "this help", Some("help")),
    row(&[Context::Composer, Context::Menu, Context::Labels, Context::Sheet], &["F1"], Command::Help, "this help", Some("help")),
    row(HELP, &["?", "F1", "Esc", "q"], Command::Cancel, "close the help", Some("close")),
    row(PANES, &["Esc"], Command::Back, "back", None),
    row(PANES, &["q"], Command::Quit, "back; at the list: quit", None),
    row(EVERYWHERE, &["Ctrl+C"], Command::QuitTwice, "twice: quit, drafts are kept", None),
    // Editing.
    row(COMPOSER, &["Enter", "Alt+Enter"], Command::Edit(Edit::Newline), "new line", None),
    row(TEXT, &["Backspace", "Ctrl+H"], Command::Edit(Edit::Backspace), "delete to the left", None),
    row(TEXT, &["Delete", "Ctrl+D"], Command::Edit(Edit::Delete), "delete to the right", None),
    row(TEXT, &["Ctrl+W", "Alt+Backspace"], Command::Edit(Edit::WordBackspace), "delete the word to the left", None),
    row(TEXT, &["Alt+D"], Command::Edit(Edit::WordDelete), "delete the word to the right", None),
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

/// The rows that hold in a context.
pub fn bindings(context: Context) -> impl Iterator<Item = &'static Binding> {
    TABLE.iter().filter(move |b| b.contexts.contains(&context))
}

/// What typing `keys` in a context means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// A command.
    Command(Command),
    /// The first key of a pair.
    Prefix,
    /// Nothing.
    Nothing,
}

/// Looks keys up: one name, or a pair separated by a space.
pub fn find(context: Context, keys: &str) -> Found {
    let mut prefix = false;
    for binding in bindings(context) {
        for &key in binding.keys {
            if key == keys {
                return Found::Command(binding.command);
            }
            prefix |= key.strip_prefix(keys).is_some_and(|rest| rest.starts_with(' '));
        }
    }
    if prefix { Found::Prefix } else { Found::Nothing }
}

/// A key's name as the table writes it: `j`, `G`, `Ctrl+S`, `Alt+P`, `Shift+Tab`, `PgDn`.
pub fn name(key: KeyEvent) -> String {
    let base = match key.code {
        KeyCode::Char(' ') => "Space".to_owned(),
        KeyCode::Char(c) if key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) => c.to_uppercase().collect(),
        // The kitty protocol may report the plain letter with Shift.
        KeyCode::Char(c) if key.modifiers.contains(KeyModifiers::SHIFT) => c.to_uppercase().collect(),
        KeyCode::Char(c) => c.to_string(),
        KeyCode::F(n) => format!("F{n}"),
        KeyCode::Enter => "Enter".into(),
        KeyCode::Esc => "Esc".into(),
        KeyCode::Tab => "Tab".into(),
        KeyCode::BackTab => return "Shift+Tab".into(),
        KeyCode::Backspace => "Backspace".into(),
        KeyCode::Delete => "Delete".into(),
        KeyCode::Left => "←".into(),
        KeyCode::Right => "→".into(),
        KeyCode::Up => "↑".into(),
        KeyCode::Down => "↓".into(),
        KeyCode::Home => "Home".into(),
        KeyCode::End => "End".into(),
        KeyCode::PageUp => "PgUp".into(),
        KeyCode::PageDown => "PgDn".into(),
        other => return other.to_string(),
    };
    let mut name = String::new();
    for (modifier, text) in [(KeyModifiers::CONTROL, "Ctrl+"), (KeyModifiers::ALT, "Alt+")] {
        if key.modifiers.contains(modifier) {
            name.push_str(text);
        }
    }
    if key.modifiers.contains(KeyModifiers::SHIFT) && key.code == KeyCode::Tab {
        name.push_str("Shift+");
    }
    name + &base
}

/// The key that a name of the table stands for; tests and the headless inbox type with it.
pub fn parse(name: &str) -> Option<KeyEvent> {
    let mut modifiers = KeyModifiers::NONE;
    let mut rest = name;
    loop {
        let (modifier, after) = if let Some(after) = rest.strip_prefix("Ctrl+") {
            (KeyModifiers::CONTROL, after)
        } else if let Some(after) = rest.strip_prefix("Alt+") {
            (KeyModifiers::ALT, after)
        } else if let Some(after) = rest.strip_prefix("Shift+") {
            (KeyModifiers::SHIFT, after)
        } else {
            break;
        };
        modifiers |= modifier;
        rest = after;
    }
    let code = match rest {
        "Space" => KeyCode::Char(' '),
        "Enter" => KeyCode::Enter,
        "Esc" => KeyCode::Esc,
        "Tab" if modifiers == KeyModifiers::SHIFT => return Some(KeyEvent::new(KeyCode::BackTab, KeyModifiers::SHIFT)),
        "Tab" => KeyCode::Tab,
        "Backspace" => KeyCode::Backspace,
        "Delete" => KeyCode::Delete,
        "←" => KeyCode::Left,
        "→" => KeyCode::Right,
        "↑" => KeyCode::Up,
        "↓" => KeyCode::Down,
        "Home" => KeyCode::Home,
        "End" => KeyCode::End,
        "PgUp" => KeyCode::PageUp,
        "PgDn" => KeyCode::PageDown,
        _ => {
            let mut chars = rest.chars();
            match (chars.next()?, chars.next()) {
                (c, None) if modifiers.is_empty() => KeyCode::Char(c),
                (c, None) => KeyCode::Char(c.to_ascii_lowercase()),
                ('F', Some(_)) => KeyCode::F(rest.get(1..)?.parse().ok()?),
                _ => return None,
            }
        }
    };
    Some(KeyEvent::new(code, modifiers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_table_can_be_typed() {
        for key in TABLE.iter().flat_map(|b| b.keys).flat_map(|k| k.split(' ')) {
            assert_eq!(parse(key).map(name).as_deref(), Some(key));
        }
    }

    #[test]
    fn no_key_means_two_things_in_one_place() {
        for context in EVERYWHERE {
            let mut seen: Vec<&str> = bindings(*context).flat_map(|b| b.keys).copied().collect();
            let all = seen.len();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), all, "{context:?}");
            for key in &seen {
                let prefixed = seen.iter().any(|k| k.strip_prefix(key).is_some_and(|rest| rest.starts_with(' ')));
                assert!(!prefixed, "`{key}` is also the first key of a pair in {context:?}");
            }
        }
    }

    #[test]
    fn movement_keys_only_move() {
        for context in MOVING {
            for key in ["h", "j", "k", "l", "↑", "↓", "←", "→", "g g", "G", "Ctrl+D", "Ctrl+U", "Ctrl+F", "Ctrl+B"] {
                use Command as C;
                let found = find(*context, key);
                let moves = matches!(
                    found,
                    Found::Nothing
                        | Found::Command(
                            C::Down
                                | C::Up
                                | C::Top
                                | C::Bottom
                                | C::HalfDown
                                | C::HalfUp
                                | C::PageDown
                                | C::PageUp
                                | C::PaneLeft
                                | C::PaneRight
                        )
                );
                assert!(moves, "{key} in {context:?} is {found:?}");
            }
        }
    }

    #[test]
    fn the_key_that_opens_a_sheet_does_not_confirm_it() {
        for (context, open, sheet, confirm) in [
            (Context::Card, Command::Approve, Context::Sheet, Command::Yes),
            (Context::Card, Command::Reject, Context::Composer, Command::Send),
            (Context::Composer, Command::Discard, Context::Question, Command::Yes),
            (Context::Composer, Command::ToReply, Context::Question, Command::Yes),
        ] {
            let keys = |context, command| {
                bindings(context).filter(move |b| b.command == command).flat_map(|b| b.keys).flat_map(|k| k.split(' ')).collect::<Vec<_>>()
            };
            let (opening, confirming) = (keys(context, open), keys(sheet, confirm));
            assert!(!opening.is_empty() && !confirming.is_empty());
            assert!(opening.iter().all(|key| !confirming.contains(key)), "{opening:?} {confirming:?}");
        }
    }
}
