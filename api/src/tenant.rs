//! Tenants and the caller.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::TenantId;
use crate::inbox::words;
use std::{fmt, str::FromStr};

words!(
    /// What a user may do in a tenant, most first.
    Role {
        /// Everything.
        Owner = "owner",
        /// Everything but what belongs to the owner.
        Admin = "admin",
        /// Reads, decides approvals, works conversations.
        Approver = "approver",
        /// Works conversations, asks for approvals.
        Member = "member",
        /// Reads.
        Viewer = "viewer",
    }
);

impl Role {
    /// May change conversations, write messages and ask for approvals.
    pub fn may_work(self) -> bool {
        !matches!(self, Self::Viewer)
    }

    /// May look after the daemon: see what arrives from Chatwoot, try it again, drop it, set the webhook up.
    pub fn may_administer(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }

    /// May decide approvals.
    pub fn may_decide(self) -> bool {
        matches!(self, Self::Owner | Self::Admin | Self::Approver)
    }
}

/// A tenant the caller belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TenantView {
    /// Its id.
    pub id: TenantId,
    /// Its short name, as in the config and `X-Afenda-Tenant`.
    pub slug: String,
    /// As shown.
    pub name: String,
    /// The caller's role in it.
    pub role: Role,
    /// Whether it is the caller's default.
    pub default: bool,
    /// What the addresses of its pages in Chatwoot begin with, such as `https://chat.example.com/app/accounts/1/`; empty without an account.
    #[serde(default)]
    pub url: String,
}

/// The caller's Chatwoot agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LinkedAgent {
    /// Chatwoot's user id.
    pub id: i64,
    /// As Chatwoot shows it.
    pub name: String,
    /// Whether replies go out with this agent's own token; if not, Chatwoot shows the service user as their author.
    pub own_token: bool,
}

/// The caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MeView {
    /// The user's name in the config.
    pub user: String,
    /// As shown.
    pub name: String,
    /// The role in the tenant of this request.
    pub role: Role,
    /// The tenant of this request.
    pub tenant: TenantView,
    /// The Chatwoot agent, when one is set and known.
    pub agent: Option<LinkedAgent>,
    /// Seconds that a reply waits before it leaves.
    pub hold_seconds: u32,
}

/// An agent's own Chatwoot access token, to be used for what they write. It is taken in and never given out.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkChatwoot {
    /// From the profile page of Chatwoot.
    #[schema(value_type = String)]
    pub token: crate::token::Token,
}
