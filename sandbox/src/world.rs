//! The world a sandbox starts from: the shape of `conformance/world.json`, extended by conversations and a script.
//!
//! Everything is named by a `key`; ids and tokens are made from the seed. `{{hooks}}` in a URL stands for
//! [`crate::Options::hooks`]; an address that holds it is left out when there are none.

use std::{collections::BTreeMap, fs, path::Path};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::SandboxError;

/// Accounts, people, inboxes and what they hold when the sandbox starts, and again after each reset.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct World {
    /// At least one; the first is the one webhooks set at run time belong to.
    pub accounts: Vec<AccountSeed>,
    /// Each belongs to one account.
    pub users: Vec<UserSeed>,
    /// API, website and e-mail inboxes.
    pub inboxes: Vec<InboxSeed>,
    /// Teams of the first account.
    pub teams: Vec<TeamSeed>,
    /// Account labels of the first account.
    pub labels: Vec<LabelSeed>,
    /// Canned responses of the first account.
    pub canned_responses: Vec<CannedSeed>,
    /// Custom attribute definitions of the first account.
    pub custom_attributes: Vec<AttributeSeed>,
    /// One agent bot of the first account, attached to no inbox.
    pub bot: Option<BotSeed>,
    /// One account webhook.
    pub webhook: Option<WebhookSeed>,
    /// Contacts of the first account.
    pub contacts: Vec<ContactSeed>,
    /// History of the first account, oldest first.
    pub conversations: Vec<ConversationSeed>,
    /// Whether e-mail inboxes can send; without it every reply there fails, as on a Chatwoot without SMTP.
    pub mail_server: bool,
    /// Customers who write while the sandbox runs, once [`crate::Options::run_script`] is set.
    pub script: Vec<CustomerSeed>,
}

/// An account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccountSeed {
    /// Name in this file.
    pub key: String,
    /// Shown name.
    pub name: String,
}

/// What a user may do in the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees the inboxes it is a member of.
    Agent,
    /// Sees and changes everything.
    Administrator,
}

impl Role {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Role::Agent => "agent",
            Role::Administrator => "administrator",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word {
            "agent" => Some(Role::Agent),
            "administrator" => Some(Role::Administrator),
            _ => None,
        }
    }
}

/// A person who answers customers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UserSeed {
    /// Name in this file and in [`crate::Running::tokens`].
    pub key: String,
    /// Key of the account.
    pub account: String,
    /// Agent or administrator.
    pub role: Role,
    /// Shown name.
    pub name: String,
    /// Address, unique on the installation.
    pub email: String,
    /// What it signs in with; without one the password of the recordings' users, `Sesame!Open42`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

/// The channel of an inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// `Channel::Api`, the one the public client API writes to.
    Api,
    /// `Channel::WebWidget`.
    WebWidget,
    /// `Channel::Email`.
    Email,
    /// `Channel::Whatsapp`.
    Whatsapp,
}

impl Channel {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Channel::Api => "Channel::Api",
            Channel::WebWidget => "Channel::WebWidget",
            Channel::Email => "Channel::Email",
            Channel::Whatsapp => "Channel::Whatsapp",
        }
    }
}

/// An inbox.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InboxSeed {
    /// Name in this file.
    pub key: String,
    /// Key of the account.
    pub account: String,
    /// Channel.
    #[serde(rename = "type")]
    pub channel: Channel,
    /// Shown name.
    pub name: String,
    /// Where an API inbox sends its webhooks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_url: Option<String>,
    /// Site of a website inbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub website_url: Option<String>,
    /// Address of an e-mail inbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Number of a WhatsApp inbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// Templates of a WhatsApp inbox, as WhatsApp Cloud lists them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub message_templates: Vec<serde_json::Value>,
    /// Keys of the agents in it.
    #[serde(default)]
    pub members: Vec<String>,
    /// Whether open conversations go to an agent who is online, as on a fresh Chatwoot.
    #[serde(default = "yes")]
    pub auto_assignment: bool,
}

fn yes() -> bool {
    true
}

/// A team.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TeamSeed {
    /// Name in this file.
    pub key: String,
    /// Shown name, lower case.
    pub name: String,
    /// Shown below the name.
    #[serde(default)]
    pub description: String,
    /// Keys of its users.
    #[serde(default)]
    pub members: Vec<String>,
}

/// An account label.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LabelSeed {
    /// Lower case, unique.
    pub title: String,
    /// `#rrggbb`.
    pub color: String,
    /// Shown beside it.
    #[serde(default)]
    pub description: String,
}

/// A canned response.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CannedSeed {
    /// What an agent types after the slash.
    pub short_code: String,
    /// What it becomes; may hold Liquid.
    pub content: String,
}

/// A custom attribute definition.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AttributeSeed {
    /// `conversation_attribute` or `contact_attribute`.
    pub model: String,
    /// `text`, `number`, `list`, …
    #[serde(rename = "type")]
    pub display_type: String,
    /// Key in `custom_attributes`.
    pub key: String,
    /// Shown name.
    pub name: String,
    /// Shown below the name.
    #[serde(default)]
    pub description: String,
    /// Choices of a list.
    #[serde(default)]
    pub values: Vec<String>,
}

/// An agent bot.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BotSeed {
    /// Shown name.
    pub name: String,
    /// Shown below the name.
    #[serde(default)]
    pub description: String,
    /// Where its events go.
    pub outgoing_url: String,
}

/// An account webhook.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WebhookSeed {
    /// Key of the account.
    pub account: String,
    /// Target; only loopback addresses are ever called.
    pub url: String,
    /// Events it wants.
    pub subscriptions: Vec<String>,
}

/// A customer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ContactSeed {
    /// Name in this file.
    #[serde(default)]
    pub key: String,
    /// Shown name.
    pub name: String,
    /// Lower-case address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// `+` and digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// The shop's own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identifier: Option<String>,
    /// Key of an inbox it can be written to in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox: Option<String>,
    /// Values of defined attributes.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub custom_attributes: Map<String, Value>,
}

/// A conversation of the past.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConversationSeed {
    /// Key of the inbox.
    pub inbox: String,
    /// Key of the contact.
    pub contact: String,
    /// `open` (also when empty), `pending`, `resolved`, `snoozed`.
    pub status: String,
    /// Key of the agent who has it.
    pub assignee: Option<String>,
    /// Key of the team.
    pub team: Option<String>,
    /// `low`, `medium`, `high`, `urgent`.
    pub priority: Option<String>,
    /// Label titles.
    pub labels: Vec<String>,
    /// A snoozed one wakes that many minutes after the start.
    pub snoozed_for_min: Option<i64>,
    /// Values of defined attributes.
    pub custom_attributes: Map<String, Value>,
    /// `mail_subject`, `referer` and the like.
    pub additional_attributes: Map<String, Value>,
    /// The thread, oldest first.
    pub messages: Vec<MessageSeed>,
}

/// A message of the past.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MessageSeed {
    /// `customer`, `activity`, `bot`, or a user's key.
    pub from: String,
    /// Words.
    pub text: String,
    /// Minutes before the start.
    pub ago_min: i64,
    /// A note for colleagues.
    pub private: bool,
    /// Files that came with it.
    pub files: Vec<FileSeed>,
}

/// A small text file or picture.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FileSeed {
    /// File name.
    pub name: String,
    /// MIME type.
    #[serde(rename = "type")]
    pub content_type: String,
    /// Its content, when it is text.
    pub text: String,
    /// Its content otherwise.
    pub base64: String,
}

/// A customer who writes while the sandbox runs; also the body of `POST /sandbox/customers`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CustomerSeed {
    /// Who writes; found again by identifier, address or number, else made.
    pub contact: ContactSeed,
    /// Key or id of the inbox, as text.
    pub inbox: String,
    /// What is written, in turn.
    pub texts: Vec<String>,
    /// Pause between two messages; 0 is a burst.
    pub every_ms: u64,
    /// How many messages; 0 means each text once.
    pub count: u64,
    /// Pause before the first.
    pub after_ms: u64,
    /// Whether each message starts a conversation of its own.
    pub new_conversation_each: bool,
    /// What stands over each, in an e-mail inbox.
    pub mail: MailSeed,
}

/// What stands over a customer's mail.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MailSeed {
    /// Who sends it; the contact's address when empty.
    pub from: String,
    /// Whom it is to; the inbox's address when empty.
    pub to: Vec<String>,
    /// Who has a copy.
    pub cc: Vec<String>,
    /// Subject; none when empty.
    pub subject: String,
}

impl World {
    /// Reads a world file.
    ///
    /// # Errors
    /// When the file cannot be read, is no world, or names a key that is not there.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, SandboxError> {
        let path = path.as_ref();
        let raw = fs::read(path).map_err(|source| SandboxError::WorldFile { path: path.to_owned(), source })?;
        Self::from_slice(&raw)
    }

    /// Reads a world from JSON.
    ///
    /// # Errors
    /// When it is no world, or names a key that is not there.
    pub fn from_slice(json: &[u8]) -> Result<Self, SandboxError> {
        let world: World = serde_json::from_slice(json).map_err(SandboxError::WorldJson)?;
        world.check()?;
        Ok(world)
    }

    /// Checks that every key that is used is defined, so that seeding cannot fail.
    pub(crate) fn check(&self) -> Result<(), SandboxError> {
        let missing = |kind: &str, key: &str| Err(SandboxError::World(format!("there is no {kind} with the key {key:?}")));
        let account = |key: &str| self.accounts.iter().any(|a| a.key == key);
        let user = |key: &str| self.users.iter().any(|u| u.key == key);
        let inbox = |key: &str| self.inboxes.iter().any(|i| i.key == key);
        if self.accounts.is_empty() {
            return Err(SandboxError::World("a world needs an account".into()));
        }
        for key in self.users.iter().map(|u| &u.account).chain(self.inboxes.iter().map(|i| &i.account)) {
            if !account(key) {
                return missing("account", key);
            }
        }
        for key in self.inboxes.iter().flat_map(|i| &i.members).chain(self.teams.iter().flat_map(|t| &t.members)) {
            if !user(key) {
                return missing("user", key);
            }
        }
        for key in self.contacts.iter().filter_map(|c| c.inbox.as_ref()).chain(self.conversations.iter().map(|c| &c.inbox)) {
            if !inbox(key) {
                return missing("inbox", key);
            }
        }
        for c in &self.conversations {
            if !self.contacts.iter().any(|k| k.key == c.contact) {
                return missing("contact", &c.contact);
            }
            if let Some(key) = c.assignee.as_ref().filter(|k| !user(k)) {
                return missing("user", key);
            }
            if let Some(key) = c.team.as_ref().filter(|k| !self.teams.iter().any(|t| t.key == **k)) {
                return missing("team", key);
            }
        }
        let mut seen = BTreeMap::new();
        for u in &self.users {
            if let Some(other) = seen.insert(u.email.to_lowercase(), &u.key) {
                return Err(SandboxError::World(format!("{other:?} and {:?} have the same address", u.key)));
            }
        }
        Ok(())
    }
}
