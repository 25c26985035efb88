//! `afenda view`: the filters that somebody saved in Chatwoot, and what they ask for.

use api::inbox::Named;
use api::lists::CustomFilterView;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::context::{Context, Session};
use crate::error::CliError;
use crate::output::{Column, column, flexible};
use crate::selector::pick;
use crate::text;

/// Filters that you saved in Chatwoot
#[derive(Debug, clap::Subcommand)]
pub(crate) enum View {
    /// List saved views; `afenda conv list --view NAME` shows what is in one
    List,
    /// Show what a saved view asks for, condition by condition
    Show {
        /// Its name, a part of it that fits only one, or its number
        #[arg(value_name = "NAME|ID")]
        view: String,
    },
}

const VIEWS: &[Column<CustomFilterView>] = &[
    column("ID", |row, _| row.id.to_string()),
    flexible("NAME", |row, _| row.name.clone()),
    column("OF", |row, _| row.filter_type.clone()),
];

const CONDITIONS: &[Column<Condition>] = &[
    column("JOINED", |row, _| row.joined.unwrap_or_default().to_owned()),
    flexible("ATTRIBUTE", |row, _| row.attribute.clone()),
    column("OPERATOR", |row, _| row.operator.clone()),
    flexible("VALUES", |row, _| row.values.join(", ")),
];

/// A saved view with what it asks for in words.
#[derive(Debug, Serialize)]
struct Readable {
    #[serde(flatten)]
    view: CustomFilterView,
    conditions: Vec<Condition>,
}

/// One condition in words.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Condition {
    /// How it is joined to the one before it: `and`, which binds closer, or `or`.
    joined: Option<&'static str>,
    /// What is compared.
    attribute: String,
    /// How.
    operator: String,
    /// With what; any of several.
    values: Vec<String>,
}

/// Who and what the numbers in conditions stand for. Empty where no condition names one.
#[derive(Debug, Default)]
struct Names {
    agents: Vec<Named>,
    teams: Vec<Named>,
    inboxes: Vec<Named>,
}

impl View {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let session = ctx.session().await?;
        let views = session.call(async |client| client.custom_filters().await).await?.data;
        let Self::Show { view } = self else { return ctx.out.list(&views, VIEWS, "no saved view") };
        let view = pick("saved view", &view, &views, |view| (view.id, &view.name))?.clone();
        let conditions = conditions(&view.query, &Names::of(&view.query, &session).await?);
        if ctx.out.is_structured() {
            return ctx.out.json(&Readable { view, conditions });
        }
        if ctx.out.wants_ids() {
            return ctx.out.list(std::slice::from_ref(&view), VIEWS, "");
        }
        let both = |joint: &str| conditions.iter().any(|condition| condition.joined == Some(joint));
        if ctx.out.is_for_people() {
            let all = if conditions.is_empty() { ": everything, there is no condition" } else { "" };
            ctx.out.line(&text::line(&format!("{} ({}), a view of {}s{all}", view.name, view.id, view.filter_type)))?;
        }
        if conditions.is_empty() {
            return Ok(());
        }
        ctx.out.list(&conditions, CONDITIONS, "")?;
        if ctx.out.is_for_people() && both("and") && both("or") {
            ctx.out.note("`and` binds closer than `or`");
        }
        Ok(())
    }
}

impl Names {
    /// The names that a filter needs.
    async fn of(query: &Map<String, Value>, session: &Session) -> Result<Self, CliError> {
        let asks = |key: &str| rows(query).is_some_and(|rows| rows.iter().any(|row| word(row, "attribute_key") == key));
        let mut names = Self::default();
        if asks("assignee_id") {
            names.agents = session.call(async |client| client.agents().await).await?;
        }
        if asks("team_id") {
            names.teams = session.call(async |client| client.teams().await).await?;
        }
        if asks("inbox_id") {
            let inboxes = session.call(async |client| client.inboxes().await).await?;
            names.inboxes = inboxes.into_iter().map(|inbox| Named { id: inbox.id, name: inbox.name }).collect();
        }
        Ok(names)
    }

    /// What the number stands for in this attribute, where that is known.
    fn name(&self, key: &str, id: i64) -> Option<&str> {
        let things = match key {
            "assignee_id" => &self.agents,
            "team_id" => &self.teams,
            "inbox_id" => &self.inboxes,
            _ => return None,
        };
        things.iter().find(|thing| thing.id == id).map(|thing| thing.name.as_str())
    }
}

/// A filter's rows as Chatwoot keeps them; none where it is no list of conditions, as of reports.
fn rows(query: &Map<String, Value>) -> Option<&Vec<Value>> {
    query.get("payload").and_then(Value::as_array)
}

fn word<'a>(row: &'a Value, key: &str) -> &'a str {
    row.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A filter in words. Nothing of it is left out: what has no word of ours is shown as Chatwoot has it.
fn conditions(query: &Map<String, Value>, names: &Names) -> Vec<Condition> {
    let Some(rows) = rows(query) else {
        let is = |(key, value): (&String, &Value)| Condition {
            joined: None,
            attribute: key.clone(),
            operator: "is".to_owned(),
            values: values(key, Some(value), names),
        };
        return query.iter().map(is).collect();
    };
    let mut joined = None;
    rows.iter()
        .map(|row| {
            let key = word(row, "attribute_key");
            let values = values(key, row.get("values"), names);
            let condition = Condition {
                joined,
                attribute: attribute(key).to_owned(),
                operator: operator(word(row, "filter_operator"), &values),
                values,
            };
            // A row says how the next one is joined to it.
            joined = Some(if word(row, "query_operator").eq_ignore_ascii_case("or") { "or" } else { "and" });
            condition
        })
        .collect()
}

/// Chatwoot's own attributes by the words that are used here; the account's keep their key.
fn attribute(key: &str) -> &str {
    match key {
        "assignee_id" => "assignee",
        "team_id" => "team",
        "inbox_id" => "inbox",
        "contact_id" => "contact",
        "display_id" => "conversation",
        "campaign_id" => "campaign",
        "created_at" => "created",
        "last_activity_at" => "last activity",
        "mail_subject" => "subject",
        "browser_language" => "browser language",
        "conversation_language" => "language",
        key => key,
    }
}

fn operator(word: &str, values: &[String]) -> String {
    // Days are compared like numbers, and read otherwise.
    let days = values.iter().all(|value| value.get(..10).is_some_and(|day| day.parse::<jiff::civil::Date>().is_ok()));
    match word {
        "equal_to" => "is",
        "not_equal_to" => "is not",
        "contains" => "contains",
        "does_not_contain" => "does not contain",
        "starts_with" => "starts with",
        "is_present" => "is set",
        "is_not_present" => "is not set",
        "is_greater_than" if days => "is after",
        "is_less_than" if days => "is before",
        "is_greater_than" => "is more than",
        "is_less_than" => "is less than",
        "days_before" => "is further back, in days, than",
        other => other,
    }
    .to_owned()
}

/// Values as people know them: names with the number that Chatwoot keeps.
fn values(key: &str, value: Option<&Value>, names: &Names) -> Vec<String> {
    let number = |value: &Value| value.as_i64().or_else(|| value.as_str()?.parse().ok());
    let one = |value: &Value| {
        let named = |id: &Value, name: &str| format!("{name} ({})", plain(id));
        match (value.get("id"), value.get("name").and_then(Value::as_str)) {
            (Some(id), Some(name)) if *id != name => named(id, name),
            (Some(id), _) => plain(id),
            _ => number(value).and_then(|id| names.name(key, id)).map_or_else(|| plain(value), |name| named(value, name)),
        }
    };
    match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(values)) => values.iter().map(one).collect(),
        Some(value) => vec![one(value)],
    }
}

/// A text without quotes; anything else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(query: Value) -> Vec<String> {
        let named = |id, name: &str| Named { id, name: name.to_owned() };
        let names = Names { agents: vec![named(7, "Jo")], teams: vec![named(7, "Billing")], inboxes: vec![named(7, "Mail")] };
        conditions(query.as_object().unwrap(), &names)
            .into_iter()
            .map(|c| {
                format!("{} {} {} {}", c.joined.unwrap_or("where"), c.attribute, c.operator, c.values.join(", ")).trim_end().to_owned()
            })
            .collect()
    }

    #[test]
    fn conditions_are_told_in_words_and_names() {
        let row = |key: &str, operator: &str, values: Value, joint: Value| json!({"attribute_key": key, "filter_operator": operator, "values": values, "query_operator": joint});
        let payload = json!([
            row("status", "equal_to", json!(["open", "pending"]), json!("and")),
            row("assignee_id", "not_equal_to", json!([7, "8"]), json!("OR")),
            row("team_id", "equal_to", json!(["7"]), json!("and")),
            row("inbox_id", "equal_to", json!([{"id": 9, "name": "Old mail"}]), json!("and")),
            row("labels", "is_not_present", json!([]), json!("and")),
            row("created_at", "is_greater_than", json!(["2026-11-20"]), json!("and")),
            row("items", "is_greater_than", json!([3]), json!("and")),
            row("order_id", "resembles", json!("A-1"), json!(null)),
        ]);
        assert_eq!(
            said(json!({ "payload": payload })),
            [
                "where status is open, pending",
                "and assignee is not Jo (7), 8",
                "or team is Billing (7)",
                "and inbox is Old mail (9)",
                "and labels is not set",
                "and created is after 2026-11-20",
                "and items is more than 3",
                "and order_id resembles A-1",
            ]
        );
    }

    #[test]
    fn what_is_no_list_of_conditions_is_shown_as_it_is() {
        assert_eq!(said(json!({})), [""; 0]);
        assert_eq!(said(json!({"payload": []})), [""; 0]);
        assert_eq!(
            said(json!({"metric": "reply_time", "range": {"days": 7}})),
            ["where metric is reply_time", "where range is {\"days\":7}"]
        );
    }
}
