//! Mail that came as HTML, as text. Chatwoot sends mail as text; this is for what slips through: nothing of it is fetched or run.

/// Elements whose content is not for reading.
const SILENT: [&str; 5] = ["script", "style", "head", "title", "template"];
/// Elements that begin a line.
const BLOCKS: [&str; 18] =
    ["p", "div", "br", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "hr", "section", "article", "ul", "ol"];

/// Whether a text is a page of HTML and not a text that mentions some.
pub(crate) fn is_html(text: &str) -> bool {
    let start: String = text.trim_start().chars().take(64).collect::<String>().to_ascii_lowercase();
    ["<!doctype html", "<html", "<body", "<head", "<div", "<p>", "<p ", "<table", "<meta"].iter().any(|tag| start.starts_with(tag))
}

/// The text of it: lines where a reader sees some, links as Markdown, pictures as their words.
pub(crate) fn to_text(html: &str) -> String {
    let mut out = String::with_capacity(html.len() / 2);
    let mut silent: Option<&str> = None;
    let mut link: Option<String> = None;
    let mut rest = html;
    while !rest.is_empty() {
        let Some(at) = rest.find('<') else {
            if silent.is_none() {
                words(&mut out, rest);
            }
            break;
        };
        let (before, tag) = rest.split_at(at);
        if silent.is_none() {
            words(&mut out, before);
        }
        if let Some(comment) = tag.strip_prefix("<!--") {
            rest = comment.split_once("-->").map_or("", |(_, rest)| rest);
            continue;
        }
        let Some((inner, after)) = tag.get(1..).and_then(|tag| tag.split_once('>')) else { break };
        rest = after;
        let closing = inner.starts_with('/');
        let name: String =
            inner.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        if let Some(waiting) = silent {
            if closing && name == waiting {
                silent = None;
            }
            continue;
        }
        if !closing && !inner.ends_with('/') {
            silent = SILENT.iter().find(|silent| **silent == name).copied();
        }
        match name.as_str() {
            "a" if !closing => {
                end_link(&mut out, &mut link);
                link = attribute(inner, "href").filter(|href| !href.contains([')', ' ']));
                if link.is_some() {
                    out.push('[');
                }
            }
            "a" => end_link(&mut out, &mut link),
            "img" => {
                if let Some(alt) = attribute(inner, "alt").filter(|alt| !alt.trim().is_empty()) {
                    words(&mut out, &format!("[image: {alt}]"));
                }
            }
            "li" if !closing => {
                line(&mut out);
                out.push_str("- ");
            }
            "td" | "th" if closing => out.push(' '),
            name if BLOCKS.contains(&name) => {
                line(&mut out);
                if matches!(name, "p" | "blockquote") && !closing && !out.is_empty() && !out.ends_with("\n\n") {
                    out.push('\n');
                }
            }
            _ => {}
        }
    }
    end_link(&mut out, &mut link);
    out.trim().to_owned()
}

fn end_link(out: &mut String, link: &mut Option<String>) {
    if let Some(href) = link.take() {
        out.push_str(&format!("]({href})"));
    }
}

fn line(out: &mut String) {
    let kept = out.trim_end_matches(' ').len();
    out.truncate(kept);
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
}

/// Text between tags: white space is one space, as a browser has it.
fn words(out: &mut String, text: &str) {
    let text = entities(text);
    let mut space = text.starts_with(char::is_whitespace);
    for word in text.split_whitespace() {
        if space && !out.is_empty() && !out.ends_with([' ', '\n', '[']) {
            out.push(' ');
        }
        out.push_str(word);
        space = true;
    }
    if text.ends_with(char::is_whitespace) && !text.trim().is_empty() {
        out.push(' ');
    }
}

/// The value of a tag's attribute.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let lower = tag.to_ascii_lowercase();
    let mut from = 0;
    while let Some(found) = lower.get(from..)?.find(name) {
        let at = from + found;
        from = at + name.len();
        let free = at > 0 && lower.as_bytes().get(at - 1).is_some_and(u8::is_ascii_whitespace);
        let Some(value) = tag.get(from..)?.trim_start().strip_prefix('=').map(str::trim_start).filter(|_| free) else { continue };
        let value = match value.chars().next()? {
            quote @ ('"' | '\'') => value.get(1..)?.split(quote).next()?,
            _ => value.split_whitespace().next()?,
        };
        return Some(entities(value));
    }
    None
}

/// The common entities; others stay as they are written.
fn entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at..).unwrap_or_default();
        let end = rest.char_indices().take(12).find(|(_, c)| *c == ';').map(|(i, _)| i);
        let known = end.and_then(|end| rest.get(1..end)).and_then(|name| match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            "nbsp" => Some(' '),
            "euro" => Some('€'),
            "hellip" => Some('…'),
            "ndash" => Some('–'),
            "mdash" => Some('—'),
            _ => {
                let number = name.strip_prefix('#')?;
                let value = match number.strip_prefix(['x', 'X']) {
                    Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                    None => number.parse().ok()?,
                };
                char::from_u32(value)
            }
        });
        match (known, end) {
            (Some(c), Some(end)) => {
                out.push(c);
                rest = rest.get(end + 1..).unwrap_or_default();
            }
            _ => {
                out.push('&');
                rest = rest.get(1..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_mail_is_read_as_text() {
        for (input, expected) in [
            ("<p>Hello <strong>Ann Buyer</strong></p>\n<p>second line</p>\n", "Hello Ann Buyer\n\nsecond line"),
            ("<html><head><title>x</title><style>p{}</style></head><body>a<br>b<script>alert(1)</script></body></html>", "a\nb"),
            (
                "<div>See <a class='x' href=\"https://a.example/?a=1&amp;b=2\">our shop</a>!</div>",
                "See [our shop](https://a.example/?a=1&b=2)!",
            ),
            ("<ul><li>one</li><li>two &euro;&#8364;&#x20ac; &unknown; &</li></ul>", "- one\n- two €€€ &unknown; &"),
            ("<p>a</p><img src=https://t.example/p.gif><img alt=\"door\" src=x>", "a\n[image: door]"),
            ("<p>unclosed <b", "unclosed"),
            ("<!-- <p>x</p> --><p>y", "y"),
            ("<a href=\"javascript:alert(1)\">x", "x"),
        ] {
            assert_eq!(to_text(input), expected, "{input}");
        }
        assert!(is_html("\n<!DOCTYPE html><p>") && is_html("<p>x</p>") && !is_html("a < b <p>") && !is_html("<pre is not ours"));
    }

    #[test]
    fn hostile_html_costs_little() {
        for hostile in ["<", "<a href=x>", "&", "<!--", "<script>", "&#", "<p>", "</", "<a "] {
            to_text(&hostile.repeat(20_000));
        }
    }
}
