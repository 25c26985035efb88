//! Webhook delivery: signed, to loopback addresses only, one attempt (contract 10.2 to 10.4).

use std::{net::IpAddr, time::Duration};

use hmac::{Hmac, KeyInit, Mac};
use rand::RngExt as _;
use sha2::Sha256;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use url::{Host, Url};

use crate::{clock::Clock, events::Hook, version::Version};

/// `WEBHOOK_TIMEOUT` as shipped, for opening and for reading.
const PATIENCE: Duration = Duration::from_secs(5);
/// Redirects followed.
const REDIRECTS_MAX: usize = 10;
/// How the fetcher before 4.14.0 names itself (recorded with 4.6.0).
const OLD_AGENT: &str = "rest-client/2.1.0 (linux-gnu x86_64) ruby/3.3.8p144";
/// Longest answer head read.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// Why a delivery failed.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    /// What was answered, when anything was.
    pub(crate) status: Option<u16>,
    /// In the words a message keeps as its `external_error`.
    pub(crate) text: String,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Failure { status: None, text }
    }
}

/// The URL when it is plain HTTP to this machine; nothing else is ever called.
pub(crate) fn loopback(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let here = match url.host()? {
        Host::Domain(name) => name.eq_ignore_ascii_case("localhost"),
        Host::Ipv4(ip) => IpAddr::from(ip).is_loopback(),
        Host::Ipv6(ip) => IpAddr::from(ip).is_loopback(),
    };
    (here && url.scheme() == "http").then_some(url)
}

/// `sha256=` and the hex HMAC of timestamp, dot and raw body.
pub(crate) fn signature(secret: &str, timestamp: i64, body: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(format!("{timestamp}.{body}").as_bytes());
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// Delivers a webhook, once. Redirects get the same body and headers; before 4.14.0 only a 303 is followed, as an empty GET.
///
/// # Errors
/// What went wrong, when the last answer was no 2xx or there was none.
pub(crate) async fn deliver(hook: &Hook, delivery: &str, version: Version, clock: &Clock) -> Result<(), Failure> {
    let mut target = loopback(&hook.url).ok_or_else(|| "the sandbox calls loopback addresses only".to_owned())?;
    let mut headers = format!("User-Agent: {}\r\n", if version.follows_redirects() { "Ruby" } else { OLD_AGENT });
    if hook.numbered {
        headers.push_str(&format!("X-Chatwoot-Delivery: {delivery}\r\n"));
    }
    if let Some(secret) = &hook.secret {
        let timestamp = clock.now().unix();
        let signature = signature(secret, timestamp, &hook.body);
        headers.push_str(&format!("X-Chatwoot-Timestamp: {timestamp}\r\nX-Chatwoot-Signature: {signature}\r\n"));
    }
    let mut body = Some(hook.body.as_str());
    for _ in 0..=REDIRECTS_MAX {
        let head = request(&target, body, &headers).await?;
        let status = head.split_whitespace().nth(1).and_then(|s| s.parse::<u16>().ok()).unwrap_or(0);
        let location =
            head.lines().find_map(|l| l.split_once(':').filter(|(k, _)| k.eq_ignore_ascii_case("location")).map(|(_, v)| v.trim()));
        match (status, location) {
            (200..=299, _) => return Ok(()),
            (301 | 302 | 303 | 307 | 308, Some(to)) if version.follows_redirects() || status == 303 || body.is_none() => {
                body = body.filter(|_| version.follows_redirects());
                let next = target.join(to).map_err(|e| Failure::from(e.to_string()))?;
                target = loopback(next.as_str()).ok_or_else(|| "the sandbox calls loopback addresses only".to_owned())?;
            }
            _ => {
                let text = head.lines().next().and_then(|l| l.split_once(' ')).map_or_else(String::new, |(_, s)| s.trim().to_owned());
                return Err(Failure { status: Some(status), text });
            }
        }
    }
    Err("too many redirects".to_owned().into())
}

/// A fresh delivery id.
pub(crate) fn delivery_id() -> String {
    let mut bytes = rand::rng().random::<[u8; 16]>();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let h = hex::encode(bytes);
    format!("{}-{}-{}-{}-{}", &h[..8], &h[8..12], &h[12..16], &h[16..20], &h[20..])
}

/// Sends one request, a GET without a body, and gives back the answer's head.
async fn request(to: &Url, body: Option<&str>, headers: &str) -> Result<String, Failure> {
    let port = to.port_or_known_default().unwrap_or(80);
    let host = to.host_str().unwrap_or("127.0.0.1");
    let address = format!("{host}:{port}");
    let path = match to.query() {
        Some(query) => format!("{}?{query}", to.path()),
        None => to.path().to_owned(),
    };
    let common = format!(
        "{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\nAccept: application/json\r\n{headers}"
    );
    let head = match body {
        Some(body) => format!("POST {common}Content-Length: {}\r\n\r\n", body.len()),
        None => format!("GET {common}\r\n"),
    };
    let mut io = match timeout(PATIENCE, TcpStream::connect(&address)).await {
        Ok(Ok(io)) => io,
        Ok(Err(error)) => return Err(format!("Failed to open TCP connection to {address} ({error})").into()),
        Err(_) => return Err("Net::OpenTimeout".to_owned().into()),
    };
    let answer = async {
        io.write_all(head.as_bytes()).await?;
        io.write_all(body.unwrap_or_default().as_bytes()).await?;
        let mut got = Vec::new();
        let mut part = [0_u8; 2048];
        while !got.windows(4).any(|w| w == b"\r\n\r\n") && got.len() < HEAD_BYTES_MAX {
            let n = io.read(&mut part).await?;
            if n == 0 {
                break;
            }
            got.extend_from_slice(&part[..n]);
        }
        std::io::Result::Ok(got)
    };
    match timeout(PATIENCE, answer).await {
        Ok(Ok(got)) if !got.is_empty() => Ok(String::from_utf8_lossy(&got).into_owned()),
        Ok(Ok(_)) => Err("end of file reached".to_owned().into()),
        Ok(Err(error)) => Err(error.to_string().into()),
        Err(_) => Err("Net::ReadTimeout with #<TCPSocket:(closed)>".to_owned().into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_one_of_the_contract() {
        // Test vector at the end of reference/chatwoot.md, computed independently.
        let body = r#"{"content":"a \u003cb\u003e \u0026 c","event":"message_created","id":501}"#;
        let expected = "sha256=be2cfa46614d9d8391eb78d831c2775139d2969ce07352209617e952e61ffce4";
        assert_eq!(signature("aB3dE5fG7hJ9kL2mN4pQ6rS8", 1_750_000_000, body), expected);
    }

    #[test]
    fn only_this_machine_is_called() {
        for (url, expected) in [
            ("http://127.0.0.1:3900/hook/x", true),
            ("http://localhost/x", true),
            ("http://[::1]:9/x", true),
            ("http://192.168.0.1/x", false),
            ("https://127.0.0.1/x", false),
            ("http://example.com/x", false),
            ("ftp://127.0.0.1/", false),
            ("not a url", false),
        ] {
            assert_eq!(loopback(url).is_some(), expected, "{url}");
        }
    }
}
