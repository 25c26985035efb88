//! `afenda webhooks`: what arrives from Chatwoot, and the webhook that sends it.

use std::time::Duration;

use api::id::WebhookId;
use api::page::LIMIT_MAX;
use api::webhook::{InstallView, NewInstall, NewPurge, WebhookQuery, WebhookState, WebhookView};
use jiff::ToSpan;

use crate::context::{Context, Session, each};
use crate::error::CliError;
use crate::output::{Column, Shown, column, flexible, spare};
use crate::rows::Rows;
use crate::text;
use crate::time::parse_duration;

/// What arrives from Chatwoot, and the webhook that sends it (owners and admins)
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Webhooks {
    /// List webhooks, newest first
    List(List),
    /// Show one, with its body until it is done
    Show(Show),
    /// Work dead letters off again, or at once what waits for its next try
    Replay(Replay),
    /// Drop dead letters; by themselves they go after 30 days
    Purge(Purge),
    /// Make the account webhook in Chatwoot, or put it right; the same again changes nothing
    Install(Install),
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// received, done or dead
    #[arg(short, long, value_name = "STATE")]
    state: Option<WebhookState>,
    #[command(flatten)]
    rows: Rows<30>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// The webhook, as `afenda webhooks list` names it
    #[arg(value_name = "ID", value_parser = parse_id)]
    id: WebhookId,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Replay {
    /// Webhooks, as `afenda webhooks list` names them
    #[arg(required_unless_present = "all", value_name = "ID", value_parser = parse_id)]
    ids: Vec<WebhookId>,
    /// Every dead letter
    #[arg(long, conflicts_with = "ids")]
    all: bool,
}

#[derive(Debug, clap::Args)]
#[group(id = "which", required = true, multiple = false, args = ["ids", "all", "older_than"])]
pub(crate) struct Purge {
    /// Dead letters, as `afenda webhooks list` names them
    #[arg(value_name = "ID", num_args = 1.., value_parser = parse_id)]
    ids: Vec<WebhookId>,
    /// Every dead letter
    #[arg(long)]
    all: bool,
    /// Those that arrived longer ago than this, such as 2d
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    older_than: Option<Duration>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Install {
    /// The address at which Chatwoot reaches the daemon, such as `https://desk.example.com` [default: where the webhook points already]
    #[arg(value_name = "URL")]
    at: Option<String>,
    /// Take a new secret; the old one stays accepted for an hour
    #[arg(long)]
    rotate: bool,
}

fn parse_id(text: &str) -> Result<WebhookId, String> {
    text.parse().map_err(|_| "expected the UUID of a webhook".to_owned())
}

const COLUMNS: &[Column<WebhookView>] = &[
    column("ID", |row, _| row.id.to_string()),
    column("RECEIVED", |row, shown| shown.age(row.received_at)),
    flexible("EVENT", |row, _| row.event.clone()),
    column("STATE", |row, _| row.state.to_string()),
    spare(column("TRIES", |row, _| row.attempts.to_string())),
    spare(column("NEXT TRY", |row, shown| row.next_try_at.map(|at| shown.until(at)).unwrap_or_default())),
    flexible("ERROR", |row, _| row.error.clone().unwrap_or_default()),
];

const INSTALLED: &[Column<InstallView>] = &[
    column("ID", |row, _| row.webhook_id.to_string()),
    column("OUTCOME", |row, _| row.outcome.to_string()),
    column("SIGNED", |row, _| row.signed.to_string()),
    column("URL", |row, _| row.url.clone()),
    column("EVENTS", |row, _| row.subscriptions.join(",")),
];

impl Webhooks {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let session = ctx.session().await?;
        match self {
            Self::List(list) => {
                let (rows, total) = pages(&session, list.state, list.rows.most()).await?;
                ctx.part(&rows, total, COLUMNS, "no webhook fits")?;
                tell_last(ctx, &session).await
            }
            Self::Show(show) => {
                let id = show.id;
                let row = session.call(async |client| client.webhook(id).await).await.map_err(|err| err.about(id.to_string()))?;
                let words = card(&row, &ctx.out.shown())?;
                ctx.out.thing(&row, |_| words)
            }
            Self::Replay(replay) => {
                let ids = match replay.all {
                    true => pages(&session, Some(WebhookState::Dead), u32::MAX).await?.0.into_iter().map(|row| row.id).collect(),
                    false => replay.ids,
                };
                let several = ids.len() > 1;
                each(ctx, ids, WebhookId::to_string, async |ctx, id| {
                    let key = ctx.key(&id.to_string(), several);
                    let row =
                        session.change(&format!("afenda webhooks show {id}"), async |client| client.replay_webhook(id, &key).await).await?;
                    ctx.out.row(&row, COLUMNS, &format!("{} is worked off again", row.event))
                })
                .await
            }
            Self::Purge(purge) => {
                let before = purge.older_than.map(|age| {
                    let seconds = i64::try_from(age.as_secs()).unwrap_or(i64::MAX);
                    ctx.out.now.checked_sub(seconds.seconds()).map_err(|err| CliError::usage("that is too long ago").because(err))
                });
                let purge = NewPurge { ids: purge.ids, before: before.transpose()? };
                let key = ctx.key("purge", false);
                let done = session.change("afenda webhooks list", async |client| client.purge_webhooks(&purge, &key).await).await?;
                let columns: &[Column<api::webhook::PurgeView>] = &[column("PURGED", |row, _| row.purged.to_string())];
                ctx.out.row(&done, columns, &format!("{} dead letters dropped", done.purged))
            }
            Self::Install(install) => {
                let new = NewInstall { url: install.at, rotate: install.rotate };
                let key = ctx.key("install", false);
                let done = session.change("afenda doctor", async |client| client.install_webhook(&new, &key).await).await?;
                ctx.out.row(&done, INSTALLED, &format!("webhook #{} at {}: {}", done.webhook_id, done.url, done.outcome))?;
                for warning in &done.warnings {
                    ctx.out.note(&format!("! {warning}"));
                }
                Ok(())
            }
        }
    }
}

/// Rows up to a limit, and how many there are.
async fn pages(session: &Session, state: Option<WebhookState>, limit: u32) -> Result<(Vec<WebhookView>, u64), CliError> {
    let mut query = WebhookQuery { state, page: Some(1), limit: Some(limit.min(LIMIT_MAX)) };
    let mut rows = Vec::new();
    let total = loop {
        let answer = session.call(async |client| client.webhooks(&query).await).await?;
        let got = answer.data.len();
        rows.extend(answer.data);
        query.page = query.page.map(|page| page + 1);
        if got == 0 || rows.len() >= limit as usize || rows.len() as u64 >= answer.meta.total {
            break answer.meta.total;
        }
    };
    rows.truncate(limit as usize);
    Ok((rows, total))
}

/// When the last one arrived, for people.
async fn tell_last(ctx: &Context, session: &Session) -> Result<(), CliError> {
    if ctx.out.is_structured() || ctx.globals.quiet {
        return Ok(());
    }
    let status = session.call(async |client| client.status().await).await?;
    if let Some(webhooks) = status.webhooks {
        ctx.out.note(&summary(&webhooks, &ctx.out.shown()));
    }
    Ok(())
}

/// How webhooks stand, in one line.
pub(crate) fn summary(webhooks: &api::webhook::WebhooksView, shown: &Shown) -> String {
    let last =
        webhooks.last.as_ref().map_or_else(|| "none arrived yet".to_owned(), |last| format!("last {} {}", last.event, shown.ago(last.at)));
    let refused = webhooks.refused.as_ref().map(|refused| format!(", refused {}: {}", shown.ago(refused.at), refused.reason));
    let secret = if webhooks.secret { "" } else { ", no secret is known: `afenda webhooks install`" };
    format!("{last}, {} waiting, {} dead{}{secret}", webhooks.waiting, webhooks.dead, refused.unwrap_or_default())
}

fn card(row: &WebhookView, shown: &Shown) -> Result<String, CliError> {
    let time = |at: Option<jiff::Timestamp>| at.map(|at| shown.clock(at));
    let facts = [
        ("id", Some(row.id.to_string())),
        ("event", Some(row.event.clone())),
        ("state", Some(format!("{} after {} tries", row.state, row.attempts))),
        ("received", time(Some(row.received_at))),
        ("finished", time(row.finished_at)),
        ("next try", time(row.next_try_at)),
        ("delivery", row.delivery_id.clone()),
        ("error", row.error.clone()),
    ];
    let mut out: String = facts.into_iter().filter_map(|(name, value)| Some(format!("{name:<10} {}\n", text::line(&value?)))).collect();
    if let Some(body) = &row.body {
        let body = serde_json::to_string_pretty(body).map_err(|err| CliError::failed("cannot write the body as JSON").because(err))?;
        out.push_str(&format!("\n{}\n", text::json(&body)));
    }
    Ok(out)
}
