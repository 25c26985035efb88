//! How the link to Chatwoot stands, in words for people: what is wrong and the way out.

use std::time::Duration;

use api::status::{LinkState, LinkView};
use chatwoot::error::{Error, ErrorKind, Refusal, Retry, TokenDoubt, until_next_window};

use crate::clock::{Micros, SECOND, timestamp};
use crate::config;

/// Why there is no working link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// Somebody must act: the token, the account, the version, the settings.
    Refused(String),
    /// It may work later; `Some` says how much later at least.
    Later(String, Option<Duration>),
}

impl From<crate::store::StoreError> for Failure {
    fn from(err: crate::store::StoreError) -> Self {
        tracing::error!(error = &err as &dyn std::error::Error, "the store refused what Chatwoot said");
        Self::Later(format!("what Chatwoot says cannot be kept: {err}"), None)
    }
}

/// What a failed call means for the link.
pub(super) fn explain(err: &Error, settings: &config::Chatwoot, now: Micros) -> Failure {
    let url = &settings.url;
    let later = |text: String| {
        let wait = match err.retry() {
            Retry::After(wait) => Some(wait),
            Retry::AfterWindow(window) => Some(until_next_window(window, now / SECOND)),
            Retry::Never | Retry::Backoff | Retry::LookFirst => None,
        };
        Failure::Later(text, wait)
    };
    match &err.kind {
        ErrorKind::Unauthorized { doubt: TokenDoubt::NotReceived, .. } => Failure::Refused(format!(
            "no access token arrived at {url}: a proxy before it drops the header `api-access-token`; let it pass"
        )),
        ErrorKind::Unauthorized { .. } => Failure::Refused(format!(
            "{url} rejects the access token: copy it again from Chatwoot's profile settings into chatwoot.token_file or CHATWOOT_API_TOKEN"
        )),
        ErrorKind::Forbidden { refusal: Refusal::NotMember, .. } => {
            Failure::Refused(wrong_account(settings, "the token's user is not in it"))
        }
        ErrorKind::Forbidden { refusal: Refusal::Suspended, .. } => {
            Failure::Refused(format!("Chatwoot has suspended account {}; its provider can lift that", settings.account_id))
        }
        ErrorKind::Forbidden { refusal: Refusal::Bot, .. } => Failure::Refused(
            "the access token belongs to a bot or a platform app; take the one of an administrator from Chatwoot's profile settings"
                .to_owned(),
        ),
        ErrorKind::Forbidden { message, .. } => {
            Failure::Refused(format!("Chatwoot refuses this to the token's user ({message}): an administrator's token is needed"))
        }
        ErrorKind::NotFound { record: true, .. } => Failure::Refused(wrong_account(settings, "there is none with that number")),
        ErrorKind::NotFound { .. } => Failure::Refused(format!(
            "{url} answers, but not as Chatwoot's API: check chatwoot.url, it is the address of the login page without a path"
        )),
        ErrorKind::NotChatwoot { status, message } if (300..400).contains(status) => {
            later(format!("{url} does not answer as Chatwoot: {message} (chatwoot.url)"))
        }
        ErrorKind::NotChatwoot { message, .. } => later(format!(
            "{url} answers with a web page: the address is not Chatwoot's API, or a proxy shows its own page ({message}); check chatwoot.url"
        )),
        ErrorKind::Tls { message } => later(match &settings.ca_file {
            None => format!(
                "{url} shows a certificate that is not trusted ({message}); for a server with a private CA set chatwoot.ca_file to its PEM file"
            ),
            Some(file) => format!(
                "{url} shows a certificate that is not trusted ({message}); chatwoot.ca_file {} does not vouch for it",
                file.display()
            ),
        }),
        ErrorKind::Connect => later(format!("{url} cannot be reached ({}); afenda keeps trying", cause(err))),
        ErrorKind::Timeout => later(format!("{url} does not answer in time; afenda keeps trying")),
        ErrorKind::Interrupted => later(format!("{url} broke the connection; afenda keeps trying")),
        ErrorKind::RateLimited { .. } => later(format!("{url} asks to slow down; afenda goes on in the next minute")),
        ErrorKind::Server { status, message } => later(format!("{url} fails ({status}: {message}); afenda keeps trying")),
        ErrorKind::Decode { .. } | ErrorKind::TooLarge { .. } | ErrorKind::Invalid { .. } => {
            later(format!("{url} answers something afenda cannot read: {err}"))
        }
        ErrorKind::Config { message } => Failure::Refused(format!("{message} (section [chatwoot] of the configuration)")),
    }
}

/// The account is not one the token can work in.
pub(super) fn wrong_account(settings: &config::Chatwoot, why: &str) -> String {
    format!(
        "account {} of {} cannot be used: {why}; chatwoot.account_id is the number after /accounts/ in Chatwoot's address bar",
        settings.account_id, settings.url
    )
}

/// The deepest cause: "Connection refused", "failed to lookup address information".
fn cause(err: &Error) -> String {
    let mut deepest: &dyn std::error::Error = err;
    while let Some(next) = deepest.source() {
        deepest = next;
    }
    let text: String = deepest.to_string().chars().filter(|c| !c.is_control()).take(200).collect();
    if std::ptr::addr_eq(deepest, err) { "no connection".to_owned() } else { text }
}

/// What the reading side knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Base {
    Connecting,
    Up,
    Offline(String),
    Refused(String),
}

/// The link as it stands.
#[derive(Debug, Clone)]
pub(super) struct Link {
    pub base: Base,
    /// Whether the websocket is confirmed; else why not, if anything is known.
    pub cable: Result<(), Option<String>>,
    pub version: Option<String>,
    pub heard_at: Option<Micros>,
}

impl Link {
    pub(super) fn new() -> Self {
        Self { base: Base::Connecting, cable: Err(None), version: None, heard_at: None }
    }

    /// State and message, which the activity feed tells.
    pub(super) fn state(&self) -> (LinkState, Option<String>) {
        match (&self.base, &self.cable) {
            (Base::Connecting, _) => (LinkState::Connecting, None),
            (Base::Up, Ok(())) => (LinkState::Live, None),
            (Base::Up, Err(why)) => (LinkState::Polling, why.clone()),
            (Base::Offline(why), _) => (LinkState::Offline, Some(why.clone())),
            (Base::Refused(why), _) => (LinkState::Refused, Some(why.clone())),
        }
    }

    pub(super) fn view(&self, settings: &config::Chatwoot) -> LinkView {
        let (state, message) = self.state();
        LinkView {
            state,
            message,
            version: self.version.clone(),
            url: Some(settings.url.clone()),
            account_id: Some(settings.account_id),
            heard_at: self.heard_at.map(timestamp),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Token;

    fn settings(ca_file: Option<&str>) -> config::Chatwoot {
        config::Chatwoot {
            url: "https://chat.example.com".to_owned(),
            account_id: 7,
            token: Token::new("hush"),
            webhook_secrets: Vec::new(),
            webhooks_unsigned: false,
            ca_file: ca_file.map(Into::into),
        }
    }

    #[test]
    fn every_failure_names_its_way_out() {
        let message = || "text".to_owned();
        for (kind, refused, words) in [
            (ErrorKind::Unauthorized { doubt: TokenDoubt::Unknown, message: message() }, true, "token_file"),
            (ErrorKind::Unauthorized { doubt: TokenDoubt::NotReceived, message: message() }, true, "proxy"),
            (ErrorKind::Forbidden { refusal: Refusal::NotMember, message: message() }, true, "account_id"),
            (ErrorKind::Forbidden { refusal: Refusal::NotAllowed, message: message() }, true, "administrator"),
            (ErrorKind::Forbidden { refusal: Refusal::Bot, message: message() }, true, "bot"),
            (ErrorKind::Forbidden { refusal: Refusal::Suspended, message: message() }, true, "suspended"),
            (ErrorKind::NotFound { record: true, message: message() }, true, "account_id"),
            (ErrorKind::NotFound { record: false, message: message() }, true, "chatwoot.url"),
            (ErrorKind::NotChatwoot { status: 200, message: message() }, false, "web page"),
            (ErrorKind::NotChatwoot { status: 301, message: message() }, false, "chatwoot.url"),
            (ErrorKind::Tls { message: message() }, false, "chatwoot.ca_file"),
            (ErrorKind::Connect, false, "cannot be reached"),
            (ErrorKind::Timeout, false, "in time"),
            (ErrorKind::Interrupted, false, "broke"),
            (ErrorKind::Server { status: 502, message: message() }, false, "502"),
            (ErrorKind::Config { message: message() }, true, "[chatwoot]"),
        ] {
            let failure = explain(&Error::new(kind.clone()), &settings(None), 0);
            let (text, is_refused) = match &failure {
                Failure::Refused(text) => (text, true),
                Failure::Later(text, _) => (text, false),
            };
            assert!(is_refused == refused && text.contains(words) && !text.contains("hush"), "{kind:?}: {failure:?}");
        }
        let tls = explain(&Error::new(ErrorKind::Tls { message: message() }), &settings(Some("/ca.pem")), 0);
        assert!(matches!(tls, Failure::Later(text, _) if text.contains("/ca.pem")));
    }

    #[test]
    fn a_throttle_is_waited_out_to_the_next_window() {
        let err = Error::new(ErrorKind::RateLimited { retry_after_s: None, window_s: 60 });
        assert!(matches!(explain(&err, &settings(None), 119 * SECOND), Failure::Later(_, Some(wait)) if wait == Duration::from_secs(2)));
    }

    #[test]
    fn the_state_follows_from_reads_and_websocket() {
        let mut link = Link::new();
        assert_eq!(link.state().0, LinkState::Connecting);
        link.base = Base::Up;
        link.cable = Err(Some("no".to_owned()));
        assert_eq!(link.state(), (LinkState::Polling, Some("no".to_owned())));
        link.cable = Ok(());
        assert_eq!(link.state(), (LinkState::Live, None));
        link.base = Base::Offline("down".to_owned());
        assert_eq!(link.state().0, LinkState::Offline);
    }
}
