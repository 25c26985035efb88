//! Unconfirmed writes laid over what Chatwoot said, so that they show at once, and what stood there before.
//!
//! Laid over again after every apply until the entry is done; then the object is read again. Never here: the queue itself (`outbox`).

use api::inbox::OutboxState;
use rusqlite::named_params;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{OutboxKind, OutboxRow, Scope, Sql, StoreError};

impl Scope<'_> {
    /// Shows the effect of all unconfirmed writes on a conversation that was just replaced by Chatwoot's version.
    pub(super) fn overlay_pending(&self, conversation_id: i64) -> Result<(), StoreError> {
        self.unconfirmed(conversation_id, None)?.into_iter().try_for_each(|row| self.overlay(&self.renewed(row)?))
    }

    /// The same for a contact: what changes it, and what blocks it from one of its conversations, in the order of writing.
    pub(in crate::store) fn overlay_pending_contact(&self, contact_id: i64) -> Result<(), StoreError> {
        let mut rows = self.unconfirmed(0, Some(contact_id))?;
        rows.extend(self.unconfirmed_mutes(contact_id)?);
        rows.sort_by_key(|row| row.position);
        // Of a block only the contact's part: what else the conversation shows is its own.
        rows.into_iter().try_for_each(|row| {
            let row = self.renewed_contact(row)?;
            if row.kind == OutboxKind::Mute { self.overlay_blocked(contact_id, &row.payload) } else { self.overlay(&row) }
        })
    }

    /// An entry that has not left yet replaces what stands now, not what stood when it was written: what a colleague did since is what a try
    /// with an unknown outcome is compared with, and what comes back when the entry is taken back.
    fn renewed(&self, row: OutboxRow) -> Result<OutboxRow, StoreError> {
        let Some(mut was) = self.standing(row.conversation_id, None, row.kind)? else { return Ok(row) };
        if let (OutboxKind::Mute, Some(known)) = (row.kind, row.payload.get("was")) {
            // The contact comes by itself, and still shows this block here.
            was["muted"] = known.get("muted").cloned().unwrap_or_default();
        }
        self.replaces(row, was)
    }

    /// The same for what changes a contact.
    fn renewed_contact(&self, row: OutboxRow) -> Result<OutboxRow, StoreError> {
        if row.kind == OutboxKind::Contact {
            let was = self.standing(0, row.contact_id, row.kind)?;
            return was.map_or(Ok(row.clone()), |was| self.replaces(row, was));
        }
        let (Some(mut was), Some(now)) = (row.payload.get("was").cloned(), self.standing(row.conversation_id, None, row.kind)?) else {
            return Ok(row);
        };
        was["muted"] = now.get("muted").cloned().unwrap_or_default();
        self.replaces(row, was)
    }

    fn replaces(&self, mut row: OutboxRow, was: Value) -> Result<OutboxRow, StoreError> {
        const SET: Sql = Sql::new("update outbox set payload = :payload where tenant_id = :tenant and id = :id");
        if row.state == OutboxState::Queued && !row.unsure && row.payload.get("was") != Some(&was) {
            row.payload["was"] = was;
            self.run(SET, named_params! { ":id": row.id.to_string(), ":payload": row.payload.to_string() })?;
        }
        Ok(row)
    }

    /// Shows what one entry will do.
    pub(super) fn overlay(&self, row: &OutboxRow) -> Result<(), StoreError> {
        const STATUS: Sql =
            Sql::new("update conversations set status = :status, snoozed_until_us = :until where tenant_id = :tenant and id = :id");
        const PRIORITY: Sql = Sql::new("update conversations set priority = :priority where tenant_id = :tenant and id = :id");
        const ASSIGNEE: Sql =
            Sql::new("update conversations set assignee_id = :agent, assignee_name = :name where tenant_id = :tenant and id = :id");
        const TEAM: Sql = Sql::new("update conversations set team_id = :team where tenant_id = :tenant and id = :id");
        const READ: Sql = Sql::new("update conversations set unread_count = 0 where tenant_id = :tenant and id = :id");
        const UNREAD: Sql = Sql::new("update conversations set unread_count = max(unread_count, 1) where tenant_id = :tenant and id = :id");
        let (id, payload) = (row.conversation_id, &row.payload);
        let text = |key: &str| payload.get(key).and_then(Value::as_str);
        let number = |key: &str| payload.get(key).and_then(Value::as_i64);
        match row.kind {
            // Who takes part is laid over as it is read (`participants`).
            OutboxKind::Reply
            | OutboxKind::Note
            | OutboxKind::Macro
            | OutboxKind::Participants
            | OutboxKind::Delete
            | OutboxKind::ContactNote
            | OutboxKind::Conversation => {}
            OutboxKind::Status => {
                self.run(STATUS, named_params! { ":id": id, ":status": text("status"), ":until": number("snoozed_until_us") })?;
            }
            OutboxKind::Priority => {
                self.run(PRIORITY, named_params! { ":id": id, ":priority": text("priority") })?;
            }
            OutboxKind::Assignee => {
                self.run(ASSIGNEE, named_params! { ":id": id, ":agent": number("id"), ":name": text("name") })?;
            }
            OutboxKind::Team => {
                self.run(TEAM, named_params! { ":id": id, ":team": number("id") })?;
            }
            OutboxKind::Labels => {
                if self.has_conversation(id)? {
                    let merged = merge_labels(self.conversation_labels(id)?, payload);
                    self.replace_labels(id, &merged)?;
                }
            }
            OutboxKind::Attributes => self.overlay_attributes(id, payload)?,
            OutboxKind::Read => {
                self.run(READ, named_params! { ":id": id })?;
            }
            OutboxKind::Unread => {
                self.run(UNREAD, named_params! { ":id": id })?;
            }
            OutboxKind::Mute => self.overlay_mute(id, payload)?,
            OutboxKind::Contact => self.overlay_contact(row.contact_id.unwrap_or_default(), payload)?,
        }
        Ok(())
    }

    fn overlay_attributes(&self, id: i64, payload: &Value) -> Result<(), StoreError> {
        const NOW: Sql = Sql::new("select custom_attributes from conversations where tenant_id = :tenant and id = :id");
        const SET: Sql = Sql::new("update conversations set custom_attributes = :attributes where tenant_id = :tenant and id = :id");
        if let Some(now) = self.one(NOW, named_params! { ":id": id }, |row| row.get::<_, String>(0))? {
            self.run(SET, named_params! { ":id": id, ":attributes": merged_text(&now, payload) })?;
        }
        Ok(())
    }

    /// Blocks or unblocks; to block resolves too. What stood before has a status of its own.
    fn overlay_mute(&self, id: i64, payload: &Value) -> Result<(), StoreError> {
        const WHOSE: Sql = Sql::new("select contact_id from conversations where tenant_id = :tenant and id = :id");
        const STATUS: Sql =
            Sql::new("update conversations set status = :status, snoozed_until_us = :until where tenant_id = :tenant and id = :id");
        let muted = payload.get("muted").and_then(Value::as_bool).unwrap_or_default();
        if let Some(contact) = self.one(WHOSE, named_params! { ":id": id }, |row| row.get::<_, Option<i64>>(0))?.flatten() {
            self.overlay_blocked(contact, payload)?;
        }
        let status = payload.get("status").and_then(Value::as_str).or(muted.then_some("resolved"));
        if let Some(status) = status {
            let until = payload.get("snoozed_until_us").and_then(Value::as_i64);
            self.run(STATUS, named_params! { ":id": id, ":status": status, ":until": until })?;
        }
        Ok(())
    }

    fn overlay_blocked(&self, contact_id: i64, payload: &Value) -> Result<(), StoreError> {
        const BLOCK: Sql = Sql::new("update contacts set blocked = :blocked where tenant_id = :tenant and id = :id");
        let muted = payload.get("muted").and_then(Value::as_bool).unwrap_or_default();
        self.run(BLOCK, named_params! { ":id": contact_id, ":blocked": muted })?;
        Ok(())
    }

    fn overlay_contact(&self, id: i64, payload: &Value) -> Result<(), StoreError> {
        const NOW: Sql = Sql::new("select custom_attributes, additional_attributes from contacts where tenant_id = :tenant and id = :id");
        const SET: Sql = Sql::new(
            "update contacts set name = case when :name_set then coalesce(:name, '') else name end,
                 email = case when :email_set then :email else email end,
                 phone_number = case when :phone_set then :phone else phone_number end,
                 identifier = case when :identifier_set then :identifier else identifier end,
                 blocked = coalesce(:blocked, blocked), custom_attributes = :custom, additional_attributes = :additional
             where tenant_id = :tenant and id = :id",
        );
        let now = self.one(NOW, named_params! { ":id": id }, |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
        let Some((custom, additional)) = now else { return Ok(()) };
        let field = |key: &str| payload.get("fields").and_then(|fields| fields.get(key));
        let text = |key: &str| field(key).and_then(Value::as_str);
        let more = json!({ "set": payload.get("additional") });
        self.run(
            SET,
            named_params! {
                ":id": id, ":name_set": field("name").is_some(), ":name": text("name"), ":email_set": field("email").is_some(),
                ":email": text("email"), ":phone_set": field("phone_number").is_some(), ":phone": text("phone_number"),
                ":identifier_set": field("identifier").is_some(), ":identifier": text("identifier"),
                ":blocked": field("blocked").and_then(Value::as_bool), ":custom": merged_text(&custom, payload),
                ":additional": merged_text(&additional, &more),
            },
        )?;
        Ok(())
    }

    /// What a value-setting entry is about to replace, as it stands here: other unconfirmed writes before it included, since they go first.
    /// In the shape of its payload; none for what merges or can be repeated without harm.
    pub(super) fn standing(&self, conversation_id: i64, contact_id: Option<i64>, kind: OutboxKind) -> Result<Option<Value>, StoreError> {
        const ROW: Sql = Sql::new(
            "select status, snoozed_until_us, priority, assignee_id, team_id, contact_id from conversations
             where tenant_id = :tenant and id = :id",
        );
        if kind == OutboxKind::Contact {
            let known = self.contact(contact_id.unwrap_or_default())?;
            return Ok(known.map(|contact| {
                json!({ "name": contact.name, "email": contact.email, "phone_number": contact.phone_number,
                    "identifier": contact.identifier, "blocked": contact.blocked })
            }));
        }
        if kind == OutboxKind::Mute {
            let stood =
                |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, Option<i64>>(1)?, row.get::<_, Option<i64>>(5)?));
            let Some((status, until, contact)) = self.one(ROW, named_params! { ":id": conversation_id }, stood)? else { return Ok(None) };
            let muted = self.contact(contact.unwrap_or_default())?.is_some_and(|contact| contact.blocked);
            return Ok(Some(json!({ "muted": muted, "status": status, "snoozed_until_us": until })));
        }
        self.one(ROW, named_params! { ":id": conversation_id }, |row| {
            Ok(match kind {
                OutboxKind::Status => {
                    Some(json!({ "status": row.get::<_, String>(0)?, "snoozed_until_us": row.get::<_, Option<i64>>(1)? }))
                }
                OutboxKind::Priority => Some(json!({ "priority": row.get::<_, Option<String>>(2)? })),
                OutboxKind::Assignee => Some(json!({ "id": row.get::<_, Option<i64>>(3)? })),
                OutboxKind::Team => Some(json!({ "id": row.get::<_, Option<i64>>(4)? })),
                _ => None,
            })
        })
        .map(Option::flatten)
    }

    /// What stood before an entry that will not be carried out is shown again at once, Chatwoot being there or not; the read that follows has
    /// the last word. Labels that it would have removed count as never gone: when that read brings them, nobody has set them anew.
    pub(super) fn put_back(&self, id: Uuid) -> Result<(), StoreError> {
        let Some(row) = self.outbox_entry(id)? else { return Ok(()) };
        if let (Some(was), OutboxKind::Status | OutboxKind::Priority | OutboxKind::Assignee | OutboxKind::Team | OutboxKind::Mute) =
            (row.payload.get("was").filter(|_| row.attempts == 0), row.kind)
        {
            self.overlay(&OutboxRow { payload: was.clone(), ..row.clone() })?;
            // Not renewed: what the others replace is hidden under them here, and comes with the read that follows.
            self.unconfirmed(row.conversation_id, None)?.iter().try_for_each(|row| self.overlay(row))?;
        }
        if row.kind == OutboxKind::Labels && self.has_conversation(row.conversation_id)? {
            let back = json!({ "add": row.payload.get("remove"), "remove": [] });
            self.replace_labels(row.conversation_id, &merge_labels(self.conversation_labels(row.conversation_id)?, &back))?;
        }
        Ok(())
    }
}

/// A set of labels with `add` and `remove` of a payload carried out, sorted.
pub(crate) fn merge_labels(mut labels: Vec<String>, payload: &Value) -> Vec<String> {
    let remove = words(payload, "remove");
    labels.retain(|label| !remove.contains(label));
    labels.extend(words(payload, "add"));
    labels.sort();
    labels.dedup();
    labels
}

/// Attributes with `set` and `unset` of a payload carried out. What neither names stays, whoever wrote it.
pub(crate) fn merge_attributes(mut attributes: Map<String, Value>, payload: &Value) -> Map<String, Value> {
    for key in words(payload, "unset") {
        attributes.shift_remove(&key);
    }
    for (key, value) in payload.get("set").and_then(Value::as_object).into_iter().flatten() {
        attributes.insert(key.clone(), value.clone());
    }
    attributes
}

/// The texts of a list in a payload.
pub(crate) fn words(payload: &Value, key: &str) -> Vec<String> {
    let items = payload.get(key).and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn merged_text(stored: &str, payload: &Value) -> String {
    let now = serde_json::from_str(stored).unwrap_or_default();
    Value::Object(merge_attributes(now, payload)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_merge_by_key() {
        let now = json!({"order": "A-1", "vip": true, "tier": 2});
        for (payload, want) in [
            (json!({}), json!({"order": "A-1", "vip": true, "tier": 2})),
            (json!({"set": {"tier": 3}}), json!({"order": "A-1", "vip": true, "tier": 3})),
            (json!({"set": {"new": null}, "unset": ["vip", "never"]}), json!({"order": "A-1", "tier": 2, "new": null})),
            (json!({"set": {"vip": false}, "unset": ["vip"]}), json!({"order": "A-1", "tier": 2, "vip": false})),
        ] {
            let merged = merge_attributes(now.as_object().unwrap().clone(), &payload);
            assert_eq!(Value::Object(merged), want, "{payload}");
        }
    }
}
