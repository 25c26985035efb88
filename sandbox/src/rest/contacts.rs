//! Contacts: lists, search and the contact itself.

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::{Ctx, page_of};
use crate::{
    clock::Stamp,
    http::{Outcome, Refusal, Reply},
    params::{self, Params},
    state::{Blob, Contact, Id, Inbox, NewContact, Object, like},
    wire,
    world::Channel,
};

const PAGE: usize = 15;

/// The contact of the path.
pub(super) fn own<'c>(ctx: &'c Ctx<'_>) -> Result<&'c Contact, Refusal> {
    ctx.state.contacts.get(&ctx.id(0)).filter(|c| c.account_id == ctx.account).ok_or(Refusal::Missing)
}

/// Those with an address, a number or an identifier.
pub(super) fn resolved(c: &Contact) -> bool {
    c.email.is_some() || c.phone_number.is_some() || c.identifier.is_some()
}

/// Orders as `sort` asks: plain columns first, then what is ordered by an expression; an unknown word is passed over.
pub(super) fn sort(rows: &mut [&Contact], by: Option<String>) {
    const PLAIN: [&str; 3] = ["name", "email", "phone_number"];
    let by = by.unwrap_or_default();
    let words = by.split(',').map(|w| w.strip_prefix('-').map_or((w, false), |name| (name, true)));
    let (plain, others): (Vec<_>, Vec<_>) = words.partition(|(name, _)| PLAIN.contains(name));
    // A stable sort by the least important key first. Postgres puts nulls of a descending plain column first.
    for (name, desc) in others.into_iter().rev().take(1).chain(plain.into_iter().rev()) {
        let nulls_first = desc && PLAIN.contains(&name);
        rows.sort_by(|a, b| match (sort_key(a, name), sort_key(b, name)) {
            (Some(a), Some(b)) if desc => b.cmp(&a),
            (Some(a), Some(b)) => a.cmp(&b),
            (None, None) => Ordering::Equal,
            (Some(_), None) => {
                if nulls_first {
                    Ordering::Greater
                } else {
                    Ordering::Less
                }
            }
            (None, Some(_)) => {
                if nulls_first {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
        });
    }
}

fn sort_key(c: &Contact, name: &str) -> Option<String> {
    match name {
        "name" => Some(c.name.to_lowercase()),
        "email" => c.email.clone(),
        "phone_number" => c.phone_number.clone(),
        "last_activity_at" => c.last_activity_at.map(Stamp::sortable),
        "created_at" => Some(c.created_at.sortable()),
        "company_name" | "city" | "country" => c.additional_attributes.get(name).and_then(params::text).map(|t| t.to_lowercase()),
        _ => None,
    }
}

/// The envelope of contact lists: the total and the page as it was sent.
pub(super) fn paged(ctx: &Ctx<'_>, mut rows: Vec<&Contact>) -> Outcome {
    sort(&mut rows, ctx.call.params.present("sort"));
    let count = rows.len();
    let addresses = ctx.call.params.flag("include_contact_inboxes").unwrap_or(true);
    let payload: Vec<Value> = page_of(rows, ctx.page()?, PAGE).into_iter().map(|c| wire::contact_rest(ctx.state, c, addresses)).collect();
    Ok(Reply::Json(json!({"meta": {"count": count, "current_page": ctx.current_page()}, "payload": payload})))
}

pub(super) fn list(ctx: &mut Ctx<'_>) -> Outcome {
    let labels = ctx.call.params.words("labels");
    let tagged = |c: &Contact| labels.as_ref().is_none_or(|wanted| c.labels.iter().any(|l| wanted.contains(l)));
    let rows = ctx.state.contacts.values().filter(|c| c.account_id == ctx.account && resolved(c) && tagged(c)).collect();
    paged(ctx, rows)
}

pub(super) fn active(ctx: &mut Ctx<'_>) -> Outcome {
    let rows = ctx.state.contacts.values().filter(|c| c.account_id == ctx.account && ctx.state.contact_online(c.id)).collect();
    paged(ctx, rows)
}

pub(super) fn search(ctx: &mut Ctx<'_>) -> Outcome {
    let Some(words) = ctx.call.params.present("q").map(|q| q.trim().to_owned()) else {
        let old = json!({"count": null, "current_page": 1});
        let meta = if ctx.state.version.searches_all_contacts() { wire::with(old, "has_more", Value::Null) } else { old };
        return Ok(Reply::Json(json!({"meta": meta, "payload": []})));
    };
    let hit = |c: &&Contact| {
        let field = |f: &Option<String>| f.as_ref().is_some_and(|t| like(t, &words));
        let exact = c.identifier.as_ref().is_some_and(|t| t.contains(words.trim_matches('%')));
        let escape = words.ends_with('\\');
        c.account_id == ctx.account && !escape && (like(&c.name, &words) || field(&c.email) || field(&c.phone_number) || exact)
    };
    if !ctx.state.version.searches_all_contacts() {
        let company = |c: &Contact| sort_key(c, "company_name").is_some_and(|t| like(&t, &words));
        let of_company = |c: &Contact| c.account_id == ctx.account && company(c);
        return paged(ctx, ctx.state.contacts.values().filter(|c| resolved(c) && (hit(c) || of_company(c))).collect());
    }
    let mut rows: Vec<&Contact> = ctx.state.contacts.values().filter(hit).collect();
    sort(&mut rows, ctx.call.params.present("sort"));
    let (total, page) = (rows.len(), ctx.page()?);
    let addresses = ctx.call.params.flag("include_contact_inboxes").unwrap_or(true);
    let payload: Vec<Value> = page_of(rows, page, PAGE).into_iter().map(|c| wire::contact_rest(ctx.state, c, addresses)).collect();
    let meta = json!({"count": payload.len(), "current_page": ctx.current_page(), "has_more": total > page * PAGE});
    Ok(Reply::Json(json!({"meta": meta, "payload": payload})))
}

fn shown(ctx: &Ctx<'_>, id: Id) -> Outcome {
    let c = ctx.state.contacts.get(&id).ok_or(Refusal::Missing)?;
    let addresses = ctx.call.params.flag("include_contact_inboxes").unwrap_or(true);
    Ok(Reply::Json(json!({"payload": wire::contact_rest(ctx.state, c, addresses)})))
}

pub(super) fn show(ctx: &mut Ctx<'_>) -> Outcome {
    let id = own(ctx)?.id;
    shown(ctx, id)
}

fn object(p: &Params, key: &str) -> Object {
    p.get(key).and_then(Value::as_object).cloned().unwrap_or_default()
}

pub(super) fn create(ctx: &mut Ctx<'_>) -> Outcome {
    let p = ctx.call.params.clone();
    let inbox = match p.id("inbox_id") {
        Some(id) => Some(ctx.state.inboxes.get(&id).filter(|i| i.account_id == ctx.account).ok_or(Refusal::Missing)?.clone()),
        None => None,
    };
    let new = NewContact {
        name: p.text("name"),
        email: p.text("email"),
        phone_number: p.text("phone_number"),
        identifier: p.text("identifier"),
        blocked: p.flag("blocked").unwrap_or(false),
        additional_attributes: object(&p, "additional_attributes"),
        custom_attributes: object(&p, "custom_attributes"),
    };
    let source = p.present("source_id");
    if let (Some(i), Some(source)) = (&inbox, &source)
        && ctx.state.by_source(i.id, source).is_some()
    {
        return Err(Refusal::BROKEN);
    }
    if inbox.as_ref().is_some_and(|i| i.channel == Channel::Email) && source.is_none() && p.present("email").is_none() {
        return Err(Refusal::param("contact email"));
    }
    let id = ctx.state.create_contact(ctx.account, new)?;
    let address = match &inbox {
        Some(i) => Some(ctx.state.contact_inbox(id, i.id, source, false)?),
        None => None,
    };
    let c = ctx.state.contacts.get(&id).ok_or(Refusal::Missing)?;
    let born = ctx.state.accounts.get(&ctx.account).map(|a| a.created_at);
    let row = inbox.as_ref().map(|i| inbox_row(i, born));
    Ok(Reply::Json(json!({"payload": {
        "contact": wire::contact_rest(ctx.state, c, true),
        "contact_inbox": {"inbox": row, "source_id": address.map(|a| a.source_id)},
    }})))
}

/// The raw inbox row.
fn inbox_row(i: &Inbox, born: Option<Stamp>) -> Value {
    const SETTINGS: [&str; 13] = [
        "enable_auto_assignment",
        "greeting_enabled",
        "greeting_message",
        "working_hours_enabled",
        "out_of_office_message",
        "timezone",
        "enable_email_collect",
        "csat_survey_enabled",
        "allow_messages_after_resolved",
        "auto_assignment_config",
        "lock_to_single_conversation",
        "sender_name_type",
        "business_name",
    ];
    let mut row = json!({
        "id": i.id, "channel_id": i.channel_id, "account_id": i.account_id, "name": i.name, "created_at": born.map(Stamp::iso),
        "updated_at": born.map(Stamp::iso), "channel_type": i.channel.as_str(), "email_address": null, "portal_id": null,
    });
    for key in SETTINGS.into_iter().chain(["csat_config"]) {
        row = wire::with(row, key, i.settings.get(key).cloned().unwrap_or(Value::Null));
    }
    row
}

pub(super) fn update(ctx: &mut Ctx<'_>) -> Outcome {
    let mut row = own(ctx)?.clone();
    let p = ctx.call.params.clone();
    if p.get("blocked").is_some_and(Value::is_null) {
        return Err(Refusal::BROKEN);
    }
    let text = |key: &str, slot: &mut Option<String>| {
        if p.has(key) {
            *slot = p.text(key);
        }
    };
    if p.has("name") {
        row.name = p.text("name").unwrap_or_default();
    }
    text("email", &mut row.email);
    text("phone_number", &mut row.phone_number);
    text("identifier", &mut row.identifier);
    row.email = row.email.filter(|e| !e.trim().is_empty()).map(|e| e.to_lowercase());
    row.blocked = p.flag("blocked").unwrap_or(row.blocked);
    row.custom_attributes.extend(object(&p, "custom_attributes"));
    row.additional_attributes.extend(object(&p, "additional_attributes"));
    ctx.state.check_contact(&row)?;
    let id = row.id;
    if let Some(f) = ctx.call.files.iter().find(|f| f.field == "avatar") {
        ctx.state.set_picture(id, Blob { name: f.name.clone(), content_type: f.content_type.clone(), bytes: f.bytes.clone() });
        row.thumbnail = ctx.state.contacts.get(&id).map(|c| c.thumbnail.clone()).unwrap_or_default();
    }
    ctx.state.update_contact(id, |c| *c = row);
    shown(ctx, id)
}

pub(super) fn delete_avatar(ctx: &mut Ctx<'_>) -> Outcome {
    let id = own(ctx)?.id;
    ctx.state.remove_picture(id);
    let c = ctx.state.contacts.get(&id).ok_or(Refusal::Missing)?;
    Ok(Reply::Json(json!({"payload": wire::contact_rest(ctx.state, c, false)})))
}

pub(super) fn delete(ctx: &mut Ctx<'_>) -> Outcome {
    let (id, name) = own(ctx).map(|c| (c.id, c.name.clone()))?;
    ctx.admin()?;
    if ctx.state.contact_online(id) {
        let mut letters = name.chars();
        let name: String =
            letters.next().map(|c| c.to_uppercase().chain(letters.flat_map(char::to_lowercase)).collect()).unwrap_or_default();
        return Err(Refusal::Message(422, format!("{name} is Online, please try again later")));
    }
    ctx.state.delete_contact(id);
    Ok(Reply::Empty)
}

pub(super) fn destroy_attributes(ctx: &mut Ctx<'_>) -> Outcome {
    let id = own(ctx)?.id;
    let keys = ctx.call.params.words("custom_attributes").unwrap_or_default();
    ctx.state.update_contact(id, |c| c.custom_attributes.retain(|k, _| !keys.contains(k)));
    shown(ctx, id)
}
