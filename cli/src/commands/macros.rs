//! `afenda macro`: Chatwoot's macros, run as yourself.

use api::id::ConversationId;
use api::inbox::{MacroView, OutboxView, RunMacro};

use crate::context::{Context, each};
use crate::error::CliError;
use crate::output::{Column, column, flexible};
use crate::selector::{conversation, pick};

/// Chatwoot's macros, run as yourself
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Macro {
    /// List the macros that you may run
    List,
    /// Run a macro on conversations
    Run {
        /// The macro's name or number
        #[arg(value_name = "NAME")]
        name: String,
        /// Conversations: 123, #123, or the addresses of their pages in Chatwoot
        #[arg(required = true, value_name = "ID", value_parser = conversation)]
        ids: Vec<ConversationId>,
    },
}

const COLUMNS: &[Column<MacroView>] = &[
    column("ID", |row, _| row.id.to_string()),
    flexible("NAME", |row, _| row.name.clone()),
    flexible("DOES", |row, _| row.actions.join(", ")),
];

const QUEUED: &[Column<OutboxView>] = &[
    column("CONV", |row, _| row.conversation_id.map(|id| id.to_string()).unwrap_or_default()),
    column("OUTBOX", |row, _| row.id.to_string()),
    column("STATE", |row, _| row.state.to_string()),
];

impl Macro {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let session = ctx.session().await?;
        let known = session.call(async |client| client.macros().await).await?;
        let Self::Run { name, ids } = self else {
            return ctx.out.list(&known, COLUMNS, "no macro; they are listed with your own token, which `afenda auth link-chatwoot` links");
        };
        let chosen = pick("macro", &name, &known, |known| (known.id, &known.name))?;
        ctx.out.note(&crate::text::line(&format!("{} does: {}", chosen.name, chosen.actions.join(", "))));
        let (run, several) = (RunMacro { id: chosen.id, hold_seconds: None }, ids.len() > 1);
        each(
            ctx,
            ids,
            |id| format!("#{id}"),
            async |ctx, id| {
                let key = ctx.key(&id.to_string(), several);
                let row = session.change("afenda outbox list", async |client| client.run_macro(id, run, &key).await).await?;
                ctx.out.row(&row, QUEUED, &format!("#{id}: macro {}", row.state))
            },
        )
        .await
    }
}
