//! `afenda approvals wait`: told by the event stream, never by asking again and again.

use std::collections::BTreeMap;

use api::approval::{ApprovalStatus, ApprovalView};
use api::event::SubjectType;

use crate::commands::events::{Follow, Heard};
use crate::context::{Context, Session};
use crate::error::CliError;
use crate::exit::Exit;
use crate::selector::ApprovalRef;

use super::COLUMNS;

/// Wait until it is decided: 0 approved, 12 rejected, 13 expired or withdrawn, 124 not by --timeout
#[derive(Debug, clap::Args)]
pub(crate) struct Wait {
    /// Approvals: AP-42
    #[arg(required = true, value_name = "ID")]
    ids: Vec<ApprovalRef>,
    /// Until one of them is decided
    #[arg(long)]
    any: bool,
}

impl Wait {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let session = ctx.session().await?;
        let exit = self.all(ctx, &session).await?;
        if exit == Exit::Done { Ok(()) } else { Err(CliError::told(exit)) }
    }

    async fn all(self, ctx: &mut Context, session: &Session) -> Result<Exit, CliError> {
        let mut follow = Follow::new(session, None);
        // What is waited for, by the API's id, in the words it was asked for.
        let mut open: BTreeMap<String, String> = BTreeMap::new();
        let mut asked: Vec<String> = self.ids.into_iter().map(|id| id.id).collect();
        let mut worst = Exit::Done;
        loop {
            let due: Vec<String> = match follow.next().await? {
                // The stream stands: from now on nothing is missed, so now is the time to read.
                Heard::Ready | Heard::Reset { .. } => {
                    let again = open.keys().cloned().collect::<Vec<_>>();
                    std::mem::take(&mut asked).into_iter().chain(again).collect()
                }
                Heard::Activity(activity) if activity.subject_type == SubjectType::Approval && open.contains_key(&activity.subject_id) => {
                    vec![activity.subject_id.clone()]
                }
                Heard::Activity(_) => continue,
                Heard::Note(note) => {
                    ctx.out.note(&note);
                    continue;
                }
            };
            for id in due {
                let approval = session.call(async |client| client.approval(&id).await).await.map_err(|err| err.about(&id))?;
                let key = approval.id.to_string();
                match outcome(&approval) {
                    None => {
                        open.insert(key, id);
                    }
                    Some(exit) => {
                        open.remove(&key);
                        let by = approval.decided_by.as_ref().map(|by| format!(" by {}", by.name)).unwrap_or_default();
                        let said = approval.comment.as_ref().map(|comment| format!(": {comment}")).unwrap_or_default();
                        let sentence = crate::text::line(&format!("{} {}{by}{said}", approval.reference, approval.status));
                        ctx.out.row(&approval, COLUMNS, &sentence)?;
                        if self.any {
                            return Ok(exit);
                        }
                        worst = worse(worst, exit);
                    }
                }
            }
            if open.is_empty() && asked.is_empty() {
                return Ok(worst);
            }
        }
    }
}

pub(super) fn outcome(approval: &ApprovalView) -> Option<Exit> {
    match approval.status {
        ApprovalStatus::Draft | ApprovalStatus::Submitted => None,
        ApprovalStatus::Approved => Some(Exit::Done),
        ApprovalStatus::Rejected => Some(Exit::Rejected),
        ApprovalStatus::Withdrawn | ApprovalStatus::Expired => Some(Exit::Lapsed),
    }
}

/// A rejection outweighs what lapsed, and both outweigh a yes.
fn worse(a: Exit, b: Exit) -> Exit {
    let rank = |exit: Exit| match exit {
        Exit::Done => 0,
        Exit::Lapsed => 1,
        _ => 2,
    };
    if rank(b) > rank(a) { b } else { a }
}
