//! `X-Chatwoot-Signature` = `sha256=` + hex HMAC-SHA256(secret, timestamp + "." + raw body) (section 10.3).

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::Secret;

/// Header with the signature (4.12+ account, 4.13+ API inbox and bot).
pub const SIGNATURE_HEADER: &str = "x-chatwoot-signature";
/// Header with the time of sending, unix seconds.
pub const TIMESTAMP_HEADER: &str = "x-chatwoot-timestamp";
/// Header with the id of the delivery; the same across a bot's retries.
pub const DELIVERY_HEADER: &str = "x-chatwoot-delivery";

/// Why a webhook is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// No signature or no timestamp: sent by a Chatwoot before 4.12, by a rule or macro, or by somebody else.
    #[error("the webhook is not signed")]
    Missing,
    /// A header that is no timestamp or no signature.
    #[error("the webhook's signature headers cannot be read")]
    Malformed,
    /// Sent too long ago, or by a clock that is ahead.
    #[error("the webhook's time is {off_s} s off")]
    Stale {
        /// Seconds between its timestamp and now; positive = in the past.
        off_s: i64,
    },
    /// None of the secrets made it.
    #[error("the webhook's signature is wrong")]
    Wrong,
}

/// Checks a webhook against any of several live secrets, in constant time for each.
///
/// `now_s` is unix seconds, `tolerance_s` how far the timestamp may be off either way: Chatwoot defines none. The signature is checked
/// before the time, so `Stale` means a genuine but old (or replayed) webhook.
///
/// # Errors
/// See [`SignatureError`].
pub fn verify(
    secrets: &[Secret],
    timestamp: Option<&str>,
    signature: Option<&str>,
    body: &[u8],
    now_s: i64,
    tolerance_s: i64,
) -> Result<(), SignatureError> {
    let (Some(timestamp), Some(signature)) = (timestamp, signature) else { return Err(SignatureError::Missing) };
    let sent_s: i64 = timestamp.parse().map_err(|_| SignatureError::Malformed)?;
    let mut given = [0_u8; 32];
    let hex_text = signature.strip_prefix("sha256=").ok_or(SignatureError::Malformed)?;
    hex::decode_to_slice(hex_text, &mut given).map_err(|_| SignatureError::Malformed)?;
    // No early end: which secret it was stays unknown to a clock outside. An empty secret signs nothing.
    let good = secrets.iter().filter(|secret| !secret.is_empty()).fold(false, |good, secret| {
        let fits = keyed(secret, timestamp, body).is_some_and(|mac| mac.verify_slice(&given).is_ok());
        good | fits
    });
    if !good {
        return Err(SignatureError::Wrong);
    }
    let off_s = now_s.saturating_sub(sent_s);
    if off_s.saturating_abs() > tolerance_s { Err(SignatureError::Stale { off_s }) } else { Ok(()) }
}

/// The signature header of a body sent at `timestamp` (unix seconds, as text): what Chatwoot does, for stand-ins and tests.
pub fn sign(secret: &Secret, timestamp: &str, body: &[u8]) -> String {
    let mac = keyed(secret, timestamp, body).map(|mac| mac.finalize().into_bytes()).unwrap_or_default();
    format!("sha256={}", hex::encode(mac))
}

fn keyed(secret: &Secret, timestamp: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    // HMAC takes keys of any length: this is never none.
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).ok()?;
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "aB3dE5fG7hJ9kL2mN4pQ6rS8";
    const BODY: &[u8] = br#"{"content":"a \u003cb\u003e \u0026 c","event":"message_created","id":501}"#;
    // Computed independently (appendix A of the contract).
    const SIGNATURE: &str = "sha256=be2cfa46614d9d8391eb78d831c2775139d2969ce07352209617e952e61ffce4";
    const AT: i64 = 1_750_000_000;

    fn check(secrets: &[&str], timestamp: &str, signature: &str, body: &[u8], now_s: i64) -> Result<(), SignatureError> {
        let secrets: Vec<Secret> = secrets.iter().map(|text| Secret::new(*text)).collect();
        verify(&secrets, Some(timestamp), Some(signature), body, now_s, 300)
    }

    #[test]
    fn the_known_vector_is_made_and_believed() {
        assert_eq!(sign(&Secret::new(SECRET), "1750000000", BODY), SIGNATURE);
        assert_eq!(check(&[SECRET], "1750000000", SIGNATURE, BODY, AT), Ok(()));
    }

    #[test]
    fn any_live_secret_will_do_and_none_will_not() {
        assert_eq!(check(&["old", SECRET], "1750000000", SIGNATURE, BODY, AT), Ok(()));
        assert_eq!(check(&["old"], "1750000000", SIGNATURE, BODY, AT), Err(SignatureError::Wrong));
        assert_eq!(check(&[], "1750000000", SIGNATURE, BODY, AT), Err(SignatureError::Wrong));
    }

    #[test]
    fn an_empty_secret_signs_nothing() {
        let forged = sign(&Secret::new(""), "1750000000", BODY);
        assert_eq!(check(&[""], "1750000000", &forged, BODY, AT), Err(SignatureError::Wrong));
    }

    #[test]
    fn any_changed_byte_or_time_is_noticed() {
        for at in 0..BODY.len() {
            let mut body = BODY.to_vec();
            body[at] ^= 1;
            assert_eq!(check(&[SECRET], "1750000000", SIGNATURE, &body, AT), Err(SignatureError::Wrong), "byte {at}");
        }
        assert_eq!(check(&[SECRET], "1750000001", SIGNATURE, BODY, AT), Err(SignatureError::Wrong));
    }

    #[test]
    fn the_window_is_closed_on_both_sides() {
        assert_eq!(check(&[SECRET], "1750000000", SIGNATURE, BODY, AT + 300), Ok(()));
        assert_eq!(check(&[SECRET], "1750000000", SIGNATURE, BODY, AT - 300), Ok(()));
        assert_eq!(check(&[SECRET], "1750000000", SIGNATURE, BODY, AT + 301), Err(SignatureError::Stale { off_s: 301 }));
        assert_eq!(check(&[SECRET], "1750000000", SIGNATURE, BODY, AT - 301), Err(SignatureError::Stale { off_s: -301 }));
    }

    #[test]
    fn broken_headers_are_told_from_missing_ones() {
        let secrets = [Secret::new(SECRET)];
        assert_eq!(verify(&secrets, None, Some(SIGNATURE), BODY, AT, 300), Err(SignatureError::Missing));
        assert_eq!(verify(&secrets, Some("1750000000"), None, BODY, AT, 300), Err(SignatureError::Missing));
        for (timestamp, signature) in [("soon", SIGNATURE), ("1750000000", "be2c"), ("1750000000", "sha256=zz"), ("1750000000", "sha256=")]
        {
            assert_eq!(check(&[SECRET], timestamp, signature, BODY, AT), Err(SignatureError::Malformed));
        }
    }
}
