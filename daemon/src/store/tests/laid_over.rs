//! What waits in the outbox, laid over what Chatwoot says.

use api::inbox::Named;

use super::*;

fn entry(conversation_id: i64, kind: OutboxKind, payload: serde_json::Value) -> NewOutbox {
    NewOutbox { conversation_id, kind, payload, user: Some("jo".to_owned()), approval_id: None, not_before: 0 }
}

fn blocked(scope: &Scope<'_>) -> Result<bool, StoreError> {
    Ok(scope.contact(31)?.is_some_and(|contact| contact.blocked))
}

#[tokio::test]
async fn a_block_that_waits_shows_after_a_fresh_read_of_the_contact() {
    let bench = bench().await;
    let seen = bench
        .write(bench.ours, |scope| {
            let row = scope.enqueue(&entry(12, OutboxKind::Mute, json!({ "muted": true })))?;
            scope.apply_contact(&contact(31, "Ann B"), at(2_000))?;
            let waiting = blocked(scope)?;
            // Opened again after it: the contact's read must not resolve it.
            scope.enqueue(&entry(12, OutboxKind::Status, json!({ "status": "open", "snoozed_until_us": null })))?;
            scope.apply_contact(&contact(31, "Ann C"), at(3_000))?;
            let status = scope.conversation(12, "")?.map(|view| view.status);
            scope.cancel_outbox(row.id)?;
            scope.apply_contact(&contact(31, "Ann D"), at(4_000))?;
            Ok((waiting, status, blocked(scope)?))
        })
        .await;
    assert_eq!(seen, (true, Some(ConversationStatus::Open), false));
    // The contact's own write after a block wins, in the order of writing.
    let seen = bench
        .write(bench.ours, |scope| {
            scope.enqueue(&entry(12, OutboxKind::Mute, json!({ "muted": true })))?;
            scope.enqueue(&entry(0, OutboxKind::Contact, json!({ "contact_id": 31, "fields": { "blocked": false } })))?;
            scope.apply_contact(&contact(31, "Ann E"), at(5_000))?;
            blocked(scope)
        })
        .await;
    assert!(!seen);
    assert!(!bench.read(bench.theirs, blocked).await);
}

#[tokio::test]
async fn what_was_read_of_a_contact_before_a_write_was_carried_out_does_not_come_back() {
    let bench = bench().await;
    let (before, now) = (bench.clock.now() / SECOND + 1, bench.clock.now() / SECOND + 2);
    bench.write(bench.ours, move |scope| scope.apply_contact(&contact(31, "Ann"), at(before - 1)).map(drop)).await;
    let names = |asked| {
        move |scope: &Scope<'_>| {
            scope.apply_contact(&contact(31, "Ann"), at(asked))?;
            Ok(scope.contact(31)?.map(|contact| contact.name))
        }
    };
    let edit = json!({ "contact_id": 31, "fields": { "name": "Ann Other" } });
    let id = bench.write(bench.ours, move |scope| scope.enqueue(&entry(0, OutboxKind::Contact, edit))).await.id;
    assert_eq!(bench.write(bench.ours, names(before)).await.as_deref(), Some("Ann Other"), "it is laid over");
    bench.clock.advance(2 * SECOND);
    bench.write(bench.ours, move |scope| scope.outbox_done(id, None)).await;
    assert_eq!(bench.write(bench.ours, names(before)).await.as_deref(), Some("Ann Other"), "read before the write");
    assert_eq!(bench.write(bench.ours, names(now)).await.as_deref(), Some("Ann"), "somebody changed it back");
}

#[tokio::test]
async fn what_an_entry_replaces_is_what_stands_when_it_leaves() {
    let bench = bench().await;
    let with = |status, updated_at| ConversationRow { status, ..conversation(12, updated_at) };
    let pending = with(ConversationStatus::Pending, 20);
    let (unsent, back) = bench
        .write(bench.ours, move |scope| {
            let row = scope.enqueue(&entry(12, OutboxKind::Status, json!({ "status": "resolved", "snoozed_until_us": null })))?;
            scope.apply_conversation(&pending, None)?;
            let unsent = scope.outbox_entry(row.id)?.map(|row| row.payload["was"].clone());
            scope.cancel_outbox(row.id)?;
            Ok((unsent, scope.conversation(12, "")?.map(|view| view.status)))
        })
        .await;
    assert_eq!(unsent, Some(json!({ "status": "pending", "snoozed_until_us": null })));
    assert_eq!(back, Some(ConversationStatus::Pending), "what a colleague set meanwhile comes back, not what stood when it was written");
    // Taking another one back does not take what is laid over for what stands.
    let was = bench
        .write(bench.ours, move |scope| {
            let status = scope.enqueue(&entry(12, OutboxKind::Status, json!({ "status": "resolved", "snoozed_until_us": null })))?;
            let other = scope.enqueue(&entry(12, OutboxKind::Priority, json!({ "priority": "high" })))?;
            scope.cancel_outbox(other.id)?;
            let was = scope.outbox_entry(status.id)?.map(|row| row.payload["was"]["status"].clone());
            scope.cancel_outbox(status.id)?;
            Ok(was)
        })
        .await;
    assert_eq!(was, Some(json!("pending")));
    // Once it is on its way, what is read may be its own work.
    let open = with(ConversationStatus::Open, 30);
    let was = bench
        .write(bench.ours, move |scope| {
            let row = scope.enqueue(&entry(12, OutboxKind::Status, json!({ "status": "resolved", "snoozed_until_us": null })))?;
            scope.begin_sending(row.id)?;
            scope.apply_conversation(&open, None)?;
            Ok(scope.outbox_entry(row.id)?.map(|row| row.payload["was"]["status"].clone()))
        })
        .await;
    assert_eq!(was, Some(json!("pending")));
}

#[tokio::test]
async fn a_block_replaces_what_the_contact_and_the_conversation_are_by_themselves() {
    let bench = bench().await;
    let pending = ConversationRow { status: ConversationStatus::Pending, ..conversation(12, 20) };
    let was = bench
        .write(bench.ours, move |scope| {
            let row = scope.enqueue(&entry(12, OutboxKind::Mute, json!({ "muted": true })))?;
            scope.apply_conversation(&pending, None)?;
            scope.apply_contact(&contact(31, "Ann"), at(2_000))?;
            scope.apply_conversation(&ConversationRow { updated_at: 21, ..pending.clone() }, None)?;
            Ok(scope.outbox_entry(row.id)?.map(|row| row.payload["was"].clone()))
        })
        .await;
    assert_eq!(was, Some(json!({ "muted": false, "status": "pending", "snoozed_until_us": null })));
}

fn agent(id: i64, name: &str) -> Named {
    Named { id, name: name.to_owned() }
}

fn ids(kept: Option<(i64, Vec<Named>)>) -> Option<Vec<i64>> {
    kept.map(|(_, agents)| agents.iter().map(|agent| agent.id).collect())
}

#[tokio::test]
async fn who_takes_part_is_kept_with_what_waits_laid_over() {
    let bench = bench().await;
    let (before, waiting, cancelled, done, late, newer) = bench
        .write(bench.ours, |scope| {
            scope.replace_directory(&Directory {
                agents: vec![AgentRow { id: 8, name: "Ada".to_owned(), email: None }],
                ..Directory::default()
            })?;
            let before = scope.participants(12)?;
            scope.keep_participants(12, &[agent(7, "Jo")], 500 * SECOND)?;
            let change = json!({ "add": [8], "remove": [7] });
            let row = scope.enqueue(&entry(12, OutboxKind::Participants, change.clone()))?;
            let waiting = scope.participants(12)?;
            scope.cancel_outbox(row.id)?;
            let cancelled = scope.participants(12)?;
            let row = scope.enqueue(&entry(12, OutboxKind::Participants, change))?;
            scope.begin_sending(row.id)?;
            scope.outbox_done(row.id, None)?;
            let done = scope.participants(12)?;
            // Asked for before it was carried out, answered after.
            scope.keep_participants(12, &[agent(7, "Jo")], 999 * SECOND)?;
            let late = scope.participants(12)?;
            scope.keep_participants(12, &[agent(9, "Kim")], 1_001 * SECOND)?;
            Ok((before, waiting, cancelled, done, late, scope.participants(12)?))
        })
        .await;
    assert_eq!(before, None);
    assert_eq!(waiting, Some((500 * SECOND, vec![agent(8, "Ada")])));
    assert_eq!(cancelled, Some((500 * SECOND, vec![agent(7, "Jo")])));
    assert_eq!(done, Some((500 * SECOND, vec![agent(8, "Ada")])), "as old as what Chatwoot said");
    assert_eq!((ids(late), ids(newer)), (Some(vec![8]), Some(vec![9])));
    assert_eq!(bench.read(bench.theirs, |scope| scope.participants(12)).await, None);
    bench.write(bench.ours, |scope| scope.delete_conversation(12)).await;
    assert_eq!(bench.read(bench.ours, |scope| scope.participants(12)).await, None);
}

#[tokio::test]
async fn a_message_is_its_readers_own_by_the_outbox_first_then_by_the_agent() {
    let bench = bench().await;
    let own = bench
        .write(bench.ours, |scope| {
            let by = |agent: i64| Some(api::inbox::Sender { id: Some(agent), kind: api::inbox::SenderKind::User, name: String::new() });
            let out = |id: i64, sender, mark: Option<Uuid>| MessageRow {
                message_type: MessageType::Outgoing,
                sender,
                afenda_id: mark.map(|mark| mark.to_string()),
                ..message(id, "x")
            };
            let jo = scope.enqueue(&entry(12, OutboxKind::Reply, json!({ "content": "x" })))?.id;
            let decision = NewOutbox { approval_id: Some(Uuid::now_v7()), ..entry(12, OutboxKind::Note, json!({ "content": "x" })) };
            let decision = scope.enqueue(&decision)?.id;
            scope.apply_message(&out(601, by(7), None), Some(at(1)))?; // Jo's, in Chatwoot.
            scope.apply_message(&out(602, by(9), Some(jo)), Some(at(1)))?; // Jo's, by the service user.
            scope.apply_message(&out(603, by(9), None), Some(at(1)))?; // Somebody else's.
            scope.apply_message(&out(604, by(7), Some(decision)), Some(at(1)))?; // A decision's note stays.
            let read = |by| -> Result<Vec<i64>, StoreError> {
                let rows = scope.messages(12, &MessageQuery::default(), 50, by)?.0;
                Ok(rows.iter().filter(|row| row.own).filter_map(|row| row.id.map(|id| id.0)).collect())
            };
            let pending = scope.pending_messages(12, &|_| String::new(), "jo")?.iter().filter(|row| row.own).count();
            Ok((read(("jo", Some(7)))?, read(("ada", Some(9)))?, read(("max", None))?, pending))
        })
        .await;
    assert_eq!(own, (vec![601, 602], vec![603], vec![], 0), "what is settled by its mark waits no more");
}
