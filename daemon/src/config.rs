//! What the operator can set: flags over environment over `config.toml` over defaults.
//!
//! One struct per section; `config.example.toml` shows each setting at its default, and a test compares the two. Unknown keys
//! are refused with the nearest known name, so that a typing error is never a silent default.

mod origins;
mod tenants;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use api::tenant::Role;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::secret::SecretError;

pub use origins::{Origins, VARIABLES};
pub use tenants::{Chatwoot, OWNER, Tenant, User};
use tenants::{FileChatwoot, FileTenant, FileUser};

/// What is wrong with the configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The file is not what it should be.
    #[error("{}: {message}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the key.
        message: String,
    },
    /// A value is wrong.
    #[error("{key}: {message}")]
    Value {
        /// The setting or environment variable.
        key: String,
        /// What is wrong, and the way out.
        message: String,
    },
    /// A secret cannot be read.
    #[error("{key}")]
    Secret {
        /// The setting.
        key: String,
        /// The cause.
        #[source]
        source: SecretError,
    },
}

fn wrong(key: impl Into<String>, message: impl Into<String>) -> ConfigError {
    ConfigError::Value { key: key.into(), message: message.into() }
}

/// What the command line sets; stronger than everything else.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// The configuration file; absent = `config.toml` in the user's configuration folder, if there is one.
    pub config: Option<PathBuf>,
    /// Address to listen on.
    pub listen: Option<SocketAddr>,
    /// Where everything is kept.
    pub data_dir: Option<PathBuf>,
}

/// The whole configuration, checked, with its secrets read.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// Seconds that a public reply waits in the outbox, during which it can be recalled.
    pub hold_seconds: u32,
    /// The event stream.
    pub sse: Sse,
    /// Reading from Chatwoot.
    pub sync: Sync,
    /// Tenants, at least one.
    pub tenants: Vec<Tenant>,
    /// Users besides the owner.
    pub users: Vec<User>,
    /// Approval types besides the built-in ones.
    pub approval_types: Vec<ApprovalType>,
    /// Settings that are accepted and have no effect, for `status`.
    pub warnings: Vec<String>,
    /// Where these values come from.
    pub origins: Origins,
}

/// The event stream.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sse {
    /// Milliseconds between heartbeats on a silent stream.
    pub heartbeat_interval_ms: u64,
    /// Streams open at once.
    pub max_connections: usize,
}

impl Default for Sse {
    fn default() -> Self {
        Self { heartbeat_interval_ms: 30_000, max_connections: 1000 }
    }
}

/// Reading from Chatwoot.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sync {
    /// Requests to Chatwoot at once. A real server gains nothing from more, its web users lose.
    pub requests_max: usize,
    /// Requests a minute that the server takes from one address. Absent = Chatwoot's 3000, and none on this machine, which Chatwoot exempts.
    pub rate_limit_per_minute: Option<u32>,
    /// Percent of the server's limits that are ours.
    pub rate_share: u32,
    /// Days back that messages are copied.
    pub message_age_days: u32,
    /// Seconds between looks for what the live paths missed.
    pub reconcile_interval_s: u64,
    /// Seconds between walks through everything.
    pub deep_interval_s: u64,
    /// Hours since a conversation's newest activity in which its messages are read again now and then.
    pub message_window_hours: u32,
    /// Whether to hold a websocket.
    pub websocket: bool,
    /// Whether a linked agent counts as present in Chatwoot while their inbox is open.
    pub agent_presence: bool,
    /// Seconds a webhook's timestamp may be off.
    pub webhook_tolerance_s: i64,
    /// Seconds after a send with an unknown outcome in which Chatwoot, or a proxy before it, may still carry it out: it is not sent again before.
    pub settle_s: u32,
    /// Waits between tries are so many times shorter than they are written down. Not a setting: 1, except in tests whose Chatwoot is in the same
    /// process, where nobody is spared by waiting.
    #[serde(skip)]
    pub haste: u32,
}

impl Default for Sync {
    fn default() -> Self {
        Self {
            requests_max: 2,
            rate_limit_per_minute: None,
            rate_share: 50,
            message_age_days: 730,
            reconcile_interval_s: 60,
            deep_interval_s: 86_400,
            message_window_hours: 72,
            websocket: true,
            agent_presence: true,
            webhook_tolerance_s: 300,
            settle_s: 15,
            haste: 1,
        }
    }
}

/// A kind of approval.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalType {
    /// Its name: `a-z`, `0-9`, `_`.
    pub name: String,
    /// Roles that decide it.
    #[serde(default = "default_deciders")]
    pub deciders: Vec<Role>,
    /// Hours after which it lapses; absent = never.
    #[serde(default)]
    pub expires_hours: Option<u32>,
}

fn default_deciders() -> Vec<Role> {
    vec![Role::Owner, Role::Admin, Role::Approver]
}

/// The types that are always there.
pub const BUILT_IN_TYPES: [&str; 3] = ["ceo_approval", "escalation", "consultation_room"];

impl ApprovalType {
    /// A type with the usual deciders and no expiry.
    pub fn built_in(name: &str) -> Self {
        Self { name: name.to_owned(), deciders: default_deciders(), expires_hours: None }
    }
}

/// The longest hold: a reply kept back for longer is forgotten, not held.
pub const HOLD_SECONDS_MAX: u32 = 3600;

/// `config.toml` as it stands in the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    listen: Option<SocketAddr>,
    data_dir: Option<PathBuf>,
    hold_seconds: Option<u32>,
    sse: Sse,
    sync: Sync,
    chatwoot: Option<FileChatwoot>,
    tenants: Vec<FileTenant>,
    users: Vec<FileUser>,
    approval_types: Vec<ApprovalType>,
    // The inbox's, which checks them itself.
    ui: IgnoredAny,
    keys: IgnoredAny,
    editor: IgnoredAny,
    composer: IgnoredAny,
    terminal: IgnoredAny,
    notifications: IgnoredAny,
    waiting: IgnoredAny,
}

/// Reads an environment variable.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Config {
    /// Reads and checks everything. `env` reads an environment variable; empty ones count as absent.
    ///
    /// # Errors
    /// The first thing that is wrong, with its key and the way out.
    pub fn load(overrides: &Overrides, env: Env<'_>) -> Result<Self, ConfigError> {
        let env = &|key: &str| env(key).filter(|value| !value.trim().is_empty());
        let (path, text, file) = read(overrides, env)?;
        let origins = Origins::new(text.as_deref().map(|text| (path.as_path(), text)), overrides, env);
        let base = path.parent().map(Path::to_owned).unwrap_or_default();
        let mut warnings = Vec::new();
        if env("JWT_SECRET").is_some() {
            warnings.push("JWT_SECRET is set but has no effect: auth.mode is local, tokens are made with `afenda daemon token`".to_owned());
        }
        let listen = match overrides.listen {
            Some(listen) => listen,
            None => parse(env, "AFENDA_LISTEN")?.or(file.listen).unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8000))),
        };
        let data_dir = match overrides.data_dir.clone().or_else(|| env("AFENDA_DATA_DIR").map(PathBuf::from)).or(file.data_dir) {
            Some(dir) => dir,
            None => default_data_dir()?,
        };
        let hold_seconds = parse(env, "AFENDA_HOLD_SECONDS")?.or(file.hold_seconds).unwrap_or(5);
        if hold_seconds > HOLD_SECONDS_MAX {
            return Err(wrong("hold_seconds", format!("at most {HOLD_SECONDS_MAX}")));
        }
        let sse = Sse {
            heartbeat_interval_ms: parse(env, "SSE_HEARTBEAT_INTERVAL")?.unwrap_or(file.sse.heartbeat_interval_ms),
            max_connections: parse(env, "SSE_MAX_CONNECTIONS")?.unwrap_or(file.sse.max_connections),
        };
        if sse.heartbeat_interval_ms == 0 {
            return Err(wrong("sse.heartbeat_interval_ms", "must be at least 1 (milliseconds)"));
        }
        if file.sync.requests_max == 0 || file.sync.requests_max > 16 {
            return Err(wrong("sync.requests_max", "must be 1 to 16"));
        }
        if file.sync.rate_limit_per_minute == Some(0) {
            return Err(wrong("sync.rate_limit_per_minute", "must be at least 1; leave it out for Chatwoot's own"));
        }
        if file.sync.rate_share == 0 || file.sync.rate_share > 100 {
            return Err(wrong("sync.rate_share", "must be 1 to 100 (percent)"));
        }
        if file.sync.reconcile_interval_s == 0 {
            return Err(wrong("sync.reconcile_interval_s", "must be at least 1 (seconds)"));
        }
        let tenants = tenants::tenants(file.chatwoot, file.tenants, &base, env)?;
        let users = tenants::users(file.users, &tenants, &base, env)?;
        for (at, kind) in file.approval_types.iter().enumerate() {
            if !is_word(&kind.name, "_") {
                return Err(wrong(format!("approval_types[{at}].name"), "use a-z, 0-9 and _"));
            }
            if kind.deciders.is_empty() {
                return Err(wrong(format!("approval_types[{at}].deciders"), "name at least one role"));
            }
        }
        Ok(Self {
            listen,
            data_dir,
            hold_seconds,
            sse,
            sync: file.sync,
            tenants,
            users,
            approval_types: file.approval_types,
            warnings,
            origins,
        })
    }

    /// The approval type of that name.
    pub fn approval_type(&self, name: &str) -> Option<ApprovalType> {
        let declared = self.approval_types.iter().find(|kind| kind.name == name).cloned();
        declared.or_else(|| BUILT_IN_TYPES.contains(&name).then(|| ApprovalType::built_in(name)))
    }
}

/// Where everything is kept unless somebody says otherwise.
///
/// # Errors
/// When the user has no home folder.
pub fn default_data_dir() -> Result<PathBuf, ConfigError> {
    directories::ProjectDirs::from("", "", "afenda")
        .map(|dirs| dirs.data_dir().to_owned())
        .ok_or_else(|| wrong("data_dir", "there is no home folder to put it in; set AFENDA_DATA_DIR"))
}

/// The folder of the configuration files; none for a user without a home folder.
pub fn config_dir(env: Env<'_>) -> Option<PathBuf> {
    let usual = || directories::ProjectDirs::from("", "", "afenda").map(|dirs| dirs.config_dir().to_owned());
    env("AFENDA_CONFIG_DIR").map(PathBuf::from).or_else(usual)
}

/// The file of settings where nothing else is said.
fn config_file(env: Env<'_>) -> Option<PathBuf> {
    config_dir(env).map(|dir| dir.join("config.toml"))
}

/// The file's path, its text where there is one, and what that says.
fn read(overrides: &Overrides, env: Env<'_>) -> Result<(PathBuf, Option<String>, File), ConfigError> {
    let named = overrides.config.clone().or_else(|| env("AFENDA_CONFIG").map(PathBuf::from));
    let Some(path) = named.clone().or_else(|| config_file(env)) else { return Ok((PathBuf::new(), None, File::default())) };
    match std::fs::read_to_string(&path) {
        Ok(text) => match toml::from_str(&text) {
            Ok(file) => Ok((path, Some(text), file)),
            Err(err) => Err(ConfigError::File { message: explain(&text, &err), path }),
        },
        Err(err) if err.kind() == std::io::ErrorKind::NotFound && named.is_none() => Ok((PathBuf::new(), None, File::default())),
        Err(source) => Err(ConfigError::Read { path, source }),
    }
}

/// What is wrong with a file: the line and the message, with the nearest known name for an unknown key.
pub fn explain(text: &str, err: &toml::de::Error) -> String {
    let line = err.span().map(|span| text.get(..span.start).unwrap_or_default().matches('\n').count() + 1);
    let message = err.message();
    // serde's own words: unknown field `listn`, expected one of `listen`, `data_dir`
    let mut words = message.split('`').skip(1).step_by(2);
    let nearest = words.next().filter(|_| message.starts_with("unknown field")).and_then(|unknown| {
        words.map(|known| (strsim::damerau_levenshtein(unknown, known), known)).min().filter(|(far, _)| *far <= 4).map(|(_, known)| known)
    });
    let at = line.map(|line| format!("line {line}: ")).unwrap_or_default();
    let hint = nearest.map(|known| format!("; did you mean `{known}`?")).unwrap_or_default();
    format!("{at}{message}{hint}")
}

fn parse<T: std::str::FromStr>(env: Env<'_>, key: &str) -> Result<Option<T>, ConfigError>
where
    T::Err: std::fmt::Display,
{
    env(key).map(|text| text.trim().parse().map_err(|err| wrong(key, format!("`{text}`: {err}")))).transpose()
}

/// Letters, digits and the given further characters; not empty, not longer than 64.
fn is_word(text: &str, further: &str) -> bool {
    (1..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || further.contains(c))
}

#[cfg(test)]
mod tests;
