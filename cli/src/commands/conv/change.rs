//! `afenda conv assign`, `label`, `status`, `attr`, `read` and `unread`: changes that go through the outbox.

use api::id::ConversationId;
use api::inbox::{ConversationPatch, ConversationStatus, EffectQuery, LabelChange, Labels};
use jiff::Timestamp;

use crate::context::{Context, each};
use crate::error::CliError;
use crate::selector;

use super::Several;
use super::attributes::Attributes;
use super::list::COLUMNS;

/// Give conversations to somebody
#[derive(Debug, clap::Args)]
pub(crate) struct Assign {
    /// Conversations, and @me or @name
    #[arg(required = true, value_name = "ID|@WHO")]
    items: Vec<String>,
    /// An agent's name or number, or me
    #[arg(long, value_name = "WHO", conflicts_with = "none")]
    to: Option<String>,
    /// A team's name or number, or none
    #[arg(long, value_name = "TEAM")]
    team: Option<String>,
    /// Nobody
    #[arg(long)]
    none: bool,
}

/// Add and remove labels
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("labels").required(true).multiple(true)))]
pub(crate) struct Label {
    #[command(flatten)]
    conversations: Several,
    /// To add
    #[arg(long, value_name = "LABEL", value_delimiter = ',', group = "labels")]
    add: Vec<String>,
    /// To remove
    #[arg(long, value_name = "LABEL", value_delimiter = ',', group = "labels")]
    remove: Vec<String>,
}

/// Set the status
#[derive(Debug, clap::Args)]
pub(crate) struct SetStatus {
    #[command(flatten)]
    conversations: Several,
    /// open, resolved, pending or snoozed
    status: ConversationStatus,
    /// With snoozed: next-reply, 2h, "tomorrow 9:00", "mon 8", or a date
    #[arg(long, value_name = "WHEN", default_value = "next-reply", hide_default_value = true)]
    until: String,
}

/// Set and remove custom attributes
#[derive(Debug, clap::Args)]
pub(crate) struct Attr {
    #[command(flatten)]
    conversations: Several,
    #[command(flatten)]
    attributes: Attributes,
}

/// Mark as read
#[derive(Debug, clap::Args)]
pub(crate) struct MarkRead {
    #[command(flatten)]
    conversations: Several,
}

/// Mark as unread from the customer's last message on
#[derive(Debug, clap::Args)]
pub(crate) struct MarkUnread {
    #[command(flatten)]
    conversations: Several,
}

/// Block the contact and resolve the conversation
#[derive(Debug, clap::Args)]
pub(crate) struct Mute {
    #[command(flatten)]
    conversations: Several,
    /// Wait so many seconds in the outbox, where it can be cancelled
    #[arg(long, value_name = "SECONDS", default_value_t = 0, hide_default_value = true)]
    hold: u32,
}

/// Unblock the contact; the conversation stays as it is
#[derive(Debug, clap::Args)]
pub(crate) struct Unmute {
    #[command(flatten)]
    conversations: Several,
}

impl Mute {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let patch = ConversationPatch { muted: Some(true), hold_seconds: Some(self.hold), ..ConversationPatch::default() };
        change(ctx, self.conversations.ids, patch).await
    }
}

impl Unmute {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        change(ctx, self.conversations.ids, ConversationPatch { muted: Some(false), ..ConversationPatch::default() }).await
    }
}

impl Attr {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let custom_attributes = Some(self.attributes.required()?);
        change(ctx, self.conversations.ids, ConversationPatch { custom_attributes, ..ConversationPatch::default() }).await
    }
}

impl MarkRead {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        change(ctx, self.conversations.ids, ConversationPatch { read: Some(true), ..ConversationPatch::default() }).await
    }
}

impl MarkUnread {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        change(ctx, self.conversations.ids, ConversationPatch { read: Some(false), ..ConversationPatch::default() }).await
    }
}

impl Assign {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let (who, ids): (Vec<String>, Vec<String>) = self.items.into_iter().partition(|item| item.starts_with('@'));
        let mut who: Vec<String> = who.into_iter().chain(self.to).collect();
        if self.none {
            who.push("none".to_owned());
        }
        let ids = ids
            .iter()
            .map(|id| selector::conversation(id).map_err(|err| CliError::usage(format!("`{id}`: {err}"))))
            .collect::<Result<Vec<_>, _>>()?;
        let who = match (who.as_slice(), &self.team) {
            ([], Some(_)) => None,
            ([one], _) => Some(one),
            _ => return Err(CliError::usage("to whom? name one person").hint("afenda conv assign 12 @me; or @name, --team TEAM, --none")),
        };
        if ids.is_empty() {
            return Err(CliError::usage("which conversation?").hint("afenda conv assign 12 @me"));
        }
        let session = ctx.session().await?;
        let assignee = match who {
            Some(who) => Some(selector::assignee(&session, who).await?),
            None => None,
        };
        let team = match self.team.as_deref() {
            None => None,
            Some("none") => Some(0),
            Some(name) => Some(selector::team(&session, name).await?),
        };
        change(ctx, ids, ConversationPatch { assignee, team, ..ConversationPatch::default() }).await
    }
}

impl Label {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let labels = Some(Labels::Change(LabelChange { add: self.add, remove: self.remove }));
        change(ctx, self.conversations.ids, ConversationPatch { labels, ..ConversationPatch::default() }).await
    }
}

impl SetStatus {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        if self.until != NEXT_REPLY && self.status != ConversationStatus::Snoozed {
            return Err(CliError::usage("--until goes with snoozed"));
        }
        let snoozed_until = until(ctx, &self.until)?;
        let patch = ConversationPatch { status: Some(self.status), snoozed_until, ..ConversationPatch::default() };
        change(ctx, self.conversations.ids, patch).await
    }
}

/// Snoozed until the customer writes again.
pub(super) const NEXT_REPLY: &str = "next-reply";

/// The end of a snooze, said in full so that a slip shows.
pub(super) fn until(ctx: &Context, when: &str) -> Result<Option<Timestamp>, CliError> {
    if when == NEXT_REPLY {
        return Ok(None);
    }
    let at = crate::time::parse_moment(when, ctx.out.now).map_err(CliError::usage)?;
    ctx.out.note(&format!("snoozed until {}", crate::time::moment(at, ctx.out.now)));
    Ok(Some(at))
}

pub(super) async fn change(ctx: &mut Context, ids: Vec<ConversationId>, patch: ConversationPatch) -> Result<(), CliError> {
    let session = ctx.session().await?;
    let several = ids.len() > 1;
    let query = EffectQuery { status: patch.status, timed: patch.snoozed_until.is_some(), team: patch.team, message: None };
    each(ctx, ids, super::name, async |ctx, id| {
        if query.status.is_some() || query.team.is_some() {
            super::foretell(ctx, &session, id, &query).await;
        }
        let key = ctx.key(&id.to_string(), several);
        let row =
            session.change(&format!("afenda conv view {id}"), async |client| client.update_conversation(id, &patch, &key).await).await?;
        let assignee = row.assignee.as_ref().map_or("nobody", |agent| agent.name.as_str());
        let labels = if row.labels.is_empty() { "no labels".to_owned() } else { row.labels.join(", ") };
        let waits = if row.pending.is_empty() { String::new() } else { format!("; queued for Chatwoot: {}", row.pending.join(", ")) };
        let sentence = crate::text::line(&format!("#{id}: {}, {assignee}, {labels}{waits}", row.status));
        ctx.out.row(&row, COLUMNS, &sentence)
    })
    .await
}
