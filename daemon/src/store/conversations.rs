//! Conversations as they are listed and read.

use api::id::{ApprovalId, ConversationId, Reference};
use api::inbox::{ApprovalMark, ContactView, ConversationStatus, ConversationView, InboxView, MessageType, Named, Priority, Snippet, Sort};
use api::page::{Counts, Source};
use rusqlite::{Row, named_params};

use super::{Scope, Sql, StoreError};
use crate::clock::{Micros, timestamp};
use crate::domain::filter::Groups;

/// A conversation as Chatwoot described it, ready to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationRow {
    /// Display id.
    pub id: i64,
    /// Status.
    pub status: ConversationStatus,
    /// Priority.
    pub priority: Option<Priority>,
    /// Inbox.
    pub inbox_id: i64,
    /// Customer.
    pub contact_id: i64,
    /// The agent who works on it, by id and name.
    pub assignee: Option<(i64, String)>,
    /// Team.
    pub team_id: Option<i64>,
    /// Labels, sorted.
    pub labels: Vec<String>,
    /// Incoming messages no agent has seen.
    pub unread_count: i64,
    /// Whether the channel takes a reply.
    pub can_reply: bool,
    /// Since when the customer waits.
    pub waiting_since: Option<Micros>,
    /// Until when it sleeps.
    pub snoozed_until: Option<Micros>,
    /// Beginning.
    pub created_at: Micros,
    /// Newest activity.
    pub last_activity_at: Micros,
    /// Chatwoot's clock for this row.
    pub updated_at: Micros,
    /// JSON object of Chatwoot's own keys.
    pub additional_attributes: String,
    /// JSON object of the account's keys.
    pub custom_attributes: String,
    /// When an agent last looked.
    pub agent_last_seen_at: Option<Micros>,
    /// First reply by a person.
    pub first_reply_created_at: Option<Micros>,
}

/// Whose conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assignee {
    /// Everybody's and nobody's.
    All,
    /// Somebody's.
    Assigned,
    /// Nobody's.
    Unassigned,
    /// One agent's.
    Agent(i64),
    /// The caller's, who is no Chatwoot agent: none.
    NoAgent,
}

/// A cut through all conversations that Chatwoot has a name for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConversationType {
    /// The caller was mentioned.
    Mention,
    /// Without a first reply, or the customer waits.
    Unattended,
}

/// What to list.
#[derive(Debug, Clone)]
pub struct ConversationFilter {
    /// `None` = all.
    pub status: Option<ConversationStatus>,
    /// Whose.
    pub assignee: Assignee,
    /// The caller's agent, for the count of "mine".
    pub me: Option<i64>,
    /// One inbox.
    pub inbox: Option<i64>,
    /// One team.
    pub team: Option<i64>,
    /// One contact.
    pub contact: Option<i64>,
    /// Any of these labels; empty = no such filter.
    pub labels: Vec<String>,
    /// Chatwoot's type.
    pub conversation_type: Option<ConversationType>,
    /// One priority, or `none`.
    pub priority: Option<&'static str>,
    /// Only with messages that no agent has seen.
    pub unread: bool,
    /// Only where the customer waits since then or longer.
    pub waiting_before: Option<Micros>,
    /// A saved filter.
    pub view: Option<Groups>,
    /// Words to find.
    pub q: Option<String>,
    /// Order.
    pub sort: Sort,
}

/// Where in the order a page begins: after this row, and so many rows further.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Place {
    /// Sort key and id of the last row of the page before.
    pub after: Option<(i64, i64, i64)>,
    /// Rows to pass over; only for pages by number.
    pub offset: u64,
}

// `cross join`: the index first. The other way round each of a million messages would ask it.
macro_rules! filter {
    () => {
        "where c.tenant_id = :tenant
          and (:status is null or c.status = :status)
          and (:inbox is null or c.inbox_id = :inbox)
          and (:team is null or c.team_id = :team)
          and (:priority is null or coalesce(c.priority, 'none') = :priority)
          and (:unread = 0 or c.unread_count > 0)
          and (:waiting_before is null or c.waiting_since_us <= :waiting_before)
          and (:type is null or (:type = 'unattended' and (c.first_reply_created_at_us is null or c.waiting_since_us is not null))
               or (:type = 'mention' and exists (select 1 from personal p where p.tenant_id = :tenant and p.agent_id = :me and p.kind = 'mention'
                     and p.id = c.id)))
          and (:contact is null or c.contact_id = :contact)
          and (:view is null or exists (select 1 from json_each(:view) g where not exists (
                select 1 from (select k.value as k, k.value ->> 'operator' as o, k.value -> 'values' as v, k.value -> 'values' ->> 0 as v0,
                    case k.value ->> 'fact' when 'status' then c.status when 'priority' then c.priority when 'assignee_id' then c.assignee_id
                      when 'inbox_id' then c.inbox_id when 'team_id' then c.team_id when 'contact_id' then c.contact_id when 'display_id' then c.id
                      when 'created_at' then c.created_at_us / 86400000000 when 'last_activity_at' then c.last_activity_at_us / 86400000000
                      when 'extra' then c.additional_attributes ->> (k.value ->> 'key') when 'own' then c.custom_attributes ->> (k.value ->> 'key')
                      when 'labels' then (select 1 from conversation_labels l where l.tenant_id = :tenant and l.conversation_id = c.id limit 1)
                    end as x,
                    k.value ->> 'fact' = 'labels' and exists (select 1 from conversation_labels l where l.tenant_id = :tenant
                      and l.conversation_id = c.id and lower(l.title) in (select value from json_each(k.value -> 'values'))) as labelled
                  from json_each(g.value) k)
                where not coalesce(case o
                    when 'in' then labelled or lower(x) in (select value from json_each(v))
                    when 'not' then x is not null and lower(x) not in (select value from json_each(v))
                    when 'not_or_unset' then not labelled and (x is null or lower(x) not in (select value from json_each(v)))
                    when 'has' then instr(lower(x), v0) > 0 when 'hasnt' then instr(lower(x), v0) = 0
                    when 'set' then x is not null when 'unset' then x is null
                    when 'day_after' then x > v0 when 'day_before' then x < v0
                    when 'more' then cast(x as real) > v0 when 'less' then cast(x as real) < v0
                    when 'later' then substr(x, 1, 10) > v0 when 'earlier' then substr(x, 1, 10) < v0
                    when 'always' then 1 else 0 end, 0))))
          and (:labels is null or exists (select 1 from conversation_labels l where l.tenant_id = :tenant and l.conversation_id = c.id
                and l.title in (select value from json_each(:labels))))
          and (:q is null or c.id in (select m.conversation_id from messages_fts cross join messages m on m.row = messages_fts.rowid
                where m.tenant_id = :tenant and messages_fts match :q)
               or exists (select 1 from contacts k2 where k2.tenant_id = :tenant and k2.id = c.contact_id and k2.name like :like escape '\\')) "
    };
}

macro_rules! columns {
    () => {
        "select c.*, i.name as inbox_name, i.channel as inbox_channel, i.email as inbox_email, t.name as team_name, a.name as agent_name,
                k.name as contact_name, k.email, k.phone_number, k.identifier, k.blocked
           from conversations c
           left join inboxes i on i.tenant_id = c.tenant_id and i.id = c.inbox_id
           left join teams t on t.tenant_id = c.tenant_id and t.id = c.team_id
           left join agents a on a.tenant_id = c.tenant_id and a.id = c.assignee_id
           left join contacts k on k.tenant_id = c.tenant_id and k.id = c.contact_id "
    };
}

// The page's numbers first, then their rows: sorting whole rows of 100,000 conversations, with their names, takes five times as long.
macro_rules! list {
    ($after:literal, $order:literal) => {
        Sql::new(concat!(
            columns!(),
            "where c.tenant_id = :tenant and c.id in (select c.id from conversations c ",
            filter!(),
            " and (:whose = 'all' or (:whose = 'assigned' and c.assignee_id is not null)
                   or (:whose = 'unassigned' and c.assignee_id is null) or (:whose = 'agent' and c.assignee_id = :agent))
              and (:k1 is null or ",
            $after,
            ") order by ",
            $order,
            " limit :limit offset :offset) order by ",
            $order
        ))
    };
}

const BY_ACTIVITY: Sql = list!("(c.last_activity_at_us, 0, c.id) < (:k1, :k2, :after_id)", "c.last_activity_at_us desc, c.id desc");
const BY_CREATED: Sql = list!("(c.created_at_us, 0, c.id) < (:k1, :k2, :after_id)", "c.created_at_us desc, c.id desc");
// Nobody waits: behind everyone who does.
const BY_WAITING: Sql = list!(
    "(coalesce(c.waiting_since_us, 9223372036854775807), -c.last_activity_at_us, c.id) > (:k1, :k2, :after_id)",
    "coalesce(c.waiting_since_us, 9223372036854775807), -c.last_activity_at_us, c.id"
);
const BY_PRIORITY: Sql = list!(
    "(case c.priority when 'urgent' then 0 when 'high' then 1 when 'medium' then 2 when 'low' then 3 else 4 end, -c.last_activity_at_us, c.id)
     > (:k1, :k2, :after_id)",
    "case c.priority when 'urgent' then 0 when 'high' then 1 when 'medium' then 2 when 'low' then 3 else 4 end, -c.last_activity_at_us, c.id"
);

const COUNTS: Sql = Sql::new(concat!(
    "select count(*) as all_count, count(*) filter (where c.assignee_id = :me) as mine,
            count(*) filter (where c.assignee_id is null) as unassigned from conversations c ",
    filter!()
));
const ONE: Sql = Sql::new(concat!(columns!(), "where c.tenant_id = :tenant and c.id = :id"));

/// The statements that macros put together, for the test of their plans.
#[cfg(test)]
pub(super) const ALL: &[Sql] = &[BY_ACTIVITY, BY_CREATED, BY_WAITING, BY_PRIORITY, COUNTS, ONE];

impl ConversationType {
    fn as_str(self) -> &'static str {
        match self {
            Self::Mention => "mention",
            Self::Unattended => "unattended",
        }
    }
}

impl Scope<'_> {
    /// A page of conversations and the place after it (`None` at the end). `url` is Chatwoot's page of all conversations.
    pub fn conversations(
        &self,
        filter: &ConversationFilter,
        place: Place,
        limit: u32,
        url: &str,
    ) -> Result<(Vec<ConversationView>, Option<Place>), StoreError> {
        let sql = match filter.sort {
            Sort::Activity => BY_ACTIVITY,
            Sort::Created => BY_CREATED,
            Sort::Waiting => BY_WAITING,
            Sort::Priority => BY_PRIORITY,
        };
        let (whose, agent) = match filter.assignee {
            Assignee::All => ("all", None),
            Assignee::Assigned => ("assigned", None),
            Assignee::Unassigned => ("unassigned", None),
            Assignee::Agent(id) => ("agent", Some(id)),
            Assignee::NoAgent => ("agent", None),
        };
        let (labels, q, like) = texts(filter);
        let view = saved(filter);
        let (k1, k2, after_id) = place.after.map_or((None, None, None), |(a, b, c)| (Some(a), Some(b), Some(c)));
        let params = named_params! {
            ":status": filter.status.map(ConversationStatus::as_str), ":inbox": filter.inbox, ":team": filter.team,
            ":contact": filter.contact, ":view": view, ":labels": labels, ":q": q, ":like": like, ":whose": whose, ":agent": agent,
            ":type": filter.conversation_type.map(ConversationType::as_str), ":priority": filter.priority, ":unread": filter.unread, ":me": filter.me,
            ":waiting_before": filter.waiting_before,
            ":k1": k1, ":k2": k2, ":after_id": after_id, ":limit": i64::from(limit) + 1, ":offset": place.offset as i64,
        };
        let sort = filter.sort;
        let mut rows = self.all(sql, params, |row| Ok((keys(row, sort)?, read(row, url)?)))?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| more).map(|(after, _)| Place { after: Some(*after), offset: 0 });
        let views = rows.into_iter().map(|(_, view)| self.complete(view)).collect::<Result<_, _>>()?;
        Ok((views, next))
    }

    /// How many conversations fit the filter, whoever works on them.
    pub fn conversation_counts(&self, filter: &ConversationFilter) -> Result<Counts, StoreError> {
        let (labels, q, like) = texts(filter);
        let view = saved(filter);
        let params = named_params! {
            ":status": filter.status.map(ConversationStatus::as_str), ":inbox": filter.inbox, ":team": filter.team,
            ":contact": filter.contact, ":view": view, ":labels": labels, ":q": q, ":like": like, ":me": filter.me,
            ":type": filter.conversation_type.map(ConversationType::as_str), ":priority": filter.priority, ":unread": filter.unread,
            ":waiting_before": filter.waiting_before,
        };
        let counts = self.one(COUNTS, params, |row| {
            Ok(Counts { mine: row.get("mine")?, unassigned: row.get("unassigned")?, all: row.get("all_count")? })
        })?;
        Ok(counts.unwrap_or_default())
    }

    /// One conversation.
    pub fn conversation(&self, id: i64, url: &str) -> Result<Option<ConversationView>, StoreError> {
        let view = self.one(ONE, named_params! { ":id": id }, |row| read(row, url))?;
        view.map(|view| self.complete(view)).transpose()
    }

    /// Whether the conversation is here.
    pub fn has_conversation(&self, id: i64) -> Result<bool, StoreError> {
        const SQL: Sql = Sql::new("select count(*) from conversations where tenant_id = :tenant and id = :id");
        Ok(self.number(SQL, named_params! { ":id": id })? > 0)
    }

    /// The labels as they are kept, sorted.
    pub fn conversation_labels(&self, id: i64) -> Result<Vec<String>, StoreError> {
        const SQL: Sql =
            Sql::new("select title from conversation_labels where tenant_id = :tenant and conversation_id = :id order by title");
        self.all(SQL, named_params! { ":id": id }, |row| row.get(0))
    }

    /// What stands in other tables: labels, newest line, approvals, our unconfirmed writes.
    fn complete(&self, mut view: ConversationView) -> Result<ConversationView, StoreError> {
        let id = view.id.0;
        view.labels = self.conversation_labels(id)?;
        view.snippet = self.snippet(id)?;
        view.approvals = self.approval_marks(id)?;
        view.pending = self.pending_kinds(id)?;
        Ok(view)
    }

    fn snippet(&self, id: i64) -> Result<Option<Snippet>, StoreError> {
        const SQL: Sql = Sql::new(
            "select content, message_type, private, json_array_length(attachments) as files from messages
             where tenant_id = :tenant and conversation_id = :id and message_type <> 'activity' order by id desc limit 1",
        );
        self.one(SQL, named_params! { ":id": id }, |row| {
            let text: Option<String> = row.get("content")?;
            let files: i64 = row.get("files")?;
            Ok(Snippet {
                text: one_line(text.as_deref().unwrap_or(if files > 0 { "(attachment)" } else { "" })),
                message_type: row.get::<_, String>("message_type")?.parse().unwrap_or(MessageType::Incoming),
                private: row.get("private")?,
            })
        })
    }

    fn approval_marks(&self, id: i64) -> Result<Vec<ApprovalMark>, StoreError> {
        const SQL: Sql = Sql::new(
            "select id, number, status, title, coalesce(submitted_at_us, created_at_us) as at_us from approvals
             where tenant_id = :tenant and conversation_id = :id and status <> 'draft' order by number desc limit 20",
        );
        let read = |row: &Row<'_>| {
            let (id, status): (String, String) = (row.get("id")?, row.get("status")?);
            let (number, title, at): (u32, String, Micros) = (row.get("number")?, row.get("title")?, row.get("at_us")?);
            Ok(id.parse::<ApprovalId>().ok().zip(status.parse().ok()).map(|(id, status)| ApprovalMark {
                id,
                reference: Reference(number),
                status,
                title,
                created_at: timestamp(at),
            }))
        };
        Ok(self.all(SQL, named_params! { ":id": id }, read)?.into_iter().flatten().collect())
    }
}

/// The parameters that search by text: labels as JSON, the full-text query, and the pattern for names.
fn texts(filter: &ConversationFilter) -> (Option<String>, Option<String>, Option<String>) {
    let labels = (!filter.labels.is_empty()).then(|| serde_json::json!(filter.labels).to_string());
    // A NUL is no letter, and FTS5 would end its query there: as in Chatwoot, it counts as nothing.
    let q = filter.q.as_deref().map(|q| q.replace('\0', " "));
    let words = q.as_deref().map(str::trim).filter(|q| !q.is_empty());
    let escape = |q: &str| q.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    (labels, words.map(match_query), words.map(|q| format!("%{}%", escape(q))))
}

/// Every word as typed, the last one as a beginning; quoted, so that nothing in it is FTS5 syntax.
fn match_query(q: &str) -> String {
    let words: Vec<String> = q.split_whitespace().map(|word| format!("\"{}\"", word.replace('"', "\"\""))).collect();
    format!("{}*", words.join(" "))
}

/// A saved filter for SQL. One without conditions holds everything.
fn saved(filter: &ConversationFilter) -> Option<String> {
    filter.view.as_ref().filter(|groups| !groups.is_empty()).map(|groups| serde_json::json!(groups).to_string())
}

fn one_line(text: &str) -> String {
    let mut line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((cut, _)) = line.char_indices().nth(200) {
        line.truncate(cut);
    }
    line
}

fn keys(row: &Row<'_>, sort: Sort) -> rusqlite::Result<(i64, i64, i64)> {
    let id: i64 = row.get("id")?;
    let activity: Micros = row.get("last_activity_at_us")?;
    Ok(match sort {
        Sort::Activity => (activity, 0, id),
        Sort::Created => (row.get("created_at_us")?, 0, id),
        Sort::Waiting => (row.get::<_, Option<Micros>>("waiting_since_us")?.unwrap_or(i64::MAX), -activity, id),
        Sort::Priority => {
            let rank = match row.get_ref("priority")?.as_str_or_null()? {
                Some("urgent") => 0,
                Some("high") => 1,
                Some("medium") => 2,
                Some("low") => 3,
                _ => 4,
            };
            (rank, -activity, id)
        }
    })
}

fn read(row: &Row<'_>, url: &str) -> rusqlite::Result<ConversationView> {
    let id: i64 = row.get("id")?;
    let inbox_id: i64 = row.get("inbox_id")?;
    let contact_id: i64 = row.get("contact_id")?;
    let assignee_name = row.get::<_, Option<String>>("agent_name")?.or(row.get("assignee_name")?);
    let named = |id: Option<i64>, name: Option<String>| id.map(|id| Named { id, name: name.unwrap_or_else(|| format!("#{id}")) });
    let stamp = |at: Option<Micros>| at.map(timestamp);
    Ok(ConversationView {
        id: ConversationId(id),
        status: row.get::<_, String>("status")?.parse().unwrap_or(ConversationStatus::Open),
        priority: row.get::<_, Option<String>>("priority")?.and_then(|p| p.parse().ok()),
        inbox: InboxView {
            id: inbox_id,
            name: row.get::<_, Option<String>>("inbox_name")?.unwrap_or_else(|| format!("#{inbox_id}")),
            channel: row.get::<_, Option<String>>("inbox_channel")?.unwrap_or_default(),
            email: row.get("inbox_email")?,
        },
        contact: ContactView {
            id: contact_id,
            name: row.get::<_, Option<String>>("contact_name")?.unwrap_or_default(),
            email: row.get("email")?,
            phone_number: row.get("phone_number")?,
            identifier: row.get("identifier")?,
            blocked: row.get::<_, Option<bool>>("blocked")?.unwrap_or_default(),
        },
        assignee: named(row.get("assignee_id")?, assignee_name),
        team: named(row.get("team_id")?, row.get("team_name")?),
        labels: Vec::new(),
        unread_count: row.get("unread_count")?,
        can_reply: row.get("can_reply")?,
        snippet: None,
        waiting_since: stamp(row.get("waiting_since_us")?),
        snoozed_until: stamp(row.get("snoozed_until_us")?),
        created_at: timestamp(row.get("created_at_us")?),
        last_activity_at: timestamp(row.get("last_activity_at_us")?),
        additional_attributes: object(row, "additional_attributes")?,
        custom_attributes: object(row, "custom_attributes")?,
        approvals: Vec::new(),
        pending: Vec::new(),
        url: format!("{url}{id}"),
        as_of: timestamp(row.get("heard_at_us")?),
        source: Source::Store,
    })
}

/// A JSON object of the store; what is none, which only a damaged file has, reads as empty.
fn object(row: &Row<'_>, column: &str) -> rusqlite::Result<serde_json::Map<String, serde_json::Value>> {
    Ok(serde_json::from_str(row.get_ref(column)?.as_str()?).unwrap_or_default())
}
