//! Fills a fresh memory from a [`World`]: the same ids and tokens every time.

use std::{collections::BTreeMap, sync::Arc};

use base64::Engine as _;
use bytes::Bytes;
use serde_json::{Value, json};
use url::Url;

use super::{
    Attachment, Attribute, Availability, Blob, Bot, Canned, Contact, ContactInbox, Id, Ids, Inbox, Label, Message, MessageType, Object,
    Presence, Priority, Sender, State, Status, Team, User, Webhook,
    staff::{EMAIL_FLAGS, PUSH_FLAGS},
    take,
};
use crate::{
    clock::{Clock, Stamp},
    token::Mint,
    version::Version,
    world::{Channel, ConversationSeed, MessageSeed, World},
};

/// The password of everyone whose seed names none.
const PASSWORD: &str = "Sesame!Open42";

/// Keys to ids while seeding.
#[derive(Default)]
struct Keys {
    accounts: BTreeMap<String, Id>,
    users: BTreeMap<String, Id>,
    inboxes: BTreeMap<String, Id>,
    teams: BTreeMap<String, Id>,
    contacts: BTreeMap<String, Id>,
}

impl State {
    /// A memory that holds nothing.
    fn empty(version: Version, clock: Arc<Clock>, mint: Mint, base: &str) -> Self {
        let platform_token = mint.named("platform");
        State {
            version,
            clock,
            mint,
            ids: Ids::default(),
            actor: Default::default(),
            events: Vec::new(),
            jobs: Default::default(),
            receipts: Default::default(),
            accounts: BTreeMap::new(),
            users: BTreeMap::new(),
            inboxes: BTreeMap::new(),
            teams: BTreeMap::new(),
            labels: BTreeMap::new(),
            canned: BTreeMap::new(),
            attributes: BTreeMap::new(),
            bots: BTreeMap::new(),
            webhooks: BTreeMap::new(),
            filters: BTreeMap::new(),
            contacts: BTreeMap::new(),
            contact_inboxes: BTreeMap::new(),
            conversations: BTreeMap::new(),
            display: BTreeMap::new(),
            last_display: BTreeMap::new(),
            messages: BTreeMap::new(),
            threads: BTreeMap::new(),
            blobs: BTreeMap::new(),
            notifications: BTreeMap::new(),
            notes: BTreeMap::new(),
            csats: BTreeMap::new(),
            automations: BTreeMap::new(),
            macros: BTreeMap::new(),
            dashboard_apps: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            sessions: Vec::new(),
            session: None,
            companies: BTreeMap::new(),
            presence: Presence::default(),
            platform_token,
            mail_server: false,
            base: base.to_owned(),
        }
    }

    /// The fresh world. Keys that are not defined are left out; [`World::check`] has refused them before.
    pub(crate) fn seeded(world: &World, version: Version, hooks: Option<&Url>, clock: Arc<Clock>, mint: Mint, base: &str) -> Self {
        let mut s = State::empty(version, clock, mint, base);
        s.mail_server = world.mail_server;
        let mut keys = Keys::default();
        let url = |text: &str| match hooks {
            Some(base) => Some(text.replace("{{hooks}}", base.as_str().trim_end_matches('/'))),
            None if text.contains("{{hooks}}") => None,
            None => Some(text.to_owned()),
        };
        let born = s.now().plus_seconds(-90 * 86_400);
        for a in &world.accounts {
            let id = s.new_account(&a.key, &a.name, born);
            keys.accounts.insert(a.key.clone(), id);
        }
        let home = world.accounts.first().and_then(|a| keys.accounts.get(&a.key)).copied().unwrap_or(1);
        s.seed_users(world, &mut keys);
        s.seed_inboxes(world, &mut keys, &url);
        for t in &world.teams {
            let id = take(&mut s.ids.team);
            keys.teams.insert(t.key.clone(), id);
            let members = t.members.iter().filter_map(|m| keys.users.get(m).copied()).collect();
            let row = Team {
                id,
                key: t.key.clone(),
                account_id: home,
                name: t.name.clone(),
                description: Some(t.description.clone()),
                allow_auto_assign: false,
                members,
                created_at: born,
                updated_at: born,
            };
            s.teams.insert(id, row);
        }
        s.seed_small(world, home, born, &url, &keys);
        s.seed_contacts(world, home, &mut keys);
        for c in &world.conversations {
            s.seed_conversation(c, &keys);
        }
        s
    }

    fn seed_users(&mut self, world: &World, keys: &mut Keys) {
        for u in &world.users {
            let id = take(&mut self.ids.user);
            let born = self.now();
            keys.users.insert(u.key.clone(), id);
            let row = User {
                id,
                key: u.key.clone(),
                name: u.name.clone(),
                display_name: None,
                email: u.email.to_lowercase(),
                password: Some(u.password.clone().unwrap_or_else(|| PASSWORD.to_owned())),
                confirmed: true,
                message_signature: None,
                access_token: self.mint.named(&format!("user/{}/access", u.key)),
                pubsub_token: self.mint.named(&format!("user/{}/pubsub", u.key)),
                ui_settings: json!({}),
                custom_attributes: Object::new(),
                avatar: None,
                account_id: keys.accounts.get(&u.account).copied(),
                account_user_id: take(&mut self.ids.account_user),
                created_at: born,
                joined_at: born,
                rejoined_at: born,
                role: u.role,
                availability: Availability::Online,
                auto_offline: true,
                active_at: None,
                email_flags: EMAIL_FLAGS.map(str::to_owned).to_vec(),
                push_flags: PUSH_FLAGS.map(str::to_owned).to_vec(),
            };
            self.users.insert(id, row);
        }
    }

    fn seed_inboxes(&mut self, world: &World, keys: &mut Keys, url: &dyn Fn(&str) -> Option<String>) {
        for i in &world.inboxes {
            let id = take(&mut self.ids.inbox);
            keys.inboxes.insert(i.key.clone(), id);
            let mut settings = default_settings();
            settings.insert("enable_auto_assignment".into(), json!(i.auto_assignment));
            let named = |what: &str| self.mint.named(&format!("inbox/{}/{what}", i.key));
            let row = Inbox {
                id,
                key: i.key.clone(),
                account_id: keys.accounts.get(&i.account).copied().unwrap_or_default(),
                channel_id: id + 50,
                channel: i.channel,
                name: i.name.clone(),
                webhook_url: i.webhook_url.as_deref().and_then(url),
                website_url: i.website_url.clone(),
                email: i.email.clone(),
                phone_number: i.phone_number.clone(),
                message_templates: i.message_templates.clone(),
                identifier: named("identifier"),
                hmac_token: named("hmac"),
                secret: named("secret"),
                website_token: named("website"),
                members: i.members.iter().filter_map(|m| keys.users.get(m).copied()).collect(),
                settings,
                bot: None,
            };
            self.inboxes.insert(id, row);
        }
    }

    fn seed_small(&mut self, world: &World, home: Id, born: Stamp, url: &dyn Fn(&str) -> Option<String>, keys: &Keys) {
        for l in &world.labels {
            let id = self.next_small_id();
            let row = Label {
                id,
                account_id: home,
                title: l.title.clone(),
                description: Some(l.description.clone()),
                color: l.color.clone(),
                show_on_sidebar: Some(true),
            };
            self.labels.insert(id, row);
        }
        for c in &world.canned_responses {
            let id = self.next_small_id();
            let row = Canned {
                id,
                account_id: home,
                short_code: c.short_code.clone(),
                content: c.content.clone(),
                created_at: born,
                updated_at: born,
            };
            self.canned.insert(id, row);
        }
        for a in &world.custom_attributes {
            let id = self.next_small_id();
            let row = Attribute {
                id,
                account_id: home,
                model: a.model.clone(),
                display_type: a.display_type.clone(),
                key: a.key.clone(),
                name: a.name.clone(),
                description: Some(a.description.clone()),
                regex_pattern: None,
                regex_cue: None,
                values: a.values.clone(),
                created_at: born,
                updated_at: born,
            };
            self.attributes.insert(id, row);
        }
        if let Some(b) = &world.bot {
            let id = self.next_small_id();
            let row = Bot {
                id,
                account_id: Some(home),
                name: Some(b.name.clone()),
                description: Some(b.description.clone()),
                outgoing_url: url(&b.outgoing_url),
                config: json!({}),
                of_platform: false,
                access_token: self.mint.named("bot/access"),
                secret: self.mint.named("bot/secret"),
            };
            self.bots.insert(id, row);
        }
        if let Some(w) = &world.webhook
            && let Some(target) = url(&w.url)
        {
            let id = self.next_small_id();
            let account_id = keys.accounts.get(&w.account).copied().unwrap_or(home);
            let secret = self.mint.named("webhook/secret");
            self.webhooks.insert(
                id,
                Webhook { id, account_id, name: Some("all".into()), url: target, subscriptions: w.subscriptions.clone(), secret },
            );
        }
    }

    fn seed_contacts(&mut self, world: &World, home: Id, keys: &mut Keys) {
        for c in &world.contacts {
            let id = take(&mut self.ids.contact);
            keys.contacts.insert(c.key.clone(), id);
            let now = self.now();
            let mut row = Contact {
                id,
                key: c.key.clone(),
                account_id: home,
                name: c.name.clone(),
                email: c.email.clone(),
                phone_number: c.phone_number.clone(),
                identifier: c.identifier.clone(),
                blocked: false,
                thumbnail: String::new(),
                additional_attributes: Object::new(),
                custom_attributes: c.custom_attributes.clone(),
                labels: Vec::new(),
                company_id: None,
                lead: c.email.is_some() || c.phone_number.is_some(),
                last_activity_at: None,
                created_at: now,
                updated_at: now,
            };
            self.name_company(&mut row);
            self.contacts.insert(id, row);
            if let Some(inbox) = c.inbox.as_ref().and_then(|i| keys.inboxes.get(i).copied()) {
                self.seed_address(id, inbox, &c.key);
            }
        }
    }

    fn seed_address(&mut self, contact: Id, inbox: Id, key: &str) -> Option<ContactInbox> {
        if let Some(found) = self.contact_inboxes.values().find(|ci| ci.contact_id == contact && ci.inbox_id == inbox) {
            return Some(found.clone());
        }
        let channel = self.inboxes.get(&inbox)?.channel;
        let person = self.contacts.get(&contact)?;
        let source_id = match (channel, &person.email, &person.phone_number) {
            (Channel::Email, Some(mail), _) => mail.clone(),
            (Channel::Whatsapp, _, Some(number)) => number.trim_start_matches('+').to_owned(),
            _ => self.mint.named_uuid(&format!("source/{key}/{inbox}")),
        };
        let now = self.now();
        let id = take(&mut self.ids.contact_inbox);
        let pubsub_token = self.mint.named(&format!("contact/{key}/{inbox}/pubsub"));
        let row = ContactInbox {
            id,
            contact_id: contact,
            inbox_id: inbox,
            source_id,
            hmac_verified: false,
            pubsub_token,
            created_at: now,
            updated_at: now,
        };
        self.contact_inboxes.insert(id, row.clone());
        Some(row)
    }

    fn seed_conversation(&mut self, seed: &ConversationSeed, keys: &Keys) -> Option<Id> {
        let inbox = *keys.inboxes.get(&seed.inbox)?;
        let contact = *keys.contacts.get(&seed.contact)?;
        let at = self.seed_address(contact, inbox, &seed.contact)?;
        let start = self.now();
        let first = seed.messages.first().map_or(start, |m| start.plus_seconds(-60 * m.ago_min));
        let id = self.insert_conversation(&at, first)?;
        let (mut replied, mut waiting, mut seen) = (None, Some(first), None);
        for m in &seed.messages {
            let sent = start.plus_seconds(-60 * m.ago_min);
            self.seed_message(id, m, keys, contact, sent);
            match m.from.as_str() {
                "customer" => waiting = waiting.or(Some(sent)),
                "activity" => {}
                _ if m.private => seen = Some(sent),
                _ => {
                    replied = replied.or(Some(sent));
                    (waiting, seen) = (None, Some(sent));
                }
            }
        }
        let last_word = seed.messages.iter().rev().find(|m| m.from == "customer").map(|m| start.plus_seconds(-60 * m.ago_min));
        if let (Some(k), Some(at)) = (self.contacts.get_mut(&contact), last_word) {
            k.last_activity_at = k.last_activity_at.max(Some(at));
            k.created_at = k.created_at.min(first);
        }
        let c = self.conversations.get_mut(&id)?;
        c.status = Status::parse(&seed.status).unwrap_or(Status::Open);
        c.assignee_id = seed.assignee.as_ref().and_then(|a| keys.users.get(a).copied());
        c.team_id = seed.team.as_ref().and_then(|t| keys.teams.get(t).copied());
        c.priority = seed.priority.as_deref().and_then(Priority::parse);
        c.labels.clone_from(&seed.labels);
        c.cached_label_list = (!seed.labels.is_empty()).then(|| seed.labels.join(", "));
        c.snoozed_until = seed.snoozed_for_min.filter(|_| c.status == Status::Snoozed).map(|m| start.plus_seconds(60 * m));
        c.custom_attributes = Value::Object(seed.custom_attributes.clone());
        c.additional_attributes = Value::Object(seed.additional_attributes.clone());
        c.first_reply_created_at = replied;
        c.waiting_since = waiting.filter(|_| c.status != Status::Resolved);
        c.agent_last_seen_at = seen;
        c.participants.extend(c.assignee_id);
        c.updated_at = c.last_activity_at;
        Some(id)
    }

    fn seed_message(&mut self, conversation: Id, seed: &MessageSeed, keys: &Keys, contact: Id, sent: Stamp) {
        let Some((account_id, inbox_id)) = self.conversations.get(&conversation).map(|c| (c.account_id, c.inbox_id)) else { return };
        let (message_type, sender) = match seed.from.as_str() {
            "customer" => (MessageType::Incoming, Some(Sender::Contact(contact))),
            "activity" => (MessageType::Activity, None),
            "bot" => (MessageType::Outgoing, self.bots.keys().next().map(|b| Sender::Bot(*b))),
            user => (MessageType::Outgoing, keys.users.get(user).map(|u| Sender::User(*u))),
        };
        let mut attachments = Vec::new();
        for (n, file) in seed.files.iter().enumerate() {
            let bytes = match base64::engine::general_purpose::STANDARD.decode(&file.base64) {
                Ok(raw) if file.text.is_empty() => raw,
                _ => file.text.clone().into_bytes(),
            };
            let id = take(&mut self.ids.attachment);
            let blob = format!("{}{}", self.mint.named(&format!("blob/{id}")), self.mint.named(&format!("blob/{conversation}/{n}")));
            self.blobs
                .insert(blob.clone(), Blob { name: file.name.clone(), content_type: file.content_type.clone(), bytes: Bytes::from(bytes) });
            let file_type = if file.content_type.starts_with("image/") { "image" } else { "file" };
            attachments.push(Attachment { id, file_type, blob, size: None });
        }
        let id = take(&mut self.ids.message);
        let text = Some(seed.text.clone()).filter(|t| !t.is_empty());
        let row = Message {
            id,
            account_id,
            inbox_id,
            conversation_id: conversation,
            message_type,
            processed: text.clone(),
            content: text,
            private: seed.private,
            status: "sent",
            source_id: None,
            content_type: "text".into(),
            content_attributes: Object::new(),
            additional_attributes: Object::new(),
            sender,
            attachments,
            created_at: sent,
            updated_at: sent,
        };
        self.insert_message(row);
    }
}

/// The settings of a fresh inbox, in the order of the answer.
fn default_settings() -> Object {
    let day = |n: i64| {
        let closed = n == 0 || n == 6;
        let hour = |h: i64| if closed { Value::Null } else { json!(h) };
        json!({"day_of_week": n, "closed_all_day": closed, "open_hour": hour(9), "open_minutes": hour(0),
               "close_hour": hour(17), "close_minutes": hour(0), "open_all_day": false})
    };
    let settings = json!({
        "greeting_enabled": false, "greeting_message": null, "working_hours_enabled": false, "enable_email_collect": true,
        "csat_survey_enabled": false, "csat_config": {}, "enable_auto_assignment": true, "auto_assignment_config": {},
        "out_of_office_message": null, "working_hours": (0..7).map(day).collect::<Vec<_>>(), "timezone": "UTC",
        "callback_webhook_url": null, "allow_messages_after_resolved": true, "lock_to_single_conversation": false,
        "sender_name_type": "friendly", "business_name": null,
    });
    match settings {
        Value::Object(map) => map,
        _ => Object::new(),
    }
}
