//! Conversations: how they are made and changed, and what each change causes (contract 12.6).

use serde_json::{Value, json};

use super::{
    Actor, Changes, Conversation, Event, Id, Job, Message, MessageType, Object, Priority, Sender, State, Status, rows::ContactInbox, take,
};
use crate::clock::Stamp;

/// What a new conversation is to be.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewConversation {
    pub(crate) status: Option<Status>,
    pub(crate) assignee_id: Option<Id>,
    pub(crate) team_id: Option<Id>,
    pub(crate) snoozed_until: Option<Stamp>,
    pub(crate) additional_attributes: Option<Value>,
    pub(crate) custom_attributes: Option<Value>,
}

/// Numbers that went to conversations long deleted: gaps are normal, so nothing may expect to find number one.
const DISPLAY_IDS_USED: Id = 19;

/// Columns whose change is told as `conversation.updated`.
const TOLD: [&str; 10] = [
    "team_id",
    "assignee_id",
    "assignee_agent_bot_id",
    "status",
    "snoozed_until",
    "custom_attributes",
    "label_list",
    "waiting_since",
    "first_reply_created_at",
    "priority",
];

fn iso(at: Option<Stamp>) -> Value {
    at.map_or(Value::Null, |t| json!(t.iso()))
}

/// The changed columns in the order of the table, `updated_at` always among them.
fn diff(a: &Conversation, b: &Conversation) -> Changes {
    let all = [
        ("status", json!(a.status.as_str()), json!(b.status.as_str())),
        ("assignee_id", json!(a.assignee_id), json!(b.assignee_id)),
        ("updated_at", json!(a.updated_at.iso()), json!(b.updated_at.iso())),
        ("additional_attributes", a.additional_attributes.clone(), b.additional_attributes.clone()),
        ("team_id", json!(a.team_id), json!(b.team_id)),
        ("snoozed_until", iso(a.snoozed_until), iso(b.snoozed_until)),
        ("custom_attributes", a.custom_attributes.clone(), b.custom_attributes.clone()),
        ("first_reply_created_at", iso(a.first_reply_created_at), iso(b.first_reply_created_at)),
        ("priority", json!(a.priority.map(Priority::as_str)), json!(b.priority.map(Priority::as_str))),
        ("waiting_since", iso(a.waiting_since), iso(b.waiting_since)),
        ("cached_label_list", json!(a.cached_label_list), json!(b.cached_label_list)),
        ("assignee_agent_bot_id", json!(a.assignee_bot_id), json!(b.assignee_bot_id)),
        ("label_list", json!(a.labels), json!(b.labels)),
    ];
    all.into_iter().filter(|(name, before, after)| *name == "updated_at" || before != after).collect()
}

impl State {
    /// Makes a conversation of that contact inbox, says so, and leaves the rest to jobs.
    pub(crate) fn create_conversation(&mut self, at: &ContactInbox, new: NewConversation) -> Option<Id> {
        let now = self.now();
        let inbox = self.inboxes.get(&at.inbox_id)?.clone();
        let blocked = self.contacts.get(&at.contact_id)?.blocked;
        let status = match () {
            () if blocked => Status::Resolved,
            () if inbox.bot.is_some() => Status::Pending,
            () => new.status.unwrap_or(Status::Open),
        };
        let id = self.insert_conversation(at, now)?;
        let team_id = new.team_id.filter(|t| self.teams.get(t).is_some_and(|t| t.account_id == inbox.account_id));
        let c = self.conversations.get_mut(&id)?;
        c.status = status;
        c.assignee_id = new.assignee_id;
        c.team_id = team_id;
        c.snoozed_until = new.snoozed_until.filter(|_| status == Status::Snoozed);
        c.additional_attributes = new.additional_attributes.unwrap_or_else(|| json!({}));
        c.custom_attributes = new.custom_attributes.unwrap_or_else(|| json!({}));
        self.emit(Event::ConversationCreated(id));
        let (mut person, mut asked_team, mut told_team) = (new.assignee_id.is_some(), new.team_id.is_some(), team_id.is_some());
        if let Some(user) = self.conversations.get(&id).and_then(|c| self.assignee_in_save(c)) {
            self.conversations.get_mut(&id)?.assignee_id = Some(user);
            (person, asked_team, told_team) = (true, false, false); // The inner save hides what the outer one changed.
        }
        if person {
            self.emit(Event::AssigneeChanged(id));
            self.assigned(id);
        }
        if told_team {
            self.emit(Event::TeamChanged(id));
        }
        if asked_team || person {
            self.assignment_activity(id, asked_team, person, None);
        }
        self.later(Job::AutoAssign(id));
        Some(id)
    }

    /// Inserts a bare open row.
    pub(super) fn insert_conversation(&mut self, at: &ContactInbox, now: Stamp) -> Option<Id> {
        let account_id = self.inboxes.get(&at.inbox_id)?.account_id;
        let last = self.last_display.entry(account_id).or_insert(DISPLAY_IDS_USED);
        *last += 1;
        let display_id = *last;
        let id = take(&mut self.ids.conversation);
        let uuid = self.mint.uuid();
        self.display.insert((account_id, display_id), id);
        let row = Conversation {
            id,
            display_id,
            uuid,
            account_id,
            inbox_id: at.inbox_id,
            contact_id: at.contact_id,
            contact_inbox_id: at.id,
            status: Status::Open,
            assignee_id: None,
            assignee_bot_id: None,
            team_id: None,
            priority: None,
            labels: Vec::new(),
            cached_label_list: None,
            additional_attributes: json!({}),
            custom_attributes: json!({}),
            snoozed_until: None,
            created_at: now,
            updated_at: now,
            last_activity_at: now,
            agent_last_seen_at: None,
            assignee_last_seen_at: None,
            contact_last_seen_at: None,
            first_reply_created_at: None,
            waiting_since: Some(now),
            participants: Default::default(),
            mentioned: Default::default(),
            draft: None,
        };
        self.conversations.insert(id, row);
        Some(id)
    }

    /// A refused first message rolls the conversation back; its display id stays used.
    pub(crate) fn roll_back(&mut self, id: Id) {
        if let Some(c) = self.conversations.remove(&id) {
            self.display.remove(&(c.account_id, c.display_id));
        }
        for message in self.threads.remove(&id).into_iter().flatten() {
            self.messages.remove(&message);
        }
        self.events.clear();
        self.jobs.clear();
    }

    /// Saves a change of one row and does what Chatwoot's callbacks do. Nothing happens when nothing changed.
    pub(crate) fn update_conversation(&mut self, id: Id, change: impl FnOnce(&mut Conversation)) {
        self.save_conversation(id, Vec::new(), change);
    }

    /// As [`State::update_conversation`], with columns that the creation left behind (`display_id`, see conv-create).
    pub(super) fn save_conversation(&mut self, id: Id, born: Changes, change: impl FnOnce(&mut Conversation)) {
        let now = self.now();
        let Some(row) = self.conversations.get_mut(&id) else { return };
        let before = row.clone();
        change(row);
        if row.status != Status::Snoozed {
            row.snoozed_until = None;
        }
        if row.labels != before.labels {
            row.cached_label_list = Some(row.labels.join(", "));
        }
        let mut changes = diff(&before, row);
        if changes.len() == 1 && born.is_empty() {
            return;
        }
        if born.iter().any(|c| c.0 == "cached_label_list") {
            row.cached_label_list = row.cached_label_list.take().or(Some(String::new()));
        }
        row.updated_at = now;
        if let Some(entry) = changes.iter_mut().find(|c| c.0 == "updated_at") {
            entry.2 = json!(now.iso());
        }
        if before.status != row.status && row.status == Status::Resolved {
            row.waiting_since = None; // Silently: the change is in no webhook (conv-status, conv-waiting).
        }
        let after = row.clone();
        for column in born {
            let place = changes.iter().position(|c| rank(c.0) > rank(column.0)).unwrap_or(changes.len());
            changes.insert(place, column);
        }
        if before.status != after.status
            && let Some(user) = self.assignee_in_save(&after)
        {
            return self.assign_in_save(id, &after, user);
        }
        if before.status != after.status {
            self.emit(Event::StatusChanged(id));
            self.status_activity(&after);
            match after.status {
                Status::Open => self.later(Job::AutoAssign(id)),
                Status::Resolved => self.later(Job::Survey(id)),
                Status::Pending | Status::Snoozed => {}
            }
        }
        if before.assignee_id != after.assignee_id {
            self.emit(Event::AssigneeChanged(id));
            self.assigned(id);
        }
        if before.team_id != after.team_id {
            self.emit(Event::TeamChanged(id));
        }
        if before.team_id != after.team_id || before.assignee_id != after.assignee_id {
            let (team, person) = (before.team_id != after.team_id, before.assignee_id != after.assignee_id);
            self.assignment_activity(id, team, person, before.team_id);
        }
        if before.priority != after.priority {
            self.priority_activity(&before, &after);
        }
        if before.labels != after.labels {
            self.label_activity(&before, &after);
        }
        if changes.iter().any(|c| TOLD.contains(&c.0)) {
            self.emit(Event::ConversationUpdated(id, changes));
        }
    }

    /// The inner save of the old policy: all that the outer one changed goes untold (first-contact of 4.6.0).
    fn assign_in_save(&mut self, id: Id, outer: &Conversation, user: Id) {
        let now = self.now();
        let Some(c) = self.conversations.get_mut(&id) else { return };
        c.assignee_id = Some(user);
        c.updated_at = now;
        self.emit(Event::AssigneeChanged(id));
        self.assigned(id);
        self.assignment_activity(id, false, true, None);
        let stamps = ("updated_at", json!(outer.updated_at.iso()), json!(now.iso()));
        self.emit(Event::ConversationUpdated(id, vec![stamps, ("assignee_id", json!(outer.assignee_id), json!(user))]));
    }

    fn say(&mut self, conversation: Id, text: String) {
        self.later(Job::Activity { conversation, text });
    }

    fn status_activity(&mut self, c: &Conversation) {
        let contact = match self.actor {
            Actor::Contact(id) => self.contacts.get(&id).map(|c| c.name.clone()),
            _ => None,
        };
        let text = match (self.actor_name(), contact) {
            (Some(who), _) => match c.status {
                Status::Open => format!("Conversation was reopened by {who}"),
                Status::Resolved => format!("Conversation was marked resolved by {who}"),
                Status::Pending => format!("Conversation was marked as pending by {who}"),
                Status::Snoozed => format!("Conversation was snoozed by {who}"),
            },
            (None, Some(who)) if c.status == Status::Resolved => format!("Conversation was resolved by {who}"),
            _ => return,
        };
        self.say(c.id, text);
    }

    /// One activity for a change of team, person or both; the team's text wins.
    fn assignment_activity(&mut self, id: Id, team: bool, person: bool, team_before: Option<Id>) {
        let (Some(c), Some(who)) = (self.conversations.get(&id), self.actor_name()) else { return };
        let assignee = c.assignee_id.and_then(|a| self.users.get(&a)).filter(|u| u.account_id == Some(c.account_id));
        let team_name = |t: Option<Id>| t.and_then(|t| self.teams.get(&t)).map(|t| t.name.clone());
        let text = if team {
            match (team_name(c.team_id), assignee.filter(|_| person)) {
                (Some(team), Some(a)) => format!("Assigned to {} via {team} by {who}", a.name),
                (Some(team), None) => format!("Assigned to {team} by {who}"),
                (None, _) => format!("Unassigned from {} by {who}", team_name(team_before).unwrap_or_default()),
            }
        } else {
            match (c.assignee_id, assignee) {
                (Some(a), _) if self.actor == Actor::User(a) => format!("{who} self-assigned this conversation"),
                (Some(_), a) => format!("Assigned to {} by {who}", a.map_or("", |a| a.name.as_str())),
                (None, _) => format!("Conversation unassigned by {who}"),
            }
        };
        self.say(id, text);
    }

    /// A bot that does not answer leaves its pending conversation to people.
    pub(crate) fn open_for_people(&mut self, id: Id) {
        if self.conversations.get(&id).is_none_or(|c| c.status != Status::Pending) {
            return;
        }
        self.update_conversation(id, |c| c.status = Status::Open);
        self.say(id, "Conversation was marked open by system due to an error with the agent bot.".into());
    }

    fn priority_activity(&mut self, before: &Conversation, after: &Conversation) {
        let Some(who) = self.actor_name() else { return };
        let text = match (before.priority, after.priority) {
            (None, Some(p)) => format!("{who} set the priority to {}", p.as_str()),
            (Some(a), Some(b)) => format!("{who} changed the priority from {} to {}", a.as_str(), b.as_str()),
            (_, None) => format!("{who} removed the priority"),
        };
        self.say(after.id, text);
    }

    fn label_activity(&mut self, before: &Conversation, after: &Conversation) {
        let Some(who) = self.actor_name() else { return };
        let only = |a: &[String], b: &[String]| a.iter().filter(|l| !b.contains(l)).cloned().collect::<Vec<_>>();
        let (added, removed) = (only(&after.labels, &before.labels), only(&before.labels, &after.labels));
        for (verb, labels) in [("added", added), ("removed", removed)] {
            if !labels.is_empty() {
                self.say(after.id, format!("{who} {verb} {}", labels.join(", ")));
            }
        }
    }

    /// The assignee takes part from now on and is told, unless it was its own doing.
    fn assigned(&mut self, id: Id) {
        let Some(c) = self.conversations.get_mut(&id) else { return };
        if let Some(user) = c.assignee_id {
            c.participants.insert(user);
            let by = self.actor;
            self.later(Job::NotifyAssignee { conversation: id, by });
        }
    }

    /// Writes an activity message: on the socket, in no webhook, and it counts as activity.
    pub(super) fn write_activity(&mut self, conversation: Id, text: String) {
        let Some((account_id, inbox_id)) = self.conversations.get(&conversation).map(|c| (c.account_id, c.inbox_id)) else { return };
        let now = self.now();
        let row = Message {
            id: take(&mut self.ids.message),
            account_id,
            inbox_id,
            conversation_id: conversation,
            message_type: MessageType::Activity,
            processed: Some(text.clone()),
            content: Some(text),
            private: false,
            status: "sent",
            source_id: None,
            content_type: "text".into(),
            content_attributes: Object::new(),
            additional_attributes: Object::new(),
            sender: None,
            attachments: Vec::new(),
            created_at: now,
            updated_at: now,
        };
        let message = Box::new(row.clone());
        self.insert_message(row);
        self.emit(Event::MessageCreated { message, echo: None });
    }

    /// Appends a row to its thread and bumps the conversation's times, silently.
    pub(super) fn insert_message(&mut self, row: Message) {
        if let Some(c) = self.conversations.get_mut(&row.conversation_id) {
            c.updated_at = c.updated_at.max(row.created_at);
            c.last_activity_at = row.created_at;
        }
        self.threads.entry(row.conversation_id).or_default().push(row.id);
        self.messages.insert(row.id, row);
    }

    /// Mute: blocks the contact, resolves, and says so each time.
    pub(crate) fn mute(&mut self, id: Id, mute: bool) {
        let Some(contact) = self.conversations.get(&id).map(|c| c.contact_id) else { return };
        self.update_contact(contact, |c| c.blocked = mute);
        if mute {
            self.update_conversation(id, |c| c.status = Status::Resolved);
        }
        if let Some(who) = self.actor_name() {
            self.say(id, format!("{who} has {} the conversation", if mute { "muted" } else { "unmuted" }));
        }
    }

    /// Deletion is a job and silent, but for those who held a notification.
    pub(crate) fn delete_conversation(&mut self, id: Id) {
        self.later(Job::DeleteConversation(id));
    }

    pub(super) fn remove_conversation(&mut self, id: Id) {
        let Some(c) = self.conversations.remove(&id) else { return };
        self.display.remove(&(c.account_id, c.display_id));
        for message in self.threads.remove(&id).into_iter().flatten() {
            self.messages.remove(&message);
        }
        let held: Vec<Id> = self.notifications.values().filter(|n| n.conversation_id == id).map(|n| n.id).collect();
        for notification in held {
            self.delete_notification(notification);
        }
    }

    /// The customer read it: told as `conversation.read`; a job marks what was sent to it.
    pub(crate) fn contact_saw(&mut self, id: Id) {
        let now = self.now();
        let Some(c) = self.conversations.get_mut(&id) else { return };
        c.contact_last_seen_at = Some(now);
        c.updated_at = now;
        self.emit(Event::ConversationRead(id));
        self.later(Job::ReadReceipts(id));
    }

    pub(super) fn mark_read(&mut self, id: Id) {
        let unread: Vec<Id> = self
            .thread(id)
            .filter(|m| matches!(m.status, "sent" | "delivered") && !matches!(m.sender, Some(Sender::Contact(_))))
            .map(|m| m.id)
            .collect();
        for (n, message) in unread.iter().enumerate() {
            self.later(Job::ReadReceipt(*message));
            if n > 0 {
                self.later(Job::TellReceipt);
            }
        }
        self.later(Job::TellReceipt);
    }
}

/// Place of a column in the table, for the few that the creation leaves behind.
fn rank(column: &str) -> usize {
    const ORDER: [&str; 14] = [
        "status",
        "assignee_id",
        "updated_at",
        "display_id",
        "additional_attributes",
        "team_id",
        "snoozed_until",
        "custom_attributes",
        "first_reply_created_at",
        "priority",
        "waiting_since",
        "cached_label_list",
        "assignee_agent_bot_id",
        "label_list",
    ];
    ORDER.iter().position(|c| *c == column).unwrap_or(ORDER.len())
}
