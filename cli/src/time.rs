//! Times and durations as people write and read them.

use std::sync::OnceLock;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

/// A duration in its largest unit: `41m`, `5h`, `1d`.
pub(crate) fn short(duration: SignedDuration) -> String {
    let s = duration.as_secs().max(0);
    match s {
        0..60 => format!("{s}s"),
        60..3_600 => format!("{}m", s / 60),
        3_600..86_400 => format!("{}h", s / 3_600),
        86_400..31_536_000 => format!("{}d", s / 86_400),
        _ => format!("{}y", s / 31_536_000),
    }
}

/// The zone that `--tz` and `--utc` name.
static ZONE: OnceLock<TimeZone> = OnceLock::new();

/// Shows and understands times in this zone from now on. The first one stays.
pub(crate) fn set_zone(zone: TimeZone) {
    let _ = ZONE.set(zone);
}

fn zone() -> TimeZone {
    ZONE.get().cloned().unwrap_or_else(TimeZone::system)
}

/// Reads the name of a zone, such as `Europe/Berlin`, or `local`.
pub(crate) fn parse_zone(name: &str) -> Result<TimeZone, String> {
    match name {
        "local" => Ok(TimeZone::system()),
        name => TimeZone::get(name).map_err(|_| "there is no such zone; write one such as Europe/Berlin, or UTC".to_owned()),
    }
}

/// The time of day here, with the date where it is not today's.
pub(crate) fn clock(at: Timestamp, now: Timestamp) -> String {
    let zone = zone();
    let (at, now) = (at.to_zoned(zone.clone()), now.to_zoned(zone));
    if at.date() == now.date() { at.strftime("%H:%M").to_string() } else { at.strftime("%Y-%m-%d %H:%M").to_string() }
}

/// A moment in full, to the second, with its distance from UTC.
pub(crate) fn in_full(at: Timestamp) -> String {
    at.to_zoned(zone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
}

/// Reads `90s`, `30m`, `4h`, `2d` or `1w`; several may follow each other.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let bad = || format!("`{text}` is not a duration: write 90s, 30m, 4h, 2d or 1w");
    let mut total: u64 = 0;
    let mut number = String::new();
    for c in text.trim().chars() {
        if c.is_ascii_digit() {
            number.push(c);
            continue;
        }
        let unit: u64 = match c {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return Err(bad()),
        };
        let count: u64 = std::mem::take(&mut number).parse().map_err(|_| bad())?;
        total = count.checked_mul(unit).and_then(|s| total.checked_add(s)).ok_or_else(bad)?;
    }
    // A year is far beyond anything that is waited for here, and keeps the arithmetic with times in range.
    if !number.is_empty() || total == 0 || total > 366 * 86_400 {
        return Err(bad());
    }
    Ok(Duration::from_secs(total))
}

/// Reads a moment to come: a duration from now, `tomorrow 9:00`, `mon 8`, or a date; here means the system's zone.
pub(crate) fn parse_moment(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    api::moment::parse(text, &now.to_zoned(zone()))
}

/// So long before `now`.
pub(crate) fn ago(duration: Duration, now: Timestamp) -> Timestamp {
    SignedDuration::try_from(duration).ok().and_then(|ago| now.checked_sub(ago).ok()).unwrap_or(Timestamp::MIN)
}

/// A moment that was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Past {
    /// The moment.
    pub(crate) at: Timestamp,
    /// Whether it was written as a duration before now.
    pub(crate) ago: bool,
}

/// Reads a moment that was: a duration before `now` (`2h`), a day, or a time in full, without a zone in that of times here, which is known once
/// the flags are read.
pub(crate) fn past(text: &str, now: Timestamp) -> Result<Past, String> {
    if let Ok(duration) = parse_duration(text) {
        return Ok(Past { at: ago(duration, now), ago: true });
    }
    let wrong = || format!("`{text}` is no time that was: 2h (ago), 2026-11-27, 2026-11-27T14:00, or with a zone");
    written(text).map(|at| Past { at, ago: false }).ok_or_else(wrong)
}

/// A day, which begins it, or a time in full.
fn written(text: &str) -> Option<Timestamp> {
    if let Ok(at) = text.parse() {
        return Some(at);
    }
    let local = text.parse::<jiff::civil::DateTime>().or_else(|_| text.parse::<jiff::civil::Date>().map(|day| day.at(0, 0, 0, 0)));
    local.ok().and_then(|local| local.to_zoned(zone()).ok()).map(|at| at.timestamp())
}

/// A moment in full, with its zone.
pub(crate) fn moment(at: Timestamp, now: Timestamp) -> String {
    api::moment::words(at, &now.to_zoned(zone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_that_was() {
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(past("2026-11-27T14:00:00Z", now).unwrap().at.to_string(), "2026-11-27T14:00:00Z");
        assert!(past("2026-11-27", now).is_ok() && past("2026-11-27T14:00", now).is_ok());
        assert!(past("yesterday-ish", now).unwrap_err().contains("2h (ago)"));
    }

    #[test]
    fn a_duration_is_one_before_now() {
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        let at = |text: &str, ago| Ok(Past { at: text.parse().unwrap(), ago });
        assert_eq!(past("1h30m", now), at("2026-11-21T08:30:00Z", true));
        assert_eq!(past("2026-11-20T10:00+01:00", now), at("2026-11-20T09:00:00Z", false));
        assert!(past("tomorrow", now).is_err());
    }

    #[test]
    fn durations_as_people_write_them() {
        for (text, want) in [
            ("90s", Some(90)),
            ("30m", Some(1_800)),
            ("1h30m", Some(5_400)),
            ("2d", Some(172_800)),
            ("1w", Some(604_800)),
            ("", None),
            ("30", None),
            ("m", None),
            ("0s", None),
            ("1y", None),
            ("99999999999999999999s", None),
            ("400d", None),
        ] {
            assert_eq!(parse_duration(text).ok().map(|d| d.as_secs()), want, "{text}");
        }
    }

    #[test]
    fn ages_and_moments() {
        for (s, want) in [(-5, "0s"), (59, "59s"), (60, "1m"), (7_300, "2h"), (90_000, "1d"), (40_000_000, "1y")] {
            assert_eq!(short(SignedDuration::from_secs(s)), want);
        }
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        assert_eq!(parse_moment("2h", now).unwrap().to_string(), "2026-11-21T12:00:00Z");
        assert_eq!(parse_moment("2026-12-01T00:00:00Z", now).unwrap().to_string(), "2026-12-01T00:00:00Z");
        assert!(parse_moment("tomorrow", now).unwrap() > now);
        assert!(parse_moment("soon", now).is_err());
    }
}
