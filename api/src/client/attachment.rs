//! Files of messages, piece by piece: they are larger than what is held in memory for an answer.

use std::time::Duration;

use bytes::Bytes;

use super::{CALL_TIMEOUT, Client, ClientError, read_error};
use crate::id::{ConversationId, MessageId};

/// How long the first piece may take: the daemon waits for Chatwoot, and that for its storage.
const FIRST_TIMEOUT: Duration = Duration::from_secs(90);

/// A file on its way.
#[derive(Debug)]
pub struct AttachmentBody {
    /// MIME type as Chatwoot has it: believe it no more than the file.
    pub content_type: String,
    /// Bytes, where that is known before the end.
    pub length: Option<u64>,
    response: reqwest::Response,
    came: u64,
    bytes_max: u64,
}

impl AttachmentBody {
    /// The next bytes; none at the end.
    ///
    /// # Errors
    /// [`ClientError::Lost`] where it breaks off, [`ClientError::TooLarge`], [`ClientError::Slow`] where nothing comes any more.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, ClientError> {
        let next = tokio::time::timeout(CALL_TIMEOUT, self.response.chunk()).await.map_err(|_| ClientError::Slow)??;
        self.came += next.as_ref().map_or(0, |bytes| bytes.len() as u64);
        if self.came > self.bytes_max {
            return Err(ClientError::TooLarge { bytes_max: self.bytes_max });
        }
        Ok(next)
    }
}

impl Client {
    /// Begins to read a file of a message.
    ///
    /// # Errors
    /// As every call; `NOT_FOUND`, `PAYLOAD_TOO_LARGE`, `CHATWOOT_UNAVAILABLE`, `CHATWOOT_REFUSED`; [`ClientError::TooLarge`] past `bytes_max`.
    pub async fn attachment(
        &self,
        id: ConversationId,
        message: MessageId,
        attachment: i64,
        bytes_max: u64,
    ) -> Result<AttachmentBody, ClientError> {
        let path = format!("/conversations/{id}/messages/{message}/attachments/{attachment}");
        let sent = self.request(reqwest::Method::GET, &path).send();
        let response = tokio::time::timeout(FIRST_TIMEOUT, sent).await.map_err(|_| ClientError::Slow)??;
        if !response.status().is_success() {
            return Err(read_error(response).await);
        }
        let length = response.content_length();
        if length.is_some_and(|length| length > bytes_max) {
            return Err(ClientError::TooLarge { bytes_max });
        }
        let content_type = response.headers().get(reqwest::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        Ok(AttachmentBody { content_type: content_type.unwrap_or_default().to_owned(), length, response, came: 0, bytes_max })
    }
}
