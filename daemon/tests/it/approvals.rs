//! Decisions: once, by the right people, on what was read.

use api::approval::{ApprovalPatch, ApprovalQuery, ApprovalSort, ApprovalStatus, Decision, Hindrance, NewApproval};
use api::client::new_key;
use api::id::ConversationId;
use api::{Client, Code};

use crate::harness::{Bench, refused};

fn decision(revision: u32, comment: &str) -> Decision {
    Decision { revision: Some(revision), comment: (!comment.is_empty()).then(|| comment.to_owned()) }
}

async fn decide(client: &Client, id: &str, verb: &str, d: &Decision) -> Result<api::approval::ApprovalView, api::ClientError> {
    client.decide(id, verb, d, &new_key()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_approvers_race_and_exactly_one_decides() {
    let bench = Bench::new().await;
    let (jo, ada, max) = (bench.client("jo").await, bench.client("ada").await, bench.client("max").await);
    let (mut by_ada, mut by_max) = (0, 0);
    for round in 0..200 {
        let new = NewApproval {
            kind: None,
            title: format!("round {round}"),
            description: String::new(),
            conversation_id: None,
            amount: None,
            expires_at: None,
            draft: false,
        };
        let id = jo.create_approval(&new, &new_key()).await.unwrap().id.to_string();
        let (yes, no) = (decision(1, ""), decision(1, "no"));
        let (first, second) = tokio::join!(decide(&ada, &id, "approve", &yes), decide(&max, &id, "reject", &no));
        let row = jo.approval(&id).await.unwrap();
        match (first, second) {
            (Ok(won), Err(lost)) => {
                by_ada += 1;
                assert_eq!(
                    (won.status, row.status, lost.code()),
                    (ApprovalStatus::Approved, ApprovalStatus::Approved, Some(&Code::AlreadyDecided))
                );
            }
            (Err(lost), Ok(won)) => {
                by_max += 1;
                assert_eq!(
                    (won.status, row.status, lost.code()),
                    (ApprovalStatus::Rejected, ApprovalStatus::Rejected, Some(&Code::AlreadyDecided))
                );
            }
            other => panic!("round {round}: {other:?}"),
        }
    }
    assert_eq!(by_ada + by_max, 200);
    let key = bench.key("ours").await;
    let (chain, broken) = bench.daemon.store().read(key, |scope| scope.verify(api::audit::Ledger::Approvals)).await.unwrap();
    assert_eq!((chain.rows, broken), (400, None), "asked and decided, each once");
}

#[tokio::test]
async fn a_decision_names_the_revision_that_was_read() {
    let bench = Bench::new().await;
    let (jo, ada) = (bench.client("jo").await, bench.client("ada").await);
    let asked = bench.escalated("jo", 12).await;
    let id = asked.reference.to_string();
    assert_eq!((asked.revision, asked.title.as_str(), asked.excerpt.len()), (1, "refund 240 EUR", 1));
    assert_eq!(ada.approval(&id).await.unwrap().digest, asked.digest);

    assert_eq!(refused(decide(&ada, &id, "approve", &Decision::default()).await).1, Code::RevisionRequired);
    let patch = ApprovalPatch { revision: Some(1), title: Some("refund 280 EUR".to_owned()), ..ApprovalPatch::default() };
    let changed = jo.update_approval(&id, &patch, &new_key()).await.unwrap();
    assert_eq!(changed.revision, 2);
    assert_ne!(changed.digest, asked.digest);

    let (status, code, details) = refused(decide(&ada, &id, "approve", &decision(1, "")).await);
    assert_eq!((status, code), (409, Code::StaleRevision));
    assert_eq!(details["changed"][0]["field"], "title");
    assert_eq!((&details["changed"][0]["from"], &details["changed"][0]["to"]), (&"refund 240 EUR".into(), &"refund 280 EUR".into()));
    // The same for whoever asks what changed, without deciding anything.
    let asked_for = ada.approval_changes(&id, None).await.unwrap();
    assert_eq!(serde_json::to_value(&asked_for.changed).unwrap(), details["changed"]);
    assert_eq!((asked_for.read, asked_for.current, &asked_for.digest), (1, 2, &changed.digest));
    assert_eq!(ada.approval_changes(&id, Some(2)).await.unwrap().changed, []);
    for never in [0, 3] {
        assert_eq!(refused(ada.approval_changes(&id, Some(never)).await).1, Code::NotFound);
    }
    assert_eq!(refused(jo.update_approval(&id, &patch, &new_key()).await).1, Code::StaleRevision);
    assert_eq!(refused(decide(&ada, &id, "reject", &decision(2, " ")).await).1, Code::CommentRequired);

    let decided = decide(&ada, &id, "reject", &decision(2, "too much")).await.unwrap();
    assert_eq!((decided.status, decided.comment.as_deref()), (ApprovalStatus::Rejected, Some("too much")));
    let again = decide(&ada, &id, "reject", &decision(2, "too much")).await.unwrap();
    assert_eq!(again, decided, "the same decision by the same person is the same row");
    assert_eq!(refused(decide(&ada, &id, "reject", &decision(1, "too much")).await).1, Code::StaleRevision, "that one was not decided");
    let (status, code, details) = refused(decide(&ada, &id, "approve", &decision(2, "")).await);
    assert_eq!((status, code, &details["status"]), (409, Code::AlreadyDecided, &"rejected".into()));
    let max = bench.client("max").await;
    assert_eq!(refused(decide(&max, &id, "reject", &decision(2, "also no")).await).1, Code::AlreadyDecided);
}

#[tokio::test]
async fn the_header_and_the_body_must_agree() {
    let bench = Bench::new().await;
    let asked = bench.escalated("jo", 12).await;
    let token = bench.token("ada").await;
    let http = reqwest::Client::new();
    let url = format!("{}/api/v1/approvals/{}/approve", bench.daemon.base_url(), asked.id);
    let post =
        |if_match: &str, body: &str| http.post(&url).bearer_auth(token.expose()).header("if-match", if_match).body(body.to_owned()).send();
    let answer = post("\"2\"", "{\"revision\":1}").await.unwrap();
    assert_eq!(answer.status(), 422);
    assert_eq!(post("\"x\"", "").await.unwrap().status(), 422);
    let shown = http.get(format!("{}/api/v1/approvals/AP-1", bench.daemon.base_url())).bearer_auth(token.expose()).send().await.unwrap();
    assert_eq!(shown.headers()["etag"], "\"1\"");
    let under_key = |if_match: &'static str| {
        http.post(&url).bearer_auth(token.expose()).header("if-match", if_match).header("idempotency-key", "k1").send()
    };
    let answer = under_key("\"1\"").await.unwrap();
    assert_eq!(answer.status(), 200);
    let body: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(body["data"]["status"], "approved");
    // The same key with another revision asks for something else.
    let answer = under_key("\"2\"").await.unwrap();
    assert_eq!(answer.status(), 422);
    let body: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(body["error"]["code"], "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(under_key("\"1\"").await.unwrap().status(), 200);
}

#[tokio::test]
async fn nobody_decides_their_own_and_only_approvers_decide() {
    let bench = Bench::new().await;
    for (asker, own) in [("ada", "ada"), ("max", "max")] {
        let asked = bench.client(asker).await.create_approval(&plain("own"), &new_key()).await.unwrap();
        assert_eq!(asked.hindrance, Some(Hindrance::OwnRequest));
        let got = refused(decide(&bench.client(own).await, &asked.id.to_string(), "approve", &decision(1, "")).await);
        assert_eq!((got.0, got.1), (403, Code::OwnRequest));
    }
    let asked = bench.escalated("jo", 12).await.id.to_string();
    for (user, want) in [("jo", Code::OwnRequest), ("vic", Code::Forbidden)] {
        let got = refused(decide(&bench.client(user).await, &asked, "approve", &decision(1, "")).await);
        assert_eq!((got.0, got.1), (403, want), "{user}");
    }
    let vic = bench.client("vic").await;
    assert_eq!(refused(vic.escalate(ConversationId(13), "x", &new_key()).await).1, Code::Forbidden);
    assert_eq!(refused(vic.create_approval(&plain("x"), &new_key()).await).1, Code::Forbidden);
}

#[tokio::test]
async fn whoever_changes_a_request_does_not_decide_what_they_wrote() {
    let bench = Bench::new().await;
    let (jo, ada, max) = (bench.client("jo").await, bench.client("ada").await, bench.client("max").await);
    let asked = jo.create_approval(&plain("refund 240 EUR"), &new_key()).await.unwrap();
    let id = asked.id.to_string();
    assert_eq!(max.approval(&id).await.unwrap().hindrance, None);
    let patch =
        |revision, title: &str| ApprovalPatch { revision: Some(revision), title: Some(title.to_owned()), ..ApprovalPatch::default() };
    let changed = max.update_approval(&id, &patch(1, "refund 2400 EUR"), &new_key()).await.unwrap();
    assert_eq!((changed.revision, changed.hindrance), (2, Some(Hindrance::OwnRevision)));
    for (verb, comment) in [("approve", ""), ("reject", "no")] {
        let err = decide(&max, &id, verb, &decision(2, comment)).await.unwrap_err();
        assert!(err.to_string().contains("you changed this request last"), "{err}");
        assert_eq!(refused::<()>(Err(err)).1, Code::OwnRequest);
    }
    let audit = max.audit(&api::audit::AuditQuery::default()).await.unwrap();
    assert_eq!((audit.data[0].action.as_str(), audit.data[0].actor.user.as_deref()), ("approval.update", Some("max")));
    // Changed again by somebody else, it is theirs: max has read what they wrote.
    jo.update_approval(&id, &patch(2, "refund 280 EUR"), &new_key()).await.unwrap();
    max.update_approval(&id, &patch(3, "refund 280 EUR"), &new_key()).await.unwrap();
    assert_eq!(max.approval(&id).await.unwrap().hindrance, None, "a change that changes nothing writes no revision");
    max.update_approval(&id, &patch(3, "refund 290 EUR"), &new_key()).await.unwrap();
    assert_eq!(decide(&ada, &id, "approve", &decision(4, "")).await.unwrap().status, ApprovalStatus::Approved);
}

fn plain(title: &str) -> NewApproval {
    NewApproval {
        kind: None,
        title: title.to_owned(),
        description: String::new(),
        conversation_id: None,
        amount: None,
        expires_at: None,
        draft: false,
    }
}

#[tokio::test]
async fn those_that_wait_longest_are_listed_by_when_they_were_asked() {
    let bench = Bench::new().await;
    let jo = bench.client("jo").await;
    let first = jo.create_approval(&plain("first"), &new_key()).await.unwrap();
    let draft = jo.create_approval(&NewApproval { draft: true, ..plain("asked later") }, &new_key()).await.unwrap();
    bench.clock.advance(3_600_000_000);
    decide(&jo, &draft.id.to_string(), "submit", &Decision::default()).await.unwrap();
    let asked = async |asked_before| {
        let page = jo.approvals(&ApprovalQuery { asked_before, ..ApprovalQuery::default() }).await.unwrap();
        assert_eq!(page.meta.total, page.data.len() as u64);
        page.data.into_iter().map(|row| row.title).collect::<Vec<_>>()
    };
    assert_eq!(asked(None).await, ["asked later", "first"]);
    assert_eq!(asked(first.submitted_at).await, ["first"]);
    assert_eq!(asked(Some(jiff::Timestamp::UNIX_EPOCH)).await, [""; 0]);
}

#[tokio::test]
async fn drafts_are_submitted_withdrawn_and_lapse() {
    let bench = Bench::new().await;
    let (jo, ada) = (bench.client("jo").await, bench.client("ada").await);
    let draft = jo.create_approval(&NewApproval { draft: true, ..plain("later") }, &new_key()).await.unwrap();
    let id = draft.id.to_string();
    assert_eq!(refused(decide(&ada, &id, "approve", &decision(1, "")).await).1, Code::InvalidTransition);
    assert_eq!(refused(decide(&ada, &id, "submit", &Decision::default()).await).1, Code::Forbidden);
    assert_eq!(decide(&jo, &id, "submit", &Decision::default()).await.unwrap().status, ApprovalStatus::Submitted);
    assert_eq!(refused(decide(&jo, &id, "withdraw", &decision(9, "")).await).1, Code::StaleRevision);
    let taken_back = decide(&jo, &id, "withdraw", &decision(1, "No longer needed")).await.unwrap();
    assert_eq!((taken_back.status, taken_back.comment.as_deref()), (ApprovalStatus::Withdrawn, Some("No longer needed")));
    assert_eq!(refused(decide(&ada, &id, "approve", &decision(1, "")).await).1, Code::InvalidTransition);

    let soon = jiff::Timestamp::from_microsecond(bench.clock.now() + 5_000_000).unwrap();
    let lapsing = jo.create_approval(&NewApproval { expires_at: Some(soon), ..plain("soon") }, &new_key()).await.unwrap();
    let mut events = ada.events(Some(ada.status().await.unwrap().seq)).unwrap();
    bench.clock.advance(5_000_000);
    assert_eq!(refused(decide(&ada, &lapsing.id.to_string(), "approve", &decision(1, "")).await).1, Code::InvalidTransition);
    let expired = async {
        loop {
            if let api::event::StreamEvent::Activity(activity) = events.next().await.unwrap()
                && activity.kind == api::event::ActivityType::ApprovalExpired
            {
                return activity.subject_id;
            }
        }
    };
    let expired = tokio::time::timeout(std::time::Duration::from_secs(20), expired).await.unwrap();
    assert_eq!(expired, lapsing.id.to_string());
}

#[tokio::test]
async fn one_escalation_is_open_at_a_time_and_its_effects_wait_in_the_outbox() {
    let bench = Bench::new().await;
    let (jo, ada) = (bench.client("jo").await, bench.client("ada").await);
    let asked = bench.escalated("jo", 12).await;
    let (status, code, details) = refused(jo.escalate(ConversationId(12), "again", &new_key()).await);
    assert_eq!((status, code, &details["reference"]), (409, Code::ApprovalOpen, &"AP-1".into()));
    let conversation = jo.conversation(ConversationId(12)).await.unwrap();
    assert_eq!((conversation.labels, conversation.approvals[0].reference.to_string()), (vec!["escalate".to_owned()], "AP-1".to_owned()));
    decide(&ada, "AP-1", "approve", &decision(asked.revision, "fine")).await.unwrap();
    let outbox = jo.outbox().await.unwrap();
    let kinds: Vec<(&str, &str)> = outbox.iter().map(|row| (row.kind.as_str(), row.user.as_str())).collect();
    assert_eq!(kinds, [("labels", "jo"), ("note", "jo"), ("note", "ada"), ("labels", "ada")]);
    assert_eq!(outbox[2].content.as_deref(), Some("AP-1 approved by ada shown.\n\nfine"));
    assert_eq!(jo.conversation(ConversationId(12)).await.unwrap().labels, ["approved"]);
    let audit = jo.audit(&api::audit::AuditQuery::default()).await.unwrap();
    let actions: Vec<&str> = audit.data.iter().map(|row| row.action.as_str()).collect();
    assert_eq!(actions, ["approval.approve", "approval.submit"]);
    assert_eq!(audit.data[0].note.as_deref(), Some("fine"));
    assert!(jo.escalate(ConversationId(12), "once more", &new_key()).await.is_ok());
}

#[tokio::test]
async fn lists_are_filtered_and_mistakes_are_named() {
    let bench = Bench::new().await;
    let (jo, ada) = (bench.client("jo").await, bench.client("ada").await);
    bench.escalated("jo", 12).await;
    ada.create_approval(&plain("by ada"), &new_key()).await.unwrap();
    let list = |query: ApprovalQuery| {
        let jo = jo.clone();
        async move { jo.approvals(&query).await.unwrap().data.iter().map(|a| a.reference.to_string()).collect::<Vec<_>>() }
    };
    assert_eq!(list(ApprovalQuery { status: Some("pending".into()), ..Default::default() }).await, ["AP-2", "AP-1"]);
    assert_eq!(list(ApprovalQuery { mine: Some(true), ..Default::default() }).await, ["AP-1"]);
    assert_eq!(list(ApprovalQuery { mine: Some(false), ..Default::default() }).await, ["AP-2"]);
    assert_eq!(list(ApprovalQuery { kind: Some("escalation".into()), ..Default::default() }).await, ["AP-1"]);
    assert_eq!(list(ApprovalQuery { limit: Some(1), page: Some(2), ..Default::default() }).await, ["AP-1"]);
    assert_eq!(list(ApprovalQuery { sort: Some(ApprovalSort::Oldest), ..Default::default() }).await, ["AP-1", "AP-2"]);
    let bad = jo.approvals(&ApprovalQuery { status: Some("maybe".into()), ..Default::default() }).await;
    assert_eq!(refused(bad).1, Code::ValidationFailed);
    let wrong = NewApproval { kind: Some("nonsense".into()), ..plain("x") };
    let (_, code, details) = refused(jo.create_approval(&wrong, &new_key()).await);
    assert_eq!((code, &details["fields"][0]["field"]), (Code::ValidationFailed, &"type".into()));
    assert_eq!(refused(jo.create_approval(&plain("  "), &new_key()).await).1, Code::ValidationFailed);
    assert_eq!(refused(jo.approval("AP-99").await).1, Code::NotFound);
    assert_eq!(refused(jo.approval("../me").await).1, Code::NotFound);
}
