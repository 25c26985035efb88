//! The account's agents, inboxes, teams and labels: small lists, read whole and replaced whole.

use api::event::{ActivityType, SubjectType};
use api::inbox::{InboxView, LabelView, Named};
use rusqlite::named_params;

use super::{NewActivity, Scope, Sql, StoreError};

/// A Chatwoot agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentRow {
    /// Chatwoot's user id.
    pub id: i64,
    /// As Chatwoot shows it.
    pub name: String,
    /// Lower case.
    pub email: Option<String>,
}

/// All lists together, each sorted by its key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directory {
    /// Agents.
    pub agents: Vec<AgentRow>,
    /// Inboxes.
    pub inboxes: Vec<InboxView>,
    /// Teams.
    pub teams: Vec<Named>,
    /// Labels.
    pub labels: Vec<LabelView>,
}

impl Scope<'_> {
    /// The lists as they are kept.
    pub fn directory(&self) -> Result<Directory, StoreError> {
        Ok(Directory { agents: self.agents()?, inboxes: self.inboxes()?, teams: self.teams()?, labels: self.labels()? })
    }

    /// Agents by name.
    pub fn agents(&self) -> Result<Vec<AgentRow>, StoreError> {
        const SQL: Sql = Sql::new("select id, name, email from agents where tenant_id = :tenant order by lower(name), id");
        self.all(SQL, &[], |row| Ok(AgentRow { id: row.get("id")?, name: row.get("name")?, email: row.get("email")? }))
    }

    /// Inboxes by name.
    pub fn inboxes(&self) -> Result<Vec<InboxView>, StoreError> {
        const SQL: Sql = Sql::new("select id, name, channel, email from inboxes where tenant_id = :tenant order by lower(name), id");
        self.all(SQL, &[], |row| {
            Ok(InboxView { id: row.get("id")?, name: row.get("name")?, channel: row.get("channel")?, email: row.get("email")? })
        })
    }

    /// Teams by name.
    pub fn teams(&self) -> Result<Vec<Named>, StoreError> {
        const SQL: Sql = Sql::new("select id, name from teams where tenant_id = :tenant order by name, id");
        self.all(SQL, &[], |row| Ok(Named { id: row.get("id")?, name: row.get("name")? }))
    }

    /// Labels by title.
    pub fn labels(&self) -> Result<Vec<LabelView>, StoreError> {
        const SQL: Sql = Sql::new("select title, color, description from labels where tenant_id = :tenant order by title");
        self.all(SQL, &[], |row| Ok(LabelView { title: row.get("title")?, color: row.get("color")?, description: row.get("description")? }))
    }

    /// Replaces all lists; says whether anything changed, and tells the clients if so.
    pub fn replace_directory(&self, new: &Directory) -> Result<bool, StoreError> {
        let sorted = |mut d: Directory| {
            d.agents.sort_by_key(|a| a.id);
            d.inboxes.sort_by_key(|i| i.id);
            d.teams.sort_by_key(|t| t.id);
            d.labels.sort_by(|a, b| a.title.cmp(&b.title));
            d
        };
        if sorted(self.directory()?) == sorted(new.clone()) {
            return Ok(false);
        }
        const CLEAR: [Sql; 4] = [
            Sql::new("delete from agents where tenant_id = :tenant"),
            Sql::new("delete from inboxes where tenant_id = :tenant"),
            Sql::new("delete from teams where tenant_id = :tenant"),
            Sql::new("delete from labels where tenant_id = :tenant"),
        ];
        for sql in CLEAR {
            self.run(sql, &[])?;
        }
        const AGENT: Sql = Sql::new("insert or replace into agents (tenant_id, id, name, email) values (:tenant, :id, :name, :email)");
        for agent in &new.agents {
            self.run(AGENT, named_params! { ":id": agent.id, ":name": agent.name, ":email": agent.email })?;
        }
        const INBOX: Sql =
            Sql::new("insert or replace into inboxes (tenant_id, id, name, channel, email) values (:tenant, :id, :name, :channel, :email)");
        for inbox in &new.inboxes {
            self.run(INBOX, named_params! { ":id": inbox.id, ":name": inbox.name, ":channel": inbox.channel, ":email": inbox.email })?;
        }
        const TEAM: Sql = Sql::new("insert or replace into teams (tenant_id, id, name) values (:tenant, :id, :name)");
        for team in &new.teams {
            self.run(TEAM, named_params! { ":id": team.id, ":name": team.name })?;
        }
        const LABEL: Sql =
            Sql::new("insert or replace into labels (tenant_id, title, color, description) values (:tenant, :title, :color, :description)");
        for label in &new.labels {
            self.run(LABEL, named_params! { ":title": label.title, ":color": label.color, ":description": label.description })?;
        }
        self.record_activity(NewActivity::by_chatwoot(ActivityType::DirectoryUpdated, SubjectType::Sync, "directory".to_owned()))?;
        Ok(true)
    }
}
