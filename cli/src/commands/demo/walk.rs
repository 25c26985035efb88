//! The whole loop without a terminal, each step with who asked what of whom, what came of it, and how long it took.

use std::time::{Duration, Instant};

use api::approval::{ApprovalPatch, ApprovalStatus, ApprovalView, Decision, NewApproval};
use api::audit::AuditQuery;
use api::client::new_key;
use api::event::{Activity, ActivityType, StreamEvent};
use api::inbox::{ConversationView, NewMessage};
use api::sse::EventStream;
use api::{Client, ClientError, Code};
use serde_json::json;

use super::measure;
use super::shop::{Customer, PATIENCE};
use super::stage::Stage;
use crate::context::Context;
use crate::error::CliError;
use crate::text;

/// Label that asks for a decision at Chatwoot's own page.
const ESCALATE: &str = "escalate";

/// Prints the steps.
struct Steps<'a> {
    ctx: &'a mut Context,
    count: u32,
}

impl Steps<'_> {
    /// Does one step and tells it. `who` asks `what`; the work answers with what came of it.
    async fn step<T>(&mut self, who: &str, what: &str, work: impl Future<Output = Result<(T, String), CliError>>) -> Result<T, CliError> {
        let began = Instant::now();
        let done = Box::pin(work).await;
        let took = began.elapsed();
        self.count += 1;
        let (outcome, ok) = match &done {
            Ok((_, outcome)) => (outcome.clone(), true),
            Err(err) => (err.to_string(), false),
        };
        let outcome = text::line(&outcome);
        if self.ctx.out.is_structured() {
            let ms = (took.as_secs_f64() * 100_000.0).round() / 100.0;
            let row = json!({"step": self.count, "who": who, "what": what, "outcome": outcome, "ok": ok, "ms": ms});
            self.ctx.out.json_line(&row)?;
        } else {
            let mark = if ok { "→" } else { "✗" };
            self.ctx.out.line(&format!("{:>2}. {who}: {what}\n    {mark} {outcome}  ({})", self.count, measure::ms(took)))?;
        }
        done.map(|(value, _)| value).map_err(|mut err| {
            err.message = format!("step {} failed ({who}: {what}): {}", self.count, err.message);
            err
        })
    }

    fn title(&mut self, title: &str) -> Result<(), CliError> {
        if self.ctx.out.is_structured() { Ok(()) } else { self.ctx.out.line(&format!("\n{title}")) }
    }
}

/// Walks the loop; the first step that fails ends it.
pub(super) async fn walk(ctx: &mut Context, stage: &Stage, repeat: u32) -> Result<(), CliError> {
    let mut steps = Steps { ctx, count: 0 };
    let mut inbox = measure::inbox(stage).await?;
    let mut ada_hears = stream(&stage.ada.client).await?;
    let mut jo_hears = stream(&stage.jo.client).await?;
    let (shop, jo, ada) = (&stage.shop, &stage.jo, &stage.ada);

    steps.title("A customer writes, an agent answers")?;
    let mia = steps
        .step("Mia (customer)", "opens a conversation: POST /public/api/v1/inboxes/…/contacts and …/conversations", async {
            let mia = shop.customer("Mia Winter").await?;
            let said = format!("conversation #{}", mia.conversation);
            Ok((mia, said))
        })
        .await?;
    let words = "Hello! My order 1042 arrived broken. Can I have my money back?";
    let what = format!("writes to Chatwoot: POST {}", short(&shop.path_of(&mia)));
    steps.step("Mia (customer)", &what, async { shop.write(&mia, words).await.map(|()| ((), "taken".to_owned())) }).await?;
    steps
        .step("Chatwoot, afenda's daemon", "bring it to Jo's inbox: webhook and websocket, then GET /api/v1/activity (SSE)", async {
            inbox.wait_until(|state| measure::shows(state, mia.conversation, words), PATIENCE).await.map_err(not_seen)?;
            Ok(((), format!("row #{} says “{}”", mia.conversation, text::truncate(words, 40))))
        })
        .await?;
    let id = mia.conversation;
    let answer = "Sorry about that, Mia! I am asking whether I may refund you right away.";
    let reply = steps
        .step("Jo (agent)", &format!("replies: POST /api/v1/conversations/{id}/messages"), async {
            let message = NewMessage { content: answer.to_owned(), private: false, hold_seconds: Some(0), ..NewMessage::default() };
            let sent = jo.client.send_message(id, &message, &new_key()).await?;
            let outbox = sent.outbox_id.ok_or_else(|| CliError::failed("the reply names no outbox entry"))?;
            Ok((outbox, format!("{}, outbox entry {outbox}", sent.state)))
        })
        .await?;
    steps
        .step(
            "afenda's daemon",
            &format!("delivers it to Chatwoot with Jo's token: POST /api/v1/accounts/…/conversations/{id}/messages"),
            async {
                let mark = reply.to_string();
                let is = |m: &serde_json::Value| m["content_attributes"]["afenda_id"] == mark.as_str() && m["content"] == answer;
                let message = shop.message_until(id, &jo.chatwoot_token, "Jo's reply", is).await?;
                let sender = message["sender"]["name"].as_str().unwrap_or("nobody").to_owned();
                Ok(((), format!("message {} by {sender}", message["id"])))
            },
        )
        .await?;

    steps.title("The agent asks for a decision, the approver is told and decides")?;
    let asked = steps
        .step("Jo (agent)", &format!("escalates: POST /api/v1/conversations/{id}/escalate"), async {
            let reason = "May I refund order 1042?\n\nIt arrived broken; 64.90 EUR.";
            let asked = jo.client.escalate(id, reason, &new_key()).await?;
            let said = format!("{} revision {} waits", asked.reference, asked.revision);
            Ok((asked, said))
        })
        .await?;
    let ap = asked.reference.to_string();
    steps
        .step("afenda's daemon", "tells Ada: GET /api/v1/activity (SSE)", async {
            let heard = hear(&mut ada_hears, ActivityType::ApprovalSubmitted, &asked).await?;
            Ok(((), format!("{} {ap}, seq {}", heard.kind, heard.seq)))
        })
        .await?;
    steps
        .step("Jo (agent)", "labels it `escalate` at Chatwoot's own page, where it is asked already", async {
            shop.set_labels(id, &jo.chatwoot_token, &[ESCALATE]).await?;
            let labelled = |c: &ConversationView| c.labels.iter().any(|label| label == ESCALATE);
            inbox.wait_until(|state| state.conversations.get(&id).is_some_and(labelled), PATIENCE).await.map_err(not_seen)?;
            let approvals = jo.client.conversation(id).await?.approvals.len();
            check(approvals == 1, || format!("{approvals} approvals"))?;
            Ok(((), "still one approval".to_owned()))
        })
        .await?;
    let read = steps.step("Ada (approver)", &format!("reads it: GET /api/v1/approvals/{ap}"), read(&ada.client, &ap)).await?;
    steps
        .step("Jo (agent)", &format!("tries to approve her own request: POST /api/v1/approvals/{ap}/approve"), async {
            refused(decide(&jo.client, &ap, "approve", read.revision, None).await, &[Code::OwnRequest, Code::Forbidden])
        })
        .await?;
    let changed = steps
        .step("Jo (agent)", &format!("changes what she asks: PATCH /api/v1/approvals/{ap}"), async {
            let title = Some("May I refund order 1042 and send a voucher?".to_owned());
            let patch = ApprovalPatch { revision: Some(read.revision), title, ..ApprovalPatch::default() };
            let changed = jo.client.update_approval(&ap, &patch, &new_key()).await?;
            check(changed.revision > read.revision && changed.digest != read.digest, || "no new revision".to_owned())?;
            let said = format!("revision {}, a new digest", changed.revision);
            Ok((changed, said))
        })
        .await?;
    steps
        .step(
            "Ada (approver)",
            &format!("approves revision {}, which she read: POST /api/v1/approvals/{ap}/approve", read.revision),
            async { refused(decide(&ada.client, &ap, "approve", read.revision, None).await, &[Code::StaleRevision]) },
        )
        .await?;
    let again = steps.step("Ada (approver)", &format!("reads again: GET /api/v1/approvals/{ap}"), self::read(&ada.client, &ap)).await?;
    check(again.revision == changed.revision, || "not the newest revision".to_owned())?;
    let comment = "Yes, and thank her for her patience.";
    steps
        .step("Ada (approver)", &format!("approves revision {}: POST /api/v1/approvals/{ap}/approve", again.revision), async {
            let decided = decide(&ada.client, &ap, "approve", again.revision, Some(comment)).await?;
            check(decided.status == ApprovalStatus::Approved, || decided.status.to_string())?;
            Ok(((), format!("{} {}", decided.reference, decided.status)))
        })
        .await?;
    steps
        .step("afenda's daemon", "tells Jo: GET /api/v1/activity (SSE)", async {
            let heard = hear(&mut jo_hears, ActivityType::ApprovalApproved, &asked).await?;
            let by = heard.actor.map_or_else(|| "nobody".to_owned(), |actor| actor.name);
            Ok(((), format!("{} {ap} by {by}", heard.kind)))
        })
        .await?;
    written_back(&mut steps, stage, &mia, comment, "approved").await?;
    steps
        .step("Ada (approver)", "approves once more, as a retry would", async {
            let same = decide(&ada.client, &ap, "approve", again.revision, Some(comment)).await?;
            check(same.status == ApprovalStatus::Approved, || same.status.to_string())?;
            Ok(((), "200, the same decision".to_owned()))
        })
        .await?;
    steps
        .step("Ada (approver)", &format!("changes her mind: POST /api/v1/approvals/{ap}/reject"), async {
            refused(decide(&ada.client, &ap, "reject", again.revision, Some("No.")).await, &[Code::AlreadyDecided])
        })
        .await?;
    steps
        .step("Ada (approver)", "looks who did what: GET /api/v1/audit", async {
            let rows = ada.client.audit(&AuditQuery { limit: Some(200), ..AuditQuery::default() }).await?.data;
            let about: Vec<_> = rows.iter().filter(|row| row.resource_id == asked.id.to_string()).collect();
            let actions: Vec<String> = about.iter().rev().map(|row| format!("{} by {}", row.action, row.actor.name)).collect();
            check(actions.iter().any(|action| action.contains("approve ")), || format!("no row of the decision among {actions:?}"))?;
            Ok(((), actions.join(", ")))
        })
        .await?;

    rejection(&mut steps, stage, &mut inbox, &mut ada_hears, &mut jo_hears).await?;
    own_request(&mut steps, stage).await?;

    if repeat > 0 {
        steps.title("How fast")?;
        let medians = measure::measure(stage, &mut inbox, &mut ada_hears, repeat).await?;
        if steps.ctx.out.is_structured() {
            steps.ctx.out.json_line(&medians)?;
        } else {
            steps.ctx.out.line(&medians.text())?;
        }
    }
    Box::pin(inbox.finish()).await;
    steps.title(&format!("All {} steps worked.", steps.count))
}

/// Asked at Chatwoot's own page, and refused with a reason.
async fn rejection(
    steps: &mut Steps<'_>,
    stage: &Stage,
    inbox: &mut tui::Headless,
    ada_hears: &mut EventStream,
    jo_hears: &mut EventStream,
) -> Result<(), CliError> {
    let (shop, jo, ada) = (&stage.shop, &stage.jo, &stage.ada);
    steps.title("Asked at Chatwoot's own page, and rejected")?;
    let words = "I would like 500 EUR of goodwill for a late parcel.";
    let leo = steps
        .step("Leo (customer)", "writes to Chatwoot", async {
            let leo = shop.customer("Leo Sommer").await?;
            shop.write(&leo, words).await?;
            inbox.wait_until(|state| measure::shows(state, leo.conversation, words), PATIENCE).await.map_err(not_seen)?;
            let said = format!("row #{} in Jo's inbox", leo.conversation);
            Ok((leo, said))
        })
        .await?;
    let id = leo.conversation;
    let asked = steps
        .step("Jo (agent)", &format!("labels it at Chatwoot's own page: POST /api/v1/accounts/…/conversations/{id}/labels"), async {
            shop.set_labels(id, &jo.chatwoot_token, &[ESCALATE]).await?;
            let heard = hear_about(ada_hears, ActivityType::ApprovalSubmitted, |activity| activity.conversation_id == Some(id.0)).await?;
            let asked = ada.client.approval(&heard.subject_id).await?;
            let said = format!("Ada hears of {}, asked by {}", asked.reference, asked.requester.name);
            Ok((asked, said))
        })
        .await?;
    let ap = asked.reference.to_string();
    steps
        .step("Ada (approver)", &format!("rejects without a reason: POST /api/v1/approvals/{ap}/reject"), async {
            refused(decide(&ada.client, &ap, "reject", asked.revision, None).await, &[Code::CommentRequired])
        })
        .await?;
    let comment = "Too much; offer free shipping on the next order.";
    steps
        .step("Ada (approver)", &format!("rejects with one: POST /api/v1/approvals/{ap}/reject"), async {
            let decided = decide(&ada.client, &ap, "reject", asked.revision, Some(comment)).await?;
            check(decided.status == ApprovalStatus::Rejected, || decided.status.to_string())?;
            Ok(((), format!("{} {}", decided.reference, decided.status)))
        })
        .await?;
    steps
        .step("afenda's daemon", "tells Jo: GET /api/v1/activity (SSE)", async {
            let heard = hear(jo_hears, ActivityType::ApprovalRejected, &asked).await?;
            Ok(((), format!("{} {ap}", heard.kind)))
        })
        .await?;
    written_back(steps, stage, &leo, comment, "rejected").await
}

/// Nobody decides their own request, not even an approver.
async fn own_request(steps: &mut Steps<'_>, stage: &Stage) -> Result<(), CliError> {
    let ada = &stage.ada;
    steps.title("An approver asks too")?;
    let own = steps
        .step("Ada (approver)", "asks herself: POST /api/v1/approvals", async {
            let new = NewApproval {
                kind: None,
                title: "A new coffee machine".to_owned(),
                description: String::new(),
                conversation_id: None,
                amount: None,
                expires_at: None,
                draft: false,
            };
            let own = ada.client.create_approval(&new, &new_key()).await?;
            let said = format!("{} waits", own.reference);
            Ok((own, said))
        })
        .await?;
    let ap = own.reference.to_string();
    steps
        .step("Ada (approver)", &format!("tries to approve it: POST /api/v1/approvals/{ap}/approve"), async {
            refused(decide(&ada.client, &ap, "approve", own.revision, None).await, &[Code::OwnRequest])
        })
        .await?;
    steps
        .step("Ada (approver)", &format!("takes it back: POST /api/v1/approvals/{ap}/withdraw"), async {
            let gone = decide(&ada.client, &ap, "withdraw", own.revision, None).await?;
            check(gone.status == ApprovalStatus::Withdrawn, || gone.status.to_string())?;
            Ok(((), format!("{} {}", gone.reference, gone.status)))
        })
        .await
}

/// The decision stands in Chatwoot: a note with the comment, the label added, `escalate` gone.
async fn written_back(steps: &mut Steps<'_>, stage: &Stage, customer: &Customer, comment: &str, label: &str) -> Result<(), CliError> {
    let (id, token) = (customer.conversation, &stage.jo.chatwoot_token);
    steps
        .step("afenda's daemon", &format!("notes it in Chatwoot: POST /api/v1/accounts/…/conversations/{id}/messages"), async {
            let is = |m: &serde_json::Value| m["private"] == true && m["content"].as_str().is_some_and(|note| note.contains(comment));
            let note = stage.shop.message_until(id, token, "the decision's note", is).await?;
            Ok(((), format!("private note: {}", note["content"].as_str().unwrap_or_default())))
        })
        .await?;
    steps
        .step("afenda's daemon", &format!("labels it in Chatwoot: POST /api/v1/accounts/…/conversations/{id}/labels"), async {
            let labels = stage.shop.labels_until(id, token, label, ESCALATE).await?;
            Ok(((), format!("labels of {}'s conversation: {}", customer.name, labels.join(", "))))
        })
        .await
}

async fn read(client: &Client, id: &str) -> Result<(ApprovalView, String), CliError> {
    let read = client.approval(id).await?;
    let digest: String = read.digest.chars().take(19).collect();
    let said = format!("revision {}, digest {digest}…, {} lines of the conversation", read.revision, read.excerpt.len());
    Ok((read, said))
}

async fn decide(client: &Client, id: &str, verb: &str, revision: u32, comment: Option<&str>) -> Result<ApprovalView, ClientError> {
    let decision = Decision { revision: Some(revision), comment: comment.map(str::to_owned) };
    client.decide(id, verb, &decision, &new_key()).await
}

/// The answer must be a refusal, and one of these.
fn refused(answer: Result<ApprovalView, ClientError>, codes: &[Code]) -> Result<((), String), CliError> {
    match answer {
        Err(ClientError::Api { status, code, message, .. }) if codes.contains(&code) => {
            Ok(((), format!("refused, {status} {code}: {message}")))
        }
        Err(other) => Err(other.into()),
        Ok(approval) => Err(CliError::failed(format!("was not refused: {} is {}", approval.reference, approval.status))),
    }
}

fn check(ok: bool, what: impl FnOnce() -> String) -> Result<(), CliError> {
    if ok { Ok(()) } else { Err(CliError::failed(format!("unexpected: {}", what()))) }
}

fn not_seen(err: tui::TuiError) -> CliError {
    CliError::failed("it did not reach Jo's inbox").because(err)
}

/// A stream that stands.
async fn stream(client: &Client) -> Result<EventStream, CliError> {
    let mut stream = client.events(None)?;
    match stream.next().await? {
        StreamEvent::Ready { .. } => Ok(stream),
        other => Err(CliError::failed(format!("the stream began with {other:?}"))),
    }
}

async fn hear(stream: &mut EventStream, kind: ActivityType, about: &ApprovalView) -> Result<Activity, CliError> {
    let id = about.id.to_string();
    hear_about(stream, kind, |activity| activity.subject_id == id).await
}

/// Waits for an activity on a stream.
pub(super) async fn hear_about(stream: &mut EventStream, kind: ActivityType, is: impl Fn(&Activity) -> bool) -> Result<Activity, CliError> {
    let heard = tokio::time::timeout(PATIENCE, async {
        loop {
            match stream.next().await? {
                StreamEvent::Activity(activity) if activity.kind == kind && is(&activity) => return Ok(activity),
                _ => {}
            }
        }
    });
    heard.await.unwrap_or_else(|_: tokio::time::error::Elapsed| {
        Err(CliError::failed(format!("{kind} did not come within {} s", Duration::as_secs(&PATIENCE))))
    })
}

/// A path without its long random parts.
fn short(path: &str) -> String {
    path.split('/').map(|part| if part.len() > 15 { "…" } else { part }).collect::<Vec<_>>().join("/")
}
