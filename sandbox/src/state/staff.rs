//! People, bots and teams: how they come and go, and what goes with them, all without a word to anyone (contract 12.3).

use serde_json::json;

use super::{Account, Availability, Bot, Id, Object, State, User, take};
use crate::world::Role;

/// What a fresh member is mailed and pushed about.
pub(super) const EMAIL_FLAGS: [&str; 1] = ["email_conversation_assignment"];
pub(super) const PUSH_FLAGS: [&str; 1] = ["push_conversation_assignment"];
/// Shortest password.
const PASSWORD_CHARS_MIN: usize = 6;
const SPECIAL: &str = " !@#$%^&*()_+-=[]{}|\"/\\.,`<>:;?~'";

/// What a password lacks, in Chatwoot's order and words.
pub(crate) fn weaknesses(password: &str) -> Vec<(&'static str, &'static str)> {
    let rules = [
        (password.chars().count() >= PASSWORD_CHARS_MIN, "Password must contain at least 6 characters"),
        (password.contains(|c: char| c.is_ascii_uppercase()), "Password must contain at least 1 uppercase character  (A..Z)"),
        (password.contains(|c: char| c.is_ascii_lowercase()), "Password must contain at least 1 lowercase character  (a..z)"),
        (password.contains(|c: char| c.is_ascii_digit()), "Password must contain at least 1 number character  (0..9)"),
        (
            password.contains(|c| SPECIAL.contains(c)),
            "Password must contain at least 1 special character  ( !@#$%^&*()_+-=[]{}|\"/\\.,`<>:;?~')",
        ),
    ];
    rules.into_iter().filter(|(kept, _)| !kept).map(|(_, text)| ("password", text)).collect()
}

impl State {
    /// An account without anything in it.
    pub(crate) fn new_account(&mut self, key: &str, name: &str, born: crate::clock::Stamp) -> Id {
        let id = take(&mut self.ids.account);
        let row = Account {
            id,
            key: key.to_owned(),
            name: name.to_owned(),
            created_at: born,
            suspended: false,
            locale: "en".into(),
            domain: None,
            support_email: None,
            settings: Object::new(),
            custom_attributes: Object::new(),
            limits: Object::new(),
            features: Default::default(),
            cache: Default::default(),
        };
        self.accounts.insert(id, row);
        id
    }

    /// A user of no account.
    pub(crate) fn new_user(&mut self, name: &str, email: &str, password: Option<String>, confirmed: bool) -> Id {
        let id = take(&mut self.ids.user);
        let now = self.now();
        let row = User {
            id,
            key: String::new(),
            name: name.to_owned(),
            display_name: None,
            email: email.to_lowercase(),
            password,
            confirmed,
            message_signature: None,
            access_token: self.mint.token(),
            pubsub_token: self.mint.token(),
            ui_settings: json!({}),
            custom_attributes: Object::new(),
            avatar: None,
            account_id: None,
            account_user_id: 0,
            created_at: now,
            joined_at: now,
            rejoined_at: now,
            role: Role::Agent,
            availability: Availability::Online,
            auto_offline: true,
            active_at: None,
            email_flags: Vec::new(),
            push_flags: Vec::new(),
        };
        self.users.insert(id, row);
        id
    }

    /// Makes a user a member, or gives a member another role.
    pub(crate) fn join(&mut self, user: Id, account: Id, role: Role) {
        let now = self.now();
        let Some(row) = self.users.get_mut(&user) else { return };
        row.role = role;
        row.rejoined_at = now;
        if row.account_id == Some(account) {
            return;
        }
        row.account_id = Some(account);
        row.account_user_id = take(&mut self.ids.account_user);
        row.joined_at = now;
        row.availability = Availability::Online;
        row.auto_offline = true;
        row.active_at = None;
        row.email_flags = EMAIL_FLAGS.map(str::to_owned).to_vec();
        row.push_flags = PUSH_FLAGS.map(str::to_owned).to_vec();
    }

    /// Ends a membership: its conversations are nobody's, its places in inboxes and teams are gone.
    pub(crate) fn leave(&mut self, user: Id, account: Id) {
        match self.users.get_mut(&user).filter(|u| u.account_id == Some(account)) {
            Some(row) => row.account_id = None,
            None => return,
        }
        for c in self.conversations.values_mut().filter(|c| c.account_id == account && c.assignee_id == Some(user)) {
            c.assignee_id = None;
        }
        for i in self.inboxes.values_mut().filter(|i| i.account_id == account) {
            i.members.retain(|m| *m != user);
        }
        for t in self.teams.values_mut().filter(|t| t.account_id == account) {
            t.members.retain(|m| *m != user);
        }
        self.notifications.retain(|_, n| n.user_id != user || n.account_id != account);
    }

    /// Takes an agent out of the account; without another account the user is gone altogether.
    pub(crate) fn remove_agent(&mut self, user: Id, account: Id) {
        self.leave(user, account);
        self.users.remove(&user);
        self.sessions.retain(|s| s.user != user);
    }

    /// A new password brings a new pubsub token: sockets of the old one hear no more of the user's stream.
    pub(crate) fn set_password(&mut self, user: Id, password: String) {
        let token = self.mint.token();
        if let Some(row) = self.users.get_mut(&user) {
            row.password = Some(password);
            row.pubsub_token = token;
        }
    }

    /// Takes a team away; its conversations have none.
    pub(crate) fn remove_team(&mut self, team: Id) {
        self.teams.remove(&team);
        for c in self.conversations.values_mut().filter(|c| c.team_id == Some(team)) {
            c.team_id = None;
        }
    }

    /// A bot that has a token and a secret, and says nothing yet.
    pub(crate) fn blank_bot(&mut self, account_id: Option<Id>) -> Bot {
        Bot {
            id: self.next_small_id(),
            account_id,
            name: None,
            description: None,
            outgoing_url: None,
            config: json!({}),
            of_platform: false,
            access_token: self.mint.token(),
            secret: self.mint.token(),
        }
    }

    /// Takes a bot away, from inboxes and conversations too.
    pub(crate) fn remove_bot(&mut self, bot: Id) {
        self.bots.remove(&bot);
        for i in self.inboxes.values_mut().filter(|i| i.bot == Some(bot)) {
            i.bot = None;
        }
        for c in self.conversations.values_mut().filter(|c| c.assignee_bot_id == Some(bot)) {
            c.assignee_bot_id = None;
        }
    }

    /// Takes an account away with all that is in it.
    pub(crate) fn remove_account(&mut self, account: Id) {
        self.accounts.remove(&account);
        for u in self.users.values_mut().filter(|u| u.account_id == Some(account)) {
            u.account_id = None;
        }
        let conversations: Vec<Id> = self.conversations.values().filter(|c| c.account_id == account).map(|c| c.id).collect();
        for id in conversations {
            self.remove_conversation(id);
        }
        self.inboxes.retain(|_, i| i.account_id != account);
        self.contact_inboxes.retain(|_, ci| self.inboxes.contains_key(&ci.inbox_id));
        self.contacts.retain(|_, c| c.account_id != account);
        self.teams.retain(|_, t| t.account_id != account);
        self.webhooks.retain(|_, w| w.account_id != account);
        self.bots.retain(|_, b| b.account_id != Some(account));
        self.labels.retain(|_, l| l.account_id != account);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_needs_every_kind_of_letter() {
        // The texts are those of auth-platform, 4.15.1.
        assert!(weaknesses("Sesame!Open42").is_empty());
        let lacks: Vec<&str> = weaknesses("weak").into_iter().map(|(_, text)| text).collect();
        assert_eq!(lacks.len(), 4);
        assert_eq!(lacks[0], "Password must contain at least 6 characters");
        assert!(lacks[1].contains("uppercase") && lacks[2].contains("number") && lacks[3].contains("special"));
    }
}
