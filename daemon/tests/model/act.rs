//! Carries out one step of a script at the sandbox or at the daemon, and remembers what Chatwoot leaves no trace of (section 12.3).

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use api::client::new_key;
use api::id::ConversationId;
use api::inbox::{AttributeChange, ContactPatch, ConversationPatch, LabelChange, Labels, NewMessage};
use reqwest::Method;
use serde_json::{Value, json};

use crate::op::{Bulk, By, HOOKS_LATE_MS_MAX, Nth, Op, User, Write, Wrong};
use crate::stage::{Stage, TOO_LATE_MS};

/// A conversation that the script may name.
#[derive(Debug, Clone)]
struct Known {
    id: i64,
    /// The customer's address, where it came through the customer's page.
    source: Option<String>,
    contact: i64,
}

/// What happened that no event may have told, until everything was walked once.
#[derive(Debug, Default)]
pub(crate) struct Silent {
    pub(crate) gone_conversations: BTreeSet<i64>,
    pub(crate) gone_contacts: BTreeSet<i64>,
    pub(crate) relabelled: bool,
    /// When each step began, the first at index 0.
    began: Vec<Instant>,
    /// Steps at which neither frames nor webhooks were sure to arrive.
    deaf: BTreeSet<u64>,
    /// Changes without a clock: step, message or contact.
    messages: Vec<(u64, i64)>,
    contacts: Vec<(u64, i64)>,
    lists: Vec<u64>,
}

/// Events of a step leave within so many steps after it, and within this time where those are over sooner: webhooks are held back, and what
/// is on its way when the daemon is killed is lost.
const ECHO: u64 = 12;
const ECHO_TIME: Duration = Duration::from_millis(HOOKS_LATE_MS_MAX + 200);

impl Silent {
    fn lost(&self, step: u64) -> bool {
        let began = |step: u64| step.checked_sub(1).and_then(|at| self.began.get(usize::try_from(at).ok()?));
        let near = |deaf: u64| match (began(step), began(deaf)) {
            (Some(step), Some(deaf)) => step.max(deaf).duration_since(*step.min(deaf)) < ECHO_TIME,
            _ => false,
        };
        // Before as well: the daemon may not hear yet when the websocket is on its way back.
        self.deaf.iter().any(|deaf| deaf.abs_diff(step) <= ECHO || near(*deaf))
    }

    pub(crate) fn messages(&self) -> BTreeSet<i64> {
        self.messages.iter().filter(|(step, _)| self.lost(*step)).map(|(_, id)| *id).collect()
    }

    pub(crate) fn contacts(&self) -> BTreeSet<i64> {
        self.contacts.iter().filter(|(step, _)| self.lost(*step)).map(|(_, id)| *id).collect()
    }

    pub(crate) fn lists(&self) -> bool {
        self.lists.iter().any(|step| self.lost(*step))
    }
}

#[derive(Default)]
pub(crate) struct Actor {
    conversations: Vec<Known>,
    contacts: Vec<i64>,
    addresses: Vec<(i64, String)>,
    pub(crate) silent: Silent,
    step: u64,
    /// Frames or webhooks are being lost.
    losing: (bool, bool),
}

fn at<T: Clone>(list: &[T], nth: Nth) -> Option<T> {
    let len = list.len() as u64;
    // Numbers from the top count from the end.
    let place = if nth > u64::MAX / 2 { len.checked_sub((u64::MAX - nth) % len.max(1) + 1)? } else { nth.checked_rem(len)? };
    list.get(usize::try_from(place).ok()?).cloned()
}

fn id(value: &Value) -> Option<i64> {
    value["id"].as_i64()
}

fn attributes(value: u64) -> serde_json::Map<String, Value> {
    [("n".to_owned(), json!(value)), (format!("k{}", value % 5), json!(format!("v{value}")))].into_iter().collect()
}

impl Actor {
    /// Learns what the world begins with.
    pub(crate) async fn new(stage: &Stage) -> Self {
        let mut actor = Self::default();
        actor.learn(stage).await;
        for inbox in &stage.inboxes {
            let surveys = json!({"csat_survey_enabled": true});
            stage.call("admin", Method::PATCH, &format!("/inboxes/{inbox}"), Some(surveys)).await;
        }
        for contact in actor.contacts.clone() {
            actor.learn_address(stage, contact).await;
        }
        actor
    }

    /// Conversations that came without an answer that names them.
    async fn learn(&mut self, stage: &Stage) {
        let state = stage.steer(Method::GET, "/sandbox/state", json!(null)).await;
        for row in state["conversations"].as_array().into_iter().flatten() {
            let (Some(number), Some(contact)) = (id(row), row["contact_id"].as_i64()) else { continue };
            if !self.conversations.iter().any(|known| known.id == number) {
                self.conversations.push(Known { id: number, source: None, contact });
            }
            if !self.contacts.contains(&contact) {
                self.contacts.push(contact);
            }
            if row["inbox_id"] != stage.inboxes[0] {
                self.silent.contacts.push((self.step, contact));
            }
        }
    }

    async fn learn_address(&mut self, stage: &Stage, contact: i64) {
        let (_, card) = stage.call("admin", Method::GET, &format!("/contacts/{contact}"), None).await;
        for address in card["payload"]["contact_inboxes"].as_array().into_iter().flatten() {
            if address["inbox"]["id"] == stage.inboxes[0]
                && let Some(source) = address["source_id"].as_str()
            {
                self.addresses.push((contact, source.to_owned()));
            }
        }
    }

    /// Does it; returns what came of it, for the protocol.
    pub(crate) async fn act(&mut self, stage: &mut Stage, op: &Op) -> String {
        self.step += 1;
        self.silent.began.push(Instant::now());
        if !stage.is_up() || self.losing == (true, true) {
            self.silent.deaf.insert(self.step);
        }
        match op {
            Op::Wrong(wrong) => self.go_wrong(stage, *wrong).await,
            Op::Ours { user, conversation, write } => self.ours(stage, *user, *conversation, write).await,
            Op::Arrives { .. }
            | Op::Mails { .. }
            | Op::Writes { .. }
            | Op::NewConversationOf { .. }
            | Op::Sees { .. }
            | Op::ResolvedByCustomer { .. }
            | Op::Rates { .. } => self.customer(stage, op).await,
            Op::NewContact { .. } | Op::EditContact { .. } | Op::Block { .. } | Op::Merge { .. } | Op::DeleteContact { .. } => {
                self.contact(stage, op).await
            }
            Op::NewLabel { .. }
            | Op::RenameLabel { .. }
            | Op::RecolourLabel { .. }
            | Op::DeleteLabel { .. }
            | Op::NewCanned { .. }
            | Op::EditCanned { .. }
            | Op::DeleteCanned { .. }
            | Op::RenameInbox { .. }
            | Op::Surveys { .. }
            | Op::NewTeam { .. }
            | Op::RenameTeam { .. }
            | Op::DeleteTeam { .. }
            | Op::NewAgent { .. }
            | Op::RenameAgent { .. }
            | Op::DeleteAgent { .. } => self.list(stage, op).await,
            Op::Bulk { by, conversations, what } => self.bulk(stage, *by, conversations, *what).await,
            _ => self.agent(stage, op).await,
        }
        .unwrap_or_else(|| "nothing there for it".to_owned())
    }

    async fn customer(&mut self, stage: &Stage, op: &Op) -> Option<String> {
        match op {
            Op::Arrives { with, text } => {
                let n = self.step;
                let mut body = json!({"name": format!("Customer {n}")});
                match *with {
                    "email" => body["email"] = json!(format!("c{n}@example.com")),
                    "phone" => body["phone_number"] = json!(format!("+4917{n:09}")),
                    "identifier" => body["identifier"] = json!(format!("shop-{n}")),
                    _ => {}
                }
                let (_, card) = stage.public(Method::POST, "/contacts", Some(body)).await;
                let (contact, source) = (id(&card)?, card["source_id"].as_str()?.to_owned());
                self.contacts.push(contact);
                self.addresses.push((contact, source.clone()));
                self.open(stage, contact, source, text).await
            }
            Op::NewConversationOf { contact, text } => {
                let (contact, source) = at(&self.addresses, *contact)?;
                self.open(stage, contact, source, text).await
            }
            Op::Mails { inbox, who, text } => {
                let contact = json!({"name": format!("Writer {who}"), "email": format!("w{who}@mail.example")});
                let body = json!({"contact": contact, "inbox": inbox, "texts": [text], "count": 1, "every_ms": 0, "after_ms": 0});
                stage.steer(Method::POST, "/sandbox/customers", body).await;
                self.learn(stage).await;
                Some(String::new())
            }
            Op::Writes { conversation, text, file } => {
                let known = at(&self.conversations, *conversation)?;
                let (status, message) = match (&known.source, file) {
                    (Some(source), false) => {
                        let path = format!("/contacts/{source}/conversations/{}/messages", known.id);
                        stage.public(Method::POST, &path, Some(json!({"content": text}))).await
                    }
                    (Some(source), true) => {
                        let path = stage.public_path(&format!("/contacts/{source}/conversations/{}/messages", known.id));
                        stage.upload(None, &path, text).await
                    }
                    (None, _) => {
                        let body = json!({"content": text, "message_type": "incoming"});
                        stage.call("admin", Method::POST, &format!("/conversations/{}/messages", known.id), Some(body)).await
                    }
                };
                self.silent.contacts.push((self.step, known.contact)); // Its last activity.
                Some(format!("#{} {status} message {}", known.id, message["id"]))
            }
            Op::Sees { conversation } => {
                let (known, source) = self.public(*conversation)?;
                self.edited(stage, known.id).await;
                let path = format!("/contacts/{source}/conversations/{}/update_last_seen", known.id);
                Some(format!("#{} {}", known.id, stage.public(Method::POST, &path, Some(json!({}))).await.0))
            }
            Op::ResolvedByCustomer { conversation } => {
                let (known, source) = self.public(*conversation)?;
                let path = format!("/contacts/{source}/conversations/{}/toggle_status", known.id);
                Some(format!("#{} {}", known.id, stage.public(Method::POST, &path, Some(json!({}))).await.0))
            }
            Op::Rates { conversation, rating } => {
                let known = at(&self.conversations, *conversation)?;
                let (_, shown) = stage.call("admin", Method::GET, &format!("/conversations/{}", known.id), None).await;
                self.edited(stage, known.id).await; // The survey's own message keeps what was answered.
                let said = json!({"rating": rating, "feedback_message": format!("said at {}", self.step)});
                let body = json!({"message": {"submitted_values": {"csat_survey_response": said}}});
                Some(format!("#{} {}", known.id, stage.survey(shown["uuid"].as_str()?, body).await))
            }
            _ => None,
        }
    }

    /// Every message of it may be marked.
    async fn edited(&mut self, stage: &Stage, conversation: i64) {
        let mut after = 0;
        loop {
            let path = format!("/conversations/{conversation}/messages?after={after}");
            let (_, page) = stage.call("admin", Method::GET, &path, None).await;
            let ids: Vec<i64> = page["payload"].as_array().into_iter().flatten().filter_map(id).collect();
            let Some(last) = ids.iter().max() else { return };
            after = *last;
            self.silent.messages.extend(ids.into_iter().map(|id| (self.step, id)));
        }
    }

    fn public(&self, nth: Nth) -> Option<(Known, String)> {
        let known = at(&self.conversations, nth)?;
        let source = known.source.clone()?;
        Some((known, source))
    }

    async fn open(&mut self, stage: &Stage, contact: i64, source: String, text: &str) -> Option<String> {
        let (status, made) = stage.public(Method::POST, &format!("/contacts/{source}/conversations"), Some(json!({}))).await;
        let Some(number) = id(&made) else { return Some(format!("{status}")) };
        let path = format!("/contacts/{source}/conversations/{number}/messages");
        self.conversations.push(Known { id: number, source: Some(source), contact });
        self.silent.contacts.push((self.step, contact));
        let (_, message) = stage.public(Method::POST, &path, Some(json!({"content": text}))).await;
        Some(format!("#{number} of contact {contact}, message {}", message["id"]))
    }

    async fn agent(&mut self, stage: &Stage, op: &Op) -> Option<String> {
        let post = |by: By, known: i64, what: &str, body: Value| {
            let path = format!("/conversations/{known}/{what}");
            async move { stage.call(by.key(), Method::POST, &path, Some(body)).await }
        };
        let nth = match op {
            Op::Reply { conversation, .. }
            | Op::Answer { conversation, .. }
            | Op::Typing { conversation, .. }
            | Op::AssignBot { conversation }
            | Op::Note { conversation, .. }
            | Op::Assign { conversation, .. }
            | Op::Team { conversation, .. }
            | Op::Status { conversation, .. }
            | Op::Labels { conversation, .. }
            | Op::Priority { conversation, .. }
            | Op::Attributes { conversation, .. }
            | Op::DeleteMessage { conversation, .. }
            | Op::MessageState { conversation, .. }
            | Op::RetryFailed { conversation }
            | Op::Mute { conversation, .. }
            | Op::Unread { conversation }
            | Op::SeenByAgent { conversation, .. }
            | Op::DeleteConversation { conversation } => Some(*conversation),
            _ => None,
        };
        let Some(nth) = nth else { return self.create(stage, op).await };
        let known = at(&self.conversations, nth)?;
        let number = known.id;
        let (status, answer) = match op {
            Op::Reply { by, text, file: true, .. } => {
                stage.upload(Some(by.key()), &format!("/conversations/{number}/messages"), text).await
            }
            Op::Reply { by, text, .. } => post(*by, number, "messages", json!({"content": text})).await,
            Op::Answer { by, message, text, .. } => {
                let (_, page) = stage.call("admin", Method::GET, &format!("/conversations/{number}/messages"), None).await;
                let quoted = page["payload"].as_array().and_then(|rows| at(rows, *message)).and_then(|m| id(&m));
                post(*by, number, "messages", json!({"content": text, "content_attributes": {"in_reply_to": quoted}})).await
            }
            Op::Typing { by, .. } => post(*by, number, "toggle_typing_status", json!({"typing_status": "on"})).await,
            Op::AssignBot { .. } => {
                let (_, bots) = stage.call("admin", Method::GET, "/agent_bots", None).await;
                post(By::Admin, number, "assignments", json!({"assignee_id": bots[0]["id"], "assignee_type": "AgentBot"})).await
            }
            Op::Note { by, text, .. } => {
                let text = text.replace("user/2/", &format!("user/{}/", stage.user_id("jo")));
                post(*by, number, "messages", json!({"content": text, "private": true})).await
            }
            Op::Assign { by, to, .. } => {
                post(*by, number, "assignments", json!({"assignee_id": to.map(|to| stage.user_id(to.key()))})).await
            }
            Op::Team { by, team, .. } => {
                post(*by, number, "assignments", json!({"team_id": team.and_then(|nth| at(&stage.teams, nth))})).await
            }
            Op::Status { by, status, for_s, .. } => {
                // Whole seconds, as Chatwoot's page sends them.
                let until = for_s.filter(|_| *status == "snoozed").map(|s| 1_900_000_000 + s);
                post(*by, number, "toggle_status", json!({"status": status, "snoozed_until": until})).await
            }
            Op::Labels { by, labels, .. } => post(*by, number, "labels", json!({"labels": labels})).await,
            Op::Priority { by, priority, .. } => post(*by, number, "toggle_priority", json!({"priority": priority})).await,
            Op::Attributes { by, value, .. } => {
                post(*by, number, "custom_attributes", json!({"custom_attributes": {"order": format!("A-{value}"), "n": value}})).await
            }
            Op::Mute { on, .. } => {
                self.silent.contacts.push((self.step, known.contact));
                post(By::Admin, number, if *on { "mute" } else { "unmute" }, json!({})).await
            }
            Op::Unread { .. } => post(By::Admin, number, "unread", json!({})).await,
            Op::SeenByAgent { by, .. } => post(*by, number, "update_last_seen", json!({})).await,
            Op::DeleteConversation { .. } => {
                self.silent.gone_conversations.insert(number);
                stage.call("admin", Method::DELETE, &format!("/conversations/{number}"), None).await
            }
            Op::DeleteMessage { .. } | Op::MessageState { .. } | Op::RetryFailed { .. } => return self.message(stage, number, op).await,
            _ => return None,
        };
        let made = id(&answer).filter(|_| matches!(op, Op::Reply { .. } | Op::Note { .. }));
        Some(format!("#{number} {status}{}", made.map(|id| format!(" message {id}")).unwrap_or_default()))
    }

    async fn message(&mut self, stage: &Stage, number: i64, op: &Op) -> Option<String> {
        let path = format!("/conversations/{number}/messages");
        let (_, page) = stage.call("admin", Method::GET, &path, None).await;
        let rows = page["payload"].as_array()?.clone();
        let (message, call) = match op {
            Op::DeleteMessage { by, message, .. } => (at(&rows, *message)?, (by.key(), Method::DELETE, String::new(), None)),
            Op::MessageState { message, state, .. } => {
                let one = at(&rows, *message)?;
                // What the customer has read stays read: that is how every channel's provider tells it.
                let body = match (one["status"].as_str(), *state) {
                    (Some("read"), "delivered") => return None,
                    (_, "failed") => json!({"status": "failed", "external_error": "502 no route"}),
                    (_, state) => json!({"status": state}),
                };
                (one, ("admin", Method::PATCH, String::new(), Some(body)))
            }
            _ => {
                let failed = rows.iter().rev().find(|m| m["status"] == "failed")?;
                (failed.clone(), ("admin", Method::POST, "/retry".to_owned(), Some(json!({}))))
            }
        };
        let message = id(&message)?;
        self.silent.messages.push((self.step, message));
        let (by, method, more, body) = call;
        let (status, _) = stage.call(by, method, &format!("{path}/{message}{more}"), body).await;
        Some(format!("#{number} message {message} {status}"))
    }

    async fn bulk(&self, stage: &Stage, by: By, conversations: &[Nth], what: Bulk) -> Option<String> {
        let ids: Vec<i64> = conversations.iter().filter_map(|nth| at(&self.conversations, *nth)).map(|known| known.id).collect();
        let mut body = json!({"type": "Conversation", "ids": ids});
        match what {
            Bulk::Status(status) => body["fields"] = json!({"status": status}),
            Bulk::Assign(to) => body["fields"] = json!({"assignee_id": to.map(|to| stage.user_id(to.key()))}),
            Bulk::Label { add, remove } => body["labels"] = json!({"add": [add], "remove": [remove]}),
        }
        Some(format!("{ids:?} {}", stage.call(by.key(), Method::POST, "/bulk_actions", Some(body)).await.0))
    }

    async fn create(&mut self, stage: &Stage, op: &Op) -> Option<String> {
        let Op::Create { by, contact, inbox, status, message } = op else { return None };
        let contact = at(&self.contacts, *contact)?;
        let mut body = json!({"inbox_id": at(&stage.inboxes, *inbox)?, "contact_id": contact, "status": status});
        if *message {
            body["message"] = json!({"content": format!("We write first ({})", self.step)});
        }
        let (code, made) = stage.call(by.key(), Method::POST, "/conversations", Some(body)).await;
        if let (200, Some(number)) = (code, id(&made)) {
            self.conversations.push(Known { id: number, source: None, contact });
        }
        Some(format!("{code} #{} of contact {contact}", made["id"]))
    }

    async fn contact(&mut self, stage: &Stage, op: &Op) -> Option<String> {
        let n = self.step;
        let (what, status) = match op {
            Op::NewContact { name, email } => {
                let mut body = json!({"name": name, "custom_attributes": {"tier": n}});
                if *email {
                    body["email"] = json!(format!("n{n}@Firm{}.example", n % 3));
                }
                let (status, made) = stage.call("admin", Method::POST, "/contacts", Some(body)).await;
                let contact = made["payload"]["contact"]["id"].as_i64()?;
                self.contacts.push(contact);
                self.silent.contacts.push((n, contact));
                (contact, status)
            }
            Op::EditContact { contact, field, value } => {
                let contact = at(&self.contacts, *contact)?;
                let body = match *field {
                    "name" => json!({"name": format!("Renamed {value}")}),
                    "email" => json!({"email": format!("e{value}@example.com")}),
                    "phone_number" => json!({"phone_number": format!("+4930{value:07}")}),
                    "identifier" => json!({"identifier": format!("id-{value}")}),
                    key => json!({key: {"city": format!("Town {value}"), "tier": value}}),
                };
                self.silent.contacts.push((n, contact));
                (contact, stage.call("admin", Method::PATCH, &format!("/contacts/{contact}"), Some(body)).await.0)
            }
            Op::Block { contact, on } => {
                let contact = at(&self.contacts, *contact)?;
                self.silent.contacts.push((n, contact));
                (contact, stage.call("admin", Method::PATCH, &format!("/contacts/{contact}"), Some(json!({"blocked": on}))).await.0)
            }
            Op::Merge { base, other } => {
                let (base, other) = (at(&self.contacts, *base)?, at(&self.contacts, *other)?);
                let body = json!({"base_contact_id": base, "mergee_contact_id": other});
                let (status, _) = stage.call("admin", Method::POST, "/actions/contact_merge", Some(body)).await;
                if status == 200 && base != other {
                    self.silent.contacts.extend([(n, base), (n, other)]);
                    self.silent.gone_contacts.insert(other);
                    for known in self.conversations.iter_mut().filter(|known| known.contact == other) {
                        known.contact = base;
                    }
                    for address in self.addresses.iter_mut().filter(|(contact, _)| *contact == other) {
                        address.0 = base;
                    }
                    let moved: Vec<i64> = self.conversations.iter().filter(|known| known.contact == base).map(|known| known.id).collect();
                    for number in moved {
                        self.edited(stage, number).await; // Their sender is another one.
                    }
                }
                return Some(format!("contact {other} into {base}: {status}"));
            }
            Op::DeleteContact { contact } => {
                let contact = at(&self.contacts, *contact)?;
                let (status, _) = stage.call("admin", Method::DELETE, &format!("/contacts/{contact}"), None).await;
                if status == 200 {
                    self.silent.contacts.push((n, contact));
                    self.silent.gone_contacts.insert(contact);
                    let theirs = self.conversations.iter().filter(|known| known.contact == contact).map(|known| known.id);
                    self.silent.gone_conversations.extend(theirs);
                }
                (contact, status)
            }
            _ => return None,
        };
        Some(format!("contact {what} {status}"))
    }

    async fn list(&mut self, stage: &Stage, op: &Op) -> Option<String> {
        self.silent.lists.push(self.step);
        let (_, labels) = stage.call("admin", Method::GET, "/labels", None).await;
        let (_, canned) = stage.call("admin", Method::GET, "/canned_responses", None).await;
        let label = |nth: Nth| at(labels["payload"].as_array()?, nth).and_then(|row| id(&row));
        let canned = |nth: Nth| at(canned.as_array()?, nth).and_then(|row| id(&row));
        let nth_of =
            async |path: &str, nth: Nth| at(stage.call("admin", Method::GET, path, None).await.1.as_array()?, nth).and_then(|row| id(&row));
        let (method, path, body) = match op {
            Op::NewLabel { value } => (Method::POST, "/labels".to_owned(), Some(json!({"title": format!("made-{value}")}))),
            Op::RenameLabel { label: nth, value } => {
                self.silent.relabelled = true;
                (Method::PATCH, format!("/labels/{}", label(*nth)?), Some(json!({"title": format!("named-{value}")})))
            }
            Op::RecolourLabel { label: nth, value } => {
                let body = json!({"color": format!("#{value:06x}"), "description": format!("as of {value}")});
                (Method::PATCH, format!("/labels/{}", label(*nth)?), Some(body))
            }
            Op::DeleteLabel { label: nth } => {
                self.silent.relabelled = true;
                (Method::DELETE, format!("/labels/{}", label(*nth)?), None)
            }
            Op::NewCanned { value } => {
                (Method::POST, "/canned_responses".to_owned(), Some(json!({"short_code": format!("c{value}"), "content": "Hello"})))
            }
            Op::EditCanned { canned: nth, value } => {
                (Method::PATCH, format!("/canned_responses/{}", canned(*nth)?), Some(json!({"content": format!("Text {value}")})))
            }
            Op::DeleteCanned { canned: nth } => (Method::DELETE, format!("/canned_responses/{}", canned(*nth)?), None),
            Op::RenameInbox { inbox, value } => {
                (Method::PATCH, format!("/inboxes/{}", at(&stage.inboxes, *inbox)?), Some(json!({"name": format!("Inbox {value}")})))
            }
            Op::Surveys { inbox, on } => {
                (Method::PATCH, format!("/inboxes/{}", at(&stage.inboxes, *inbox)?), Some(json!({"csat_survey_enabled": on})))
            }
            Op::NewTeam { value } => (Method::POST, "/teams".to_owned(), Some(json!({"name": format!("team {value}")}))),
            Op::RenameTeam { team, value } => {
                (Method::PATCH, format!("/teams/{}", nth_of("/teams", *team).await?), Some(json!({"name": format!("team {value}")})))
            }
            Op::DeleteTeam { team } => (Method::DELETE, format!("/teams/{}", nth_of("/teams", *team).await?), None),
            Op::NewAgent { value } => {
                let agent = json!({"name": format!("Agent {value}"), "email": format!("Agent{value}@example.com"), "role": "agent"});
                (Method::POST, "/agents".to_owned(), Some(agent))
            }
            Op::RenameAgent { agent, value } => {
                (Method::PATCH, format!("/agents/{}", nth_of("/agents", *agent).await?), Some(json!({"name": format!("Agent {value}")})))
            }
            Op::DeleteAgent { agent } => {
                // Those whose tokens the script uses stay.
                let agent = nth_of("/agents", *agent).await?;
                if stage.users.values().any(|user| *user == agent) {
                    return None;
                }
                (Method::DELETE, format!("/agents/{agent}"), None)
            }
            _ => return None,
        };
        Some(stage.call("admin", method, &path, body).await.0.to_string())
    }

    async fn ours(&mut self, stage: &Stage, user: User, conversation: Nth, write: &Write) -> Option<String> {
        let known = at(&self.conversations, conversation)?;
        let client = stage.ours(user)?;
        let number = ConversationId(known.id);
        let message = |content: &str, private| NewMessage { content: content.to_owned(), private, ..NewMessage::default() };
        let patch = match write {
            Write::Reply(text) | Write::Note(text) => {
                let private = matches!(write, Write::Note(_));
                let sent = client.send_message(number, &message(text, private), &new_key()).await;
                return Some(format!("#{number} {}", sent.map_or_else(|err| err.to_string(), |m| format!("{:?}", m.outbox_id))));
            }
            Write::Assignee(who) => {
                let who = match *who {
                    "kim" => stage.user_id("kim").to_string(),
                    "me" if user == User::Sam => "none".to_owned(),
                    word => word.to_owned(),
                };
                ConversationPatch { assignee: Some(who), ..Default::default() }
            }
            Write::Team(nth) => {
                ConversationPatch { team: Some(nth.and_then(|nth| at(&stage.teams, nth)).unwrap_or(0)), ..Default::default() }
            }
            Write::Status(status) => ConversationPatch { status: status.parse().ok(), ..Default::default() },
            Write::Label { add, remove } => {
                let change = LabelChange { add: vec![(*add).to_owned()], remove: vec![(*remove).to_owned()] };
                ConversationPatch { labels: Some(Labels::Change(change)), ..Default::default() }
            }
            Write::Read(read) => ConversationPatch { read: Some(*read), ..Default::default() },
            Write::Attributes(value) => {
                let change = AttributeChange { set: attributes(*value), unset: vec!["order".to_owned()] };
                ConversationPatch { custom_attributes: Some(change), ..Default::default() }
            }
            Write::Contact(value) => {
                self.silent.contacts.push((self.step, known.contact));
                let change = AttributeChange { set: attributes(*value), unset: vec!["order".to_owned()] };
                let patch = ContactPatch { name: Some(format!("Ours {value}")), custom_attributes: Some(change), ..Default::default() };
                let done = client.update_contact(known.contact, &patch, &new_key()).await;
                return Some(format!("contact {} {}", known.contact, done.map_or_else(|err| err.to_string(), |_| "taken".to_owned())));
            }
            Write::Priority(word) => ConversationPatch { priority: Some((*word).to_owned()), ..Default::default() },
        };
        let done = client.update_conversation(number, &patch, &new_key()).await;
        Some(format!("#{number} {}", done.map_or_else(|err| err.to_string(), |_| "taken".to_owned())))
    }

    async fn go_wrong(&mut self, stage: &mut Stage, wrong: Wrong) -> Option<String> {
        let mut events = None;
        let mut rule = None;
        match wrong {
            Wrong::Nothing => {
                self.losing = (false, false);
                stage.steer(Method::DELETE, "/sandbox/faults", json!({})).await;
            }
            Wrong::Doubled => events = Some(json!({"duplicate": true})),
            Wrong::Shuffled(ms) => events = Some(json!({"out_of_order_ms": ms, "seed": self.step})),
            Wrong::HooksLate(ms) => events = Some(json!({"delay_hooks_ms": ms})),
            Wrong::FramesLost(n) => events = Some(json!({"drop_frames": true, "drop_times": n})),
            Wrong::HooksLost(n) => events = Some(json!({"drop_hooks": true, "drop_times": n})),
            Wrong::AllLost(n) => events = Some(json!({"drop_frames": true, "drop_hooks": true, "drop_times": n})),
            Wrong::Status(status, n) => rule = Some((n, json!({"kind": "status", "status": status}))),
            Wrong::Page(n) => rule = Some((n, json!({"kind": "html"}))),
            Wrong::Cut(n) => rule = Some((n, json!({"kind": "drop"}))),
            Wrong::AnswerLost(n) => rule = Some((n, json!({"kind": "lose_answer"}))),
            Wrong::TooLate(n) => rule = Some((n, json!({"kind": "latency", "ms": TOO_LATE_MS}))),
            Wrong::SocketCut | Wrong::SocketClosed => {
                let body = if wrong == Wrong::SocketCut { json!({}) } else { json!({"reason": "server_restart"}) };
                stage.steer(Method::POST, "/sandbox/cable/drop", body).await;
                self.silent.deaf.insert(self.step);
            }
            Wrong::Killed | Wrong::Down | Wrong::Restarted => {
                self.silent.deaf.insert(self.step);
                if wrong == Wrong::Restarted {
                    stage.stop().await
                } else {
                    stage.kill().await
                }
                if wrong != Wrong::Down {
                    stage.start().await;
                }
            }
            Wrong::Started => stage.start().await,
            Wrong::TimePasses(seconds) => stage.pass(seconds).await,
        }
        if let Some(events) = events {
            // Counted over frames and webhooks together, whichever comes first: either may be lost whole.
            let loses = |key: &str| events[key] == true;
            self.losing = (loses("drop_frames"), loses("drop_hooks"));
            if self.losing == (true, true) {
                self.silent.deaf.insert(self.step);
            }
            stage.steer(Method::POST, "/sandbox/faults", json!({"rules": [], "events": events})).await;
        }
        if let Some((times, fault)) = rule {
            let rule = json!({"match": {"user_agent": "afenda"}, "times": times, "fault": fault});
            stage.steer(Method::POST, "/sandbox/faults", rule).await;
        }
        Some(String::new())
    }
}
