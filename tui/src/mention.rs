//! Mentions in notes: people read and write `@Name`, Chatwoot keeps a link that notifies. Pure.
//!
//! The link is made by the daemon, where the text has `@Name`. Here it is only read: `[@Jane](mention://user/7/Jane%20Doe)`.

use std::ops::Range;

use api::inbox::Mention;

use crate::state::Mentioned;
use crate::text;

/// One mention in a text from Chatwoot.
struct Link<'a> {
    at: Range<usize>,
    shown: &'a str,
    who: Mention,
    /// As the link itself writes it, decoded.
    name: String,
}

fn links(content: &str) -> Vec<Link<'_>> {
    let mut out = Vec::new();
    let mut from = 0;
    while let Some(start) = content.get(from..).and_then(|rest| rest.find("[@")).map(|at| from + at) {
        from = start + 2;
        if let Some(link) = link(content, start) {
            from = link.at.end;
            out.push(link);
        }
    }
    out
}

fn link(content: &str, start: usize) -> Option<Link<'_>> {
    let rest = content.get(start + 2..)?;
    let (shown, target) = rest.split_once("](mention://")?;
    let (target, _) = target.split_once(')')?;
    let mut parts = target.splitn(3, '/');
    let (kind, id, name) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
    let who = match kind {
        "user" => Mention::Agent(id),
        "team" => Mention::Team(id),
        _ => return None,
    };
    let end = start + 2 + shown.len() + "](mention://".len() + target.len() + 1;
    let plain = !shown.is_empty() && !shown.contains(['[', ']', '\n']) && !target.contains(['\n', ' ']);
    plain.then(|| Link { at: start..end, shown, who, name: decoded(name).unwrap_or_else(|| shown.to_owned()) })
}

fn decoded(name: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.bytes();
    while let Some(b) = rest.next() {
        let hex = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
        bytes.push(if b == b'%' { hex(rest.next()?)? << 4 | hex(rest.next()?)? } else { b });
    }
    String::from_utf8(bytes).ok().filter(|name| !name.trim().is_empty())
}

fn with_links(content: &str, mut each: impl FnMut(&Link<'_>) -> String) -> String {
    let (mut out, mut from) = (String::with_capacity(content.len()), 0);
    for link in links(content) {
        out.push_str(content.get(from..link.at.start).unwrap_or_default());
        out.push_str(&each(&link));
        from = link.at.end;
    }
    out.push_str(content.get(from..).unwrap_or_default());
    out
}

/// A note as people read it: each link is its `@Name`.
pub(crate) fn readable(content: &str) -> String {
    with_links(content, |link| format!("@{}", link.shown))
}

/// A note of ours as it was written, and whom it mentions.
pub(crate) fn written(content: &str) -> (String, Vec<Mentioned>) {
    let mut mentions = Vec::new();
    let text = with_links(content, |link| {
        let mentioned = Mentioned { who: link.who, name: text::line(&link.name) };
        let written = format!("@{}", mentioned.name);
        if !mentions.contains(&mentioned) {
            mentions.push(mentioned);
        }
        written
    });
    (text, mentions)
}

/// Where a text has the mentions, in order; the longest name first where one begins another.
pub(crate) fn places(content: &str, mentions: &[Mentioned]) -> Vec<Range<usize>> {
    let mut sorted: Vec<&Mentioned> = mentions.iter().collect();
    sorted.sort_by_key(|m| std::cmp::Reverse(m.name.len()));
    let mut out: Vec<Range<usize>> = Vec::new();
    for mentioned in sorted.into_iter().filter(|m| !m.name.is_empty()) {
        let plain = format!("@{}", mentioned.name);
        for (at, found) in content.match_indices(&plain) {
            let end = at + found.len();
            let whole = content.get(end..).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric));
            if whole && out.iter().all(|taken| taken.end <= at || end <= taken.start) {
                out.push(at..end);
            }
        }
    }
    out.sort_by_key(|range| range.start);
    out
}

/// Whom a text still mentions, in the order in which the daemon has to look for them: a name that another begins with comes after it.
pub(crate) fn kept(content: &str, mentions: &[Mentioned]) -> Vec<Mention> {
    let mut kept: Vec<&Mentioned> = mentions.iter().filter(|m| !places(content, std::slice::from_ref(*m)).is_empty()).collect();
    kept.sort_by_key(|m| std::cmp::Reverse(m.name.len()));
    kept.into_iter().map(|m| m.who).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(who: Mention, name: &str) -> Mentioned {
        Mentioned { who, name: name.into() }
    }

    #[test]
    fn links_are_read_as_names() {
        for (content, shown, text, mentions) in [
            // As recorded (conv-list-more).
            (
                "[@Jo Agent](mention://user/1207/Jo%20Agent) look",
                "@Jo Agent look",
                "@Jo Agent look",
                vec![who(Mention::Agent(1207), "Jo Agent")],
            ),
            ("a [@Jane](mention://user/7/Jane%20Doe) b", "a @Jane b", "a @Jane Doe b", vec![who(Mention::Agent(7), "Jane Doe")]),
            ("[@billing](mention://team/3/billing)!", "@billing!", "@billing!", vec![who(Mention::Team(3), "billing")]),
            ("[@李](mention://user/7/%E6%9D%8E)", "@李", "@李", vec![who(Mention::Agent(7), "李")]),
            ("[@x](mention://user/7/%ff)", "@x", "@x", vec![who(Mention::Agent(7), "x")]),
            ("[@x](mention://user/seven/x)", "[@x](mention://user/seven/x)", "[@x](mention://user/seven/x)", vec![]),
            ("[@x](mention://bot/7/x) [@", "[@x](mention://bot/7/x) [@", "[@x](mention://bot/7/x) [@", vec![]),
            ("[@a [@b](mention://user/1/b)", "[@a @b", "[@a @b", vec![who(Mention::Agent(1), "b")]),
            ("@plain [link](https://x)", "@plain [link](https://x)", "@plain [link](https://x)", vec![]),
        ] {
            assert_eq!(readable(content), shown);
            assert_eq!(written(content), (text.to_owned(), mentions), "{content}");
        }
    }

    #[test]
    fn a_name_that_begins_another_is_found_where_it_stands_alone() {
        let ann = who(Mention::Agent(1), "Ann");
        let both = [ann.clone(), who(Mention::Agent(2), "Ann Buyer")];
        assert_eq!(places("@Ann Buyer and @Ann, not @Anna", &both), [0..10, 15..19]);
        assert_eq!(kept("@Ann Buyer and @Ann", &both), [Mention::Agent(2), Mention::Agent(1)]);
        assert_eq!(kept("@Anna", &[ann]), []);
    }
}
