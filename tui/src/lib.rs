//! The inbox in a terminal.
//!
//! `event` goes into `update`, which changes `state` and asks for effects; `view` draws the state. Both are pure; `effects` is the
//! only place that waits, and `terminal` the only one that knows modes. [`run`] owns the real terminal, [`run_on`] any ratatui
//! backend, and [`Headless`] the same inbox without one, for measuring.

pub mod accessible;
mod around;
mod browser;
mod canned;
mod drafts;
mod editor;
mod effects;
pub mod event;
mod external;
mod fetch;
mod files;
mod glyphs;
mod headless;
mod input;
pub mod keymap;
mod layout;
mod limits;
mod links;
mod marks;
mod mention;
pub mod message;
pub mod picture;
mod seen;
pub mod settings;
mod sparing;
pub mod state;
#[cfg(unix)]
mod suspend;
mod telling;
mod terminal;
pub mod text;
mod theme;
mod update;
mod view;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use crossterm::event::Event as Input;
use futures_util::{Stream, StreamExt as _};
use ratatui::Terminal;
use ratatui::backend::{Backend, CrosstermBackend};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use around::Around;
pub use browser::open as open_in_browser;
pub use drafts::{Draft, DraftFile};
pub use editor::{Edit, Editor, Modal, Vim};
pub use external::{Edited, command as editor_command, edit as edit_in_editor};
pub use headless::Headless;
pub use limits::Limits;
pub use seen::{Seen, is_there as has_seen};
pub use settings::Settings;
pub use sparing::Sparing;
pub use state::State;
pub use telling::Notice;
pub use theme::{Background, Choice, Depth, Theme, ThemeFile};
pub use update::update;
pub use view::view;

use effects::{Core, Outward};
use event::Event;

/// How long an Esc waits for the rest of a sequence here: nobody notices, and the pieces of one are never further apart.
pub const ESC_TIMEOUT: Duration = Duration::from_millis(50);
/// The same over SSH, where they can be.
pub const ESC_TIMEOUT_SSH: Duration = Duration::from_millis(200);

/// What the inbox is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The daemon, with the token and the tenant.
    pub client: api::Client,
    /// Where the drafts file is kept; none: drafts last as long as the inbox.
    pub data_dir: Option<PathBuf>,
    /// The profile's name, for the drafts file.
    pub profile: String,
    /// A hint for the first screen, such as how to approve from another shell; Esc takes it away.
    pub banner: Option<String>,
    /// Nothing is sent, changed, decided or written: not at the daemon, and no file of the inbox's own on this machine.
    pub read_only: bool,
    /// What the list shows first; none: what it showed last.
    pub opening: Option<state::Opening>,
    /// Which key does what.
    pub keys: keymap::Keys,
    /// The file that a key which is changed here is written into.
    pub keys_file: Option<PathBuf>,
    /// What is said when it opens, such as what is wrong with the file of keys.
    pub notice: Option<String>,
    /// What the person set.
    pub settings: Settings,
    /// Which theme.
    pub theme: Choice,
    /// What the terminal around it passes on.
    pub around: Around,
    /// How it was set, and by what: for the settings screen. No secrets.
    pub set_by: Vec<state::Setting>,
    /// How long an Esc waits for the rest of a sequence.
    pub esc_timeout: Duration,
    /// No colours, whatever the environment says.
    pub no_color: bool,
    /// Ends the inbox in order: drafts written, terminal restored. For SIGTERM and SIGHUP.
    pub stop: CancellationToken,
}

impl Options {
    /// Options with nothing special.
    pub fn new(client: api::Client, profile: impl Into<String>) -> Self {
        Self {
            client,
            data_dir: None,
            profile: profile.into(),
            banner: None,
            read_only: false,
            opening: None,
            keys: keymap::Keys::default(),
            keys_file: None,
            notice: None,
            settings: Settings::default(),
            theme: Choice::Auto,
            around: Around::default(),
            set_by: Vec::new(),
            esc_timeout: ESC_TIMEOUT,
            no_color: false,
            stop: CancellationToken::new(),
        }
    }
}

/// How the inbox ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The person left.
    Quit,
    /// The person left, and what the inbox kept on this machine is removed.
    LoggedOut,
    /// It was asked to end, or its terminal went away.
    Stopped,
}

/// Why the inbox could not go on.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    /// Input or output is no terminal.
    #[error("the inbox needs a terminal; `afenda conv list` and the other commands work without one")]
    NotATerminal,
    /// The terminal cannot be used.
    #[error("the terminal cannot be used")]
    Terminal(#[source] std::io::Error),
    /// The screen cannot be drawn.
    #[error("the screen cannot be drawn: {0}")]
    Draw(String),
    /// What was waited for did not come.
    #[error("waited {seconds} s for what did not come: {state}")]
    TimedOut {
        /// How long.
        seconds: u64,
        /// What the inbox knew then.
        state: String,
    },
}

/// Runs the inbox on the real terminal and restores that, however it ends.
///
/// # Errors
/// When there is no terminal or it stops taking output. A daemon that is not there is no error: the inbox waits for it.
pub async fn run(mut options: Options) -> Result<Exit, TuiError> {
    if !terminal::is_there() {
        return Err(TuiError::NotATerminal);
    }
    let (theme, hard) = Theme::chosen(&options.theme, options.no_color, |name| std::env::var(name).ok());
    if let Some(first) = hard.first() {
        let more = if hard.len() > 1 { format!(" ({} more)", hard.len() - 1) } else { String::new() };
        options.notice.get_or_insert_with(|| format!("The theme: {first}{more}"));
    }
    options.around = Around::from_environment(&options.settings.terminal, |name| std::env::var(name).ok());
    // Half blocks are replaced, or two cells wide, where glyphs are not as usual.
    if !theme.shows_pictures() || options.settings.look() != glyphs::Look::default() {
        options.around = options.around.without_pictures();
    }
    let guard = terminal::Guard::enter().map_err(TuiError::Terminal)?;
    let mut own = OwnTerminal::new(&guard, options.around).map_err(TuiError::Terminal)?;
    if options.settings.ui.mouse {
        own.mouse(true);
    }
    let backend = Sparing::new(CrosstermBackend::new(std::io::BufWriter::with_capacity(1 << 16, std::io::stdout())))
        .synchronized(options.around.synchronized());
    let mut screen = Terminal::new(backend).map_err(TuiError::Terminal)?;
    let result = Box::pin(run_on(&mut screen, options, &theme, &mut own)).await;
    drop(screen);
    drop(guard);
    result
}

/// What the inbox can do with its terminal besides drawing.
pub trait Desk {
    /// What is typed.
    type Keys: Stream<Item = std::io::Result<Input>> + Unpin + Send + 'static;

    /// Begins to read what is typed. While another program has the terminal nothing is read: the stream is dropped, and a new one begun.
    fn keys(&mut self) -> Self::Keys;

    /// Puts a text in the clipboard.
    fn copy(&mut self, text: &str);

    /// Tells news to a person who looks elsewhere.
    fn notify(&mut self, _notice: &Notice) {}

    /// Gives the terminal a picture that cells will show.
    fn picture(&mut self, _picture: &picture::Transmit) {}

    /// Lets the terminal forget a picture.
    fn forget_picture(&mut self, _id: u32) {}

    /// Turns the mouse on or off.
    fn mouse(&mut self, _on: bool) {}

    /// Waits until the inbox was stopped from outside and goes on; the terminal is the inbox's again then.
    fn resumed(&mut self) -> impl Future<Output = ()> {
        std::future::pending()
    }

    /// Gives the terminal back and stops, until a shell lets the inbox go on. The error is for people.
    ///
    /// # Errors
    /// When nobody could let it go on.
    fn suspend(&mut self) -> Result<(), String> {
        Err("there is no shell to go back to".into())
    }

    /// Lets the person's own editor work on a text, with the terminal; the error is for people.
    fn edit(&mut self, text: &str) -> impl Future<Output = Result<String, String>>;
}

/// The terminal that the inbox was started in.
struct OwnTerminal<'a> {
    guard: &'a terminal::Guard,
    around: Around,
    #[cfg(unix)]
    signals: suspend::Signals,
}

impl<'a> OwnTerminal<'a> {
    #[cfg_attr(not(unix), expect(clippy::unnecessary_wraps, reason = "signals are unix's"))]
    fn new(guard: &'a terminal::Guard, around: Around) -> std::io::Result<Self> {
        Ok(Self {
            guard,
            around,
            #[cfg(unix)]
            signals: suspend::Signals::new()?,
        })
    }
}

impl Desk for OwnTerminal<'_> {
    type Keys = crossterm::event::EventStream;

    fn keys(&mut self) -> Self::Keys {
        crossterm::event::EventStream::new()
    }

    fn copy(&mut self, text: &str) {
        if let Err(err) = terminal::copy(text, self.around) {
            tracing::debug!(%err, "the clipboard could not be reached");
        }
    }

    fn notify(&mut self, notice: &Notice) {
        if let Err(err) = terminal::write(&notice.bytes(self.around)) {
            tracing::debug!(%err, "news could not be told");
        }
    }

    fn picture(&mut self, picture: &picture::Transmit) {
        if let Err(err) = terminal::write(&picture::commands(picture, self.around)) {
            tracing::debug!(%err, "a picture could not be given to the terminal");
        }
    }

    fn forget_picture(&mut self, id: u32) {
        if let Err(err) = terminal::write(&picture::forget(id, self.around)) {
            tracing::debug!(%err, "a picture could not be taken from the terminal");
        }
    }

    fn mouse(&mut self, on: bool) {
        if let Err(err) = terminal::mouse(on) {
            tracing::debug!(%err, "the mouse could not be turned on or off");
        }
    }

    #[cfg(unix)]
    async fn resumed(&mut self) {
        self.signals.resumed(self.guard).await;
    }

    #[cfg(unix)]
    fn suspend(&mut self) -> Result<(), String> {
        suspend::now(self.guard)
    }

    async fn edit(&mut self, text: &str) -> Result<String, String> {
        let command = external::command(|name| std::env::var(name).ok());
        let command = command.ok_or("no editor is set; AFENDA_EDITOR, VISUAL or EDITOR names one")?;
        self.guard.leave();
        let edited = {
            let mut edit = std::pin::pin!(external::edit(&command, text));
            loop {
                #[cfg(unix)]
                tokio::select! {
                    edited = &mut edit => break edited,
                    () = self.signals.stopped_along() => {}
                }
                #[cfg(not(unix))]
                break edit.await;
            }
        };
        if let Err(err) = self.guard.take() {
            tracing::warn!(%err, "the terminal could not be taken again");
        }
        edited.map(|edited| edited.text)
    }
}

/// Runs the inbox on any backend.
///
/// # Errors
/// When the backend stops taking output.
pub async fn run_on<B: Backend>(screen: &mut Terminal<B>, options: Options, theme: &Theme, desk: &mut impl Desk) -> Result<Exit, TuiError> {
    let failed = |err: B::Error| TuiError::Draw(err.to_string());
    let size = screen.size().map_err(failed)?;
    let banner = options.banner.clone().filter(|banner| !banner.trim().is_empty());
    let mut core = Core::start(options.client, options.data_dir, &options.profile, (size.width, size.height), |state| {
        state.banner = banner;
        (state.read_only, state.opening) = (options.read_only, options.opening);
        state.keys = options.keys;
        state.settings = options.settings;
        state.around = options.around;
        state.set_by = options.set_by;
        let how = "--color, NO_COLOR; the terminal's own COLORTERM and COLORFGBG";
        state.set_by.push(state::Setting::new("colours", theme.words(), state::Source::Terminal, how));
        if let Some(notice) = options.notice {
            update::toast(state, state::Tone::Bad, notice);
        }
    });
    core.keeps_keys_in(options.keys_file);
    let ended = CancellationToken::new();
    let moment = options.esc_timeout;
    let mut reader = read_keys(desk.keys(), core.sender(), ended.clone(), moment);
    let exit = 'inbox: loop {
        screen.draw(|frame| view(&core.state, theme, frame)).map_err(failed)?;
        let outward = tokio::select! {
            outward = core.step() => outward,
            () = desk.resumed() => vec![Outward::Redraw],
            () = options.stop.cancelled() => break Exit::Stopped,
            () = ended.cancelled() => break Exit::Stopped,
        };
        for wish in outward {
            match wish {
                Outward::Copy(text) => desk.copy(&text),
                Outward::Notify(notice) => desk.notify(&notice),
                Outward::Mouse(on) => desk.mouse(on),
                Outward::Picture(picture) => desk.picture(&picture),
                Outward::ForgetPicture(id) => desk.forget_picture(id),
                Outward::Redraw => {
                    core.state.pictures.lost();
                    redraw(screen).map_err(failed)?;
                }
                Outward::Suspend => {
                    // A shell reads the keys now: nobody else may.
                    reader.abort();
                    let _ = (&mut reader).await;
                    if let Err(why) = desk.suspend() {
                        update::toast(&mut core.state, state::Tone::Plain, why);
                    }
                    core.state.pictures.lost();
                    redraw(screen).map_err(failed)?;
                    reader = read_keys(desk.keys(), core.sender(), ended.clone(), moment);
                }
                Outward::Quit if core.state.forgotten => break 'inbox Exit::LoggedOut,
                Outward::Quit => break 'inbox Exit::Quit,
                Outward::Edit(purpose, text) => {
                    // The editor reads the keys now: nobody else may.
                    reader.abort();
                    let _ = (&mut reader).await;
                    let result = {
                        let mut edit = std::pin::pin!(desk.edit(&text));
                        loop {
                            tokio::select! {
                                result = &mut edit => break result,
                                // News is taken in meanwhile, and drafts are written; nothing is drawn.
                                _ = core.step() => {}
                                () = options.stop.cancelled() => break 'inbox Exit::Stopped,
                            }
                        }
                    };
                    core.state.pictures.lost();
                    redraw(screen).map_err(failed)?;
                    core.apply(Event::Answer(Box::new(event::Answer::Edited { purpose, result })));
                    reader = read_keys(desk.keys(), core.sender(), ended.clone(), moment);
                }
            }
        }
        let size = screen.size().map_err(failed)?;
        if core.state.size != (size.width, size.height) {
            core.apply(Event::Resize(size.width, size.height));
        }
    };
    reader.abort();
    core.finish().await;
    Ok(exit)
}

/// Everything is drawn anew. `Terminal::clear` would ask the terminal where its cursor is, and wait for the answer.
fn redraw<B: Backend>(screen: &mut Terminal<B>) -> Result<(), B::Error> {
    screen.backend_mut().clear()?;
    screen.swap_buffers();
    Ok(())
}

/// Passes on what is typed until the terminal ends. An Esc waits for `moment`: what follows at once belongs to it.
fn read_keys<I>(mut input: I, events: mpsc::Sender<Event>, ended: CancellationToken, moment: Duration) -> JoinHandle<()>
where
    I: Stream<Item = std::io::Result<Input>> + Unpin + Send + 'static,
{
    tokio::spawn(async move {
        let mut joiner = input::Joiner::default();
        'reading: loop {
            let next = if joiner.waits() { tokio::time::timeout(moment, input.next()).await.ok() } else { Some(input.next().await) };
            let ready = match next {
                None => joiner.moment_over(),
                Some(Some(Ok(Input::Key(key)))) => joiner.key(key),
                Some(Some(Ok(Input::Paste(text)))) => vec![Event::Paste(text)],
                Some(Some(Ok(Input::Resize(width, height)))) => vec![Event::Resize(width, height)],
                Some(Some(Ok(Input::FocusGained))) => vec![Event::Focus(true)],
                Some(Some(Ok(Input::FocusLost))) => vec![Event::Focus(false)],
                Some(Some(Ok(Input::Mouse(mouse)))) => input::pointed(mouse).into_iter().collect(),
                Some(None | Some(Err(_))) => break,
            };
            for event in ready {
                if events.send(event).await.is_err() {
                    break 'reading;
                }
            }
        }
        ended.cancel();
    })
}
