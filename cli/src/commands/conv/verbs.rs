//! `afenda conv resolve`, `reopen`, `pending`, `snooze` and `priority`: what `status` does, in the words that people type.

use api::inbox::{ConversationPatch, ConversationStatus, Priority};

use super::Several;
use super::change::{NEXT_REPLY, change, until};
use crate::context::Context;
use crate::error::CliError;

/// Mark as done
#[derive(Debug, clap::Args)]
pub(crate) struct Resolve {
    #[command(flatten)]
    conversations: Several,
}

/// Open again
#[derive(Debug, clap::Args)]
pub(crate) struct Reopen {
    #[command(flatten)]
    conversations: Several,
}

/// Set aside as pending
#[derive(Debug, clap::Args)]
pub(crate) struct Pending {
    #[command(flatten)]
    conversations: Several,
}

/// Set aside until later
#[derive(Debug, clap::Args)]
pub(crate) struct Snooze {
    #[command(flatten)]
    conversations: Several,
    /// next-reply, 2h, "tomorrow 9:00", "mon 8", or a date
    #[arg(long, value_name = "WHEN", default_value = NEXT_REPLY)]
    until: String,
}

/// Set or take the priority
#[derive(Debug, clap::Args)]
pub(crate) struct SetPriority {
    #[command(flatten)]
    conversations: Several,
    /// low, medium, high, urgent or none
    level: String,
}

fn status(status: ConversationStatus) -> ConversationPatch {
    ConversationPatch { status: Some(status), ..ConversationPatch::default() }
}

impl Resolve {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        change(ctx, self.conversations.ids, status(ConversationStatus::Resolved)).await
    }
}

impl Reopen {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        change(ctx, self.conversations.ids, status(ConversationStatus::Open)).await
    }
}

impl Pending {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        change(ctx, self.conversations.ids, status(ConversationStatus::Pending)).await
    }
}

impl Snooze {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let patch = ConversationPatch { snoozed_until: until(ctx, &self.until)?, ..status(ConversationStatus::Snoozed) };
        change(ctx, self.conversations.ids, patch).await
    }
}

impl SetPriority {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let level = self.level.to_lowercase();
        if level != "none" {
            level.parse::<Priority>().map_err(|err| CliError::usage(format!("{err}, none")))?;
        }
        change(ctx, self.conversations.ids, ConversationPatch { priority: Some(level), ..ConversationPatch::default() }).await
    }
}
