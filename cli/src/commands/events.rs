//! `afenda events`: what happens, as it happens, without loss and without repeat.

mod exec;

use std::path::{Path, PathBuf};
use std::time::Duration;

use api::event::{Activity, ActivityType, StreamEvent};
use api::sse::EventStream;
use serde_json::json;

use crate::context::{Context, Session};
use crate::error::CliError;
use crate::exit::Exit;
use crate::stop::Stop;
use crate::text;

/// Follow what happens, one JSON object a line
#[derive(Debug, clap::Args)]
pub(crate) struct Events {
    /// Everything after this place first; else from now on
    #[arg(long, value_name = "SEQ")]
    since: Option<i64>,
    /// Keeps the place in this file: goes on after what was worked off; the first time, from now on
    #[arg(long, value_name = "FILE", conflicts_with = "since")]
    cursor_file: Option<PathBuf>,
    /// Only these types, such as approval.submitted,message.created
    #[arg(long, value_name = "TYPE", value_delimiter = ',')]
    types: Vec<ActivityType>,
    #[command(flatten)]
    exec: exec::Exec,
}

impl Events {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        ctx.out.is_no_list("a stream")?;
        let Some(_) = self.exec.command() else { return self.follow(ctx).await };
        // What the command started is in a group of its own, which no Ctrl-C reaches: it ends with this.
        let stop = Stop::listen(|| ()).map_err(|err| CliError::failed("cannot listen for signals").because(err))?;
        tokio::select! {
            () = stop.token.cancelled() => Err(CliError::told(stop.by().unwrap_or(Exit::Terminated))),
            ended = self.follow(ctx) => ended,
        }
    }

    async fn follow(&self, ctx: &mut Context) -> Result<(), CliError> {
        let session = ctx.session().await?;
        let since = match &self.cursor_file {
            Some(file) => place(file)?,
            None => self.since,
        };
        let mut follow = Follow::new(&session, since);
        loop {
            let heard = follow.next().await?;
            match &heard {
                Heard::Activity(activity) => {
                    if self.types.is_empty() || self.types.contains(&activity.kind) {
                        match self.exec.command() {
                            Some(command) => self.exec.run(ctx, command, activity).await?,
                            None => show(ctx, activity)?,
                        }
                    }
                }
                Heard::Reset { oldest_seq } if is_json(ctx) => ctx.out.json_line(&json!({"type": "reset", "oldest_seq": oldest_seq}))?,
                Heard::Reset { oldest_seq } => {
                    ctx.out.note(&format!("what lies before {oldest_seq} is no longer kept: some of it was missed"));
                }
                Heard::Note(note) => ctx.out.note(note),
                Heard::Ready => {}
            }
            // After the work: what is cut short comes again, and nothing is lost.
            if let (Some(file), Some(seq)) = (&self.cursor_file, follow.last_seq) {
                keep(file, seq)?;
            }
        }
    }
}

/// The place that a file keeps; `None` where there is no file yet.
fn place(file: &Path) -> Result<Option<i64>, CliError> {
    let bad = || CliError::usage(format!("--cursor-file: cannot read {}", file.display()));
    match std::fs::read_to_string(file) {
        Ok(text) => match text.trim().parse() {
            Ok(seq) => Ok(Some(seq)),
            Err(_) => Err(bad().hint("it holds one number; remove it to begin from now on")),
        },
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(err) => Err(bad().because(err)),
    }
}

/// Writes it, whole or not at all.
fn keep(file: &Path, seq: i64) -> Result<(), CliError> {
    let failed = || CliError::failed(format!("--cursor-file: cannot write {}", file.display()));
    daemon::secret::write_file(file, &format!("{seq}\n")).map_err(|err| failed().because(err))
}

/// Lines for people on a terminal, unless JSON was asked for; JSON lines everywhere else.
fn is_json(ctx: &Context) -> bool {
    !ctx.out.is_for_people()
}

fn show(ctx: &mut Context, activity: &Activity) -> Result<(), CliError> {
    if is_json(ctx) {
        return ctx.out.json_line(activity);
    }
    let at = crate::time::clock(activity.at, activity.at);
    let conversation = activity.conversation_id.map(|id| format!(" #{id}")).unwrap_or_default();
    let who = activity.actor.as_ref().map(|actor| format!(" by {}", actor.name)).unwrap_or_default();
    let data = match &activity.data {
        serde_json::Value::Object(facts) if !facts.is_empty() => {
            let facts: Vec<String> = facts.iter().map(|(key, value)| format!("{key}={value}")).collect();
            format!(" {}", facts.join(" "))
        }
        _ => String::new(),
    };
    ctx.out.line(&text::line(&format!("{at} {} {}{conversation}{who}{data}", activity.seq, activity.kind)))
}

/// What a followed stream brings.
#[derive(Debug)]
pub(crate) enum Heard {
    /// Something happened.
    Activity(Box<Activity>),
    /// The stream stands, for the first time or again.
    Ready,
    /// Some of the past is no longer kept.
    Reset {
        /// The oldest that is.
        oldest_seq: i64,
    },
    /// The daemon was lost, or is there again: a sentence about it.
    Note(String),
}

/// Longest pause between two tries to get the stream back.
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// First pause between two tries.
const PAUSE_MIN: Duration = Duration::from_millis(200);

/// The activity stream, reconnected from the last place for as long as it takes.
pub(crate) struct Follow<'a> {
    session: &'a Session,
    stream: Option<EventStream>,
    last_seq: Option<i64>,
    /// It stood once: from then on a lost daemon is waited for.
    stood: bool,
    /// It was lost, and that was told.
    missed: bool,
    /// It stands again, which is to be told next.
    back: bool,
    /// The pause before the next try.
    due: Duration,
}

impl<'a> Follow<'a> {
    pub(crate) fn new(session: &'a Session, since: Option<i64>) -> Self {
        Self { session, stream: None, last_seq: since, stood: false, missed: false, back: false, due: Duration::ZERO }
    }

    /// What comes next. A daemon that was there and is gone is waited for; one that refuses, or never was there, is an error.
    pub(crate) async fn next(&mut self) -> Result<Heard, CliError> {
        if self.back {
            self.back = false;
            return Ok(Heard::Ready);
        }
        loop {
            let stream = match &mut self.stream {
                Some(stream) => stream,
                None => {
                    tokio::time::sleep(self.due).await;
                    let stream = self.session.client.events(self.last_seq).map_err(|err| self.session.explain(err))?;
                    self.stream.insert(stream)
                }
            };
            let event = stream.next().await;
            self.last_seq = stream.last_seq();
            match event {
                Ok(StreamEvent::Activity(activity)) => return Ok(Heard::Activity(Box::new(activity))),
                Ok(StreamEvent::Ready { .. }) => {
                    self.stood = true;
                    self.due = Duration::ZERO;
                    if std::mem::take(&mut self.missed) {
                        self.back = true;
                        return Ok(Heard::Note("the daemon is back".to_owned()));
                    }
                    return Ok(Heard::Ready);
                }
                Ok(StreamEvent::Reset { oldest_seq }) => return Ok(Heard::Reset { oldest_seq }),
                // Only inboxes are told; it is no activity.
                Ok(StreamEvent::Typing(_)) => {}
                Ok(StreamEvent::Bye { reason }) => {
                    self.lost();
                    return Ok(Heard::Note(format!("the daemon closed the stream: {reason}")));
                }
                Err(err) if self.stood && (err.is_daemon_lost() || is_passing(&err)) => {
                    self.lost();
                    if !std::mem::replace(&mut self.missed, true) {
                        return Ok(Heard::Note("the daemon was lost; waiting for it".to_owned()));
                    }
                }
                Err(err) => return Err(self.session.explain(err)),
            }
        }
    }

    fn lost(&mut self) {
        self.stream = None;
        self.due = (self.due * 2).clamp(PAUSE_MIN, PAUSE_MAX);
    }
}

/// A daemon that starts or stops says so for a moment.
fn is_passing(err: &api::ClientError) -> bool {
    matches!(err.code(), Some(api::Code::StoreUnavailable | api::Code::TooManyStreams))
}
