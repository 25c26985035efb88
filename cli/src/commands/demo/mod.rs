//! `afenda demo`: a shop, its customers, a daemon and the inbox in one process; or, with `--headless`, the whole loop step by step.

mod files;
mod measure;
mod shop;
mod stage;
mod walk;

use std::io::IsTerminal;

use crate::commands::inbox;
use crate::context::Context;
use crate::error::CliError;
use crate::profile::{DEMO, DEMO_AGENT, Profiles};
use crate::stop::Stop;

use files::Files;
use stage::Stage;

/// See everything at work: a shop, its customers, the inbox
#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    /// Walk the whole loop without a terminal, printing each step
    #[arg(long)]
    headless: bool,
    /// With --headless: how often each of the two delays is measured
    #[arg(long, value_name = "N", default_value_t = 20, requires = "headless", value_parser = clap::value_parser!(u32).range(0..=1000))]
    repeat: u32,
}

/// Seconds that Jo's replies can be recalled in the inbox: the product's default.
const HOLD_SECONDS: u32 = 5;

impl Demo {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        if self.headless {
            return self.walk(ctx).await;
        }
        if ctx.out.is_structured() {
            return Err(CliError::usage("the inbox is not JSON").hint("use `afenda -P demo … --json` from another terminal"));
        }
        let profiles = Profiles::new(&Context::data_dir()?);
        let files = Files::claim(&profiles).await?;
        let stop = listen(&files)?;
        let terminal = ctx.out.terminal && std::io::stdin().is_terminal();
        if terminal {
            crate::log::if_asked()
        } else {
            crate::log::to_stderr()
        }
        if terminal {
            ctx.out.note("opening the shop …");
        }
        let stage = unless_stopped(&stop, Stage::build(&files, HOLD_SECONDS)).await?;
        let shown = show(ctx, &files, &profiles, &stage, &stop, terminal).await;
        stage.close().await;
        drop(files);
        shown
    }

    async fn walk(self, ctx: &mut Context) -> Result<(), CliError> {
        crate::log::if_asked();
        let files = Files::temporary()?;
        let stop = listen(&files)?;
        let stage = unless_stopped(&stop, Stage::build(&files, 0)).await?;
        let walked = unless_stopped(&stop, Box::pin(walk::walk(ctx, &stage, self.repeat))).await;
        stage.close().await;
        drop(files);
        walked
    }
}

fn listen(files: &Files) -> Result<Stop, CliError> {
    Stop::listen(files.remover()).map_err(|err| CliError::failed("cannot listen for signals").because(err))
}

/// The outcome, or the signal that came first.
async fn unless_stopped<T>(stop: &Stop, work: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    tokio::select! {
        done = work => done,
        () = stop.token.cancelled() => Err(stopped(stop)),
    }
}

fn stopped(stop: &Stop) -> CliError {
    CliError::told(stop.by().unwrap_or(crate::exit::Exit::Interrupted))
}

/// Asks the first question, hands out the profiles and opens the inbox; without a terminal, waits to be told to stop.
async fn show(ctx: &mut Context, files: &Files, profiles: &Profiles, stage: &Stage, stop: &Stop, terminal: bool) -> Result<(), CliError> {
    let first = unless_stopped(stop, stage.first_question()).await?;
    files.profile(profiles, DEMO, stage.ada.profile())?;
    files.profile(profiles, DEMO_AGENT, stage.jo.profile())?;
    stage.open_doors();
    let program = call();
    let approve = format!("{program} -P {DEMO} approvals approve {}@{} -y", first.reference, first.revision);
    if terminal {
        let banner = format!(
            "This is a demo shop, and you are Jo, an agent. {} waits for Ada, the approver. In another terminal you are her:\n{approve}",
            first.reference
        );
        let client = stage.jo.client.clone();
        // What is typed in a demo goes with the demo.
        let drafts = files.store().to_owned();
        let how = inbox::How { accessible: inbox::is_dumb(), ..inbox::How::default() };
        return Box::pin(inbox::open(ctx, client, Some(DEMO_AGENT.to_owned()), Some(banner), drafts, stop.clone(), how)).await;
    }
    ctx.out.line(&format!("the demo runs at {} until it is told to stop", stage.jo.client.base()))?;
    ctx.out.line(&format!("  {program} -P {DEMO_AGENT} conv list        Jo, an agent"))?;
    ctx.out.line(&format!("  {program} -P {DEMO} approvals list   Ada, the approver"))?;
    ctx.out.line(&format!("  {approve}"))?;
    stop.token.cancelled().await;
    Err(stopped(stop))
}

/// How another terminal calls this program on the same data folder.
fn call() -> String {
    let program = crate::program::name();
    match std::env::var("AFENDA_DATA_DIR").ok().filter(|dir| !dir.is_empty()) {
        Some(dir) => format!("AFENDA_DATA_DIR={} {program}", crate::program::quoted(std::path::Path::new(&dir))),
        None => program,
    }
}
