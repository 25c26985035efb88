//! People and bots: the token's own profile, agents, bots, teams.

use serde::Deserialize;

use super::{Attributes, de};
use crate::{Secret, Stamp};

de::words! {
    /// What a user may do in an account.
    Role {
        /// Everything.
        Administrator = "administrator",
        /// The inboxes they are a member of.
        Agent = "agent",
    }
}

impl Default for Role {
    fn default() -> Self {
        Self::Other(String::new())
    }
}

/// The token's own user (`GET /api/v1/profile`, section 1.6). `access_token` is dropped.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Profile {
    /// User id, unique on the installation.
    pub id: i64,
    /// Most recently active account.
    pub account_id: Option<i64>,
    /// Full name.
    #[serde(default, deserialize_with = "de::or_default")]
    pub name: String,
    /// Name shown to customers, if another one was chosen.
    pub display_name: Option<String>,
    /// `display_name`, else `name`.
    #[serde(default, deserialize_with = "de::or_default")]
    pub available_name: String,
    /// Address of the user.
    #[serde(default, deserialize_with = "de::or_default")]
    pub email: String,
    /// Whether the e-mail address was confirmed.
    #[serde(default, deserialize_with = "de::or_default")]
    pub confirmed: bool,
    /// Picture, "" if none.
    #[serde(default, deserialize_with = "de::or_default")]
    pub avatar_url: String,
    /// Text the dashboard appends to e-mails.
    pub message_signature: Option<String>,
    /// Role in the active account.
    pub role: Option<Role>,
    /// Opens the user's websocket streams, of **all** their accounts; rotates with the password (section 11.3).
    #[serde(default, deserialize_with = "de::or_default")]
    pub pubsub_token: Secret,
    /// Memberships.
    #[serde(default, deserialize_with = "de::or_default")]
    pub accounts: Vec<AccountMembership>,
}

impl Profile {
    /// The membership in one account, if there is one.
    pub fn membership(&self, account_id: i64) -> Option<&AccountMembership> {
        self.accounts.iter().find(|at| at.id == account_id)
    }
}

/// A user's place in one account.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct AccountMembership {
    /// Account id.
    pub id: i64,
    /// Account name.
    #[serde(default, deserialize_with = "de::or_default")]
    pub name: String,
    /// "active" or "suspended".
    #[serde(default, deserialize_with = "de::or_default")]
    pub status: String,
    /// Role in this account.
    #[serde(default, deserialize_with = "de::or_default")]
    pub role: Role,
    /// EE permissions of a custom role, else the role's name.
    #[serde(default, deserialize_with = "de::or_default")]
    pub permissions: Vec<String>,
    /// Chosen availability: "online", "offline" or "busy".
    #[serde(default, deserialize_with = "de::or_default")]
    pub availability: String,
    /// Availability as shown, socket presence included.
    #[serde(default, deserialize_with = "de::or_default")]
    pub availability_status: String,
    /// Whether a closed socket makes the user offline.
    #[serde(default, deserialize_with = "de::or_default")]
    pub auto_offline: bool,
    /// Last use of the account.
    #[serde(default)]
    pub active_at: Stamp,
}

/// An agent of the account (section 7.1): the row of `GET agents` and `team_members`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Agent {
    /// User id.
    pub id: i64,
    /// Account.
    pub account_id: Option<i64>,
    /// Full name.
    #[serde(default, deserialize_with = "de::or_default")]
    pub name: String,
    /// Name shown to customers.
    #[serde(default, deserialize_with = "de::or_default")]
    pub available_name: String,
    /// Address.
    #[serde(default, deserialize_with = "de::or_default")]
    pub email: String,
    /// Role in the account.
    #[serde(default, deserialize_with = "de::or_default")]
    pub role: Role,
    /// Whether the invitation was accepted.
    #[serde(default, deserialize_with = "de::or_default")]
    pub confirmed: bool,
    /// "online", "offline" or "busy".
    pub availability_status: Option<String>,
    /// Whether a closed socket makes the agent offline.
    #[serde(default, deserialize_with = "de::or_default")]
    pub auto_offline: bool,
    /// Picture, "" if none.
    #[serde(default, deserialize_with = "de::or_default")]
    pub thumbnail: String,
    /// EE custom role.
    pub custom_role_id: Option<i64>,
    /// Attributes of the account's own.
    #[serde(default, deserialize_with = "de::object")]
    pub custom_attributes: Attributes,
}

/// A team (section 7.1). The answer of an assignment is the raw row: no `is_member` there.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Team {
    /// Team id.
    pub id: i64,
    /// Account.
    pub account_id: Option<i64>,
    /// Name, in lower case.
    #[serde(default, deserialize_with = "de::or_default")]
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Whether conversations of the team are given to its members.
    pub allow_auto_assign: Option<bool>,
    /// Whether the token's user is in it.
    pub is_member: Option<bool>,
}

/// An agent bot. `access_token` and `secret` are dropped.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct AgentBot {
    /// Bot id.
    pub id: i64,
    /// Account; none for a bot of the whole system.
    pub account_id: Option<i64>,
    /// Name shown to customers.
    #[serde(default, deserialize_with = "de::or_default")]
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Where its webhooks go.
    pub outgoing_url: Option<String>,
    /// "webhook".
    pub bot_type: Option<String>,
    /// Picture, "" if none.
    #[serde(default, deserialize_with = "de::or_default")]
    pub thumbnail: String,
    /// Whether it belongs to the system, not to an account.
    pub system_bot: Option<bool>,
}

de::words! {
    /// Whom a conversation is assigned to.
    AssigneeKind {
        /// An agent.
        User = "User",
        /// A bot (4.8+).
        AgentBot = "AgentBot",
    }
}

/// `meta.assignee` of a conversation: an agent partial, a user push or a slim bot.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Assignee {
    /// User or bot id, see `meta.assignee_type`.
    pub id: i64,
    /// Name.
    #[serde(default, deserialize_with = "de::or_default")]
    pub name: String,
    /// Name shown to customers (users).
    pub available_name: Option<String>,
    /// Address (agent partial only).
    pub email: Option<String>,
    /// "online", "offline" or "busy"; null where a job built the payload.
    pub availability_status: Option<String>,
    /// Picture, "" if none.
    #[serde(default, deserialize_with = "de::or_default")]
    pub thumbnail: String,
}

/// A user as pushed: who types, who acted.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct UserRef {
    /// User, contact or bot id, see `kind`.
    pub id: i64,
    /// Name.
    pub name: Option<String>,
    /// "user", "contact" or "agent_bot"; absent for a contact in webhooks.
    #[serde(rename = "type")]
    pub kind: Option<String>,
}
