//! The daemon in the background: started, stopped through its API, looked after. It lives when it answers, never because a process id looks right.

use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ::daemon::Config;
use api::status::StatusView;
use api::{ClientError, Token};
use serde::Serialize;

use super::logs::{self, LOG};
use crate::context::{Context, Session};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Column, column, flexible};
use crate::profile::{DEFAULT, Profile, Profiles};

/// A daemon on this machine that neither serves nor ends by then is stuck: opening a large store takes seconds.
const START_LIMIT: Duration = Duration::from_secs(60);
/// What is open gets ten seconds, and the store is closed after it.
const STOP_LIMIT: Duration = Duration::from_secs(30);
/// How often it is asked whether it answers.
const LOOK: Duration = Duration::from_millis(50);
/// The log beyond which a start begins a new one; the one before is kept.
const LOG_BYTES_MAX: u64 = 10 * 1024 * 1024;
/// Lines of the log that a failed start shows.
const LOG_LINES: usize = 10;

/// Which daemon, as the command line names it.
pub(super) struct Which<'a> {
    pub(super) config: &'a Config,
    /// The flags that lead to it, for the program that is started.
    pub(super) flags: Vec<String>,
}

impl Which<'_> {
    fn profile(&self) -> Result<Option<Profile>, CliError> {
        Profiles::new(&self.config.data_dir).get(DEFAULT)
    }

    /// Where it answers; `None` where nobody does.
    async fn answers(&self) -> Result<Option<String>, CliError> {
        if let Some(profile) = self.profile()?
            && profile.is_known().await
        {
            return Ok(Some(profile.url));
        }
        // Beyond this machine no profile is made: whoever answers without knowing us is it.
        let listen = self.config.listen;
        if listen.ip().is_loopback() || listen.port() == 0 {
            return Ok(None);
        }
        let url = format!("http://{listen}");
        let nobody = Profile::new(&url, &Token::new("none"), "nobody");
        Ok(nobody.answers().await.then_some(url))
    }
}

/// Starts it and waits until it answers.
pub(super) async fn start(ctx: &Context, which: &Which<'_>) -> Result<(), CliError> {
    if let Some(url) = which.answers().await? {
        ctx.out.note(&format!("it runs already, at {url}"));
        return Ok(());
    }
    let log = log_file(&which.config.data_dir)?;
    let begun = std::fs::metadata(&log).map_or(0, |file| file.len());
    let mut child = spawn(which, &log)?;
    let url = tokio::time::timeout(START_LIMIT, async {
        loop {
            if let Some(url) = which.answers().await? {
                return Ok(url);
            }
            if let Some(status) = child.try_wait().map_err(|err| CliError::failed("the daemon was lost").because(err))? {
                return Err(not_started(&log, begun, &format!("it ended with {status}")));
            }
            tokio::time::sleep(LOOK).await;
        }
    });
    let url =
        url.await.unwrap_or_else(|_| Err(not_started(&log, begun, &format!("it did not answer within {} s", START_LIMIT.as_secs()))))?;
    ctx.out.note(&format!("afenda listens at {url}; its log is {}", log.display()));
    Ok(())
}

fn spawn(which: &Which<'_>, log: &Path) -> Result<Child, CliError> {
    let fail = |err: std::io::Error| CliError::failed("the daemon did not start").because(err);
    let out = std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(log).map_err(fail)?;
    let program = std::env::current_exe().map_err(fail)?;
    Command::new(program)
        .args(["daemon", "start", "--foreground"])
        .args(&which.flags)
        .stdin(Stdio::null())
        .stdout(out.try_clone().map_err(fail)?)
        .stderr(out)
        // Keys pressed in the terminal that started it are not for it.
        .process_group(0)
        .spawn()
        .map_err(fail)
}

/// The log; one that has grown large makes room for a new one.
fn log_file(data_dir: &Path) -> Result<PathBuf, CliError> {
    let fail = |err: std::io::Error| CliError::failed(format!("cannot write the log in {}", data_dir.display())).because(err);
    std::fs::create_dir_all(data_dir).map_err(fail)?;
    let path = data_dir.join(LOG);
    if std::fs::metadata(&path).is_ok_and(|file| file.len() > LOG_BYTES_MAX) {
        std::fs::rename(&path, data_dir.join(format!("{LOG}.old"))).map_err(fail)?;
    }
    Ok(path)
}

fn not_started(log: &Path, begun: u64, why: &str) -> CliError {
    let said = logs::tail(log, begun, LOG_LINES).unwrap_or_default();
    let said = if said.is_empty() { String::new() } else { format!("; it said: {}", said.join(" / ")) };
    CliError::failed(format!("the daemon did not start: {why}{said}")).hint(format!("the whole log is {}", log.display()))
}

/// Asks it to stop, and waits until it has.
pub(super) async fn stop(ctx: &Context) -> Result<(), CliError> {
    let session = match ctx.session().await {
        Ok(session) => session,
        Err(err) if err.exit == Exit::Unreachable => {
            ctx.out.note("no daemon runs here");
            return Ok(());
        }
        Err(err) => return Err(err),
    };
    match session.client.stop_daemon().await {
        Ok(_) => {}
        Err(ClientError::Unreachable { .. }) => {
            ctx.out.note(&format!("no daemon runs at {}", session.client.base()));
            return Ok(());
        }
        // It ends while it answers.
        Err(ClientError::Lost(_)) => {}
        Err(err) => return Err(session.explain(err)),
    }
    let gone = tokio::time::timeout(STOP_LIMIT, async {
        while !matches!(session.client.me().await, Err(ClientError::Unreachable { .. })) {
            tokio::time::sleep(LOOK).await;
        }
    });
    gone.await.map_err(|_| {
        CliError::new(Exit::TimedOut, "TIMED_OUT", format!("it was asked to stop, and still answers after {} s", STOP_LIMIT.as_secs()))
            .hint("something that is open keeps it: `afenda daemon logs` tells")
    })?;
    ctx.out.note("stopped");
    Ok(())
}

/// Where the daemon of the profile listens, so that a new one listens there too.
pub(super) fn address(session: &Session) -> Option<SocketAddr> {
    session.client.base().strip_prefix("http://")?.parse().ok()
}

/// The daemon's own numbers.
#[derive(Debug, Serialize)]
struct View {
    url: String,
    #[serde(flatten)]
    status: StatusView,
}

const COLUMNS: &[Column<View>] = &[
    column("UP", |row, shown| shown.age(row.status.started_at)),
    column("VERSION", |row, _| row.status.version.clone()),
    column("PROTOCOL", |row, _| row.status.protocol.to_string()),
    flexible("URL", |row, _| row.url.clone()),
    column("LAG", |row, _| row.status.lag_s.map(|lag| format!("{lag} s")).unwrap_or_default()),
    column("QUEUE", |row, _| row.status.outbox.queued.to_string()),
    flexible("LAST ERROR", |row, _| row.status.chatwoot.message.clone().unwrap_or_default()),
];

/// How it stands; 9 where nobody answers.
pub(super) async fn status(ctx: &mut Context) -> Result<(), CliError> {
    let session = ctx.session().await?;
    let status = session.call(async |client| client.status().await).await?;
    let view = View { url: session.client.base().to_owned(), status };
    if ctx.out.is_structured() { ctx.out.json(&view) } else { ctx.out.list(std::slice::from_ref(&view), COLUMNS, "") }
}
