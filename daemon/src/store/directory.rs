//! The account's agents, inboxes, teams and labels: small lists, read whole and replaced whole.

use api::event::{ActivityType, SubjectType};
use api::inbox::{InboxView, LabelView, Named};
use api::template::{TemplateView, variables};
use rusqlite::{Row, named_params};

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

/// A message template of a WhatsApp inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateRow {
    /// The inbox.
    pub inbox_id: i64,
    /// Of the business, where the provider has it.
    pub namespace: Option<String>,
    /// As clients see it.
    pub view: TemplateView,
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
    /// Templates of WhatsApp inboxes.
    pub templates: Vec<TemplateRow>,
}

impl Scope<'_> {
    /// The lists as they are kept.
    pub fn directory(&self) -> Result<Directory, StoreError> {
        let (agents, inboxes, teams, labels) = (self.agents()?, self.inboxes()?, self.teams()?, self.labels()?);
        Ok(Directory { agents, inboxes, teams, labels, templates: self.all_templates()? })
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

    /// Whether there is such an inbox.
    pub fn has_inbox(&self, id: i64) -> Result<bool, StoreError> {
        const SQL: Sql = Sql::new("select count(*) from inboxes where tenant_id = :tenant and id = :id");
        Ok(self.number(SQL, named_params! { ":id": id })? > 0)
    }

    /// Templates of an inbox by name and language.
    pub fn templates(&self, inbox_id: i64) -> Result<Vec<TemplateRow>, StoreError> {
        const SQL: Sql =
            Sql::new("select * from message_templates where tenant_id = :tenant and inbox_id = :inbox order by name, language");
        self.all(SQL, named_params! { ":inbox": inbox_id }, read_template)
    }

    fn all_templates(&self) -> Result<Vec<TemplateRow>, StoreError> {
        const SQL: Sql = Sql::new("select * from message_templates where tenant_id = :tenant order by inbox_id, name, language");
        self.all(SQL, &[], read_template)
    }

    fn replace_templates(&self, templates: &[TemplateRow]) -> Result<(), StoreError> {
        const CLEAR: Sql = Sql::new("delete from message_templates where tenant_id = :tenant");
        const TEMPLATE: Sql = Sql::new(
            "insert or replace into message_templates (tenant_id, inbox_id, name, language, category, namespace, header, body, footer, buttons,
                 unusable)
             values (:tenant, :inbox, :name, :language, :category, :namespace, :header, :body, :footer, :buttons, :unusable)",
        );
        self.run(CLEAR, &[])?;
        for TemplateRow { inbox_id, namespace, view } in templates {
            let buttons = serde_json::json!(view.buttons).to_string();
            self.run(
                TEMPLATE,
                named_params! {
                    ":inbox": inbox_id, ":name": view.name, ":language": view.language, ":category": view.category, ":namespace": namespace,
                    ":header": view.header, ":body": view.body, ":footer": view.footer, ":buttons": buttons, ":unusable": view.unusable,
                },
            )?;
        }
        Ok(())
    }

    /// Replaces all lists; says whether anything changed, and tells the clients if so.
    pub fn replace_directory(&self, new: &Directory) -> Result<bool, StoreError> {
        let sorted = |mut d: Directory| {
            d.agents.sort_by_key(|a| a.id);
            d.inboxes.sort_by_key(|i| i.id);
            d.teams.sort_by_key(|t| t.id);
            d.labels.sort_by(|a, b| a.title.cmp(&b.title));
            d.templates.sort_by(|a, b| (a.inbox_id, &a.view.name, &a.view.language).cmp(&(b.inbox_id, &b.view.name, &b.view.language)));
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
        self.replace_templates(&new.templates)?;
        self.record_activity(NewActivity::by_chatwoot(ActivityType::DirectoryUpdated, SubjectType::Sync, "directory".to_owned()))?;
        Ok(true)
    }
}

fn read_template(row: &Row<'_>) -> rusqlite::Result<TemplateRow> {
    let body: String = row.get("body")?;
    let view = TemplateView {
        name: row.get("name")?,
        language: row.get("language")?,
        category: row.get("category")?,
        header: row.get("header")?,
        variables: variables(&body),
        body,
        footer: row.get("footer")?,
        buttons: serde_json::from_str(row.get_ref("buttons")?.as_str()?).unwrap_or_default(),
        unusable: row.get("unusable")?,
    };
    Ok(TemplateRow { inbox_id: row.get("inbox_id")?, namespace: row.get("namespace")?, view })
}
