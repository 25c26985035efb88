//! A message's text as people mean it: bold, italics, code, lists, links as their words and a number.
//!
//! Works line by line on text that was made safe before. It shows no more of Markdown than that: what is not closed, or is no link that may
//! be opened, stays as it was typed, so that nothing a customer wrote can hide. Every search for an end is bounded.

use std::ops::Range;

use ratatui::style::{Modifier, Style};

use super::ui::{Spans, span};
use crate::state::Link;
use crate::text;
use crate::theme::Theme;

/// Links of one message that get a number; more nobody counts.
pub(crate) const LINKS_MAX: usize = 2_000;
/// A link's words, in bytes: more is a bracket that was never closed.
const WORDS_MAX: usize = 400;
/// A link's address, in bytes.
const ADDRESS_MAX: usize = 4_096;
/// Bytes of a message that are looked at for ends of links that do not come; then its brackets are only brackets.
const LOOKED_MAX: usize = 200_000;
/// Emphasis in emphasis, at most so deep.
const DEPTH_MAX: u8 = 3;
/// Cells of an address that stands in the text; the rest is seen and copied with `O`.
const ADDRESS_SHOWN: usize = 90;

/// What may be opened.
const SCHEMES: [&str; 4] = ["http", "https", "mailto", "tel"];

/// A look of a part of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Strong,
    Em,
    Code,
    /// A link, with the terminal's mark of its address where it can open it.
    Link(Option<ratatui::style::Color>),
    Number,
    Found,
}

/// One line of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Line {
    /// What is read.
    pub(crate) text: String,
    looks: Vec<(Range<usize>, Look)>,
}

/// Reads a message's lines one after the other.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    /// The links so far.
    pub(crate) links: Vec<Link>,
    fenced: bool,
    looked: usize,
}

impl Reader {
    /// The next line; none where it only begins or ends a block of code.
    pub(crate) fn line(&mut self, line: &str) -> Option<Line> {
        let trimmed = line.trim_start();
        if trimmed.starts_with("```") && !trimmed.get(3..).is_some_and(|rest| rest.contains('`')) {
            self.fenced = !self.fenced;
            return None;
        }
        let mut out = Line::default();
        if self.fenced {
            out.text = line.to_owned();
            out.looks.push((0..line.len(), Look::Code));
            return Some(out);
        }
        let indent = line.len() - trimmed.len();
        let hashes = trimmed.bytes().take_while(|b| *b == b'#').count();
        if (1..=6).contains(&hashes)
            && let Some(title) = trimmed.get(hashes..).and_then(|rest| rest.strip_prefix(' '))
        {
            self.inline(title, 0, &mut out);
            out.looks.insert(0, (0..out.text.len(), Look::Strong));
            return Some(out);
        }
        if let Some(item) = trimmed.strip_prefix("- ").or_else(|| trimmed.strip_prefix("* ")).or_else(|| trimmed.strip_prefix("+ ")) {
            out.text.push_str(line.get(..indent).unwrap_or_default());
            out.text.push_str("• ");
            self.inline(item, 0, &mut out);
            return Some(out);
        }
        self.inline(line, 0, &mut out);
        Some(out)
    }

    fn inline(&mut self, line: &str, depth: u8, out: &mut Line) {
        let mut at = 0;
        // An end that is not found from here is not found from further on.
        let (mut no_code, mut no_strong, mut no_under) = (false, false, false);
        let mut no_em = [false; 2];
        while let Some(rest) = line.get(at..)
            && let Some(c) = rest.chars().next()
        {
            let before = line.get(..at).and_then(|s| s.chars().next_back());
            let mut taken = 0;
            match c {
                '\\' if rest.get(1..2).is_some_and(|next| "*_`[]\\".contains(next)) => {
                    out.text.push_str(rest.get(1..2).unwrap_or_default());
                    taken = 2;
                }
                '`' if !no_code => match rest.get(1..).and_then(|r| r.find('`')) {
                    Some(0) => {}
                    Some(end) => {
                        styled(out, Look::Code, |out| out.text.push_str(rest.get(1..=end).unwrap_or_default()));
                        taken = end + 2;
                    }
                    None => no_code = true,
                },
                '*' | '_' if depth < DEPTH_MAX && rest.starts_with(if c == '*' { "**" } else { "__" }) => {
                    let (none, mark) = if c == '*' { (&mut no_strong, "**") } else { (&mut no_under, "__") };
                    let opens = rest.get(2..).is_some_and(|r| r.starts_with(|c: char| !c.is_whitespace() && c != '*' && c != '_'));
                    if opens && !*none && !(c == '_' && before.is_some_and(char::is_alphanumeric)) {
                        match rest.get(2..).and_then(|r| r.find(mark)) {
                            Some(end) => {
                                let inner = rest.get(2..2 + end).unwrap_or_default();
                                if !inner.ends_with(char::is_whitespace) {
                                    styled(out, Look::Strong, |out| self.inline(inner, depth + 1, out));
                                    taken = end + 4;
                                }
                            }
                            None => *none = true,
                        }
                    }
                    if taken == 0 {
                        out.text.push_str(mark);
                        taken = 2;
                    }
                }
                '*' | '_' if depth < DEPTH_MAX => {
                    let none = &mut no_em[usize::from(c == '_')];
                    let opens = rest.get(1..).is_some_and(|r| r.starts_with(|c: char| !c.is_whitespace()));
                    if opens && !*none && !before.is_some_and(char::is_alphanumeric) {
                        match closes(rest, c) {
                            Some(end) => {
                                styled(out, Look::Em, |out| self.inline(rest.get(1..end).unwrap_or_default(), depth + 1, out));
                                taken = end + 1;
                            }
                            None => *none = true,
                        }
                    }
                }
                '!' if rest.starts_with("![") => {
                    if let Some((words, address, length)) = self.bracketed(rest.get(1..).unwrap_or_default()) {
                        let words = if words.is_empty() { "image" } else { words };
                        if self.link(words, address, out) {
                            taken = length + 1;
                        }
                    }
                }
                '[' => {
                    if let Some((words, address, length)) = self.bracketed(rest) {
                        if address.starts_with("mention://") {
                            // Chatwoot's own markup for whom a note notifies.
                            styled(out, Look::Strong, |out| out.text.push_str(words));
                            taken = length;
                        } else if self.link(words, address, out) {
                            taken = length;
                        }
                    }
                }
                'h' | 'H' | 'm' | 'M' | 't' | 'T' if !before.is_some_and(char::is_alphanumeric) => {
                    let address = bare(rest);
                    if !address.is_empty() && self.link("", address, out) {
                        taken = address.len();
                    }
                }
                _ => {}
            }
            if taken == 0 {
                out.text.push(c);
                taken = c.len_utf8();
            }
            at += taken;
        }
    }

    /// Writes a link, unless it is none that may be opened.
    fn link(&mut self, words: &str, address: &str, out: &mut Line) -> bool {
        let Some((address, host)) = checked(address) else { return false };
        let known = self.links.len();
        styled(out, Look::Link(crate::links::mark(&address)), |out| {
            if words.is_empty() {
                out.text.push_str(&text::truncate(&address, ADDRESS_SHOWN));
                if text::width(&address) > ADDRESS_SHOWN && !address.get(..ADDRESS_SHOWN - 2).is_some_and(|shown| shown.contains(&host)) {
                    out.text.push_str(&format!(" → {host}"));
                }
                return;
            }
            let words = words.replace("**", "");
            out.text.push_str(&words);
            // Words that look like one address and lead to another are a trap.
            if looks_like_address(&words) && !words.to_lowercase().contains(&host.to_lowercase()) {
                out.text.push_str(&format!(" → {host}"));
            }
        });
        if known < LINKS_MAX {
            let words = if words.is_empty() { address.clone() } else { words.to_owned() };
            self.links.push(Link { words, address, host, file: None });
            styled(out, Look::Number, |out| out.text.push_str(&format!(" [{}]", known + 1)));
        }
        true
    }

    /// `[words](address)` at the beginning: both, and its length.
    fn bracketed<'a>(&mut self, rest: &'a str) -> Option<(&'a str, &'a str, usize)> {
        if self.looked > LOOKED_MAX {
            return None;
        }
        let words = window(rest, 1, WORDS_MAX)?;
        let Some(length) = words.find("](") else {
            self.looked += words.len();
            return None;
        };
        let (words, from) = (words.get(..length)?, length + 3);
        let address = window(rest, from, ADDRESS_MAX)?;
        let mut depth = 0_usize;
        for (i, c) in address.char_indices() {
            match c {
                '(' => depth += 1,
                ')' if depth > 0 => depth -= 1,
                ')' => {
                    let address = address.get(..i)?.trim();
                    let address = address.strip_prefix('<').and_then(|a| a.strip_suffix('>')).unwrap_or(address);
                    return Some((words, address, from + i + 1));
                }
                c if c.is_whitespace() => return None,
                _ => {}
            }
        }
        self.looked += address.len();
        None
    }
}

fn styled(out: &mut Line, look: Look, write: impl FnOnce(&mut Line)) {
    let start = out.text.len();
    let place = out.looks.len();
    write(out);
    // What encloses comes first, so that what stands in it is laid over it.
    out.looks.insert(place, (start..out.text.len(), look));
}

/// At most `most` bytes from a place on.
fn window(rest: &str, from: usize, most: usize) -> Option<&str> {
    let mut end = rest.len().min(from.saturating_add(most));
    while !rest.is_char_boundary(end) {
        end -= 1;
    }
    rest.get(from..end)
}

/// Where emphasis of one sign ends: not behind a space, not in a word.
fn closes(rest: &str, sign: char) -> Option<usize> {
    let mut before = ' ';
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((i, c)) = chars.next() {
        let next = chars.peek().map(|(_, c)| *c);
        if c == sign && !before.is_whitespace() && before != sign && next != Some(sign) && !next.is_some_and(char::is_alphanumeric) {
            return (i > 1).then_some(i);
        }
        before = c;
    }
    None
}

/// The address that the text begins with; empty where there is none.
fn bare(rest: &str) -> &str {
    let starts = |prefix: &str| rest.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix));
    if !["http://", "https://", "mailto:", "tel:"].iter().any(|prefix| starts(prefix)) {
        return "";
    }
    let mut end = rest.len();
    let mut depth = 0_isize;
    for (i, c) in rest.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if c.is_whitespace() || matches!(c, '<' | '>' | '"' | '`' | '|' | '…') || depth < 0 || i >= ADDRESS_MAX {
            end = i;
            break;
        }
    }
    rest.get(..end).unwrap_or_default().trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', ']', '*', '_'])
}

/// An address that may be opened, as it will be, and where it leads.
pub(crate) fn checked(address: &str) -> Option<(String, String)> {
    if address.len() > ADDRESS_MAX {
        return None;
    }
    let parsed = url::Url::parse(address).ok()?;
    if !SCHEMES.contains(&parsed.scheme()) {
        return None;
    }
    let host = match parsed.scheme() {
        "mailto" | "tel" => parsed.path().to_owned(),
        _ => parsed.host_str().filter(|host| !host.is_empty())?.to_owned(),
    };
    // The parser writes everything but ASCII in its escaped form, the host included: letters that only look alike show themselves.
    let address = text::line(parsed.as_str());
    Some((address, text::line(&host))).filter(|(_, host)| !host.is_empty())
}

fn looks_like_address(words: &str) -> bool {
    let words = words.trim();
    words.contains("://") || words.starts_with("www.") || (!words.contains(' ') && words.contains('.') && words.contains('/'))
}

impl Line {
    /// A line as it is.
    pub(crate) fn plain(text: String) -> Self {
        Self { text, looks: Vec::new() }
    }

    /// Lays a mark over every place that holds the words.
    pub(crate) fn mark(&mut self, words: &str) {
        self.looks.extend(found(&self.text, words).into_iter().map(|range| (range, Look::Found)));
    }

    /// The line in rows of `width` cells.
    pub(crate) fn rows(&self, theme: &Theme, base: Style, width: usize) -> Vec<Spans> {
        text::rows(&self.text, width).into_iter().map(|row| self.spans(theme, base, row)).collect()
    }

    fn spans(&self, theme: &Theme, base: Style, row: Range<usize>) -> Spans {
        let end = row.start + self.text.get(row.clone()).unwrap_or_default().trim_end().len();
        let mut cuts = vec![row.start, end];
        let here: Vec<_> = self.looks.iter().filter(|(range, _)| range.start < end && row.start < range.end).collect();
        for (range, _) in &here {
            cuts.extend([range.start, range.end].into_iter().filter(|at| row.start < *at && *at < end));
        }
        cuts.sort_unstable();
        cuts.dedup();
        let mut out = Spans::new();
        for (from, to) in cuts.iter().zip(cuts.iter().skip(1)) {
            let style =
                here.iter().filter(|(range, _)| range.start <= *from && *to <= range.end).fold(base, |style, (_, look)| match *look {
                    Look::Strong => style.add_modifier(Modifier::BOLD),
                    Look::Em => style.add_modifier(Modifier::ITALIC),
                    Look::Code => style.patch(theme.dim),
                    Look::Link(mark) => {
                        let style = style.patch(theme.accent).remove_modifier(Modifier::BOLD).add_modifier(Modifier::UNDERLINED);
                        mark.map_or(style, |mark| style.underline_color(mark))
                    }
                    Look::Number => style.patch(theme.accent).remove_modifier(Modifier::UNDERLINED),
                    Look::Found => style.add_modifier(Modifier::REVERSED),
                });
            out.push(span(self.text.get(*from..*to).unwrap_or_default().to_owned(), style));
        }
        out
    }
}

/// Where a text holds the words, letter case aside.
pub(crate) fn found(text: &str, words: &str) -> Vec<Range<usize>> {
    let fold = |c: char| c.to_lowercase();
    let words: Vec<char> = words.chars().flat_map(fold).collect();
    let mut out = Vec::new();
    if words.is_empty() {
        return out;
    }
    let mut from = 0;
    for (start, _) in text.char_indices() {
        if start < from {
            continue;
        }
        let mut left = words.as_slice();
        for (i, c) in text.get(start..).unwrap_or_default().char_indices() {
            let mut same = true;
            for folded in fold(c) {
                match left.split_first() {
                    Some((first, rest)) if *first == folded => left = rest,
                    _ => same = false,
                }
            }
            if !same {
                break;
            }
            if left.is_empty() {
                from = start + i + c.len_utf8();
                out.push(start..from);
                break;
            }
        }
    }
    out
}

/// A message's text without its markup.
pub(crate) fn plain(content: &str) -> String {
    let mut reader = Reader::default();
    let lines: Vec<String> = content.split('\n').filter_map(|line| reader.line(line)).map(|line| line.text).collect();
    lines.join("\n")
}

/// A message's links, in the order of their numbers.
pub(crate) fn links(content: &str) -> Vec<Link> {
    let mut reader = Reader::default();
    for line in content.split('\n') {
        reader.line(line);
    }
    reader.links
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &str) -> (String, Vec<Link>) {
        let mut reader = Reader::default();
        let lines: Vec<String> = content.split('\n').filter_map(|line| reader.line(line)).map(|line| line.text).collect();
        (lines.join("\n"), reader.links)
    }

    #[test]
    fn markdown_is_read_and_what_is_none_stays_as_it_is() {
        for (input, expected) in [
            ("**bold** and *it* and _it_ and `co*de*`", "bold and it and it and co*de*"),
            ("***both***", "***both***"),
            ("2*3*4 snake_case_name __init__ * a *", "2*3*4 snake_case_name init * a *"),
            ("**open and *open", "**open and *open"),
            ("a ** b ** c", "a ** b ** c"),
            ("# Title\n- one\n  * two\n1. three", "Title\n• one\n  • two\n1. three"),
            ("```rust\nlet a = *b*;\n```\nafter", "let a = *b*;\nafter"),
            ("[@Jo Agent](mention://user/1/Jo%20Agent) look", "@Jo Agent look"),
            ("\\*not\\* [not] (x) ![", "*not* [not] (x) !["),
            ("[x](javascript:alert(1)) [y](file:///etc/passwd) [z]()", "[x](javascript:alert(1)) [y](file:///etc/passwd) [z]()"),
            ("see https://a.example/x(1). (https://b.example)", "see https://a.example/x(1) [1]. (https://b.example/ [2])"),
            ("[the **shop**](https://a.example/) ![door](https://a.example/d.png)", "the shop [1] door [2]"),
            ("[https://bank.example/](https://evil.example/)", "https://bank.example/ → evil.example [1]"),
            ("mailto:a@b.example tel:+4930 thttp://x", "mailto:a@b.example [1] tel:+4930 [2] thttp://x"),
        ] {
            assert_eq!(read(input).0, expected, "{input}");
        }
    }

    #[test]
    fn the_real_host_is_shown() {
        for (input, host) in [
            ("https://bank.example@evil.example/x", "evil.example"),
            ("https://bank.example\\@evil.example/x", "bank.example"),
            ("HTTPS://EVIL.example:8443/x", "evil.example"),
            ("https://xn--bnk-jla.example/", "xn--bnk-jla.example"),
            ("https://b\u{e4}nk.example/", "xn--bnk-qla.example"),
            ("mailto:a@b.example?subject=x", "a@b.example"),
            ("tel:+4930", "+4930"),
        ] {
            let found = checked(input).map(|(_, host)| host);
            if input.contains("xn--bnk-jla") {
                assert!(found.is_none_or(|found| found == host), "{input}");
            } else {
                assert_eq!(found.as_deref(), Some(host), "{input}");
            }
        }
        for input in ["ftp://a.example", "javascript:1", "https://", "//a.example", "data:text/html,x", "tel:", "afenda"] {
            assert_eq!(checked(input), None, "{input}");
        }
    }

    #[test]
    fn two_thousand_links_and_hostile_lines_cost_little() {
        let many = "https://a.example/ ".repeat(2_500);
        let (text, links) = read(&many);
        assert_eq!(links.len(), LINKS_MAX);
        assert!(text.contains("[2000]") && !text.contains("[2001]"));
        for hostile in ["[", "*", "**a", "_", "`", "![", "[](", "https://", "\\", "[a](b", "(", "*a "] {
            let line = hostile.repeat(30_000);
            let (text, _) = read(&line);
            assert!(!text.is_empty());
        }
    }

    #[test]
    fn words_are_found_whatever_their_case() {
        for (text, words, expected) in [
            ("Straße STRASSE strasse", "strasse", &[(8, 15), (16, 23)][..]),
            ("aaa", "aa", &[(0, 2)]),
            ("ÄB äb", "äb", &[(0, 3), (4, 7)]),
            ("abc", "", &[]),
            ("İx", "i", &[]),
        ] {
            let places: Vec<_> = found(text, words).into_iter().map(|range| (range.start, range.end)).collect();
            assert_eq!(places, expected, "{text} {words}");
        }
    }
}
