//! `afenda approvals list`.

use api::approval::{ApprovalQuery, ApprovalSort, ApprovalStatus, ApprovalView};
use api::page::LIMIT_MAX;

use crate::context::{Context, Session};
use crate::error::CliError;
use crate::rows::Rows;
use crate::watch::{self, Watch};

use super::COLUMNS;

/// List approvals
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// pending (the same as submitted), draft, approved, rejected, withdrawn, expired, decided or all
    #[arg(short, long, default_value = "pending", value_name = "STATUS", value_parser = parse_status)]
    status: String,
    /// Only those you asked
    #[arg(long)]
    mine: bool,
    /// Only those of others that you may decide
    #[arg(long, conflicts_with = "mine")]
    decidable: bool,
    /// Only this type
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// newest or oldest
    #[arg(long, default_value = "newest", value_name = "ORDER")]
    sort: ApprovalSort,
    #[command(flatten)]
    rows: Rows<50>,
    #[command(flatten)]
    watch: Watch,
}

fn parse_status(text: &str) -> Result<String, String> {
    match text {
        "all" | "decided" => Ok(text.to_owned()),
        _ => ApprovalStatus::parse_alias(text).map(|status| status.to_string()).map_err(|err| format!("{err}, pending, decided, all")),
    }
}

impl List {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let session = ctx.session().await?;
        let empty = "no approval fits";
        if self.watch.watch {
            let name = |row: &ApprovalView| row.reference.to_string();
            return watch::follow(ctx, &session, COLUMNS, empty, name, async |session| self.read(session).await).await;
        }
        let (rows, total) = self.read(&session).await?;
        ctx.part(&rows, total, COLUMNS, empty)
    }

    /// As many as are asked for, and how many there are.
    async fn read(&self, session: &Session) -> Result<(Vec<ApprovalView>, u64), CliError> {
        let limit = self.rows.most() as usize;
        let mut query = ApprovalQuery {
            status: Some(self.status.clone()),
            kind: self.kind.clone(),
            mine: if self.mine { Some(true) } else { self.decidable.then_some(false) },
            sort: Some(self.sort),
            page: Some(1),
            limit: Some(self.rows.most().min(LIMIT_MAX)),
        };
        let mut rows = Vec::new();
        let total = loop {
            let answer = session.call(async |client| client.approvals(&query).await).await?;
            let got = answer.data.len();
            rows.extend(answer.data);
            query.page = query.page.map(|page| page + 1);
            if got == 0 || rows.len() >= limit || rows.len() as u64 >= answer.meta.total {
                break answer.meta.total;
            }
        };
        rows.truncate(limit);
        Ok((rows, total))
    }
}
