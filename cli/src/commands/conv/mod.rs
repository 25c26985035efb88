//! `afenda conv`: read and work conversations.

pub(crate) mod attributes;
mod change;
mod create;
mod draft;
mod escalate;
mod export;
mod list;
mod messages;
mod next;
mod send;
mod verbs;
mod view;

pub(crate) use view::browse;

use api::id::ConversationId;
use api::inbox::EffectQuery;

use crate::context::{Context, Session};
use crate::error::CliError;

/// Read and work conversations
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Conv {
    /// List conversations
    List(list::List),
    /// Show a conversation with its newest messages
    View(view::View),
    /// List a conversation's messages, oldest first
    #[command(visible_alias = "message")]
    Messages(messages::Messages),
    /// Begin a conversation with a contact
    #[command(visible_alias = "new")]
    Create(create::Create),
    /// Write to the customer
    Reply(send::Reply),
    /// Write a private note: only the team sees it
    Note(send::Note),
    /// Texts that were not sent, the same as in the inbox
    #[command(subcommand, alias = "drafts")]
    Draft(draft::Draft),
    Next(next::Next),
    /// Give conversations to somebody
    Assign(change::Assign),
    /// Add and remove labels
    Label(change::Label),
    /// Set the status
    Status(change::SetStatus),
    /// Mark as done: the same as `status resolved`
    #[command(visible_alias = "close")]
    Resolve(verbs::Resolve),
    /// Open again: the same as `status open`
    Reopen(verbs::Reopen),
    /// Set aside as pending: the same as `status pending`
    Pending(verbs::Pending),
    /// Set aside until later: the same as `status snoozed`
    Snooze(verbs::Snooze),
    /// Set or take the priority
    Priority(verbs::SetPriority),
    /// Set and remove custom attributes
    Attr(change::Attr),
    /// Mark as read
    Read(change::MarkRead),
    /// Mark as unread from the customer's last message on
    Unread(change::MarkUnread),
    /// Block the contact and resolve the conversation
    Mute(change::Mute),
    /// Unblock the contact; the conversation stays as it is
    Unmute(change::Unmute),
    /// Ask an approver for a decision
    Escalate(escalate::Escalate),
    Export(export::Export),
}

impl Conv {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        match self {
            Self::List(cmd) => cmd.run(ctx).await,
            Self::View(cmd) => cmd.run(ctx).await,
            Self::Messages(cmd) => cmd.run(ctx).await,
            Self::Create(cmd) => cmd.run(ctx).await,
            Self::Reply(cmd) => cmd.run(ctx).await,
            Self::Note(cmd) => cmd.run(ctx).await,
            Self::Draft(cmd) => Box::pin(cmd.run(ctx)).await,
            Self::Next(cmd) => cmd.run(ctx).await,
            Self::Assign(cmd) => cmd.run(ctx).await,
            Self::Label(cmd) => cmd.run(ctx).await,
            Self::Status(cmd) => cmd.run(ctx).await,
            Self::Resolve(cmd) => cmd.run(ctx).await,
            Self::Reopen(cmd) => cmd.run(ctx).await,
            Self::Pending(cmd) => cmd.run(ctx).await,
            Self::Snooze(cmd) => cmd.run(ctx).await,
            Self::Priority(cmd) => cmd.run(ctx).await,
            Self::Attr(cmd) => cmd.run(ctx).await,
            Self::Read(cmd) => cmd.run(ctx).await,
            Self::Unread(cmd) => cmd.run(ctx).await,
            Self::Mute(cmd) => cmd.run(ctx).await,
            Self::Unmute(cmd) => cmd.run(ctx).await,
            Self::Escalate(cmd) => cmd.run(ctx).await,
            Self::Export(cmd) => cmd.run(ctx).await,
        }
    }
}

/// One conversation.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct One {
    /// The conversation: 123, #123, or the address of its page in Chatwoot
    #[arg(value_name = "ID", value_parser = crate::selector::conversation)]
    id: ConversationId,
}

/// Several conversations.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Several {
    /// Conversations: 123, #123, or the addresses of their pages in Chatwoot
    #[arg(required = true, value_name = "ID", value_parser = crate::selector::conversation)]
    ids: Vec<ConversationId>,
}

/// Says on stderr what a write will do besides what it says, before it is made. Where that cannot be told, the write itself says why.
async fn foretell(ctx: &Context, session: &Session, id: ConversationId, query: &EffectQuery) {
    for effect in session.client.effects(id, query).await.unwrap_or_default() {
        ctx.out.note(&crate::text::line(&format!("#{id}: {}", effect.text)));
    }
}

/// How a conversation is named in talk.
fn name(id: &ConversationId) -> String {
    format!("#{id}")
}
