//! Custom attributes in a request: what Chatwoot takes, said before the write is queued.

use api::inbox::AttributeChange;
use serde_json::{Map, Value, json};

use crate::fault::Fault;

/// Chatwoot's limit of a text value, in characters (its JSON attribute check).
const TEXT_CHARS_MAX: usize = 1_500;
/// Chatwoot's limit of a whole number.
const NUMBER_MAX: i64 = 9_999_999_999;
/// Keys in one change: an account has tens of attributes.
const KEYS_MAX: usize = 100;
/// A key's length, in characters: Chatwoot keeps it in a column of 255.
const KEY_CHARS_MAX: usize = 255;

/// Checks keys and values.
pub(super) fn check(change: &AttributeChange) -> Result<(), Fault> {
    if change.set.is_empty() && change.unset.is_empty() {
        return Err(Fault::invalid("custom_attributes", "names nothing to set or unset"));
    }
    if change.set.len() + change.unset.len() > KEYS_MAX {
        return Err(Fault::invalid("custom_attributes", &format!("at most {KEYS_MAX} keys")));
    }
    if let Some(both) = change.unset.iter().find(|key| change.set.contains_key(*key)) {
        return Err(Fault::invalid("custom_attributes", &format!("`{both}` is in set and in unset")));
    }
    for key in change.set.keys().chain(&change.unset) {
        if key.trim().is_empty() || key.chars().count() > KEY_CHARS_MAX {
            return Err(Fault::invalid("custom_attributes", &format!("a key has 1 to {KEY_CHARS_MAX} characters")));
        }
    }
    values(&change.set)
}

/// Checks values alone.
pub(super) fn values(set: &Map<String, Value>) -> Result<(), Fault> {
    let fits = |value: &Value| match value {
        Value::String(text) => text.chars().count() <= TEXT_CHARS_MAX && !text.contains('\0'),
        Value::Number(number) => {
            number.as_i64().is_none_or(|n| n.abs() <= NUMBER_MAX) && number.as_u64().is_none_or(|n| n <= NUMBER_MAX as u64)
        }
        Value::Object(_) => false,
        Value::Array(items) => items.iter().all(|item| item.as_str().is_some_and(|text| text.chars().count() <= TEXT_CHARS_MAX)),
        Value::Null | Value::Bool(_) => true,
    };
    match set.iter().find(|(_, value)| !fits(value)) {
        None => Ok(()),
        Some((key, _)) => {
            let what = format!(
                "`{key}`: text of at most {TEXT_CHARS_MAX} characters, a number up to {NUMBER_MAX}, true, false, null or a list of texts"
            );
            Err(Fault::invalid("custom_attributes", &what))
        }
    }
}

/// What a ledger says of a change: its keys.
pub(super) fn told(payload: &Value) -> Value {
    let keys = |key: &str| payload.get(key).and_then(Value::as_object).map(|map| map.keys().cloned().collect::<Vec<_>>());
    json!({ "set": keys("set"), "unset": payload.get("unset") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_chatwoot_refuses_is_refused_here() {
        let change = |set: Value, unset: &[&str]| AttributeChange {
            set: set.as_object().unwrap().clone(),
            unset: unset.iter().map(|key| (*key).to_owned()).collect(),
        };
        for (set, unset, good) in [
            (json!({"order": "A-1", "tier": 2, "vip": true, "tags": ["a"], "gone": null}), &["old"][..], true),
            (json!({}), &[], false),
            (json!({"a": "x".repeat(1501)}), &[], false),
            (json!({"a": 10_000_000_000_i64}), &[], false),
            (json!({"a": 1.5}), &[], true),
            (json!({"a": {"b": 1}}), &[], false),
            (json!({"a": 1}), &["a"], false),
            (json!({" ": 1}), &[], false),
        ] {
            assert_eq!(check(&change(set.clone(), unset)).is_ok(), good, "{set} {unset:?}");
        }
    }
}
