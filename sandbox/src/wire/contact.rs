//! Contacts: partial, push, webhook and raw row.

use serde_json::{Value, json};

use super::{inbox_slim, iso, only_if};
use crate::{
    state::{Contact, ContactInbox, Note, State, contact_type, from_attribute},
    version::Version,
};

/// The contact partial, with its addresses when asked for.
pub(crate) fn contact_rest(s: &State, c: &Contact, addresses: bool) -> Value {
    let mut out = json!({
        "additional_attributes": c.additional_attributes,
        "availability_status": if s.contact_online(c.id) { "online" } else { "offline" },
        "email": c.email, "id": c.id, "name": c.name, "phone_number": c.phone_number, "blocked": c.blocked,
        "identifier": c.identifier, "thumbnail": c.thumbnail, "custom_attributes": c.custom_attributes,
    });
    if let Value::Object(map) = &mut out {
        if let Some(at) = c.last_activity_at {
            map.insert("last_activity_at".into(), json!(at.unix()));
        }
        map.insert("created_at".into(), json!(c.created_at.unix()));
        if addresses {
            // No order is asked for; Postgres gives the rows as they were last written.
            let mut mine: Vec<_> = s.contact_inboxes.values().filter(|ci| ci.contact_id == c.id).collect();
            mine.sort_by_key(|ci| ci.updated_at);
            let list: Vec<Value> = mine
                .into_iter()
                .filter_map(|ci| Some(json!({"source_id": ci.source_id, "inbox": inbox_slim(s.inboxes.get(&ci.inbox_id)?)})))
                .collect();
            map.insert("contact_inboxes".into(), json!(list));
        }
    }
    out
}

pub(crate) fn contact_push(c: &Contact) -> Value {
    json!({
        "additional_attributes": c.additional_attributes, "custom_attributes": c.custom_attributes, "email": c.email, "id": c.id,
        "identifier": c.identifier, "name": c.name, "phone_number": c.phone_number, "thumbnail": c.thumbnail, "blocked": c.blocked, "type": "contact",
    })
}

pub(crate) fn contact_hook(s: &State, c: &Contact) -> Value {
    json!({
        "account": s.accounts.get(&c.account_id).map(|a| json!({"id": a.id, "name": a.name})),
        "additional_attributes": c.additional_attributes, "avatar": c.thumbnail, "custom_attributes": c.custom_attributes, "email": c.email,
        "id": c.id, "identifier": c.identifier, "name": c.name, "phone_number": c.phone_number, "thumbnail": c.thumbnail, "blocked": c.blocked,
    })
}

/// The raw row, as the public API shows it.
pub(crate) fn contact_row(c: &Contact, version: Version) -> Value {
    let out = json!({
        "id": c.id, "name": c.name, "email": c.email, "phone_number": c.phone_number, "account_id": c.account_id,
        "created_at": c.created_at.iso(), "updated_at": c.updated_at.iso(), "additional_attributes": c.additional_attributes,
        "identifier": c.identifier, "custom_attributes": c.custom_attributes, "last_activity_at": iso(c.last_activity_at),
        "contact_type": contact_type(c), "middle_name": "", "last_name": "", "location": from_attribute(c, "city"),
        "country_code": from_attribute(c, "country"),
        "blocked": c.blocked, "company_id": c.company_id, "label_list": c.labels,
    });
    only_if(version.knows_companies(), "company_id", out)
}

pub(crate) fn contact_inbox_row(ci: &ContactInbox) -> Value {
    json!({
        "id": ci.id, "contact_id": ci.contact_id, "inbox_id": ci.inbox_id, "source_id": ci.source_id, "created_at": ci.created_at.iso(),
        "updated_at": ci.updated_at.iso(), "hmac_verified": ci.hmac_verified, "pubsub_token": ci.pubsub_token,
    })
}

/// A note; both ids are always null (a template bug of 4.15.1).
pub(crate) fn note(s: &State, n: &Note) -> Value {
    let mut out = json!({"id": n.id, "content": n.content, "account_id": null, "contact_id": null});
    if let (Value::Object(map), Some(u)) = (&mut out, s.users.get(&n.user_id)) {
        map.insert("user".into(), super::agent(s, u));
    }
    if let Value::Object(map) = &mut out {
        map.insert("created_at".into(), json!(n.created_at.unix()));
        map.insert("updated_at".into(), json!(n.updated_at.unix()));
    }
    out
}
