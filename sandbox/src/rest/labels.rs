//! Account labels and canned responses.

use serde_json::{Value, json};

use super::Ctx;
use crate::{
    http::{Outcome, Refusal, Reply},
    params::Params,
    state::{Canned, Event, Id, Label, like},
    wire,
};

/// Longest string column.
const STRING_MAX: usize = 255;

pub(super) fn list(ctx: &mut Ctx<'_>) -> Outcome {
    let mut rows: Vec<&Label> = ctx.state.labels.values().filter(|l| l.account_id == ctx.account).collect();
    rows.sort_by(|a, b| a.title.cmp(&b.title));
    let rows: Vec<Value> = rows.into_iter().map(wire::label).collect();
    Ok(Reply::Json(json!({"payload": rows})))
}

fn read(ctx: &Ctx<'_>) -> Result<Params, Refusal> {
    let keys = ["title", "description", "color", "show_on_sidebar"];
    ctx.call.params.wrapped("label", &keys).ok_or_else(|| Refusal::param("label"))
}

fn check_title(ctx: &Ctx<'_>, title: &str, except: Id) -> Result<(), Refusal> {
    let mut letters = title.chars();
    let first = letters.next().is_some_and(char::is_alphanumeric);
    let mut count = 0;
    let rest = letters.inspect(|_| count += 1).all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    if title.is_empty() {
        return Err(Refusal::invalid(&[("title", "Title can't be blank"), ("title", "Title is invalid")]));
    }
    if !first || !rest || count == 0 {
        return Err(Refusal::invalid(&[("title", "Title is invalid")]));
    }
    if ctx.state.labels.values().any(|l| l.account_id == ctx.account && l.id != except && l.title == title) {
        return Err(Refusal::invalid(&[("title", "Title has already been taken")]));
    }
    Ok(())
}

fn changed(ctx: &mut Ctx<'_>) {
    let now = ctx.state.now();
    if let Some(account) = ctx.state.accounts.get_mut(&ctx.account) {
        account.cache.label = Some(now);
    }
    ctx.state.emit(Event::CacheInvalidated(ctx.account));
}

pub(super) fn create(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.admin()?;
    let params = read(ctx)?;
    let title = params.text("title").unwrap_or_default().trim().to_lowercase();
    check_title(ctx, &title, 0)?;
    let row = Label {
        id: ctx.state.next_small_id(),
        account_id: ctx.account,
        title,
        description: params.text("description"),
        color: params.present("color").unwrap_or_else(|| "#1f93ff".into()),
        show_on_sidebar: params.flag("show_on_sidebar"),
    };
    let answer = wire::label(&row);
    ctx.state.labels.insert(row.id, row);
    changed(ctx);
    Ok(Reply::Json(answer))
}

fn own(ctx: &Ctx<'_>) -> Result<Label, Refusal> {
    let row = ctx.state.labels.get(&ctx.id(0)).filter(|l| l.account_id == ctx.account).cloned().ok_or(Refusal::Missing)?;
    ctx.admin()?;
    Ok(row)
}

pub(super) fn show(ctx: &mut Ctx<'_>) -> Outcome {
    Ok(Reply::Json(wire::label(&own(ctx)?)))
}

pub(super) fn update(ctx: &mut Ctx<'_>) -> Outcome {
    let mut row = own(ctx)?;
    let params = read(ctx)?;
    let before = row.title.clone();
    if let Some(title) = params.text("title") {
        row.title = title.trim().to_lowercase();
        check_title(ctx, &row.title, row.id)?;
    }
    row.description = params.text("description").or(row.description);
    row.color = params.present("color").unwrap_or(row.color);
    row.show_on_sidebar = params.flag("show_on_sidebar").or(row.show_on_sidebar);
    retag(ctx, &before, Some(&row.title));
    let answer = wire::label(&row);
    ctx.state.labels.insert(row.id, row);
    changed(ctx);
    Ok(Reply::Json(answer))
}

pub(super) fn delete(ctx: &mut Ctx<'_>) -> Outcome {
    let row = own(ctx)?;
    ctx.state.labels.remove(&row.id);
    if ctx.state.version.strips_deleted_labels() {
        retag(ctx, &row.title, None);
    }
    changed(ctx);
    Ok(Reply::Empty)
}

/// Renames or strips a tag on all conversations and contacts, silently.
fn retag(ctx: &mut Ctx<'_>, before: &str, after: Option<&str>) {
    if after == Some(before) {
        return;
    }
    let swap = |labels: &mut Vec<String>| match after {
        Some(title) => labels.iter_mut().filter(|l| *l == before).for_each(|l| title.clone_into(l)),
        None => labels.retain(|l| l != before),
    };
    for c in ctx.state.conversations.values_mut().filter(|c| c.account_id == ctx.account) {
        swap(&mut c.labels);
    }
    for c in ctx.state.contacts.values_mut().filter(|c| c.account_id == ctx.account) {
        swap(&mut c.labels);
    }
}

pub(super) fn canned(ctx: &mut Ctx<'_>) -> Outcome {
    let words = ctx.call.params.present("search").unwrap_or_default().to_lowercase();
    let hit = |c: &&Canned| c.account_id == ctx.account && (like(&c.short_code, &words) || like(&c.content, &words));
    let mut rows: Vec<&Canned> = ctx.state.canned.values().filter(hit).collect();
    if !words.is_empty() {
        let rank = |c: &Canned| match c.short_code.to_lowercase() {
            code if code.starts_with(&words) => 0,
            code if code.contains(&words) => 1,
            _ => 2,
        };
        rows.sort_by_key(|c| rank(c));
    }
    Ok(Reply::Json(rows.into_iter().map(wire::canned).collect()))
}

fn read_canned(ctx: &Ctx<'_>) -> Result<Params, Refusal> {
    ctx.call.params.wrapped("canned_response", &["short_code", "content"]).ok_or_else(|| Refusal::param("canned_response"))
}

fn check_canned(ctx: &Ctx<'_>, row: &Canned) -> Result<(), Refusal> {
    let mut bad = Vec::new();
    if row.content.trim().is_empty() {
        bad.push(("content", "Content can't be blank"));
    }
    if row.short_code.trim().is_empty() {
        bad.push(("short_code", "Short code can't be blank"));
    }
    if row.short_code.chars().count() > STRING_MAX {
        bad.push(("short_code", "Short code is too long (maximum is 255 characters)"));
    }
    if ctx.state.canned.values().any(|c| c.account_id == ctx.account && c.id != row.id && c.short_code == row.short_code) {
        bad.push(("short_code", "Short code has already been taken"));
    }
    if bad.is_empty() { Ok(()) } else { Err(Refusal::invalid(&bad)) }
}

pub(super) fn create_canned(ctx: &mut Ctx<'_>) -> Outcome {
    let params = read_canned(ctx)?;
    let now = ctx.state.now();
    let row = Canned {
        id: ctx.state.next_small_id(),
        account_id: ctx.account,
        short_code: params.text("short_code").unwrap_or_default(),
        content: params.text("content").unwrap_or_default(),
        created_at: now,
        updated_at: now,
    };
    save_canned(ctx, row)
}

fn save_canned(ctx: &mut Ctx<'_>, row: Canned) -> Outcome {
    check_canned(ctx, &row)?;
    let answer = wire::canned(&row);
    ctx.state.canned.insert(row.id, row);
    Ok(Reply::Json(answer))
}

fn own_canned(ctx: &Ctx<'_>) -> Result<Canned, Refusal> {
    ctx.state.canned.get(&ctx.id(0)).filter(|c| c.account_id == ctx.account).cloned().ok_or(Refusal::Missing)
}

pub(super) fn update_canned(ctx: &mut Ctx<'_>) -> Outcome {
    let mut row = own_canned(ctx)?;
    let params = read_canned(ctx)?;
    row.short_code = params.text("short_code").unwrap_or(row.short_code);
    row.content = params.text("content").unwrap_or(row.content);
    row.updated_at = ctx.state.now();
    save_canned(ctx, row)
}

pub(super) fn delete_canned(ctx: &mut Ctx<'_>) -> Outcome {
    let row = own_canned(ctx)?;
    ctx.state.canned.remove(&row.id);
    Ok(Reply::Empty)
}
