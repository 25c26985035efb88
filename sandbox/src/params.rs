//! Request parameters as Rails sees them: query and body in one map, `a[b][]=c` nested, numbers read up to
//! their first letter.

use serde_json::{Map, Value};

use crate::state::Id;

/// The deepest `a[b][c]…` that is still read; beyond it Rails answers 400.
const DEPTH_MAX: usize = 100;

/// Query and body parameters together; the body wins.
#[derive(Debug, Clone, Default)]
pub(crate) struct Params(pub(crate) Map<String, Value>);

impl Params {
    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// The value as text; numbers and booleans are written out, null and objects are not there.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        self.get(key).and_then(text)
    }

    /// As [`Params::text`], but a blank text counts as absent.
    pub(crate) fn present(&self, key: &str) -> Option<String> {
        self.text(key).filter(|t| !t.trim().is_empty())
    }

    /// The value as an id, Ruby's `to_i`: `"20abc"` is 20, a word is 0.
    pub(crate) fn id(&self, key: &str) -> Option<Id> {
        self.get(key).filter(|v| !v.is_null()).map(to_i)
    }

    pub(crate) fn flag(&self, key: &str) -> Option<bool> {
        self.get(key).and_then(truth)
    }

    /// A list of texts; a single comma text counts as several.
    pub(crate) fn words(&self, key: &str) -> Option<Vec<String>> {
        Some(match self.get(key)? {
            Value::Array(items) => items.iter().filter_map(text).collect(),
            Value::String(one) => one.split(',').map(|w| w.trim().to_owned()).collect(),
            _ => Vec::new(),
        })
    }

    pub(crate) fn ids(&self, key: &str) -> Option<Vec<Id>> {
        self.get(key)?.as_array().map(|items| items.iter().map(to_i).collect())
    }

    /// The object under `key`, or, as `wrap_parameters` does for JSON, the whole body when one of `names` lies flat in it.
    pub(crate) fn wrapped(&self, key: &str, names: &[&str]) -> Option<Params> {
        match self.get(key) {
            Some(Value::Object(inner)) if !inner.is_empty() => Some(Params(inner.clone())),
            _ if names.iter().any(|n| self.has(n)) => Some(self.clone()),
            _ => None,
        }
    }
}

/// Ruby's `to_i`.
pub(crate) fn to_i(value: &Value) -> Id {
    match value {
        Value::Number(n) => n.as_i64().or_else(|| n.as_f64().map(|f| f.clamp(-9e18, 9e18).trunc() as i64)).unwrap_or(0),
        Value::String(s) => int(s),
        _ => 0,
    }
}

/// Ruby's `"…".to_i`: leading blanks, a sign, digits; 0 when beyond 64 bits (no such row exists).
pub(crate) fn int(text: &str) -> Id {
    let text = text.trim_start();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse::<i64>().map_or(0, |n| sign * n)
}

pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(s) => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

/// Rails' boolean cast: false-ish words are false, other values true, blank and null nothing.
pub(crate) fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Null => None,
        Value::Bool(b) => Some(*b),
        Value::Number(n) => Some(n.as_f64() != Some(0.0)),
        Value::String(s) if s.is_empty() => None,
        Value::String(s) => Some(!matches!(s.as_str(), "0" | "f" | "F" | "false" | "FALSE" | "off" | "OFF")),
        _ => Some(true),
    }
}

/// Takes the nulls out of every list (`deep_munge`): `[1,null]` is `[1]`.
pub(crate) fn munge(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.retain(|v| !v.is_null());
            items.iter_mut().for_each(munge);
        }
        Value::Object(map) => map.values_mut().for_each(munge),
        _ => {}
    }
}

/// Adds `a[b][]=value` to the map. False when the name is too deep or clashes with an earlier one (a 400 in Rails).
pub(crate) fn insert(map: &mut Map<String, Value>, name: &str, value: Value) -> bool {
    let (head, rest) = match name.find('[') {
        Some(at) if at > 0 => (&name[..at], &name[at..]),
        _ => (name, ""),
    };
    let keys: Vec<&str> = rest.strip_prefix('[').and_then(|r| r.strip_suffix(']')).map(|r| r.split("][").collect()).unwrap_or_default();
    if keys.len() > DEPTH_MAX {
        return false;
    }
    let slot = map.entry(head).or_insert(Value::Null);
    place(slot, &keys, value)
}

fn place(slot: &mut Value, keys: &[&str], value: Value) -> bool {
    let Some((key, rest)) = keys.split_first() else {
        *slot = value;
        return true;
    };
    if key.is_empty() {
        if slot.is_null() {
            *slot = Value::Array(Vec::new());
        }
        let Value::Array(items) = slot else { return false };
        items.push(Value::Null);
        return items.last_mut().is_some_and(|last| place(last, rest, value));
    }
    if slot.is_null() {
        *slot = Value::Object(Map::new());
    }
    let Value::Object(map) = slot else { return false };
    place(map.entry(*key).or_insert(Value::Null), rest, value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_with_brackets_nest() {
        let mut map = Map::new();
        for (name, value) in [("a", "1"), ("labels[]", "x"), ("labels[]", "y"), ("profile[name]", "Jo"), ("p[q][r]", "z")] {
            assert!(insert(&mut map, name, json!(value)));
        }
        assert_eq!(Value::Object(map.clone()), json!({"a": "1", "labels": ["x", "y"], "profile": {"name": "Jo"}, "p": {"q": {"r": "z"}}}));
        assert!(!insert(&mut map, "labels[k]", json!("clash")));
    }

    #[test]
    fn numbers_are_read_up_to_the_first_letter() {
        for (input, expected) in [("20abc", 20), ("20.5", 20), ("-1", -1), ("acme", 0), (" 7", 7), ("99999999999999999999", 0)] {
            assert_eq!(int(input), expected, "{input}");
        }
    }

    #[test]
    fn nulls_vanish_from_lists_only() {
        let mut value = json!({"a": [1, null, {"b": null}], "c": [null]});
        munge(&mut value);
        assert_eq!(value, json!({"a": [1, {"b": null}], "c": []}));
    }
}
