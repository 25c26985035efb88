//! The activity stream: one connection, its events in order, and the reconnect from the last place.

use futures_util::StreamExt;
use reqwest_eventsource::{Event, EventSource, retry};

use crate::client::{ClientError, read_error};
use crate::event::{Activity, StreamEvent};

/// An open activity stream. It does not reconnect by itself: call [`crate::Client::events`] again with [`EventStream::last_seq`].
pub struct EventStream {
    source: EventSource,
    last_seq: Option<i64>,
}

impl std::fmt::Debug for EventStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventStream").field("last_seq", &self.last_seq).finish_non_exhaustive()
    }
}

impl EventStream {
    pub(crate) fn open(request: reqwest::RequestBuilder, last_seq: Option<i64>) -> Result<Self, ClientError> {
        let mut source =
            EventSource::new(request).map_err(|_| ClientError::Protocol("the stream request cannot be repeated".to_owned()))?;
        source.set_retry_policy(Box::new(retry::Never));
        Ok(Self { source, last_seq })
    }

    /// The seq of the newest event seen, to resume from.
    pub fn last_seq(&self) -> Option<i64> {
        self.last_seq
    }

    /// The next event. Waits as long as it takes; cancel by dropping.
    ///
    /// # Errors
    /// When the daemon refuses the stream, when the connection ends, or when an event cannot be read.
    pub async fn next(&mut self) -> Result<StreamEvent, ClientError> {
        loop {
            match self.source.next().await {
                // A resumed stream says nothing until something happens; that it stands is said here.
                Some(Ok(Event::Open)) => {
                    if let Some(seq) = self.last_seq {
                        return Ok(StreamEvent::Ready { seq });
                    }
                }
                Some(Ok(Event::Message(message))) => {
                    if let Some(event) = parse(&message.event, &message.data)? {
                        match &event {
                            StreamEvent::Ready { seq } => self.last_seq = Some(self.last_seq.unwrap_or(*seq)),
                            StreamEvent::Activity(activity) => self.last_seq = Some(activity.seq),
                            StreamEvent::Reset { .. } | StreamEvent::Typing(_) | StreamEvent::Bye { .. } => {}
                        }
                        return Ok(event);
                    }
                }
                Some(Err(reqwest_eventsource::Error::InvalidStatusCode(_, response))) => return Err(read_error(response).await),
                Some(Err(reqwest_eventsource::Error::Transport(err))) => return Err(ClientError::from(err)),
                Some(Err(reqwest_eventsource::Error::StreamEnded)) | None => return Err(ClientError::StreamEnded),
                Some(Err(other)) => return Err(ClientError::Protocol(other.to_string())),
            }
        }
    }
}

/// Reads one event; `None` for an event name that this build does not know.
fn parse(name: &str, data: &str) -> Result<Option<StreamEvent>, ClientError> {
    #[derive(serde::Deserialize)]
    struct Ready {
        seq: i64,
    }
    #[derive(serde::Deserialize)]
    struct Reset {
        oldest_seq: i64,
    }
    #[derive(serde::Deserialize)]
    struct Bye {
        reason: String,
    }
    let bad = |err: serde_json::Error| ClientError::Protocol(format!("event `{name}` cannot be read: {err}"));
    Ok(match name {
        "ready" => Some(StreamEvent::Ready { seq: serde_json::from_str::<Ready>(data).map_err(bad)?.seq }),
        "reset" => Some(StreamEvent::Reset { oldest_seq: serde_json::from_str::<Reset>(data).map_err(bad)?.oldest_seq }),
        "bye" => Some(StreamEvent::Bye { reason: serde_json::from_str::<Bye>(data).map_err(bad)?.reason }),
        "typing" => Some(StreamEvent::Typing(serde_json::from_str(data).map_err(bad)?)),
        known if known.parse::<crate::event::ActivityType>().is_ok() => {
            Some(StreamEvent::Activity(serde_json::from_str::<Activity>(data).map_err(bad)?))
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_events_are_read_and_unknown_ones_passed_over() {
        let activity = r#"{"seq":7,"id":"01926f3e-0000-7000-8000-000000000001","type":"message.created","actor":null,
            "subject_type":"message","subject_id":"501","conversation_id":12,"at":"2026-11-21T10:00:00Z","data":{"private":false}}"#;
        assert!(matches!(parse("message.created", activity), Ok(Some(StreamEvent::Activity(a))) if a.seq == 7));
        assert!(matches!(parse("ready", r#"{"seq":3}"#), Ok(Some(StreamEvent::Ready { seq: 3 }))));
        assert!(matches!(parse("reset", r#"{"oldest_seq":9}"#), Ok(Some(StreamEvent::Reset { oldest_seq: 9 }))));
        let typing = r#"{"conversation_id":7,"name":"Ada","on":true,"private":false}"#;
        assert!(matches!(parse("typing", typing), Ok(Some(StreamEvent::Typing(t))) if t.on && t.agent_id.is_none()));
        assert!(matches!(parse("something.later", "{}"), Ok(None)));
        assert!(parse("message.created", "{}").is_err());
    }
}
