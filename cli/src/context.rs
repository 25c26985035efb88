//! What every command needs, made once: how to print, and the client of the chosen profile.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use api::client::Changes;
use api::page::Freshness;
use api::{Client, ClientError, Token};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::error::{CliError, START_HINT, daemon_lost, unreachable_at};
use crate::exit::Exit;
use crate::output::progress::{Telling, waiting};
use crate::output::{Color, Column, Output, Printing, talk};
use crate::profile::{DEFAULT, DEMO, DEMO_AGENT, Profile, Profiles};
use crate::text;

/// Where a daemon listens unless somebody says otherwise.
const URL_DEFAULT: &str = "http://127.0.0.1:8000";

/// Flags that every command takes.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Globals {
    /// Which daemon, and as whom [default: default, else demo]
    #[arg(short = 'P', long, global = true, value_name = "NAME", env = "AFENDA_PROFILE", hide_env_values = true)]
    pub(crate) profile: Option<String>,
    /// Which tenant: its short name or id [default: yours]
    #[arg(long, global = true, value_name = "TENANT", env = "AFENDA_TENANT", hide_env_values = true)]
    pub(crate) tenant: Option<String>,
    /// The daemon's address instead of the profile's; the token then comes from AFENDA_TOKEN
    #[arg(long, global = true, value_name = "URL", env = "AFENDA_URL", hide_env_values = true)]
    pub(crate) url: Option<String>,
    /// Say only what was asked for
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Ask nothing, as if nobody sat here [env: AFENDA_PROMPT_DISABLED]
    #[arg(long, global = true)]
    no_input: bool,
    /// End with 124 when it takes longer, such as 30s or 10m
    #[arg(long, global = true, value_name = "DURATION", value_parser = crate::time::parse_duration)]
    pub(crate) timeout: Option<Duration>,
    /// End only once Chatwoot has what the command changed: 10 where it cannot be reached by --timeout [default: 60s], 1 where it refuses
    #[arg(long, global = true)]
    pub(crate) wait: bool,
    /// Answer as Chatwoot has it now: it is asked first
    #[arg(long, global = true, conflicts_with_all = ["offline", "max_age"])]
    fresh: bool,
    /// Ask Chatwoot first where what is known is older, such as 30s or 5m
    #[arg(long, global = true, value_name = "DURATION", value_parser = crate::time::parse_duration, conflicts_with = "offline")]
    max_age: Option<Duration>,
    /// Answer with what is kept here, and ask Chatwoot nothing
    #[arg(long, global = true)]
    offline: bool,
    /// Say on stderr which calls were made; api: nothing besides [env: AFENDA_DEBUG]
    #[arg(short = 'v', long, global = true, value_name = "api", num_args = 0..=1, require_equals = true, default_missing_value = "all",
          hide_possible_values = true)]
    debug: Option<Debug>,
    /// Change nothing: the daemon checks it, and answers as if it had carried it out
    #[arg(long, global = true, conflicts_with = "wait")]
    pub(crate) dry_run: bool,
    /// End with 3 where everything was as the command asks already
    #[arg(long, global = true)]
    pub(crate) error_unchanged: bool,
    /// Makes a repeated command harmless: the daemon carries out one key once
    #[arg(long, global = true, value_name = "KEY|auto", default_value = "auto", hide_default_value = true)]
    pub(crate) idempotency_key: String,
    /// When to colour
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = Color::Auto, hide_default_value = true)]
    pub(crate) color: Color,
    /// Print on a terminal what is longer than the screen, without a pager [env: AFENDA_PAGER]
    #[arg(long, global = true)]
    pub(crate) no_pager: bool,
    /// Times in UTC
    #[arg(long, global = true)]
    utc: bool,
    /// Times in this zone, such as Europe/Berlin, and understood in it [default: the system's]
    #[arg(long, global = true, value_name = "ZONE", value_parser = crate::time::parse_zone, conflicts_with = "utc")]
    tz: Option<TimeZone>,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

/// How much is said of what a command does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Debug {
    /// Calls of the API, and what libraries say.
    #[value(alias = "1")]
    All,
    /// Calls of the API.
    Api,
}

/// What a command works with.
pub(crate) struct Context {
    /// Where it prints.
    pub(crate) out: Output,
    /// The flags that every command takes.
    pub(crate) globals: Globals,
    /// What its calls changed.
    pub(crate) changes: Arc<Changes>,
    /// What was written in the person's editor.
    pub(crate) written: RefCell<Option<tui::Edited>>,
    /// The change that was asked for last.
    pub(crate) asked: Arc<Asked>,
    /// The key of the command, of which those of its steps are made: repeated with it the whole command is carried out once at most.
    key: String,
}

/// The change that the daemon was asked for and did not answer yet: the command's key, and the command that tells what became of it.
#[derive(Debug, Default)]
pub(crate) struct Asked(Mutex<Option<(String, String)>>);

impl Asked {
    /// Of it nobody knows what it came to.
    pub(crate) fn unanswered(&self) -> Option<(String, String)> {
        self.set(None)
    }

    fn set(&self, asked: Option<(String, String)>) -> Option<(String, String)> {
        // A panic while it was held cannot have left half of it.
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), asked)
    }
}

/// A client, and where it came from.
#[derive(Debug)]
pub(crate) struct Session {
    /// The client of the chosen daemon, user and tenant.
    pub(crate) client: Client,
    /// The profile it was made from; `None` where address and token were given.
    pub(crate) profile: Option<String>,
    /// How it is told that an answer takes its time.
    telling: Telling,
    asked: Arc<Asked>,
    /// The command's key.
    key: String,
}

impl Globals {
    fn freshness(&self) -> Freshness {
        match self.max_age {
            _ if self.fresh => Freshness::Fresh,
            _ if self.offline => Freshness::Kept,
            Some(age) => Freshness::NoOlderThan(age),
            None => Freshness::Usual,
        }
    }

    /// What --debug or AFENDA_DEBUG asks for.
    ///
    /// # Errors
    /// A variable that cannot be understood.
    fn debug(&self) -> Result<Option<Debug>, CliError> {
        let Some(text) = crate::settings::var("AFENDA_DEBUG").filter(|text| self.debug.is_none() && text != "0") else {
            return Ok(self.debug);
        };
        let known = <Debug as clap::ValueEnum>::from_str(&text, true);
        known.map(Some).map_err(|_| CliError::usage(format!("AFENDA_DEBUG: `{text}` is neither 1 nor api")))
    }
}

impl Context {
    /// What the flags ask for.
    ///
    /// # Errors
    /// A flag that cannot be understood.
    pub(crate) fn new(globals: Globals) -> Result<Self, CliError> {
        if let Some(zone) = if globals.utc { Some(TimeZone::UTC) } else { globals.tz.clone() } {
            crate::time::set_zone(zone);
        }
        if globals.url.as_deref().and_then(|url| url.split("://").nth(1)?.split('/').next()).is_some_and(|host| host.contains('@')) {
            // Not repeated: it may be a password.
            return Err(CliError::usage("--url: who you are is no part of the daemon's address").hint("give the token in AFENDA_TOKEN"));
        }
        if let Some(debug) = globals.debug()? {
            crate::log::of_calls(debug == Debug::Api);
        }
        let key = match globals.idempotency_key.as_str() {
            "auto" => api::client::new_key(),
            key => key.to_owned(),
        };
        Ok(Self {
            out: Output::new(globals.printing.form()?, globals.quiet, globals.color),
            globals,
            changes: Arc::default(),
            written: RefCell::default(),
            asked: Arc::default(),
            key,
        })
    }

    /// Where the user's profiles, drafts and, unless told otherwise, the store lie.
    pub(crate) fn data_dir() -> Result<PathBuf, CliError> {
        match std::env::var_os("AFENDA_DATA_DIR").filter(|dir| !dir.is_empty()) {
            Some(dir) => Ok(PathBuf::from(dir)),
            None => daemon::config::default_data_dir().map_err(|err| CliError::failed("where is the data folder?").because(err)),
        }
    }

    /// Whether somebody sits there who can read a question and answer it.
    pub(crate) fn can_ask(&self) -> bool {
        let may = !self.globals.no_input && crate::settings::var("AFENDA_PROMPT_DISABLED").is_none();
        may && self.out.is_for_people() && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    /// The key under which the daemon carries out one thing once. Several targets of one command have a key each.
    pub(crate) fn key(&self, target: &str, several: bool) -> String {
        if several { format!("{}:{target}", self.key) } else { self.key.clone() }
    }

    /// The moment that was, which a flag names; of a duration before now it is said which moment that is.
    ///
    /// # Errors
    /// A text that is none.
    pub(crate) fn past(&self, flag: &str, text: Option<&str>) -> Result<Option<Timestamp>, CliError> {
        let Some(text) = text else { return Ok(None) };
        let past = crate::time::past(text, self.out.now).map_err(|why| CliError::usage(format!("--{flag}: {why}")))?;
        if past.ago {
            self.out.note(&format!("{flag} {}", crate::time::in_full(past.at)));
        }
        Ok(Some(past.at))
    }

    /// Keeps what was written in an editor for a command that failed, and says where it lies.
    pub(crate) fn keep_written(&self) {
        if let Some(written) = self.written.take() {
            talk(&text::clean(&format!("what you wrote is kept in {}\n", written.keep().display())));
        }
    }

    /// Prints an error where errors go, in the form that was asked for.
    pub(crate) fn report(&self, err: &CliError) {
        report(err, self.globals.printing.errors_in_json());
    }

    /// Prints the first rows of a list of `total`, and says where it was cut.
    ///
    /// # Errors
    /// With `--fail-truncated`, that it was.
    pub(crate) fn part<T: Serialize>(&mut self, rows: &[T], total: u64, columns: &[Column<T>], empty: &str) -> Result<(), CliError> {
        self.out.part(rows, total, columns, empty)?;
        let cut = (rows.len() as u64) < total;
        let said = format!("{} of {total}; -L shows more, --all shows all", rows.len());
        match (cut, self.globals.printing.fail_truncated) {
            (true, true) => Err(CliError::new(Exit::Failed, "TRUNCATED", said)),
            (true, false) => {
                self.out.note(&said);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The profile that -P or AFENDA_PROFILE names.
    pub(crate) fn named_profile(&self) -> Option<&str> {
        self.globals.profile.as_deref().filter(|name| !name.is_empty())
    }

    /// The address that --url or AFENDA_URL names.
    pub(crate) fn named_url(&self) -> Option<&str> {
        self.globals.url.as_deref().filter(|url| !url.is_empty())
    }

    /// The client of the chosen profile. What was named by its address in Chatwoot is of the profile's account.
    ///
    /// # Errors
    /// No daemon, no token, or an address of another account.
    pub(crate) async fn session(&self) -> Result<Session, CliError> {
        let session = self.session_of(&Profiles::new(&Self::data_dir()?), self.named_profile()).await?;
        crate::selector::are_of_this_account(&session).await?;
        Ok(session)
    }

    /// The client of one of these profiles: the named one, where one is.
    pub(crate) async fn session_of(&self, profiles: &Profiles, named: Option<&str>) -> Result<Session, CliError> {
        let token = std::env::var("AFENDA_TOKEN").ok().filter(|token| !token.trim().is_empty()).map(Token::new);
        let mut tenant = self.globals.tenant.clone().filter(|tenant| !tenant.is_empty());
        let (url, token, profile) = match (self.named_url().map(str::to_owned), token) {
            (Some(url), Some(token)) => (url, token, None),
            (Some(url), None) => {
                let (name, profile) = self.profile_at(profiles, &url)?;
                (url, profile.token()?, Some(name))
            }
            (None, Some(token)) => match self.choose_of(profiles, named).await? {
                Some((_, profile)) => (profile.url, token, None),
                None => (URL_DEFAULT.to_owned(), token, None),
            },
            (None, None) => {
                let none = || CliError::new(Exit::Unreachable, "NO_DAEMON", "no daemon is known here").hint(START_HINT);
                let (name, profile) = self.choose_of(profiles, named).await?.ok_or_else(none)?;
                tenant = tenant.or_else(|| profile.tenant.clone());
                (profile.url.clone(), profile.token()?, Some(name))
            }
        };
        let client = Client::new(&url, token).map_err(|err| CliError::usage("the daemon's address is wrong").because(err))?;
        let client = client.with_tenant(tenant).with_dry_run(self.globals.dry_run).with_changes(self.changes.clone());
        let client = client.with_freshness(self.globals.freshness());
        Ok(Session { client, profile, telling: Telling::usual(self.globals.quiet), asked: self.asked.clone(), key: self.key.clone() })
    }

    /// A token belongs to the address it was made for and is sent nowhere else. Of several people there the current profile's counts.
    fn profile_at(&self, profiles: &Profiles, url: &str) -> Result<(String, Profile), CliError> {
        let mut fit = Vec::new();
        for name in self.named_profile().map_or_else(|| profiles.names(), |name| vec![name.to_owned()]) {
            if let Some(profile) = profiles.get(&name)?.filter(|p| p.url.trim_end_matches('/') == url.trim_end_matches('/')) {
                fit.push((name, profile));
            }
        }
        let current = profiles.current()?;
        if let Some(at) = fit.iter().position(|(name, _)| Some(name) == current.as_ref()) {
            return Ok(fit.swap_remove(at));
        }
        match fit.len() {
            1 => Ok(fit.swap_remove(0)),
            0 => Err(CliError::new(Exit::Unauthenticated, "NO_TOKEN", format!("no profile has a token for {url}"))
                .hint("set AFENDA_TOKEN; `afenda daemon token USER` on the daemon's machine prints one")),
            _ => {
                let names = fit.into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(", ");
                Err(CliError::usage(format!("several profiles are for {url}")).hint(format!("name one with -P: {names}")))
            }
        }
    }

    /// The profile that was named; else the one that was chosen; else `default` if its daemon answers or there is no demo; else the demo's.
    pub(crate) async fn choose(&self, profiles: &Profiles) -> Result<Option<(String, Profile)>, CliError> {
        self.choose_of(profiles, self.named_profile()).await
    }

    async fn choose_of(&self, profiles: &Profiles, named: Option<&str>) -> Result<Option<(String, Profile)>, CliError> {
        if let Some(name) = named {
            return match profiles.get(name)? {
                Some(profile) => Ok(Some((name.to_owned(), profile))),
                None if [DEMO, DEMO_AGENT].contains(&name) => {
                    Err(CliError::new(Exit::Unreachable, "NO_DAEMON", "no demo is running").hint("start one with `afenda demo`"))
                }
                None if name == DEFAULT => {
                    Err(CliError::new(Exit::Unreachable, "NO_DAEMON", "no daemon was started here yet").hint(START_HINT))
                }
                None => Err(CliError::usage(format!("there is no profile `{name}`")).hint(match profiles.names().as_slice() {
                    [] => START_HINT.to_owned(),
                    names => format!("there are: {}", names.join(", ")),
                })),
            };
        }
        if let Some(name) = profiles.current()?
            && let Some(profile) = profiles.get(&name)?
        {
            return Ok(Some((name, profile)));
        }
        let default = profiles.get(DEFAULT)?.map(|profile| (DEFAULT.to_owned(), profile));
        let demo = profiles.get(DEMO)?.map(|profile| (DEMO.to_owned(), profile));
        Ok(match (default, demo) {
            (Some(default), Some(demo)) => {
                if default.1.answers().await || !demo.1.answers().await {
                    Some(default)
                } else {
                    self.out.note(&format!("the daemon at {} does not answer; this is the running demo", default.1.url));
                    Some(demo)
                }
            }
            (default, demo) => default.or(demo),
        })
    }
}

impl Session {
    /// Makes a call that changes something, which sends its key; where the daemon was lost while it worked, once more: it is carried out once
    /// at most.
    ///
    /// # Errors
    /// What the daemon said. Where it stays lost, that the outcome is not known, with the command's key and the command that finds out.
    pub(crate) async fn change<T>(&self, find_out: &str, call: impl AsyncFn(&Client) -> Result<T, ClientError>) -> Result<T, CliError> {
        self.asked.set(Some((self.key.clone(), find_out.to_owned())));
        let first = self.wait(call(&self.client)).await;
        let result = match first {
            Err(ClientError::Lost(_)) => match self.wait(call(&self.client)).await {
                Err(ClientError::Lost(source) | ClientError::Unreachable { source, .. }) => {
                    Err(daemon_lost().outcome_unknown(&self.key, find_out).because(source))
                }
                second => second.map_err(|err| self.explain(err)),
            },
            first => first.map_err(|err| self.explain(err)),
        };
        self.asked.set(None);
        result
    }

    /// Makes a call that may be made again; where the daemon was lost while it worked, once more.
    pub(crate) async fn call<T>(&self, call: impl AsyncFn(&Client) -> Result<T, ClientError>) -> Result<T, CliError> {
        let result = match self.wait(call(&self.client)).await {
            Err(ClientError::Lost(_)) => self.wait(call(&self.client)).await,
            first => first,
        };
        result.map_err(|err| self.explain(err))
    }

    /// A client whose changing calls are only checked, and count as none.
    pub(crate) fn checking(&self) -> Client {
        self.client.clone().with_dry_run(true).with_changes(Arc::default())
    }

    async fn wait<T>(&self, answer: impl Future<Output = T>) -> T {
        waiting(self.telling, "waiting for the daemon", answer).await
    }

    /// The error, with the profile's part in it.
    pub(crate) fn explain(&self, err: ClientError) -> CliError {
        match (err, self.profile.as_deref()) {
            (ClientError::Unreachable { source, .. }, Some(DEMO | DEMO_AGENT)) => unreachable_at(self.client.base())
                .because(source)
                .hint("the demo of this profile is gone: start a new one with `afenda demo`"),
            (ClientError::Unreachable { source, .. }, _) => unreachable_at(self.client.base()).because(source),
            (err, _) => CliError::from(err),
        }
    }
}

/// Runs one thing after the other, each once however often it is named. What fails is told at once and does not keep the rest from being
/// tried, unless nothing else could succeed either; the exit code is that of the first failure.
pub(crate) async fn each<T>(
    ctx: &mut Context,
    targets: Vec<T>,
    name: impl Fn(&T) -> String,
    run: impl AsyncFn(&mut Context, T) -> Result<(), CliError>,
) -> Result<(), CliError> {
    let several = targets.len() > 1;
    let (mut first, mut named) = (None, BTreeSet::new());
    for target in targets {
        let name = name(&target);
        if !named.insert(name.clone()) {
            continue;
        }
        let Err(err) = run(ctx, target).await else { continue };
        let err = err.about(name);
        if !several || err.silent {
            return Err(err);
        }
        ctx.report(&err);
        let exit = *first.get_or_insert(err.exit);
        if err.is_final() {
            return Err(CliError::told(exit));
        }
    }
    first.map_or(Ok(()), |exit| Err(CliError::told(exit)))
}

/// What changes something here, which the daemon could not check.
pub(crate) fn no_dry_run() -> CliError {
    CliError::usage("--dry-run: there is nothing here that the daemon could check")
}

/// Prints an error on stderr.
pub(crate) fn report(err: &CliError, json: bool) {
    if err.silent {
        return;
    }
    if json {
        talk(&format!("{}\n", text::json(&err.json().to_string())));
    } else {
        talk(&err.text());
    }
}
