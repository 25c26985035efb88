//! Profiles: which daemon, and as whom. One small file each, `<data dir>/profiles/<name>.json`, that only its owner can read.
//!
//! The daemon writes `default` on its first loopback start, the demo writes `demo` and `demo-agent` for as long as it runs. A profile is
//! alive when its daemon answers, never because a process id looks right.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use api::{Client, ClientError, Token};
use serde::{Deserialize, Serialize};

use crate::error::CliError;
use crate::exit::Exit;

/// The profile of the daemon that runs here.
pub(crate) const DEFAULT: &str = "default";
/// The demo's approver.
pub(crate) const DEMO: &str = "demo";
/// The demo's agent.
pub(crate) const DEMO_AGENT: &str = "demo-agent";

/// The file beside them with the name of the one that was chosen.
const CURRENT: &str = "current";

/// A daemon on this machine that takes longer than this to answer is not one to choose by itself.
const ANSWER_LIMIT: Duration = Duration::from_millis(800);

/// A daemon, and as whom to speak to it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Profile {
    /// The daemon's address.
    pub(crate) url: String,
    /// Empty where the keychain has it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    token: String,
    /// The system's keychain has the token.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    keychain: bool,
    /// The tenant inside it that counts where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tenant: Option<String>,
    /// The user's name.
    pub(crate) user: String,
    /// The process that wrote it, for people to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pid: Option<u32>,
    /// The demo's store, so that the next demo can remove what a killed one left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) store: Option<PathBuf>,
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profile").field("url", &self.url).field("user", &self.user).field("pid", &self.pid).finish_non_exhaustive()
    }
}

impl Profile {
    pub(crate) fn new(url: &str, token: &Token, user: &str) -> Self {
        Self {
            url: url.to_owned(),
            token: token.expose().to_owned(),
            keychain: false,
            user: user.to_owned(),
            tenant: None,
            pid: None,
            store: None,
        }
    }

    /// The token, from wherever it lies.
    ///
    /// # Errors
    /// The keychain that has it cannot be asked.
    pub(crate) fn token(&self) -> Result<Token, CliError> {
        if !self.keychain {
            return Ok(Token::new(&self.token));
        }
        crate::keychain::get(&self.account()).map_err(|why| {
            let message = format!("the keychain has the token of {} at {}, and did not give it: {why}", self.user, self.url);
            CliError::new(Exit::Unauthenticated, "NO_TOKEN", message)
                .hint("unlock the keychain and repeat it; else set AFENDA_TOKEN, or log in again with `afenda auth login --with-token`")
        })
    }

    /// What the keychain files the token under.
    fn account(&self) -> String {
        format!("{}@{}", self.user, self.url.trim_end_matches('/'))
    }

    /// Where the token lies, for people.
    pub(crate) fn token_in(&self, path: &Path) -> String {
        if self.keychain { "the keychain".to_owned() } else { path.display().to_string() }
    }

    /// Whether an afenda daemon answers at its address, whatever it says about the token.
    pub(crate) async fn answers(&self) -> bool {
        matches!(self.ask().await, Some(Ok(_) | Err(ClientError::Api { .. })))
    }

    /// Whether the daemon that made this profile answers: it knows the token.
    pub(crate) async fn is_known(&self) -> bool {
        matches!(self.ask().await, Some(Ok(_)))
    }

    /// Asks its daemon who the token is of; `None` where nothing comes in time.
    pub(crate) async fn ask(&self) -> Option<Result<api::tenant::MeView, ClientError>> {
        let client = Client::new(&self.url, self.token().ok()?).ok()?;
        tokio::time::timeout(ANSWER_LIMIT, client.me()).await.ok()
    }
}

/// The folder with all profiles.
#[derive(Debug, Clone)]
pub(crate) struct Profiles {
    folder: PathBuf,
}

impl Profiles {
    pub(crate) fn new(data_dir: &Path) -> Self {
        Self { folder: data_dir.join("profiles") }
    }

    /// Where they lie.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of a profile.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.json"))
    }

    /// Reads a profile; `None` where there is none of that name.
    pub(crate) fn get(&self, name: &str) -> Result<Option<Profile>, CliError> {
        check_name(name)?;
        let path = self.path(name);
        let bad = || CliError::failed(format!("cannot read the profile {}", path.display()));
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(err) => return Err(bad().because(err)),
        };
        let remedy = || format!("remove it; `afenda daemon token USER` makes a new token: {}", path.display());
        serde_json::from_str(&text).map(Some).map_err(|err| bad().because(err).hint(remedy()))
    }

    /// Writes a profile, whole or not at all.
    pub(crate) fn put(&self, name: &str, profile: &Profile) -> Result<(), CliError> {
        check_name(name)?;
        let fail = || CliError::failed(format!("cannot write the profile `{name}`"));
        let text = serde_json::to_string_pretty(profile).map_err(|err| fail().because(err))?;
        daemon::secret::write_file(&self.path(name), &format!("{text}\n")).map_err(|err| fail().because(err))
    }

    /// Writes a profile whose token goes into the keychain, where there is one that takes it. Comes back with why not, where there is none.
    pub(crate) fn put_safely(&self, name: &str, mut profile: Profile) -> Result<Option<String>, CliError> {
        check_name(name)?;
        let kept = crate::keychain::keep(&profile.account(), &profile.token()?);
        if kept.is_ok() {
            profile.token.clear();
            profile.keychain = true;
        }
        self.put(name, &profile)?;
        Ok(kept.err())
    }

    /// Forgets a profile; where it was chosen, none is any more.
    pub(crate) fn remove(&self, name: &str) -> Result<(), CliError> {
        check_name(name)?;
        let fail = || CliError::failed(format!("cannot remove the profile `{name}`"));
        if let Ok(Some(profile)) = self.get(name)
            && profile.keychain
        {
            crate::keychain::forget(&profile.account()).map_err(|why| fail().because(why).hint("unlock the keychain and repeat it"))?;
        }
        std::fs::remove_file(self.path(name)).map_err(|err| fail().because(err))?;
        if self.current()?.as_deref() == Some(name) {
            std::fs::remove_file(self.folder.join(CURRENT)).map_err(|err| fail().because(err))?;
        }
        Ok(())
    }

    /// The profile that was chosen with `auth switch`, if one was.
    pub(crate) fn current(&self) -> Result<Option<String>, CliError> {
        let path = self.folder.join(CURRENT);
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text.trim().to_owned()).filter(|name| check_name(name).is_ok())),
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(err) => Err(CliError::failed(format!("cannot read {}", path.display())).because(err)),
        }
    }

    /// Chooses a profile for as long as nobody names another.
    pub(crate) fn set_current(&self, name: &str) -> Result<(), CliError> {
        check_name(name)?;
        let path = self.folder.join(CURRENT);
        daemon::secret::write_file(&path, &format!("{name}\n"))
            .map_err(|err| CliError::failed(format!("cannot write {}", path.display())).because(err))
    }

    /// The names of all profiles, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|ext| ext == "json"))
            .filter_map(|path| path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned))
            .collect();
        names.sort();
        names
    }
}

/// Whether an address is this machine's own.
pub(crate) fn is_local(url: &str) -> bool {
    let url = reqwest::Url::parse(url).ok();
    let host = url.as_ref().and_then(reqwest::Url::host_str).unwrap_or_default();
    host == "localhost" || host.trim_matches(['[', ']']).parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

fn check_name(name: &str) -> Result<(), CliError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if (1..=64).contains(&name.len()) && name.chars().all(plain) {
        return Ok(());
    }
    Err(CliError::usage(format!("`{name}` is not a profile's name")).hint("use letters, digits, - and _"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_profile_is_private_and_never_prints_its_token() {
        let folder = tempfile::tempdir().unwrap();
        let profiles = Profiles::new(folder.path());
        assert!(profiles.get("demo").unwrap().is_none());
        profiles.put("demo", &Profile::new("http://127.0.0.1:1", &Token::new("s3cret"), "ada")).unwrap();
        let back = profiles.get("demo").unwrap().unwrap();
        assert_eq!((back.token().unwrap().expose(), back.user.as_str()), ("s3cret", "ada"));
        assert!(!format!("{back:?}").contains("s3cret"));
        assert_eq!(std::fs::metadata(profiles.path("demo")).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(profiles.names(), ["demo"]);
    }

    #[test]
    fn this_machine_is_known_by_its_address() {
        for url in ["http://127.0.0.1:8000", "http://127.1.2.3", "http://[::1]:8000", "http://localhost:8000/"] {
            assert!(is_local(url), "{url}");
        }
        for url in ["https://desk.example.com", "http://127.evil.com", "http://10.0.0.1", "what"] {
            assert!(!is_local(url), "{url}");
        }
    }

    #[test]
    fn a_name_cannot_leave_the_folder() {
        let profiles = Profiles::new(Path::new("/nowhere"));
        for name in ["../x", "", "a/b", "a.b"] {
            assert!(profiles.get(name).is_err(), "{name}");
        }
    }
}
