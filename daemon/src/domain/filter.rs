//! A filter that somebody saved in Chatwoot, read so that it can be evaluated over the copy: AND binds closer than OR, as in Chatwoot's SQL.
//!
//! The meanings are those of `POST conversations/filter`, recorded from 4.15.1 (`conv-filter`). What Chatwoot itself breaks on, and what the
//! copy does not hold, is refused by name: a list that left something out without saying so would be believed.

use serde::Serialize;
use serde_json::{Map, Value};

/// Conditions of one filter: nobody writes more by hand.
const CONDITIONS_MAX: usize = 100;
/// Values of one condition.
const VALUES_MAX: usize = 200;
/// Characters of a value.
const VALUE_CHARS_MAX: usize = 500;

/// How a fact is compared. The words are the store's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// One of the values, whatever the case.
    In,
    /// There, and none of the values.
    Not,
    /// None of the values, or not there.
    NotOrUnset,
    /// Holds the first value.
    Has,
    /// There, and does not hold the first value.
    Hasnt,
    /// There.
    Set,
    /// Not there.
    Unset,
    /// A day after the first value; days are counted from 1970 on.
    DayAfter,
    /// A day before the first value.
    DayBefore,
    /// A number greater than the first value.
    More,
    /// A number less than the first value.
    Less,
    /// A text after the first value: dates as `YYYY-MM-DD`.
    Later,
    /// A text before the first value.
    Earlier,
    /// Whatever it is.
    Always,
    /// Never.
    Never,
}

/// One condition.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Condition {
    /// Which fact: a column's word, `labels`, `extra` (Chatwoot's own attributes) or `own` (the account's).
    pub fact: &'static str,
    /// The attribute's key, for the last two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// How it is compared.
    pub operator: Operator,
    /// With what, in lower case.
    pub values: Vec<Value>,
}

/// A filter: any of the groups, in which all conditions hold. Empty: everything.
pub type Groups = Vec<Vec<Condition>>;

/// Reads a saved filter. `defined` are the account's own attributes of conversations: key and display type.
///
/// # Errors
/// What of it cannot be told from the copy, for people.
pub fn read(query: &Map<String, Value>, defined: &[(String, String)]) -> Result<Groups, String> {
    let rows = match query.get("payload") {
        Some(Value::Array(rows)) => rows.as_slice(),
        None if query.is_empty() => &[],
        _ => return Err("its conditions cannot be read".to_owned()),
    };
    if rows.len() > CONDITIONS_MAX {
        return Err(format!("it has more than {CONDITIONS_MAX} conditions"));
    }
    let mut groups = Groups::new();
    let mut group = Vec::new();
    for (n, row) in rows.iter().enumerate() {
        group.push(condition(row, n + 1 == rows.len(), defined)?);
        let joint = word(row, "query_operator").to_uppercase();
        match (joint.as_str(), n + 1 == rows.len()) {
            ("AND", false) => {}
            ("OR", false) | ("", true) => groups.push(std::mem::take(&mut group)),
            _ => return Err("its conditions are not joined by AND and OR: Chatwoot refuses it too".to_owned()),
        }
    }
    Ok(groups)
}

fn word<'a>(row: &'a Value, key: &str) -> &'a str {
    row.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn condition(row: &Value, last: bool, defined: &[(String, String)]) -> Result<Condition, String> {
    let (key, operator) = (word(row, "attribute_key"), word(row, "filter_operator"));
    let shown: String = key.chars().filter(|c| !c.is_control()).take(60).collect();
    let unknown = || {
        format!(
            "{shown} with {}: Chatwoot has no such condition",
            operator.chars().filter(|c| !c.is_control()).take(40).collect::<String>()
        )
    };
    let values = values(row.get("values")).ok_or_else(|| format!("the values of {shown} cannot be read"))?;
    if values.is_empty() && !matches!(operator, "is_present" | "is_not_present") {
        return Err(format!("{shown} has no values"));
    }
    let made = |fact: &'static str, operator: Operator, values: Vec<Value>| Condition { fact, key: None, operator, values };
    let equal = |fact: &'static str| match operator {
        "equal_to" => Ok(made(fact, Operator::In, values.clone())),
        "not_equal_to" => Ok(made(fact, Operator::Not, values.clone())),
        _ => Err(unknown()),
    };
    let present = |fact: &'static str| match operator {
        "is_present" => Ok(made(fact, Operator::Set, Vec::new())),
        "is_not_present" => Ok(made(fact, Operator::Unset, Vec::new())),
        _ => equal(fact),
    };
    match key {
        "status" if values.iter().any(|value| value == "all") => {
            Ok(made("status", if operator == "equal_to" { Operator::Always } else { Operator::Never }, Vec::new()))
        }
        "status" => equal("status"),
        "priority" => equal("priority"),
        "contact_id" => equal("contact_id"),
        "assignee_id" => present("assignee_id"),
        "inbox_id" => present("inbox_id"),
        "team_id" => present("team_id"),
        "display_id" => equal("display_id").map_err(|_| format!("{shown} with {operator}: Chatwoot breaks on it")),
        "labels" => match operator {
            "not_equal_to" => Ok(made("labels", Operator::NotOrUnset, values)),
            _ => present("labels"),
        },
        "browser_language" | "conversation_language" | "referer" | "mail_subject" => {
            let texts = matches!(key, "referer" | "mail_subject");
            let operator = match operator {
                "equal_to" => Operator::In,
                "not_equal_to" => Operator::Not,
                "contains" if texts => Operator::Has,
                "does_not_contain" if texts => Operator::Hasnt,
                _ => return Err(unknown()),
            };
            Ok(Condition { fact: "extra", key: Some(key.to_owned()), operator, values })
        }
        "created_at" | "last_activity_at" => {
            let fact = if key == "created_at" { "created_at" } else { "last_activity_at" };
            let operator = match operator {
                "is_greater_than" => Operator::DayAfter,
                "is_less_than" => Operator::DayBefore,
                "days_before" => return Err(format!("{shown} with days_before: Chatwoot breaks on it")),
                _ => return Err(unknown()),
            };
            let day = values.first().and_then(Value::as_str).and_then(day).ok_or_else(|| format!("the day of {shown} cannot be read"))?;
            Ok(made(fact, operator, vec![day.into()]))
        }
        "campaign_id" => Err(format!("{shown}: campaigns are not copied")),
        _ => own(row, key, operator, values, last, defined).ok_or_else(|| match defined.iter().any(|(known, _)| known == key) {
            true => unknown(),
            false => format!("{shown}: the account has no such attribute of conversations"),
        }),
    }
}

/// A condition on an attribute of the account's own.
fn own(row: &Value, key: &str, operator: &str, values: Vec<Value>, last: bool, defined: &[(String, String)]) -> Option<Condition> {
    let (_, kind) = defined.iter().find(|(known, _)| known == key)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !key.chars().all(plain) || word(row, "custom_attribute_type") == "contact_attribute" {
        return None;
    }
    let ordered = matches!(kind.as_str(), "date" | "number");
    let texts = !ordered && !matches!(kind.as_str(), "list" | "checkbox");
    let present = !matches!(kind.as_str(), "list" | "checkbox");
    let operator = match operator {
        "equal_to" => Operator::In,
        // Anywhere else Chatwoot's own query breaks.
        "not_equal_to" if last => Operator::NotOrUnset,
        "contains" if texts => Operator::Has,
        "does_not_contain" if texts => Operator::Hasnt,
        "is_present" if present => Operator::Set,
        "is_not_present" if present => Operator::Unset,
        "is_greater_than" if kind == "number" => Operator::More,
        "is_less_than" if kind == "number" => Operator::Less,
        "is_greater_than" if ordered => Operator::Later,
        "is_less_than" if ordered => Operator::Earlier,
        _ => return None,
    };
    let values = match operator {
        Operator::More | Operator::Less => vec![values.first()?.as_str()?.parse::<f64>().ok()?.into()],
        Operator::Later | Operator::Earlier => vec![values.first()?.as_str()?.get(..10)?.into()],
        // A checkbox is `1` or `0` where SQLite reads its JSON.
        _ if kind == "checkbox" => {
            let as_number = |value: &Value| Value::from(if value == "true" { "1" } else { "0" });
            values.iter().map(as_number).collect()
        }
        _ => values,
    };
    Some(Condition { fact: "own", key: Some(key.to_owned()), operator, values })
}

/// Values as texts in lower case; a choice of Chatwoot's page may come as an object with an id.
fn values(from: Option<&Value>) -> Option<Vec<Value>> {
    let items = match from {
        None | Some(Value::Null) => return Some(Vec::new()),
        Some(Value::Array(items)) if items.len() <= VALUES_MAX => items,
        Some(_) => return None,
    };
    let text = |item: &Value| match item.get("id").unwrap_or(item) {
        Value::String(text) => Some(text.chars().take(VALUE_CHARS_MAX).collect::<String>().to_ascii_lowercase()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(is) => Some(is.to_string()),
        _ => None,
    };
    items.iter().map(|item| text(item).map(Value::from)).collect()
}

/// Days since 1970, of a date or of a time's date as it is written.
fn day(text: &str) -> Option<i64> {
    let date: jiff::civil::Date = text.get(..10)?.parse().ok()?;
    let since = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second();
    Some(since.div_euclid(24 * 3600))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn defined() -> Vec<(String, String)> {
        [("order_id", "text"), ("items", "number"), ("due", "date"), ("gift", "checkbox")]
            .map(|(k, t)| (k.to_owned(), t.to_owned()))
            .to_vec()
    }

    fn groups(payload: Value) -> Result<Groups, String> {
        read(json!({ "payload": payload }).as_object().unwrap(), &defined())
    }

    fn one(key: &str, operator: &str, values: Value) -> Result<(Operator, Vec<Value>), String> {
        let row = json!([{ "attribute_key": key, "filter_operator": operator, "values": values, "query_operator": null }]);
        groups(row).map(|groups| (groups[0][0].operator, groups[0][0].values.clone()))
    }

    #[test]
    fn and_binds_closer_than_or() {
        let row = |key: &str, joint: Value| json!({ "attribute_key": key, "filter_operator": "equal_to", "values": ["x"], "query_operator": joint });
        let read = groups(json!([row("status", json!("AND")), row("labels", json!("or")), row("priority", json!(null))])).unwrap();
        let facts: Vec<Vec<&str>> = read.iter().map(|group| group.iter().map(|c| c.fact).collect()).collect();
        assert_eq!(facts, [vec!["status", "labels"], vec!["priority"]]);
        assert_eq!(groups(json!([])), Ok(vec![]));
        assert_eq!(read_nothing(), Ok(vec![]));
        for broken in [json!([row("status", json!("AND"))]), json!([row("status", json!(null)), row("labels", json!(null))]), json!("open")]
        {
            assert!(groups(broken.clone()).is_err(), "{broken}");
        }
    }

    fn read_nothing() -> Result<Groups, String> {
        read(&Map::new(), &[])
    }

    #[test]
    fn each_operator_means_what_chatwoot_means() {
        for (key, operator, values, want) in [
            ("status", "equal_to", json!(["Open"]), (Operator::In, json!(["open"]))),
            ("status", "equal_to", json!(["all"]), (Operator::Always, json!([]))),
            ("status", "not_equal_to", json!(["all"]), (Operator::Never, json!([]))),
            ("priority", "not_equal_to", json!(["urgent"]), (Operator::Not, json!(["urgent"]))),
            ("assignee_id", "equal_to", json!([7, {"id": 8, "name": "Ann"}]), (Operator::In, json!(["7", "8"]))),
            ("team_id", "is_not_present", json!([]), (Operator::Unset, json!([]))),
            ("labels", "not_equal_to", json!(["vip"]), (Operator::NotOrUnset, json!(["vip"]))),
            ("referer", "does_not_contain", json!(["Shop"]), (Operator::Hasnt, json!(["shop"]))),
            ("created_at", "is_greater_than", json!(["1970-01-03"]), (Operator::DayAfter, json!([2]))),
            ("last_activity_at", "is_less_than", json!(["2199-01-01T00:00:00Z"]), (Operator::DayBefore, json!([83_641]))),
            ("order_id", "contains", json!(["A-7"]), (Operator::Has, json!(["a-7"]))),
            ("order_id", "not_equal_to", json!(["a-7"]), (Operator::NotOrUnset, json!(["a-7"]))),
            ("items", "is_greater_than", json!([3]), (Operator::More, json!([3.0]))),
            ("due", "is_less_than", json!(["2026-11-20"]), (Operator::Earlier, json!(["2026-11-20"]))),
            ("gift", "equal_to", json!([true]), (Operator::In, json!(["1"]))),
        ] {
            let (want, values_want) = want;
            assert_eq!(one(key, operator, values), Ok((want, values_want.as_array().unwrap().clone())), "{key} {operator}");
        }
    }

    #[test]
    fn what_cannot_be_told_is_named() {
        for (key, operator, values, why) in [
            ("campaign_id", "equal_to", json!([1]), "campaign_id: campaigns are not copied"),
            ("created_at", "days_before", json!(["3"]), "created_at with days_before: Chatwoot breaks on it"),
            ("created_at", "is_less_than", json!(["soon"]), "the day of created_at cannot be read"),
            ("display_id", "contains", json!(["9"]), "display_id with contains: Chatwoot breaks on it"),
            ("plan", "equal_to", json!(["gold"]), "plan: the account has no such attribute of conversations"),
            ("status", "contains", json!(["op"]), "status with contains: Chatwoot has no such condition"),
            ("status", "equal_to", json!("open"), "the values of status cannot be read"),
            ("status", "equal_to", json!([]), "status has no values"),
            ("gift", "contains", json!(["x"]), "gift with contains: Chatwoot has no such condition"),
        ] {
            assert_eq!(one(key, operator, values), Err(why.to_owned()));
        }
        let row = |joint: Value| json!({ "attribute_key": "order_id", "filter_operator": "not_equal_to", "values": ["x"], "query_operator": joint });
        assert!(groups(json!([row(json!("AND")), row(json!(null))])).is_err(), "Chatwoot breaks on it anywhere but last");
    }
}
