//! Notes about contacts: as Chatwoot said them when somebody looked last, and those on their way there.

use api::contact::ContactNoteView;
use api::id::OutboxId;
use api::inbox::Named;
use rusqlite::named_params;
use serde_json::Value;

use super::{OutboxKind, OutboxRow, Scope, Sql, StoreError};
use crate::clock::{Micros, timestamp};

/// Notes kept of one contact, the newest: more of them nobody reads on a terminal.
pub const NOTES_MAX: usize = 200;

/// A note as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactNoteRow {
    /// Chatwoot's id.
    pub id: i64,
    /// The text.
    pub content: String,
    /// Who wrote it: id and name; none for an agent who is gone.
    pub author: Option<(i64, String)>,
    /// When.
    pub created_at: Micros,
}

impl Scope<'_> {
    /// Replaces the notes of a contact by what Chatwoot was asked for at `at`. What was asked for later stays.
    pub fn replace_contact_notes(&self, contact_id: i64, at: Micros, rows: &[ContactNoteRow]) -> Result<(), StoreError> {
        const READ: Sql = Sql::new(
            "update contacts set notes_read_at_us = :at where tenant_id = :tenant and id = :contact
             and (notes_read_at_us is null or notes_read_at_us <= :at)",
        );
        const CLEAR: Sql = Sql::new("delete from contact_notes where tenant_id = :tenant and contact_id = :contact");
        if self.run(READ, named_params! { ":contact": contact_id, ":at": at })? == 0 {
            return Ok(()); // Gone meanwhile, or read later.
        }
        self.run(CLEAR, named_params! { ":contact": contact_id })?;
        rows.iter().take(NOTES_MAX).try_for_each(|row| self.keep_contact_note(contact_id, row))
    }

    /// Keeps one note.
    pub fn keep_contact_note(&self, contact_id: i64, row: &ContactNoteRow) -> Result<(), StoreError> {
        const SQL: Sql = Sql::new(
            "insert or replace into contact_notes (tenant_id, contact_id, id, content, author_id, author_name, created_at_us)
             values (:tenant, :contact, :id, :content, :author, :name, :created)",
        );
        let (author, name) = row.author.clone().unzip();
        self.run(
            SQL,
            named_params! {
                ":contact": contact_id, ":id": row.id, ":content": row.content, ":author": author, ":name": name, ":created": row.created_at,
            },
        )?;
        Ok(())
    }

    /// Forgets one note.
    pub fn drop_contact_note(&self, contact_id: i64, id: i64) -> Result<(), StoreError> {
        const SQL: Sql = Sql::new("delete from contact_notes where tenant_id = :tenant and contact_id = :contact and id = :id");
        self.run(SQL, named_params! { ":contact": contact_id, ":id": id })?;
        Ok(())
    }

    /// When the notes of a contact were asked for last; `None` before they ever were.
    pub fn contact_notes_read_at(&self, contact_id: i64) -> Result<Option<Micros>, StoreError> {
        const SQL: Sql = Sql::new("select notes_read_at_us from contacts where tenant_id = :tenant and id = :contact");
        Ok(self.one(SQL, named_params! { ":contact": contact_id }, |row| row.get::<_, Option<Micros>>(0))?.flatten())
    }

    /// One note as it is kept.
    pub fn contact_note(&self, contact_id: i64, id: i64) -> Result<Option<ContactNoteRow>, StoreError> {
        const SQL: Sql = Sql::new(
            "select id, content, author_id, author_name, created_at_us from contact_notes
             where tenant_id = :tenant and contact_id = :contact and id = :id",
        );
        self.one(SQL, named_params! { ":contact": contact_id, ":id": id }, read)
    }

    /// Notes of a contact, newest first; before them those on their way there, and without those whose deletion is. `own` says whose
    /// note is the caller's, `name` what a user is called.
    pub fn contact_notes(
        &self,
        contact_id: i64,
        agent: Option<i64>,
        user: &str,
        name: &dyn Fn(&str) -> String,
    ) -> Result<Vec<ContactNoteView>, StoreError> {
        const SQL: Sql = Sql::new(
            "select id, content, author_id, author_name, created_at_us from contact_notes
             where tenant_id = :tenant and contact_id = :contact order by created_at_us desc, id desc",
        );
        let on_their_way = self.open_of_contact(contact_id)?;
        let deleted: Vec<i64> = on_their_way
            .iter()
            .filter(|row| row.kind == OutboxKind::Delete && row.is_unconfirmed())
            .filter_map(|row| row.payload.get("note_id").and_then(Value::as_i64))
            .collect();
        let mut notes: Vec<ContactNoteView> =
            on_their_way.iter().rev().filter(|row| row.kind == OutboxKind::ContactNote).map(|row| waiting(row, user, name)).collect();
        let kept = self.all(SQL, named_params! { ":contact": contact_id }, read)?;
        notes.extend(kept.into_iter().filter(|row| !deleted.contains(&row.id)).map(|row| ContactNoteView {
            id: Some(row.id),
            outbox_id: None,
            state: None,
            own: row.author.as_ref().is_some_and(|(id, _)| Some(*id) == agent),
            content: row.content,
            author: row.author.map(|(id, name)| Named { id, name }),
            created_at: timestamp(row.created_at),
        }));
        Ok(notes)
    }
}

/// A note that Chatwoot does not have yet.
fn waiting(row: &OutboxRow, user: &str, name: &dyn Fn(&str) -> String) -> ContactNoteView {
    ContactNoteView {
        id: None,
        outbox_id: Some(OutboxId(row.id)),
        state: Some(row.state),
        content: row.content().to_owned(),
        author: row.user.as_deref().map(|by| Named { id: 0, name: name(by) }),
        own: row.user.as_deref() == Some(user),
        created_at: timestamp(row.created_at),
    }
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<ContactNoteRow> {
    let (id, name): (Option<i64>, Option<String>) = (row.get("author_id")?, row.get("author_name")?);
    Ok(ContactNoteRow {
        id: row.get("id")?,
        content: row.get("content")?,
        author: id.map(|id| (id, name.unwrap_or_default())),
        created_at: row.get("created_at_us")?,
    })
}
