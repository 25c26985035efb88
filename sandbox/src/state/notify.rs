//! Notifications of people: one per user and conversation, told on that user's sockets.

use serde_json::{Value, json};

use super::{Actor, Event, Id, Message, MessageType, Notification, Object, Sender, State, take};
use crate::{wire, world::Role};

impl State {
    /// Told to the assignee, unless it took the conversation itself.
    pub(super) fn notify_assignee(&mut self, conversation: Id, by: Actor) {
        let Some(user) = self.conversations.get(&conversation).and_then(|c| c.assignee_id) else { return };
        if by != Actor::User(user) {
            self.notify(user, conversation, "conversation_assignment", None);
        }
    }

    /// Told to the assignee and to those who take part, but not to the writer.
    pub(super) fn notify_message(&mut self, message: Id) {
        let Some(m) = self.messages.get(&message).cloned() else { return };
        let Some(c) = self.conversations.get(&m.conversation_id) else { return };
        let writer = match m.sender {
            Some(Sender::User(id)) => Some(id),
            _ => None,
        };
        let assignee = c.assignee_id;
        // A note before 4.11.2: who is mentioned in it knows of it already (account-notifications).
        let told = |user: Id| self.notifications.values().any(|n| n.user_id == user && n.message_id == Some(message));
        let hears = |user: &Id| Some(*user) != writer && !told(*user);
        let others: Vec<Id> = c.participants.iter().copied().filter(|u| Some(*u) != assignee && hears(u)).collect();
        if let Some(user) = assignee.filter(hears) {
            self.notify(user, m.conversation_id, "assigned_conversation_new_message", Some(message));
        }
        for user in others {
            self.notify(user, m.conversation_id, "participating_conversation_new_message", Some(message));
        }
    }

    /// Finds `mention://user/7/Name` and `mention://team/7/name` in a note and does what they ask for.
    pub(super) fn mention(&mut self, conversation: Id, message: Id, text: &str) {
        let Some(c) = self.conversations.get(&conversation) else { return };
        let (account, inbox) = (c.account_id, c.inbox_id);
        let mut users: Vec<Id> = Vec::new();
        for (kind, id) in mentions(text) {
            match kind {
                "user" => users.push(id),
                _ => users.extend(self.teams.get(&id).into_iter().flat_map(|t| t.members.clone())),
            }
        }
        users.retain(|u| self.is_member(*u, inbox) || self.role(*u, account) == Some(Role::Administrator));
        let mut seen = std::collections::BTreeSet::new();
        users.retain(|u| seen.insert(*u));
        let author = self.messages.get(&message).and_then(|m| m.sender);
        for user in users {
            if let Some(c) = self.conversations.get_mut(&conversation) {
                c.participants.insert(user);
                c.mentioned.insert(user);
            }
            self.emit(Event::Mentioned { conversation, user });
            if author != Some(Sender::User(user)) || !self.version.spares_the_author() {
                self.notify(user, conversation, "conversation_mention", Some(message));
            }
        }
    }

    /// The flags decide who is mailed; all but the creation are noted for everyone.
    fn subscribed(&self, user: Id, kind: &str) -> bool {
        if kind != "conversation_creation" {
            return true;
        }
        let wanted = |flags: &[String], prefix: &str| flags.iter().any(|f| f.strip_prefix(prefix) == Some(kind));
        self.users.get(&user).is_some_and(|u| wanted(&u.email_flags, "email_") || wanted(&u.push_flags, "push_"))
    }

    /// Makes a notification; an older one of the same user and conversation goes.
    fn notify(&mut self, user: Id, conversation: Id, kind: &'static str, message: Option<Id>) {
        let Some(account_id) = self.conversations.get(&conversation).map(|c| c.account_id) else { return };
        if !self.subscribed(user, kind) || self.role(user, account_id).is_none() {
            return;
        }
        let now = self.now();
        let id = take(&mut self.ids.notification);
        let row = Notification {
            id,
            account_id,
            user_id: user,
            kind,
            conversation_id: conversation,
            message_id: message,
            read_at: None,
            snoozed_until: None,
            meta: Object::new(),
            created_at: now,
            updated_at: now,
            last_activity_at: now,
        };
        self.notifications.insert(id, row);
        let performer = std::mem::take(&mut self.actor); // Made by a job: nobody's doing.
        self.tell(id, "notification.created");
        let older: Vec<Id> = self
            .notifications
            .values()
            .filter(|n| n.user_id == user && n.conversation_id == conversation && n.id != id)
            .map(|n| n.id)
            .collect();
        for old in older {
            self.delete_notification(old);
        }
        self.actor = performer;
    }

    /// The notifications of a user in an account that are neither read nor snoozed: both counts of a frame.
    fn pending_notifications(&self, user: Id, account: Id) -> usize {
        let mine = |n: &&Notification| n.user_id == user && n.account_id == account;
        self.notifications.values().filter(mine).filter(|n| n.read_at.is_none() && n.snoozed_until.is_none()).count()
    }

    fn tell(&mut self, id: Id, name: &'static str) {
        let Some(n) = self.notifications.get(&id) else { return };
        let count = self.pending_notifications(n.user_id, n.account_id);
        let mut notification = wire::notification(self, n, true);
        if let Value::Object(map) = &mut notification
            && let Some(actor) = map.get_mut("primary_actor").and_then(Value::as_object_mut)
        {
            actor.shift_remove("account_id");
        }
        let data = json!({"notification": notification, "unread_count": count, "count": count, "account_id": n.account_id});
        self.emit(Event::Notification { user: n.user_id, name, data });
    }

    pub(crate) fn delete_notification(&mut self, id: Id) {
        let Some(n) = self.notifications.remove(&id) else { return };
        let count = self.pending_notifications(n.user_id, n.account_id);
        let data = json!({"notification": {"id": id}, "unread_count": count, "count": count, "account_id": n.account_id});
        self.emit(Event::Notification { user: n.user_id, name: "notification.deleted", data });
    }

    /// Changes a notification and tells its owner.
    pub(crate) fn update_notification(&mut self, id: Id, change: impl FnOnce(&mut Notification)) {
        let now = self.now();
        let Some(n) = self.notifications.get_mut(&id) else { return };
        let before = (n.read_at, n.snoozed_until);
        change(n);
        if before != (n.read_at, n.snoozed_until) {
            n.updated_at = now;
            self.tell(id, "notification.updated");
        }
    }

    /// The last word of a conversation that is no activity, as notifications quote it.
    pub(crate) fn last_word(&self, conversation: Id) -> Option<&Message> {
        self.thread(conversation).rev().find(|m| m.message_type != MessageType::Activity)
    }
}

/// Kind and id of each mention in a Markdown text.
fn mentions(text: &str) -> Vec<(&str, Id)> {
    let mut found = Vec::new();
    for part in text.split("(mention://").skip(1) {
        let target = part.split(')').next().unwrap_or_default();
        let mut pieces = target.splitn(3, '/');
        if let (Some(kind @ ("user" | "team")), Some(id), Some(name)) = (pieces.next(), pieces.next(), pieces.next())
            && let Ok(id) = id.parse()
            && !name.is_empty()
        {
            found.push((kind, id));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_target_of_a_link_mentions() {
        let text = "[@K](mention://user/7/Kim%20A) @Jo [b](mention://team/3/billing) (mention://user/8/) (mention://bot/9/x)";
        assert_eq!(mentions(text), [("user", 7), ("team", 3)]);
    }
}
