//! Definitions of custom attributes.

use serde_json::Value;

use super::Ctx;
use crate::{
    http::{Outcome, Refusal, Reply},
    params::{self, Params},
    state::{Attribute, Id},
    wire,
};

/// In the order of the enums, which numbers are read by.
const MODELS: [&str; 2] = ["conversation_attribute", "contact_attribute"];
const KINDS: [&str; 8] = ["text", "number", "currency", "percent", "link", "date", "list", "checkbox"];
/// Names that conversations and contacts have anyway.
const STANDARD: [&[&str]; 2] = [
    &[
        "status",
        "priority",
        "assignee_id",
        "inbox_id",
        "team_id",
        "display_id",
        "campaign_id",
        "labels",
        "browser_language",
        "country_code",
        "referer",
        "created_at",
        "last_activity_at",
    ],
    &["name", "email", "phone_number", "identifier", "country_code", "city", "created_at", "last_activity_at", "referer", "blocked"],
];
const KEYS: [&str; 9] = [
    "attribute_display_name",
    "attribute_description",
    "attribute_display_type",
    "attribute_key",
    "attribute_model",
    "regex_pattern",
    "regex_cue",
    "attribute_values",
    "default_value",
];

/// A word of the list, or its number.
fn choice(value: &Value, words: &[&str]) -> Option<String> {
    let word = params::text(value)?;
    let numbered = word.parse::<usize>().ok().and_then(|n| words.get(n)).copied();
    numbered.or_else(|| words.iter().copied().find(|w| *w == word)).map(str::to_owned)
}

pub(super) fn list(ctx: &mut Ctx<'_>) -> Outcome {
    let asked = ctx.call.params.present("attribute_model").map(Value::String);
    let model = asked.map(|m| choice(&m, &MODELS).unwrap_or_default());
    let rows = ctx.state.attributes.values().filter(|a| a.account_id == ctx.account && model.as_ref().is_none_or(|m| a.model == *m));
    Ok(Reply::Json(rows.map(wire::attribute).collect()))
}

/// The definition of the path.
fn own(ctx: &Ctx<'_>) -> Result<Attribute, Refusal> {
    ctx.state.attributes.get(&ctx.id(0)).filter(|a| a.account_id == ctx.account).cloned().ok_or(Refusal::Missing)
}

pub(super) fn show(ctx: &mut Ctx<'_>) -> Outcome {
    Ok(Reply::Json(wire::attribute(&own(ctx)?)))
}

/// Administrators, and before 4.14.0 everyone.
fn may_write(ctx: &Ctx<'_>) -> Result<(), Refusal> {
    if ctx.state.version.guards_definitions() { ctx.admin() } else { Ok(()) }
}

fn read(ctx: &Ctx<'_>) -> Result<Params, Refusal> {
    let name = "custom_attribute_definition";
    ctx.call.params.wrapped(name, &KEYS).ok_or_else(|| Refusal::param(name))
}

fn fill(p: &Params, row: &mut Attribute) -> Result<(), Refusal> {
    row.name = p.text("attribute_display_name").unwrap_or_else(|| row.name.clone());
    row.key = p.text("attribute_key").unwrap_or_else(|| row.key.clone());
    for (key, slot) in
        [("attribute_description", &mut row.description), ("regex_pattern", &mut row.regex_pattern), ("regex_cue", &mut row.regex_cue)]
    {
        *slot = p.text(key).or(slot.take());
    }
    if let Some(kind) = p.get("attribute_display_type").filter(|v| !v.is_null()) {
        row.display_type = choice(kind, &KINDS).ok_or(Refusal::BROKEN)?;
    }
    if let Some(model) = p.get("attribute_model").filter(|v| !v.is_null()) {
        row.model = choice(model, &MODELS).ok_or(Refusal::BROKEN)?;
    }
    row.values = p.words("attribute_values").unwrap_or_else(|| row.values.clone());
    Ok(())
}

fn check(ctx: &Ctx<'_>, row: &Attribute, except: Id) -> Result<(), Refusal> {
    let mut bad = Vec::new();
    if row.name.trim().is_empty() {
        bad.push(("attribute_display_name", "Attribute display name can't be blank"));
    }
    if row.key.trim().is_empty() {
        bad.push(("attribute_key", "Attribute key can't be blank"));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if row.key.is_empty() || !row.key.chars().all(plain) {
        bad.push(("attribute_key", "Attribute key must only contain letters, numbers, underscores, hyphens, and dots"));
    }
    let twin = |a: &&Attribute| a.account_id == ctx.account && a.id != except && a.model == row.model && a.key == row.key;
    if ctx.state.attributes.values().any(|a| twin(&a)) {
        bad.push(("attribute_key", "Attribute key has already been taken"));
    }
    let model = MODELS.iter().position(|m| *m == row.model).unwrap_or(0);
    if STANDARD.get(model).is_some_and(|names| names.contains(&row.key.as_str())) {
        bad.push(("attribute_key", "Attribute key The provided key is not allowed as it might conflict with default attributes."));
    }
    if bad.is_empty() { Ok(()) } else { Err(Refusal::invalid(&bad)) }
}

pub(super) fn create(ctx: &mut Ctx<'_>) -> Outcome {
    may_write(ctx)?;
    let p = read(ctx)?;
    let now = ctx.state.now();
    let mut row = Attribute {
        id: ctx.state.next_small_id(),
        account_id: ctx.account,
        model: MODELS[0].to_owned(),
        display_type: KINDS[0].to_owned(),
        key: String::new(),
        name: String::new(),
        description: None,
        regex_pattern: None,
        regex_cue: None,
        values: Vec::new(),
        created_at: now,
        updated_at: now,
    };
    fill(&p, &mut row)?;
    save(ctx, row)
}

fn save(ctx: &mut Ctx<'_>, row: Attribute) -> Outcome {
    check(ctx, &row, row.id)?;
    let answer = wire::attribute(&row);
    ctx.state.attributes.insert(row.id, row);
    Ok(Reply::Json(answer))
}

pub(super) fn update(ctx: &mut Ctx<'_>) -> Outcome {
    let mut row = own(ctx)?;
    may_write(ctx)?;
    fill(&read(ctx)?, &mut row)?;
    row.updated_at = ctx.state.now();
    save(ctx, row)
}

pub(super) fn delete(ctx: &mut Ctx<'_>) -> Outcome {
    let id = own(ctx)?.id;
    may_write(ctx)?;
    ctx.state.attributes.remove(&id);
    Ok(Reply::Head(204))
}
