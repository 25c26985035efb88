//! `afenda events --exec`: a command for each event.

use std::process::Stdio;
use std::time::Duration;

use api::event::Activity;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::context::Context;
use crate::error::CliError;

/// What is run for each event.
#[derive(Debug, clap::Args)]
pub(super) struct Exec {
    /// Run this in a shell for each event, one after the other, with the event as JSON on its standard input
    #[arg(long = "exec", value_name = "COMMAND")]
    command: Option<String>,
    /// It is stopped after so long
    #[arg(long, value_name = "DURATION", value_parser = crate::time::parse_duration, default_value = "30s", requires = "command")]
    exec_timeout: Duration,
    /// End when it fails, before the event counts as worked off
    #[arg(long, requires = "command")]
    exec_fatal: bool,
}

impl Exec {
    /// The command, where there is one.
    pub(super) fn command(&self) -> Option<&str> {
        self.command.as_deref()
    }

    /// Runs it for an event. That it failed is told and, unless it is fatal, no reason to stop.
    pub(super) async fn run(&self, ctx: &Context, command: &str, activity: &Activity) -> Result<(), CliError> {
        let said = match tokio::time::timeout(self.exec_timeout, once(command, activity)).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(said)) => said,
            Err(_) => "took too long and was stopped".to_owned(),
        };
        let said = format!("--exec for event {}: {said}", activity.seq);
        if self.exec_fatal {
            return Err(CliError::failed(said).hint("with --cursor-file the event comes again next time"));
        }
        ctx.out.note(&said);
        Ok(())
    }
}

async fn once(command: &str, activity: &Activity) -> Result<(), String> {
    let json = serde_json::to_string(activity).map_err(|err| err.to_string())?;
    let mut shell = Command::new("sh");
    let mut child =
        shell.arg("-c").arg(command).stdin(Stdio::piped()).process_group(0).kill_on_drop(true).spawn().map_err(|err| err.to_string())?;
    // Killed when the time is over, with all that it started: the future that waits for it is dropped.
    let mut group = Group(child.id());
    if let Some(mut stdin) = child.stdin.take() {
        // A command that does not read what it is given is as good.
        let _ = stdin.write_all(format!("{json}\n").as_bytes()).await;
    }
    let status = child.wait().await.map_err(|err| err.to_string())?;
    group.0 = None;
    if status.success() { Ok(()) } else { Err(status.to_string()) }
}

/// The processes that a command came to; killed when this is dropped before the command has ended.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        let leader = self.0.and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
        if let Some(leader) = leader {
            // Gone already is as good.
            let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
        }
    }
}
