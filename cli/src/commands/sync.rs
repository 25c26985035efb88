//! `afenda sync`: how the copy of Chatwoot stands, once or for as long as it is watched.

use std::time::Duration;

use api::status::{LinkState, NewRound, Progress as Copied, SyncView};

use crate::context::{Context, Session};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::progress::{Progress, Telling};
use crate::stop::Stop;
use crate::text;

/// Between two looks while watching: the daemon counts twice as often, and people read no faster.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Cells of a progress bar.
const BAR: usize = 30;

/// Compare with Chatwoot now, and end once that is done
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Sync {
    #[command(subcommand)]
    command: Option<Verb>,
    /// Through everything, instead of back to where nothing has changed
    #[arg(long)]
    full: bool,
    /// Every conversation that was active since then, with its messages: 2h (ago), 2026-11-27, 2026-11-27T14:00, or with a zone
    ///
    /// The newest 10,000 at most. What changed without activity, such as an attribute, is found by --full. Interrupted, the daemon reads on.
    #[arg(long, value_name = "TIME", conflicts_with = "full")]
    since: Option<String>,
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Round {
    /// Back to where nothing has changed.
    Shallow,
    /// Through everything.
    Deep,
    /// What was active since a moment.
    Since,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Show how the copy of Chatwoot stands
    Status(Status),
}

/// What `sync status` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Status {
    /// Keep showing it: bars on a terminal, one JSON object a line in a pipe
    #[arg(long)]
    watch: bool,
}

impl Sync {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let since = ctx.past("since", self.since.as_deref())?;
        if since.is_some_and(|since| since > ctx.out.now) {
            return Err(CliError::usage("--since: that has not come yet"));
        }
        let session = ctx.session().await?;
        let Some(Verb::Status(status)) = self.command else {
            let before = session.call(async |client| client.sync().await).await?;
            let round = NewRound { deep: self.full, since };
            session.call(async |client| client.reconcile(round).await).await?;
            let waited = match since {
                Some(_) => Round::Since,
                None if self.full => Round::Deep,
                None => Round::Shallow,
            };
            return compare(ctx, &session, &before, waited).await;
        };
        if !status.watch {
            let view = session.call(async |client| client.sync().await).await?;
            return ctx.out.thing(&view, |_| page(&view));
        }
        let stop = Stop::listen(|| ()).map_err(|err| CliError::failed("cannot listen for signals").because(err))?;
        tokio::select! {
            // An order to stop is obeyed at once, whatever is on its way.
            () = stop.token.cancelled() => Err(CliError::told(stop.by().unwrap_or(Exit::Terminated))),
            ended = watch(ctx, &session) => ended,
        }
    }
}

/// Waits until a round that began after `before` is done, and shows how the copy stands then.
///
/// # Errors
/// With `--fail-truncated`, that more was active since a moment than is read.
pub(super) async fn compare(ctx: &mut Context, session: &Session, before: &SyncView, round: Round) -> Result<(), CliError> {
    let what = match round {
        Round::Shallow => "comparing with Chatwoot",
        Round::Deep => "comparing everything with Chatwoot",
        Round::Since => "reading conversations from Chatwoot",
    };
    let rounds = |view: &SyncView| match round {
        Round::Shallow => (view.shallow.count, view.shallow.running),
        Round::Deep => (view.deep.count, view.deep.running),
        Round::Since => (view.since.count, view.since.running),
    };
    // One that was under way began too early.
    let (count, running) = rounds(before);
    let enough = count + 1 + u64::from(running);
    let mut progress = Progress::begin(Telling::usual(ctx.out.quiet), what);
    let view = loop {
        let view = session.call(async |client| client.sync().await).await?;
        if rounds(&view).0 >= enough {
            break view;
        }
        if let LinkState::NotConfigured | LinkState::Refused | LinkState::Offline = view.chatwoot.state {
            let why = view.chatwoot.message.clone().unwrap_or_else(|| format!("the link to Chatwoot is {}", view.chatwoot.state));
            return Err(CliError::new(Exit::Busy, "CHATWOOT_UNAVAILABLE", why)
                .hint("`afenda doctor` tells more; the copy is compared once it is back"));
        }
        let copy = &view.first_copy;
        match copy.conversations_total.filter(|_| !copy.done) {
            Some(total) => progress.tell(copy.conversations, Some(total)),
            None if round == Round::Since => progress.tell(view.since.conversations, None),
            None => progress.tell(0, None),
        }
        tokio::time::sleep(LOOK_EVERY).await;
    };
    drop(progress);
    ctx.out.thing(&view, |_| page(&view))?;
    if round != Round::Since || !view.since.truncated {
        return Ok(());
    }
    let back_to = view.since.back_to.map(crate::time::in_full).unwrap_or_default();
    let said = format!("the newest {} conversations, back to {back_to}; --full reads everything", grouped(view.since.conversations));
    if ctx.globals.printing.fail_truncated {
        return Err(CliError::new(Exit::Failed, "TRUNCATED", said));
    }
    ctx.out.note(&said);
    Ok(())
}

/// Shows it again and again. On a terminal the page is drawn over itself.
async fn watch(ctx: &mut Context, session: &Session) -> Result<(), CliError> {
    let (people, mut drawn) = (ctx.out.is_for_people(), 0);
    loop {
        let view = session.call(async |client| client.sync().await).await?;
        if people {
            let page = page(&view);
            // Back up over the last page, then each line anew, its old rest cleared; so nothing flickers.
            let up = if drawn > 0 { format!("\x1b[{drawn}A") } else { String::new() };
            drawn = page.lines().count();
            let lines: String = page.lines().map(|line| format!("\r{line}\x1b[K\n")).collect();
            ctx.out.raw(&format!("{up}{lines}\x1b[J"))?;
        } else {
            ctx.out.json_line(&view)?;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// All of it, a fact a line, no wider than 80 cells.
fn page(view: &SyncView) -> String {
    let mut out = String::new();
    let mut fact = |name: &str, value: String| out.push_str(&format!("{name:<14}{}\n", text::truncate(&text::line(&value), 66)));
    let version = view.chatwoot.version.as_ref().map(|version| format!(", version {version}")).unwrap_or_default();
    fact("chatwoot", format!("{}{version}", view.chatwoot.state));
    if let Some(message) = &view.chatwoot.message {
        fact("", message.clone());
    }
    let copy = &view.first_copy;
    fact("conversations", counted(copy.conversations, copy.conversations_total));
    fact("contacts", counted(copy.contacts, copy.contacts_total));
    fact("messages", grouped(copy.messages));
    fact("first copy", words(copy));
    if copy.incomplete > 0 {
        fact("incomplete", format!("{} conversations that Chatwoot would not give; tried again now and then", grouped(copy.incomplete)));
    }
    if let Some(lag) = view.lag_s {
        fact("compared", format!("{} ago, {} rounds, {} of them deep", span(lag), view.shallow.count + view.deep.count, view.deep.count));
    }
    if let Some(since) = view.since.since {
        let running = if view.since.running { ", running" } else { "" };
        fact("since", format!("{}: {} conversations read{running}", crate::time::in_full(since), grouped(view.since.conversations)));
    }
    fact("waiting", format!("{} to read again, {} webhooks", view.rereads, view.webhooks));
    fact("outbox", format!("{} queued, {} failed, {} held", view.outbox.queued, view.outbox.failed, view.outbox.held));
    let limit = view.rate.limit.map_or_else(String::new, |limit| format!(" of {limit}"));
    let paused = if view.rate.paused_until.is_some() { ", waiting for the next minute" } else { "" };
    fact("requests", format!("{}{limit} in this minute{paused}", grouped(u64::from(view.rate.used))));
    out
}

/// What is being done, and how long it will still take.
fn words(copy: &Copied) -> String {
    if copy.done {
        return "complete".to_owned();
    }
    let left = copy.seconds_left.map_or_else(String::new, |left| format!(", {} left", span(left)));
    format!("{}{left}", copy.phase)
}

/// A bar with its counts; the counts alone where there is no total.
fn counted(done: u64, total: Option<u64>) -> String {
    let Some(total) = total else { return grouped(done) };
    let share = if total == 0 { 1.0 } else { (done as f64 / total as f64).min(1.0) };
    let full = (share * BAR as f64) as usize;
    format!("[{}{}] {:>3}% {}/{}", "#".repeat(full), "-".repeat(BAR - full), (share * 100.0) as u32, grouped(done), grouped(total))
}

/// Digits in groups of three.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
}

/// A time such as `40 s`, `2 min` or `3 h`.
fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..5_400 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3_600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::status::{CopyPhase, LinkView, OutboxCounts, RateView, Rounds, SinceRounds};

    fn view(first_copy: Copied) -> SyncView {
        let chatwoot = LinkView {
            state: LinkState::Live,
            message: None,
            version: Some("4.15.1".to_owned()),
            url: None,
            account_id: None,
            heard_at: None,
        };
        SyncView {
            chatwoot,
            first_copy,
            shallow: Rounds::default(),
            deep: Rounds::default(),
            since: SinceRounds::default(),
            lag_s: None,
            rereads: 0,
            webhooks: 0,
            outbox: OutboxCounts::default(),
            rate: RateView { limit: Some(1500), used: 1234, paused_until: None },
        }
    }

    #[test]
    fn a_page_holds_bar_counts_and_what_is_left_and_fits_a_small_terminal() {
        let copy = Copied {
            phase: CopyPhase::Conversations,
            conversations: 4120,
            conversations_total: Some(10_000),
            messages: 82_400,
            incomplete: 3,
            seconds_left: Some(110),
            ..Copied::default()
        };
        let page = page(&view(copy));
        assert!(page.contains("conversations [############------------------] 41% 4,120/10,000\n"), "{page}");
        assert!(page.contains("conversations, 2 min left") && page.contains("82,400") && page.contains("1,234 of 1500"), "{page}");
        assert!(page.contains("3 conversations that Chatwoot would not give"), "{page}");
        assert!(page.lines().all(|line| line.chars().count() <= 80));
    }

    #[test]
    fn counts_and_spans_read_well() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0, 59, 61, 5_400, 9_000].map(span), ["0 s", "59 s", "2 min", "2 h", "3 h"]);
        assert_eq!((counted(5, None), counted(0, Some(0)).contains("100%")), ("5".to_owned(), true));
    }
}
