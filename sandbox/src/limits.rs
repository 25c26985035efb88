//! Rack::Attack as shipped: fixed windows per address, token or account (contract 3). Who comes from this machine directly is not counted.

use std::collections::HashMap;

use crate::{http::Call, version::Version};

/// Counters kept; more are forgotten together, as with a full cache.
const COUNTERS_MAX: usize = 10_000;
const MINUTE_S: i64 = 60;
const HOUR_S: i64 = 3600;

/// Requests counted, by throttle and key: the window and how many came in it.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    counters: HashMap<String, (i64, u64)>,
}

/// One throttle as it meets a request.
struct Throttle {
    key: String,
    limit: u64,
    period_s: i64,
}

fn throttle(key: String, limit: u64, period_s: i64) -> Throttle {
    Throttle { key, limit, period_s }
}

/// The throttles that count this request.
fn throttles(call: &Call, address: &str, version: Version) -> Vec<Throttle> {
    let mut all = vec![throttle(format!("all/{address}"), 3000, MINUTE_S)];
    let who = call.session.as_ref().map(|s| s.uid.clone()).or_else(|| call.token.clone()).unwrap_or_default();
    match (call.method.as_str(), call.pieces().as_slice()) {
        ("GET", ["api", "v1", "accounts", account, "conversations", "meta"]) if version.limits_meta() => {
            all.push(throttle(format!("meta/{who}/{account}"), 30, MINUTE_S));
        }
        (_, ["api", "v1", "accounts", account, "contacts", "search"]) => all.push(throttle(format!("search/{account}"), 100, MINUTE_S)),
        (_, ["api", "v1", "accounts", account, "conversations", _, "transcript"]) => {
            all.push(throttle(format!("transcript/{account}"), version.transcripts_per_hour(), HOUR_S));
        }
        (_, ["api", "v1", "accounts", account, "upload"]) => all.push(throttle(format!("upload/{account}"), 60, HOUR_S)),
        ("POST", ["auth", "sign_in"]) => {
            all.push(throttle(format!("sign_in/{address}"), 5, 5 * MINUTE_S));
            let email = call.params.text("email").unwrap_or_default().trim().to_lowercase();
            all.push(throttle(format!("sign_in/{email}"), 10, 15 * MINUTE_S));
        }
        _ => {}
    }
    all
}

impl Limits {
    /// Counts a request and says whether it is one too many.
    pub(crate) fn refuse(&mut self, now_s: i64, call: &Call, version: Version) -> bool {
        let Some(address) = call.forwarded.as_deref().filter(|_| call.path != "/health") else { return false };
        if self.counters.len() > COUNTERS_MAX {
            self.counters.clear();
        }
        let mut refused = false;
        for t in throttles(call, address, version) {
            let window = now_s.div_euclid(t.period_s);
            let counter = self.counters.entry(t.key).or_insert((window, 0));
            if counter.0 != window {
                *counter = (window, 0);
            }
            counter.1 += 1;
            refused |= counter.1 > t.limit;
        }
        refused
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::Request;

    use super::*;

    async fn call(path: &str, from: Option<&str>) -> Call {
        let mut request = Request::get(path).header("api_access_token", "tok");
        if let Some(from) = from {
            request = request.header("x-forwarded-for", from);
        }
        Call::read(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn the_thirty_first_count_of_a_minute_is_refused_until_the_next() {
        let mut limits = Limits::default();
        let path = "/api/v1/accounts/1/conversations/meta";
        let (near, far) = (call(path, None).await, call(path, Some("203.0.113.7")).await);
        assert_eq!((0..30).filter(|_| limits.refuse(60, &far, Version::NEWEST)).count(), 0);
        assert!(limits.refuse(119, &far, Version::NEWEST));
        assert!(!limits.refuse(119, &near, Version::NEWEST), "who comes directly is not counted");
        assert!(!limits.refuse(120, &far, Version::NEWEST));
    }
}
