//! `/contacts`: listed by name, and one contact, read and changed. Changes go through the outbox and show at once.

use api::audit::Ledger;
use api::contact::{ContactDetail, ContactQuery};
use api::error::ErrorBody;
use api::inbox::{ContactPatch, ContactView};
use api::page::{Data, Page, PageMeta};
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::attributes;
use super::request::{self, Change, Query};
use crate::app::{Caller, Person};
use crate::fault::Fault;
use crate::store::{AuditEntry, ContactPlace, NewOutbox, OutboxKind, Scope};

/// Chatwoot's limit of its short text columns, in characters.
const FIELD_CHARS_MAX: usize = 255;

/// Words of a filter in characters at most: a line that a person types.
const FILTER_CHARS_MAX: usize = 500;

/// Contacts by name, those without a name last.
#[utoipa::path(get, path = "/contacts", tag = "contacts", params(ContactQuery), security(("bearer" = [])),
    responses((status = 200, body = Page<ContactDetail>), (status = 422, body = ErrorBody)))]
pub(crate) async fn list(caller: Caller, Query(query): Query<ContactQuery>) -> Result<Json<Page<ContactDetail>>, Fault> {
    let limit = request::limit(query.limit)?;
    let after: Option<ContactPlace> = query.cursor.as_deref().map(request::place).transpose()?;
    let q = query.q.unwrap_or_default();
    if q.chars().count() > FILTER_CHARS_MAX {
        return Err(Fault::invalid("q", &format!("at most {FILTER_CHARS_MAX} characters")));
    }
    let meta = caller.freshness();
    let read = move |scope: &Scope<'_>, _: &Person| {
        let words: Vec<&str> = q.split_whitespace().collect();
        let (data, next) = scope.contacts(&words, after.as_ref(), limit)?;
        let next_cursor = next.as_ref().and_then(request::cursor);
        Ok(Page { data, meta: PageMeta { total: scope.contact_count(&words)?, limit, next_cursor, ..meta } })
    };
    Ok(Json(caller.read(read).await?))
}

/// One contact.
#[utoipa::path(get, path = "/contacts/{id}", tag = "contacts", params(("id" = i64, Path, description = "Chatwoot's id")), security(("bearer" = [])),
    responses((status = 200, body = Data<ContactDetail>), (status = 404, body = ErrorBody)))]
pub(crate) async fn view(caller: Caller, Path(id): Path<String>) -> Result<Json<Data<ContactDetail>>, Fault> {
    let id = parse(&id)?;
    let data = caller.read(move |scope, _| scope.contact_detail(id)?.ok_or_else(|| Fault::not_found("contact"))).await?;
    Ok(Json(Data { data }))
}

pub(super) fn parse(id: &str) -> Result<i64, Fault> {
    id.parse().map_err(|_| Fault::not_found("contact"))
}

pub(super) fn one(scope: &Scope<'_>, id: i64) -> Result<ContactView, Fault> {
    scope.contact(id)?.ok_or_else(|| Fault::not_found("contact"))
}

/// What somebody did to a contact, for the ledger.
pub(super) fn audit(scope: &Scope<'_>, who: &Person, action: &str, id: i64, data: Value) -> Result<(), Fault> {
    let entry = AuditEntry {
        actor: who.actor(),
        via: "api",
        action: action.to_owned(),
        resource_type: "contact".to_owned(),
        resource_id: id.to_string(),
        external: false,
        note: None,
        data,
    };
    scope.append(Ledger::Audit, &entry)?;
    Ok(())
}

/// Changes a contact through the outbox.
#[utoipa::path(patch, path = "/contacts/{id}", tag = "contacts", params(("id" = i64, Path, description = "Chatwoot's id")),
    request_body = ContactPatch, security(("bearer" = [])),
    responses((status = 200, body = Data<ContactView>), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(crate) async fn update(Path(id): Path<String>, change: Change<ContactPatch>) -> Result<Response, Fault> {
    change.caller.must_work()?;
    let id = parse(&id)?;
    change
        .carry_out_telling(StatusCode::OK, move |scope, who, patch: ContactPatch| {
            let before = scope.contact_detail(id)?.ok_or_else(|| Fault::not_found("contact"))?;
            let payload = payload(id, &patch)?;
            let keys = |key: &str| payload.get(key).and_then(Value::as_object).map(|map| map.keys().cloned().collect::<Vec<_>>());
            // Names and addresses stay out of the ledger; which of them were changed stands in it.
            let data =
                json!({ "fields": keys("fields"), "additional": keys("additional"), "set": keys("set"), "unset": payload.get("unset") });
            audit(scope, who, "contact.update", id, data)?;
            scope.enqueue(&NewOutbox {
                conversation_id: 0,
                kind: OutboxKind::Contact,
                payload,
                user: Some(who.user.clone()),
                approval_id: None,
                not_before: scope.now(),
            })?;
            Ok((one(scope, id)?, scope.contact_detail(id)?.as_ref() == Some(&before)))
        })
        .await
}

fn payload(id: i64, patch: &ContactPatch) -> Result<Value, Fault> {
    let mut fields = Map::new();
    let texts = [
        ("name", patch.name.clone().map(Some)),
        ("email", patch.email.clone()),
        ("phone_number", patch.phone_number.clone()),
        ("identifier", patch.identifier.clone()),
    ];
    for (key, given) in texts {
        let Some(given) = given else { continue };
        // Chatwoot takes "" for "none" and answers null.
        let given = given.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let refused = |what: &str| Err(Fault::invalid(key, what));
        match (key, given.as_deref()) {
            ("name", None) => return refused("a name is not empty"),
            (_, Some(text)) if text.chars().count() > FIELD_CHARS_MAX || text.contains('\0') => {
                return refused(&format!("at most {FIELD_CHARS_MAX} characters"));
            }
            ("email", Some(text)) if !text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty()) => {
                return refused("is no e-mail address");
            }
            ("phone_number", Some(text)) if !is_e164(text) => return refused("in E.164 form, such as +4930123456"),
            _ => {}
        }
        // Chatwoot keeps addresses in lower case.
        let given = given.map(|text| if key == "email" { text.to_lowercase() } else { text });
        fields.insert(key.to_owned(), json!(given));
    }
    if let Some(blocked) = patch.blocked {
        fields.insert("blocked".to_owned(), blocked.into());
    }
    if let Some(change) = &patch.custom_attributes {
        attributes::check(change)?;
    }
    attributes::values(&patch.additional_attributes)?;
    let custom = patch.custom_attributes.clone().unwrap_or_default();
    if fields.is_empty() && patch.additional_attributes.is_empty() && custom.set.is_empty() && custom.unset.is_empty() {
        let names = "name, email, phone_number, identifier, blocked, additional_attributes or custom_attributes";
        return Err(Fault::invalid("body", &format!("names nothing to change: {names}")));
    }
    Ok(json!({ "contact_id": id, "fields": fields, "additional": patch.additional_attributes, "set": custom.set, "unset": custom.unset }))
}

/// As Chatwoot checks it: a plus, no zero first, at most 15 digits.
fn is_e164(text: &str) -> bool {
    let Some(digits) = text.strip_prefix('+') else { return false };
    (2..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_becomes_what_changes_and_nothing_else() {
        for (patch, want) in [
            (json!({"name": " Ann "}), Some(json!({"name": "Ann"}))),
            (json!({"email": "Ann@Example.com"}), Some(json!({"email": "ann@example.com"}))),
            (json!({"email": null}), Some(json!({"email": null}))),
            (json!({"phone_number": "+4930123456", "blocked": true}), Some(json!({"phone_number": "+4930123456", "blocked": true}))),
            (json!({"phone_number": "030 123"}), None),
            (json!({"email": "ann"}), None),
            (json!({"name": ""}), None),
            (json!({}), None),
        ] {
            let read: ContactPatch = serde_json::from_value(patch.clone()).unwrap();
            assert_eq!(payload(31, &read).ok().map(|payload| payload["fields"].clone()), want, "{patch}");
        }
    }
}
