//! The sandbox's only clock, and points in time as Chatwoot writes them.
//!
//! Everything else takes a [`Stamp`]; tests and `POST /sandbox/clock` move the clock by an offset.

use std::sync::atomic::{AtomicI64, Ordering};

const MICROS: i64 = 1_000_000;

/// A point in time: microseconds since 1970-01-01T00:00:00Z, the precision of Chatwoot's columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Stamp(i64);

impl Stamp {
    pub(crate) const EPOCH: Stamp = Stamp(0);

    pub(crate) fn from_unix(seconds: i64) -> Self {
        Stamp(seconds.saturating_mul(MICROS))
    }

    /// Whole seconds, as most time fields of the REST API.
    pub(crate) fn unix(self) -> i64 {
        self.0.div_euclid(MICROS)
    }

    /// Seconds with their fraction, as a conversation's `updated_at`.
    pub(crate) fn float(self) -> f64 {
        let whole = i32::try_from(self.unix()).map_or(f64::from(i32::MAX), f64::from);
        let part = i32::try_from(self.0.rem_euclid(MICROS)).map_or(0.0, f64::from);
        whole + part / 1e6
    }

    /// A text that sorts as the time does, to the microsecond.
    pub(crate) fn sortable(self) -> String {
        format!("{:020}", self.0)
    }

    pub(crate) fn plus_seconds(self, seconds: i64) -> Self {
        Stamp(self.0.saturating_add(seconds.saturating_mul(MICROS)))
    }

    /// Days since 1970-01-01, for the filters that compare dates.
    pub(crate) fn days(self) -> i64 {
        self.unix().div_euclid(86_400)
    }

    /// `2026-11-21T02:39:26.746Z`; years beyond 9999 are written as they are.
    pub(crate) fn iso(self) -> String {
        let (y, mo, d, h, mi, s) = self.civil();
        format!("{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}.{:03}Z", self.0.rem_euclid(MICROS) / 1000)
    }

    /// `2026-11-21 02:39:26`, as `GET /api` tells the time.
    pub(crate) fn plain(self) -> String {
        let (y, mo, d, h, mi, s) = self.civil();
        format!("{y:04}-{mo:02}-{d:02} {h:02}:{mi:02}:{s:02}")
    }

    /// `Sat, 21 Nov 2026 02:39:26 GMT`, as a proxy's `Date` header.
    pub(crate) fn http_date(self) -> String {
        const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
        const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let (y, mo, d, h, mi, s) = self.civil();
        let day = usize::try_from(self.days().rem_euclid(7)).ok().and_then(|n| DAYS.get(n)).unwrap_or(&"Thu");
        let month = usize::try_from(mo - 1).ok().and_then(|n| MONTHS.get(n)).unwrap_or(&"Jan");
        format!("{day}, {d:02} {month} {y:04} {h:02}:{mi:02}:{s:02} GMT")
    }

    /// Reads a date or date-time text; a text without an offset is UTC, as in the server's setting.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(at) = text.parse::<jiff::Timestamp>() {
            return Some(Stamp(at.as_microsecond()));
        }
        let civil: jiff::civil::DateTime =
            text.replacen(' ', "T", 1).parse().or_else(|_| text.parse::<jiff::civil::Date>().map(Into::into)).ok()?;
        let at = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(Stamp(at.timestamp().as_microsecond()))
    }

    /// Year, month, day, hour, minute, second (Hinnant's `civil_from_days`; jiff stops at the year 9999).
    fn civil(self) -> (i64, i64, i64, i64, i64, i64) {
        let z = self.days() + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let month = if mp < 10 { mp + 3 } else { mp - 9 };
        let year = yoe + era * 400 + i64::from(month <= 2);
        let second = self.unix().rem_euclid(86_400);
        (year, month, doy - (153 * mp + 2) / 5 + 1, second / 3600, second / 60 % 60, second % 60)
    }
}

/// Tells the time, never twice the same and never backwards unless the offset is set back.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    offset_us: AtomicI64,
    last_us: AtomicI64,
}

impl Clock {
    /// Now, by the machine's clock plus the offset; each call is at least a microsecond after the one before.
    pub(crate) fn now(&self) -> Stamp {
        let now = machine_us().saturating_add(self.offset_us.load(Ordering::Relaxed));
        let next = |last: i64| Some(if now > last { now } else { last + 1 });
        let before = self.last_us.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).unwrap_or(now);
        Stamp(now.max(before + 1))
    }

    /// Moves the clock to the machine's time plus `seconds`.
    pub(crate) fn set_offset_s(&self, seconds: i64) {
        self.offset_us.store(seconds.saturating_mul(MICROS), Ordering::Relaxed);
        self.last_us.store(0, Ordering::Relaxed);
    }
}

#[expect(clippy::disallowed_methods, reason = "the sandbox is an outermost layer; this is its one reading of the machine's clock")]
fn machine_us() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_chatwoot_writes_them() {
        let at = Stamp(1_795_228_766_746_123);
        assert_eq!(at.iso(), "2026-11-21T02:39:26.746Z");
        assert_eq!(at.plain(), "2026-11-21 02:39:26");
        assert_eq!(at.http_date(), "Sat, 21 Nov 2026 02:39:26 GMT");
        assert_eq!(at.unix(), 1_795_228_766);
        assert!((at.float() - 1_795_228_766.746_123).abs() < 1e-6);
        // Milliseconds given as seconds (conv-status-odd, 4.15.1).
        assert!(Stamp::from_unix(1_999_999_999_000).iso().starts_with("65347-"));
    }

    #[test]
    fn dates_and_date_times_are_read() {
        assert_eq!(Stamp::parse("2033-05-18T03:33:19Z"), Some(Stamp::from_unix(1_999_999_999)));
        assert_eq!(Stamp::parse("2033-05-18 03:33:19"), Some(Stamp::from_unix(1_999_999_999)));
        assert_eq!(Stamp::parse("1970-01-02"), Some(Stamp::from_unix(86_400)));
        assert_eq!(Stamp::parse("tomorrow"), None);
    }

    #[test]
    fn the_clock_never_says_the_same_twice() {
        let clock = Clock::default();
        let (a, b) = (clock.now(), clock.now());
        assert!(b > a);
        clock.set_offset_s(3600);
        assert!(clock.now().unix() >= b.unix() + 3599);
    }
}
