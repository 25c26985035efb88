//! `afenda audit`: who did what.

use api::audit::{AuditQuery, AuditView};
use api::page::LIMIT_MAX;

use crate::context::Context;
use crate::error::CliError;
use crate::output::{Column, column, flexible};

/// Who did what
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Audit {
    /// List the audit log, newest first
    List(List),
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Rows at most
    #[arg(short = 'L', long, default_value_t = 30, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
}

const COLUMNS: &[Column<AuditView>] = &[
    column("TIME", |row, shown| shown.clock(row.at)),
    column("ACTOR", |row, _| row.actor.user.clone().unwrap_or_else(|| row.actor.name.clone())),
    column("VIA", |row, _| row.via.clone()),
    column("ACTION", |row, _| row.action.clone()),
    column("OBJECT", |row, _| format!("{}/{}", row.resource_type, row.resource_id)),
    flexible("NOTE", |row, _| row.note.clone().unwrap_or_default()),
];

impl Audit {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let Self::List(list) = self;
        let session = ctx.session().await?;
        let (mut rows, mut page) = (Vec::new(), 1);
        let total = loop {
            // The page size stays the same over all pages, or they would not fit together.
            let query = AuditQuery { page: Some(page), limit: Some(list.limit.min(LIMIT_MAX)) };
            let answer = session.call(async |client| client.audit(&query).await).await?;
            let got = answer.data.len();
            rows.extend(answer.data);
            page += 1;
            if got == 0 || rows.len() >= list.limit as usize || rows.len() as u64 >= answer.meta.total {
                break answer.meta.total;
            }
        };
        rows.truncate(list.limit as usize);
        ctx.out.list(&rows, COLUMNS, "nothing was recorded yet")?;
        ctx.note_rest(rows.len(), total);
        Ok(())
    }
}
