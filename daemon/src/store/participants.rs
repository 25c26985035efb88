//! Who takes part in a conversation, as Chatwoot said when somebody looked last: no event tells of it, and the copy does not ask by itself.
//! What waits in the outbox is laid over when it is read.

use api::inbox::Named;
use rusqlite::named_params;
use serde_json::{Value, json};

use super::{OutboxKind, OutboxRow, Scope, Sql, StoreError};
use crate::clock::Micros;
use crate::domain::newer::READ_LONGEST;

/// Conversations whose participants are kept, newest read first: who looks at more is asked of Chatwoot again.
const KEPT_MAX: u32 = 5_000;
/// Agents kept of one conversation: no team is larger, and a menu shows no more.
const AGENTS_MAX: usize = 500;

impl Scope<'_> {
    /// Keeps who takes part, as read; `asked` is our clock when the read was asked for. One asked for before a change of ours was carried out,
    /// or before a read that is here already, changes nothing.
    pub fn keep_participants(&self, conversation_id: i64, agents: &[Named], asked: Micros) -> Result<(), StoreError> {
        const KEPT: Sql = Sql::new(
            "select max(read_at_us, changed_at_us) from participants where tenant_id = :tenant and conversation_id = :conversation",
        );
        const KEEP: Sql = Sql::new(
            "insert into participants (tenant_id, conversation_id, agents, read_at_us) values (:tenant, :conversation, :agents, :asked)
             on conflict do update set agents = excluded.agents, read_at_us = excluded.read_at_us, changed_at_us = 0",
        );
        const OLD: Sql = Sql::new(
            "delete from participants where tenant_id = :tenant and conversation_id in (select p.conversation_id from participants p
                 where p.tenant_id = :tenant order by p.read_at_us desc limit -1 offset :kept)",
        );
        if !self.has_conversation(conversation_id)? {
            return Ok(());
        }
        let kept: Option<Micros> = self.one(KEPT, named_params! { ":conversation": conversation_id }, |row| row.get(0))?;
        // A gap longer than a read can take is a clock that was set back.
        if kept.is_some_and(|kept| kept > asked && kept - asked < READ_LONGEST) {
            return Ok(());
        }
        let agents = json!(agents.iter().take(AGENTS_MAX).collect::<Vec<_>>()).to_string();
        self.run(KEEP, named_params! { ":conversation": conversation_id, ":agents": agents, ":asked": asked })?;
        if kept.is_none() {
            self.run(OLD, named_params! { ":kept": KEPT_MAX })?;
        }
        Ok(())
    }

    /// Who takes part once what waits in the outbox is done, and our clock when Chatwoot was asked last; `None`: it never was.
    pub fn participants(&self, conversation_id: i64) -> Result<Option<(Micros, Vec<Named>)>, StoreError> {
        let Some((at, mut agents)) = self.kept_participants(conversation_id)? else { return Ok(None) };
        for row in self.unconfirmed(conversation_id, None)?.iter().filter(|row| row.kind == OutboxKind::Participants) {
            agents = self.with_change(agents, &row.payload)?;
        }
        Ok(Some((at, agents)))
    }

    /// A change of who takes part was carried out.
    pub(super) fn participants_done(&self, row: &OutboxRow) -> Result<(), StoreError> {
        const SET: Sql = Sql::new(
            "update participants set agents = :agents, changed_at_us = :now where tenant_id = :tenant and conversation_id = :conversation",
        );
        let Some((_, agents)) = self.kept_participants(row.conversation_id)? else { return Ok(()) };
        let agents = json!(self.with_change(agents, &row.payload)?).to_string();
        self.run(SET, named_params! { ":conversation": row.conversation_id, ":agents": agents, ":now": self.now() })?;
        Ok(())
    }

    fn kept_participants(&self, conversation_id: i64) -> Result<Option<(Micros, Vec<Named>)>, StoreError> {
        const SQL: Sql =
            Sql::new("select read_at_us, agents from participants where tenant_id = :tenant and conversation_id = :conversation");
        let kept = self.one(SQL, named_params! { ":conversation": conversation_id }, |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
        let corrupt = |err: serde_json::Error| StoreError::Corrupt { table: "participants", message: err.to_string() };
        kept.map(|(at, agents)| Ok((at, serde_json::from_str(&agents).map_err(corrupt)?))).transpose()
    }

    fn with_change(&self, mut agents: Vec<Named>, payload: &Value) -> Result<Vec<Named>, StoreError> {
        let ids = |key: &str| payload.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_i64);
        let removed: Vec<i64> = ids("remove").collect();
        agents.retain(|agent| !removed.contains(&agent.id));
        let missing: Vec<i64> = ids("add").filter(|id| !agents.iter().any(|agent| agent.id == *id)).collect();
        if !missing.is_empty() {
            let known = self.agents()?.into_iter().filter(|agent| missing.contains(&agent.id));
            agents.extend(known.map(|agent| Named { id: agent.id, name: agent.name }));
        }
        Ok(agents)
    }
}
