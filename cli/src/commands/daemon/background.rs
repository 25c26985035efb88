//! The daemon in the background: started, stopped through its API, looked after. It lives when it answers, never because a process id looks right.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ::daemon::{Config, Holder, await_release, holder};
use api::status::StatusView;
use api::{ClientError, Token};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};
use serde::Serialize;

use super::logs;
use crate::context::{Context, Session};
use crate::error::{CliError, START_HINT};
use crate::exit::Exit;
use crate::output::{Column, column, flexible};
use crate::profile::{DEFAULT, Profile, Profiles};
use crate::text::size;

/// A daemon on this machine that neither serves nor ends by then is stuck: opening a large store takes seconds.
const START_LIMIT: Duration = Duration::from_secs(60);
/// What is open gets ten seconds, and the store is closed after it.
const STOP_LIMIT: Duration = Duration::from_secs(30);
/// How often it is asked whether it answers.
const LOOK: Duration = Duration::from_millis(50);
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

    /// Starts it and waits until it answers.
    pub(super) async fn start(&self, ctx: &Context) -> Result<(), CliError> {
        if let Some(url) = self.answers().await? {
            ctx.out.note(&format!("it runs already, at {url}"));
            return Ok(());
        }
        let log = logs::File::of(&self.config.data_dir);
        let out = log.open().map_err(|err| CliError::failed(format!("cannot write {}", log.path().display())).because(err))?;
        let begun = out.metadata().map_or(0, |file| file.len());
        let mut child = spawn(self, out)?;
        let log = log.path();
        let url = tokio::time::timeout(START_LIMIT, async {
            loop {
                if let Some(url) = self.answers().await? {
                    return Ok(url);
                }
                if let Some(status) = child.try_wait().map_err(|err| CliError::failed("the daemon was lost").because(err))? {
                    return Err(not_started(log, begun, &format!("it ended with {status}")));
                }
                tokio::time::sleep(LOOK).await;
            }
        });
        let url =
            url.await.unwrap_or_else(|_| Err(not_started(log, begun, &format!("it did not answer within {} s", START_LIMIT.as_secs()))))?;
        ctx.out.note(&format!("afenda listens at {url}; its log is {}", log.display()));
        Ok(())
    }

    /// Its session: of the daemon that -P or --url names, else of the one whose data folder this is. `None` where none runs.
    async fn session(&self, ctx: &Context) -> Result<Option<Session>, CliError> {
        let profiles = Profiles::new(&self.config.data_dir);
        if ctx.named_profile().is_some() || ctx.named_url().is_some() {
            return ctx.session_of(&profiles, ctx.named_profile()).await.map(Some);
        }
        if self.profile()?.is_some() {
            return ctx.session_of(&profiles, Some(DEFAULT)).await.map(Some);
        }
        match self.answers().await? {
            Some(url) => Err(CliError::new(Exit::Unauthenticated, "NO_TOKEN", format!("no profile has a token for {url}"))
                .hint("set AFENDA_URL and AFENDA_TOKEN; `afenda daemon token owner` prints one")),
            None => Ok(None),
        }
    }

    /// Asks it to stop, and waits until it has.
    pub(super) async fn stop(&self, ctx: &Context) -> Result<(), CliError> {
        match self.session(ctx).await? {
            Some(session) => stop(ctx, &session).await,
            None => {
                ctx.out.note(&format!("no daemon runs on {}", self.config.data_dir.display()));
                Ok(())
            }
        }
    }

    /// Stops it, where it runs, to be started again; comes back with where it listened. With `force` it is ended also where it does not answer
    /// or does not stop in time.
    ///
    /// # Errors
    /// Another's: this machine can stop it, and would start one of its own in its place.
    pub(super) async fn end_to_begin_again(&self, ctx: &Context, force: bool) -> Result<Option<SocketAddr>, CliError> {
        let ours = self.profile()?.map(|profile| profile.url.trim_end_matches('/').to_owned());
        let address = |url: &String| url.strip_prefix("http://").and_then(|address| address.parse().ok());
        let named = ctx.named_profile().is_some() || ctx.named_url().is_some();
        if force && named {
            return Err(CliError::usage("--force ends the process that has a data folder of this machine")
                .hint("name it with --data-dir, not with -P or --url"));
        }
        if force {
            let stopped = match self.answers().await? {
                Some(_) => self.stop(ctx).await,
                None => Err(CliError::failed("it does not answer")),
            };
            let stopped = match stopped {
                Ok(()) => self.released().await,
                Err(err) => Err(err),
            };
            if let Err(err) = stopped {
                self.kill(ctx, &err).await?;
            }
            return Ok(ours.as_ref().and_then(address));
        }
        let Some(session) = self.session(ctx).await? else { return Ok(None) };
        let url = session.client.base().trim_end_matches('/').to_owned();
        if ours.is_none_or(|ours| ours != url) {
            return Err(CliError::usage(format!("{url} is not the daemon of {}", self.config.data_dir.display()))
                .hint("restart it where it runs; for another data folder of this machine name it with --data-dir, not -P or --url"));
        }
        stop(ctx, &session).await?;
        self.released().await?;
        Ok(address(&url))
    }

    /// Waits until no process has the data folder: the store is closed after the last answer.
    async fn released(&self) -> Result<(), CliError> {
        let (tell, told) = tokio::sync::oneshot::channel();
        let data_dir = self.config.data_dir.clone();
        // On a thread of its own: it may wait longer than this program does.
        std::thread::spawn(move || tell.send(await_release(&data_dir)));
        match tokio::time::timeout(STOP_LIMIT, told).await {
            Ok(Ok(released)) => released.map_err(|err| self.unknown(err)),
            _ => Err(still_there("it has stopped answering, and still has its data folder")),
        }
    }

    fn unknown(&self, err: std::io::Error) -> CliError {
        CliError::failed(format!("cannot tell whether a daemon has {}", self.config.data_dir.display())).because(err)
    }

    /// Ends the process that has the data folder, if one does. What it was doing is taken up again at the next start, as after a power cut.
    async fn kill(&self, ctx: &Context, why: &CliError) -> Result<(), CliError> {
        let pid = match holder(&self.config.data_dir).map_err(|err| self.unknown(err))? {
            Holder::Nobody => return Ok(()),
            Holder::Process(pid) => pid,
            Holder::Unnamed => {
                let message = format!("the daemon that has {} does not say which process it is", self.config.data_dir.display());
                return Err(CliError::failed(message).hint("it is an older one: end it by hand, `ps` lists it"));
            }
        };
        let process = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or_else(|| CliError::failed(format!("{pid} is no process")))?;
        ctx.out.note(&format!("{}: process {pid} is ended", why.sentence()));
        match kill_process(process, Signal::KILL) {
            // It ended by itself.
            Ok(()) | Err(Errno::SRCH) => self.released().await,
            Err(err) => Err(CliError::failed(format!("cannot end process {pid}")).because(err)),
        }
    }

    /// How it stands; 9 where nobody answers.
    pub(super) async fn status(&self, ctx: &mut Context) -> Result<(), CliError> {
        let none = || CliError::new(Exit::Unreachable, "NO_DAEMON", format!("no daemon runs on {}", self.config.data_dir.display()));
        let session = self.session(ctx).await?.ok_or_else(|| none().hint(START_HINT))?;
        let status = session.call(async |client| client.status().await).await?;
        let view = View { url: session.client.base().to_owned(), status };
        if ctx.out.is_structured() { ctx.out.json(&view) } else { ctx.out.list(std::slice::from_ref(&view), COLUMNS, "") }
    }
}

fn spawn(which: &Which<'_>, out: std::fs::File) -> Result<Child, CliError> {
    let fail = |err: std::io::Error| CliError::failed("the daemon did not start").because(err);
    let program = std::env::current_exe().map_err(fail)?;
    Command::new(program)
        .args(["daemon", "start", "--foreground", "--detached"])
        .args(&which.flags)
        .stdin(Stdio::null())
        .stdout(out.try_clone().map_err(fail)?)
        .stderr(out)
        .spawn()
        .map_err(fail)
}

fn not_started(log: &Path, begun: u64, why: &str) -> CliError {
    let said = logs::tail(log, begun, LOG_LINES).unwrap_or_default().0;
    let said = if said.is_empty() { String::new() } else { format!("; it said: {}", said.join(" / ")) };
    CliError::failed(format!("the daemon did not start: {why}{said}")).hint(format!("the whole log is {}", log.display()))
}

/// Asks a daemon to stop, and waits until it has.
async fn stop(ctx: &Context, session: &Session) -> Result<(), CliError> {
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
    gone.await.map_err(|_| still_there("it was asked to stop, and still answers"))?;
    ctx.out.note("stopped");
    Ok(())
}

fn still_there(what: &str) -> CliError {
    CliError::new(Exit::TimedOut, "TIMED_OUT", format!("{what} after {} s", STOP_LIMIT.as_secs()))
        .hint("something that is open keeps it: `afenda daemon logs` tells; `afenda daemon restart --force` ends it")
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
    column("DB SIZE", |row, _| row.status.store_bytes.map(|bytes| size(bytes.try_into().unwrap_or(i64::MAX))).unwrap_or_default()),
    flexible("LAST ERROR", |row, _| row.status.chatwoot.message.clone().unwrap_or_default()),
];
