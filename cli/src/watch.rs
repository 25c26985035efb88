//! `--watch`: a list that stays up to date. The event stream says that something happened; then the list is read again.
//!
//! On a terminal the table is drawn over itself. Elsewhere each row that is new or has changed is a line of JSON, and one that left is
//! `{"left": …}` with what named it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::FileTypeExt;
use std::time::Duration;

use api::event::Activity;
use crossterm::event::{Event, EventStream, KeyCode, KeyEventKind, KeyModifiers};
use crossterm::{cursor, execute, terminal};
use futures_util::StreamExt;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::io::Interest;
use tokio::net::unix::pipe;
use tokio::sync::Notify;

use crate::commands::events::{Follow, Heard};
use crate::context::{Context, Session};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Column;
use crate::stop::Stop;

/// What happens within this time is one reread.
const SETTLE: Duration = Duration::from_millis(100);
/// After a read that failed because the daemon was away.
const AGAIN: Duration = Duration::from_secs(1);
/// Ages on the screen grow also while nothing happens.
const AGES_EVERY: Duration = Duration::from_secs(30);

/// The flag of a list that can stay.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Watch {
    /// Follow it: drawn over itself on a terminal until `q`; elsewhere a line of JSON for each row that is new or changed, {"left":ID} for
    /// one that left
    #[arg(long)]
    pub(crate) watch: bool,
}

/// A list that can be read again.
pub(crate) trait Watched {
    /// One row.
    type Row: Serialize + 'static;
    /// The columns of the table.
    const COLUMNS: &'static [Column<Self::Row>];
    /// What is said of a list without rows.
    const EMPTY: &'static str;

    /// What names a row, and stays the same while it changes.
    fn key(row: &Self::Row) -> String;

    /// Tells whether the list may be another after this.
    fn concerns(&self) -> Box<dyn Fn(&Activity) -> bool>;

    /// The rows, and how many there are in all.
    ///
    /// # Errors
    /// What the daemon answers.
    async fn read(&mut self, session: &Session) -> Result<(Vec<Self::Row>, u64), CliError>;

    /// Prints the list once, or for as long as it is watched.
    ///
    /// # Errors
    /// What the daemon answers; while it is watched, how that ended.
    async fn show(mut self, ctx: &mut Context, session: &Session, flag: &Watch) -> Result<(), CliError>
    where
        Self: Sized,
    {
        if flag.watch {
            return watch(ctx, session, self).await;
        }
        let (rows, total) = self.read(session).await?;
        ctx.part(&rows, total, Self::COLUMNS, Self::EMPTY)
    }
}

/// What the parts of a watch tell each other.
#[derive(Default)]
struct Shared {
    /// The list is to be read again.
    due: Notify,
    /// The screen is to be drawn again.
    redraw: Notify,
    /// What is wrong at present.
    trouble: RefCell<Option<String>>,
}

async fn watch<L: Watched>(ctx: &mut Context, session: &Session, mut list: L) -> Result<(), CliError> {
    ctx.out.release()?;
    let people = ctx.out.can_draw();
    if !people && !ctx.out.is_structured() && !ctx.out.is_usual() {
        return Err(
            CliError::usage("--watch prints a table on a terminal and JSON everywhere else").hint("leave -o out, or name a form of JSON")
        );
    }
    let stop = Stop::listen(move || leave(people)).map_err(|err| CliError::failed("cannot listen for signals").because(err))?;
    // Read before the screen is taken, so that a refusal is told where the user is.
    let first = list.read(session).await?;
    let screen = if people { Some(Screen::enter()?) } else { None };
    let (shared, says, concerns) = (Shared::default(), !people && !ctx.out.quiet, list.concerns());
    let done = tokio::select! {
        () = stop.token.cancelled() => Err(CliError::told(stop.by().unwrap_or(Exit::Terminated))),
        () = reader_gone() => Err(CliError::told(Exit::OutputClosed)),
        left = keys(&shared), if people => left,
        lost = listen(session, concerns, &shared, says) => lost,
        ended = keep(ctx, session, list, first, &shared) => ended,
    };
    drop(screen);
    done
}

/// Follows the stream for as long as it takes: a daemon that is away is asked again after pauses of 5 seconds at most.
async fn listen(session: &Session, concerns: Box<dyn Fn(&Activity) -> bool>, shared: &Shared, says: bool) -> Result<(), CliError> {
    let mut follow = Follow::new(session, None);
    loop {
        let trouble = match follow.next().await? {
            Heard::Activity(activity) if !concerns(&activity) => continue,
            // The stream stands again: what happened meanwhile is in the next read.
            Heard::Activity(_) | Heard::Ready | Heard::Reset { .. } => {
                shared.due.notify_one();
                None
            }
            Heard::Note(note) => {
                if says {
                    crate::output::talk(&format!("{}\n", crate::text::clean(&note)));
                }
                Some(note)
            }
        };
        shared.trouble.replace(trouble);
        shared.redraw.notify_one();
    }
}

/// Shows the list, and again after each change.
async fn keep<L: Watched>(
    ctx: &mut Context,
    session: &Session,
    mut list: L,
    (mut rows, mut total): (Vec<L::Row>, u64),
    shared: &Shared,
) -> Result<(), CliError> {
    let people = ctx.out.can_draw();
    let mut known = BTreeMap::new();
    let cut = format!("{} of {total}", rows.len());
    if ctx.globals.printing.fail_truncated && (rows.len() as u64) < total {
        return Err(CliError::new(Exit::Failed, "TRUNCATED", format!("{cut}; -L shows more, --all shows all")));
    }
    if !people && (rows.len() as u64) < total {
        ctx.out.note(&format!("{cut} are watched; -L watches more, --all watches all"));
    }
    loop {
        if people {
            let trouble = shared.trouble.borrow().clone();
            ctx.out.draw(&rows, total, L::COLUMNS, L::EMPTY, trouble.as_deref())?;
        } else {
            changes::<L>(ctx, &rows, &mut known)?;
        }
        let read = tokio::select! {
            () = shared.due.notified() => true,
            () = shared.redraw.notified(), if people => false,
            () = tokio::time::sleep(AGES_EVERY), if people => false,
        };
        if !read {
            continue;
        }
        tokio::time::sleep(SETTLE).await;
        match list.read(session).await {
            Ok(now) => (rows, total) = now,
            // The daemon was there. What it said meanwhile is not lost: the list is read again.
            Err(err) if err.exit == Exit::Unreachable || err.code == api::Code::StoreUnavailable.as_str() => {
                tokio::time::sleep(AGAIN).await;
                shared.due.notify_one();
            }
            Err(err) => return Err(err),
        }
    }
}

/// Prints what is different from what is known, in the list's order; at last what has left.
fn changes<L: Watched>(ctx: &mut Context, rows: &[L::Row], known: &mut BTreeMap<String, Value>) -> Result<(), CliError> {
    let mut now = BTreeMap::new();
    for row in rows {
        let value = serde_json::to_value(row).map_err(|err| CliError::failed("cannot write the answer as JSON").because(err))?;
        let key = L::key(row);
        if known.remove(&key).as_ref() != Some(&value) {
            ctx.out.json_line(row)?;
        }
        now.insert(key, value);
    }
    for left in std::mem::replace(known, now).keys() {
        // No row, so no fields are chosen from it. A number is one here as it is in the rows.
        let id = left.parse::<i64>().map_or_else(|_| json!(left), |id| json!(id));
        ctx.out.raw(&format!("{}\n", crate::text::json(&json!({ "left": id }).to_string())))?;
    }
    Ok(())
}

/// Waits for `q` or Ctrl-C; another size draws again. Where keys cannot be read, for ever.
async fn keys(shared: &Shared) -> Result<(), CliError> {
    let mut events = EventStream::new();
    while let Some(Ok(event)) = events.next().await {
        match event {
            Event::Key(key) if key.kind == KeyEventKind::Release => {}
            Event::Key(key) if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) => {
                return Err(CliError::told(Exit::Interrupted));
            }
            Event::Key(key) if matches!(key.code, KeyCode::Char('q') | KeyCode::Esc) => return Ok(()),
            Event::Resize(..) => shared.redraw.notify_one(),
            _ => {}
        }
    }
    std::future::pending().await
}

/// Waits until nobody reads the pipe that we write to any more; for ever where the output is none.
async fn reader_gone() {
    if let Some(pipe) = output_pipe()
        && pipe.ready(Interest::ERROR).await.is_ok()
    {
        return;
    }
    std::future::pending().await
}

/// The pipe at stdout, only to be looked at: it stays blocking for those who write.
fn output_pipe() -> Option<pipe::Sender> {
    let file = File::from(io::stdout().as_fd().try_clone_to_owned().ok()?);
    let is_pipe = file.metadata().ok()?.file_type().is_fifo();
    is_pipe.then(|| pipe::Sender::from_file_unchecked(file).ok())?
}

/// The other screen of the terminal, for as long as it lives.
struct Screen;

impl Screen {
    fn enter() -> Result<Self, CliError> {
        let failed = |err: io::Error| CliError::failed("cannot use the terminal").because(err).hint("`--watch --json` needs none");
        terminal::enable_raw_mode().map_err(failed)?;
        let screen = Self;
        execute!(io::stdout(), terminal::EnterAlternateScreen, terminal::DisableLineWrap, cursor::Hide).map_err(failed)?;
        Ok(screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        leave(true);
    }
}

/// The terminal as it was. That it cannot be written is nothing that could be told anybody.
fn leave(people: bool) {
    if people {
        let _ = execute!(io::stdout(), cursor::Show, terminal::EnableLineWrap, terminal::LeaveAlternateScreen);
        let _ = io::stdout().flush();
        let _ = terminal::disable_raw_mode();
    }
}
