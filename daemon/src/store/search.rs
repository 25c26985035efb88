//! Full-text search over messages, and the contacts that the same words name.

use std::collections::HashMap;

use api::id::{ConversationId, MessageId};
use api::inbox::{AttachmentView, ContactView, MessageType, Sender, SenderKind};
use api::lists::CannedResponseView;
use api::search::{ASIDE_MAX, FoundMessage};
use rusqlite::{Row, named_params};

use super::contacts::{named, patterns};
use super::{Scope, Sql, StoreError};
use crate::clock::timestamp;
use crate::domain::search::{Author, CLOSE, OPEN, Search, ranges, snippet};

/// Hits are counted so far: the number is for people, and counting on costs as much as finding.
const COUNT_MAX: u32 = 1_000;

/// Deleted messages keep no words of their own, and lines about changes were written by nobody.
macro_rules! fits {
    () => {
        " and m.deleted = 0 and m.message_type <> 'activity'
          and (:before is null or m.created_at_us < :before) and (:after is null or m.created_at_us >= :after)
          and (:files = 0 or m.attachments <> '[]') and (:notes = 0 or m.private = 1)
          and (:inboxes is null or exists (select 1 from json_each(:inboxes) w where i.name like w.value escape '\\'))
          and (:labels is null or not exists (select 1 from json_each(:labels) w where not exists (select 1 from conversation_labels l
                where l.tenant_id = :tenant and l.conversation_id = m.conversation_id and l.title = w.value)))
          and (:anybody = 1 or (m.sender_kind = 'user' and m.sender_id = :me)
               or exists (select 1 from json_each(:names) w where m.sender_name like w.value escape '\\'
                     or (m.message_type = 'incoming' and k.name like w.value escape '\\'))) "
    };
}

macro_rules! around {
    () => {
        " cross join conversations c on c.tenant_id = :tenant and c.id = m.conversation_id
           left join contacts k on k.tenant_id = :tenant and k.id = c.contact_id
           left join inboxes i on i.tenant_id = :tenant and i.id = c.inbox_id "
    };
}

// `cross join` fixes the order: the index first where there are words, else the tenant's messages from the newest on.
macro_rules! with_words {
    () => {
        concat!(
            " from messages_fts cross join messages m on m.row = messages_fts.rowid ",
            around!(),
            "where m.tenant_id = :tenant and messages_fts match :q",
            fits!()
        )
    };
}

macro_rules! without_words {
    () => {
        concat!(" from messages m ", around!(), "where m.tenant_id = :tenant and :q is null", fits!())
    };
}

macro_rules! page {
    ($from:expr) => {
        Sql::new(concat!("select m.row, m.id", $from, "and (:below is null or m.id < :below) order by m.id desc limit :limit"))
    };
}

macro_rules! count {
    ($from:expr) => {
        Sql::new(concat!("select 1", $from, "limit :limit"))
    };
}

// Words alone need nothing of the conversation: half the time where hundreds of thousands of messages hold the word.
macro_rules! words_alone {
    () => {
        " from messages_fts cross join messages m on m.row = messages_fts.rowid where m.tenant_id = :tenant and messages_fts match :q
          and m.deleted = 0 and m.message_type <> 'activity' "
    };
}

const PAGE_OF_WORDS_ALONE: Sql = page!(words_alone!());
const COUNT_OF_WORDS_ALONE: Sql = count!(words_alone!());
const PAGE_OF_WORDS: Sql = page!(with_words!());
const PAGE: Sql = page!(without_words!());
const COUNT_OF_WORDS: Sql = count!(with_words!());
const COUNT: Sql = count!(without_words!());

const CONTACTS: Sql = Sql::new(concat!(
    "select k.id, k.name, k.email, k.phone_number, k.identifier, k.blocked",
    named!(),
    "order by k.last_activity_at_us desc, k.id desc limit :limit"
));

/// The statements that macros put together, for the test of their plans.
#[cfg(test)]
pub(super) const ALL: &[Sql] = &[PAGE_OF_WORDS_ALONE, COUNT_OF_WORDS_ALONE, PAGE_OF_WORDS, PAGE, COUNT_OF_WORDS, COUNT, CONTACTS];

/// A query's values, as the statements take them.
struct Values {
    q: Option<String>,
    names: String,
    inboxes: Option<String>,
    labels: Option<String>,
    anybody: bool,
    me: Option<i64>,
}

impl Values {
    fn new(search: &Search, me: Option<i64>) -> Self {
        let list = |words: &[String]| (!words.is_empty()).then(|| serde_json::json!(words).to_string());
        let names = search.from.iter().filter_map(|author| if let Author::Named(name) = author { Some(holds(name)) } else { None });
        let inboxes: Vec<String> = search.inboxes.iter().map(|name| holds(name)).collect();
        Self {
            q: search.expression(),
            names: serde_json::json!(names.collect::<Vec<_>>()).to_string(),
            inboxes: list(&inboxes),
            labels: list(&search.labels),
            anybody: search.from.is_empty(),
            me: me.filter(|_| search.from.contains(&Author::Me)),
        }
    }
}

/// A pattern for what holds the text.
pub(super) fn holds(text: &str) -> String {
    format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}

impl Scope<'_> {
    /// A page of messages that fit, newest first, and whether there are more. `me` is the caller's agent, `below` the last id of the page before.
    pub fn search_messages(
        &self,
        search: &Search,
        me: Option<i64>,
        below: Option<i64>,
        limit: u32,
    ) -> Result<(Vec<FoundMessage>, bool), StoreError> {
        if search.is_empty() {
            return Ok((Vec::new(), false));
        }
        let v = Values::new(search, me);
        // Numbers alone are sorted; texts are read for the rows of the page.
        let numbers = |row: &Row<'_>| Ok((row.get::<_, i64>("row")?, row.get::<_, i64>("id")?));
        let one_more = i64::from(limit) + 1;
        let mut rows = if v.q.is_some() && search.is_plain() {
            self.all(PAGE_OF_WORDS_ALONE, named_params! { ":q": v.q, ":below": below, ":limit": one_more }, numbers)?
        } else {
            let sql = if v.q.is_some() { PAGE_OF_WORDS } else { PAGE };
            let params = named_params! {
                ":q": v.q, ":names": v.names, ":inboxes": v.inboxes, ":labels": v.labels, ":anybody": v.anybody, ":me": v.me,
                ":before": search.before, ":after": search.after, ":files": search.attachment, ":notes": search.note,
                ":below": below, ":limit": one_more,
            };
            self.all(sql, params, numbers)?
        };
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let numbers: Vec<i64> = rows.iter().map(|(row, _)| *row).collect();
        let marked = v.q.as_deref().map(|q| self.marked(&numbers, q)).transpose()?.unwrap_or_default();
        let mut found = Vec::with_capacity(rows.len());
        for (row, id) in rows {
            if let Some((text, mut message)) = self.found(id)? {
                let hits = marked.get(&row).map(|marked| ranges(&text, marked)).unwrap_or_default();
                message.snippet = snippet(&text, &hits);
                found.push(message);
            }
        }
        Ok((found, more))
    }

    fn found(&self, id: i64) -> Result<Option<(String, FoundMessage)>, StoreError> {
        const SQL: Sql = Sql::new(
            "select m.*, k.name as contact_name from messages m
             join conversations c on c.tenant_id = :tenant and c.id = m.conversation_id
             left join contacts k on k.tenant_id = :tenant and k.id = c.contact_id where m.tenant_id = :tenant and m.id = :id",
        );
        self.one(SQL, named_params! { ":id": id }, |row| Ok((text(row)?, read(row)?)))
    }

    /// The texts of these rows with the hits marked. FTS5 knows what it took for the same word. It is asked once for a whole page: the hits of a
    /// beginning are put together anew for each question, which takes as long as the search.
    fn marked(&self, rows: &[i64], q: &str) -> Result<HashMap<i64, String>, StoreError> {
        const SQL: Sql = Sql::new(
            "select messages_fts.rowid as row, highlight(messages_fts, 0, :open, :close) as text
             from messages_fts cross join messages m on m.row = messages_fts.rowid
             where m.tenant_id = :tenant and messages_fts match :q and messages_fts.rowid between :low and :high
             and +messages_fts.rowid in (select value from json_each(:rows))",
        );
        let (Some(low), Some(high)) = (rows.iter().min(), rows.iter().max()) else { return Ok(HashMap::new()) };
        let params = named_params! {
            ":open": OPEN.to_string(), ":close": CLOSE.to_string(), ":q": q, ":low": low, ":high": high,
            ":rows": serde_json::json!(rows).to_string(),
        };
        let marked = self.all(SQL, params, |row| Ok((row.get("row")?, row.get::<_, Option<String>>("text")?.unwrap_or_default())))?;
        Ok(marked.into_iter().collect())
    }

    /// How many messages fit, counted to 1,000.
    pub fn search_count(&self, search: &Search, me: Option<i64>) -> Result<u64, StoreError> {
        if search.is_empty() {
            return Ok(0);
        }
        let v = Values::new(search, me);
        if v.q.is_some() && search.is_plain() {
            return Ok(self.all(COUNT_OF_WORDS_ALONE, named_params! { ":q": v.q, ":limit": COUNT_MAX }, |_| Ok(()))?.len() as u64);
        }
        let sql = if v.q.is_some() { COUNT_OF_WORDS } else { COUNT };
        let params = named_params! {
            ":q": v.q, ":names": v.names, ":inboxes": v.inboxes, ":labels": v.labels, ":anybody": v.anybody, ":me": v.me,
            ":before": search.before, ":after": search.after, ":files": search.attachment, ":notes": search.note, ":limit": COUNT_MAX,
        };
        Ok(self.all(sql, params, |_| Ok(()))?.len() as u64)
    }

    /// Contacts that every word names, the last active first.
    pub fn search_contacts(&self, search: &Search) -> Result<Vec<ContactView>, StoreError> {
        if search.terms.is_empty() || !search.is_plain() {
            return Ok(Vec::new());
        }
        let words: Vec<&str> = search.terms.iter().map(|term| term.text.as_str()).collect();
        let (first, rest) = patterns(&words);
        self.all(CONTACTS, named_params! { ":first": first, ":rest": rest, ":limit": ASIDE_MAX as i64 }, |row| {
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

    /// Canned responses that hold every word, those whose code does first.
    pub fn search_canned_responses(&self, search: &Search) -> Result<Vec<CannedResponseView>, StoreError> {
        if search.terms.is_empty() || !search.is_plain() {
            return Ok(Vec::new());
        }
        let words: Vec<String> = search.terms.iter().map(|term| term.text.to_lowercase()).collect();
        let all_in = |text: &str| words.iter().all(|word| text.contains(word.as_str()));
        // An account has dozens of them: the list is read whole wherever it is needed.
        let mut found: Vec<(bool, CannedResponseView)> = Vec::new();
        for row in self.canned_responses()? {
            let code = row.short_code.to_lowercase();
            if all_in(&format!("{code}\n{}", row.content.to_lowercase())) {
                found.push((!all_in(&code), row));
            }
        }
        found.sort_by_key(|(by_text, _)| *by_text);
        found.truncate(ASIDE_MAX);
        Ok(found.into_iter().map(|(_, row)| row).collect())
    }
}

/// What is shown of a message: its text, or the names of its files.
fn text(row: &Row<'_>) -> rusqlite::Result<String> {
    if let Some(text) = row.get::<_, Option<String>>("content")?.filter(|text| !text.trim().is_empty()) {
        return Ok(text);
    }
    let files: Vec<AttachmentView> = serde_json::from_str(row.get_ref("attachments")?.as_str()?).unwrap_or_default();
    Ok(files.iter().map(|file| format!("[{}]", file.name)).collect::<Vec<_>>().join(" "))
}

fn read(row: &Row<'_>) -> rusqlite::Result<FoundMessage> {
    let kind = row.get::<_, Option<String>>("sender_kind")?.and_then(|kind| kind.parse::<SenderKind>().ok());
    let (id, name): (_, Option<String>) = (row.get("sender_id")?, row.get("sender_name")?);
    Ok(FoundMessage {
        id: MessageId(row.get("id")?),
        conversation_id: ConversationId(row.get("conversation_id")?),
        contact: row.get::<_, Option<String>>("contact_name")?.unwrap_or_default(),
        sender: kind.map(|kind| Sender { id, kind, name: name.unwrap_or_default() }),
        message_type: row.get::<_, String>("message_type")?.parse().unwrap_or(MessageType::Incoming),
        private: row.get("private")?,
        created_at: timestamp(row.get("created_at_us")?),
        snippet: Vec::new(),
    })
}
