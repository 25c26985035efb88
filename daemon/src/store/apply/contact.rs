//! Contacts.

use api::event::{ActivityType, SubjectType};
use api::inbox::ContactView;
use rusqlite::named_params;

use super::{Applied, Asked};
use crate::clock::Micros;
use crate::domain::newer::READ_LONGEST;
use crate::store::{NewActivity, Scope, Sql, StoreError};

/// A contact as Chatwoot described it, ready to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactRow {
    /// What clients see.
    pub view: ContactView,
    /// JSON object of Chatwoot's own keys.
    pub additional_attributes: String,
    /// JSON object of the account's keys.
    pub custom_attributes: String,
    /// Newest activity; pushes and webhooks do not say.
    pub last_activity_at: Option<Micros>,
    /// Beginning; pushes and webhooks do not say.
    pub created_at: Option<Micros>,
}

impl Scope<'_> {
    /// Keeps a contact as it was read. Contacts have no clock: of two reads the one asked for later counts.
    pub fn apply_contact(&self, new: &ContactRow, asked: Asked) -> Result<Applied, StoreError> {
        if self.is_gone("contact", new.view.id)? {
            return Ok(Applied::Gone);
        }
        const HEARD: Sql = Sql::new("select heard_at_us from contacts where tenant_id = :tenant and id = :id");
        let heard: Option<Micros> = self.one(HEARD, named_params! { ":id": new.view.id }, |row| row.get(0))?;
        // A gap longer than a read can take is a clock that was set back.
        if heard.is_some_and(|heard| heard > asked.ours && heard - asked.ours < READ_LONGEST) {
            return Ok(Applied::Older);
        }
        const UPSERT: Sql = Sql::new(
            "insert into contacts (tenant_id, id, name, email, phone_number, identifier, blocked, additional_attributes, custom_attributes,
                 last_activity_at_us, created_at_us, heard_at_us)
             values (:tenant, :id, :name, :email, :phone, :identifier, :blocked, :additional, :custom, :activity, :created, :heard)
             on conflict do update set name = excluded.name, email = excluded.email, phone_number = excluded.phone_number,
                 identifier = excluded.identifier, blocked = excluded.blocked, additional_attributes = excluded.additional_attributes,
                 custom_attributes = excluded.custom_attributes, last_activity_at_us = excluded.last_activity_at_us,
                 created_at_us = coalesce(excluded.created_at_us, created_at_us)
             where (contacts.name, contacts.email, contacts.phone_number, contacts.identifier, contacts.blocked,
                    contacts.additional_attributes, contacts.custom_attributes, contacts.last_activity_at_us, contacts.created_at_us)
                is not (excluded.name, excluded.email, excluded.phone_number, excluded.identifier, excluded.blocked,
                    excluded.additional_attributes, excluded.custom_attributes, excluded.last_activity_at_us, excluded.created_at_us)",
        );
        const READ: Sql = Sql::new("update contacts set heard_at_us = :heard where tenant_id = :tenant and id = :id");
        let changed = self.run(
            UPSERT,
            named_params! {
                ":id": new.view.id, ":name": new.view.name, ":email": new.view.email, ":phone": new.view.phone_number,
                ":identifier": new.view.identifier, ":blocked": new.view.blocked, ":additional": new.additional_attributes,
                ":custom": new.custom_attributes, ":activity": new.last_activity_at, ":created": new.created_at, ":heard": asked.ours,
            },
        )?;
        if heard.is_some() {
            self.run(READ, named_params! { ":id": new.view.id, ":heard": asked.ours })?;
        }
        self.overlay_pending_contact(new.view.id)?;
        if changed == 0 {
            return Ok(Applied::Same);
        }
        self.record_activity(NewActivity::by_chatwoot(ActivityType::ContactUpdated, SubjectType::Contact, new.view.id.to_string()))?;
        Ok(if heard.is_none() { Applied::Created } else { Applied::Changed })
    }

    /// A write of ours was carried out: a read that was asked for before it may still show what was there.
    pub(in crate::store) fn contact_written(&self, id: i64) -> Result<(), StoreError> {
        const SQL: Sql = Sql::new("update contacts set heard_at_us = :now where tenant_id = :tenant and id = :id and heard_at_us < :now");
        self.run(SQL, named_params! { ":id": id, ":now": self.now() })?;
        Ok(())
    }

    /// Contacts that no read has shown since, by id.
    pub fn contacts_not_heard_since(&self, since: Micros, after: i64, limit: u32) -> Result<Vec<i64>, StoreError> {
        const SQL: Sql =
            Sql::new("select id from contacts where tenant_id = :tenant and id > :after and heard_at_us < :since order by id limit :limit");
        self.all(SQL, named_params! { ":since": since, ":after": after, ":limit": limit }, |row| row.get(0))
    }

    /// A contact as it is kept.
    pub fn contact(&self, id: i64) -> Result<Option<ContactView>, StoreError> {
        const SQL: Sql =
            Sql::new("select id, name, email, phone_number, identifier, blocked from contacts where tenant_id = :tenant and id = :id");
        self.one(SQL, named_params! { ":id": id }, |row| {
            Ok(ContactView {
                id: row.get("id")?,
                name: row.get("name")?,
                email: row.get("email")?,
                phone_number: row.get("phone_number")?,
                identifier: row.get("identifier")?,
                blocked: row.get("blocked")?,
            })
        })
    }

    /// Whether the contact is here.
    pub fn has_contact(&self, id: i64) -> Result<bool, StoreError> {
        const SQL: Sql = Sql::new("select count(*) from contacts where tenant_id = :tenant and id = :id");
        Ok(self.number(SQL, named_params! { ":id": id })? > 0)
    }

    /// The contact is gone from Chatwoot.
    pub fn delete_contact(&self, id: i64) -> Result<Applied, StoreError> {
        const DELETE: Sql = Sql::new("delete from contacts where tenant_id = :tenant and id = :id");
        const NOTES: Sql = Sql::new("delete from contact_notes where tenant_id = :tenant and contact_id = :id");
        self.entomb("contact", id)?;
        self.run(NOTES, named_params! { ":id": id })?;
        if self.run(DELETE, named_params! { ":id": id })? == 0 {
            return Ok(Applied::Same);
        }
        self.record_activity(NewActivity::by_chatwoot(ActivityType::ContactDeleted, SubjectType::Contact, id.to_string()))?;
        Ok(Applied::Changed)
    }

    /// The conversations of one contact, by id.
    pub fn conversations_of_contact(&self, contact_id: i64) -> Result<Vec<i64>, StoreError> {
        const SQL: Sql = Sql::new("select id from conversations where tenant_id = :tenant and contact_id = :contact order by id");
        self.all(SQL, named_params! { ":contact": contact_id }, |row| row.get(0))
    }
}
