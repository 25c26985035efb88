//! What belongs to a text being written besides the text itself.

use std::collections::BTreeMap;

use api::id::{ConversationId, MessageId, OutboxId};
use api::inbox::{ConversationPatch, Mention};
use api::mail::Recipients;
use api::template::TemplateView;
use serde::{Deserialize, Serialize};

use crate::editor::{Editor, Modal, Vim};
use crate::event::Purpose;

/// What a completion list offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// Canned responses, after `/` at a line's start.
    Canned,
    /// Agents and teams, after `@` in a note.
    Mention,
    /// Emoji by their shortcodes, after `:`.
    Emoji,
}

impl Offer {
    /// As shown over the list.
    pub fn title(self) -> &'static str {
        match self {
            Self::Canned => "Canned responses",
            Self::Mention => "Notify",
            Self::Emoji => "Emoji",
        }
    }
}

/// One line of a completion list.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// What is looked for: a code, a name.
    pub label: String,
    /// What goes in.
    pub text: String,
    /// Whom it notifies.
    pub who: Option<Mention>,
}

/// Lines that fit what is being typed.
#[derive(Debug, Clone, PartialEq)]
pub struct Completion {
    /// Of what.
    pub offer: Offer,
    /// Where in the text that begins which a choice takes the place of.
    pub from: usize,
    /// Best first, never empty.
    pub choices: Vec<Candidate>,
    /// The chosen line.
    pub cursor: usize,
    /// A key of its own opened it, not something typed.
    pub called: bool,
}

/// A composer's completion list.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Completing {
    /// The list, where there is one.
    pub list: Option<Completion>,
    /// Where the list was closed: it stays closed until something else is begun.
    pub closed: Option<usize>,
}

/// Somebody whom a note notifies where it says `@` and the name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mentioned {
    /// Who.
    pub who: Mention,
    /// As it stands in the text.
    pub name: String,
}

/// What goes with a text.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct With {
    /// The message it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<MessageId>,
    /// Whom it notifies; only a note does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<Mentioned>,
    /// Files, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<Attached>,
    /// Whom it goes to by e-mail, once that is settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<Recipients>,
    /// The person's signature is not put under it: it has its own, or is to have none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsigned: bool,
    /// The WhatsApp template that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<Box<Chosen>>,
}

/// A WhatsApp template that was chosen, with the values that were typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    /// Which, as it was when it was chosen.
    pub template: TemplateView,
    /// Values by variable.
    pub vars: BTreeMap<String, String>,
}

impl With {
    /// Whether nothing does.
    pub fn is_empty(&self) -> bool {
        let plain = self.answers.is_none() && self.mentions.is_empty() && self.files.is_empty() && self.template.is_none();
        plain && self.mail.is_none() && !self.unsigned
    }

    /// Takes in what goes with another text, each once.
    pub fn join(&mut self, other: Self) {
        self.answers = self.answers.or(other.answers);
        self.mail = self.mail.take().or(other.mail);
        self.unsigned |= other.unsigned;
        self.template = self.template.take().or(other.template);
        for mentioned in other.mentions {
            if !self.mentions.contains(&mentioned) {
                self.mentions.push(mentioned);
            }
        }
        for file in other.files {
            if !self.files.iter().any(|known| known.path == file.path) {
                self.files.push(file);
            }
        }
    }
}

/// A file that goes with a text; it is read when the text is handed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// Where it lies, from the root.
    pub path: String,
    /// Its name for whoever gets it.
    pub name: String,
    /// Its size when it was looked at.
    pub bytes: u64,
    /// MIME type, by its name.
    pub kind: String,
}

/// The line that asks for a file's path.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Prompt {
    /// As typed.
    pub path: Editor,
    /// How it can go on, after Tab.
    pub found: Vec<String>,
    /// It is being looked at.
    pub looking: bool,
    /// What is wrong with it.
    pub error: Option<String>,
}

/// A field that says whom an e-mail goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailField {
    /// To.
    To,
    /// Copies.
    Cc,
    /// Copies that the others do not know of.
    Bcc,
}

impl MailField {
    /// As shown.
    pub fn title(self) -> &'static str {
        match self {
            Self::To => "To",
            Self::Cc => "Cc",
            Self::Bcc => "Bcc",
        }
    }

    /// Its addresses.
    pub fn of(self, whom: &Recipients) -> &Vec<String> {
        match self {
            Self::To => &whom.to,
            Self::Cc => &whom.cc,
            Self::Bcc => &whom.bcc,
        }
    }

    /// The same, to be changed.
    pub fn of_mut(self, whom: &mut Recipients) -> &mut Vec<String> {
        match self {
            Self::To => &mut whom.to,
            Self::Cc => &mut whom.cc,
            Self::Bcc => &mut whom.bcc,
        }
    }
}

/// The line that asks for addresses.
#[derive(Debug, Clone, PartialEq)]
pub struct AddressLine {
    /// For which field.
    pub field: MailField,
    /// As typed.
    pub line: Editor,
    /// What is wrong with it.
    pub error: Option<String>,
}

/// What follows a message once the daemon has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// Resolve the conversation.
    Resolve,
    /// Make it pending.
    Pend,
    /// Snooze it until the customer writes.
    Snooze,
    /// Go to the next conversation.
    Next,
}

impl Then {
    /// As shown while the message is handed in.
    pub fn words(self) -> &'static str {
        match self {
            Self::Resolve => "then resolve",
            Self::Pend => "then pending",
            Self::Snooze => "then snooze",
            Self::Next => "then the next one",
        }
    }
}

/// A status that follows a message, for taking both back.
#[derive(Debug, Clone, PartialEq)]
pub struct Followup {
    /// The message's entry in the outbox.
    pub message: OutboxId,
    /// Whose status.
    pub conversation: ConversationId,
    /// What it becomes, in a word.
    pub label: &'static str,
    /// What it was before.
    pub back: Option<ConversationPatch>,
    /// The daemon has the status too.
    pub taken: bool,
    /// The outbox was read since.
    pub listed: bool,
    /// The status's own entry, while it waits in the outbox.
    pub entry: Option<OutboxId>,
    /// Both are to be taken back as soon as that can be done.
    pub wanted: bool,
    /// The status was taken back.
    pub undone: bool,
}

/// A text being written. Bound to its purpose's ids for as long as it is open.
#[derive(Debug, Clone, PartialEq)]
pub struct Composer {
    /// What it is for.
    pub purpose: Purpose,
    /// The text.
    pub editor: Editor,
    /// The key it was handed in under; gone with the next change of the text.
    pub key: Option<String>,
    /// The failed outbox entry that it takes the place of.
    pub replaces: Option<OutboxId>,
    /// Handed in, not acknowledged yet.
    pub sending: bool,
    /// Why it was not taken.
    pub error: Option<String>,
    /// The customer wrote since it was opened.
    pub news: bool,
    /// A colleague who answered since then.
    pub answered: Option<String>,
    /// It held a draft when it was opened.
    pub restored: bool,
    /// What goes with it.
    pub with: With,
    /// Its completion list.
    pub completing: Completing,
    /// A file's path is asked for.
    pub prompt: Option<Prompt>,
    /// What follows once it was handed in.
    pub then: Option<Then>,
    /// The text as the person's own editor got it.
    pub lent: Option<String>,
    /// What was taken back while this is handed in.
    pub came_back: Option<(String, With)>,
    /// With vim's keys: whether letters are text or commands now.
    pub modal: Option<Modal>,
}

impl Composer {
    /// Whether there is nothing to lose: no text, no file.
    pub fn is_blank(&self) -> bool {
        self.editor.is_blank() && self.with.files.is_empty()
    }

    /// What letters are now, in words; nothing without vim's keys.
    pub fn mode_words(&self) -> Option<&'static str> {
        Some(match self.modal?.begun {
            Some(Vim::Delete) => "normal mode, d …",
            Some(Vim::Change) => "normal mode, c …",
            Some(_) => "normal mode, y …",
            None if self.takes_commands() => "normal mode",
            None => "insert mode",
        })
    }

    /// Whether letters are commands.
    pub fn takes_commands(&self) -> bool {
        self.modal.is_some_and(|modal| modal.commands)
    }
}
