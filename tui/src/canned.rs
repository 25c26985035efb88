//! Canned responses: the text as it would go out, with the variables of Chatwoot's that are known here filled in. Pure.
//!
//! What is filled in here is text like any other: the daemon sends it so that Chatwoot gives it back unchanged. What is not known here
//! stays visible, since the customer would read it.

use api::id::ConversationId;

use crate::state::State;

/// A canned response with its variables filled, and the names of those that could not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filled {
    pub(crate) text: String,
    pub(crate) open: Vec<String>,
}

/// Something in a text that looks like Liquid.
struct Tag<'a> {
    /// Byte range of the whole.
    at: std::ops::Range<usize>,
    /// What stands inside `{{ }}`; a `{% %}` has none.
    expression: Option<&'a str>,
}

/// Liquid in a text, in order. What stands between two backticks is none: Chatwoot leaves it alone.
fn tags(text: &str) -> Vec<Tag<'_>> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(found) = rest.find(['{', '`']) else { break };
        let (start, rest) = (at + found, rest.get(found..).unwrap_or_default());
        at = start + 1;
        if rest.starts_with('`') {
            if let Some(end) = rest.get(1..).and_then(|after| after.find('`')) {
                at = start + end + 2;
            }
            continue;
        }
        for (open, close, value) in [("{{", "}}", true), ("{%", "%}", false)] {
            let inner = rest.strip_prefix(open).and_then(|after| after.split_once(close)).map(|(inner, _)| inner);
            if let Some(inner) = inner.filter(|inner| !inner.contains(['{', '\n'])) {
                at = start + inner.len() + 4;
                out.push(Tag { at: start..at, expression: value.then_some(inner) });
                break;
            }
        }
    }
    out
}

/// What in a text was not filled in, each once, as it stands there.
pub(crate) fn open(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for tag in tags(text) {
        let words = text.get(tag.at).unwrap_or_default();
        if !out.iter().any(|known| known == words) {
            out.push(words.to_owned());
        }
    }
    out
}

/// Puts in what `value` knows. Of Liquid's filters only `default` is understood; with another the expression stays.
pub(crate) fn fill(content: &str, value: impl Fn(&str) -> Option<String>) -> Filled {
    let mut text = String::with_capacity(content.len());
    let mut open = Vec::new();
    let mut from = 0;
    for tag in tags(content) {
        text.push_str(content.get(from..tag.at.start).unwrap_or_default());
        from = tag.at.end;
        let whole = content.get(tag.at).unwrap_or_default();
        match tag.expression.and_then(|expression| evaluate(expression, &value)) {
            Some(filled) => text.push_str(&filled),
            None => {
                text.push_str(whole);
                if !open.iter().any(|known| known == whole) {
                    open.push(whole.to_owned());
                }
            }
        }
    }
    text.push_str(content.get(from..).unwrap_or_default());
    Filled { text, open }
}

fn evaluate(expression: &str, value: &impl Fn(&str) -> Option<String>) -> Option<String> {
    let (name, filter) = match expression.split_once('|') {
        Some((name, filter)) => (name.trim(), Some(filter.trim())),
        None => (expression.trim(), None),
    };
    let known = value(name).filter(|v| !v.trim().is_empty());
    let Some(filter) = filter else { return known };
    let other = filter.strip_prefix("default:")?.trim();
    let quoted = ['\'', '"'].into_iter().find_map(|q| other.strip_prefix(q)?.strip_suffix(q).filter(|inner| !inner.contains(q)))?;
    known.or_else(|| Some(quoted.to_owned()))
}

/// The value of one of Chatwoot's variables for a conversation, as far as it is known here.
pub(crate) fn value(state: &State, id: ConversationId, name: &str) -> Option<String> {
    let view = state.conversations.get(&id)?;
    let contact = &view.contact;
    let me = state.me.as_ref();
    // Names are put in as they are shown here: what is seen in the composer is what arrives.
    let agent = || me.map(|me| me.agent.as_ref().map_or_else(|| me.name.clone(), |agent| agent.name.clone()));
    let first = |name: String| name.split_whitespace().next().map(str::to_owned);
    let last = |name: String| name.split_whitespace().skip(1).last().map(str::to_owned);
    match name {
        "contact.id" => Some(contact.id.to_string()),
        "contact.name" => Some(contact.name.clone()),
        "contact.first_name" => first(contact.name.clone()),
        "contact.last_name" => last(contact.name.clone()),
        "contact.email" => contact.email.clone(),
        // Chatwoot's page writes `phone`, its server `phone_number`.
        "contact.phone" | "contact.phone_number" => contact.phone_number.clone(),
        "agent.name" => agent(),
        "agent.first_name" => agent().and_then(first),
        "agent.last_name" => agent().and_then(last),
        "conversation.id" | "conversation.display_id" => Some(view.id.to_string()),
        "inbox.id" => Some(view.inbox.id.to_string()),
        "inbox.name" => Some(view.inbox.name.clone()),
        _ => match view.custom_attributes.get(name.strip_prefix("conversation.custom_attribute.")?)? {
            serde_json::Value::String(text) => Some(text.clone()),
            serde_json::Value::Number(number) => Some(number.to_string()),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_filled_in_and_the_rest_stays_visible() {
        let value = |name: &str| match name {
            "contact.name" => Some("Dee {{x}}".to_owned()),
            "contact.email" => Some(" ".to_owned()),
            _ => None,
        };
        for (content, text, open) in [
            ("Hi {{contact.name}}!", "Hi Dee {{x}}!", vec![]),
            ("Hi {{ contact.name }}, {{order}} {{order}}", "Hi Dee {{x}}, {{order}} {{order}}", vec!["{{order}}"]),
            ("{{contact.email}}", "{{contact.email}}", vec!["{{contact.email}}"]),
            ("{{ contact.email | default: 'you' }}", "you", vec![]),
            ("{{ contact.name | default: \"you\" }}", "Dee {{x}}", vec![]),
            ("{{ contact.name | upcase }}", "{{ contact.name | upcase }}", vec!["{{ contact.name | upcase }}"]),
            ("{% if x %}a{% endif %}", "{% if x %}a{% endif %}", vec!["{% if x %}", "{% endif %}"]),
            ("`{{contact.name}}` {{contact.name}}", "`{{contact.name}}` Dee {{x}}", vec![]),
            ("one ` {{contact.name}}", "one ` Dee {{x}}", vec![]),
            ("{{ {{contact.name}}", "{{ Dee {{x}}", vec![]),
            ("{{contact.name", "{{contact.name", vec![]),
            ("李{{contact.name}}李{", "李Dee {{x}}李{", vec![]),
            ("", "", vec![]),
        ] {
            let open: Vec<String> = open.into_iter().map(str::to_owned).collect();
            assert_eq!(fill(content, value), Filled { text: text.into(), open }, "{content}");
        }
        assert_eq!(open("a {{b}} `{{c}}` {% d %}"), ["{{b}}", "{% d %}"]);
    }
}
