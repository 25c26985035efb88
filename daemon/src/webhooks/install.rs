//! Makes the account webhook in Chatwoot, or puts it right.
//!
//! A webhook is ours when its path ends with this account's receiver, whatever its host. Each step leaves things so that the next call
//! finishes what an interrupted one began; the secret is kept before anything relies on it.

use std::net::IpAddr;
use std::time::Duration;

use api::error::Code;
use api::webhook::{InstallView, Installed, NewInstall};
use chatwoot::error::{Error, ErrorKind};
use chatwoot::model::Webhook;
use chatwoot::rest::NewWebhook;
use url::{Host, Url};

use super::{Hooks, RECEIVER};
use crate::clock::Clock;
use crate::domain::webhook::{EVENTS, Version, guards_private, is_private_v4, is_private_v6, signs};
use crate::fault::Fault;
use crate::secret::SecretError;
use crate::sync::SyncHandle;

/// As Chatwoot lists it (4.8+).
const NAME: &str = "afenda";
/// All calls together: whoever asked gives up after 20 s.
const LIMIT: Duration = Duration::from_secs(15);
/// A name that does not resolve in this time is not looked at any further.
const RESOLVE_LIMIT: Duration = Duration::from_secs(2);

/// Makes or repairs the webhook of an account with the opaque id `hook`. The caller holds [`Hooks::installing`].
pub(crate) async fn install(hooks: &Hooks, sync: &SyncHandle, hook: &str, clock: &Clock, new: &NewInstall) -> Result<InstallView, Fault> {
    let path = format!("{RECEIVER}{hook}");
    let target = new.url.as_deref().map(|text| target(text, &path)).transpose()?;
    if !sync.is_ready() {
        let why = sync.link().message.unwrap_or_else(|| "it has not been checked yet; try again in a moment".to_owned());
        return Err(Fault::new(Code::ChatwootUnavailable, format!("Chatwoot cannot be asked now: {why}")));
    }
    let setup = Setup { hooks, sync, clock, path };
    let late =
        |_| Fault::new(Code::ChatwootUnavailable, "Chatwoot does not answer in time; the same command again finishes what was begun");
    tokio::time::timeout(LIMIT, setup.run(target, new.rotate)).await.map_err(late)?
}

struct Setup<'a> {
    hooks: &'a Hooks,
    sync: &'a SyncHandle,
    clock: &'a Clock,
    /// The receiver's path.
    path: String,
}

impl Setup<'_> {
    async fn run(&self, target: Option<Url>, rotate: bool) -> Result<InstallView, Fault> {
        let all = self.sync.ask(|client| async move { client.webhooks().await }).await.map_err(|err| self.fault(&err))?;
        let mut ours: Vec<(Webhook, Url)> = all.into_iter().filter_map(|webhook| self.own(webhook, target.as_ref())).collect();
        // The one whose secret we keep; else the one that is there already; else the newest.
        let known = self.hooks.webhook_id();
        ours.sort_by_key(|(webhook, url)| (known == Some(webhook.id), Some(url) == target.as_ref(), webhook.id));
        let (webhook, target, mut outcome) = match (ours.pop(), target) {
            (None, None) => {
                return Err(Fault::invalid(
                    "url",
                    "there is no webhook of this daemon in Chatwoot yet: give the address at which Chatwoot reaches it, such as https://desk.example.com",
                ));
            }
            (None, Some(target)) => (self.create(&target).await?, target, Installed::Created),
            (Some((webhook, url)), target) => {
                let target = target.unwrap_or_else(|| plain(url));
                let kept = self.keep(&webhook).await?;
                match rotate {
                    true => (self.rotate(webhook, &target).await?, target, Installed::Rotated),
                    false => {
                        let (webhook, changed) = self.repair(webhook, &target).await?;
                        (webhook, target, if kept || changed { Installed::Repaired } else { Installed::Unchanged })
                    }
                }
            }
        };
        let mut warnings = Vec::new();
        for (other, url) in ours {
            if plain(url.clone()) == target {
                // What an interrupted rotation left.
                self.remove(other.id).await?;
                if outcome == Installed::Unchanged {
                    outcome = Installed::Repaired;
                }
            } else {
                warnings.push(format!(
                    "another webhook of Chatwoot's (#{}) leads here, by way of {}: remove it in Chatwoot if that is an old address",
                    other.id,
                    url.host_str().unwrap_or_default()
                ));
            }
        }
        let version = self.sync.version();
        warnings.extend(self.warnings(&webhook, &target, version).await);
        Ok(InstallView {
            webhook_id: webhook.id,
            url: target.into(),
            subscriptions: webhook.subscriptions,
            outcome,
            signed: webhook.secret.is_some() && signs(version) != Some(false),
            warnings,
        })
    }

    /// The webhook with its address, if it is ours: it leads to this account's receiver, or to the one without an id at the same place.
    fn own(&self, webhook: Webhook, target: Option<&Url>) -> Option<(Webhook, Url)> {
        let url = Url::parse(&webhook.url).ok()?;
        let bare = self.path.rsplit_once('/').map(|(bare, _)| bare)?;
        let own = url.path().ends_with(&self.path);
        let by_hand = target.is_some_and(|target| url.origin() == target.origin()) && url.path().ends_with(bare);
        (own || by_hand).then_some((webhook, url))
    }

    async fn create(&self, url: &Url) -> Result<Webhook, Fault> {
        let new = self.wanted(url);
        let made = self
            .sync
            .ask(|client| {
                let new = &new;
                async move { client.create_webhook(new).await }
            })
            .await;
        let webhook = match made {
            Ok(webhook) => webhook,
            // A first try whose answer was lost has made it, or somebody else did just now.
            Err(err) if matches!(err.kind, ErrorKind::Invalid { .. }) => {
                let all = self.sync.ask(|client| async move { client.webhooks().await }).await.map_err(|err| self.fault(&err))?;
                all.into_iter().find(|webhook| webhook.url == url.as_str()).ok_or_else(|| self.fault(&err))?
            }
            Err(err) => return Err(self.fault(&err)),
        };
        self.keep(&webhook).await?;
        Ok(webhook)
    }

    /// Keeps the webhook's secret, where it has one; says whether that is news.
    async fn keep(&self, webhook: &Webhook) -> Result<bool, Fault> {
        let Some(secret) = webhook.secret.as_ref().filter(|secret| !secret.is_empty()) else { return Ok(false) };
        let failed = |err: SecretError| {
            tracing::error!(error = &err as &dyn std::error::Error, "the webhook's secret was not kept");
            Fault::new(Code::StoreUnavailable, format!("the webhook's secret cannot be kept ({err}); the same command again finishes it"))
        };
        self.hooks.keep(webhook.id, secret, self.clock.now()).await.map_err(failed)
    }

    /// Address and subscriptions as they should be; says whether they were not.
    async fn repair(&self, webhook: Webhook, target: &Url) -> Result<(Webhook, bool), Fault> {
        let has = |event: &&str| webhook.subscriptions.iter().any(|have| have == event);
        let right = webhook.url == target.as_str() && webhook.subscriptions.len() == EVENTS.len() && EVENTS.iter().all(has);
        if right {
            return Ok((webhook, false));
        }
        let (id, new) = (webhook.id, self.wanted(target));
        let changed = self
            .sync
            .ask(|client| {
                let new = &new;
                async move { client.update_webhook(id, new).await }
            })
            .await;
        changed.map(|webhook| (webhook, true)).map_err(|err| self.fault(&err))
    }

    /// Chatwoot gives a secret only to a new webhook, and an address only to one. So the new one first stands beside the old, with a query that
    /// means nothing; both are believed until the old one is gone, and no event falls between them.
    async fn rotate(&self, old: Webhook, target: &Url) -> Result<Webhook, Fault> {
        if old.secret.is_none() {
            return Err(Fault::new(Code::ChatwootRefused, "this Chatwoot signs no webhooks: there is no secret to replace"));
        }
        let mut beside = target.clone();
        beside.set_query(Some(&format!("rotation={}", hex::encode(rand::random::<[u8; 8]>()))));
        let new = self.create(&beside).await?;
        self.remove(old.id).await?;
        Ok(self.repair(new, target).await?.0)
    }

    async fn remove(&self, id: i64) -> Result<(), Fault> {
        match self.sync.ask(|client| async move { client.delete_webhook(id).await }).await {
            Err(err) if !matches!(err.kind, ErrorKind::NotFound { .. }) => Err(self.fault(&err)),
            _ => Ok(()),
        }
    }

    fn wanted(&self, url: &Url) -> NewWebhook {
        let subscriptions = EVENTS.iter().map(|event| (*event).to_owned()).collect();
        NewWebhook { url: url.as_str().to_owned(), name: Some(NAME.to_owned()), subscriptions }
    }

    fn fault(&self, err: &Error) -> Fault {
        match (&err.kind, self.sync.explain(err)) {
            (ErrorKind::Invalid { message, .. }, _) => {
                Fault::new(Code::ChatwootRefused, format!("Chatwoot does not take the webhook: {message}"))
            }
            (ErrorKind::NotFound { .. }, _) => {
                Fault::new(Code::ChatwootRefused, "the webhook was removed in Chatwoot meanwhile; the same command again makes a new one")
            }
            (_, (true, why)) => Fault::new(Code::ChatwootRefused, why),
            (_, (false, why)) => Fault::new(Code::ChatwootUnavailable, why),
        }
    }

    /// What may keep webhooks from arriving or from being believed.
    async fn warnings(&self, webhook: &Webhook, target: &Url, version: Version) -> Vec<String> {
        let mut warnings = Vec::new();
        let private = is_private(target).await;
        if private && guards_private(version) {
            warnings.push(format!(
                "Chatwoot 4.14 and newer calls no private address such as {}: nothing will arrive unless its server is started with SAFE_FETCH_ALLOW_PRIVATE_NETWORK=true (4.14.1 and newer)",
                target.host_str().unwrap_or_default()
            ));
        }
        if !private && target.scheme() == "http" {
            warnings.push(
                "webhooks hold customers' words and cross the network in the clear: put TLS before the daemon and give an https address"
                    .to_owned(),
            );
        }
        if signs(version) == Some(false) && !self.hooks.unsigned {
            warnings.push(
                "this Chatwoot signs no webhooks (4.12 and newer does), so they are refused: update it, or believe them all with chatwoot.webhooks_unsigned = true"
                    .to_owned(),
            );
        }
        let differs = |secret: &chatwoot::Secret| self.hooks.configured.iter().any(|known| known.expose() != secret.expose());
        if webhook.secret.as_ref().is_some_and(differs) {
            warnings.push(
                "the configuration names another webhook secret, which stays accepted: take it out unless another webhook is signed with it"
                    .to_owned(),
            );
        }
        warnings
    }
}

/// The receiver's address below the one that was given.
fn target(text: &str, path: &str) -> Result<Url, Fault> {
    let wrong = |message: &str| Fault::invalid("url", message);
    let mut url = Url::parse(text.trim()).map_err(|_| wrong("must be an address such as https://desk.example.com"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(wrong("must begin with https:// (or http://)"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("must not hold a user or password"));
    }
    url.set_fragment(None);
    url.set_query(None);
    let given = url.path().trim_end_matches('/').to_owned();
    // The whole address of the receiver is as good as the place it is below.
    let bare = path.rsplit_once('/').map_or(path, |(bare, _)| bare);
    let mount = given.strip_suffix(path).or_else(|| given.strip_suffix(bare)).unwrap_or(&given);
    url.set_path(&format!("{mount}{path}"));
    Ok(url)
}

fn plain(mut url: Url) -> Url {
    url.set_query(None);
    url
}

/// Whether an address leads to none but private addresses, as seen from here.
async fn is_private(url: &Url) -> bool {
    let private = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => is_private_v4(ip.octets()),
        IpAddr::V6(ip) => is_private_v6(ip.segments()),
    };
    match url.host() {
        Some(Host::Ipv4(ip)) => private(ip.into()),
        Some(Host::Ipv6(ip)) => private(ip.into()),
        Some(Host::Domain(name)) => {
            let port = url.port_or_known_default().unwrap_or(443);
            let looked = tokio::time::timeout(RESOLVE_LIMIT, tokio::net::lookup_host((name, port))).await;
            let found: Vec<IpAddr> = looked.into_iter().flatten().flatten().map(|at| at.ip()).collect();
            !found.is_empty() && found.into_iter().all(private)
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use chatwoot::webhook::WebhookEvent;
    use serde_json::json;

    use super::*;
    use crate::sync::Incoming;

    #[test]
    fn the_subscriptions_are_exactly_the_events_that_the_sync_learns_from() {
        let subscribable =
            [&EVENTS[..], &["webwidget_triggered", "conversation_typing_on", "conversation_typing_off", "inbox_created", "inbox_updated"]]
                .concat();
        for event in subscribable {
            let body = json!({"event": event, "id": 7, "conversation": {"id": 3}, "conversation_id": 3});
            let says = Incoming::from_webhook(WebhookEvent::from_value(body).unwrap());
            assert_eq!(!matches!(says, Incoming::Nothing), EVENTS.contains(&event), "{event}: {says:?}");
        }
    }

    #[test]
    fn the_receiver_is_put_below_what_was_given() {
        let path = "/api/v1/webhooks/chatwoot/h00k";
        for (given, expected) in [
            ("https://desk.example.com", Ok("https://desk.example.com/api/v1/webhooks/chatwoot/h00k")),
            (" https://desk.example.com/ ", Ok("https://desk.example.com/api/v1/webhooks/chatwoot/h00k")),
            ("https://example.com/afenda/", Ok("https://example.com/afenda/api/v1/webhooks/chatwoot/h00k")),
            ("https://example.com/a/api/v1/webhooks/chatwoot/h00k?x=1#y", Ok("https://example.com/a/api/v1/webhooks/chatwoot/h00k")),
            ("https://example.com/api/v1/webhooks/chatwoot", Ok("https://example.com/api/v1/webhooks/chatwoot/h00k")),
            ("http://127.0.0.1:8000", Ok("http://127.0.0.1:8000/api/v1/webhooks/chatwoot/h00k")),
            ("desk.example.com", Err("such as https://desk.example.com")),
            ("ftp://desk.example.com", Err("must begin with https://")),
            ("https://jo:hush@desk.example.com", Err("must not hold a user")),
        ] {
            match (target(given, path), expected) {
                (Ok(url), Ok(expected)) => assert_eq!(url.as_str(), expected, "{given}"),
                (Err(fault), Err(expected)) => assert!(fault.message.contains(expected) && !fault.message.contains("hush"), "{given}"),
                (got, _) => panic!("{given}: {got:?}"),
            }
        }
    }

    #[tokio::test]
    async fn private_addresses_are_known_by_number_and_by_name() {
        for (url, private) in [
            ("http://127.0.0.1:1", true),
            ("http://10.0.0.9", true),
            ("http://[::1]", true),
            ("https://8.8.8.8", false),
            ("http://localhost:1", true),
        ] {
            assert_eq!(is_private(&Url::parse(url).unwrap()).await, private, "{url}");
        }
    }
}
