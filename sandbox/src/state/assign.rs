//! Who has a conversation: assignment by hand and by the policy.

use serde_json::{Value, json};

use super::{Actor, Conversation, Event, Id, State, Status};

impl State {
    /// Gives the conversation to a person of the account, or to nobody.
    pub(crate) fn assign_person(&mut self, id: Id, user: Option<Id>) {
        self.update_conversation(id, |c| {
            c.assignee_id = user;
            c.assignee_bot_id = None;
        });
    }

    /// Gives it to whoever just opened it. After a change of status it is the second save of the same row, which stores the labels that
    /// the first one's event has read (conv-status, hook-order).
    pub(crate) fn take_over(&mut self, id: Id, user: Id, saved: bool) {
        let unread = self.conversations.get(&id).is_some_and(|c| c.cached_label_list.is_none() && c.assignee_id != Some(user));
        let born = if saved && unread { vec![("cached_label_list", Value::Null, json!(""))] } else { Vec::new() };
        self.save_conversation(id, born, |c| {
            c.assignee_id = Some(user);
            c.assignee_bot_id = None;
        });
    }

    /// Gives it to a bot.
    pub(crate) fn assign_bot(&mut self, id: Id, bot: Id) {
        self.update_conversation(id, |c| {
            c.assignee_id = None;
            c.assignee_bot_id = Some(bot);
        });
    }

    /// Gives it to a team, whose members alone may keep it; a team that assigns picks who is online.
    pub(crate) fn assign_team(&mut self, id: Id, team: Option<Id>) {
        let row = team.and_then(|t| self.teams.get(&t)).cloned();
        let Some(c) = self.conversations.get(&id) else { return };
        let (account, inbox) = (c.account_id, c.inbox_id);
        let stays = |user: Id| row.as_ref().is_none_or(|t| t.members.contains(&user));
        let mut assignee = c.assignee_id.filter(|u| stays(*u));
        if let Some(t) = row.as_ref().filter(|t| t.allow_auto_assign && assignee.is_none()) {
            assignee = self.pick(account, &t.members.iter().copied().filter(|m| self.is_member(*m, inbox)).collect::<Vec<_>>());
        }
        self.update_conversation(id, |c| {
            c.team_id = team;
            c.assignee_id = assignee;
        });
    }

    /// The online one with the fewest open conversations.
    fn pick(&self, account: Id, candidates: &[Id]) -> Option<Id> {
        let load = |user: Id| self.conversations.values().filter(|c| c.assignee_id == Some(user) && c.status == Status::Open).count();
        candidates.iter().copied().filter(|u| self.is_online(*u, account)).min_by_key(|u| load(*u))
    }

    /// Whom the old policy gives a conversation within the save that opens it, unless a member of the inbox has it: before
    /// 4.13.0, or where `assignment_v2` is off (contract, section 13).
    pub(super) fn assignee_in_save(&self, c: &Conversation) -> Option<Id> {
        let inbox = self.inboxes.get(&c.inbox_id)?;
        let kept = c.assignee_id.is_some_and(|a| inbox.members.contains(&a)) || c.assignee_bot_id.is_some();
        let team = c.team_id.and_then(|t| self.teams.get(&t));
        let barred = self.version.respects_team_auto_assign() && team.is_some_and(|t| !t.allow_auto_assign);
        if self.version.assigns_in_a_job() || c.status != Status::Open || kept || barred || !inbox.flag("enable_auto_assignment") {
            return None;
        }
        self.pick(inbox.account_id, &inbox.members)
    }

    /// The policy's job after a creation or an opening (`assignment_v2`).
    pub(super) fn auto_assign(&mut self, id: Id) {
        let Some(c) = self.conversations.get(&id) else { return };
        let Some(inbox) = self.inboxes.get(&c.inbox_id) else { return };
        if !self.version.assigns_in_a_job()
            || c.status != Status::Open
            || c.assignee_id.is_some()
            || c.assignee_bot_id.is_some()
            || !inbox.flag("enable_auto_assignment")
        {
            return;
        }
        let members = match c.team_id.and_then(|t| self.teams.get(&t)) {
            Some(team) if !team.allow_auto_assign => return,
            Some(team) => inbox.members.iter().copied().filter(|m| team.members.contains(m)).collect(),
            None => inbox.members.clone(),
        };
        let Some(user) = self.pick(inbox.account_id, &members) else { return };
        self.actor = Actor::Policy;
        self.assign_person(id, Some(user));
        self.emit(Event::AssigneeChanged(id)); // The job says it once more (conv-auto-assign).
        self.actor = Actor::Nobody;
    }
}
