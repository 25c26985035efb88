//! `afenda doctor`: what is well, what somebody should know, and what needs a hand.

mod here;

use api::doctor::{Check, CheckState};
use jiff::Timestamp;

use crate::context::{Context, Session};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Column, column, flexible};
use crate::text;

/// Check the daemon, its store and its Chatwoot, and say what to do
#[derive(Debug, clap::Args)]
#[command(after_help = "Ends with 0 when nothing failed, else with 1. Needs an owner or admin.")]
pub(crate) struct Doctor {
    /// Put right what can be put right here, and say what
    #[arg(long)]
    fix: bool,
}

/// As among servers (the daemon's check `clock`).
const SKEW_S: i64 = 5;

const COLUMNS: &[Column<Check>] = &[
    column("CHECK", |row, _| row.name.clone()),
    column("STATE", |row, _| row.state.to_string()),
    flexible("FOUND", |row, _| row.message.clone()),
    flexible("REPAIR", |row, _| row.repair.clone().unwrap_or_default()),
];

impl Doctor {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let mut checks = checks(ctx).await;
        checks.extend(here::checks(ctx, self.fix));
        show(ctx, &checks)?;
        if checks.iter().any(|check| check.state == CheckState::Fail) { Err(CliError::told(Exit::Failed)) } else { Ok(()) }
    }
}

/// Prints checks.
pub(super) fn show(ctx: &mut Context, checks: &[Check]) -> Result<(), CliError> {
    if ctx.out.is_for_people() { ctx.out.raw(&for_people(checks, ctx.out.width())) } else { ctx.out.list(checks, COLUMNS, "") }
}

/// The daemon's checks, after those that only a client can make. What keeps the daemon from answering is a check that failed.
async fn checks(ctx: &Context) -> Vec<Check> {
    let session = match ctx.session().await {
        Ok(session) => session,
        Err(err) => return vec![failed(&err)],
    };
    let (daemon, clock) = match daemon(&session).await {
        Ok(checks) => checks,
        Err(err) => return vec![failed(&err)],
    };
    let rest = match session.call(async |client| client.doctor().await).await {
        Ok(checks) => checks,
        Err(err) => vec![Check { name: "rights".to_owned(), ..failed(&err) }],
    };
    std::iter::once(daemon).chain(rest).chain(clock).collect()
}

/// Whether the daemon answers, and speaks our version of the API; and whether its clock is ours, where it tells.
async fn daemon(session: &Session) -> Result<(Check, Option<Check>), CliError> {
    let asked = Timestamp::now();
    let status = session.call(async |client| client.status().await).await?;
    let clock = status.now.map(|theirs| client_clock(theirs, asked, Timestamp::now()));
    let (ours, url) = (api::PROTOCOL, session.client.base());
    if status.protocol != ours {
        let message = format!("the daemon at {url} speaks version {} of the API, this program version {ours}", status.protocol);
        return Err(CliError::new(Exit::Unreachable, "WRONG_PROTOCOL", message).hint("run the same version of both"));
    }
    let message = format!("the daemon at {url} answers, version {}", status.version);
    Ok((Check { name: "daemon".to_owned(), state: CheckState::Ok, message, repair: None }, clock))
}

/// Whether this program's clock and the daemon's agree: ages, `--since 2h` and snoozes until tomorrow are off by as much. `theirs` was told
/// between `asked` and `answered`.
fn client_clock(theirs: Timestamp, asked: Timestamp, answered: Timestamp) -> Check {
    let (early, late) = (asked.duration_since(theirs).as_secs(), theirs.duration_since(answered).as_secs());
    let off = early.max(late);
    let (state, message, repair) = if off > SKEW_S {
        let side = if early > late { "behind" } else { "before" };
        (CheckState::Warn, format!("the daemon's clock is {off} s {side} this one's"), Some("set both clocks by NTP".to_owned()))
    } else {
        (CheckState::Ok, format!("the daemon's clock and this one's agree within {SKEW_S} s"), None)
    };
    Check { name: "client_clock".to_owned(), state, message, repair }
}

fn failed(err: &CliError) -> Check {
    let message = err.sentence();
    Check { name: "daemon".to_owned(), state: CheckState::Fail, message, repair: err.hint.clone() }
}

/// Sentences are for reading: they wrap below their check instead of being cut.
fn for_people(checks: &[Check], cells: usize) -> String {
    let width = checks.iter().map(|check| text::width(&check.name)).max().unwrap_or(0);
    let room = cells.saturating_sub(width + 10).max(20);
    let mut out = String::new();
    let mut rows = |first: (&str, &str), before: &str, sentence: &str| {
        for (at, row) in text::wrap(&text::line(sentence), room).iter().enumerate() {
            let ((state, name), mark) = if at == 0 { (first, before) } else { (("", ""), "") };
            let indent = text::width(before);
            out.push_str(format!("{state:<5} {name:<width$}  {mark:<indent$}{row}").trim_end());
            out.push('\n');
        }
    };
    for check in checks {
        rows((&check.state.to_string(), &text::line(&check.name)), "", &check.message);
        if let Some(repair) = &check.repair {
            rows(("", ""), "→ ", repair);
        }
    }
    let count = |state| checks.iter().filter(|check| check.state == state).count();
    out.push_str(&format!("{} ok, {} to know, {} failed\n", count(CheckState::Ok), count(CheckState::Warn), count(CheckState::Fail)));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_off_only_by_what_the_call_itself_cannot_explain() {
        let at = |second| Timestamp::from_second(second).unwrap();
        for (theirs, asked, answered, state, says) in [
            (100, 100, 100, CheckState::Ok, "agree"),
            (100, 90, 110, CheckState::Ok, "agree"),
            (100, 105, 107, CheckState::Ok, "agree"),
            (100, 107, 109, CheckState::Warn, "7 s behind"),
            (100, 80, 92, CheckState::Warn, "8 s before"),
        ] {
            let check = client_clock(at(theirs), at(asked), at(answered));
            assert!(check.state == state && check.message.contains(says), "{theirs} {asked} {answered}: {}", check.message);
        }
    }
}
