//! `afenda` alone: the inbox on a terminal; a short status and the help everywhere else.

use std::path::PathBuf;
use std::time::Duration;

use std::io::IsTerminal;

use tui::state::{Opening, Tab};

use crate::context::{Context, Session};
use crate::error::CliError;
use crate::exit::Exit;
use crate::selector::pick;
use crate::stop::Stop;

/// The profile's name, for the inbox's files, where the environment says everything.
pub(crate) const UNNAMED: &str = "env";

/// A daemon that takes longer to say who we are is waited for in the inbox: beyond this a start feels like waiting.
const ANSWER_LIMIT: Duration = Duration::from_millis(300);

/// Saved views that are named where none fits.
const VIEWS_NAMED: usize = 10;

/// Open the inbox.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Tui {
    /// Open with this view: a tab of the list (mine, unassigned, all, mentions, unattended), or a filter that you saved in Chatwoot,
    /// by its name or number
    #[arg(long, value_name = "NAME")]
    view: Option<String>,
    /// Only look: nothing is sent, changed, decided or marked as read from here, nobody sees you there, and no drafts are written
    #[arg(long)]
    read_only: bool,
    /// Line by line: sentences and numbered answers, for screen readers and pipes; on a terminal so too with AFENDA_ACCESSIBLE,
    /// with `ui.accessible` in the settings, or where TERM is `dumb`
    #[arg(long)]
    accessible: bool,
}

impl Tui {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        run(ctx, self).await
    }
}

/// Whether the terminal can only print.
pub(crate) fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// How the inbox opens; line by line also where the settings or the environment say so.
#[derive(Debug, Default)]
pub(crate) struct How {
    /// Line by line.
    pub(crate) accessible: bool,
    /// What its list shows first, if not what it showed last.
    pub(crate) opening: Option<Opening>,
    /// Nothing is changed from it.
    pub(crate) read_only: bool,
}

/// What the list is to show first: a tab by its whole name, else a saved view by its number, its name or a part of that.
async fn opening(session: &Session, name: &str) -> Result<Opening, CliError> {
    if let Some(tab) = Tab::named(name) {
        return Ok(Opening::Tab(tab));
    }
    let mut views = session.call(async |client| client.custom_filters().await).await?.data;
    views.retain(|view| view.filter_type == "conversation");
    match pick("view", name, &views, |view| (view.id, &view.name)) {
        Ok(view) => Ok(Opening::View(view.id, view.name.clone())),
        Err(err) if err.exit == Exit::NotFound => {
            let mut names: Vec<String> = Tab::ALL.iter().map(|tab| tab.title().to_lowercase()).collect();
            names.extend(views.iter().take(VIEWS_NAMED).map(|view| format!("{} ({})", view.name, view.id)));
            names.extend((views.len() > VIEWS_NAMED).then(|| "\u{2026}".to_owned()));
            Err(err.hint(format!("there are: {}", names.join(", "))))
        }
        Err(err) => Err(err),
    }
}

async fn run(ctx: &mut Context, Tui { view, read_only, accessible }: Tui) -> Result<(), CliError> {
    if ctx.out.is_structured() {
        return Err(CliError::usage("the inbox is not JSON").hint("name a command, such as `afenda status --json`"));
    }
    // Whoever asks for lines gets them in a pipe too; a script without a terminal asked for nothing, whatever its environment.
    if !accessible && (!ctx.out.terminal || !std::io::stdin().is_terminal()) {
        let state = match Box::pin(crate::commands::status::line(ctx)).await {
            Ok(line) => line,
            Err(err) => format!("{err}{}", err.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default()),
        };
        ctx.out.line(&crate::text::line(&state))?;
        return ctx.out.raw(&format!("\n{}", crate::help()));
    }
    let session = ctx.session().await?;
    let data_dir = Context::data_dir()?;
    let stop = Stop::listen(|| ()).map_err(|err| CliError::failed("cannot listen for signals").because(err))?;
    let (client, profile) = (session.client.clone(), session.profile.clone());
    let opening = match &view {
        Some(name) => Some(tokio::select! {
            found = opening(&session, name) => found?,
            () = stop.token.cancelled() => return Err(CliError::told(stop.by().unwrap_or(Exit::Interrupted))),
        }),
        None => None,
    };
    let seen = tui::has_seen(&data_dir, profile.as_deref().unwrap_or(UNNAMED));
    // Before the screen is taken a daemon that is lost or refuses is told in plain words, with what to do. What the inbox showed last waits for
    // nobody; without it a daemon that is slow is waited for in the inbox, where its state stands and a key leaves.
    let mut asked = Box::pin(session.call(async |client| client.me().await));
    let early = if seen { None } else { tokio::time::timeout(ANSWER_LIMIT, &mut asked).await.ok() };
    let is_known = early.transpose()?.is_some();
    let refusal = async {
        match if is_known { Ok(()) } else { asked.await.map(drop) } {
            Err(err) if matches!(err.exit, Exit::Unauthenticated | Exit::Forbidden | Exit::NotFound) => err,
            // Of everything else the inbox takes care.
            _ => std::future::pending().await,
        }
    };
    let end = stop.token.clone();
    let how = How { accessible: accessible || is_dumb(), opening, read_only };
    let mut inbox = Box::pin(open(ctx, client, profile, None, data_dir, stop, how));
    tokio::select! {
        ended = &mut inbox => ended,
        refused = refusal => {
            end.cancel();
            // It ends in order: the terminal is restored and unsent texts are kept. Why it ended is the refusal.
            let _ = inbox.await;
            Err(refused)
        }
    }
}

/// Opens the inbox, with its unsent texts in the folder `drafts`, and returns when the user leaves it, or when a signal asks for it.
pub(crate) async fn open(
    ctx: &Context,
    client: api::Client,
    profile: Option<String>,
    banner: Option<String>,
    drafts: PathBuf,
    stop: Stop,
    how: How,
) -> Result<(), CliError> {
    let mut options = tui::Options::new(client, profile.unwrap_or_else(|| UNNAMED.to_owned()));
    options.data_dir = Some(drafts);
    options.banner = banner;
    (options.opening, options.read_only) = (how.opening, how.read_only);
    let (settings, theme, wrong) = crate::settings::load();
    let (keys, unfit) = crate::commands::keys::for_the_inbox(&settings);
    (options.keys, options.theme, options.notice) = (keys, theme, wrong.or(unfit).map(|said| crate::text::line(&said)));
    if let Some(millis) = settings.ui.esc_timeout_ms {
        options.esc_timeout = Duration::from_millis(millis.into());
    } else if ["SSH_CONNECTION", "SSH_TTY"].iter().any(|name| std::env::var_os(name).is_some()) {
        options.esc_timeout = tui::ESC_TIMEOUT_SSH;
    }
    let accessible = how.accessible || settings.ui.accessible;
    options.settings = settings;
    options.keys_file = crate::commands::keys::path();
    options.no_color = !ctx.out.color;
    options.set_by = crate::commands::settings::all(ctx, &options);
    options.stop = stop.token.clone();
    let ended = if accessible { Box::pin(tui::accessible::run(options)).await } else { Box::pin(tui::run(options)).await };
    let ended = ended.map_err(|err| CliError::failed("the inbox ended").because(err))?;
    match (ended, stop.by()) {
        (tui::Exit::Stopped, Some(exit)) => Err(CliError::told(exit)),
        // Its terminal went away.
        (tui::Exit::Stopped, None) => Err(CliError::told(Exit::HungUp)),
        (tui::Exit::Quit, _) => Ok(()),
        (tui::Exit::LoggedOut, _) => {
            ctx.out.note("logged out: unsent texts and what the inbox showed last are removed from this machine; the profile stays");
            Ok(())
        }
    }
}
