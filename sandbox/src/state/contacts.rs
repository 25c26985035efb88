//! Contacts and their addresses in the inboxes.

use serde_json::{Value, json};

use super::{Blob, Changes, Contact, ContactInbox, Event, Id, Job, Object, Sender, State, take};
use crate::{clock::Stamp, http::Refusal, wire, world::Channel};

/// Addresses there are no companies behind.
const FREE_MAIL: [&str; 8] =
    ["gmail.com", "yahoo.com", "hotmail.com", "outlook.com", "icloud.com", "aol.com", "proton.me", "protonmail.com"];

/// Longest string column.
const STRING_MAX: usize = 255;

/// What a new contact is to be.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewContact {
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) phone_number: Option<String>,
    pub(crate) identifier: Option<String>,
    pub(crate) blocked: bool,
    pub(crate) additional_attributes: Object,
    pub(crate) custom_attributes: Object,
}

impl State {
    /// Makes a contact and says so.
    ///
    /// # Errors
    /// 422 for a bad or taken address, number or identifier.
    pub(crate) fn create_contact(&mut self, account: Id, new: NewContact) -> Result<Id, Refusal> {
        let now = self.now();
        let id = take(&mut self.ids.contact);
        let mut row = Contact {
            id,
            key: String::new(),
            account_id: account,
            name: new.name.unwrap_or_default(),
            email: blank(new.email).map(|e| e.to_lowercase()),
            phone_number: new.phone_number,
            identifier: new.identifier,
            blocked: new.blocked,
            thumbnail: String::new(),
            additional_attributes: new.additional_attributes,
            custom_attributes: new.custom_attributes,
            labels: Vec::new(),
            company_id: None,
            lead: false,
            last_activity_at: None,
            created_at: now,
            updated_at: now,
        };
        self.check_contact(&row)?;
        row.lead = reachable(&row);
        self.name_company(&mut row);
        self.contacts.insert(id, row);
        self.emit(Event::ContactCreated(id));
        Ok(id)
    }

    /// Chatwoot's validations, in its order and words.
    pub(crate) fn check_contact(&self, row: &Contact) -> Result<(), Refusal> {
        let mut bad: Vec<(&'static str, &'static str)> = Vec::new();
        if row.name.chars().count() > STRING_MAX {
            bad.push(("name", "Name is too long (maximum is 255 characters)"));
        }
        let taken =
            |same: &dyn Fn(&Contact) -> bool| self.contacts.values().any(|c| c.account_id == row.account_id && c.id != row.id && same(c));
        if let Some(email) = &row.email {
            if taken(&|c| c.email.as_ref() == Some(email)) {
                bad.push(("email", "Email has already been taken"));
            }
            if !email_like(email) {
                bad.push(("email", "Email Invalid email"));
            }
        }
        if filled(&row.identifier) && taken(&|c| c.identifier == row.identifier) {
            bad.push(("identifier", "Identifier has already been taken"));
        }
        if let Some(phone) = row.phone_number.as_ref().filter(|p| !p.is_empty()) {
            if taken(&|c| c.phone_number.as_ref() == Some(phone)) {
                bad.push(("phone_number", "Phone number has already been taken"));
            }
            if !phone_like(phone) {
                bad.push(("phone_number", "Phone number should be in e164 format"));
            }
        }
        if bad.is_empty() { Ok(()) } else { Err(Refusal::invalid(&bad)) }
    }

    /// A first business address names the company, without an event: the one of that domain, or a new one, called as
    /// the contact says or after the domain.
    pub(super) fn name_company(&mut self, row: &mut Contact) {
        let Some(domain) = row.email.as_ref().and_then(|e| e.split('@').nth(1)).map(str::to_owned) else { return };
        if !self.version.knows_companies() || FREE_MAIL.contains(&domain.as_str()) || row.company_id.is_some() {
            return;
        }
        let next = i64::try_from(self.companies.len()).unwrap_or(0) + 901;
        let given = row.additional_attributes.get("company_name").and_then(Value::as_str).map(str::to_owned);
        let (id, name) = self.companies.entry((row.account_id, domain)).or_insert_with_key(|(_, domain)| {
            let mut letters = domain.split('.').next().unwrap_or_default().chars();
            let named = letters.next().map(|c| c.to_uppercase().chain(letters).collect()).unwrap_or_default();
            (next, given.unwrap_or(named))
        });
        row.company_id = Some(*id);
        row.additional_attributes.insert("company_name".into(), json!(name));
    }

    /// Saves a change of one contact; says so on the socket even when nothing changed.
    pub(crate) fn update_contact(&mut self, id: Id, change: impl FnOnce(&mut Contact)) {
        let now = self.now();
        let Some(row) = self.contacts.get_mut(&id) else { return };
        let before = row.clone();
        change(row);
        row.lead |= reachable(row);
        let mut changes = diff(&before, row);
        if changes.is_empty() {
            self.emit(Event::ContactUpdated(id, changes));
            return;
        }
        row.updated_at = now;
        let had_mail = before.email.is_some();
        let mut after = row.clone();
        if !had_mail {
            self.name_company(&mut after);
        }
        let place = changes.iter().position(|c| after_updated_at(c.0)).unwrap_or(changes.len());
        changes.insert(place, ("updated_at", json!(before.updated_at.iso()), json!(now.iso())));
        self.contacts.insert(id, after);
        self.emit(Event::ContactUpdated(id, changes));
    }

    /// A new picture: told without a webhook, and once more when a job has looked at it.
    pub(crate) fn set_picture(&mut self, id: Id, blob: Blob) {
        let key = self.store_blob(blob);
        let url = wire::blob_url(self, &key, "representations").unwrap_or_default();
        if let Some(row) = self.contacts.get_mut(&id) {
            row.thumbnail = url;
            row.updated_at = self.clock.now();
            self.later(Job::PictureSeen(id));
        }
    }

    /// Takes the picture away: the frame still shows it, the webhook does not (contact-update).
    pub(crate) fn remove_picture(&mut self, id: Id) {
        let now = self.now();
        let Some(row) = self.contacts.get_mut(&id).filter(|c| !c.thumbnail.is_empty()) else { return };
        let shown = wire::contact_push(row);
        row.thumbnail.clear();
        let before = std::mem::replace(&mut row.updated_at, now);
        let account = row.account_id;
        self.emit(Event::PictureRemoved(account, shown));
        self.emit(Event::ContactHooked(id, vec![("updated_at", json!(before.iso()), json!(now.iso()))]));
    }

    /// The contact wrote just now.
    pub(super) fn contact_active(&mut self, id: Id, at: Stamp) {
        self.update_contact(id, |c| c.last_activity_at = Some(at));
    }

    /// The contact inbox of that source id, wherever it is.
    pub(crate) fn by_source(&self, inbox: Id, source: &str) -> Option<&ContactInbox> {
        self.contact_inboxes.values().find(|ci| ci.inbox_id == inbox && ci.source_id == source)
    }

    /// Makes an address of the contact in the inbox, a source id included where the channel makes one itself.
    ///
    /// # Errors
    /// 422 when the source id is another contact's, or the channel needs an address the contact lacks.
    pub(crate) fn contact_inbox(
        &mut self,
        contact: Id,
        inbox: Id,
        source: Option<String>,
        verified: bool,
    ) -> Result<ContactInbox, Refusal> {
        let channel = self.inboxes.get(&inbox).ok_or(Refusal::Missing)?.channel;
        let source = match (source, channel) {
            (Some(source), _) => source,
            (None, Channel::Api | Channel::WebWidget) => self.mint.uuid(),
            (None, Channel::Email) => self
                .contacts
                .get(&contact)
                .and_then(|c| c.email.clone())
                .ok_or_else(|| Refusal::unprocessable("param is missing or the value is empty: contact email"))?,
            (None, Channel::Whatsapp) => self
                .contacts
                .get(&contact)
                .and_then(|c| c.phone_number.as_deref().map(|number| number.trim_start_matches('+').to_owned()))
                .ok_or_else(|| Refusal::unprocessable("param is missing or the value is empty: contact phone number"))?,
        };
        if let Some(found) = self.by_source(inbox, &source) {
            return if found.contact_id == contact { Ok(found.clone()) } else { Err(Refusal::unprocessable("source_id should be unique")) };
        }
        let now = self.now();
        let id = take(&mut self.ids.contact_inbox);
        let row = ContactInbox {
            id,
            contact_id: contact,
            inbox_id: inbox,
            source_id: source,
            hmac_verified: verified,
            pubsub_token: self.mint.token(),
            created_at: now,
            updated_at: now,
        };
        self.contact_inboxes.insert(id, row.clone());
        Ok(row)
    }

    /// Takes a contact and all its conversations away.
    pub(crate) fn delete_contact(&mut self, id: Id) {
        let data = self.contacts.get(&id).map(wire::contact_push);
        let (Some(row), Some(data)) = (self.contacts.remove(&id), data) else { return };
        self.emit(Event::ContactDeleted(row.account_id, data));
        let gone: Vec<Id> = self.conversations.values().filter(|c| c.contact_id == id).map(|c| c.id).collect();
        for conversation in gone {
            self.delete_conversation(conversation);
        }
        self.contact_inboxes.retain(|_, ci| ci.contact_id != id);
        self.notes.retain(|_, n| n.contact_id != id);
    }

    /// Moves everything of `mergee` to `base`, whose own values win, and removes `mergee`.
    pub(crate) fn merge_contacts(&mut self, base: Id, mergee: Id) {
        let (Some(kept), Some(other)) = (self.contacts.get(&base), self.contacts.get(&mergee).cloned()) else { return };
        let data = wire::contact_push(kept);
        let unmerged = data.clone();
        self.emit(Event::ContactMerged(other.account_id, data));
        for ci in self.contact_inboxes.values_mut().filter(|ci| ci.contact_id == mergee) {
            ci.contact_id = base;
            ci.updated_at = self.clock.now();
        }
        for note in self.notes.values_mut().filter(|n| n.contact_id == mergee) {
            note.contact_id = base;
        }
        let theirs: Vec<Id> = self.messages.values().filter(|m| m.sender == Some(Sender::Contact(mergee))).map(|m| m.id).collect();
        for id in theirs {
            self.update_message(id, None, |m| m.sender = Some(Sender::Contact(base)));
        }
        let moved: Vec<Id> = self.conversations.values().filter(|c| c.contact_id == mergee).map(|c| c.id).collect();
        for &id in &moved {
            let now = self.now();
            let Some(c) = self.conversations.get_mut(&id) else { continue };
            c.contact_id = base;
            c.updated_at = now;
        }
        let data = wire::contact_push(&other);
        self.contacts.remove(&mergee);
        self.emit(Event::ContactDeleted(other.account_id, data));
        self.update_contact(base, |c| {
            if c.name.is_empty() {
                c.name.clone_from(&other.name);
            }
            c.email = c.email.take().or(other.email);
            c.phone_number = c.phone_number.take().or(other.phone_number);
            c.identifier = c.identifier.take().or(other.identifier);
            let keep = |mine: &mut Object, theirs: Object| {
                for (k, v) in theirs {
                    mine.entry(k).or_insert(v);
                }
            };
            keep(&mut c.additional_attributes, other.additional_attributes);
            keep(&mut c.custom_attributes, other.custom_attributes);
        });
        // Told after the commit: the messages' sender is read anew, the conversation's is the row from before (contact-merge).
        for id in moved {
            let Some(mut push) = self.conversations.get(&id).map(|c| wire::conversation_push(self, c)) else { continue };
            if let Some(sender) = push.get_mut("meta").and_then(|m| m.get_mut("sender")) {
                sender.clone_from(&unmerged);
            }
            self.emit(Event::ContactChanged(id, push));
        }
    }
}

/// Whether a contact column stands behind `updated_at` in the table.
fn after_updated_at(column: &str) -> bool {
    !matches!(column, "name" | "email" | "phone_number")
}

fn diff(a: &Contact, b: &Contact) -> Changes {
    let seen = |at: Option<Stamp>| at.map_or(Value::Null, |t| json!(t.iso()));
    let all = [
        ("name", json!(a.name), json!(b.name)),
        ("email", json!(a.email), json!(b.email)),
        ("phone_number", json!(a.phone_number), json!(b.phone_number)),
        ("additional_attributes", json!(a.additional_attributes), json!(b.additional_attributes)),
        ("identifier", json!(a.identifier), json!(b.identifier)),
        ("custom_attributes", json!(a.custom_attributes), json!(b.custom_attributes)),
        ("last_activity_at", seen(a.last_activity_at), seen(b.last_activity_at)),
        ("contact_type", json!(contact_type(a)), json!(contact_type(b))),
        ("location", from_attribute(a, "city"), from_attribute(b, "city")),
        ("country_code", from_attribute(a, "country"), from_attribute(b, "country")),
        ("blocked", json!(a.blocked), json!(b.blocked)),
        ("label_list", json!(a.labels), json!(b.labels)),
    ];
    all.into_iter().filter(|(_, x, y)| x != y).collect()
}

/// Whether there is an address or a number: what makes a visitor a lead.
fn reachable(c: &Contact) -> bool {
    filled(&c.email) || filled(&c.phone_number)
}

fn filled(text: &Option<String>) -> bool {
    text.as_ref().is_some_and(|t| !t.is_empty())
}

/// `visitor`, or `lead`.
pub(crate) fn contact_type(c: &Contact) -> &'static str {
    if c.lead { "lead" } else { "visitor" }
}

/// A column that Chatwoot fills from the attributes (`location` from city, `country_code` from country).
pub(crate) fn from_attribute(c: &Contact, key: &str) -> Value {
    c.additional_attributes.get(key).cloned().unwrap_or(Value::Null)
}

fn blank(text: Option<String>) -> Option<String> {
    text.filter(|t| !t.trim().is_empty())
}

pub(crate) fn email_like(text: &str) -> bool {
    let mut parts = text.split('@');
    let (Some(user), Some(host), None) = (parts.next(), parts.next(), parts.next()) else { return false };
    !user.is_empty() && !host.is_empty() && !text.contains(char::is_whitespace) && !host.starts_with('.') && !host.ends_with('.')
}

fn phone_like(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|d| (2..=15).contains(&d.len()) && !d.starts_with('0') && d.bytes().all(|b| b.is_ascii_digit()))
}
