//! Profiles: several daemons, several people. What is kept, who one is there, and which counts where none is named.

use api::tenant::Role;
use api::{Client, ClientError};
use serde::Serialize;

use crate::context::Context;
use crate::error::{CliError, START_HINT};
use crate::exit::Exit;
use crate::output::{Column, column, flexible, spare};
use crate::profile::{DEFAULT, Profile, Profiles, is_local};

/// Keep a daemon's address and your token there as a profile, which -P names [default: default on this machine, else the address's name]
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: afenda -P work --url https://desk.example.com auth login --with-token < FILE")]
pub(crate) struct Login {
    /// Take the token from standard input, where nobody sees it
    #[arg(long, required = true)]
    with_token: bool,
}

/// Print the profile's token, for programs
#[derive(Debug, clap::Args)]
pub(crate) struct PrintToken {
    /// On a terminal too, where others may see it
    #[arg(long)]
    show: bool,
}

/// Choose the profile that counts where none is named
#[derive(Debug, clap::Args)]
pub(crate) struct Switch {
    /// Its name [default: the other one, where there are two]
    #[arg(value_name = "PROFILE")]
    profile: Option<String>,
}

/// How a profile stands.
#[derive(Debug, Serialize)]
struct Standing {
    profile: String,
    /// It counts where none is named.
    active: bool,
    url: String,
    user: String,
    role: Option<Role>,
    tenant: Option<String>,
    /// ok, rejected, unreachable or other.
    state: &'static str,
    /// Its beginning.
    token: String,
    /// Where it comes from.
    token_from: String,
    repair: Option<String>,
}

const COLUMNS: &[Column<Standing>] = &[
    column("PROFILE", |row, _| row.profile.clone()),
    column("ACTIVE", |row, _| if row.active { "active".to_owned() } else { String::new() }),
    column("STATE", |row, _| row.state.to_owned()),
    column("USER", |row, _| row.user.clone()),
    spare(column("ROLE", |row, _| row.role.map(|role| role.to_string()).unwrap_or_default())),
    spare(column("TENANT", |row, _| row.tenant.clone().unwrap_or_default())),
    spare(flexible("URL", |row, _| row.url.clone())),
    spare(column("TOKEN", |row, _| row.token.clone())),
    flexible("REPAIR", |row, _| row.repair.clone().unwrap_or_default()),
];

/// A token that the environment names outweighs every profile's.
fn no_token_in_environment(doing: &str) -> Result<(), CliError> {
    if crate::settings::var("AFENDA_TOKEN").is_none() {
        return Ok(());
    }
    Err(CliError::usage(format!("AFENDA_TOKEN is set and outweighs every profile, so {doing} would change nothing"))
        .hint("unset AFENDA_TOKEN first"))
}

impl Login {
    pub(super) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        no_token_in_environment("to log in")?;
        let profiles = Profiles::new(&Context::data_dir()?);
        let url = ctx.named_url().map(str::to_owned);
        let elsewhere = url.as_deref().is_some_and(|url| !is_local(url));
        let name = match (ctx.named_profile(), &url) {
            (Some(DEFAULT), _) if elsewhere => {
                return Err(CliError::usage("the profile `default` is this machine's own daemon's").hint("name another with -P"));
            }
            (Some(name), _) => name.to_owned(),
            (None, Some(url)) if elsewhere => named_after(url),
            (None, _) => DEFAULT.to_owned(),
        };
        let known = profiles.get(&name)?;
        let url = match (url, &known) {
            (Some(url), Some(known)) if known.url.trim_end_matches('/') != url.trim_end_matches('/') => {
                return Err(CliError::usage(format!("the profile `{name}` is of {}", known.url))
                    .hint("name another with -P, or forget this one with `afenda auth logout`"));
            }
            (Some(url), _) => url,
            (None, Some(known)) => known.url.clone(),
            (None, None) => return Err(CliError::usage("which daemon?").hint("name its address with --url")),
        };
        let how = "afenda auth login --with-token < FILE, or from a password manager through a pipe";
        let token = super::read_token(how)?;
        let client =
            Client::new(&url, token.clone()).map_err(|err| CliError::usage("--url: the daemon's address is wrong").because(err))?;
        let me = client.me().await.map_err(|err| match err {
            err @ ClientError::Unreachable { .. } => CliError::from(err).hint("nothing was kept: look at the address"),
            err => CliError::from(err),
        })?;
        let profile = Profile::new(&url, &token, &me.user);
        // The daemon reads and writes its own, and no keychain.
        let without = if name == DEFAULT {
            profiles.put(&name, &profile)?;
            Some(String::new())
        } else {
            profiles.put_safely(&name, profile)?
        };
        ctx.out.note(&match without.as_deref() {
            None => format!("kept as profile `{name}`, its token in the keychain"),
            Some(why) => {
                let why = if why.is_empty() { String::new() } else { format!("; no keychain took the token: {why}") };
                format!("kept as profile `{name}` in {}, which only you can read{why}", profiles.path(&name).display())
            }
        });
        if ctx.named_profile().is_none() && name != DEFAULT {
            profiles.set_current(&name)?;
            ctx.out.note("it counts from now on where none is named; `afenda auth switch` chooses another");
        }
        ctx.out.row(&me, super::COLUMNS, &crate::text::line(&format!("{} ({}) at {url}", me.name, me.role)))
    }
}

/// A profile's name for a daemon elsewhere: its host's, with what a name cannot have as `-`.
fn named_after(url: &str) -> String {
    let host = reqwest::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_else(|| "elsewhere".to_owned());
    let plain = host.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(64);
    plain.collect::<String>().trim_matches('-').to_owned()
}

/// Forgets the profile that counts, or the named one.
pub(super) async fn logout(ctx: &Context) -> Result<(), CliError> {
    let profiles = Profiles::new(&Context::data_dir()?);
    let (name, _) = ctx.choose(&profiles).await?.ok_or_else(none)?;
    profiles.remove(&name)?;
    ctx.out.note(&format!("the profile `{name}` is forgotten; its token stays valid until the daemon's owner makes another"));
    Ok(())
}

fn none() -> CliError {
    CliError::new(Exit::Unreachable, "NO_DAEMON", "no daemon is known here").hint(START_HINT)
}

/// Asks each profile's daemon who that is.
pub(super) async fn status(ctx: &mut Context) -> Result<(), CliError> {
    let profiles = Profiles::new(&Context::data_dir()?);
    let active = ctx.choose(&profiles).await?.map(|(name, _)| name);
    let named = ctx.named_profile().map(str::to_owned);
    let names = named.map_or_else(|| profiles.names(), |name| vec![name]);
    let mut rows = Vec::new();
    let mut exit = Exit::Done;
    for name in names {
        let Some(profile) = profiles.get(&name)? else { continue };
        let is_active = active.as_ref() == Some(&name);
        let (row, code) = standing(&profiles, name, profile, is_active).await;
        if is_active {
            exit = code;
        }
        rows.push(row);
    }
    if rows.is_empty() {
        return Err(none());
    }
    if crate::settings::var("AFENDA_TOKEN").is_some() {
        ctx.out.note("AFENDA_TOKEN is set: it outweighs the tokens of all profiles");
    }
    ctx.out.list(&rows, COLUMNS, "")?;
    if exit == Exit::Done { Ok(()) } else { Err(CliError::told(exit)) }
}

async fn standing(profiles: &Profiles, name: String, profile: Profile, active: bool) -> (Standing, Exit) {
    let locked = profile.token().err().map(|err| err.sentence());
    let (state, me, exit, repair) = match profile.ask().await {
        _ if locked.is_some() => ("rejected", None, Exit::Unauthenticated, locked),
        Some(Ok(me)) => ("ok", Some(me), Exit::Done, None),
        Some(Err(ClientError::Api { status: 401, .. })) => {
            let repair = format!("afenda -P {name} auth login --with-token < FILE");
            ("rejected", None, Exit::Unauthenticated, Some(repair))
        }
        Some(Err(ClientError::Api { .. } | ClientError::Protocol(_))) => ("other", None, Exit::Unreachable, None),
        _ => ("unreachable", None, Exit::Unreachable, Some("start it, or look at its address".to_owned())),
    };
    let row = Standing {
        active,
        user: me.as_ref().map_or_else(|| profile.user.clone(), |me| me.user.clone()),
        role: me.as_ref().map(|me| me.role),
        tenant: profile.tenant.clone().or_else(|| me.map(|me| me.tenant.slug)),
        state,
        token: profile.token().map(|token| masked(token.expose())).unwrap_or_default(),
        token_from: profile.token_in(&profiles.path(&name)),
        url: profile.url,
        profile: name,
        repair,
    };
    (row, exit)
}

/// Enough of a token to tell two apart, too little to use it.
fn masked(token: &str) -> String {
    let shown: String = token.chars().take(if token.len() >= 24 { 8 } else { 0 }).collect();
    format!("{shown}…")
}

impl PrintToken {
    pub(super) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        if ctx.out.terminal && !self.show {
            return Err(CliError::usage("the token would stand on the screen").hint("send it through a pipe, or say --show"));
        }
        let profiles = Profiles::new(&Context::data_dir()?);
        let (_, profile) = ctx.choose(&profiles).await?.ok_or_else(none)?;
        ctx.out.line(profile.token()?.expose())
    }
}

impl Switch {
    pub(super) fn run(self, ctx: &Context) -> Result<(), CliError> {
        let profiles = Profiles::new(&Context::data_dir()?);
        let names = profiles.names();
        let there = || format!("there are: {}", names.join(", "));
        let current = profiles.current()?;
        let name = match (self.profile, names.as_slice()) {
            (Some(name), _) if names.contains(&name) => name,
            (Some(name), []) => return Err(CliError::usage(format!("there is no profile `{name}`")).hint(START_HINT)),
            (Some(name), _) => return Err(CliError::usage(format!("there is no profile `{name}`")).hint(there())),
            (None, [one, other]) => {
                let now = current.as_deref().unwrap_or(DEFAULT);
                if now == one { other.clone() } else { one.clone() }
            }
            (None, _) => return Err(CliError::usage("to which profile?").hint(there())),
        };
        ctx.changes.count(current.as_ref() == Some(&name));
        profiles.set_current(&name)?;
        ctx.out.note(&format!("`{name}` counts from now on where no profile is named"));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_masked_token_is_of_no_use() {
        assert_eq!(super::masked("afd_0123456789012345678901234567"), "afd_0123…");
        assert_eq!(super::masked("short"), "…");
    }
}
