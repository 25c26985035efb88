//! Every test seeds a second tenant with the same deliveries.

use super::*;
use crate::clock::Clock;
use crate::store::{Global, Store, TenantKey};

struct Bench {
    store: Store,
    tenants: [TenantKey; 2],
    clock: Clock,
    _folder: tempfile::TempDir,
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(1_000 * SECOND);
        let store = Store::open(&folder.path().join("afenda.db"), clock.clone()).unwrap();
        let make = |global: &Global<'_>| {
            global.ensure_tenant("ours", "Ours")?;
            global.ensure_tenant("theirs", "Theirs")?;
            global.tenants()
        };
        let tenants = store.write_global(make).await.map_err(|err: StoreError| err).unwrap();
        let bench = Self { store, tenants: [tenants[0].key, tenants[1].key], clock, _folder: folder };
        assert_eq!(bench.store.write(bench.tenants[1], |scope| scope.keep_webhook(&new(Some("d-1"), "sig-1"))).await.unwrap(), Kept::New);
        bench
    }

    async fn write<T: Send + 'static>(&self, work: impl FnOnce(&Scope<'_>) -> Result<T, StoreError> + Send + 'static) -> T {
        self.store.write(self.tenants[0], work).await.unwrap()
    }

    async fn keep(&self, delivery: Option<&str>, digest: &str) -> Kept {
        let new = new(delivery, digest);
        self.write(move |scope| scope.keep_webhook(&new)).await
    }

    async fn counts(&self) -> (u64, u64, u64) {
        self.write(|scope| {
            let counts = scope.webhook_counts()?;
            Ok((counts.waiting, counts.dead, scope.webhook_page(None, 1, 0)?.1))
        })
        .await
    }

    async fn work_off(&self) {
        self.write(|scope| scope.due_webhooks(100_000)?.iter().try_for_each(|row| scope.webhook_done(row.position))).await;
    }
}

fn new(delivery: Option<&str>, digest: &str) -> NewWebhook {
    let (event, body) = ("message_created".to_owned(), r#"{"event":"message_created"}"#.to_owned());
    NewWebhook { event, delivery_id: delivery.map(str::to_owned), digest: digest.to_owned(), body }
}

#[tokio::test]
async fn a_delivery_is_kept_once_and_the_same_bytes_are_one_event() {
    let bench = Bench::new().await;
    for (what, delivery, digest, expected, rows) in [
        ("the first", Some("d-1"), "sig-1", Kept::New, 1),
        ("the same request again", Some("d-1"), "sig-1", Kept::Known, 1),
        ("the same delivery, signed anew", Some("d-1"), "sig-2", Kept::Known, 1),
        ("the same bytes under another id, before they were worked off", Some("d-2"), "sig-1", Kept::Known, 1),
        ("another", Some("d-3"), "sig-3", Kept::New, 2),
        ("without an id", None, "sig-4", Kept::New, 3),
        ("without an id, again", None, "sig-4", Kept::Known, 3),
    ] {
        assert_eq!(bench.keep(delivery, digest).await, expected, "{what}");
        assert_eq!(bench.counts().await, (rows, 0, rows), "{what}");
    }
    bench.work_off().await;
    for (what, delivery, digest, expected, waiting) in [
        ("the same request again, later", Some("d-1"), "sig-1", Kept::Known, 0),
        ("replayed under another id", Some("d-9"), "sig-1", Kept::Again, 1),
        ("and once more", Some("d-8"), "sig-1", Kept::Known, 1),
    ] {
        assert_eq!(bench.keep(delivery, digest).await, expected, "{what}");
        assert_eq!(bench.counts().await, (waiting, 0, 3), "{what}: no further row");
    }
}

#[tokio::test]
async fn bodies_are_bounded_and_what_is_left_out_is_written_down() {
    let bench = Bench::new().await;
    let many = WAITING_MAX;
    bench
        .write(move |scope| {
            (0..many).try_for_each(|at| {
                assert_eq!(scope.keep_webhook(&new(None, &at.to_string()))?, Kept::New);
                Ok(())
            })
        })
        .await;
    assert_eq!([bench.keep(None, "more").await, bench.keep(None, "and more").await], [Kept::Bare, Kept::Bare]);
    assert_eq!(bench.counts().await, (many + 1, 0, many + 1), "one row says that something was missed");
    let last = bench.write(move |scope| Ok(scope.due_webhooks(100_000)?.pop().unwrap())).await;
    assert_eq!(last.body, None);
    bench.work_off().await;
    assert_eq!(bench.keep(None, "later").await, Kept::New);
}

#[tokio::test]
async fn done_and_dead_go_in_time_and_are_bounded() {
    let bench = Bench::new().await;
    bench.keep(None, "done").await;
    bench.work_off().await;
    bench
        .write(|scope| {
            for at in 0..DEAD_MAX + 5 {
                scope.keep_webhook(&new(None, &at.to_string()))?;
                let position = scope.due_webhooks(1)?[0].position;
                scope.webhook_failed(position, "no", Next::Dead)?;
            }
            Ok(())
        })
        .await;
    let most = DEAD_MAX as u64;
    assert_eq!(bench.counts().await, (0, most, most + 1));
    bench.clock.advance(DONE_KEPT);
    bench.write(|scope| scope.forget_webhooks()).await;
    assert_eq!(bench.counts().await, (0, most, most), "what is done goes first");
    bench.clock.advance(DEAD_KEPT - DONE_KEPT);
    assert_eq!(bench.keep(None, "another").await, Kept::New);
    assert_eq!(bench.counts().await, (1, 0, 1), "and the dead letters after a month");
}

#[tokio::test]
async fn only_dead_letters_are_purged_and_only_ours() {
    let bench = Bench::new().await;
    for digest in ["a", "b", "c"] {
        bench.keep(None, digest).await;
        bench.clock.advance(SECOND);
    }
    let ids = bench
        .write(|scope| {
            for row in scope.due_webhooks(2)? {
                scope.webhook_failed(row.position, "no", Next::Dead)?;
            }
            Ok(scope.webhook_page(None, 10, 0)?.0.into_iter().rev().map(|row| (row.id.0, row.state)).collect::<Vec<_>>())
        })
        .await;
    assert_eq!(ids.iter().map(|(_, state)| *state).collect::<Vec<_>>(), [WebhookState::Dead, WebhookState::Dead, WebhookState::Received]);
    let (first, waiting) = (ids[0].0, ids[2].0);
    let theirs = bench.store.write(bench.tenants[1], move |scope| {
        Ok::<_, StoreError>((
            scope.purge_webhook(first)?,
            scope.replay_webhook(first)?,
            scope.purge_webhooks(Micros::MAX)?,
            scope.webhook(first)?.is_none(),
        ))
    });
    assert_eq!(theirs.await.unwrap(), (false, false, 0, true));
    assert!(!bench.write(move |scope| scope.purge_webhook(waiting)).await);
    assert_eq!(bench.write(|scope| scope.purge_webhooks(1_001 * SECOND)).await, 1, "those before a time");
    assert_eq!(bench.write(|scope| scope.purge_webhooks(Micros::MAX)).await, 1);
    assert_eq!(bench.counts().await, (1, 0, 1));
}
