//! Texts on their way to Chatwoot: what a person typed arrives as typed, what a canned response leaves open is filled in, mentions notify.
//!
//! Chatwoot renders every outgoing text through Liquid before it keeps it; what stands between two backticks it leaves alone (section 5.3).
//! The payload of a message is `{"content", "liquid"?, "files"?}`: with `liquid` Chatwoot is to render it, else it is written so that
//! rendering gives back what was typed.

use std::collections::BTreeMap;

/// What Chatwoot knows by itself: a canned response may leave these open.
const DROPS: [&str; 5] = ["contact", "agent", "conversation", "inbox", "account"];

/// An expression whose value is `{`.
const BRACE: &str = "{{ '{' }}";
/// An expression whose value is a backtick: written out, it would count among those of the text around it.
const BACKTICK: &str = "{{ '%60' | url_decode }}";

/// A piece of a text: between two backticks, or not.
struct Piece<'a> {
    text: &'a str,
    code: bool,
}

/// Splits as Chatwoot does, at pairs of backticks from the left; one that is left over is text.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    loop {
        let pair = rest.find('`').and_then(|from| Some((from, from + 1 + rest[from + 1..].find('`')?)));
        let Some((from, to)) = pair else {
            pieces.push(Piece { text: rest, code: false });
            return pieces;
        };
        pieces.push(Piece { text: &rest[..from], code: false });
        pieces.push(Piece { text: &rest[from..=to], code: true });
        rest = &rest[to + 1..];
    }
}

/// The text written so that Liquid gives it back unchanged: a `{` that would open something becomes an expression.
pub fn literal(text: &str) -> String {
    let (mut out, pieces) = (String::with_capacity(text.len()), pieces(text));
    for (at, piece) in pieces.iter().enumerate() {
        if piece.code {
            out.push_str(piece.text);
            continue;
        }
        // Chatwoot puts a tag of its own before the backtick.
        let code_follows = pieces.get(at + 1).is_some_and(|next| next.code);
        let mut letters = piece.text.chars().peekable();
        while let Some(letter) = letters.next() {
            let opens = match letters.peek() {
                Some(next) => matches!(next, '{' | '%'),
                None => code_follows,
            };
            match (letter, opens) {
                ('{', true) => out.push_str(BRACE),
                _ => out.push(letter),
            }
        }
    }
    out
}

/// The same of a value in the middle of a text, whatever stands before and behind it. No backtick of it makes a pair with one of the text's.
fn inserted(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut letters = value.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, letters.peek()) {
            ('`', _) => out.push_str(BACKTICK),
            ('{', None | Some('{' | '%' | '`')) => out.push_str(BRACE),
            _ => out.push(letter),
        }
    }
    out
}

/// Whether a text cannot be sent as it is: what ends Chatwoot's own protection of text between backticks, within it.
pub fn breaks_out(text: &str) -> bool {
    pieces(text).iter().filter(|piece| piece.code).any(|piece| {
        piece
            .text
            .match_indices("{%")
            .any(|(at, _)| piece.text[at + 2..].trim_start_matches(['-', ' ', '\t', '\n', '\r']).starts_with("endraw"))
    })
}

/// Why a canned response cannot be used so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfilled {
    /// It leaves these open, and neither the caller nor Chatwoot fills them: the customer would get nothing there.
    Open(Vec<String>),
    /// It has no place for these.
    NoPlace(Vec<String>),
}

/// A canned response with `vars` put in where it has `{{ name }}`. The values arrive as they are; what Chatwoot knows stays for Chatwoot.
pub fn fill(content: &str, vars: &BTreeMap<String, String>) -> Result<String, Unfilled> {
    let (mut out, mut open, mut used) = (String::new(), Vec::new(), Vec::new());
    for piece in pieces(content) {
        let mut rest = piece.text;
        while let Some((before, after)) = rest.split_once("{{").filter(|_| !piece.code) {
            let Some((inner, tail)) = after.split_once("}}") else { break };
            out.push_str(before);
            let name = inner.trim();
            match vars.get_key_value(name) {
                Some((key, value)) => {
                    used.push(key);
                    out.push_str(&inserted(value));
                }
                None if is_chatwoots(name) => out.push_str(&format!("{{{{{inner}}}}}")),
                None => open.push(name.to_owned()),
            }
            rest = tail;
        }
        out.push_str(rest);
    }
    let idle: Vec<String> = vars.keys().filter(|key| !used.contains(key)).cloned().collect();
    match (open.is_empty(), idle.is_empty()) {
        (false, _) => Err(Unfilled::Open(open)),
        (true, false) => Err(Unfilled::NoPlace(idle)),
        (true, true) => Ok(out),
    }
}

/// Whether Chatwoot gives an expression a value: one of its own things, or a text or number that stands there.
fn is_chatwoots(expression: &str) -> bool {
    let first = expression.split('|').next().unwrap_or_default().trim();
    let root = first.split('.').next().unwrap_or_default();
    DROPS.contains(&root) && first.contains('.') || first.starts_with(['\'', '"']) || first.starts_with(|c: char| c.is_ascii_digit())
}

/// Who is mentioned in a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mentioned {
    /// `user` or `team`.
    pub kind: &'static str,
    /// Chatwoot's id.
    pub id: i64,
    /// As Chatwoot shows it.
    pub name: String,
}

/// A note in which each is mentioned so that Chatwoot notifies them (section 5.5): where the text has `@Name`, there, else at its beginning.
pub fn with_mentions(text: &str, mentioned: &[Mentioned]) -> String {
    let (mut text, mut first) = (text.to_owned(), String::new());
    for who in mentioned {
        let shown: String = who.name.chars().filter(|c| !matches!(c, '[' | ']' | '(' | ')')).collect();
        let target: String =
            who.name.bytes().map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }).collect();
        let link = format!("[@{shown}](mention://{}/{}/{target})", who.kind, who.id);
        let plain = format!("@{}", who.name);
        // Not inside the link of another.
        let place = text.match_indices(&plain).map(|(at, _)| at).find(|&at| !text[..at].ends_with('['));
        match place {
            Some(at) => text.replace_range(at..at + plain.len(), &link),
            None => first.push_str(&format!("{link} ")),
        }
    }
    format!("{first}{text}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As Chatwoot's Liquid renders it, as far as `literal` uses it: expressions of one quoted letter, and raw text between backticks.
    fn rendered(text: &str) -> String {
        pieces(text).iter().map(|piece| if piece.code { piece.text.to_owned() } else { piece.text.replace("{{ '{' }}", "{") }).collect()
    }

    #[test]
    fn what_was_typed_is_written_so_that_it_stays() {
        for (typed, written) in [
            ("plain { text }", "plain { text }"),
            ("Hi {{contact.name}}", "Hi {{ '{' }}{contact.name}}"),
            ("{% if x %}", "{{ '{' }}% if x %}"),
            ("{{{", "{{ '{' }}{{ '{' }}{"),
            ("`{{code}}` {{x}}", "`{{code}}` {{ '{' }}{x}}"),
            ("one ` {{x}}", "one ` {{ '{' }}{x}}"),
            ("{`a`", "{{ '{' }}`a`"),
            ("", ""),
        ] {
            assert_eq!(literal(typed), written, "{typed}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_left_that_opens_and_rendering_gives_it_back(typed in "[{}%`a \n']{0,40}") {
            let written = literal(&typed);
            prop_assert_eq!(rendered(&written), typed.clone());
            for piece in pieces(&written).iter().filter(|piece| !piece.code) {
                let rest = piece.text.replace("{{ '{' }}", "");
                prop_assert!(!rest.contains("{%"), "{:?}", written);
                // What remains of two in a row is one that an expression came before.
                prop_assert!(!piece.text.replace("{{ '{' }}", "·").contains("{{"), "{:?}", written);
            }
        }
    }

    /// As Chatwoot's Liquid renders it, expression by expression: our own two, and a name of Chatwoot's.
    fn filled(text: &str) -> String {
        let (mut out, pieces) = (String::new(), pieces(text));
        for (at, piece) in pieces.iter().enumerate() {
            if piece.code {
                out.push_str(piece.text);
                continue;
            }
            let code_follows = pieces.get(at + 1).is_some_and(|next| next.code);
            assert!(!(code_follows && piece.text.ends_with('{')), "Chatwoot's own tag begins there: {text:?}");
            let mut rest = piece.text;
            while let Some((before, (inner, after))) = rest.split_once("{{").map(|(before, tail)| (before, tail.split_once("}}").unwrap()))
            {
                assert!(!before.contains("{%"), "{text:?}");
                out.push_str(before);
                out.push_str(match format!("{{{{{inner}}}}}").as_str() {
                    BRACE => "{",
                    BACKTICK => "`",
                    "{{contact.name}}" => "Ann",
                    other => panic!("{other:?} in {text:?}"),
                });
                rest = after;
            }
            assert!(!rest.contains("{%"), "{text:?}");
            out.push_str(rest);
        }
        out
    }

    proptest! {
        #[test]
        fn a_value_arrives_as_it_is_and_changes_nothing_around_it(
            x in "[{}%`a \n']{0,12}",
            y in "[{}%`a \n']{0,12}",
            parts in proptest::collection::vec(0usize..8, 0..8),
        ) {
            let parts: Vec<&str> =
                parts.iter().map(|at| ["{{x}}", "{{ y }}", "{{contact.name}}", "`{{code}}`", " text ", "`", "} ", "%"][*at]).collect();
            let content = parts.concat();
            let vars: BTreeMap<_, _> = [("x", &x), ("y", &y)].map(|(name, value)| (name.to_owned(), value.clone())).into();
            // What a value stands in the middle of, as the template alone has it.
            let mut want = String::new();
            for piece in pieces(&content) {
                let text = piece.text;
                want.push_str(&if piece.code {
                    text.to_owned()
                } else {
                    text.replace("{{x}}", "\u{1}").replace("{{ y }}", "\u{2}").replace("{{contact.name}}", "Ann")
                });
            }
            let want = want.replace('\u{1}', &x).replace('\u{2}', &y);
            match fill(&content, &vars) {
                Ok(written) => prop_assert_eq!(filled(&written), want, "{:?} {:?}", content, written),
                Err(Unfilled::Open(names)) => prop_assert!(names.iter().all(|name| name == "code"), "{:?} {:?}", content, names),
                Err(Unfilled::NoPlace(_)) => {}
            }
        }
    }

    #[test]
    fn what_ends_the_protection_cannot_be_sent() {
        for (text, want) in [
            ("`{% endraw %}`", true),
            ("`{%- endraw -%}`", true),
            ("`{% raw %}`", false),
            ("{% endraw %}", false),
            ("``{%endraw%}`", false),
        ] {
            assert_eq!(breaks_out(text), want, "{text}");
        }
    }

    #[test]
    fn a_canned_response_is_filled_or_refused() {
        let vars = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<BTreeMap<_, _>>();
        let open = |names: &[&str]| Err(Unfilled::Open(names.iter().map(|n| (*n).to_owned()).collect()));
        for (content, given, want) in [
            ("Hi {{contact.name}}!", vec![], Ok("Hi {{contact.name}}!".to_owned())),
            ("Order {{ order }}", vec![("order", "A-1")], Ok("Order A-1".to_owned())),
            ("Order {{order}}", vec![("order", "{{x}}")], Ok("Order {{ '{' }}{x}}".to_owned())),
            ("{{order}}{{contact.name}}", vec![("order", "A{")], Ok("A{{ '{' }}{{contact.name}}".to_owned())),
            ("{{order}} `{{code}}`", vec![("order", "d`A")], Ok("d{{ '%60' | url_decode }}A `{{code}}`".to_owned())),
            ("Order {{order}} {{ contact.name | upcase }}", vec![], open(&["order"])),
            ("`{{order}}`", vec![], Ok("`{{order}}`".to_owned())),
            ("{{ 1 | plus: 1 }} {{ 'x' }}", vec![], Ok("{{ 1 | plus: 1 }} {{ 'x' }}".to_owned())),
            ("{{contact}}", vec![], open(&["contact"])),
            ("open {{ end", vec![], Ok("open {{ end".to_owned())),
            ("Hi", vec![("order", "1")], Err(Unfilled::NoPlace(vec!["order".to_owned()]))),
        ] {
            assert_eq!(fill(content, &vars(&given)), want, "{content}");
        }
    }

    #[test]
    fn mentions_stand_where_they_were_written() {
        let jane = || Mentioned { kind: "user", id: 7, name: "Jane Doe".to_owned() };
        let team = || Mentioned { kind: "team", id: 3, name: "billing".to_owned() };
        let link = "[@Jane Doe](mention://user/7/Jane%20Doe)";
        for (text, who, want) in [
            ("please look", vec![jane()], format!("{link} please look")),
            ("please @Jane Doe look", vec![jane()], format!("please {link} look")),
            ("both", vec![jane(), team()], format!("{link} [@billing](mention://team/3/billing) both")),
            ("none", vec![], "none".to_owned()),
        ] {
            assert_eq!(with_mentions(text, &who), want);
        }
    }
}
