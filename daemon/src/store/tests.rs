//! The store on temporary files. Every test seeds a second tenant with the same ids.

use api::approval::{Actor, ApprovalStatus};
use api::audit::Ledger;
use api::inbox::{ContactView, ConversationStatus, DeliveryState, MessageQuery, MessageType, OutboxState, Sort};
use rusqlite::Connection;
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::clock::SECOND;

mod finding;
mod laid_over;

struct Bench {
    store: Store,
    ours: TenantKey,
    theirs: TenantKey,
    clock: Clock,
    folder: tempfile::TempDir,
}

async fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::manual(1_000 * SECOND);
    let store = Store::open(&folder.path().join("afenda.db"), clock.clone()).unwrap();
    let make = |global: &Global<'_>| -> Result<Vec<TenantRow>, StoreError> {
        global.ensure_tenant("ours", "Ours")?;
        global.ensure_tenant("theirs", "Theirs")?;
        global.tenants()
    };
    let tenants = store.write_global(make).await.unwrap();
    let bench = Bench { store, ours: tenants[0].key, theirs: tenants[1].key, clock, folder };
    for tenant in [bench.ours, bench.theirs] {
        bench
            .write(tenant, |scope| {
                scope.apply_contact(&contact(31, "Ann"), at(1))?;
                scope.apply_conversation(&conversation(12, 10), None)?;
                scope.apply_message(&message(501, "hello"), Some(at(1)))
            })
            .await;
    }
    bench
}

impl Bench {
    async fn write<T: Send + 'static>(
        &self,
        tenant: TenantKey,
        work: impl FnOnce(&Scope<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.store.write(tenant, work).await.unwrap()
    }

    async fn read<T: Send + 'static>(
        &self,
        tenant: TenantKey,
        work: impl FnOnce(&Scope<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.store.read(tenant, work).await.unwrap()
    }
}

/// A read asked for at that second, on both clocks.
fn at(second: i64) -> Asked {
    Asked { ours: second * SECOND, theirs: second * SECOND }
}

fn contact(id: i64, name: &str) -> ContactRow {
    ContactRow {
        view: ContactView { id, name: name.to_owned(), email: None, phone_number: None, identifier: None, blocked: false },
        additional_attributes: "{}".to_owned(),
        custom_attributes: "{}".to_owned(),
        last_activity_at: None,
        created_at: None,
    }
}

fn conversation(id: i64, updated_at: i64) -> ConversationRow {
    ConversationRow {
        id,
        status: ConversationStatus::Open,
        priority: None,
        inbox_id: 4,
        contact_id: 31,
        assignee: None,
        team_id: None,
        labels: vec!["vip".to_owned()],
        unread_count: 1,
        can_reply: true,
        waiting_since: Some(5),
        snoozed_until: None,
        created_at: 1,
        last_activity_at: updated_at,
        updated_at,
        additional_attributes: "{}".to_owned(),
        custom_attributes: "{}".to_owned(),
        agent_last_seen_at: None,
        first_reply_created_at: None,
    }
}

fn message(id: i64, text: &str) -> MessageRow {
    MessageRow {
        id,
        conversation_id: 12,
        message_type: MessageType::Incoming,
        private: false,
        content: Some(text.to_owned()),
        content_type: "text".to_owned(),
        state: Some(DeliveryState::Sent),
        error: None,
        sender: None,
        attachments: Vec::new(),
        deleted: false,
        in_reply_to: None,
        mail: None,
        afenda_id: None,
        created_at: id,
        updated_at: None,
    }
}

fn all(sort: Sort) -> ConversationFilter {
    ConversationFilter {
        status: None,
        assignee: Assignee::All,
        me: None,
        inbox: None,
        team: None,
        contact: None,
        labels: Vec::new(),
        conversation_type: None,
        priority: None,
        unread: false,
        waiting_before: None,
        view: None,
        q: None,
        sort,
    }
}

/// The texts of all `Sql::new("…")` and of the list macros, as the sources have them.
fn statements() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/store");
    let mut found = Vec::new();
    let entries = [folder.to_owned(), format!("{folder}/apply")].into_iter().flat_map(|folder| std::fs::read_dir(folder).unwrap());
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() || ["tests.rs", "scope.rs"].contains(&name.as_str()) {
            continue; // Folders hold tests alone.
        }
        let source = std::fs::read_to_string(&path).unwrap();
        for (at, _) in source.match_indices("Sql::new(") {
            let rest = source[at + "Sql::new(".len()..].trim_start();
            if let Some(literal) = rest.strip_prefix('"') {
                found.push(
                    literal[..literal.find("\",").or_else(|| literal.find("\")")).into_iter().chain(literal.find('"')).min().unwrap()]
                        .to_owned(),
                );
            }
        }
    }
    found
}

#[tokio::test]
async fn every_statement_reaches_every_table_through_its_tenant() {
    let conn = Connection::open_in_memory().unwrap();
    conn.execute_batch(migrate::SCHEMA).unwrap();
    let mut statements = statements();
    assert!(statements.len() > 60, "the sources are read: {}", statements.len());
    // Those put together by macros.
    statements.extend(
        conversations::ALL
            .iter()
            .chain(outbox::ALL)
            .chain(approvals::ALL)
            .chain(search::ALL)
            .chain(contacts::ALL)
            .map(|sql| sql.text().to_owned()),
    );
    for sql in statements {
        let sql = sql.replace("\\\\", "\\");
        assert_eq!(scope::stray(&conn, &sql).unwrap_or_else(|err| panic!("{sql}: {err}")), None, "{sql}");
    }
}

#[tokio::test]
async fn a_join_that_forgets_the_tenant_on_one_side_is_found() {
    let conn = Connection::open_in_memory().unwrap();
    conn.execute_batch(migrate::SCHEMA).unwrap();
    let leak = "select m.content from conversations c join messages m on m.conversation_id = c.id where c.tenant_id = :tenant";
    assert!(scope::stray(&conn, leak).unwrap().is_some());
}

#[tokio::test]
async fn two_tenants_with_the_same_ids_never_see_each_other() {
    let bench = bench().await;
    bench.write(bench.ours, |scope| scope.apply_message(&message(502, "only ours"), None)).await;
    let texts = |scope: &Scope<'_>| scope.messages(12, &MessageQuery::default(), 50, ("", None)).map(|(rows, _)| rows.len());
    assert_eq!((bench.read(bench.ours, texts).await, bench.read(bench.theirs, texts).await), (2, 1));
    let find = |scope: &Scope<'_>| {
        let filter = ConversationFilter { q: Some("only our".to_owned()), ..all(Sort::Activity) };
        scope.conversations(&filter, Place::default(), 10, "").map(|(rows, _)| rows.len())
    };
    assert_eq!((bench.read(bench.ours, find).await, bench.read(bench.theirs, find).await), (1, 0));
    bench.write(bench.ours, |scope| scope.delete_conversation(12)).await;
    assert!(bench.read(bench.theirs, |scope| scope.has_conversation(12)).await);
    assert!(!bench.read(bench.ours, |scope| scope.has_conversation(12)).await);
}

#[tokio::test]
async fn newer_wins_by_chatwoots_clock_and_what_is_gone_stays_gone() {
    let bench = bench().await;
    let resolved = ConversationRow { status: ConversationStatus::Resolved, ..conversation(12, 30) };
    let late = conversation(12, 20);
    let unread = ConversationRow { unread_count: 4, ..resolved.clone() };
    let got = bench
        .write(bench.ours, move |scope| {
            Ok([
                scope.apply_conversation(&resolved, None)?,
                scope.apply_conversation(&late, Some(at(1_001)))?,
                scope.apply_conversation(&resolved, None)?,
                scope.apply_conversation(&resolved, Some(at(1_002)))?,
                // Of two reads with the same clock the one asked for later counts.
                scope.apply_conversation(&unread, Some(at(1_001)))?,
                scope.apply_conversation(&unread, Some(at(1_003)))?,
            ])
        })
        .await;
    assert_eq!(got, [Applied::Changed, Applied::Older, Applied::Same, Applied::Same, Applied::Older, Applied::Changed]);
    let rating = api::lists::RatingView {
        id: 3,
        conversation_id: api::id::ConversationId(12),
        message_id: None,
        contact_id: None,
        agent_id: None,
        rating: 4,
        feedback: None,
        created_at: jiff::Timestamp::UNIX_EPOCH,
    };
    let late_rating = rating.clone();
    bench.write(bench.ours, move |scope| scope.apply_rating(&rating)).await;
    assert_eq!(bench.read(bench.ours, |scope| scope.ratings(Some(12), 0, 9)).await.1, 1);
    let gone = bench
        .write(bench.ours, move |scope| {
            scope.delete_conversation(12)?;
            scope.apply_rating(&late_rating)?;
            Ok((scope.apply_conversation(&conversation(12, 99), Some(at(1)))?, scope.apply_message(&message(600, "late"), None)?))
        })
        .await;
    assert_eq!(gone, (Applied::Gone, Applied::Gone));
    assert_eq!(bench.read(bench.ours, |scope| scope.ratings(Some(12), 0, 9)).await.1, 0);
}

#[tokio::test]
async fn what_may_be_older_takes_neither_a_delivery_nor_a_deletion_back() {
    let bench = bench().await;
    let with = |state, deleted| MessageRow { state: Some(state), deleted, ..message(501, "hello") };
    let frame = |second: i64, row: MessageRow| (MessageRow { updated_at: Some(second * SECOND), ..row }, None);
    let read = |second: i64, row: MessageRow| (row, Some(at(second)));
    let deleted = MessageRow { content: Some("This message was deleted".into()), ..with(DeliveryState::Sent, true) };
    let steps = [
        (frame(100, with(DeliveryState::Read, false)), Applied::Changed),
        (frame(99, with(DeliveryState::Sent, false)), Applied::Older),
        (read(101, with(DeliveryState::Sent, false)), Applied::Unclear), // Within the stretch in which nobody can tell.
        (read(101, with(DeliveryState::Read, false)), Applied::Same),
        ((MessageRow { state: None, ..with(DeliveryState::Sent, false) }, None), Applied::Same), // A hint.
        (read(110, with(DeliveryState::Sent, false)), Applied::Changed),                         // Surely newer: Chatwoot's own word.
        (frame(112, deleted.clone()), Applied::Unclear),
        (frame(111, with(DeliveryState::Sent, false)), Applied::Older),
        (read(113, with(DeliveryState::Sent, false)), Applied::Unclear),
        (read(120, deleted), Applied::Same),
    ];
    for (at, ((row, read), want)) in steps.into_iter().enumerate() {
        let got = bench.write(bench.ours, move |scope| scope.apply_message(&row, read)).await;
        assert_eq!(got, want, "step {at}");
    }
    let (messages, _) = bench.read(bench.ours, |scope| scope.messages(12, &api::inbox::MessageQuery::default(), 10, ("", None))).await;
    assert!(messages[0].deleted, "{messages:?}");
    // What could not be told is read again, a moment later.
    let due = |scope: &Scope<'_>| Ok((scope.due_rereads(10)?, scope.next_reread()?));
    let (now, next) = bench.read(bench.ours, due).await;
    assert!(now.is_empty() && next.is_some(), "{now:?} {next:?}");
    bench.clock.advance(3 * SECOND);
    let (due, _) = bench.read(bench.ours, due).await;
    assert_eq!(due, [Reread { kind: RereadKind::Message, id: 501, conversation_id: 12 }]);
}

#[tokio::test]
async fn pages_by_cursor_neither_skip_nor_repeat_in_any_order() {
    let bench = bench().await;
    bench
        .write(bench.ours, |scope| {
            for id in 100..140 {
                let waiting_since = (id % 3 != 0).then_some(id % 7);
                let priority = [None, Some(api::inbox::Priority::Low), Some(api::inbox::Priority::Urgent)][(id % 3) as usize];
                let row = ConversationRow { id, waiting_since, priority, created_at: id % 5, ..conversation(id, 100 + id % 4) };
                scope.apply_conversation(&row, None)?;
            }
            Ok(())
        })
        .await;
    for sort in Sort::ALL {
        let ids = bench
            .read(bench.ours, move |scope| {
                let whole = scope.conversations(&all(*sort), Place::default(), 200, "")?.0;
                let (mut place, mut walked) = (Some(Place::default()), Vec::new());
                while let Some(from) = place {
                    let (rows, next) = scope.conversations(&all(*sort), from, 7, "")?;
                    walked.extend(rows);
                    place = next;
                }
                Ok((whole.iter().map(|c| c.id.0).collect::<Vec<_>>(), walked.iter().map(|c| c.id.0).collect::<Vec<_>>()))
            })
            .await;
        assert_eq!(ids.0, ids.1, "{sort}");
        assert_eq!(ids.0.len(), 41);
    }
}

#[tokio::test]
async fn search_takes_words_as_they_are_typed() {
    let bench = bench().await;
    bench.write(bench.ours, |scope| scope.apply_message(&message(503, "Größe: 50% \"sofort\" OR nothing"), None)).await;
    for (q, want) in [
        ("grosse", 0),
        ("größ", 1),
        ("50%", 1),
        ("\"sofort\" OR", 1),
        ("hello -x", 0),
        ("an", 1),
        ("%", 0),
        ("AND", 0),
        ("\0", 1),
        ("hel\0", 1),
    ] {
        let filter = ConversationFilter { q: Some(q.to_owned()), ..all(Sort::Activity) };
        let found = bench.read(bench.ours, move |scope| scope.conversations(&filter, Place::default(), 9, "")).await.0.len();
        assert_eq!(found, want, "{q}");
    }
}

#[tokio::test]
async fn messages_kept_together_are_found_as_they_are_in_the_end() {
    let bench = bench().await;
    let file = Connection::open(bench.folder.path().join("afenda.db")).unwrap();
    // FTS5 compares its index with the table, text by text.
    let whole =
        || file.execute_batch("insert into messages_fts (messages_fts, rank) values ('integrity-check', 1)").map_err(|err| err.to_string());
    bench
        .write(bench.ours, |scope| {
            scope.indexing_together(|| {
                for id in 600..700 {
                    scope.apply_message_here(&message(id, &format!("kiwi{id}")), Some(at(2)))?;
                }
                let edited = scope.apply_message_here(&message(600, "mango"), Some(at(3)))?;
                let after = scope.apply_message_here(&message(700, "papaya"), Some(at(3)))?;
                assert_eq!((edited, after), (Applied::Changed, Applied::Created));
                Ok(())
            })
        })
        .await;
    let fails = |scope: &Scope<'_>| -> Result<(), StoreError> {
        scope.indexing_together(|| {
            scope.apply_message_here(&message(701, "litchi"), Some(at(2)))?;
            Err(StoreError::Closed)
        })
    };
    assert!(bench.store.write(bench.ours, fails).await.is_err());
    bench.write(bench.ours, |scope| scope.apply_message(&message(702, "guava"), None)).await;
    assert_eq!(whole(), Ok(()));
    for (q, want) in [("kiwi600", 0), ("kiwi601", 1), ("kiwi699", 1), ("mango", 1), ("papaya", 1), ("litchi", 0), ("guava", 1)] {
        let filter = ConversationFilter { q: Some(q.to_owned()), ..all(Sort::Activity) };
        let found = bench.read(bench.ours, move |scope| scope.conversations(&filter, Place::default(), 9, "")).await.0.len();
        assert_eq!(found, want, "{q}");
    }
    bench
        .write(bench.ours, |scope| {
            scope.indexing_together(|| {
                scope.apply_message_here(&message(703, "quince"), Some(at(2)))?;
                scope.delete_conversation(12)
            })
        })
        .await;
    assert_eq!(whole(), Ok(()));
}

#[tokio::test]
async fn an_unconfirmed_write_shows_over_what_chatwoot_says_until_it_is_done() {
    let bench = bench().await;
    let new = |kind, payload| NewOutbox { conversation_id: 12, kind, payload, user: None, approval_id: None, not_before: 0 };
    let entry = bench
        .write(bench.ours, move |scope| {
            scope.enqueue(&new(OutboxKind::Labels, json!({ "add": ["refund"], "remove": ["vip"] })))?;
            scope.enqueue(&new(OutboxKind::Status, json!({ "status": "resolved" })))
        })
        .await;
    bench.write(bench.ours, |scope| scope.apply_conversation(&conversation(12, 50), None)).await;
    let view = bench.read(bench.ours, |scope| scope.conversation(12, "http://c/")).await.unwrap();
    assert_eq!(
        (view.status, view.labels.clone(), view.pending.clone()),
        (ConversationStatus::Resolved, vec!["refund".to_owned()], vec!["labels".to_owned(), "status".to_owned()])
    );
    assert_eq!(view.url, "http://c/12");
    // Order is kept: the status waits for the labels.
    let due = bench.read(bench.ours, |scope| scope.due_outbox(9)).await;
    assert_eq!(due.iter().map(|row| row.kind).collect::<Vec<_>>(), [OutboxKind::Labels]);
    let first = due[0].id;
    bench
        .write(bench.ours, move |scope| {
            assert!(scope.begin_sending(first)?);
            assert!(!scope.cancel_outbox(first)?, "on its way, it is not recalled");
            scope.outbox_done(first, None)?;
            assert!(scope.cancel_outbox(entry.id)?);
            Ok(())
        })
        .await;
    let view = bench.write(bench.ours, |scope| {
        scope.apply_conversation(&conversation(12, 60), None)?;
        scope.conversation(12, "")
    });
    let view = view.await.unwrap();
    assert_eq!((view.status, view.pending.len()), (ConversationStatus::Open, 0));
}

#[tokio::test]
async fn every_kind_shows_at_once_in_its_tenant_alone_and_what_it_replaces_is_kept() {
    let bench = bench().await;
    let was = bench
        .write(bench.ours, |scope| {
            let put = |kind, payload: serde_json::Value| {
                let conversation_id = if kind == OutboxKind::Contact { 0 } else { 12 };
                scope.enqueue(&NewOutbox { conversation_id, kind, payload, user: None, approval_id: None, not_before: 0 })
            };
            let attributes = put(OutboxKind::Attributes, json!({"set": {"tier": 2}, "unset": ["none"]}))?;
            put(OutboxKind::Read, json!({}))?;
            let status = put(OutboxKind::Status, json!({"status": "snoozed", "snoozed_until_us": 9}))?;
            let again = put(OutboxKind::Status, json!({"status": "open"}))?;
            let contact = put(OutboxKind::Contact, json!({"contact_id": 31, "fields": {"email": "a@b.c", "name": "Ann B"}}))?;
            Ok([
                attributes.payload["was"].clone(),
                status.payload["was"].clone(),
                again.payload["was"].clone(),
                contact.payload["was"].clone(),
            ])
        })
        .await;
    assert_eq!(was[0], serde_json::Value::Null);
    assert_eq!(was[1], json!({"status": "open", "snoozed_until_us": null}));
    assert_eq!(was[2], json!({"status": "snoozed", "snoozed_until_us": 9}), "what goes before it is what it replaces");
    assert_eq!(was[3]["name"], "Ann");
    let look = |scope: &Scope<'_>| {
        scope.apply_contact(&contact(31, "Ann"), Asked { ours: scope.now(), theirs: scope.now() })?; // Chatwoot's word does not hide what waits.
        let view = scope.conversation(12, "")?.unwrap();
        Ok((view.custom_attributes.get("tier").cloned(), view.unread_count, scope.contact(31)?.unwrap(), scope.due_outbox(9)?.len()))
    };
    let (tier, unread, person, due) = bench.write(bench.ours, look).await;
    assert_eq!((tier, unread, person.name.as_str(), person.email.as_deref()), (Some(json!(2)), 0, "Ann B", Some("a@b.c")));
    assert_eq!(due, 2, "a contact's entry waits for no conversation's");
    let (tier, unread, person, due) = bench.write(bench.theirs, look).await;
    assert_eq!((tier, unread, person.name.as_str(), due), (None, 1, "Ann", 0));
}

#[tokio::test]
async fn what_a_person_tries_again_is_looked_up_only_where_it_is_a_message() {
    let bench = bench().await;
    for (kind, payload, unsure) in [
        (OutboxKind::Reply, json!({"content": "hi"}), true),
        (OutboxKind::Macro, json!({"id": 1}), false),
        (OutboxKind::Team, json!({"id": 3}), false),
    ] {
        let row = bench
            .write(bench.ours, move |scope| {
                let new = NewOutbox { conversation_id: 12, kind, payload, user: None, approval_id: None, not_before: 0 };
                let id = scope.enqueue(&new)?.id;
                for _ in 0..60 {
                    scope.begin_sending(id)?;
                    scope.outbox_again(id, "away", true, 0)?;
                }
                scope.begin_sending(id)?;
                scope.outbox_over(id, OutboxState::Held, "who knows")?;
                scope.retry_outbox(id)?;
                let row = scope.outbox_entry(id)?.unwrap();
                scope.cancel_outbox(id)?;
                scope.outbox_done(id, None)?;
                Ok(row)
            })
            .await;
        // Not given up at the first failure after that, and not taken for one that never left.
        assert_eq!((row.state, row.unsure, row.attempts), (OutboxState::Queued, unsure, 1), "{kind:?}");
    }
}

#[tokio::test]
async fn a_flush_moves_what_was_tried_and_waits_and_nothing_else() {
    let bench = bench().await;
    let later = 5_000 * SECOND;
    let fill = move |scope: &Scope<'_>| {
        let new = |conversation_id, not_before| NewOutbox {
            conversation_id,
            kind: OutboxKind::Note,
            payload: json!({"content": "hi"}),
            user: None,
            approval_id: None,
            not_before,
        };
        let tried = |conversation| {
            let id = scope.enqueue(&new(conversation, 0))?.id;
            scope.begin_sending(id)?;
            Ok::<_, StoreError>(id)
        };
        for _ in 0..2 {
            scope.outbox_again(tried(12)?, "away", true, later)?;
        }
        scope.outbox_over(tried(12)?, OutboxState::Held, "who knows")?;
        scope.outbox_over(tried(12)?, OutboxState::Failed, "refused")?;
        tried(12)?; // On its way.
        scope.enqueue(&new(12, later))?; // Within its hold.
        Ok(())
    };
    bench.write(bench.ours, fill).await;
    bench.write(bench.theirs, fill).await;
    let all = async |tenant| {
        let rows = bench.read(tenant, |scope| scope.open_outbox(0, 99)).await;
        rows.into_iter().map(|row| (row.state, row.not_before == later, row.unsure)).collect::<Vec<_>>()
    };
    let before = all(bench.ours).await;
    assert_eq!(bench.write(bench.ours, |scope| scope.flush_outbox(1)).await, 1, "no more than so many, the oldest first");
    assert_eq!(bench.write(bench.ours, |scope| scope.flush_outbox(9)).await, 1);
    assert_eq!(bench.write(bench.ours, |scope| scope.flush_outbox(9)).await, 0, "nothing waits any more");
    let mut after = before.clone();
    after[..2].fill((OutboxState::Queued, false, true));
    assert_eq!((all(bench.ours).await, all(bench.theirs).await), (after, before));
}

#[tokio::test]
async fn after_a_crash_what_was_on_its_way_is_unsure() {
    let bench = bench().await;
    let entry = bench
        .write(bench.ours, |scope| {
            let new = NewOutbox {
                conversation_id: 12,
                kind: OutboxKind::Reply,
                payload: json!({ "content": "hi" }),
                user: Some("jo".to_owned()),
                approval_id: None,
                not_before: 0,
            };
            let row = scope.enqueue(&new)?;
            scope.begin_sending(row.id)?;
            Ok(row)
        })
        .await;
    bench.store.close().await;
    let store = Store::open(&bench.folder.path().join("afenda.db"), bench.clock.clone()).unwrap();
    let row = store
        .write(bench.ours, move |scope| {
            assert_eq!(scope.resume_outbox()?, 1);
            // The message turns up by the websocket with our mark: no second try.
            let found = MessageRow { afenda_id: Some(entry.id.to_string()), message_type: MessageType::Outgoing, ..message(700, "hi") };
            let before = scope.outbox_entry(entry.id)?.unwrap();
            scope.apply_message(&found, None)?;
            Ok::<_, StoreError>((before, scope.outbox_entry(entry.id)?.unwrap()))
        })
        .await
        .unwrap();
    assert_eq!((row.0.state, row.0.unsure, row.1.state), (OutboxState::Queued, true, OutboxState::Done));
}

#[tokio::test]
async fn a_refused_write_leaves_nothing_and_publishes_nothing() {
    let bench = bench().await;
    let mut feed = bench.store.subscribe();
    let refused: Result<(), StoreError> = bench
        .store
        .write(bench.ours, |scope| {
            scope.apply_message(&message(900, "never"), None)?;
            Err(StoreError::Closed)
        })
        .await;
    assert!(refused.is_err());
    bench.write(bench.ours, |scope| scope.apply_message(&message(901, "kept"), None)).await;
    let heard = feed.recv().await.unwrap();
    assert_eq!((heard.tenant, heard.activity.subject_id.as_str()), (bench.ours, "901"));
    let (seqs, newest) = bench
        .read(bench.ours, |scope| Ok((scope.activities_after(0, 100)?.iter().map(|a| a.seq).collect::<Vec<_>>(), scope.newest_seq()?)))
        .await;
    assert_eq!(seqs, (1..=newest).collect::<Vec<_>>(), "no gaps");
}

#[tokio::test]
async fn the_ledgers_only_grow_and_any_change_shows() {
    let bench = bench().await;
    let entry = AuditEntry {
        actor: Actor { user: Some("ada".to_owned()), name: "Ada".to_owned() },
        via: "api",
        action: "approval.approve".to_owned(),
        resource_type: "approval".to_owned(),
        resource_id: "x".to_owned(),
        external: false,
        note: Some("personal words".to_owned()),
        data: json!({ "revision": 1 }),
    };
    let rows = bench
        .write(bench.ours, move |scope| {
            for _ in 0..3 {
                scope.append_decision(&entry)?;
            }
            scope.audit_of("approval", "x", 10)
        })
        .await;
    assert_eq!((rows.len(), rows[0].position, rows[0].note.as_deref()), (3, 3, Some("personal words")));
    let verify = async || bench.store.read(bench.ours, |scope| scope.verify(Ledger::Audit)).await.unwrap();
    let whole = verify().await;
    assert_eq!((whole.0.rows, &whole.1), (3, &None));
    let conn = Connection::open(bench.folder.path().join("afenda.db")).unwrap();
    assert!(conn.execute("update audit_logs set record = '{}'", []).unwrap_err().to_string().contains("append-only"));
    assert!(conn.execute("delete from approval_ledger", []).unwrap_err().to_string().contains("append-only"));
    let text: String = conn.query_row("select group_concat(record) from audit_logs", [], |row| row.get(0)).unwrap();
    assert!(!text.contains("personal words"));
    // Erasing the text leaves the chain whole; changing a record behind the triggers' back does not.
    conn.execute("delete from ledger_texts", []).unwrap();
    assert_eq!(verify().await, whole);
    conn.execute_batch(
        "drop trigger audit_logs_no_update; update audit_logs set record = replace(record, 'approve', 'reject') where position = 2",
    )
    .unwrap();
    let (held, broken) = verify().await;
    assert_eq!((held.rows, broken.unwrap().position), (1, 2));
}

#[tokio::test]
async fn approvals_keep_all_they_show_and_one_open_escalation_a_conversation() {
    let bench = bench().await;
    let row = |number| ApprovalRow {
        number,
        id: Uuid::now_v7(),
        kind: "escalation".to_owned(),
        title: "refund".to_owned(),
        description: "240".to_owned(),
        status: ApprovalStatus::Submitted,
        revision: 1,
        digest: "sha256:x".to_owned(),
        requester: Actor { user: Some("jo".to_owned()), name: "Jo".to_owned() },
        requester_agent: Some(7),
        editor: Some("max".to_owned()),
        editor_agent: Some(3),
        conversation_id: Some(12),
        asked_assignee: Some(7),
        contact_name: Some("Ann".to_owned()),
        amount: Some(api::approval::Money { minor_units: 24000, currency: "EUR".to_owned() }),
        excerpt: Vec::new(),
        created_at: 1,
        submitted_at: Some(1),
        expires_at: Some(2_000 * SECOND),
        decided_at: None,
        decided_by: None,
        comment: None,
    };
    let (first, second) = (row(1), row(2));
    let kept = first.clone();
    bench.write(bench.ours, move |scope| scope.put_approval(&kept)).await;
    let refused = bench.store.write(bench.ours, move |scope| scope.put_approval(&second)).await;
    assert!(matches!(refused, Err(StoreError::Sqlite(_))));
    let id = first.id;
    assert_eq!(bench.read(bench.ours, move |scope| scope.approval(id)).await, Some(first));
    assert_eq!(bench.read(bench.theirs, move |scope| scope.approval(id)).await, None);
    for (mine, want) in [(Some(true), 1), (Some(false), 0), (None, 1)] {
        let filter = ApprovalFilter { mine: mine.map(|mine| ("jo".to_owned(), None, mine)), ..ApprovalFilter::default() };
        assert_eq!(bench.read(bench.ours, move |scope| scope.approvals(&filter, 10, 0)).await.1, want, "{mine:?}");
    }
    assert_eq!(bench.read(bench.ours, |scope| scope.lapsed_approvals()).await.len(), 0);
    bench.clock.advance(1_000 * SECOND);
    assert_eq!(bench.read(bench.ours, |scope| scope.lapsed_approvals()).await.len(), 1);
}

#[tokio::test]
async fn a_hint_is_one_hint() {
    let bench = bench().await;
    let got = bench
        .write(bench.ours, |scope| {
            let hint = Reread { kind: RereadKind::Conversation, id: 12, conversation_id: 0 };
            scope.mark(hint)?;
            scope.mark(hint)?;
            let due = scope.due_rereads(10)?;
            scope.reread_failed(hint, 1)?;
            Ok((due.len(), scope.due_rereads(10)?.len()))
        })
        .await;
    assert_eq!(got, (1, 0));
    bench.clock.advance(2 * SECOND);
    assert_eq!(bench.read(bench.ours, |scope| scope.due_rereads(10)).await.len(), 1);
}
