//! A moment to come, as people write it: `2h`, `tomorrow 9:00`, `mon 8`, `in 3 days`, `2026-12-01 10:00`. Pure: now and the zone are given.
//!
//! The inbox, the command line and whoever else asks "until when" read it here, so that a text means the same everywhere.

use jiff::civil::{Date, DateTime, Time, Weekday, time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Span, Timestamp, ToSpan as _, Zoned};

/// Characters of a text at most: nobody writes a moment longer.
pub const CHARS_MAX: usize = 64;
/// Years ahead at most: further is a slip of the keys.
const YEARS_MAX: i16 = 5;
/// Where a day is named and no time.
const MORNING: Time = time(9, 0, 0, 0);

/// What can be written, for people.
pub const FORMS: &str = "2h, tomorrow 9:00, mon 8, in 3 days, 1 dec 10:00, 2026-12-01 10:00";

/// Reads a moment after `now`, in `now`'s zone.
///
/// # Errors
/// What is wrong with the text, and what to write instead.
pub fn parse(text: &str, now: &Zoned) -> Result<Timestamp, String> {
    if text.chars().count() > CHARS_MAX {
        return Err(format!("that is no time: write {FORMS}"));
    }
    let at = match text.trim().parse::<Timestamp>() {
        Ok(at) => at,
        Err(_) => written(&text.trim().to_lowercase(), now)?,
    };
    if at <= now.timestamp() {
        return Err(format!("{} has passed: write a later time", words(at, now)));
    }
    let zoned = at.to_zoned(now.time_zone().clone());
    if zoned.year() > now.year() + YEARS_MAX {
        return Err(format!("{} is more than {YEARS_MAX} years ahead", words(at, now)));
    }
    Ok(at)
}

/// A moment in full, with its zone: `Fri 27 Nov 09:00 CET`; with the year where it is another.
pub fn words(at: Timestamp, now: &Zoned) -> String {
    let at = at.to_zoned(now.time_zone().clone());
    let form = if at.year() == now.year() { "%a %-d %b %H:%M %Z" } else { "%a %-d %b %Y %H:%M %Z" };
    at.strftime(form).to_string()
}

fn written(text: &str, now: &Zoned) -> Result<Timestamp, String> {
    let unread = || format!("`{text}` is no time: write {FORMS}");
    // `2026-12-01t10:00`, as programs write it.
    let apart = |c: char| c == ' ' || c == ',' || (c == 't' && text.contains('-'));
    let words: Vec<&str> = text.split(apart).filter(|word| !word.is_empty() && !matches!(*word, "at" | "on" | "until")).collect();
    if let Some(at) = duration(&words, now) {
        return at.map_err(|()| unread());
    }
    let (day, rest) = day(&words, now).ok_or_else(unread)?;
    let clock = match rest {
        [] if matches!(day, Day::None) => return Err(unread()),
        [] => MORNING,
        words => clock(&words.concat()).ok_or_else(unread)?,
    };
    let today = now.date();
    let date = match day {
        Day::None => {
            let at = exact(today.to_datetime(clock), now)?;
            if at <= now.timestamp() {
                return Err(format!("{} has passed today: write tomorrow {}", clock.strftime("%H:%M"), clock.strftime("%H:%M")));
            }
            return Ok(at);
        }
        Day::Fixed(date) => date,
        // Today's name means today as long as the time is still to come.
        Day::Of(weekday) if today.weekday() == weekday && today.to_datetime(clock) > now.datetime() => today,
        Day::Of(weekday) | Day::Next(weekday) => after(today, weekday).ok_or_else(unread)?,
        Day::Yearly(month, of_month) => {
            let this = Date::new(today.year(), month, of_month).ok().filter(|date| date.to_datetime(clock) > now.datetime());
            let next = (1..=4).find_map(|years| Date::new(today.year() + years, month, of_month).ok());
            this.or(next).ok_or_else(unread)?
        }
    };
    exact(date.to_datetime(clock), now)
}

#[derive(Debug, Clone, Copy)]
enum Day {
    None,
    Fixed(Date),
    Of(Weekday),
    Next(Weekday),
    Yearly(i8, i8),
}

/// The day that the words begin with, and the words after it.
fn day<'a>(words: &'a [&'a str], now: &Zoned) -> Option<(Day, &'a [&'a str])> {
    let today = now.date();
    let in_days = |days: i64| today.checked_add(days.days()).ok().map(Day::Fixed);
    Some(match words {
        ["next", "week", rest @ ..] => (Day::Next(Weekday::Monday), rest),
        ["next", name, rest @ ..] => (Day::Next(weekday(name)?), rest),
        ["today", rest @ ..] if !rest.is_empty() => (Day::None, rest),
        ["tomorrow" | "tmr", rest @ ..] => (in_days(1)?, rest),
        [name, rest @ ..] if weekday(name).is_some() => (Day::Of(weekday(name)?), rest),
        [of_month, name, rest @ ..] if month(name).is_some() => dated(month(name)?, of_month, rest)?,
        [name, of_month, rest @ ..] if month(name).is_some() => dated(month(name)?, of_month, rest)?,
        [date, rest @ ..] if date.contains('-') => (Day::Fixed(date.parse().ok()?), rest),
        rest => (Day::None, rest),
    })
}

fn dated<'a>(month: i8, of_month: &str, rest: &'a [&'a str]) -> Option<(Day, &'a [&'a str])> {
    let of_month: i8 = of_month.trim_end_matches('.').parse().ok()?;
    match rest {
        [year, rest @ ..] if year.len() == 4 && year.parse::<i16>().is_ok() => {
            Some((Day::Fixed(Date::new(year.parse().ok()?, month, of_month).ok()?), rest))
        }
        rest => Some((Day::Yearly(month, of_month), rest)),
    }
}

fn named(text: &str, names: &[&str]) -> Option<usize> {
    (text.len() >= 3).then(|| names.iter().position(|name| name.starts_with(text)))?
}

fn weekday(text: &str) -> Option<Weekday> {
    let at = named(text, &["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"])?;
    Weekday::from_monday_zero_offset(i8::try_from(at).ok()?).ok()
}

fn month(text: &str) -> Option<i8> {
    let names = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];
    i8::try_from(named(text, &names)? + 1).ok()
}

/// The next such weekday after a day.
fn after(today: Date, weekday: Weekday) -> Option<Date> {
    let days = i64::from(today.weekday().until(weekday));
    today.checked_add((if days == 0 { 7 } else { days }).days()).ok()
}

/// `9`, `9:00`, `09.30`, `9am`, `12:30pm`, `noon`.
fn clock(text: &str) -> Option<Time> {
    match text {
        "noon" => return Some(time(12, 0, 0, 0)),
        "midnight" => return Some(time(0, 0, 0, 0)),
        _ => {}
    }
    let (digits, half) = match (text.strip_suffix("am"), text.strip_suffix("pm")) {
        (Some(rest), _) => (rest, Some(0)),
        (_, Some(rest)) => (rest, Some(12)),
        _ => (text, None),
    };
    let mut parts = digits.split([':', '.']);
    let mut number = |needed: usize| -> Option<Option<i8>> {
        match parts.next() {
            None => Some(None),
            Some(part) if (needed..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()) => part.parse().ok().map(Some),
            Some(_) => None,
        }
    };
    let (hour, minute, second) = (number(1)??, number(2)?.unwrap_or(0), number(2)?.unwrap_or(0));
    let hour = match half {
        None => hour,
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return None,
    };
    if parts.next().is_some() { None } else { Time::new(hour, minute, second, 0).ok() }
}

/// `2h`, `1h30m`, `in 3 days`, `1 week`; `None` where the words are something else. Days and weeks keep the time of day.
fn duration(words: &[&str], now: &Zoned) -> Option<Result<Timestamp, ()>> {
    let (said, words) = match words {
        ["in", rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let text = words.concat();
    let mut span = Span::new();
    let mut elapsed = SignedDuration::ZERO;
    let mut rest = text.as_str();
    let read = (|| {
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit())?;
            let (number, tail) = rest.split_at_checked(digits)?;
            let unit = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
            let (unit, tail) = tail.split_at_checked(unit)?;
            let number: i64 = number.parse().ok().filter(|n| *n <= 1_000_000)?;
            match unit {
                "s" | "sec" | "secs" | "second" | "seconds" => elapsed += SignedDuration::from_secs(number),
                "m" | "min" | "mins" | "minute" | "minutes" => elapsed += SignedDuration::from_mins(number),
                "h" | "hr" | "hrs" | "hour" | "hours" => elapsed += SignedDuration::from_hours(number),
                "d" | "day" | "days" => span = span.try_days(i64::from(span.get_days()) + number).ok()?,
                "w" | "week" | "weeks" => span = span.try_weeks(i64::from(span.get_weeks()) + number).ok()?,
                "month" | "months" => span = span.try_months(i64::from(span.get_months()) + number).ok()?,
                _ => return None,
            }
            rest = tail;
        }
        (!text.is_empty()).then_some(())
    })();
    match read {
        None if said => Some(Err(())),
        None => None,
        Some(()) => Some(now.checked_add(span).and_then(|at| at.checked_add(elapsed)).map(|at| at.timestamp()).map_err(|_| ())),
    }
}

/// The moment of a time of day. One that the clocks skip is refused by name; of one that they show twice the first is meant, and the zone's
/// name in [`words`] says which that is.
fn exact(at: DateTime, now: &Zoned) -> Result<Timestamp, String> {
    let zone: &TimeZone = now.time_zone();
    let ambiguous = zone.to_ambiguous_zoned(at);
    if let AmbiguousOffset::Gap { before, after } = ambiguous.offset() {
        let by = SignedDuration::from_secs(i64::from(after.seconds() - before.seconds()));
        let later = at.checked_add(by).unwrap_or(at);
        return Err(format!(
            "there is no {} on {}: the clocks go forward; write {}",
            at.strftime("%H:%M"),
            at.strftime("%a %-d %b"),
            later.strftime("%H:%M")
        ));
    }
    let far = |_| "that is too far away".to_owned();
    ambiguous.earlier().map(|at| at.timestamp()).map_err(far)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Friday, 20 November 2026, 10:41 in Berlin.
    fn berlin() -> Zoned {
        "2026-11-20T10:41:00+01:00[Europe/Berlin]".parse().unwrap()
    }

    fn check(now: &Zoned, text: &str, want: &str) {
        let said = parse(text, now).map_or_else(|why| why, |at| words(at, now));
        assert!(
            said == want || (said.len() > want.len() && want.ends_with('…') && said.starts_with(want.trim_end_matches('…'))),
            "{text}: {said}"
        );
    }

    #[test]
    fn a_moment_is_read_as_people_write_it() {
        let now = berlin();
        for (text, want) in [
            ("2h", "Fri 20 Nov 12:41 CET"),
            ("1h30m", "Fri 20 Nov 12:11 CET"),
            ("in 45 min", "Fri 20 Nov 11:26 CET"),
            ("in 3 days", "Mon 23 Nov 10:41 CET"),
            ("3 days", "Mon 23 Nov 10:41 CET"),
            ("1w", "Fri 27 Nov 10:41 CET"),
            ("in 2 months", "Wed 20 Jan 2027 10:41 CET"),
            ("tomorrow", "Sat 21 Nov 09:00 CET"),
            ("Tomorrow 9:00", "Sat 21 Nov 09:00 CET"),
            ("tomorrow at 14.30", "Sat 21 Nov 14:30 CET"),
            ("mon 8", "Mon 23 Nov 08:00 CET"),
            ("Monday, 8am", "Mon 23 Nov 08:00 CET"),
            ("fri", "Fri 27 Nov 09:00 CET"),
            ("fri 15:00", "Fri 20 Nov 15:00 CET"),
            ("next fri 15:00", "Fri 27 Nov 15:00 CET"),
            ("next week", "Mon 23 Nov 09:00 CET"),
            ("15:00", "Fri 20 Nov 15:00 CET"),
            ("today 3 pm", "Fri 20 Nov 15:00 CET"),
            ("12:30pm", "Fri 20 Nov 12:30 CET"),
            ("2026-12-01", "Tue 1 Dec 09:00 CET"),
            ("2026-12-01 10:00", "Tue 1 Dec 10:00 CET"),
            ("2026-12-01T10:00", "Tue 1 Dec 10:00 CET"),
            ("2026-12-01T10:00:00Z", "Tue 1 Dec 11:00 CET"),
            ("1 dec 10:00", "Tue 1 Dec 10:00 CET"),
            ("dec 1", "Tue 1 Dec 09:00 CET"),
            ("3 mar", "Wed 3 Mar 2027 09:00 CET"),
            ("29 feb", "Tue 29 Feb 2028 09:00 CET"),
            ("3 mar 2028 noon", "Fri 3 Mar 2028 12:00 CET"),
            ("1 jul", "Thu 1 Jul 2027 09:00 CEST"),
        ] {
            check(&now, text, want);
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_the_way_out() {
        let now = berlin();
        for (text, want) in [
            ("", "`` is no time: write 2h, …"),
            ("soon", "`soon` is no time: write 2h, …"),
            ("in", "`in` is no time…"),
            ("in a while", "`in a while` is no time…"),
            ("9", "09:00 has passed today: write tomorrow 09:00"),
            ("today 10:41", "10:41 has passed today: write tomorrow 10:41"),
            ("today", "`today` is no time…"),
            ("25:00", "`25:00` is no time…"),
            ("9:7", "`9:7` is no time…"),
            ("13pm", "`13pm` is no time…"),
            ("mon 8 9 10", "`mon 8 9 10` is no time…"),
            ("0h", "Fri 20 Nov 10:41 CET has passed: write a later time"),
            ("2026-11-20 09:00", "Fri 20 Nov 09:00 CET has passed: write a later time"),
            ("2020-01-01T00:00:00Z", "Wed 1 Jan 2020 01:00 CET has passed: write a later time"),
            ("31 feb", "`31 feb` is no time…"),
            ("2026-02-31", "`2026-02-31` is no time…"),
            ("2099-01-01", "Thu 1 Jan 2099 09:00 CET is more than 5 years ahead"),
            ("99999999999999999999h", "`99999999999999999999h` is no time…"),
            ("1000000 months", "`1000000 months` is no time…"),
        ] {
            check(&now, text, want);
        }
        assert!(parse(&"9".repeat(CHARS_MAX + 1), &now).is_err());
    }

    #[test]
    fn clocks_that_jump_are_named() {
        let before = "2027-03-27T12:00:00+01:00[Europe/Berlin]".parse().unwrap();
        check(&before, "tomorrow 2:30", "there is no 02:30 on Sun 28 Mar: the clocks go forward; write 03:30");
        check(&before, "tomorrow 3:00", "Sun 28 Mar 03:00 CEST");
        check(&before, "1d", "Sun 28 Mar 12:00 CEST");
        check(&before, "24h", "Sun 28 Mar 13:00 CEST");
        let autumn = "2026-10-24T12:00:00+02:00[Europe/Berlin]".parse().unwrap();
        check(&autumn, "sun 2:30", "Sun 25 Oct 02:30 CEST");
    }

    #[test]
    fn no_text_panics() {
        let now = berlin();
        for text in ["é", "3é", "mon é", "-", "--", "t", "1-t", "next", "next é", "dec", "1 dec é", "٣h", ":", "::", "am", "pm"] {
            assert!(parse(text, &now).is_err(), "{text}");
        }
    }
}
