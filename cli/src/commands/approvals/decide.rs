//! `afenda approvals approve`, `reject` and `withdraw`.
//!
//! A decision names the revision that was read. On a terminal the card is read right here and the question names it; without one the
//! revision and `-y` must be given.

use std::path::PathBuf;

use api::Code;
use api::approval::{ApprovalView, Decision, Hindrance};

use crate::context::{Context, Session, each};
use crate::error::CliError;
use crate::exit::Exit;
use crate::selector::ApprovalRef;

use super::COLUMNS;
use super::card::{card, hindrance};
use super::diff::diff;

/// Which approvals, at which revision.
#[derive(Debug, clap::Args)]
struct Which {
    /// Approvals: AP-42, or AP-42@2 with the revision that was read
    #[arg(required = true, value_name = "ID[@REV]")]
    ids: Vec<ApprovalRef>,
    /// The revision that was read
    #[arg(long, value_name = "REV", value_parser = clap::value_parser!(u32).range(1..))]
    rev: Option<u32>,
    /// Whatever is the newest revision, read or not
    #[arg(long, conflicts_with = "rev")]
    latest: bool,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
}

/// Approve what was read
#[derive(Debug, clap::Args)]
pub(crate) struct Approve {
    #[command(flatten)]
    which: Which,
    /// A comment
    #[arg(short, long, value_name = "TEXT")]
    message: Option<String>,
}

/// Reject what was read, with a reason
#[derive(Debug, clap::Args)]
pub(crate) struct Reject {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    reason: Reason,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Reason {
    /// Why
    #[arg(short, long, value_name = "REASON")]
    message: Option<String>,
    /// A file with the reason; - reads standard input
    #[arg(short = 'F', long, value_name = "FILE")]
    message_file: Option<PathBuf>,
}

/// Take back your own request
#[derive(Debug, clap::Args)]
pub(crate) struct Withdraw {
    /// Approvals: AP-42, or AP-42@2 with the revision that was read [default: the newest]
    #[arg(required = true, value_name = "ID[@REV]")]
    ids: Vec<ApprovalRef>,
    /// The revision that was read
    #[arg(long, value_name = "REV", value_parser = clap::value_parser!(u32).range(1..))]
    rev: Option<u32>,
    /// Why
    #[arg(short, long, value_name = "TEXT")]
    message: Option<String>,
}

impl Approve {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        decide(ctx, self.which, "approve", self.message).await
    }
}

impl Reject {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let reason = crate::body::read(self.reason.message, self.reason.message_file)?;
        let reason = reason.ok_or_else(|| CliError::usage("a rejection needs a reason").hint("say why with -m REASON"))?;
        decide(ctx, self.which, "reject", Some(reason)).await
    }
}

impl Withdraw {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let targets = revisions(self.ids, self.rev)?;
        let session = ctx.session().await?;
        let several = targets.len() > 1;
        let comment = self.message;
        each(
            ctx,
            targets,
            |target| target.id.clone(),
            async |ctx, target| {
                let revision = match target.revision {
                    Some(revision) => revision,
                    None => session.call(async |client| client.approval(&target.id).await).await?.revision,
                };
                let key = ctx.key(&target.id, several);
                send(ctx, &session, &target.id, "withdraw", revision, comment.as_deref(), &key).await
            },
        )
        .await
    }
}

/// Puts `--rev` and `@REV` together.
fn revisions(mut ids: Vec<ApprovalRef>, rev: Option<u32>) -> Result<Vec<ApprovalRef>, CliError> {
    let twice = |(at, one): (usize, &ApprovalRef)| ids[..at].iter().find(|other| other.id == one.id && **other != *one).cloned();
    if let Some(one) = ids.iter().enumerate().find_map(twice) {
        return Err(CliError::usage(format!("{} is named twice, with different revisions", one.id)));
    }
    let Some(rev) = rev else { return Ok(ids) };
    let [one] = ids.as_mut_slice() else {
        return Err(CliError::usage("--rev names one revision, but there are several approvals")
            .hint("give each its own: afenda approvals approve AP-42@2 AP-43@1"));
    };
    if one.revision.is_some_and(|other| other != rev) {
        return Err(CliError::usage(format!("--rev {rev} and {}@{} disagree", one.id, one.revision.unwrap_or_default())));
    }
    one.revision = Some(rev);
    Ok(ids)
}

async fn decide(ctx: &mut Context, which: Which, verb: &'static str, comment: Option<String>) -> Result<(), CliError> {
    let targets = revisions(which.ids, which.rev)?;
    // What changes nothing needs no consent, and takes the revision that there is.
    let which = Which { ids: Vec::new(), yes: which.yes || ctx.globals.dry_run, ..which };
    let ask = !which.yes && ctx.can_ask();
    let named = |target: &ApprovalRef| target.revision.is_some() || which.latest || ctx.globals.dry_run;
    if !ask && let Some(target) = targets.iter().find(|target| !named(target) || !which.yes) {
        return Err(unread(target, verb, which.yes));
    }
    let session = ctx.session().await?;
    let several = targets.len() > 1;
    each(
        ctx,
        targets,
        |target| target.id.clone(),
        async |ctx, target| {
            let key = ctx.key(&target.id, several);
            let comment = comment.as_deref();
            match target.revision {
                Some(revision) if which.yes => send(ctx, &session, &target.id, verb, revision, comment, &key).await,
                None if which.yes => {
                    let newest = session.call(async |client| client.approval(&target.id).await).await?.revision;
                    send(ctx, &session, &target.id, verb, newest, comment, &key).await
                }
                read => ask_and_send(ctx, &session, &target.id, read, verb, comment).await,
            }
        },
    )
    .await
}

/// Without a terminal nothing was read here, so the caller must say what was read elsewhere.
fn unread(target: &ApprovalRef, verb: &str, yes: bool) -> CliError {
    let id = &target.id;
    let reason = if verb == "reject" { " -m REASON" } else { "" };
    let message = match (target.revision, yes) {
        (None, true) => format!("-y needs the revision of {id} that was read"),
        (Some(_), _) => format!("without a terminal to ask on, deciding {id} needs -y"),
        (None, false) => format!("without a terminal to ask on, deciding {id} needs the revision that was read, and -y"),
    };
    let revision = target.revision.map_or_else(|| "REV".to_owned(), |revision| revision.to_string());
    CliError::usage(message).about(id).hint(format!(
        "read it with `afenda approvals view {id}`, then `afenda approvals {verb} {id}@{revision}{reason} -y`; or decide on a terminal: \
         `ssh -t HOST afenda approvals {verb} {id}{reason}`"
    ))
}

/// Shows the card, asks and decides. Where it was changed meanwhile, says what, shows it again and asks again.
async fn ask_and_send(
    ctx: &mut Context,
    session: &Session,
    id: &str,
    read: Option<u32>,
    verb: &str,
    comment: Option<&str>,
) -> Result<(), CliError> {
    let mut approval = session.call(async |client| client.approval(id).await).await?;
    loop {
        let text = card(&approval, &ctx.out.shown());
        ctx.out.raw(&text)?;
        let revision = confirm(&approval, read, verb)?;
        // Another revision is another decision, so it has a key of its own.
        let key = ctx.key(&format!("{id}@{revision}"), true);
        match send(ctx, session, id, verb, revision, comment, &key).await {
            Err(err) if err.code == Code::StaleRevision.as_str() && read.is_none() => {
                approval = session.call(async |client| client.approval(id).await).await?;
                ctx.out.note(&format!("{} was changed meanwhile", approval.reference));
                let changes = session.call(async |client| client.approval_changes(id, Some(revision)).await).await?;
                let text = diff(&approval, &changes, ctx.out.color);
                ctx.out.raw(&format!("{text}\n"))?;
            }
            done => return done,
        }
    }
}

/// Asks; the answer is about the revision shown.
fn confirm(approval: &ApprovalView, read: Option<u32>, verb: &str) -> Result<u32, CliError> {
    may_decide(approval)?;
    if let Some(read) = read.filter(|read| *read != approval.revision) {
        // The daemon says what changed.
        return Ok(read);
    }
    if crate::ask::yes(&question(approval, verb))? { Ok(approval.revision) } else { Err(undecided()) }
}

/// Nobody said yes.
pub(super) fn undecided() -> CliError {
    CliError::new(Exit::Failed, "NOT_CONFIRMED", "nothing was decided")
}

/// Whether the reader may decide it.
///
/// # Errors
/// Why not.
pub(super) fn may_decide(approval: &ApprovalView) -> Result<(), CliError> {
    match approval.hindrance {
        Some(why @ (Hindrance::OwnRequest | Hindrance::OwnRevision | Hindrance::MaybeOwnRequest)) => {
            Err(CliError::new(Exit::Forbidden, "OWN_REQUEST", format!("you {}", hindrance(why))))
        }
        Some(why @ Hindrance::NotAnApprover) => Err(CliError::new(Exit::Forbidden, "FORBIDDEN", format!("you {}", hindrance(why)))),
        _ => Ok(()),
    }
}

/// What is asked before a decision.
pub(super) fn question(approval: &ApprovalView, verb: &str) -> String {
    let mut word = verb.to_owned();
    if let Some(first) = word.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    format!("\n{word} {} revision {}? [y/N] ", approval.reference, approval.revision)
}

/// Decides, under a key that makes a repeat harmless, and prints what came of it.
pub(super) async fn send(
    ctx: &mut Context,
    session: &Session,
    id: &str,
    verb: &str,
    revision: u32,
    comment: Option<&str>,
    key: &str,
) -> Result<(), CliError> {
    let decision = Decision { revision: Some(revision), comment: comment.map(str::to_owned) };
    let decided =
        session.change(&format!("afenda approvals view {id}"), async |client| client.decide(id, verb, &decision, key).await).await?;
    let title = crate::text::line(&decided.title);
    ctx.out.row(&decided, COLUMNS, &format!("{} {} at revision {}: {title}", decided.reference, decided.status, decided.revision))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revisions_come_from_either_place_and_must_agree() {
        let ids = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<ApprovalRef>>();
        assert_eq!(revisions(ids(&["AP-1"]), Some(2)).unwrap(), ids(&["AP-1@2"]));
        assert_eq!(revisions(ids(&["AP-1@2"]), Some(2)).unwrap(), ids(&["AP-1@2"]));
        assert_eq!(revisions(ids(&["AP-1@2", "AP-2@1"]), None).unwrap(), ids(&["AP-1@2", "AP-2@1"]));
        assert_eq!(revisions(ids(&["AP-1@1"]), Some(2)).unwrap_err().exit, Exit::Usage);
        assert_eq!(revisions(ids(&["AP-1", "AP-2"]), Some(2)).unwrap_err().exit, Exit::Usage);
    }

    #[test]
    fn what_is_missing_is_said_with_the_way_out() {
        for (target, yes, needs) in [("AP-1", true, "revision"), ("AP-1@2", false, "needs -y"), ("AP-1", false, "and -y")] {
            let err = unread(&target.parse().unwrap(), "approve", yes);
            assert_eq!(err.exit, Exit::Usage);
            assert!(err.message.contains(needs), "{}", err.message);
            assert!(err.hint.unwrap().contains("ssh -t"));
        }
    }
}
