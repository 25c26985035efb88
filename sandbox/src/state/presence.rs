//! Who is there: subscribing and `update_presence` count for a while.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Availability, Id, State};
use crate::clock::Stamp;

/// `PRESENCE_DURATION` for people, as shipped.
const USER_S: i64 = 20;

/// Last sign of life of each user and contact.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    users: BTreeMap<Id, Stamp>,
    contacts: BTreeMap<Id, Stamp>,
}

impl State {
    pub(crate) fn user_present(&mut self, user: Id) {
        let now = self.now();
        self.presence.users.insert(user, now);
    }

    pub(crate) fn contact_present(&mut self, contact: Id) {
        let now = self.now();
        self.presence.contacts.insert(contact, now);
    }

    pub(crate) fn contact_online(&self, contact: Id) -> bool {
        self.presence.contacts.get(&contact).is_some_and(|at| at.plus_seconds(self.version.contact_presence_s()) > self.now())
    }

    fn user_fresh(&self, user: Id) -> bool {
        self.presence.users.get(&user).is_some_and(|at| at.plus_seconds(USER_S) > self.now())
    }

    /// What others see: the chosen availability while present (or always, without `auto_offline`).
    pub(crate) fn availability_of(&self, user: Id) -> &'static str {
        match self.users.get(&user) {
            Some(u) if !u.auto_offline || self.user_fresh(user) => u.availability.as_str(),
            _ => Availability::Offline.as_str(),
        }
    }

    pub(crate) fn is_online(&self, user: Id, account: Id) -> bool {
        self.users.get(&user).is_some_and(|u| u.account_id == Some(account)) && self.availability_of(user) == "online"
    }

    /// `presence.update` for one account; contacts are not told about each other.
    pub(crate) fn presence_data(&self, account: Id, for_contact: bool) -> Value {
        let users: Map<String, Value> = self
            .users
            .values()
            .filter(|u| u.account_id == Some(account) && (!u.auto_offline || self.user_fresh(u.id)))
            .map(|u| (u.id.to_string(), json!(u.availability.as_str())))
            .collect();
        if for_contact {
            return json!({"account_id": account, "users": users});
        }
        let contacts: Map<String, Value> = self
            .presence
            .contacts
            .keys()
            .filter(|c| self.contact_online(**c) && self.contacts.get(c).is_some_and(|c| c.account_id == account))
            .map(|c| (c.to_string(), json!("online")))
            .collect();
        json!({"account_id": account, "users": users, "contacts": contacts})
    }
}
