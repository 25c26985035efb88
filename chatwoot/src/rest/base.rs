//! The address of a Chatwoot, as people paste it.

use url::{Host, Url};

use crate::error::{Error, ErrorKind};

/// First parts of paths that are Chatwoot's own: what follows is a page or call, not where the server is mounted.
const OWN_PATHS: &[&str] =
    &["api", "app", "auth", "cable", "health", "hc", "platform", "public", "rails", "super_admin", "survey", "webhooks", "widget"];

/// Scheme, host, port and, for a server below a path, that path. Made from whatever was in the browser's address bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    // Path without trailing slash, no query, no fragment, no user.
    url: Url,
}

impl BaseUrl {
    /// Reads an address. A known path of Chatwoot (`/app/accounts/1/…`, `/api/v1`), a query and a fragment are cut off; another path is
    /// kept as the place the server is mounted at.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] naming the way out: no scheme, a scheme other than http(s), a user name in it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let refused = |message: String| Err(Error::new(ErrorKind::Config { message }));
        let text = text.trim();
        if text.is_empty() {
            return refused("the address of Chatwoot is empty; it looks like https://chat.example.com".to_owned());
        }
        if !text.contains("://") {
            return refused(format!("the address of Chatwoot needs a scheme: write https://{text}"));
        }
        let Ok(mut url) = Url::parse(text) else {
            return refused("the address of Chatwoot cannot be read; it looks like https://chat.example.com".to_owned());
        };
        if !matches!(url.scheme(), "http" | "https") {
            return refused(format!("the address of Chatwoot must begin with https:// (or http://), not {}://", url.scheme()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refused("the address of Chatwoot must not hold a user or password; the access token goes elsewhere".to_owned());
        }
        url.set_query(None);
        url.set_fragment(None);
        let kept: Vec<&str> = url.path().split('/').filter(|part| !part.is_empty()).take_while(|part| !OWN_PATHS.contains(part)).collect();
        let path = kept.join("/");
        url.set_path(&path);
        Ok(Self { url })
    }

    /// The address of a path (which begins with a slash) on this server.
    pub(crate) fn join(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(&format!("{}{path}", self.url.path().trim_end_matches('/')));
        url
    }

    /// The address of the websocket.
    pub fn cable(&self) -> Url {
        let mut url = self.join("/cable");
        // Only fails between special and other schemes; ws and wss are as special as http and https.
        let _ = url.set_scheme(if self.url.scheme() == "https" { "wss" } else { "ws" });
        url
    }

    /// The dashboard's page of a conversation.
    pub fn conversation_page(&self, account_id: i64, conversation_id: i64) -> Url {
        self.join(&format!("/app/accounts/{account_id}/conversations/{conversation_id}"))
    }

    /// Whether it is this machine.
    pub fn is_loopback(&self) -> bool {
        match self.url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        }
    }

    /// http or https.
    pub(crate) fn scheme(&self) -> &str {
        self.url.scheme()
    }

    /// Whether the token would cross a network in the clear.
    pub fn is_plain_remote(&self) -> bool {
        self.url.scheme() == "http" && !self.is_loopback()
    }
}

impl std::fmt::Display for BaseUrl {
    /// Without trailing slash.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.url.as_str().trim_end_matches('/'))
    }
}

impl std::str::FromStr for BaseUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_the_address_bar_works() {
        let check = |text: &str, expected: &str| assert_eq!(BaseUrl::parse(text).unwrap().to_string(), expected, "{text}");
        check("https://chat.example.com", "https://chat.example.com");
        check(" https://chat.example.com/ ", "https://chat.example.com");
        check("https://chat.example.com/app/accounts/1/dashboard?x=1#y", "https://chat.example.com");
        check("https://chat.example.com/api/v1", "https://chat.example.com");
        check("http://localhost:3000/app", "http://localhost:3000");
        check("https://example.com/support/", "https://example.com/support");
        check("https://example.com/support/app/login", "https://example.com/support");
    }

    #[test]
    fn what_cannot_work_names_the_way_out() {
        let check = |text: &str, hint: &str| {
            let said = BaseUrl::parse(text).unwrap_err().to_string();
            assert!(said.contains(hint), "{text}: {said}");
        };
        check("", "https://chat.example.com");
        check("chat.example.com", "write https://chat.example.com");
        check("ftp://chat.example.com", "not ftp://");
        check("https://jo:hush@chat.example.com", "must not hold a user");
        check("https://", "cannot be read");
    }

    #[test]
    fn a_password_in_the_address_is_not_repeated() {
        assert!(!BaseUrl::parse("https://jo:hush@chat.example.com").unwrap_err().to_string().contains("hush"));
    }

    #[test]
    fn paths_go_below_the_mount() {
        let base = BaseUrl::parse("https://example.com/support").unwrap();
        assert_eq!(base.join("/api/v1/profile").as_str(), "https://example.com/support/api/v1/profile");
        assert_eq!(base.cable().as_str(), "wss://example.com/support/cable");
        assert_eq!(base.conversation_page(1, 20).as_str(), "https://example.com/support/app/accounts/1/conversations/20");
        assert_eq!(BaseUrl::parse("http://[::1]:3000").unwrap().cable().as_str(), "ws://[::1]:3000/cable");
    }

    #[test]
    fn plain_http_is_fine_on_this_machine_only() {
        assert!(BaseUrl::parse("http://chat.example.com").unwrap().is_plain_remote());
        assert!(!BaseUrl::parse("http://127.0.0.1:3000").unwrap().is_plain_remote());
        assert!(!BaseUrl::parse("https://chat.example.com").unwrap().is_plain_remote());
    }
}
