//! One table of keys. What a key does, the foot, the help screen, the palette and `docs/keys.md` are all made from it, so they cannot
//! drift apart. [`registry`] says what else is known of a command: its id, its words, why it is not available, its command line.

mod document;
mod preset;
pub mod registry;
mod remap;
mod rewrite;
mod table;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::editor::{Edit, Vim};

pub use document::{Listed, listed, markdown};
pub use preset::Preset;
pub use remap::{File, Keys, Problem};
pub(crate) use rewrite::with_entry;
pub use table::TABLE;
use table::{EVERYWHERE, PANES};

/// Where keys are typed: decides which rows of the table hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Context {
    /// The conversation list.
    List,
    /// A conversation.
    Thread,
    /// The list of approvals.
    Queue,
    /// An opened approval.
    Card,
    /// The activity feed.
    Activity,
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
    /// A field of a contact that is typed.
    ContactField,
    /// Addresses of an e-mail are typed.
    Address,
    /// A text is being written.
    Composer,
    /// The same with vim's keys, while letters are commands.
    Normal,
    /// A completion list of the text that is written.
    Completion,
    /// The path of a file to attach.
    Path,
    /// The filter line of the list.
    Filter,
    /// The search line of a conversation.
    Find,
    /// A menu of letters.
    Menu,
    /// A choice of lines.
    Pick,
    /// The label picker.
    Labels,
    /// A line that a menu asks for.
    Line,
    /// The approve sheet.
    Sheet,
    /// A question that `y` answers.
    Question,
    /// The help screen.
    Help,
    /// The words that filter the help.
    Words,
    /// The palette and its command line.
    Palette,
    /// A text to be taken with the mouse.
    Shown,
    /// Texts that were not sent.
    Drafts,
    /// What is on its way to Chatwoot.
    Outbox,
    /// What the inbox noted.
    Log,
    /// How it is set.
    Settings,
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
    Activity,
    Follow,
    Kinds,
    CopyJson,
    Select,
    MessagePrevious,
    MessageNext,
    Quote,
    Retry,
    Erase,
    EditContact,
    ContactNote,
    Begin,
    CopyMenu,
    Links,
    Unread,
    Find,
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
    Canned,
    Assign,
    Labels,
    Status,
    Resolve,
    ResolveNext,
    Snooze,
    Priority,
    Macros,
    Template,
    Block,
    Participants,
    Attributes,
    ContactAttributes,
    Availability,
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
    SendResolve,
    SendPend,
    SendSnooze,
    SendNext,
    Attach,
    Detach,
    MailTo,
    MailCc,
    MailBcc,
    Signature,
    Editor,
    Turn,
    Leave,
    Discard,
    ToReply,
    ToNote,
    Edit(Edit),
    Vim(Vim),
    Yes,
    Cancel,
    Choose,
    Toggle,
    Accept,
    Mark,
    MarkDown,
    MarkRange,
    MarkAll,
    Cut,
    Palette,
    CommandLine,
    Complete,
    HelpWords,
    HelpKey,
    HelpChange,
    Mouse,
    Suspend,
    Buttons,
    Drafts,
    Outbox,
    Log,
    Settings,
    Mentions,
    Drop,
    CopyRow,
    View,
    Views,
    Logout,
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

impl Context {
    /// All of them: the panes first.
    pub const ALL: &[Self] = EVERYWHERE;
    /// The panes.
    pub const PANES: &[Self] = PANES;

    /// Its name, as `keys.toml` writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Thread => "thread",
            Self::Queue => "queue",
            Self::Card => "card",
            Self::Composer => "composer",
            Self::Normal => "vim",
            Self::Filter => "filter",
            Self::Menu => "menu",
            Self::Labels => "labels",
            Self::Line => "line",
            Self::Sheet => "sheet",
            Self::Question => "question",
            Self::Help => "help",
            Self::Words => "words",
            Self::Palette => "palette",
            Self::Shown => "shown",
            Self::Activity => "activity",
            Self::Pick => "pick",
            Self::Find => "find",
            Self::Completion => "completion",
            Self::Path => "path",
            Self::Search => "search",
            Self::Found => "found",
            Self::Contacts => "contacts",
            Self::Contact => "contact",
            Self::ContactFilter => "contact-filter",
            Self::Drafts => "drafts",
            Self::Outbox => "outbox",
            Self::Log => "log",
            Self::Settings => "settings",
            Self::ContactField => "contact-field",
            Self::Address => "address",
        }
    }

    /// As a heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::List => "The list",
            Self::Thread => "A conversation",
            Self::Queue => "Approvals",
            Self::Card => "A decision",
            Self::Composer => "Writing",
            Self::Normal => "Writing with vim's keys: commands",
            Self::Filter => "The filter line",
            Self::Menu => "A menu",
            Self::Labels => "The labels",
            Self::Line => "A line that is asked for",
            Self::Sheet => "The approve sheet",
            Self::Question => "A question",
            Self::Help => "Help",
            Self::Words => "Words in the help",
            Self::Palette => "Actions and command line",
            Self::Shown => "A text that is shown",
            Self::Activity => "Activity",
            Self::Pick => "A choice",
            Self::Find => "The search line",
            Self::Completion => "A completion list",
            Self::Path => "A file's path",
            Self::Search => "The line of the search",
            Self::Found => "What was found",
            Self::Contacts => "Contacts",
            Self::Contact => "A contact",
            Self::ContactFilter => "The filter line of the contacts",
            Self::Drafts => "Drafts",
            Self::Outbox => "The outbox",
            Self::Log => "The log",
            Self::Settings => "Settings",
            Self::ContactField => "A field of a contact",
            Self::Address => "Addresses of an e-mail",
        }
    }

    /// Whether it stands only where something is changed: a text that is written, a value, a decision.
    pub fn is_for_changes(self) -> bool {
        match self {
            Self::Composer | Self::Normal | Self::Completion | Self::Path | Self::Address | Self::Line => true,
            Self::ContactField | Self::Labels | Self::Sheet => true,
            Self::List | Self::Thread | Self::Queue | Self::Card | Self::Activity | Self::Search | Self::Found => false,
            Self::Contacts | Self::Contact | Self::ContactFilter | Self::Filter | Self::Find | Self::Menu | Self::Pick => false,
            Self::Question | Self::Help | Self::Words | Self::Palette | Self::Shown => false,
            Self::Drafts | Self::Outbox | Self::Log | Self::Settings => false,
        }
    }

    /// Whether letters are text here.
    pub fn is_text(self) -> bool {
        matches!(
            self,
            Self::Composer
                | Self::Completion
                | Self::Path
                | Self::Filter
                | Self::Find
                | Self::Search
                | Self::ContactFilter
                | Self::ContactField
                | Self::Address
                | Self::Menu
                | Self::Labels
                | Self::Line
                | Self::Words
                | Self::Palette
        )
    }
}

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
        for context in table::MOVING {
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
