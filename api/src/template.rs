//! Message templates of a WhatsApp inbox: what WhatsApp approved for the time outside of the reply window, and how values go in. Pure.
//!
//! Chatwoot (4.15.1, `template_parameter_service.rb`) takes `<`, `>`, `"` and `'` out of a value before WhatsApp gets it, and cuts it after
//! 1,000 characters; WhatsApp refuses one with line breaks, tabs or more than four spaces in a row. What would not arrive is refused
//! here, so that what is shown and kept is what the customer reads.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Chatwoot cuts a value after so many characters.
pub const VALUE_CHARS_MAX: usize = 1_000;
/// WhatsApp takes so many spaces in a row.
const SPACES_MAX: usize = 4;

/// A template of a WhatsApp inbox.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TemplateView {
    /// Its name; unique together with the language.
    pub name: String,
    /// Such as `en` or `en_US`.
    pub language: String,
    /// WhatsApp's word for what it is for, such as `UTILITY` or `MARKETING`.
    pub category: String,
    /// A line above the body.
    pub header: Option<String>,
    /// The text, with `{{1}}` or `{{name}}` where values go.
    pub body: String,
    /// What the body leaves open, in the order in which the values are sent.
    pub variables: Vec<String>,
    /// A line below the body.
    pub footer: Option<String>,
    /// What its buttons say.
    pub buttons: Vec<String>,
    /// Why it cannot be sent; absent where it can.
    pub unusable: Option<String>,
}

/// A template to send instead of a text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UseTemplate {
    /// Its name.
    pub name: String,
    /// Its language; may be left out where there is only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// A value for each variable, by name or number.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub vars: BTreeMap<String, String>,
}

/// A template with its values in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// The body as the customer reads it.
    pub text: String,
    /// Variables and values in the order in which they are sent.
    pub vars: Vec<(String, String)>,
}

/// The places of a text: each with the bytes before it and its name, then what follows the last.
fn places(body: &str) -> (Vec<(&str, &str)>, &str) {
    let (mut found, mut rest) = (Vec::new(), body);
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, tail)) = after.split_once("}}") else { break };
        found.push((before, name.trim()));
        rest = tail;
    }
    (found, rest)
}

/// What a body leaves open, each once: numbers in their order, since WhatsApp gets them by place, names as they come.
pub fn variables(body: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (_, name) in places(body).0 {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    let numbers: Option<Vec<u32>> = names.iter().map(|name| name.parse().ok()).collect();
    if let Some(mut numbers) = numbers {
        numbers.sort_unstable();
        return numbers.iter().map(u32::to_string).collect();
    }
    names
}

/// A value as it is sent.
///
/// # Errors
/// Why it would not arrive so.
pub fn value(text: &str) -> Result<String, String> {
    let text = text.trim().replace('\'', "\u{2019}");
    if text.is_empty() {
        return Err("is empty".to_owned());
    }
    if text.chars().count() > VALUE_CHARS_MAX {
        return Err(format!("has more than {VALUE_CHARS_MAX} characters, and Chatwoot cuts it there"));
    }
    if text.chars().any(char::is_control) {
        return Err("has a line break, a tab or another control character, which WhatsApp does not take".to_owned());
    }
    if text.contains(&" ".repeat(SPACES_MAX + 1)) {
        return Err(format!("has more than {SPACES_MAX} spaces in a row, which WhatsApp does not take"));
    }
    if let Some(sign) = text.chars().find(|sign| matches!(sign, '<' | '>' | '"')) {
        return Err(format!("has {sign}, which Chatwoot takes out"));
    }
    // Chatwoot renders Liquid in values; one piece of text cannot end its own protection.
    if text.contains("{{") || text.contains("{%") {
        return Err("has {{ or {%, which Chatwoot would run as Liquid".to_owned());
    }
    Ok(text)
}

impl TemplateView {
    /// The template with its values, or what is wrong with them.
    ///
    /// # Errors
    /// A variable without a value, a value without a variable, or one that would not arrive as it is.
    pub fn fill(&self, vars: &BTreeMap<String, String>) -> Result<Filled, String> {
        let open: Vec<&str> = self.variables.iter().filter(|name| !vars.contains_key(*name)).map(String::as_str).collect();
        if !open.is_empty() {
            return Err(format!("the template leaves {} open", open.join(", ")));
        }
        let idle: Vec<&str> = vars.keys().filter(|name| !self.variables.contains(name)).map(String::as_str).collect();
        if !idle.is_empty() {
            return Err(format!("the template has no place for {}", idle.join(", ")));
        }
        let mut sent = Vec::new();
        for name in &self.variables {
            let text = vars.get(name).map(String::as_str).unwrap_or_default();
            sent.push((name.clone(), value(text).map_err(|why| format!("the value of {name} {why}"))?));
        }
        let given = sent.iter().cloned().collect();
        Ok(Filled { text: self.preview(&given), vars: sent })
    }

    /// The body with the values that are there; what is open stays as it is written.
    pub fn preview(&self, vars: &BTreeMap<String, String>) -> String {
        let (found, rest) = places(&self.body);
        let mut out = String::with_capacity(self.body.len());
        for (before, name) in found {
            out.push_str(before);
            match vars.get(name).and_then(|text| value(text).ok()) {
                Some(text) => out.push_str(&text),
                None => out.push_str(&format!("{{{{{name}}}}}")),
            }
        }
        out.push_str(rest);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(body: &str) -> TemplateView {
        TemplateView { body: body.to_owned(), variables: variables(body), ..TemplateView::default() }
    }

    fn vars(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn variables_come_in_the_order_in_which_they_are_sent() {
        for (body, want) in [
            ("plain", vec![]),
            ("{{2}} {{1}} {{10}} {{2}}", vec!["1", "2", "10"]),
            ("{{ order }} {{name}}", vec!["order", "name"]),
            ("{{name}} {{1}}", vec!["name", "1"]),
            ("open {{ end", vec![]),
        ] {
            assert_eq!(variables(body), want, "{body}");
        }
    }

    #[test]
    fn values_go_in_or_are_refused_with_the_reason() {
        let two = template("Hi {{1}}, order {{2}}.");
        let filled = two.fill(&vars(&[("1", " Jack O'Neill "), ("2", "A-1 {x}")])).unwrap();
        assert_eq!(filled.text, "Hi Jack O\u{2019}Neill, order A-1 {x}.");
        assert_eq!(filled.vars, [("1".to_owned(), "Jack O\u{2019}Neill".to_owned()), ("2".to_owned(), "A-1 {x}".to_owned())]);
        for (given, why) in [
            (vec![("1", "Ann")], "leaves 2 open"),
            (vec![("1", "Ann"), ("2", "x"), ("3", "y")], "no place for 3"),
            (vec![("1", "Ann"), ("2", " ")], "the value of 2 is empty"),
            (vec![("1", "Ann"), ("2", "a\nb")], "a line break"),
            (vec![("1", "Ann"), ("2", "\u{1b}[2J")], "control character"),
            (vec![("1", "Ann"), ("2", "a     b")], "spaces in a row"),
            (vec![("1", "a \"b\""), ("2", "x")], "the value of 1 has \""),
            (vec![("1", "{{contact.name}}"), ("2", "x")], "Liquid"),
            (vec![("1", "{% raw %}"), ("2", "x")], "Liquid"),
        ] {
            let said = two.fill(&vars(&given)).unwrap_err();
            assert!(said.contains(why), "{given:?}: {said}");
        }
        assert!(value(&"x".repeat(VALUE_CHARS_MAX)).is_ok() && value(&"x".repeat(VALUE_CHARS_MAX + 1)).is_err());
        assert_eq!(two.preview(&vars(&[("2", "A-1")])), "Hi {{1}}, order A-1.");
        assert_eq!(template("plain").fill(&vars(&[])).unwrap().text, "plain");
    }
}
