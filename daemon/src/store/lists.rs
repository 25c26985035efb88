//! Canned responses, custom attribute definitions, ratings, and what one agent alone may see.

use api::event::{ActivityType, SubjectType};
use api::id::ConversationId;
use api::lists::{CannedResponseView, CustomAttributeView, RatingView};
use rusqlite::{Row, named_params};

use super::{NewActivity, Scope, Sql, StoreError};
use crate::clock::{Micros, timestamp};

impl Scope<'_> {
    /// Canned responses by short code.
    pub fn canned_responses(&self) -> Result<Vec<CannedResponseView>, StoreError> {
        const SQL: Sql =
            Sql::new("select id, short_code, content from canned_responses where tenant_id = :tenant order by lower(short_code), id");
        self.all(SQL, &[], |row| {
            Ok(CannedResponseView { id: row.get("id")?, short_code: row.get("short_code")?, content: row.get("content")? })
        })
    }

    /// The text of a canned response; codes differ by case, as in Chatwoot.
    pub fn canned_response(&self, short_code: &str) -> Result<Option<String>, StoreError> {
        const SQL: Sql =
            Sql::new("select content from canned_responses where tenant_id = :tenant and short_code = :code order by id limit 1");
        self.one(SQL, named_params! { ":code": short_code }, |row| row.get(0))
    }

    /// Keeps a canned response as Chatwoot has it now, or drops one that is deleted, and tells the clients.
    pub fn put_canned_response(&self, row: &CannedResponseView, is_there: bool) -> Result<(), StoreError> {
        const DROP: Sql = Sql::new("delete from canned_responses where tenant_id = :tenant and id = :id");
        const KEEP: Sql =
            Sql::new("insert or replace into canned_responses (tenant_id, id, short_code, content) values (:tenant, :id, :code, :content)");
        match is_there {
            true => self.run(KEEP, named_params! { ":id": row.id, ":code": row.short_code, ":content": row.content })?,
            false => self.run(DROP, named_params! { ":id": row.id })?,
        };
        self.record_activity(NewActivity::by_chatwoot(ActivityType::DirectoryUpdated, SubjectType::Sync, "directory".to_owned()))?;
        Ok(())
    }

    /// Custom attribute definitions by key.
    pub fn custom_attribute_definitions(&self) -> Result<Vec<CustomAttributeView>, StoreError> {
        const SQL: Sql = Sql::new("select * from custom_attribute_definitions where tenant_id = :tenant order by model, key, id");
        self.all(SQL, &[], |row| {
            Ok(CustomAttributeView {
                id: row.get("id")?,
                model: row.get("model")?,
                key: row.get("key")?,
                display_name: row.get("display_name")?,
                display_type: row.get("display_type")?,
                choices: serde_json::from_str(row.get_ref("choices")?.as_str()?).unwrap_or_default(),
                regex_pattern: row.get("regex_pattern")?,
                regex_cue: row.get("regex_cue")?,
            })
        })
    }

    /// Replaces both lists; says whether anything changed, and tells the clients if so.
    pub fn replace_lists(&self, canned: &[CannedResponseView], attributes: &[CustomAttributeView]) -> Result<bool, StoreError> {
        fn by_id<T: Clone>(rows: &[T], id: fn(&T) -> i64) -> Vec<T> {
            let mut rows = rows.to_vec();
            rows.sort_by_key(id);
            rows
        }
        let same = by_id(&self.canned_responses()?, |row| row.id) == by_id(canned, |row| row.id)
            && by_id(&self.custom_attribute_definitions()?, |row| row.id) == by_id(attributes, |row| row.id);
        if same {
            return Ok(false);
        }
        const CLEAR: [Sql; 2] = [
            Sql::new("delete from canned_responses where tenant_id = :tenant"),
            Sql::new("delete from custom_attribute_definitions where tenant_id = :tenant"),
        ];
        for sql in CLEAR {
            self.run(sql, &[])?;
        }
        const CANNED: Sql =
            Sql::new("insert or replace into canned_responses (tenant_id, id, short_code, content) values (:tenant, :id, :code, :content)");
        for row in canned {
            self.run(CANNED, named_params! { ":id": row.id, ":code": row.short_code, ":content": row.content })?;
        }
        const ATTRIBUTE: Sql = Sql::new(
            "insert or replace into custom_attribute_definitions (tenant_id, id, model, key, display_name, display_type, choices, regex_pattern,
                 regex_cue)
             values (:tenant, :id, :model, :key, :name, :type, :choices, :pattern, :cue)",
        );
        for row in attributes {
            let choices = serde_json::json!(row.choices).to_string();
            self.run(
                ATTRIBUTE,
                named_params! {
                    ":id": row.id, ":model": row.model, ":key": row.key, ":name": row.display_name, ":type": row.display_type,
                    ":choices": choices, ":pattern": row.regex_pattern, ":cue": row.regex_cue,
                },
            )?;
        }
        self.record_activity(NewActivity::by_chatwoot(ActivityType::DirectoryUpdated, SubjectType::Sync, "directory".to_owned()))?;
        Ok(true)
    }

    /// Keeps a rating as it was read.
    pub fn apply_rating(&self, rating: &RatingView) -> Result<(), StoreError> {
        const SQL: Sql = Sql::new(
            "insert or replace into csat_responses (tenant_id, id, conversation_id, message_id, contact_id, agent_id, rating, feedback,
                 created_at_us)
             values (:tenant, :id, :conversation, :message, :contact, :agent, :rating, :feedback, :created)",
        );
        if self.is_gone("conversation", rating.conversation_id.0)? {
            return Ok(()); // Read before the conversation went.
        }
        self.run(
            SQL,
            named_params! {
                ":id": rating.id, ":conversation": rating.conversation_id.0, ":message": rating.message_id, ":contact": rating.contact_id,
                ":agent": rating.agent_id, ":rating": rating.rating, ":feedback": rating.feedback,
                ":created": rating.created_at.as_microsecond(),
            },
        )?;
        Ok(())
    }

    /// Ratings, newest first, and how many there are; of one conversation if named.
    pub fn ratings(&self, conversation: Option<i64>, offset: u64, limit: u32) -> Result<(Vec<RatingView>, u64), StoreError> {
        const SQL: Sql = Sql::new(
            "select * from csat_responses where tenant_id = :tenant and (:conversation is null or conversation_id = :conversation)
             order by id desc limit :limit offset :offset",
        );
        const COUNT: Sql = Sql::new(
            "select count(*) from csat_responses where tenant_id = :tenant and (:conversation is null or conversation_id = :conversation)",
        );
        let offset = i64::try_from(offset).unwrap_or(i64::MAX);
        let rows = self.all(SQL, named_params! { ":conversation": conversation, ":limit": limit, ":offset": offset }, read_rating)?;
        Ok((rows, self.number(COUNT, named_params! { ":conversation": conversation })?.unsigned_abs()))
    }

    /// What the agent alone may see of one kind, and when Chatwoot was asked for it; `None` before it ever was.
    pub fn personal(&self, agent: i64, kind: Personal) -> Result<Option<(Micros, Vec<serde_json::Value>)>, StoreError> {
        const SQL: Sql =
            Sql::new("select body from personal where tenant_id = :tenant and agent_id = :agent and kind = :kind order by id desc");
        let Some(at) = self.cursor(&kind.cursor(agent))? else { return Ok(None) };
        let texts: Vec<String> = self.all(SQL, named_params! { ":agent": agent, ":kind": kind.as_str() }, |row| row.get(0))?;
        let read =
            |text: String| serde_json::from_str(&text).map_err(|err| StoreError::Corrupt { table: "personal", message: err.to_string() });
        Ok(Some((at, texts.into_iter().map(read).collect::<Result<_, _>>()?)))
    }

    /// Replaces what the agent alone may see of one kind by what Chatwoot was asked for at `at`: ids and bodies. What was asked for later stays.
    pub fn replace_personal(&self, agent: i64, kind: Personal, at: Micros, rows: &[(i64, serde_json::Value)]) -> Result<(), StoreError> {
        const CLEAR: Sql = Sql::new("delete from personal where tenant_id = :tenant and agent_id = :agent and kind = :kind");
        const ADD: Sql =
            Sql::new("insert or replace into personal (tenant_id, agent_id, kind, id, body) values (:tenant, :agent, :kind, :id, :body)");
        if self.cursor::<Micros>(&kind.cursor(agent))?.is_some_and(|known| known > at) {
            return Ok(());
        }
        self.run(CLEAR, named_params! { ":agent": agent, ":kind": kind.as_str() })?;
        for (id, body) in rows {
            self.run(ADD, named_params! { ":agent": agent, ":kind": kind.as_str(), ":id": id, ":body": body.to_string() })?;
        }
        self.set_cursor(&kind.cursor(agent), &at)
    }

    /// Forgets what the agent alone may see.
    pub fn forget_personal(&self, agent: i64) -> Result<(), StoreError> {
        const SQL: Sql = Sql::new("delete from personal where tenant_id = :tenant and agent_id = :agent");
        self.run(SQL, named_params! { ":agent": agent })?;
        Personal::ALL.into_iter().try_for_each(|kind| self.drop_cursor(&kind.cursor(agent)))
    }
}

/// What one agent alone may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Personal {
    /// Notifications.
    Notification,
    /// Conversations where the agent is mentioned.
    Mention,
    /// Saved filters.
    CustomFilter,
    /// Macros: the agent's own and the account's.
    Macro,
}

impl Personal {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Notification, Self::Mention, Self::CustomFilter, Self::Macro];

    /// Where it is kept when a kind of an agent's was asked for.
    fn cursor(self, agent: i64) -> String {
        format!("personal/{agent}/{}", self.as_str())
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Notification => "notification",
            Self::Mention => "mention",
            Self::CustomFilter => "custom_filter",
            Self::Macro => "macro",
        }
    }
}

fn read_rating(row: &Row<'_>) -> rusqlite::Result<RatingView> {
    Ok(RatingView {
        id: row.get("id")?,
        conversation_id: ConversationId(row.get("conversation_id")?),
        message_id: row.get("message_id")?,
        contact_id: row.get("contact_id")?,
        agent_id: row.get("agent_id")?,
        rating: row.get("rating")?,
        feedback: row.get("feedback")?,
        created_at: timestamp(row.get("created_at_us")?),
    })
}
