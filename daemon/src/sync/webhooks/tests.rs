//! The rounds by themselves, on a temporary store, with a clock moved by hand.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use api::webhook::WebhookState;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::super::apply::{FIRST_COPY, FirstCopy};
use super::super::{SyncContext, lock};
use super::*;
use crate::clock::{Clock, SECOND};
use crate::config;
use crate::domain::webhook::ATTEMPTS_MAX;
use crate::secret::Token;
use crate::store::{ConversationRow, NewWebhook, Store};

struct Bench {
    core: Core,
    clock: Clock,
    /// Escalations that were carried out.
    made: Arc<Mutex<Vec<String>>>,
    /// How many further ones with the reason `boom` fail.
    fails: Arc<AtomicU32>,
    _folder: tempfile::TempDir,
}

async fn bench() -> Bench {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::manual(1_800_000_000 * SECOND);
    let store = Store::open(&folder.path().join("afenda.db"), clock.clone()).unwrap();
    let tenants = store.write_global(|global| {
        global.ensure_tenant("acme", "Acme")?;
        global.tenants()
    });
    let tenant = tenants.await.map_err(|err: StoreError| err).unwrap()[0].key;
    let (made, fails) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicU32::new(0)));
    let (made_there, fails_there) = (Arc::clone(&made), Arc::clone(&fails));
    let cx = SyncContext {
        rates: crate::sync::Rates::default(),
        store,
        tenant,
        slug: "acme".to_owned(),
        chatwoot: config::Chatwoot {
            url: "http://127.0.0.1:9".to_owned(),
            account_id: 1,
            token: Token::new("t"),
            webhook_secrets: Vec::new(),
            webhooks_unsigned: false,
            ca_file: None,
        },
        users: Vec::new(),
        sync: config::Sync::default(),
        files: crate::files::Files::new(folder.path(), uuid::Uuid::nil()),
        tokens: crate::tokens::Tokens::open(folder.path(), "acme"),
        clock: clock.clone(),
        stop: CancellationToken::new(),
        escalate: Arc::new(move |_, escalation| {
            let still = fails_there.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
            if escalation.reason == "boom" && still {
                return Err(StoreError::Corrupt { table: "approvals", message: "not now".to_owned() });
            }
            lock(&made_there).push(escalation.reason);
            Ok(())
        }),
    };
    let bench = Bench { core: Core::new(cx).0, clock, made, fails, _folder: folder };
    bench.core.write(|scope| scope.set_cursor(FIRST_COPY, &FirstCopy { page: 1, done: true, ..FirstCopy::default() })).await.unwrap();
    bench.core.write(|scope| scope.apply_conversation(&conversation(), None)).await.unwrap();
    bench
}

fn conversation() -> ConversationRow {
    ConversationRow {
        id: 12,
        status: api::inbox::ConversationStatus::Open,
        priority: None,
        inbox_id: 4,
        contact_id: 31,
        assignee: None,
        team_id: None,
        labels: vec![],
        unread_count: 1,
        can_reply: true,
        waiting_since: None,
        snoozed_until: None,
        created_at: 1,
        last_activity_at: 1,
        updated_at: 1,
        additional_attributes: "{}".to_owned(),
        custom_attributes: "{}".to_owned(),
        agent_last_seen_at: None,
        first_reply_created_at: None,
    }
}

/// A private note as Chatwoot's webhook carries it.
fn note(id: i64, reason: &str) -> Value {
    json!({
        "event": "message_created", "id": id, "content": format!("/escalate {reason}"), "private": true, "message_type": "outgoing",
        "content_type": "text", "created_at": "2027-01-15T08:00:00.000Z", "account": {"id": 1, "name": "Acme"},
        "conversation": {"id": 12}, "conversation_id": 12, "sender": {"id": 7, "name": "Jo", "type": "user"},
    })
}

impl Bench {
    async fn keep(&self, body: &Value) {
        let event = body["event"].as_str().unwrap_or("unknown").to_owned();
        let new = NewWebhook { event, delivery_id: None, digest: body.to_string(), body: body.to_string() };
        self.core.write(move |scope| scope.keep_webhook(&new)).await.unwrap();
    }

    async fn round(&self) -> Option<Duration> {
        round(&self.core).await.unwrap()
    }

    /// Rounds until nothing is due; returns the wait until the next.
    async fn rounds(&self) -> Option<Duration> {
        loop {
            match self.round().await {
                Some(Duration::ZERO) => {}
                wait => return wait,
            }
        }
    }

    /// State, tries and whether a body is kept, in the order of arrival.
    async fn states(&self) -> Vec<(WebhookState, u32, bool)> {
        let rows = self.core.read(|scope| {
            let (rows, _) = scope.webhook_page(None, 200, 0)?;
            rows.iter().map(|row| Ok(scope.webhook(row.id.0)?.unwrap_or(row.clone()))).collect::<Result<Vec<_>, StoreError>>()
        });
        let rows = rows.await.unwrap();
        rows.into_iter().rev().map(|row| (row.state, row.attempts, row.body.is_some())).collect()
    }

    fn made(&self) -> Vec<String> {
        lock(&self.made).clone()
    }

    /// Whether the sync was told to compare.
    fn told_to_compare(&self) -> bool {
        use futures_util::FutureExt;
        self.core.wake.reconcile.notified().now_or_never().is_some()
    }
}

#[tokio::test]
async fn a_failure_is_tried_again_later_and_holds_up_nothing_behind_it() {
    let bench = bench().await;
    bench.fails.store(2, Ordering::SeqCst);
    // Together, and then alone: the first try counts twice against `fails`.
    bench.fails.fetch_add(1, Ordering::SeqCst);
    for body in [note(601, "boom"), note(602, "fine")] {
        bench.keep(&body).await;
    }
    let wait = bench.rounds().await.unwrap();
    assert_eq!(bench.made(), ["fine"]);
    assert_eq!(bench.states().await, [(WebhookState::Received, 1, true), (WebhookState::Done, 1, false)]);
    assert!((1_500..=2_000).contains(&wait.as_millis()), "{wait:?}");

    bench.keep(&note(603, "also fine")).await;
    bench.rounds().await;
    assert_eq!(bench.made(), ["fine", "also fine"], "what waits for its next try holds up nothing");
    bench.clock.advance(2 * SECOND);
    bench.rounds().await;
    assert_eq!(bench.made(), ["fine", "also fine", "boom"]);
    assert_eq!(bench.states().await[0], (WebhookState::Done, 2, false));
    assert!(!bench.told_to_compare());
}

#[tokio::test]
async fn after_so_many_tries_it_is_a_dead_letter_that_can_be_replayed() {
    let bench = bench().await;
    bench.fails.store(u32::MAX, Ordering::SeqCst);
    bench.keep(&note(601, "boom")).await;
    let mut tries = 0;
    while bench.states().await[0].0 == WebhookState::Received {
        bench.rounds().await;
        bench.clock.advance(300 * SECOND);
        tries += 1;
        assert!(tries <= ATTEMPTS_MAX);
    }
    assert_eq!((tries, bench.states().await), (ATTEMPTS_MAX, vec![(WebhookState::Dead, ATTEMPTS_MAX, true)]));
    assert!(bench.told_to_compare(), "what it said is looked for elsewhere");
    let id = bench.core.read(|scope| scope.webhook_page(None, 1, 0)).await.unwrap().0[0].id.0;
    bench.fails.store(0, Ordering::SeqCst);
    assert!(bench.core.write(move |scope| scope.replay_webhook(id)).await.unwrap());
    bench.rounds().await;
    assert_eq!((bench.made(), bench.states().await), (vec!["boom".to_owned()], vec![(WebhookState::Done, 1, false)]));
    assert!(!bench.core.write(move |scope| scope.replay_webhook(id)).await.unwrap(), "its body is gone");
}

#[tokio::test]
async fn what_cannot_be_read_is_a_dead_letter_at_once_and_forgotten_after_a_month() {
    let bench = bench().await;
    for body in [json!({"event": "message_created", "id": "no number"}), json!({"no": "event"}), json!({"event": "a_later_event", "id": 1})]
    {
        bench.keep(&body).await;
    }
    let wait = bench.rounds().await.unwrap();
    let dead = (WebhookState::Dead, 1, true);
    assert_eq!(bench.states().await, [dead, dead, (WebhookState::Done, 1, false)]);
    assert!(bench.told_to_compare());
    assert_eq!(wait.as_secs(), 30 * 86_400);
    bench.clock.advance(30 * 86_400 * SECOND);
    assert_eq!(bench.rounds().await, None);
    assert_eq!(bench.states().await, []);
}

#[tokio::test]
async fn another_accounts_event_is_left_out() {
    let bench = bench().await;
    let mut body = note(601, "theirs");
    body["account"]["id"] = 2.into();
    bench.keep(&body).await;
    bench.rounds().await;
    assert_eq!((bench.made(), bench.states().await), (vec![], vec![(WebhookState::Done, 1, false)]));
}
