//! One time type for the five ways in which Chatwoot writes a time.
//!
//! Unix seconds as an integer (`created_at` in REST and push), as a float (`updated_at` of conversations), an ISO text (webhooks,
//! `snoozed_until`), `YYYY-MM-DD HH:MM:SS` in UTC (`GET /api`), and "never" as null, as `0` or as an absent key (sections 4.4, 5.2).

use serde::{Deserialize, Deserializer, de};

/// Latest instant that is kept, 9999-12-30T22:00:00.999999Z. Chatwoot can hold later ones: milliseconds given to `toggle_status` are
/// stored as the year 65347 (recording `conv-status-odd`).
const LATEST_US: i64 = 253_402_207_200_999_999;

/// A moment in microseconds since 1970 UTC, or never.
///
/// Sources differ in precision: seconds, milliseconds or microseconds. Compare only stamps of the same field and source.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Stamp(Option<i64>);

impl Stamp {
    /// No time: null, `0` or absent.
    pub const NEVER: Self = Self(None);

    /// A moment given in microseconds since 1970 UTC.
    pub fn from_micros(micros: i64) -> Self {
        Self(Some(micros.min(LATEST_US)))
    }

    /// A moment given in whole seconds since 1970 UTC; `0` means never, as everywhere in Chatwoot.
    pub fn from_seconds(seconds: i64) -> Self {
        if seconds == 0 { Self::NEVER } else { Self::from_micros(seconds.saturating_mul(1_000_000)) }
    }

    /// Microseconds since 1970 UTC.
    pub fn micros(self) -> Option<i64> {
        self.0
    }

    /// Milliseconds since 1970 UTC, rounded down.
    pub fn millis(self) -> Option<i64> {
        self.0.map(|us| us.div_euclid(1_000))
    }

    /// Seconds since 1970 UTC, rounded down.
    pub fn seconds(self) -> Option<i64> {
        self.0.map(|us| us.div_euclid(1_000_000))
    }

    /// Whether there is no time.
    pub fn is_never(self) -> bool {
        self.0.is_none()
    }

    /// Reads an ISO text or `YYYY-MM-DD HH:MM:SS` (UTC); empty means never, a year past 9999 the latest instant.
    ///
    /// Returns `None` for text that is no time.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return Some(Self::NEVER);
        }
        if let Ok(at) = text.parse::<jiff::Timestamp>() {
            return Some(Self::from_micros(at.as_microsecond()));
        }
        if let Ok(at) = text.parse::<jiff::civil::DateTime>() {
            return at.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|at| Self::from_micros(at.timestamp().as_microsecond()));
        }
        let (year, rest) = text.trim_start_matches('+').split_once('-')?;
        let far = year.len() > 4 && year.bytes().all(|b| b.is_ascii_digit()) && rest.starts_with(|c: char| c.is_ascii_digit());
        far.then(|| Self::from_micros(LATEST_US))
    }
}

impl std::fmt::Debug for Stamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.map(jiff::Timestamp::from_microsecond) {
            Some(Ok(at)) => write!(f, "{at}"),
            Some(Err(_)) => write!(f, "{}us", self.0.unwrap_or_default()),
            None => f.write_str("never"),
        }
    }
}

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StampVisitor)
    }
}

struct StampVisitor;

impl<'de> de::Visitor<'de> for StampVisitor {
    type Value = Stamp;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a time as unix seconds, ISO text or null")
    }

    fn visit_unit<E>(self) -> Result<Stamp, E> {
        Ok(Stamp::NEVER)
    }

    fn visit_none<E>(self) -> Result<Stamp, E> {
        Ok(Stamp::NEVER)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Stamp, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_i64<E>(self, seconds: i64) -> Result<Stamp, E> {
        Ok(Stamp::from_seconds(seconds))
    }

    fn visit_u64<E>(self, seconds: u64) -> Result<Stamp, E> {
        Ok(Stamp::from_seconds(i64::try_from(seconds).unwrap_or(i64::MAX)))
    }

    fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Stamp, E> {
        if !seconds.is_finite() {
            return Err(E::custom("a time that is not a number"));
        }
        // `as` saturates; 2^-52 of today's seconds is 0.4 µs, so rounding gives the microsecond that Rails stored.
        let micros = (seconds * 1e6).round() as i64;
        Ok(if micros == 0 { Stamp::NEVER } else { Stamp::from_micros(micros) })
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Stamp, E> {
        Stamp::parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str("text"), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, expected_us: Option<i64>) {
        let got: Stamp = serde_json::from_str(json).unwrap();
        assert_eq!(got.micros(), expected_us, "{json}");
    }

    #[test]
    fn every_spelling_of_a_time_is_one_time() {
        check("1750000000", Some(1_750_000_000_000_000));
        check("1750000000.123456", Some(1_750_000_000_123_456));
        check("1795228685.5379782", Some(1_795_228_685_537_978));
        check("\"2025-06-15T15:06:40.000Z\"", Some(1_750_000_000_000_000));
        check("\"2025-06-15T15:06:40.5+00:00\"", Some(1_750_000_000_500_000));
        check("\"2025-06-15 15:06:40\"", Some(1_750_000_000_000_000));
        check("\"65347-06-24T03:16:40.000Z\"", Some(LATEST_US));
    }

    #[test]
    fn never_has_four_spellings() {
        for json in ["null", "0", "0.0", "\"\""] {
            check(json, None);
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for json in ["\"soon\"", "true", "\"2025-13-45\"", "{}"] {
            assert!(serde_json::from_str::<Stamp>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn seconds_and_millis_round_down() {
        let at = Stamp::from_micros(-1);
        assert_eq!((at.seconds(), at.millis()), (Some(-1), Some(-1)));
    }
}
