//! Files of messages: from their address in a message (`data_url`) to their bytes.
//!
//! The address comes with a message and is believed as little as one. What Chatwoot itself keeps lies below `/rails/active_storage/` and is
//! asked of the configured server, whatever host the address names (a server behind another name hands that one out). It answers with a
//! redirect: to a path of the same kind, or to the storage it was set up with, such as S3. Only there another host is gone to, as [`allowed`]
//! says, with no token, no proxy and to the addresses that were looked at. Recorded with 4.6.0 and 4.15.1 (`msg-files`).

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use url::{Host, Url};

use super::{Client, transport};
use crate::error::{Answer, Call, Error, ErrorKind};
use crate::rest::BaseUrl;

/// Where Chatwoot serves files from.
const STORED: &str = "/rails/active_storage/";
/// Redirects that are followed: Chatwoot's own makes one, a bucket in another region one more.
const HOPS_MAX: usize = 3;
/// The slowest line that a file is given time for.
const BYTES_PER_S: u64 = 125_000;
/// Of an answer that is no file, as much is read as names what is wrong.
const REFUSAL_BYTES_MAX: usize = 4_096;

/// A file that is on its way.
#[derive(Debug)]
pub struct Download {
    /// As the server says; believe it no more than the file.
    pub content_type: Option<String>,
    /// Bytes, where the server says so.
    pub length: Option<u64>,
    response: reqwest::Response,
    call: Call,
    limit_bytes: u64,
    came: u64,
    idle: Duration,
}

impl Download {
    /// The next bytes; none at the end.
    ///
    /// # Errors
    /// Larger than the limit, cut off, or nothing for as long as a whole call may take.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        let next = tokio::time::timeout(self.idle, self.response.chunk()).await;
        let next = next.map_err(|_| Error::new(ErrorKind::Timeout).during(self.call.clone()))?;
        let Some(bytes) = next.map_err(|err| transport(err).during(self.call.clone()))? else { return Ok(None) };
        self.came += bytes.len() as u64;
        if self.came > self.limit_bytes {
            return Err(Error::new(ErrorKind::TooLarge { limit_bytes: self.limit_bytes }).during(self.call.clone()));
        }
        Ok(Some(bytes))
    }
}

/// The part of an address that the configured server is asked for; none: the file is not Chatwoot's.
pub fn is_stored(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| stored(&url).is_some())
}

fn stored(url: &Url) -> Option<&str> {
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    url.path().find(STORED).and_then(|at| url.path().get(at..))
}

impl Client {
    /// Begins to read a file of a message by its `data_url`. No token goes along: the address is as good as one.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where it is not or no longer there, [`ErrorKind::TooLarge`], [`ErrorKind::NotChatwoot`] for an address that is
    /// not Chatwoot's or leads where it may not; else as every call.
    pub async fn download(&self, address: &str, limit_bytes: u64) -> Result<Download, Error> {
        // Without the id: who has it has the file.
        let call = Call { method: "GET", path: format!("{STORED}…"), writes: false };
        let url = Url::parse(address).ok();
        let Some(mut url) = url.as_ref().and_then(|url| self.own(url)) else {
            return Err(elsewhere(0, "the file is not kept by Chatwoot").during(call));
        };
        let mut response = self.fetch(self.http.get(url.clone()), limit_bytes).await.map_err(|err| err.during(call.clone()))?;
        for hop in 0.. {
            let status = response.status().as_u16();
            if !(300..400).contains(&status) {
                break;
            }
            let to = response.headers().get(http::header::LOCATION).and_then(|to| to.to_str().ok()).and_then(|to| url.join(to).ok());
            let Some(to) = to.filter(|_| hop < HOPS_MAX) else {
                return Err(elsewhere(status, "Chatwoot sends the file's reader on and on").during(call));
            };
            let request = match self.own(&to) {
                Some(own) => {
                    url = own;
                    self.http.get(url.clone())
                }
                None => {
                    let client = self.storage(&to).await.map_err(|err| err.during(call.clone()))?;
                    url = to;
                    client.get(url.clone())
                }
            };
            response = self.fetch(request, limit_bytes).await.map_err(|err| err.during(call.clone()))?;
        }
        self.begun(response, call, limit_bytes).await
    }

    /// The same address at the configured server, where it is one of Chatwoot's own.
    fn own(&self, url: &Url) -> Option<Url> {
        let mut own = self.config.base.join(stored(url)?);
        own.set_query(url.query());
        Some(own)
    }

    async fn fetch(&self, request: reqwest::RequestBuilder, limit_bytes: u64) -> Result<reqwest::Response, Error> {
        let time = self.config.request_timeout + Duration::from_secs(limit_bytes / BYTES_PER_S);
        // `idle` watches over the bytes; the answer itself has to come as soon as any.
        let sent = request.timeout(time).header(http::header::ACCEPT, "*/*").send();
        let sent = tokio::time::timeout(self.config.request_timeout, sent).await.map_err(|_| Error::new(ErrorKind::Timeout))?;
        sent.map_err(transport)
    }

    /// A client that knows one storage host, at addresses that were looked at.
    async fn storage(&self, url: &Url) -> Result<reqwest::Client, Error> {
        let refused = |why: &str| elsewhere(302, why);
        let own = base_reach(&self.config.base).await;
        let secure = url.scheme() == "https" || (url.scheme() == "http" && self.config.base.scheme() == "http");
        if !secure || !url.username().is_empty() || url.password().is_some() {
            return Err(refused("the file lies at an address that is not https"));
        }
        let found = addresses(url).await;
        let good: Vec<SocketAddr> = found.iter().copied().filter(|at| allowed(at.ip(), own)).collect();
        if good.is_empty() {
            let why = if found.is_empty() { "the host of the file's storage is not known" } else { "the file lies in a private network" };
            return Err(refused(why));
        }
        let client = reqwest::Client::builder()
            .use_preconfigured_tls(rustls::ClientConfig::clone(&self.tls))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(self.config.connect_timeout)
            .user_agent(&self.config.user_agent)
            // A proxy would look the name up anew.
            .no_proxy()
            .resolve_to_addrs(url.host_str().unwrap_or_default(), &good)
            .build();
        client.map_err(|err| Error::new(ErrorKind::Connect).because(err.without_url()))
    }

    async fn begun(&self, mut response: reqwest::Response, call: Call, limit_bytes: u64) -> Result<Download, Error> {
        let status = response.status().as_u16();
        let text = |name: http::HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (content_type, retry_after) = (text(http::header::CONTENT_TYPE), text(http::header::RETRY_AFTER));
        match status {
            200 => {}
            // An expired or unknown signature, or a file that was removed: there is nothing to be had here any more.
            403 | 404 | 410 => {
                let message = "the file is no longer there".to_owned();
                return Err(Error::new(ErrorKind::NotFound { record: true, message }).during(call));
            }
            _ => {
                let mut body = Vec::new();
                while let Ok(Ok(Some(chunk))) = tokio::time::timeout(self.config.request_timeout, response.chunk()).await {
                    body.extend_from_slice(chunk.get(..REFUSAL_BYTES_MAX.min(chunk.len())).unwrap_or_default());
                    if body.len() >= REFUSAL_BYTES_MAX {
                        break;
                    }
                }
                let (content_type, retry_after) = (content_type.as_deref(), retry_after.as_deref());
                return Err(Error::from_answer(call, &Answer { status, content_type, retry_after, location: None, body: &body }));
            }
        }
        let length = response.content_length();
        if length.is_some_and(|length| length > limit_bytes) {
            return Err(Error::new(ErrorKind::TooLarge { limit_bytes }).during(call));
        }
        tracing::debug!(status, length, "a file is on its way");
        Ok(Download { content_type, length, response, call, limit_bytes, came: 0, idle: self.config.request_timeout })
    }
}

fn elsewhere(status: u16, why: &str) -> Error {
    Error::new(ErrorKind::NotChatwoot { status, message: why.to_owned() })
}

/// How near an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    Public,
    Private,
    Loopback,
}

/// Whether a redirect may lead to an address: to a public one always, to a private one (or this machine) only where Chatwoot itself is that
/// near. Never to what belongs to one link, where clouds keep their secrets, and to no group.
fn allowed(ip: IpAddr, own: Reach) -> bool {
    reach(ip).is_some_and(|reach| reach <= own)
}

fn reach(ip: IpAddr) -> Option<Reach> {
    match ip.to_canonical() {
        IpAddr::V4(ip) => reach_v4(ip),
        IpAddr::V6(ip) => {
            let first = ip.segments()[0];
            match ip.segments() {
                // NAT64: an address of the old kind stands in the last part.
                [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
                    let [a, b] = high.to_be_bytes();
                    let [c, d] = low.to_be_bytes();
                    reach_v4(Ipv4Addr::new(a, b, c, d))
                }
                _ if ip.is_loopback() => Some(Reach::Loopback),
                _ if ip.is_unspecified() || ip.is_multicast() || first & 0xffc0 == 0xfe80 => None,
                _ if first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfec0 => Some(Reach::Private),
                _ => Some(Reach::Public),
            }
        }
    }
}

fn reach_v4(ip: Ipv4Addr) -> Option<Reach> {
    let [a, b, ..] = ip.octets();
    match (a, b) {
        (127, _) => Some(Reach::Loopback),
        (0, _) | (169, 254) | (224.., _) => None,
        (100, 64..=127) | (198, 18..=19) => Some(Reach::Private),
        _ if ip.is_private() => Some(Reach::Private),
        _ => Some(Reach::Public),
    }
}

/// How near Chatwoot is; what cannot be looked up counts as far, which allows least.
async fn base_reach(base: &BaseUrl) -> Reach {
    addresses(&base.join("/")).await.into_iter().filter_map(|at| reach(at.ip())).max().unwrap_or(Reach::Public)
}

/// Where a host is; nowhere if nobody knows.
async fn addresses(url: &Url) -> Vec<SocketAddr> {
    let port = url.port_or_known_default().unwrap_or(443);
    match url.host() {
        Some(Host::Ipv4(ip)) => vec![(ip, port).into()],
        Some(Host::Ipv6(ip)) => vec![(ip, port).into()],
        Some(Host::Domain(name)) => tokio::net::lookup_host((name, port)).await.map(Iterator::collect).unwrap_or_default(),
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_chatwoot_keeps_is_asked_of_it() {
        for (address, want) in [
            ("https://chat.example.com/rails/active_storage/blobs/redirect/x--y/a.png", true),
            ("http://other.example/support/rails/active_storage/disk/x/a.png", true),
            ("https://scontent.example/v/story.jpg", false),
            ("file:///rails/active_storage/x", false),
            ("nonsense", false),
        ] {
            assert_eq!(is_stored(address), want, "{address}");
        }
    }

    #[test]
    fn a_redirect_leads_no_nearer_than_chatwoot_itself_is() {
        use Reach::{Loopback, Private, Public};
        for (ip, want) in [
            ("93.184.216.34", Some(Public)),
            ("2606:2800::1", Some(Public)),
            ("10.0.0.1", Some(Private)),
            ("172.16.9.9", Some(Private)),
            ("192.168.1.1", Some(Private)),
            ("100.100.0.1", Some(Private)),
            ("fd00::1", Some(Private)),
            ("::ffff:10.0.0.1", Some(Private)),
            ("64:ff9b::a00:1", Some(Private)),
            ("127.0.0.1", Some(Loopback)),
            ("::1", Some(Loopback)),
            ("::ffff:127.0.0.1", Some(Loopback)),
            ("169.254.169.254", None),
            ("64:ff9b::a9fe:a9fe", None),
            ("fe80::1", None),
            ("0.0.0.0", None),
            ("::", None),
            ("224.0.0.1", None),
        ] {
            let ip: IpAddr = ip.parse().unwrap();
            assert_eq!(reach(ip), want, "{ip}");
            let open: Vec<Reach> = [Public, Private, Loopback].into_iter().filter(|own| allowed(ip, *own)).collect();
            let all = match want {
                None => vec![],
                Some(Public) => vec![Public, Private, Loopback],
                Some(Private) => vec![Private, Loopback],
                Some(Loopback) => vec![Loopback],
            };
            assert_eq!(open, all, "{ip}");
        }
    }
}
