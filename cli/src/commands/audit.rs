//! `afenda audit`: who did what, and whether what is written down about it is as it was.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use api::audit::{AuditQuery, AuditView, BrokenRow, Chain, Ledger, LedgerQuery, LedgerRow, LedgerView};
use api::id::Reference;
use api::page::LIMIT_MAX;
use serde_json::Value;

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::progress::{Progress, Telling};
use crate::output::{Column, Shown, column, flexible, spare};
use crate::rows::Rows;

/// Who did what
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Audit {
    /// List the audit log, newest first
    List(List),
    /// Follow the chain of each ledger from its first row; 1 where one does not hold (owners and admins)
    Verify(Verify),
    /// Print every row as it is chained, oldest first, as JSON lines: for the archive, or to be checked elsewhere (owners and admins)
    Export(Export),
}

/// A row of an export: longer than any that the daemon writes.
const LINE_BYTES_MAX: u64 = 1024 * 1024;

#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
    /// Of an export, here, without asking the daemon; - reads standard input
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    /// Only this ledger: audit or approvals
    #[arg(long, value_name = "LEDGER")]
    ledger: Option<Ledger>,
}

const LEDGERS: &[Column<LedgerView>] = &[
    column("LEDGER", |row, _| row.ledger.to_string()),
    column("ROWS", |row, _| row.rows.to_string()),
    column("STATE", |row, _| if row.whole { "whole" } else { "broken" }.to_owned()),
    flexible("FOUND", |row, _| row.broken.as_ref().map_or_else(|| format!("ends with {}", row.hash), ToString::to_string)),
];

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Only what this user did
    #[arg(long, value_name = "USER")]
    actor: Option<String>,
    /// Only what was done to this, such as conversation/123, approval/AP-42, or to all of a type
    #[arg(long, value_name = "TYPE[/ID]")]
    object: Option<String>,
    /// Only what was done since then: 2h (ago), 2026-11-27, or a time in full
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    #[command(flatten)]
    rows: Rows<30>,
}

const COLUMNS: &[Column<AuditView>] = &[
    column("TIME", |row, shown| shown.clock(row.at)),
    column("ACTOR", |row, _| row.actor.user.clone().unwrap_or_else(|| row.actor.name.clone())),
    spare(column("VIA", |row, _| row.via.clone())),
    column("ACTION", |row, _| row.action.clone()),
    flexible("OBJECT", object),
    flexible("NOTE", |row, _| row.note.clone().unwrap_or_default()),
];

/// What it was done to: for people an approval by its reference.
fn object(row: &AuditView, shown: &Shown) -> String {
    let reference = row.data.get("reference").and_then(Value::as_str).filter(|_| shown.is_for_people() && row.resource_type == "approval");
    format!("{}/{}", row.resource_type, reference.unwrap_or(&row.resource_id))
}

impl Audit {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        match self {
            Self::List(list) => list.run(ctx).await,
            Self::Verify(verify) => verify.run(ctx).await,
            Self::Export(export) => export.run(ctx).await,
        }
    }
}

impl Verify {
    async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let views = match &self.file {
            Some(path) => read(path)?,
            None => ctx.session().await?.call(async |client| client.verify_ledgers().await).await?,
        };
        ctx.out.list(&views, LEDGERS, "")?;
        if views.iter().all(|view| view.whole) { Ok(()) } else { Err(CliError::told(Exit::Failed)) }
    }
}

/// Follows the chains of an export.
fn read(path: &Path) -> Result<Vec<LedgerView>, CliError> {
    let unreadable = || CliError::usage(format!("cannot read {}", path.display()));
    let file: Box<dyn Read> = match path.to_str() {
        Some("-") => Box::new(std::io::stdin()),
        _ => Box::new(std::fs::File::open(path).map_err(|err| unreadable().because(err))?),
    };
    let mut lines = BufReader::new(file);
    let mut chains: BTreeMap<Ledger, (Chain, Option<BrokenRow>)> = BTreeMap::new();
    for number in 1.. {
        let mut line = String::new();
        let bytes = lines.by_ref().take(LINE_BYTES_MAX).read_line(&mut line).map_err(|err| unreadable().because(err))?;
        if bytes == 0 {
            break;
        }
        let strange = |why: &str| {
            CliError::usage(format!("{}, line {number}: {why}", path.display())).hint("it is to be what `afenda audit export` prints")
        };
        if bytes as u64 == LINE_BYTES_MAX {
            return Err(strange("too long"));
        }
        let row: LedgerRow = serde_json::from_str(&line).map_err(|err| strange(&err.to_string()))?;
        let (chain, broken) = chains.entry(row.ledger).or_default();
        if broken.is_none() {
            *broken = chain.follow(row.position, &row.record, &row.prev_hash, &row.hash).err();
        }
    }
    if chains.is_empty() {
        return Err(unreadable().hint("there is no row in it"));
    }
    Ok(chains.into_iter().map(|(ledger, (chain, broken))| LedgerView::new(ledger, chain, broken)).collect())
}

impl Export {
    async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        if !ctx.out.is_structured() && !ctx.out.is_usual() {
            return Err(CliError::usage("an export is JSON lines").hint("leave -o out, or name a form of JSON"));
        }
        let session = ctx.session().await?;
        let ledgers = self.ledger.map_or_else(|| vec![Ledger::Audit, Ledger::Approvals], |one| vec![one]);
        let mut progress = Progress::begin(Telling::usual(ctx.globals.quiet), "exporting");
        for ledger in ledgers {
            let mut after = 0;
            loop {
                let query = LedgerQuery { ledger: Some(ledger), after: Some(after), limit: Some(LIMIT_MAX) };
                let page = session.call(async |client| client.ledger(&query).await).await?;
                // Each page is behind the one before; anything else would never end.
                let Some(last) = page.data.last().map(|row| row.position).filter(|last| *last > after) else { break };
                page.data.iter().try_for_each(|row| ctx.out.json_line(row))?;
                after = last;
                progress.tell(after.unsigned_abs(), Some(page.meta.total));
            }
        }
        Ok(())
    }
}

impl List {
    async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let since = ctx.past("since", self.since.as_deref())?;
        let session = ctx.session().await?;
        let (kind, id) = match self.object.as_deref().map(|object| object.split_once('/').unwrap_or((object, ""))) {
            // The log has the id of an approval, people its reference.
            Some((kind, id)) if id.parse::<Reference>().is_ok() => {
                let approval = session.call(async |client| client.approval(id).await).await.map_err(|err| err.about(id))?;
                (Some(kind.to_owned()), Some(approval.id.to_string()))
            }
            Some((kind, id)) => (Some(kind.to_owned()), Some(id.to_owned()).filter(|id| !id.is_empty())),
            None => (None, None),
        };
        let (mut rows, mut page) = (Vec::new(), 1);
        let total = loop {
            // The page size stays the same over all pages, or they would not fit together.
            let query = AuditQuery {
                page: Some(page),
                limit: Some(self.rows.most().min(LIMIT_MAX)),
                actor: self.actor.clone(),
                resource_type: kind.clone(),
                resource_id: id.clone(),
                since,
            };
            let answer = session.call(async |client| client.audit(&query).await).await?;
            let got = answer.data.len();
            rows.extend(answer.data);
            page += 1;
            if got == 0 || rows.len() >= self.rows.most() as usize || rows.len() as u64 >= answer.meta.total {
                break answer.meta.total;
            }
        };
        rows.truncate(self.rows.most() as usize);
        ctx.part(&rows, total, COLUMNS, "nothing was recorded")?;
        Ok(())
    }
}
