//! Whom a webhook is believed: the secrets of one account, and what the receiver noticed.
//!
//! Secrets come from the configuration and from the daemon's own file, which `install` writes (mode 0600, never the database). While one is
//! replaced, the one before stays accepted for an hour. Never here: HTTP of our own, and what becomes of a webhook that is believed.

mod install;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use api::webhook::{RefusedWebhook, WebhooksView};
use chatwoot::Secret;
use chatwoot::webhook::{SignatureError, verify};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub(crate) use install::install;

use crate::clock::{Micros, SECOND, timestamp};
use crate::config;
use crate::domain::webhook::{Version, believes_unsigned, signs};
use crate::secret::{self, SecretError, Token};
use crate::store::WebhookCounts;

/// The receiver's path, to which the account's opaque id is added.
pub(crate) const RECEIVER: &str = "/api/v1/webhooks/chatwoot/";
/// How long the secret before stays accepted: what Chatwoot had queued with it is sent by then, and a secret that leaked is not kept alive long.
const PREVIOUS_KEPT: Micros = 3_600 * SECOND;
/// Refusals of one account are logged this far apart at most: anybody can cause them.
const TELL_EVERY: Micros = 60 * SECOND;

/// The receiver's side of one account.
#[derive(Debug)]
pub(crate) struct Hooks {
    /// The daemon's file with the secrets of the webhook that it installed.
    path: PathBuf,
    /// Secrets of the configuration.
    configured: Vec<Token>,
    /// Whether the operator wants unsigned webhooks believed.
    unsigned: bool,
    installed: Mutex<Installed>,
    noticed: Mutex<Noticed>,
    /// Held while the account webhook is being set up: two at once would make two.
    pub(crate) installing: tokio::sync::Mutex<()>,
}

/// The webhook that the daemon installed.
#[derive(Debug, Default)]
struct Installed {
    live: Option<Live>,
    /// Why the file could not be read.
    unreadable: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Live {
    webhook_id: i64,
    secret: Token,
    /// The one before, and until when it is accepted.
    previous: Option<(Token, Micros)>,
}

/// The file as it stands.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    webhook_id: i64,
    secret: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<Previous>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Previous {
    secret: String,
    until_us: Micros,
}

#[derive(Debug, Default)]
struct Noticed {
    refused: Option<(Micros, String)>,
    told: Option<Micros>,
    /// Seconds that the time of the newest genuine webhook was off, where that was too much.
    off_s: Option<i64>,
}

/// What proves a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Proof<'a> {
    /// Chatwoot's time of sending, unix seconds as text.
    pub(crate) timestamp: Option<&'a str>,
    /// The signature.
    pub(crate) signature: Option<&'a str>,
    /// The raw body.
    pub(crate) body: &'a [u8],
}

impl Proof<'_> {
    /// Tells these bytes from all others: of the signature, which holds time and body, or else of the body.
    pub(crate) fn digest(&self) -> String {
        hex::encode(Sha256::digest(self.signature.map_or(self.body, str::as_bytes)))
    }

    /// The check that is made where there is nobody to believe, so that a receiver that does not exist takes as long as one that does.
    pub(crate) fn disbelieve(&self, now: Micros, tolerance_s: i64) -> SignatureError {
        let nobody = [Secret::new(secret::new_token().expose())];
        let checked = verify(&nobody, self.timestamp, self.signature, self.body, now / SECOND, tolerance_s);
        checked.err().unwrap_or(SignatureError::Wrong)
    }
}

impl Hooks {
    /// Reads the daemon's file, if there is one.
    pub(crate) fn open(data_dir: &Path, slug: &str, chatwoot: &config::Chatwoot) -> Self {
        let path = data_dir.join("webhooks").join(format!("{slug}.json"));
        let installed = match read(&path) {
            Ok(live) => Installed { live, unreadable: None },
            Err(why) => {
                tracing::error!(path = %path.display(), why, "the webhook's secret cannot be read");
                Installed { live: None, unreadable: Some(why) }
            }
        };
        Self {
            path,
            configured: chatwoot.webhook_secrets.clone(),
            unsigned: chatwoot.webhooks_unsigned,
            installed: Mutex::new(installed),
            noticed: Mutex::default(),
            installing: tokio::sync::Mutex::default(),
        }
    }

    /// The secrets that are accepted now.
    fn secrets(&self, now: Micros) -> Vec<Secret> {
        let live = lock(&self.installed).live.clone();
        let installed = live.into_iter().flat_map(|live| {
            let previous = live.previous.filter(|(_, until)| *until > now).map(|(secret, _)| secret);
            std::iter::once(live.secret).chain(previous)
        });
        installed.chain(self.configured.iter().cloned()).map(|secret| Secret::new(secret.expose())).collect()
    }

    /// Whether what is signed with this secret is believed now.
    pub(crate) fn knows(&self, secret: &Secret, now: Micros) -> bool {
        self.secrets(now).iter().any(|known| known.expose() == secret.expose())
    }

    /// Whether a webhook is believed.
    ///
    /// # Errors
    /// Why not, for the log and the status, never for the sender.
    pub(crate) fn judge(&self, proof: &Proof<'_>, version: Version, now: Micros, tolerance_s: i64) -> Result<(), SignatureError> {
        let verdict = verify(&self.secrets(now), proof.timestamp, proof.signature, proof.body, now / SECOND, tolerance_s);
        let bare = proof.timestamp.is_none() && proof.signature.is_none();
        let verdict = if bare && believes_unsigned(self.unsigned, version) { Ok(()) } else { verdict };
        let mut noticed = lock(&self.noticed);
        match verdict {
            Ok(()) => noticed.off_s = None,
            Err(why) => {
                if let SignatureError::Stale { off_s } = why {
                    noticed.off_s = Some(off_s);
                }
                noticed.refused = Some((now, why.to_string()));
            }
        }
        verdict
    }

    /// Whether a refusal is worth a line in the log now.
    pub(crate) fn tell(&self, now: Micros) -> bool {
        let mut noticed = lock(&self.noticed);
        let due = noticed.told.is_none_or(|at| now.saturating_sub(at) >= TELL_EVERY);
        if due {
            noticed.told = Some(now);
        }
        due
    }

    /// How the webhooks stand.
    pub(crate) fn view(&self, path: String, counts: &WebhookCounts) -> WebhooksView {
        let refused = lock(&self.noticed).refused.clone();
        WebhooksView {
            path,
            secret: !self.configured.is_empty() || lock(&self.installed).live.is_some(),
            last: counts.last.clone().map(|(at, event)| api::webhook::LastWebhook { at: timestamp(at), event }),
            refused: refused.map(|(at, reason)| RefusedWebhook { at: timestamp(at), reason }),
            waiting: counts.waiting,
            dead: counts.dead,
        }
    }

    /// What whoever runs the daemon should know.
    pub(crate) fn warnings(&self, version: Version, counts: &WebhookCounts, tolerance_s: i64) -> Vec<String> {
        let mut warnings = Vec::new();
        if let Some(why) = &lock(&self.installed).unreadable {
            warnings.push(format!("the webhook's secret in {} cannot be read ({why}): run `afenda webhooks install`", self.path.display()));
        }
        match (self.unsigned, signs(version)) {
            (true, Some(true)) => warnings.push(
                "chatwoot.webhooks_unsigned has no effect: this Chatwoot signs its webhooks, unsigned ones are refused; take it out of the configuration and run `afenda webhooks install`"
                    .to_owned(),
            ),
            (true, Some(false)) => warnings.push(
                "webhooks are believed without a signature (chatwoot.webhooks_unsigned): whoever knows the receiver's address can send them; Chatwoot 4.12 and newer signs"
                    .to_owned(),
            ),
            (true, None) | (false, _) => {}
        }
        if let Some(off_s) = lock(&self.noticed).off_s {
            let (by, way) = (off_s.unsigned_abs(), if off_s > 0 { "behind" } else { "ahead" });
            warnings.push(format!(
                "webhooks are refused because their time is {by} s {way} ours, {tolerance_s} s are allowed: set the clocks of this machine and of Chatwoot's (NTP), or sync.webhook_tolerance_s"
            ));
        }
        if counts.dead > 0 {
            warnings.push(format!(
                "{} webhooks could not be worked off and are kept as dead letters: `afenda webhooks list --state dead` shows them, `afenda webhooks replay` tries again",
                counts.dead
            ));
        }
        warnings
    }

    /// Keeps the secret of the account webhook; the one before stays accepted for a while. Says whether that changed anything.
    async fn keep(&self, webhook_id: i64, secret: &Secret, now: Micros) -> Result<bool, SecretError> {
        let secret = Token::new(secret.expose());
        let known = lock(&self.installed).live.clone();
        if known.as_ref().is_some_and(|live| live.webhook_id == webhook_id && live.secret == secret) {
            return Ok(false);
        }
        let previous = known.and_then(|live| match live.secret == secret {
            true => live.previous,
            false => Some((live.secret, now + PREVIOUS_KEPT)),
        });
        let live = Live { webhook_id, secret, previous };
        let file = File {
            webhook_id,
            secret: live.secret.expose().to_owned(),
            previous: live.previous.as_ref().map(|(secret, until_us)| Previous { secret: secret.expose().to_owned(), until_us: *until_us }),
        };
        let (path, text) = (self.path.clone(), serde_json::to_string(&file).unwrap_or_default());
        let written = tokio::task::spawn_blocking(move || secret::write_file(&path, &text)).await;
        written.unwrap_or_else(|err| Err(SecretError::Write { path: self.path.clone(), source: std::io::Error::other(err) }))?;
        *lock(&self.installed) = Installed { live: Some(live), unreadable: None };
        Ok(true)
    }

    /// The webhook whose secret the daemon keeps.
    fn webhook_id(&self) -> Option<i64> {
        lock(&self.installed).live.as_ref().map(|live| live.webhook_id)
    }
}

fn read(path: &Path) -> Result<Option<Live>, String> {
    let text = match secret::read_file(path) {
        Ok(text) => text,
        Err(SecretError::Read { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(SecretError::Read { source, .. }) => return Err(source.to_string()),
        Err(err) => return Err(err.to_string()),
    };
    // serde's message could repeat a value.
    let file: File = serde_json::from_str(text.expose()).map_err(|_| "it is not what afenda wrote".to_owned())?;
    let previous = file.previous.map(|previous| (Token::new(previous.secret), previous.until_us));
    Ok(Some(Live { webhook_id: file.webhook_id, secret: Token::new(file.secret), previous }))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is behind these is replaced whole; a panic elsewhere leaves it usable.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
