//! What a real Chatwoot pushed and called, delivered in random order and with duplicates, leaves one state.
//!
//! For every recorded scenario: its websocket frames and webhooks go through the daemon's one door in 100 seeded orders, each some events
//! twice. Where a payload has no clock it is a hint: what is deleted is gone for good, everything else is read again, here from the last
//! state that the recording knows. Afterwards conversations, messages, contacts, labels and assignments are the same for every seed.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "clippy knows only functions marked `#[test]` as tests; their helpers fail the test too"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use api::inbox::{ContactView, MessageQuery, Sort};
use chatwoot::cable::CableEvent;
use chatwoot::model;
use chatwoot::webhook::WebhookEvent;
use daemon::Clock;
use daemon::store::{Asked, Assignee, ContactRow, ConversationFilter, Global, Place, RereadKind, Scope, Store, StoreError, TenantKey};
use daemon::sync::{Door, How, Incoming};
use serde_json::Value;

const SEEDS: u64 = 100;

/// What a read answers here is the last state: it was asked for after everything (in the year 2096).
const ASKED: Asked = Asked { ours: 1, theirs: 4_000_000_000_000_000 };

fn folder() -> PathBuf {
    let folder = std::env::var("AFENDA_CONFORMANCE").expect("AFENDA_CONFORMANCE names the folder with recordings/");
    PathBuf::from(folder)
}

/// A scenario as the daemon's tenant hears it: events in the order of the recording, and what a read would answer after the last step.
#[derive(Default)]
struct Scenario {
    events: Vec<Incoming>,
    conversations: BTreeMap<i64, Value>,
    messages: BTreeMap<i64, Value>,
    contacts: BTreeMap<i64, Value>,
    gone_conversations: BTreeSet<i64>,
    gone_contacts: BTreeSet<i64>,
}

impl Scenario {
    fn read(recording: &Value) -> Self {
        let account = recording["vars"]["account"].as_i64();
        let mut scenario = Self::default();
        for step in recording["steps"].as_array().unwrap() {
            let mut heard: Vec<(i64, bool, &Value)> = Vec::new();
            for frame in step["frames"].as_array().into_iter().flatten() {
                // Everybody's copy of a frame is the same frame.
                if frame["data"]["account_id"].as_i64() == account {
                    heard.push((frame["after_ms"].as_i64().unwrap_or_default(), true, frame));
                }
            }
            for hook in step["hooks"].as_array().into_iter().flatten() {
                heard.push((hook["after_ms"].as_i64().unwrap_or_default(), false, hook));
            }
            heard.sort_by_key(|(at, ..)| *at);
            for (_, is_frame, event) in heard {
                if is_frame { scenario.frame(event) } else { scenario.hook(event, account) }
            }
            let request = &step["request"];
            if request["method"] == "DELETE" && step["answer"]["status"] == 200 {
                let parts: Vec<&str> = request["path"].as_str().unwrap_or_default().trim_start_matches('/').split('/').collect();
                if let [.., "conversations", id] = parts.as_slice() {
                    scenario.gone_conversations.extend(id.parse::<i64>().ok());
                }
            }
        }
        scenario
    }

    fn frame(&mut self, frame: &Value) {
        let (event, data) = (frame["event"].as_str().unwrap_or_default(), &frame["data"]);
        if event.starts_with("message.") || event == "first.reply.created" {
            self.saw_message(data);
        } else if event.starts_with("contact.") {
            let id = data["id"].as_i64().unwrap_or_default();
            if event == "contact.deleted" {
                self.gone_contacts.insert(id);
            } else {
                self.contacts.insert(id, data.clone());
            }
        } else if data["status"].is_string() && data["inbox_id"].is_i64() {
            self.saw_conversation(data);
        }
        self.events.push(Incoming::from_cable(CableEvent::read(event, data.clone())));
    }

    fn hook(&mut self, hook: &Value, account: Option<i64>) {
        let Ok(body) = serde_json::from_str::<Value>(hook["raw"].as_str().unwrap_or_default()) else { return };
        let Ok(event) = WebhookEvent::from_value(body.clone()) else { return };
        if event.account_id().is_some() && event.account_id() != account {
            return;
        }
        match body["event"].as_str().unwrap_or_default() {
            "contact_created" | "contact_updated" => {
                self.contacts.insert(body["id"].as_i64().unwrap_or_default(), body.clone());
            }
            "message_created" | "message_updated" => {
                self.saw_conversation(&body["conversation"]);
                // A webhook has no clock and no delivery state; a frame of the same message has both, and stays.
                let id = body["id"].as_i64().unwrap_or_default();
                if self.messages.get(&id).is_none_or(|known| known["updated_at"].is_null()) {
                    self.messages.insert(id, body.clone());
                }
            }
            kind if kind.starts_with("conversation_") && !kind.contains("typing") => self.saw_conversation(&body),
            _ => {}
        }
        self.events.push(Incoming::from_webhook(event));
    }

    /// Keeps the newest by Chatwoot's clock.
    fn saw_conversation(&mut self, data: &Value) {
        let Some(id) = data["id"].as_i64() else { return };
        let clock = |v: &Value| v["updated_at"].as_f64().unwrap_or_default();
        if self.conversations.get(&id).is_none_or(|known| clock(known) <= clock(data)) {
            self.conversations.insert(id, data.clone());
        }
    }

    fn saw_message(&mut self, data: &Value) {
        let Some(id) = data["id"].as_i64() else { return };
        let clock = |v: &Value| v["updated_at"].as_str().unwrap_or_default().to_owned();
        if self.messages.get(&id).is_none_or(|known| clock(known) <= clock(data)) {
            self.messages.insert(id, data.clone());
        }
    }

    fn message(&self, id: i64) -> Option<model::Message> {
        serde_json::from_value(self.messages.get(&id)?.clone()).ok()
    }

    /// Reads one marked object again, as the sync would, from the last state.
    fn reread(&self, door: &Door, scope: &Scope<'_>, kind: RereadKind, id: i64) -> Result<(), StoreError> {
        match kind {
            RereadKind::Conversation if self.gone_conversations.contains(&id) => {
                scope.delete_conversation(id)?;
            }
            RereadKind::Conversation => {
                let Some(conversation) = self.conversations.get(&id).and_then(|v| serde_json::from_value(v.clone()).ok()) else {
                    return Ok(());
                };
                door.apply(scope, &Incoming::Conversation(Box::new(conversation)), How::Read(ASKED))?;
                for message in self.messages.keys().filter_map(|id| self.message(*id)).filter(|m| m.conversation_id == Some(id)) {
                    door.apply(scope, &Incoming::Message(Box::new(message)), How::Read(ASKED))?;
                }
            }
            RereadKind::Message => {
                if let Some(message) = self.message(id) {
                    door.apply(scope, &Incoming::Message(Box::new(message)), How::Read(ASKED))?;
                }
            }
            RereadKind::Contact if self.gone_contacts.contains(&id) => {
                scope.delete_contact(id)?;
            }
            RereadKind::Contact => {
                if let Some(contact) = self.contacts.get(&id) {
                    scope.apply_contact(&contact_row(id, contact), ASKED)?;
                }
            }
            RereadKind::Directory => {}
        }
        Ok(())
    }
}

fn contact_row(id: i64, value: &Value) -> ContactRow {
    let text = |key: &str| value[key].as_str().map(str::to_owned);
    let view = ContactView {
        id,
        name: text("name").unwrap_or_default(),
        email: text("email"),
        phone_number: text("phone_number"),
        identifier: text("identifier"),
        blocked: value["blocked"].as_bool().unwrap_or_default(),
    };
    let attributes = |key: &str| value[key].as_object().map_or_else(|| "{}".to_owned(), |object| serde_json::to_string(object).unwrap());
    let (additional_attributes, custom_attributes) = (attributes("additional_attributes"), attributes("custom_attributes"));
    ContactRow { view, additional_attributes, custom_attributes, last_activity_at: None, created_at: None }
}

/// A small generator, so that a seed is an order on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % n as u64).unwrap()
    }
}

/// The order of a seed: seed 0 is the recording's own; every fourth event comes twice.
fn order(count: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    if seed == 0 {
        return order;
    }
    let mut dice = Dice(seed);
    order.extend((0..count).filter(|_| dice.below(4) == 0).collect::<Vec<_>>());
    for at in (1..order.len()).rev() {
        order.swap(at, dice.below(at + 1));
    }
    order
}

#[derive(Debug, PartialEq)]
struct Left {
    conversations: Vec<Value>,
    messages: Vec<Value>,
    contacts: Vec<ContactView>,
}

fn left(scope: &Scope<'_>, scenario: &Scenario) -> Result<Left, StoreError> {
    let (status, assignee, sort) = (None, Assignee::All, Sort::Created);
    let filter = ConversationFilter {
        status,
        assignee,
        me: None,
        inbox: None,
        team: None,
        contact: None,
        labels: vec![],
        conversation_type: None,
        priority: None,
        unread: false,
        waiting_before: None,
        view: None,
        q: None,
        sort,
    };
    let rows = scope.conversations(&filter, Place::default(), 200, "")?.0;
    let (mut conversations, mut messages, mut contacts) = (Vec::new(), Vec::new(), Vec::new());
    for row in &rows {
        conversations.push(serde_json::json!([
            row.id,
            row.status,
            row.priority,
            row.inbox.id,
            row.contact.id,
            row.assignee,
            row.team,
            row.labels,
            row.snoozed_until,
        ]));
        for m in scope.messages(row.id.0, &MessageQuery::default(), 200, ("", None))?.0 {
            messages.push(serde_json::json!([
                m.id,
                m.conversation_id,
                m.message_type,
                m.private,
                m.content,
                m.state,
                m.deleted,
                m.attachments.len()
            ]));
        }
    }
    let ids: BTreeSet<i64> = scenario.contacts.keys().copied().chain(rows.iter().map(|row| row.contact.id)).collect();
    for id in ids {
        contacts.extend(scope.contact(id)?);
    }
    Ok(Left { conversations, messages, contacts })
}

/// Delivers one order in pieces of a few events, each piece one write, reading marked objects again now and then and at the end.
async fn deliver(store: &Store, tenant: TenantKey, scenario: &Arc<Scenario>, seed: u64) -> Left {
    let scenario = scenario.clone();
    let mut dice = Dice(seed ^ 0xabcd);
    let order = order(scenario.events.len(), seed);
    let work = move |scope: &Scope<'_>| {
        let door = Door::new(Arc::new(|_: &Scope<'_>, _| Ok(())));
        let reread = |scope: &Scope<'_>| -> Result<(), StoreError> {
            loop {
                let due = scope.due_rereads(100)?;
                if due.is_empty() {
                    return Ok(());
                }
                for one in due {
                    scenario.reread(&door, scope, one.kind, one.id)?;
                    scope.reread_done(one)?;
                }
            }
        };
        for at in order {
            door.apply(scope, &scenario.events[at], How::Live)?;
            if dice.below(5) == 0 {
                reread(scope)?;
            }
        }
        reread(scope)?;
        left(scope, &scenario)
    };
    store.write(tenant, work).await.unwrap_or_else(|err: StoreError| panic!("seed {seed}: {err:?}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_order_and_any_duplicates_leave_the_same_state() {
    let folder = folder();
    let (mut scenarios, mut events, mut rows) = (0, 0, 0);
    for recordings in ["recordings", "recordings-4.6.0"] {
        let mut files: Vec<_> = std::fs::read_dir(folder.join(recordings)).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for path in files {
            let recording: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            let scenario = Arc::new(Scenario::read(&recording));
            if scenario.events.is_empty() {
                continue;
            }
            let temp = tempfile::tempdir().unwrap();
            let store = Store::open(&temp.path().join("afenda.db"), Clock::manual(1)).unwrap();
            // A tenant for each seed: one file instead of a hundred, and the walls between them are tested along the way.
            let make = |global: &Global<'_>| {
                for seed in 0..SEEDS {
                    global.ensure_tenant(&format!("seed-{seed:03}"), "x")?;
                }
                global.tenants()
            };
            let tenants = store.write_global(make).await.unwrap_or_else(|err: StoreError| panic!("{err}"));
            let expected = deliver(&store, tenants[0].key, &scenario, 0).await;
            for seed in 1..SEEDS {
                let got = deliver(&store, tenants[usize::try_from(seed).unwrap()].key, &scenario, seed).await;
                assert_eq!(got, expected, "{} seed {seed}", path.display());
            }
            store.close().await;
            (scenarios, events) = (scenarios + 1, events + scenario.events.len());
            rows += expected.conversations.len() + expected.messages.len() + expected.contacts.len();
        }
    }
    println!("{scenarios} scenarios, {events} events, {SEEDS} orders each, {rows} rows left the same in all of them");
    assert!(scenarios > 30 && events > 1000 && rows > 300, "{scenarios} {events} {rows}");
}
