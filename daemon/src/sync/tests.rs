//! The sync against the stand-in server, in one process, on a temporary store.

use std::time::{Duration, Instant};

use api::inbox::{MessageQuery, OutboxState};
use api::status::LinkState;
use sandbox::{Options, World};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::*;
use crate::secret::Token;
use crate::store::{NewOutbox, NewWebhook, OutboxKind, OutboxRow, Scope};

/// How long anything may take before a test fails.
pub(super) const LIMIT: Duration = Duration::from_secs(20);

pub(super) struct Bench {
    pub(super) shop: sandbox::Running,
    http: reqwest::Client,
    pub(super) store: Store,
    pub(super) tenant: TenantKey,
    pub(super) stop: CancellationToken,
    asked: Arc<Mutex<Vec<Escalation>>>,
    /// Goes last: the store lies in it.
    _folder: tempfile::TempDir,
}

impl Bench {
    pub(super) async fn new() -> Self {
        Self::of(World::demo_shop()).await
    }

    pub(super) async fn of(world: World) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let shop = sandbox::start(Options::new(world)).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("afenda.db"), Clock::system()).unwrap();
        let tenants = store.write_global(|global| {
            global.ensure_tenant("acme", "Acme")?;
            global.tenants()
        });
        let tenant = tenants.await.map_err(|err: StoreError| err).unwrap()[0].key;
        let http = reqwest::Client::builder().no_proxy().timeout(LIMIT).build().unwrap();
        Self { shop, http, store, tenant, stop: CancellationToken::new(), asked: Arc::default(), _folder: folder }
    }

    pub(super) async fn start(&self, change: impl FnOnce(&mut SyncContext)) -> SyncHandle {
        let asked = Arc::clone(&self.asked);
        let mut cx = SyncContext {
            store: self.store.clone(),
            tenant: self.tenant,
            slug: "acme".to_owned(),
            chatwoot: config::Chatwoot {
                url: self.shop.base_url(),
                account_id: self.shop.account_ids()["acme"],
                token: Token::new(&self.shop.tokens()["sync"]),
                webhook_secrets: Vec::new(),
                webhooks_unsigned: false,
                ca_file: None,
            },
            users: Vec::new(),
            sync: config::Sync::default(),
            files: Files::new(self._folder.path(), Uuid::nil()),
            tokens: Tokens::open(self._folder.path(), "acme"),
            clock: Clock::system(),
            stop: self.stop.clone(),
            escalate: Arc::new(move |_, escalation| {
                lock(&asked).push(escalation);
                Ok(())
            }),
            rates: Rates::default(),
        };
        change(&mut cx);
        start(cx).await
    }

    /// A running sync that has copied everything and hears what happens.
    async fn live(&self) -> SyncHandle {
        let handle = self.start(|_| ()).await;
        until("the first copy and the websocket", async || handle.progress().done && handle.link().state == LinkState::Live).await;
        handle
    }

    pub(super) async fn read<T: Send + 'static>(&self, work: impl FnOnce(&Scope<'_>) -> Result<T, StoreError> + Send + 'static) -> T {
        self.store.read(self.tenant, work).await.unwrap()
    }

    pub(super) async fn call(&self, who: &str, method: &str, path: &str, body: Value) -> Value {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.http.request(method, format!("{}{path}", self.shop.base_url())).json(&body);
        if let Some(token) = self.shop.tokens().get(who) {
            request = request.header("api-access-token", token);
        }
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default()
    }

    pub(super) async fn conversations(&self) -> Vec<Value> {
        self.call("", "GET", "/sandbox/state", Value::Null).await["conversations"].as_array().unwrap().clone()
    }

    pub(super) async fn texts(&self, id: i64) -> Vec<Option<String>> {
        let query = MessageQuery::default();
        let (messages, _) = self.read(move |scope| scope.messages(id, &query, 200, ("", None))).await;
        messages.into_iter().map(|message| message.content).collect()
    }

    /// The newest open conversation of the app inbox that no label marks.
    pub(super) async fn some_conversation(&self) -> i64 {
        let inbox = self.shop.inbox_ids()["api"];
        let all = self.conversations().await;
        let fits = |c: &&Value| c["inbox_id"] == inbox && c["status"] == "open" && !c["labels"].to_string().contains("escalate");
        all.iter().rev().find(fits).unwrap()["id"].as_i64().unwrap()
    }

    async fn enqueue(&self, conversation_id: i64, kind: OutboxKind, payload: Value) -> OutboxRow {
        let new = NewOutbox { conversation_id, kind, payload, user: None, approval_id: None, not_before: 0 };
        self.store.write(self.tenant, move |scope| scope.enqueue(&new)).await.map_err(|err: StoreError| err).unwrap()
    }

    async fn outbox(&self, row: &OutboxRow) -> OutboxRow {
        let id = row.id;
        self.read(move |scope| scope.outbox_entry(id)).await.unwrap()
    }

    pub(super) async fn end(self, handle: SyncHandle) {
        self.stop.cancel();
        timeout(LIMIT, handle.finished()).await.unwrap();
        self.store.close().await;
    }
}

pub(super) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < LIMIT, "{what}: not within {LIMIT:?}");
        sleep(Duration::from_millis(5)).await;
    }
}

async fn assert_same(bench: &Bench) {
    assert_same_as(bench, 30).await;
}

#[tokio::test]
async fn a_round_that_is_broken_off_runs_no_more() {
    let bench = Bench::new().await;
    let handle = bench.live().await;
    bench.call("", "POST", "/sandbox/faults", json!({"match": {"path": "/api/v1/**"}, "fault": {"kind": "status", "status": 503}})).await;
    handle.refresh();
    handle.refresh_deep();
    until("the loss", async || !matches!(handle.link().state, LinkState::Live | LinkState::Polling)).await;
    until("no round", async || !handle.rounds().0.running && !handle.rounds().1.running).await;
    bench.call("", "DELETE", "/sandbox/faults", Value::Null).await;
    bench.end(handle).await;
}

/// The store has what the shop has, which is at least so much.
pub(super) async fn assert_same_as(bench: &Bench, least: usize) {
    let theirs = bench.conversations().await;
    assert!(theirs.len() >= least);
    for c in theirs {
        let id = c["id"].as_i64().unwrap();
        let ours = bench.read(move |scope| scope.conversation(id, "")).await.unwrap();
        let mut labels: Vec<String> = serde_json::from_value(c["labels"].clone()).unwrap();
        labels.sort();
        let ours_said = (ours.status.as_str(), ours.assignee.map(|a| a.id), ours.team.map(|t| t.id), ours.labels);
        let theirs_said = (c["status"].as_str().unwrap(), c["assignee_id"].as_i64(), c["team_id"].as_i64(), labels);
        assert_eq!(ours_said, theirs_said, "conversation {id}");
        let messages = c["messages"].as_array().unwrap();
        let theirs_said: Vec<Option<String>> = messages.iter().map(|m| m["content"].as_str().map(str::to_owned)).collect();
        assert_eq!(bench.texts(id).await, theirs_said, "conversation {id}");
    }
}

#[tokio::test]
async fn the_first_copy_equals_the_server_and_makes_no_approval() {
    let bench = Bench::new().await;
    let handle = bench.live().await;
    assert_same(&bench).await;
    let all = bench.conversations().await.len() as u64;
    assert_eq!((handle.progress().conversations, handle.progress().conversations_total), (all, Some(all)));
    assert_eq!(handle.warnings(), Vec::<String>::new());
    let directory = bench.read(|scope| scope.directory()).await;
    assert!(directory.inboxes.len() == 4 && directory.agents.len() == 5 && directory.labels.iter().any(|l| l.title == "escalate"));
    let sent = directory.templates.iter().filter(|row| row.view.unusable.is_none()).map(|row| (&*row.view.name, &*row.view.language));
    assert_eq!(sent.collect::<Vec<_>>(), [("parcel_sent", "de"), ("parcel_sent", "en"), ("reply_wanted", "en")]);
    assert!(lock(&bench.asked).is_empty());
    bench.end(handle).await;
}

#[tokio::test]
async fn a_customers_message_arrives_by_websocket() {
    let bench = Bench::new().await;
    let handle = bench.live().await;
    let customer = json!({"contact": {"name": "Nora New"}, "inbox": "api", "texts": ["Where is my parcel?"], "every_ms": 0, "count": 1});
    let began = Instant::now();
    bench.call("", "POST", "/sandbox/customers", customer).await;
    until("the message", async || {
        let (messages, _) = bench.read(|scope| Ok((scope.counts()?, ()))).await;
        let known = bench.read(|scope| scope.conversations_active_after(0)).await;
        let newest = known.into_iter().max().unwrap_or_default();
        messages.0 > 0 && bench.texts(newest).await.contains(&Some("Where is my parcel?".to_owned()))
    })
    .await;
    println!("from the customer to the row: {:?}", began.elapsed());
    until("everything else", async || bench.read(|scope| scope.next_reread()).await.is_none()).await;
    assert_same(&bench).await;
    bench.end(handle).await;
}

#[tokio::test]
async fn a_reply_whose_answer_is_lost_arrives_once() {
    let bench = Bench::new().await;
    // Without frames, so that only looking can tell.
    let handle = bench
        .start(|cx| {
            cx.sync.websocket = false;
            cx.sync.settle_s = 1;
        })
        .await;
    until("the first copy", async || handle.progress().done).await;
    let id = bench.some_conversation().await;
    for (fault, text) in [("lose_answer", "lost answer"), ("drop", "never arrived")] {
        let rule = json!({"match": {"method": "POST", "path": "/api/v1/accounts/*/messages"}, "times": 1, "fault": {"kind": fault}});
        bench.call("", "POST", "/sandbox/faults", rule).await;
        let before = bench.call("", "GET", "/sandbox/log", Value::Null).await.as_array().unwrap().len();
        let row = bench.enqueue(id, OutboxKind::Reply, json!({"content": text})).await;
        handle.wake_outbox();
        until(text, async || bench.outbox(&row).await.state == OutboxState::Done).await;
        // The fault did strike: one send went unanswered. What was carried out is not sent again, what was not is.
        let log = bench.call("", "GET", "/sandbox/log", Value::Null).await;
        let sends = log.as_array().unwrap().iter().skip(before).filter(|w| w["path"].as_str().unwrap().ends_with("/messages"));
        let sends: Vec<(bool, bool)> = sends.map(|w| (w["handled"] == true, w["status"].is_null())).collect();
        let want: &[(bool, bool)] = if fault == "lose_answer" { &[(true, true)] } else { &[(false, true), (true, false)] };
        assert_eq!(sends, want, "{text}: {log}");
        let all = bench.conversations().await;
        let there = all.iter().flat_map(|c| c["messages"].as_array().unwrap()).filter(|m| m["content"] == text).count();
        let ours = bench.texts(id).await.into_iter().filter(|t| t.as_deref() == Some(text)).count();
        assert_eq!((there, ours), (1, 1), "{text}");
        // Comparing with Chatwoot may have settled it first; looking by itself finds it too, and finds nothing else.
        let mut wanted = look::Wanted {
            id: row.id,
            content: text.to_owned(),
            filled: false,
            files: Vec::new(),
            private: false,
            since: row.created_at,
            author: Some(bench.shop.user_ids()["sync"]),
            marked: true,
        };
        assert!(matches!(look::look(&handle.core, id, &wanted).await.unwrap(), look::Look::Found(_)));
        wanted.id = Uuid::now_v7();
        assert!(matches!(look::look(&handle.core, id, &wanted).await.unwrap(), look::Look::Absent));
    }
    bench.end(handle).await;
}

#[tokio::test]
async fn what_was_on_its_way_at_a_crash_is_looked_up_first() {
    let bench = Bench::new().await;
    let id = bench.some_conversation().await;
    let row = bench.enqueue(id, OutboxKind::Note, json!({"content": "once"})).await;
    let entry = row.id;
    // The last process sent it and died before the answer.
    bench.store.write(bench.tenant, move |scope| scope.begin_sending(entry)).await.map_err(|err: StoreError| err).unwrap();
    let body = json!({"content": "once", "private": true, "content_attributes": {"afenda_id": entry.to_string()}});
    bench.call("sync", "POST", &format!("/api/v1/accounts/1/conversations/{id}/messages"), body).await;
    let handle = bench.start(|cx| cx.sync.websocket = false).await;
    until("the entry", async || bench.outbox(&row).await.state == OutboxState::Done).await;
    let all = bench.conversations().await;
    assert_eq!(all.iter().flat_map(|c| c["messages"].as_array().unwrap()).filter(|m| m["content"] == "once").count(), 1);
    bench.end(handle).await;
}

#[tokio::test]
async fn a_label_and_a_note_on_chatwoots_page_ask_once_and_name_the_agent() {
    let bench = Bench::new().await;
    let handle = bench.live().await;
    let id = bench.some_conversation().await;
    let path = format!("/api/v1/accounts/1/conversations/{id}");
    bench.call("agent", "POST", &format!("{path}/labels"), json!({"labels": ["refund", "escalate"]})).await;
    until("the label's approval", async || !lock(&bench.asked).is_empty()).await;
    bench.call("agent2", "POST", &format!("{path}/messages"), json!({"content": "/escalate refund 240", "private": true})).await;
    until("the note's approval", async || lock(&bench.asked).len() > 1).await;
    // Our own label and note ask nobody.
    let other = bench.conversations().await.iter().filter_map(|c| c["id"].as_i64()).find(|other| *other != id).unwrap();
    let row = bench.enqueue(other, OutboxKind::Labels, json!({"add": ["escalate"], "remove": []})).await;
    let note = bench.enqueue(other, OutboxKind::Note, json!({"content": "/escalate not this"})).await;
    handle.wake_outbox();
    until("our writes", async || {
        bench.outbox(&row).await.state == OutboxState::Done && bench.outbox(&note).await.state == OutboxState::Done
    })
    .await;
    handle.refresh();
    until("everything else", async || bench.read(|scope| scope.next_reread()).await.is_none()).await;
    let users = bench.shop.user_ids();
    let asked = lock(&bench.asked).clone();
    let want = |agent: &str, name: &str, reason: &str, via| Escalation {
        conversation_id: id,
        agent: Some((users[agent], name.to_owned())),
        reason: reason.to_owned(),
        via,
    };
    assert_eq!(
        asked,
        [
            want("agent", "Jo Agent", "Escalated in Chatwoot with the label `escalate`", "label"),
            want("agent2", "Kim Okafor", "refund 240", "note")
        ]
    );
    bench.end(handle).await;
}

#[tokio::test]
async fn labels_are_merged_and_a_refused_change_is_undone() {
    let bench = Bench::new().await;
    let handle = bench.live().await;
    let id = bench.some_conversation().await;
    bench.call("agent", "POST", &format!("/api/v1/accounts/1/conversations/{id}/labels"), json!({"labels": ["refund", "vip"]})).await;
    let labels = bench.enqueue(id, OutboxKind::Labels, json!({"add": ["approved"], "remove": ["vip"]})).await;
    let status = bench.enqueue(id, OutboxKind::Status, json!({"status": "resolved", "snoozed_until_us": null})).await;
    let nobody = bench.enqueue(id, OutboxKind::Assignee, json!({"id": 99_999, "name": "Nobody"})).await;
    handle.wake_outbox();
    until("the changes", async || bench.outbox(&nobody).await.state == OutboxState::Failed).await;
    for row in [&labels, &status] {
        assert_eq!(bench.outbox(row).await.state, OutboxState::Done);
    }
    until("everything else", async || bench.read(|scope| scope.next_reread()).await.is_none()).await;
    let ours = bench.read(move |scope| scope.conversation(id, "")).await.unwrap();
    assert_eq!((ours.labels, ours.status.as_str()), (vec!["approved".to_owned(), "refund".to_owned()], "resolved"));
    assert_same(&bench).await;
    bench.end(handle).await;
}

#[tokio::test]
async fn what_the_live_path_loses_is_found_by_comparing() {
    let bench = Bench::new().await;
    let handle = bench.live().await;
    let id = bench.some_conversation().await;
    let path = format!("/api/v1/accounts/1/conversations/{id}");
    bench.call("", "POST", "/sandbox/faults", json!({"events": {"drop_frames": true}})).await;
    for n in 0..30 {
        bench.call("agent", "POST", &format!("{path}/messages"), json!({"content": format!("missed {n}")})).await;
    }
    let gone = bench.conversations().await.iter().filter_map(|c| c["id"].as_i64()).find(|other| *other != id).unwrap();
    bench.call("admin", "DELETE", &format!("/api/v1/accounts/1/conversations/{gone}"), Value::Null).await;
    until("the deletion in Chatwoot", async || !bench.conversations().await.iter().any(|c| c["id"] == gone)).await;
    bench.call("", "DELETE", "/sandbox/faults", Value::Null).await;
    handle.refresh();
    until("the messages", async || bench.texts(id).await.iter().flatten().filter(|t| t.starts_with("missed")).count() == 30).await;
    until("the deletion here", async || !bench.read(move |scope| scope.has_conversation(gone)).await).await;
    until("everything else", async || bench.read(|scope| scope.next_reread()).await.is_none()).await;
    assert_same(&bench).await;
    bench.end(handle).await;
}

#[tokio::test]
async fn what_is_wrong_with_the_link_is_said_and_heals() {
    let bench = Bench::new().await;
    let refused = async |change: &dyn Fn(&mut config::Chatwoot), words: &str| {
        let stop = CancellationToken::new();
        let handle = bench
            .start(|cx| {
                cx.stop = stop.clone();
                change(&mut cx.chatwoot);
            })
            .await;
        until(words, async || handle.link().state == LinkState::Refused).await;
        let message = handle.link().message.unwrap_or_default();
        assert!(message.contains(words), "{message}");
        stop.cancel();
        handle.finished().await;
    };
    let agent = Token::new(&bench.shop.tokens()["agent"]);
    refused(&|c| c.token = Token::new("wrong"), "rejects the access token").await;
    refused(&move |c| c.token = agent.clone(), "administrator").await;
    refused(&|c| c.account_id = 99, "account 99").await;
    refused(&|c| c.url = "chat.example.com".to_owned(), "scheme").await;
    refused(&|c| c.ca_file = Some("/no/such.pem".into()), "/no/such.pem").await;

    let page = json!({"fault": {"kind": "html"}});
    bench.call("", "POST", "/sandbox/faults", page).await;
    let handle = bench.start(|_| ()).await;
    until("offline", async || handle.link().state == LinkState::Offline).await;
    assert!(handle.link().message.unwrap_or_default().contains("web page"), "{:?}", handle.link());
    bench.call("", "DELETE", "/sandbox/faults", Value::Null).await;
    handle.refresh();
    until("live", async || handle.link().state == LinkState::Live && handle.progress().done).await;
    // The server goes away under a live link.
    bench.call("", "POST", "/sandbox/faults", json!({"fault": {"kind": "drop"}})).await;
    bench.call("", "POST", "/sandbox/cable/drop", json!({})).await;
    until("offline again", async || handle.link().state == LinkState::Offline).await;
    bench.call("", "DELETE", "/sandbox/faults", Value::Null).await;
    handle.refresh();
    until("live again", async || handle.link().state == LinkState::Live).await;

    // The store is this account's for good, for webhooks too.
    let other = bench.start(|cx| cx.chatwoot.url = bench.shop.base_url().replace("127.0.0.1", "localhost")).await;
    until("another account", async || other.link().state == LinkState::Refused).await;
    assert!(other.link().message.unwrap_or_default().contains("another data directory"));
    bench.end(handle).await;
}

#[tokio::test]
async fn kept_webhooks_are_applied_and_unreadable_ones_end_as_dead_letters() {
    let bench = Bench::new().await;
    let handle = bench.start(|cx| cx.sync.websocket = false).await;
    until("the first copy", async || handle.progress().done).await;
    let id = bench.some_conversation().await;
    bench.call("agent", "POST", &format!("/api/v1/accounts/1/conversations/{id}/messages"), json!({"content": "by webhook"})).await;
    let all = bench.conversations().await;
    let sent = all.iter().flat_map(|c| c["messages"].as_array().unwrap()).find(|m| m["content"] == "by webhook").unwrap()["id"].clone();
    // A hint with another text: it shows at once, and what Chatwoot has replaces it.
    let hint = json!({"event": "message_created", "id": sent, "content": "as the hint has it", "message_type": "outgoing", "private": false,
        "created_at": "2026-01-01T00:00:00.000Z", "account": {"id": 1}, "conversation": {"id": id}});
    let foreign = json!({"event": "message_created", "id": 999_999, "content": "not ours", "message_type": "incoming", "private": false,
        "created_at": "2026-01-01T00:00:00.000Z", "account": {"id": 2}, "conversation": {"id": id}});
    let bodies = [hint.to_string(), "{\"event\":\"message_created\"}".to_owned(), foreign.to_string()];
    let keep = bench.store.write(bench.tenant, move |scope| {
        bodies.iter().try_for_each(|body| {
            let new = NewWebhook { event: "e".to_owned(), delivery_id: None, digest: body.clone(), body: body.clone() };
            scope.keep_webhook(&new).map(|_| ())
        })
    });
    keep.await.map_err(|err: StoreError| err).unwrap();
    handle.wake_webhooks();
    until("the webhooks", async || bench.read(|scope| scope.due_webhooks(10)).await.is_empty()).await;
    until("the message", async || bench.texts(id).await.contains(&Some("by webhook".to_owned()))).await;
    until("everything else", async || bench.read(|scope| scope.next_reread()).await.is_none()).await;
    assert_same(&bench).await;
    bench.end(handle).await;
}

#[tokio::test]
async fn a_deep_round_finds_what_leaves_no_trace() {
    let bench = Bench::new().await;
    let handle = bench.live().await;
    let id = bench.some_conversation().await;
    let path = format!("/api/v1/accounts/1/conversations/{id}");
    bench.call("", "POST", "/sandbox/faults", json!({"events": {"drop_frames": true}})).await;
    let oldest = bench.conversations().await.iter().find(|c| c["id"] == id).unwrap()["messages"][0]["id"].clone();
    bench.call("agent", "DELETE", &format!("{path}/messages/{oldest}"), Value::Null).await;
    let contact = bench.conversations().await.iter().find(|c| c["id"] == id).unwrap()["contact_id"].as_i64().unwrap();
    bench.call("agent", "PATCH", &format!("/api/v1/accounts/1/contacts/{contact}"), json!({"custom_attributes": {"tier": "gold"}})).await;
    let lonely = bench.call("agent", "POST", "/api/v1/accounts/1/contacts", json!({"name": "Nobody's", "email": "n@example.com"})).await;
    let lonely = lonely["payload"]["contact"]["id"].as_i64().unwrap();
    bench.call("", "DELETE", "/sandbox/faults", Value::Null).await;
    let done = handle.rounds().1.count;
    handle.refresh_deep();
    until("the deep round", async || handle.rounds().1.count > done && !handle.rounds().1.running).await;
    let query = MessageQuery::default();
    let (messages, _) = bench.read(move |scope| scope.messages(id, &query, 200, ("", None))).await;
    assert!(messages.iter().any(|message| message.deleted), "{messages:?}");
    assert_eq!(bench.read(move |scope| scope.contact(lonely)).await.map(|contact| contact.name).as_deref(), Some("Nobody's"));
    assert_same(&bench).await;
    // And a contact that is gone.
    bench.call("", "POST", "/sandbox/faults", json!({"events": {"drop_frames": true}})).await;
    bench.call("admin", "DELETE", &format!("/api/v1/accounts/1/contacts/{lonely}"), Value::Null).await;
    bench.call("", "DELETE", "/sandbox/faults", Value::Null).await;
    let done = handle.rounds().1.count;
    handle.refresh_deep();
    until("the next deep round", async || handle.rounds().1.count > done).await;
    assert_eq!(bench.read(move |scope| scope.contact(lonely)).await, None);
    bench.end(handle).await;
}

#[tokio::test]
async fn what_was_active_since_a_moment_is_read_again_and_nothing_before() {
    let bench = Bench::new().await;
    let handle = bench.live().await;
    until("a quiet moment", async || handle.rounds().0.count > 0 && !handle.rounds().0.running).await;
    // Known ground: a deleted message moves no clock of its conversation.
    let id = bench.some_conversation().await;
    bench.call("", "POST", "/sandbox/faults", json!({"events": {"drop_frames": true}})).await;
    let oldest = bench.conversations().await.iter().find(|c| c["id"] == id).unwrap()["messages"][0]["id"].clone();
    bench.call("agent", "DELETE", &format!("/api/v1/accounts/1/conversations/{id}/messages/{oldest}"), Value::Null).await;
    bench.call("", "DELETE", "/sandbox/faults", Value::Null).await;
    let active = bench.read(move |scope| scope.conversation_clocks(id)).await.unwrap().activity;
    let deleted = async || {
        let query = MessageQuery::default();
        let (messages, _) = bench.read(move |scope| scope.messages(id, &query, 200, ("", None))).await;
        messages.iter().any(|message| message.deleted)
    };
    let mut done = 0;
    let mut since = async |at: Micros| {
        done += 1;
        handle.core.want_since(at);
        until("the read", async || handle.since().count == done && !handle.since().running).await;
        handle.since()
    };
    let younger = since(active + 2 * reconcile::OVERLAP).await;
    assert!(!deleted().await, "it was not active since then");
    let read = since(active).await;
    assert!(deleted().await && read.conversations > younger.conversations, "{read:?} {younger:?}");
    assert_eq!((read.since, read.truncated), (Some(crate::clock::timestamp(active)), false));
    assert!(read.back_to.is_some_and(|at| at <= crate::clock::timestamp(active)) && read.finished_at.is_some(), "{read:?}");
    // All of it, and not more than a number of pages.
    let all = since(0).await;
    assert_eq!((all.conversations, all.truncated), (bench.conversations().await.len() as u64, false));
    assert!(since::read(&handle.core, 0, 1).await.is_ok_and(|truncated| truncated), "more than a page is there");
    assert!(handle.since().conversations < all.conversations);
    assert_same(&bench).await;
    bench.end(handle).await;
}

#[tokio::test]
async fn a_read_that_the_link_breaks_off_begins_anew_and_several_that_wait_are_one() {
    let bench = Bench::new().await;
    let handle = bench.live().await;
    bench.call("", "POST", "/sandbox/faults", json!({"match": {"path": "/api/v1/**"}, "fault": {"kind": "status", "status": 503}})).await;
    handle.refresh_since(2_000_000);
    handle.refresh_since(1_000_000);
    handle.refresh_since(3_000_000);
    until("the link to be lost", async || handle.link().state == LinkState::Offline).await;
    assert_eq!((handle.since().count, handle.since().running), (0, false));
    bench.call("", "DELETE", "/sandbox/faults", Value::Null).await;
    handle.refresh();
    until("the read", async || handle.since().count == 1 && !handle.since().running).await;
    assert_eq!(handle.since().since, Some(crate::clock::timestamp(1_000_000)));
    bench.end(handle).await;
}

#[tokio::test]
async fn a_gap_of_the_websocket_is_remembered_until_all_of_it_was_read() {
    let bench = Bench::new().await;
    let handle = bench.live().await;
    let id = bench.some_conversation().await;
    // Not the newest one, which the list of conversations shows.
    let shown = bench.conversations().await.into_iter().find(|c| c["id"] == id).unwrap();
    let (first, count) = (shown["messages"][0]["id"].clone(), shown["messages"].as_array().unwrap().len());
    assert!((3..=20).contains(&count), "{count} messages");
    let path = format!("/api/v1/accounts/1/conversations/{id}/messages");
    // A deletion that nothing tells of, and then the reads fail.
    bench.call("", "POST", "/sandbox/faults", json!({"events": {"drop_frames": true}})).await;
    bench.call("agent", "DELETE", &format!("{path}/{first}"), Value::Null).await;
    let broken = json!({"rules": [{"match": {"method": "GET", "path": path}, "fault": {"kind": "status", "status": 500}}], "events": {}});
    bench.call("", "POST", "/sandbox/faults", broken).await;
    let done = handle.rounds().0.count;
    bench.call("", "POST", "/sandbox/cable/drop", json!({})).await;
    until("rounds after the gap", async || {
        handle.refresh();
        handle.link().state == LinkState::Live && handle.rounds().0.count > done + 1
    })
    .await;
    bench.call("", "DELETE", "/sandbox/faults", Value::Null).await;
    handle.refresh();
    until("the deletion", async || {
        let (messages, _) = bench.read(move |scope| scope.messages(id, &MessageQuery::default(), 200, ("", None))).await;
        messages.iter().any(|message| message.deleted)
    })
    .await;
    bench.end(handle).await;
}

#[tokio::test]
async fn a_linked_agent_is_online_while_the_inbox_is_open() {
    let bench = Bench::new().await;
    let token = Token::new(&bench.shop.tokens()["agent"]);
    let handle = bench
        .start(|cx| {
            cx.users = vec![config::User {
                name: "jo".to_owned(),
                display_name: "Jo".to_owned(),
                role: api::tenant::Role::Member,
                tenants: vec!["acme".to_owned()],
                chatwoot_email: None,
                chatwoot_agent_id: None,
                chatwoot_token: Some(token),
            }];
        })
        .await;
    until("live", async || handle.link().state == LinkState::Live).await;
    let sockets = async || bench.call("", "GET", "/sandbox/state", Value::Null).await["sockets"].as_u64().unwrap_or_default();
    until("one socket", async || sockets().await == 1).await;
    assert!(handle.attend("nobody").is_none());
    let first = handle.attend("jo").unwrap();
    let second = handle.attend("jo").unwrap();
    until("the agent's socket", async || sockets().await == 2).await;
    drop(first);
    drop(second);
    until("the agent is gone", async || sockets().await == 1).await;
    bench.end(handle).await;
}

#[tokio::test]
async fn a_server_that_is_updated_meanwhile_is_noticed_in_the_next_round() {
    let bench = Bench::new().await;
    let says = async |version: &str| {
        bench.call("", "DELETE", "/sandbox/faults", Value::Null).await;
        let fault = json!({"kind": "status", "status": 200, "body": {"version": version}});
        bench.call("", "POST", "/sandbox/faults", json!({"match": {"path": "/api"}, "fault": fault})).await;
    };
    says("4.8.1").await;
    let handle = bench.live().await;
    let id = bench.some_conversation().await;
    // How a reply is marked shows what the server is believed to keep (`source_id` before 4.9).
    let source_id = async |text: &str| {
        let row = bench.enqueue(id, OutboxKind::Reply, json!({"content": text})).await;
        handle.wake_outbox();
        until(text, async || bench.outbox(&row).await.state == OutboxState::Done).await;
        let all = bench.conversations().await;
        let messages = all.iter().find(|c| c["id"] == id).unwrap()["messages"].clone();
        messages.as_array().unwrap().iter().find(|m| m["content"] == text).unwrap()["source_id"].clone()
    };
    assert!(source_id("before").await.is_string());
    for (version, state) in [("4.15.1", LinkState::Live), ("4.5.0", LinkState::Refused), ("4.9.0", LinkState::Live)] {
        says(version).await;
        until(version, async || {
            handle.refresh();
            let link = handle.link();
            link.version.as_deref() == Some(version) && link.state == state
        })
        .await;
        if state == LinkState::Live {
            assert_eq!(source_id(version).await, Value::Null);
        } else {
            assert!(handle.link().message.unwrap().contains("4.6.0 or newer"));
        }
    }
    bench.end(handle).await;
}

#[test]
fn a_message_sent_before_the_update_has_no_mark() {
    let mut server = Server::default();
    assert!(!server.keeps_marks());
    server.set_keeps_marks(true, 50);
    // Seen for the first time: what was sent before this process began kept its mark too, as far as anybody knows.
    assert!(server.kept_marks(10));
    server.set_keeps_marks(false, 60);
    assert!(!server.keeps_marks() && !server.kept_marks(70));
    server.set_keeps_marks(true, 80);
    server.set_keeps_marks(true, 90);
    assert!(server.keeps_marks() && !server.kept_marks(79) && server.kept_marks(80));
}
