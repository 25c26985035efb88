//! `afenda audit`: who did what.

use api::audit::{AuditQuery, AuditView};
use api::page::LIMIT_MAX;
use jiff::Timestamp;

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
    /// Only what this user did
    #[arg(long, value_name = "USER")]
    actor: Option<String>,
    /// Only what was done to this, such as conversation/123, approval/ID, or to all of a type
    #[arg(long, value_name = "TYPE[/ID]")]
    object: Option<String>,
    /// Only what was done since then: 2h (ago), 2026-11-27, or a time in full
    #[arg(long, value_name = "TIME", value_parser = crate::time::parse_past)]
    since: Option<Timestamp>,
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
        let (kind, id) = match list.object.as_deref().map(|object| object.split_once('/').unwrap_or((object, ""))) {
            Some((kind, id)) => (Some(kind.to_owned()), Some(id.to_owned()).filter(|id| !id.is_empty())),
            None => (None, None),
        };
        let (mut rows, mut page) = (Vec::new(), 1);
        let total = loop {
            // The page size stays the same over all pages, or they would not fit together.
            let query = AuditQuery {
                page: Some(page),
                limit: Some(list.rows.most().min(LIMIT_MAX)),
                actor: list.actor.clone(),
                resource_type: kind.clone(),
                resource_id: id.clone(),
                since: list.since,
            };
            let answer = session.call(async |client| client.audit(&query).await).await?;
            let got = answer.data.len();
            rows.extend(answer.data);
            page += 1;
            if got == 0 || rows.len() >= list.rows.most() as usize || rows.len() as u64 >= answer.meta.total {
                break answer.meta.total;
            }
        };
        rows.truncate(list.rows.most() as usize);
        ctx.part(&rows, total, COLUMNS, "nothing was recorded")?;
        Ok(())
    }
}
