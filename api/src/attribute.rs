//! A custom attribute's value between what people write and what Chatwoot keeps, by the attribute's definition. Pure.

use serde_json::{Number, Value};

use crate::lists::CustomAttributeView;

/// Chatwoot's limit of a text, in characters.
const TEXT_MAX: usize = 1_500;
/// Chatwoot's limit of a number.
const NUMBER_MAX: f64 = 9_999_999_999.0;
/// Memory that a pattern may take, in bytes: it comes from Chatwoot, and is run at every key.
const PATTERN_BYTES_MAX: usize = 256 * 1024;

/// Reads a value as it was written; blank means none.
///
/// # Errors
/// What is wrong with it, and what is right.
pub fn read(definition: &CustomAttributeView, text: &str) -> Result<Option<Value>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if text.chars().count() > TEXT_MAX {
        return Err(format!("at most {TEXT_MAX} characters"));
    }
    Ok(Some(match definition.display_type.as_str() {
        "number" | "currency" | "percent" => Value::Number(number(text)?),
        "link" => {
            let url = reqwest::Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
            url.ok_or("not a link: it begins with https:// or http://")?;
            text.into()
        }
        "date" => {
            let date: jiff::civil::Date = text.parse().map_err(|_| "not a date: write it as 2026-12-01".to_owned())?;
            date.to_string().into()
        }
        "list" => {
            let choice = definition.choices.iter().find(|choice| choice.as_str() == text);
            let choice = choice.or_else(|| definition.choices.iter().find(|choice| choice.to_lowercase() == text.to_lowercase()));
            choice.ok_or_else(|| format!("not one of: {}", definition.choices.join(", ")))?.as_str().into()
        }
        "checkbox" => match text.to_lowercase().as_str() {
            "yes" | "true" | "y" | "on" | "1" => true.into(),
            "no" | "false" | "n" | "off" | "0" => false.into(),
            _ => return Err("yes or no".into()),
        },
        _ => {
            if let Some(pattern) = definition.regex_pattern.as_deref().and_then(compiled)
                && !pattern.is_match(text)
            {
                let cue = definition.regex_cue.clone().filter(|cue| !cue.trim().is_empty());
                return Err(cue.unwrap_or_else(|| format!("does not match {}", definition.regex_pattern.as_deref().unwrap_or_default())));
            }
            text.into()
        }
    }))
}

fn number(text: &str) -> Result<Number, String> {
    let bad = || "not a number: write 12 or 12.5".to_owned();
    let text = text.trim_end_matches('%').trim();
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.'));
    let value: f64 = text.parse().ok().filter(|_| plain).ok_or_else(bad)?;
    if value.abs() > NUMBER_MAX {
        return Err(format!("at most {NUMBER_MAX}"));
    }
    match text.parse::<i64>() {
        Ok(whole) => Ok(whole.into()),
        Err(_) => Number::from_f64(value).ok_or_else(bad),
    }
}

/// The pattern of a text. Chatwoot keeps it as its pages write it, `/…/flags`; one that is not understood here checks nothing, and
/// Chatwoot's own pages alone hold it.
fn compiled(pattern: &str) -> Option<regex::Regex> {
    let (body, flags) = match pattern.strip_prefix('/').and_then(|rest| rest.rsplit_once('/')) {
        Some(parts) => parts,
        None => (pattern, ""),
    };
    let mut builder = regex::RegexBuilder::new(body);
    builder.case_insensitive(flags.contains('i')).multi_line(flags.contains('m')).dot_matches_new_line(flags.contains('s'));
    builder.size_limit(PATTERN_BYTES_MAX).dfa_size_limit(PATTERN_BYTES_MAX).build().ok()
}

/// A value as people read and write it; "" for none.
pub fn show(definition: &CustomAttributeView, value: &Value) -> String {
    match (value, definition.display_type.as_str()) {
        (Value::Null, _) => String::new(),
        (Value::Bool(on), _) => if *on { "yes" } else { "no" }.into(),
        // Chatwoot's pages keep midnight there; the day is what was meant.
        (Value::String(text), "date") => text.split('T').next().unwrap_or_default().to_owned(),
        (Value::String(text), _) => text.clone(),
        (Value::Number(number), _) => number.to_string(),
        (other, _) => other.to_string(),
    }
}

/// What the type takes, for people.
pub fn hint(definition: &CustomAttributeView) -> &'static str {
    match definition.display_type.as_str() {
        "number" | "currency" => "a number",
        "percent" => "a number, in per cent",
        "link" => "a link: https://…",
        "date" => "a date: 2026-12-01",
        "list" => "one of its choices",
        "checkbox" => "yes or no",
        _ => "a text",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn definition(display_type: &str, regex: Option<&str>, cue: Option<&str>) -> CustomAttributeView {
        CustomAttributeView {
            id: 1,
            model: "conversation_attribute".into(),
            key: "k".into(),
            display_name: "K".into(),
            display_type: display_type.into(),
            choices: vec!["gold".into(), "Silver".into()],
            regex_pattern: regex.map(str::to_owned),
            regex_cue: cue.map(str::to_owned),
        }
    }

    #[test]
    fn a_value_is_read_by_its_type() {
        for (kind, text, want) in [
            ("text", " A-1 ", Ok(json!("A-1"))),
            ("number", "12", Ok(json!(12))),
            ("number", "-1.5", Ok(json!(-1.5))),
            ("number", "1e5", Err("not a number: write 12 or 12.5")),
            ("number", "NaN", Err("not a number: write 12 or 12.5")),
            ("number", "99999999999", Err("at most 9999999999")),
            ("currency", "9.99", Ok(json!(9.99))),
            ("percent", "50 %", Ok(json!(50))),
            ("link", "https://example.com/a", Ok(json!("https://example.com/a"))),
            ("link", "javascript:alert(1)", Err("not a link: it begins with https:// or http://")),
            ("link", "example", Err("not a link: it begins with https:// or http://")),
            ("date", "2026-12-01", Ok(json!("2026-12-01"))),
            ("date", "2026-02-30", Err("not a date: write it as 2026-12-01")),
            ("list", "silver", Ok(json!("Silver"))),
            ("list", "bronze", Err("not one of: gold, Silver")),
            ("checkbox", "Yes", Ok(json!(true))),
            ("checkbox", "off", Ok(json!(false))),
            ("checkbox", "maybe", Err("yes or no")),
            ("new_type", "x", Ok(json!("x"))),
        ] {
            let read = read(&definition(kind, None, None), text).map(Option::unwrap);
            assert_eq!(read, want.map_err(str::to_owned), "{kind} {text}");
        }
        assert_eq!(read(&definition("number", None, None), "  "), Ok(None));
        assert!(read(&definition("text", None, None), &"x".repeat(1_501)).is_err());
    }

    #[test]
    fn a_text_must_match_its_pattern_where_that_is_understood() {
        for (pattern, cue, text, want) in [
            ("/^A-\\d+$/", Some("A- and digits"), "A-12", None),
            ("/^A-\\d+$/", Some("A- and digits"), "B-12", Some("A- and digits")),
            ("/^a-\\d+$/i", None, "A-12", None),
            ("^A-\\d+$", None, "B", Some("does not match ^A-\\d+$")),
            ("/(?=look)/", None, "B", None),
            ("/(a{1000}){1000}/", None, "B", None),
        ] {
            assert_eq!(read(&definition("text", Some(pattern), cue), text).err().as_deref(), want, "{pattern} {text}");
        }
    }

    #[test]
    fn what_is_shown_can_be_written_again() {
        for (kind, value, text) in [
            ("text", json!("A"), "A"),
            ("checkbox", json!(true), "yes"),
            ("date", json!("2026-12-01T00:00:00.000Z"), "2026-12-01"),
            ("number", json!(1.5), "1.5"),
        ] {
            let definition = definition(kind, None, None);
            assert_eq!(show(&definition, &value), text);
            assert!(read(&definition, text).is_ok());
        }
        assert_eq!(show(&definition("text", None, None), &Value::Null), "");
    }
}
