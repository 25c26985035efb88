//! `afenda conv reply` and `afenda conv note`.

use api::inbox::{MessageView, NewMessage};

use crate::body::Body;
use crate::context::{Context, each};
use crate::error::CliError;
use crate::output::{Column, column};

use super::Several;

/// Write to the customer
#[derive(Debug, clap::Args)]
pub(crate) struct Reply {
    #[command(flatten)]
    conversations: Several,
    #[command(flatten)]
    body: Body,
    /// Seconds to wait before it leaves, during which it can be recalled [default: the daemon's]
    #[arg(long, value_name = "SECONDS")]
    hold: Option<u32>,
}

/// Write a private note: only the team sees it
#[derive(Debug, clap::Args)]
pub(crate) struct Note {
    #[command(flatten)]
    conversations: Several,
    #[command(flatten)]
    body: Body,
}

const COLUMNS: &[Column<MessageView>] = &[
    column("CONV", |row, _| row.conversation_id.to_string()),
    column("STATE", |row, _| row.state.to_string()),
    column("OUTBOX", |row, _| row.outbox_id.map(|id| id.to_string()).unwrap_or_default()),
    column("SENDS IN", |row, shown| row.sends_at.map(|at| shown.until(at)).unwrap_or_default()),
];

impl Reply {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let message = NewMessage { content: self.body.read()?, private: false, hold_seconds: self.hold };
        send(ctx, self.conversations, &message, "reply").await
    }
}

impl Note {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let message = NewMessage { content: self.body.read()?, private: true, hold_seconds: None };
        send(ctx, self.conversations, &message, "note").await
    }
}

async fn send(ctx: &mut Context, to: Several, message: &NewMessage, what: &str) -> Result<(), CliError> {
    let session = ctx.session().await?;
    let several = to.ids.len() > 1;
    each(ctx, to.ids, super::name, async |ctx, id| {
        let key = ctx.key(&id.to_string(), several);
        let sent = session.call(async |client| client.send_message(id, message, &key).await).await?;
        let recall = match (sent.sends_at.filter(|at| *at > ctx.out.now), sent.outbox_id) {
            (Some(at), Some(outbox)) => {
                format!(", leaves in {}; recall it with `afenda outbox cancel {outbox}`", ctx.out.shown().until(at))
            }
            _ => String::new(),
        };
        ctx.out.row(&sent, COLUMNS, &format!("#{id}: {what} {}{recall}", sent.state))
    })
    .await
}
