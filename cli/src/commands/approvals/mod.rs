//! `afenda approvals`: read and decide approvals.

mod card;
mod decide;
mod diff;
mod list;
mod next;
mod request;
mod view;
mod wait;

use api::approval::ApprovalView;

use crate::context::Context;
use crate::error::CliError;
use crate::output::{Column, column, flexible, naming, spare};

pub(crate) use card::card;

/// Read and decide approvals
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Approvals {
    /// List approvals
    List(list::List),
    /// Show an approval as the approver sees it: revision, digest, conversation
    View(view::View),
    /// Open the oldest that waits for you: a then y approves, r rejects
    Next(next::Next),
    /// Approve what was read
    Approve(decide::Approve),
    /// Reject what was read, with a reason
    Reject(decide::Reject),
    /// Take back your own request
    Withdraw(decide::Withdraw),
    /// Wait until it is decided: 0 approved, 12 rejected, 13 expired or withdrawn, 124 timed out
    Wait(wait::Wait),
    /// Ask for a decision
    Request(request::Request),
}

impl Approvals {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        match self {
            Self::List(cmd) => cmd.run(ctx).await,
            Self::View(cmd) => cmd.run(ctx).await,
            Self::Next(cmd) => cmd.run(ctx).await,
            Self::Approve(cmd) => cmd.run(ctx).await,
            Self::Reject(cmd) => cmd.run(ctx).await,
            Self::Withdraw(cmd) => cmd.run(ctx).await,
            Self::Wait(cmd) => cmd.run(ctx).await,
            Self::Request(cmd) => cmd.run(ctx).await,
        }
    }
}

/// The columns of an approval list.
pub(crate) const COLUMNS: &[Column<ApprovalView>] = &[
    column("ID", |row, _| row.reference.to_string()),
    spare(flexible("KIND", |row, _| row.kind.clone())),
    flexible("TITLE", |row, _| row.title.clone()),
    flexible("REQUESTED BY", |row, _| row.requester.name.clone()),
    column("AGE", |row, shown| shown.age(row.submitted_at.unwrap_or(row.created_at))),
    spare(column("EXPIRES", |row, shown| row.expires_at.map(|at| shown.until(at)).unwrap_or_default())),
    spare(column("REV", |row, _| row.revision.to_string())),
    column("STATE", |row, _| row.status.to_string()),
    // With the revision, so that a script which lists and then decides cannot decide what changed in between.
    naming(|row, _| format!("{}@{}", row.reference, row.revision)),
];
