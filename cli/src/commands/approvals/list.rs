//! `afenda approvals list`.

use std::time::Duration;

use api::approval::{ApprovalQuery, ApprovalSort, ApprovalStatus, ApprovalView};
use api::event::{Activity, SubjectType};
use api::page::LIMIT_MAX;
use jiff::Timestamp;

use crate::context::{Context, Session};
use crate::error::CliError;
use crate::output::Column;
use crate::rows::Rows;
use crate::watch::{Watch, Watched};

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
    /// Only those that were asked so long ago or longer, such as 1h
    #[arg(long, value_name = "DURATION", value_parser = crate::time::parse_duration)]
    older: Option<Duration>,
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
        let query = ApprovalQuery {
            status: Some(self.status),
            kind: self.kind,
            mine: if self.mine { Some(true) } else { self.decidable.then_some(false) },
            asked_before: None,
            sort: Some(self.sort),
            page: None,
            limit: Some(self.rows.most().min(LIMIT_MAX)),
        };
        Approvals { query, older: self.older, most: self.rows.most() as usize }.show(ctx, &session, &self.watch).await
    }
}

/// The approvals that a query finds, so many at most.
struct Approvals {
    query: ApprovalQuery,
    /// How long ago they were asked at least: counted anew at each look.
    older: Option<Duration>,
    most: usize,
}

impl Watched for Approvals {
    type Row = ApprovalView;
    const COLUMNS: &'static [Column<ApprovalView>] = COLUMNS;
    const EMPTY: &'static str = "no approval fits";

    fn key(row: &ApprovalView) -> String {
        row.reference.to_string()
    }

    fn concerns(&self) -> Box<dyn Fn(&Activity) -> bool> {
        Box::new(|activity| activity.subject_type == SubjectType::Approval)
    }

    async fn read(&mut self, session: &Session) -> Result<(Vec<ApprovalView>, u64), CliError> {
        let (mut rows, mut query) = (Vec::new(), ApprovalQuery { page: Some(1), ..self.query.clone() });
        query.asked_before = self.older.map(|older| crate::time::ago(older, Timestamp::now()));
        let total = loop {
            let answer = session.call(async |client| client.approvals(&query).await).await?;
            let got = answer.data.len();
            rows.extend(answer.data);
            query.page = query.page.map(|page| page + 1);
            if got == 0 || rows.len() >= self.most || rows.len() as u64 >= answer.meta.total {
                break answer.meta.total;
            }
        };
        rows.truncate(self.most);
        Ok((rows, total))
    }
}
