//! How fast the loop is: medians over many runs, on the same code path as the inbox on the screen.

use std::time::{Duration, Instant};

use api::client::new_key;
use api::event::ActivityType;
use api::id::ConversationId;
use api::sse::EventStream;
use serde::Serialize;

use super::shop::PATIENCE;
use super::stage::Stage;
use super::walk::hear_about;
use crate::error::CliError;

/// The two delays that people feel.
#[derive(Debug, Serialize)]
pub(super) struct Medians {
    repeats: u32,
    message_to_inbox_ms: f64,
    message_to_inbox_max_ms: f64,
    escalation_to_approver_ms: f64,
    escalation_to_approver_max_ms: f64,
}

impl Medians {
    /// For people.
    pub(super) fn text(&self) -> String {
        format!(
            "median of {}: {:.1} ms from the customer's message to the row in the inbox (slowest {:.1})\n\
             median of {}: {:.1} ms from the escalation to the approver's stream (slowest {:.1})",
            self.repeats,
            self.message_to_inbox_ms,
            self.message_to_inbox_max_ms,
            self.repeats,
            self.escalation_to_approver_ms,
            self.escalation_to_approver_max_ms
        )
    }
}

/// Jo's inbox, showing everybody's conversations.
pub(super) async fn inbox(stage: &Stage) -> Result<tui::Headless, CliError> {
    let failed = |err: tui::TuiError| CliError::failed("Jo's inbox did not open").because(err);
    let mut inbox = tui::Headless::connect(tui::Options::new(stage.jo.client.clone(), "demo-headless")).await.map_err(failed)?;
    inbox.press("Tab Tab");
    inbox.wait_until(|state| state.list.tab == tui::state::Tab::All && state.list.loaded, PATIENCE).await.map_err(failed)?;
    Ok(inbox)
}

/// Whether the list has the conversation's row, with these words as its newest line.
pub(super) fn shows(state: &tui::State, id: ConversationId, words: &str) -> bool {
    let says = |c: &api::inbox::ConversationView| c.snippet.as_ref().is_some_and(|snippet| snippet.text == words);
    state.list.rows.contains(&id) && state.conversations.get(&id).is_some_and(says)
}

/// Measures both.
pub(super) async fn measure(
    stage: &Stage,
    inbox: &mut tui::Headless,
    ada_hears: &mut EventStream,
    repeat: u32,
) -> Result<Medians, CliError> {
    let customer = stage.shop.customer("Ida Frost").await?;
    let id = customer.conversation;
    let (mut messages, mut escalations) = (Vec::new(), Vec::new());
    for n in 0..repeat {
        let words = format!("Is my parcel on its way? ({n})");
        let began = Instant::now();
        let (written, seen) =
            tokio::join!(stage.shop.write(&customer, &words), inbox.wait_until(|state| shows(state, id, &words), PATIENCE));
        let took = began.elapsed();
        written?;
        seen.map_err(|err| CliError::failed("the customer's message did not reach the inbox").because(err))?;
        messages.push(took);
    }
    for n in 0..repeat {
        let began = Instant::now();
        let (key, reason) = (new_key(), format!("May I promise a date? ({n})"));
        let asking = stage.jo.client.escalate(id, reason.as_str(), &key);
        let hearing = async {
            let heard = hear_about(ada_hears, ActivityType::ApprovalSubmitted, |activity| activity.conversation_id == Some(id.0)).await?;
            Ok::<_, CliError>((heard, began.elapsed()))
        };
        let (asked, heard) = tokio::join!(asking, hearing);
        let asked = asked?;
        let (heard, took) = heard?;
        if heard.subject_id != asked.id.to_string() {
            return Err(CliError::failed(format!("Ada heard of another approval than {}", asked.reference)));
        }
        escalations.push(took);
        // Only one can be open about a conversation.
        let taken_back = api::approval::Decision { revision: Some(asked.revision), comment: None };
        stage.jo.client.decide(&asked.id.to_string(), "withdraw", &taken_back, &new_key()).await?;
    }
    let (message_to_inbox_ms, message_to_inbox_max_ms) = median_and_max(messages);
    let (escalation_to_approver_ms, escalation_to_approver_max_ms) = median_and_max(escalations);
    Ok(Medians { repeats: repeat, message_to_inbox_ms, message_to_inbox_max_ms, escalation_to_approver_ms, escalation_to_approver_max_ms })
}

fn median_and_max(mut times: Vec<Duration>) -> (f64, f64) {
    times.sort_unstable();
    let ms = |at: usize| times.get(at).map_or(0.0, |time| (time.as_secs_f64() * 100_000.0).round() / 100.0);
    (ms(times.len() / 2), ms(times.len().saturating_sub(1)))
}

/// A duration in milliseconds.
pub(super) fn ms(took: Duration) -> String {
    format!("{:.1} ms", took.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one() {
        let times = |ms: &[u64]| ms.iter().map(|ms| Duration::from_millis(*ms)).collect();
        assert_eq!(median_and_max(times(&[30, 10, 20])), (20.0, 30.0));
        assert_eq!(median_and_max(times(&[7])), (7.0, 7.0));
        assert_eq!(median_and_max(times(&[])), (0.0, 0.0));
    }
}
