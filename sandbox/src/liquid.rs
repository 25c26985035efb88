//! The little of Liquid that agents use in messages: `{{ contact.name }}`, literals and a few filters.
//!
//! Text in backticks is left alone; an unknown name becomes nothing; what cannot be read stays as it is.

use serde_json::{Value, json};

/// Renders a text with the given names.
pub(crate) fn render(text: &str, drops: &Value) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['{', '`']) {
        let (plain, tail) = rest.split_at(at);
        out.push_str(plain);
        if tail.starts_with('`') {
            let fence = if tail.starts_with("```") { "```" } else { "`" };
            let end = tail[fence.len()..].find(fence).map_or(fence.len(), |n| n + 2 * fence.len());
            out.push_str(&tail[..end]);
            rest = &tail[end..];
        } else if let Some((inner, after)) = tail.strip_prefix("{{").and_then(|t| t.split_once("}}")) {
            out.push_str(&written(&evaluate(inner, drops)));
            rest = after;
        } else {
            out.push('{');
            rest = &tail[1..];
        }
    }
    out.push_str(rest);
    out
}

/// Renders every text inside a value.
pub(crate) fn render_all(value: &mut Value, drops: &Value) {
    match value {
        Value::String(text) => *text = render(text, drops),
        Value::Array(items) => items.iter_mut().for_each(|v| render_all(v, drops)),
        Value::Object(map) => map.values_mut().for_each(|v| render_all(v, drops)),
        _ => {}
    }
}

fn evaluate(expression: &str, drops: &Value) -> Value {
    let mut pieces = expression.split('|');
    let mut value = operand(pieces.next().unwrap_or_default().trim(), drops);
    for filter in pieces {
        let (name, argument) = filter.split_once(':').unwrap_or((filter, ""));
        value = apply(name.trim(), &value, &operand(argument.trim(), drops));
    }
    value
}

fn operand(text: &str, drops: &Value) -> Value {
    for quote in ['\'', '"'] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|t| t.strip_suffix(quote)) {
            return json!(inner);
        }
    }
    if let Ok(number) = text.parse::<i64>() {
        return json!(number);
    }
    if let Ok(number) = text.parse::<f64>() {
        return json!(number);
    }
    text.split('.').try_fold(drops, |value, name| value.get(name)).cloned().unwrap_or(Value::Null)
}

fn apply(filter: &str, value: &Value, argument: &Value) -> Value {
    let number = |v: &Value| v.as_f64().or_else(|| written(v).parse().ok()).unwrap_or(0.0);
    let computed = |n: f64| if n.fract() == 0.0 { json!(n as i64) } else { json!(n) };
    let text = written(value);
    match filter {
        "plus" => computed(number(value) + number(argument)),
        "minus" => computed(number(value) - number(argument)),
        "times" => computed(number(value) * number(argument)),
        "upcase" => json!(text.to_uppercase()),
        "downcase" => json!(text.to_lowercase()),
        "capitalize" => {
            let mut letters = text.chars();
            json!(
                letters
                    .next()
                    .map(|c| c.to_uppercase().chain(letters.flat_map(char::to_lowercase)).collect::<String>())
                    .unwrap_or_default()
            )
        }
        "strip" => json!(text.trim()),
        "append" => json!(text + &written(argument)),
        "prepend" => json!(written(argument) + &text),
        "url_decode" => json!(text.replace('+', " ").replace("%60", "`")),
        "default" if text.is_empty() => argument.clone(),
        _ => value.clone(),
    }
}

fn written(value: &Value) -> String {
    crate::params::text(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_literals_and_filters_are_rendered() {
        let drops = json!({"contact": {"name": "Dee Shopper"}, "inbox": {"name": "Shop API"}});
        for (input, expected) in [
            ("Hi {{contact.name}} of {{inbox.name}} {{ 1 | plus: 1 }}", "Hi Dee Shopper of Shop API 2"),
            ("{{ unknown.thing }}!", "!"),
            ("`{{contact.name}}` {{contact.name | upcase}}", "`{{contact.name}}` DEE SHOPPER"),
            ("{{ x | default: 'friend' }} { {{", "friend { {{"),
            ("no template", "no template"),
        ] {
            assert_eq!(render(input, &drops), expected, "{input}");
        }
    }
}
