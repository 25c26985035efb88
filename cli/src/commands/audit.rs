//! `afenda audit`: who did what.

use api::audit::{AuditQuery, AuditView};
use api::page::LIMIT_MAX;

use crate::context::Context;
use crate::error::CliError;
use crate::output::{Column, column, flexible};
use crate::rows::Rows;

/// Who did what
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Audit {
    /// List the audit log, newest first
    List(List),
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    rows: Rows<30>,
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
            let query = AuditQuery { page: Some(page), limit: Some(list.rows.most().min(LIMIT_MAX)) };
            let answer = session.call(async |client| client.audit(&query).await).await?;
            let got = answer.data.len();
            rows.extend(answer.data);
            page += 1;
            if got == 0 || rows.len() >= list.rows.most() as usize || rows.len() as u64 >= answer.meta.total {
                break answer.meta.total;
            }
        };
        rows.truncate(list.rows.most() as usize);
        ctx.part(&rows, total, COLUMNS, "nothing was recorded yet")?;
        Ok(())
    }
}
