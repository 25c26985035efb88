//! `afenda outbox`: what is on its way to Chatwoot.

use api::event::Activity;
use api::id::OutboxId;
use api::inbox::{FlushView, OutboxView};

use crate::context::{Context, Session, each};
use crate::error::CliError;
use crate::output::{Column, column, flexible, spare};
use crate::watch::{Watch, Watched};

/// What is on its way to Chatwoot
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Outbox {
    /// List what is not done yet, oldest first
    List(Watch),
    /// Take something back before it leaves, or discard what failed
    Cancel(Ids),
    /// Try again what failed
    Retry(Ids),
    /// Try now what waits for its next try; what is within its hold, held or failed stays as it is
    Flush,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Ids {
    /// Entries, as `afenda outbox list` names them
    #[arg(required = true, value_name = "ID", value_parser = parse_id)]
    ids: Vec<OutboxId>,
}

fn parse_id(text: &str) -> Result<OutboxId, String> {
    text.parse().map_err(|_| "expected the UUID of an outbox entry".to_owned())
}

/// What an entry changes.
fn about(row: &OutboxView) -> String {
    match (row.conversation_id, row.contact_id) {
        (Some(id), _) => format!("#{id}"),
        (None, Some(id)) => format!("contact {id}"),
        (None, None) => String::new(),
    }
}

/// How an entry that waits is recalled; nothing where it leaves at once.
pub(crate) fn recall(ctx: &Context, row: &OutboxView) -> String {
    if row.sends_at <= ctx.out.now || ctx.globals.dry_run {
        return String::new();
    }
    format!(", leaves in {}; recall it with `afenda outbox cancel {}`", ctx.out.shown().until(row.sends_at), row.id)
}

/// The columns of the list.
pub(crate) const COLUMNS: &[Column<OutboxView>] = &[
    column("ID", |row, _| row.id.to_string()),
    column("ON", |row, _| about(row)),
    column("KIND", |row, _| row.kind.clone()),
    column("STATE", |row, _| row.state.to_string()),
    column("SENDS IN", |row, shown| shown.until(row.sends_at)),
    spare(column("TRIES", |row, _| row.attempts.to_string())),
    flexible("ERROR", |row, _| row.error.clone().unwrap_or_default()),
];

/// What is not done yet.
struct OnItsWay;

impl Watched for OnItsWay {
    type Row = OutboxView;
    const COLUMNS: &'static [Column<OutboxView>] = COLUMNS;
    const EMPTY: &'static str = "nothing is on its way";

    fn key(row: &OutboxView) -> String {
        row.id.to_string()
    }

    /// An entry is told as a message, an approval's note or a change of its conversation when it is made.
    fn concerns(&self) -> Box<dyn Fn(&Activity) -> bool> {
        Box::new(|_| true)
    }

    async fn read(&mut self, session: &Session) -> Result<(Vec<OutboxView>, u64), CliError> {
        let rows = session.call(async |client| client.outbox().await).await?;
        let total = rows.len() as u64;
        Ok((rows, total))
    }
}

impl Outbox {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let session = ctx.session().await?;
        let (ids, verb) = match self {
            Self::List(watch) => return OnItsWay.show(ctx, &session, &watch).await,
            Self::Cancel(ids) => (ids.ids, "cancel"),
            Self::Retry(ids) => (ids.ids, "retry"),
            Self::Flush => {
                let key = ctx.key("", false);
                let flushed = session.change("afenda outbox list", async |client| client.flush_outbox(&key).await).await?;
                let columns: &[Column<FlushView>] = &[column("FLUSHED", |row, _| row.flushed.to_string())];
                return ctx.out.row(&flushed, columns, &format!("{} tried now", flushed.flushed));
            }
        };
        let several = ids.len() > 1;
        each(ctx, ids, OutboxId::to_string, async |ctx, id| {
            let key = ctx.key(&id.to_string(), several);
            let row = session.change("afenda outbox list", async |client| client.outbox_act(id, verb, &key).await).await?;
            ctx.out.row(&row, COLUMNS, &format!("{} for {}: {}", row.kind, about(&row), row.state))
        })
        .await
    }
}
