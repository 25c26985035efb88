//! What somebody typed to find something: words and operators out of one line, the full-text query they make, and the line that shows a hit.
//!
//! Pure. Names are looked up by the store, and a day is a day in UTC: the caller's clock has no part in it.

use std::ops::Range;

use api::search::SnippetPart;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// A query at most, in characters: a line that a person types or pastes.
pub const CHARS_MAX: usize = 500;
/// Words and operators at most: each is looked up on its own.
pub const TERMS_MAX: usize = 32;
/// A hit's line, in characters.
const SNIPPET_CHARS: usize = 200;
/// So much of it stands before the hit at most.
const BEFORE_CHARS: usize = 40;
/// What the store puts around a hit, to find its place again: [`ranges`].
pub const OPEN: char = '\u{2}';
/// The end of it.
pub const CLOSE: char = '\u{3}';

/// A word or a phrase that must be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// As typed.
    pub text: String,
    /// Whether its last word may go on: it is still being typed.
    pub beginning: bool,
}

/// Who wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Author {
    /// The caller.
    Me,
    /// Somebody whose name holds this.
    Named(String),
}

/// A query, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// All must be in the message.
    pub terms: Vec<Term>,
    /// Any of them; empty: whoever.
    pub from: Vec<Author>,
    /// Any of these inboxes, by a part of the name; empty: all.
    pub inboxes: Vec<String>,
    /// All of these labels.
    pub labels: Vec<String>,
    /// Written before this moment: Unix microseconds.
    pub before: Option<i64>,
    /// Written at this moment or later: Unix microseconds.
    pub after: Option<i64>,
    /// Only with a file.
    pub attachment: bool,
    /// Only private notes.
    pub note: bool,
}

/// Why a query cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// A day was to be named.
    #[error("`{operator}:{text}` is no date; write it as {operator}:2026-11-20")]
    Date {
        /// `before` or `after`.
        operator: &'static str,
        /// What was written.
        text: String,
    },
    /// It is too long.
    #[error("at most {CHARS_MAX} characters")]
    TooLong,
    /// It has too many parts.
    #[error("at most {TERMS_MAX} words and operators")]
    TooMany,
}

impl Search {
    /// Reads a query.
    ///
    /// # Errors
    /// For a date that is none, and for what is too long.
    pub fn read(text: &str) -> Result<Self, Unreadable> {
        if text.chars().count() > CHARS_MAX {
            return Err(Unreadable::TooLong);
        }
        let mut search = Self::default();
        let mut rest = text;
        for parts in 0.. {
            rest = rest.trim_start_matches(is_space);
            if rest.is_empty() {
                break;
            }
            if parts == TERMS_MAX {
                return Err(Unreadable::TooMany);
            }
            rest = search.part(rest)?;
        }
        Ok(search)
    }

    /// Takes one part in and gives back what follows it.
    fn part<'t>(&mut self, rest: &'t str) -> Result<&'t str, Unreadable> {
        if let Some(quoted) = rest.strip_prefix('"') {
            let (phrase, after, closed) = until_quote(quoted);
            self.term(phrase, !closed);
            return Ok(after);
        }
        let end = rest.find(is_space).unwrap_or(rest.len());
        let (word, after_word) = rest.split_at(end);
        if let Some((name, value)) = word.split_once(':') {
            let name = name.to_ascii_lowercase();
            // A name with a space in it is quoted.
            let quoted = rest.get(name.len() + 1..).and_then(|value| value.strip_prefix('"')).map(until_quote);
            let (value, after, literal) = match quoted {
                Some((value, after, _)) => (value, after, true),
                None => (value, after_word, false),
            };
            if self.operator(&name, value.trim(), literal)? {
                return Ok(after);
            }
        }
        self.term(word, after_word.is_empty());
        Ok(after_word)
    }

    /// Takes an operator in; `false`: it is none.
    fn operator(&mut self, name: &str, value: &str, literal: bool) -> Result<bool, Unreadable> {
        // What is still being typed asks for nothing yet.
        let named = (!value.is_empty()).then(|| value.to_owned());
        match (name, value) {
            ("from", "me") if !literal => self.from.push(Author::Me),
            ("from", _) => self.from.extend(named.map(Author::Named)),
            ("in", _) => self.inboxes.extend(named),
            // Chatwoot keeps labels in lower case.
            ("label", _) => self.labels.extend(named.map(|label| label.to_lowercase())),
            ("before" | "after", "") | ("has" | "is", "") => {}
            ("before", _) => {
                let day = day("before", value)?;
                self.before = Some(self.before.map_or(day, |known| known.min(day)));
            }
            ("after", _) => {
                let day = day("after", value)?;
                self.after = Some(self.after.map_or(day, |known| known.max(day)));
            }
            ("has", "attachment" | "attachments" | "file") => self.attachment = true,
            ("is", "note" | "private") => self.note = true,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Punctuation alone is in no index: it asks for nothing.
    fn term(&mut self, text: &str, last: bool) {
        if text.chars().any(char::is_alphanumeric) {
            // One letter begins nearly every message; in writing without spaces one sign says much.
            let beginning = last && (text.chars().count() > 1 || !text.is_ascii());
            self.terms.push(Term { text: text.to_owned(), beginning });
        }
    }

    /// Narrows it to what was written at `from` or later, and before `to`.
    pub fn within(&mut self, from: Option<Timestamp>, to: Option<Timestamp>) {
        // The store counts microseconds: the first one that is not before the instant bounds both sides.
        let micros = |at: Timestamp| i64::try_from(-(-at.as_nanosecond()).div_euclid(1_000)).unwrap_or(i64::MAX);
        self.after = self.after.max(from.map(micros));
        self.before = [self.before, to.map(micros)].into_iter().flatten().min();
    }

    /// Whether there is nothing to find.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty() && self.is_plain()
    }

    /// Whether it is words alone. Operators speak of messages.
    pub fn is_plain(&self) -> bool {
        self.from.is_empty()
            && self.inboxes.is_empty()
            && self.labels.is_empty()
            && self.before.is_none()
            && self.after.is_none()
            && !self.attachment
            && !self.note
    }

    /// The full-text query: every term quoted, so that nothing in it is syntax. None without words.
    pub fn expression(&self) -> Option<String> {
        let term = |term: &Term| {
            // FTS5 ends its query at a NUL.
            let text = term.text.replace('\0', " ").replace('"', "\"\"");
            format!("\"{text}\"{}", if term.beginning { "*" } else { "" })
        };
        // Side by side means that all must be there.
        (!self.terms.is_empty()).then(|| self.terms.iter().map(term).collect::<Vec<_>>().join(" "))
    }
}

fn is_space(c: char) -> bool {
    c.is_whitespace() || c == '\0'
}

/// The text up to the next quote, what follows it, and whether there was one.
fn until_quote(text: &str) -> (&str, &str, bool) {
    text.split_once('"').map_or((text, "", false), |(phrase, after)| (phrase, after, true))
}

/// The beginning of a day in UTC.
fn day(operator: &'static str, text: &str) -> Result<i64, Unreadable> {
    let shaped = text.len() == 10 && text.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    let date = shaped.then(|| text.parse::<Date>().ok()).flatten();
    let start = date.and_then(|date| date.to_zoned(TimeZone::UTC).ok());
    start.map(|start| start.timestamp().as_microsecond()).ok_or_else(|| Unreadable::Date { operator, text: text.to_owned() })
}

/// Where the hits of `content` are, in bytes, from the same text with [`OPEN`] and [`CLOSE`] around each. Marks that stand in the text
/// itself may move a hit by a letter; they never get into what is shown, which is cut from `content`.
pub fn ranges(content: &str, marked: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut open = None;
    let mut marked = marked.chars().peekable();
    let ends = content.char_indices().map(|(at, c)| (at, Some(c))).chain([(content.len(), None)]);
    for (at, c) in ends {
        while let Some(mark) = marked.next_if(|mark| Some(*mark) != c) {
            match mark {
                OPEN => open = Some(at),
                CLOSE => out.extend(open.take().map(|start| start..at)),
                _ => return out,
            }
        }
        marked.next();
    }
    out
}

/// One line around the first hit: spaces collapsed, cut to 200 characters, in pieces.
pub fn snippet(content: &str, hits: &[Range<usize>]) -> Vec<SnippetPart> {
    let mut line: Vec<(char, bool)> = Vec::new();
    let mut first = None;
    let mut hits = hits.iter().peekable();
    let mut more = false;
    for (at, c) in content.char_indices() {
        while hits.next_if(|hit| hit.end <= at).is_some() {}
        let hit = hits.peek().is_some_and(|hit| hit.contains(&at));
        if hit && first.is_none() {
            first = Some(line.len());
        }
        let enough = first.map_or(hits.peek().is_none(), |first| line.len() > first + SNIPPET_CHARS) && line.len() > SNIPPET_CHARS;
        if enough {
            more = true;
            break;
        }
        match (c.is_whitespace(), line.last()) {
            (true, None | Some((' ', _))) => {}
            (true, Some(_)) => line.push((' ', hit)),
            (false, _) => line.push((c, hit)),
        }
    }
    let first = first.unwrap_or(0).min(line.len());
    let mut start = first.saturating_sub(BEFORE_CHARS);
    if start > 0 {
        // Not in the middle of a word.
        start = line.iter().enumerate().take(first).skip(start).find(|(_, (c, _))| *c == ' ').map_or(start, |(i, _)| i + 1);
    }
    let end = line.len().min(start + SNIPPET_CHARS);
    more |= end < line.len();
    let mut parts: Vec<SnippetPart> = Vec::new();
    let mut push = |c: char, hit: bool| match parts.last_mut() {
        Some(part) if part.hit == hit => part.text.push(c),
        _ => parts.push(SnippetPart { text: c.to_string(), hit }),
    };
    if start > 0 {
        push('…', false);
    }
    let shown = line.get(start..end).unwrap_or_default();
    let shown = if more { shown } else { shown.strip_suffix(&[(' ', false)]).unwrap_or(shown) };
    shown.iter().for_each(|&(c, hit)| push(c, hit));
    if more {
        push('…', false);
    }
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: i64 = 86_400_000_000;

    fn word(text: &str, beginning: bool) -> Term {
        Term { text: text.to_owned(), beginning }
    }

    #[test]
    fn words_phrases_and_operators_are_told_apart() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let words = |terms: &[Term]| Search { terms: terms.to_vec(), ..Search::default() };
        for (text, want) in [
            ("", Search::default()),
            ("  \t ", Search::default()),
            ("late parc", words(&[word("late", false), word("parc", true)])),
            ("late parcel ", words(&[word("late", false), word("parcel", false)])),
            ("\"late parcel\" no", words(&[word("late parcel", false), word("no", true)])),
            ("\"late par", words(&[word("late par", true)])),
            ("a", words(&[word("a", false)])),
            ("货", words(&[word("货", true)])),
            ("5\" pipe ", words(&[word("5\"", false), word("pipe", false)])),
            ("AND OR ( * ^ - :", words(&[word("AND", false), word("OR", false)])),
            ("from:me", Search { from: vec![Author::Me], ..Search::default() }),
            ("from:\"me\"", Search { from: vec![Author::Named("me".into())], ..Search::default() }),
            ("From:\"Dee Shopper\" x ", Search { from: vec![Author::Named("Dee Shopper".into())], ..words(&[word("x", false)]) }),
            ("in:Shop in:mail", Search { inboxes: names(&["Shop", "mail"]), ..Search::default() }),
            ("label:VIP", Search { labels: names(&["vip"]), ..Search::default() }),
            ("before:1970-01-03", Search { before: Some(2 * DAY), ..Search::default() }),
            ("after:1970-01-03 after:1970-01-02", Search { after: Some(2 * DAY), ..Search::default() }),
            ("has:attachment is:note", Search { attachment: true, note: true, ..Search::default() }),
            ("from: in: label: before: after: has: is:", Search::default()),
            // What is no operator is text.
            ("https://x.de ", words(&[word("https://x.de", false)])),
            ("is:open ", words(&[word("is:open", false)])),
            ("colour:\"dark red\" ", words(&[word("colour:\"dark", false), word("red\"", false)])),
        ] {
            assert_eq!(Search::read(text), Ok(want), "{text}");
        }
    }

    #[test]
    fn a_date_that_is_none_is_named() {
        for (text, said) in [
            ("before:tomorrow", "`before:tomorrow` is no date; write it as before:2026-11-20"),
            ("x after:2026-02-30 y", "`after:2026-02-30` is no date; write it as after:2026-11-20"),
            ("before:2026-1-2", "`before:2026-1-2` is no date; write it as before:2026-11-20"),
            ("before:2026-11-20T10:00", "`before:2026-11-20T10:00` is no date; write it as before:2026-11-20"),
        ] {
            assert_eq!(Search::read(text).unwrap_err().to_string(), said);
        }
        assert_eq!(Search::read(&"a".repeat(CHARS_MAX + 1)), Err(Unreadable::TooLong));
        assert_eq!(Search::read(&"ab ".repeat(TERMS_MAX + 1)), Err(Unreadable::TooMany));
    }

    #[test]
    fn a_span_of_time_narrows_days_and_never_widens_them() {
        let at = |text: &str| Some(text.parse::<Timestamp>().unwrap());
        for (text, from, to, want) in [
            ("", None, None, (None, None)),
            ("after:1970-01-03 before:1970-01-05", None, None, (Some(2 * DAY), Some(4 * DAY))),
            ("", at("1970-01-03T00:00:00Z"), at("1970-01-05T02:00:00+02:00"), (Some(2 * DAY), Some(4 * DAY))),
            ("after:1970-01-03", at("1970-01-02T00:00:00Z"), None, (Some(2 * DAY), None)),
            ("after:1970-01-03", at("1970-01-03T00:00:00.000001Z"), None, (Some(2 * DAY + 1), None)),
            ("before:1970-01-03", None, at("1970-01-04T00:00:00Z"), (None, Some(2 * DAY))),
            ("before:1970-01-03", None, at("1970-01-02T00:00:00Z"), (None, Some(DAY))),
            // Between two microseconds.
            ("", at("1970-01-01T00:00:00.000001001Z"), at("1970-01-01T00:00:00.000002001Z"), (Some(2), Some(3))),
            ("", at("1969-12-31T23:59:59.999998999Z"), None, (Some(-1), None)),
        ] {
            let mut search = Search::read(text).unwrap();
            search.within(from, to);
            assert_eq!((search.after, search.before), want, "{text} {from:?} {to:?}");
        }
    }

    #[test]
    fn the_expression_holds_no_syntax_but_ours() {
        for (text, want) in [
            ("", None),
            ("from:me", None),
            ("late parc", Some("\"late\" \"parc\"*")),
            ("\"late parcel\" NOT", Some("\"late parcel\" \"NOT\"*")),
            ("5\"x OR\0y ", Some("\"5\"\"x\" \"OR\" \"y\"")),
        ] {
            assert_eq!(Search::read(text).unwrap().expression().as_deref(), want, "{text}");
        }
    }

    fn shown(content: &str, hits: &[Range<usize>]) -> String {
        let bracket = |part: SnippetPart| if part.hit { format!("[{}]", part.text) } else { part.text };
        snippet(content, hits).into_iter().map(bracket).collect()
    }

    #[test]
    fn a_hit_is_shown_with_what_stands_around_it() {
        for (marked, want) in [
            ("My \u{2}parcel\u{3} is\n\n late", "My [parcel] is late"),
            ("\u{2}a\u{3}b\u{2}c\u{3}", "[a]b[c]"),
            ("none \n", "none"),
            ("", ""),
            ("李\u{2}小\u{3}龙", "李[小]龙"),
        ] {
            let content = marked.replace([OPEN, CLOSE], "");
            assert_eq!(shown(&content, &ranges(&content, marked)), want);
        }
        let long = format!("{}needle {}", "straw ".repeat(100), "hay ".repeat(100));
        let line = shown(&long, std::slice::from_ref(&(600..606)));
        assert!(line.starts_with("…straw straw") && line.contains(" [needle] hay") && line.ends_with('…'), "{line}");
        assert!(line.chars().count() <= SNIPPET_CHARS + 4, "{line}");
        assert_eq!(shown(&"x".repeat(300), &[]), format!("{}…", "x".repeat(SNIPPET_CHARS)));
    }

    proptest! {
        #[test]
        fn any_line_is_read_or_refused_and_its_quotes_are_closed(text in "([a-z\"*:()\0 -]|from:|before:|is:note|\\PC){0,40}") {
            if let Ok(search) = Search::read(&text)
                && let Some(expression) = search.expression()
            {
                // Outside quotes only stars and spaces are left.
                let outside: String = expression.split('"').step_by(2).collect();
                prop_assert!(outside.chars().all(|c| c == '*' || c == ' '), "{expression:?}");
                prop_assert!(expression.matches('"').count() % 2 == 0 && !expression.contains('\0'));
            }
        }

        #[test]
        fn a_snippet_is_the_texts_own_words(content in any::<String>(), marked in any::<String>(), from in 0_usize..40, len in 0_usize..40) {
            let _ = ranges(&content, &marked);
            let hit = from..from + len;
            let parts = snippet(&content, std::slice::from_ref(&hit));
            let line: String = parts.iter().map(|part| part.text.as_str()).collect();
            let words = content.split_whitespace().collect::<Vec<_>>().join(" ");
            prop_assert!(words.contains(line.trim_start_matches('…').trim_end_matches('…').trim()) || content.contains('…'), "{line:?}");
            prop_assert!(line.chars().count() <= SNIPPET_CHARS + 2);
        }
    }
}
