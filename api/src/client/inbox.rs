//! Conversations, contacts, the outbox and the lists they are chosen from.

use std::time::Duration;

use super::{CALL_TIMEOUT, Client, ClientError, FILE_BYTES_PER_S, FileToSend, NO_QUERY, new_key, read};
use crate::approval::ApprovalView;
use crate::contact::{ContactDetail, ContactInboxView, ContactNoteView, ContactQuery, NewContactNote, NewConversation};
use crate::id::{ConversationId, MessageId, OutboxId};
use crate::inbox::{
    ContactPatch, ContactView, ConversationPatch, ConversationQuery, ConversationView, DeleteMessage, Effect, EffectQuery, Escalate,
    FlushView, InboxView, LabelView, MacroView, MessageQuery, MessageView, Named, NewMessage, OutboxQuery, OutboxView, RunMacro, Typing,
    TypingView,
};
use crate::lists::{
    CannedResponsePatch, CannedResponseView, CustomAttributeView, CustomFilterView, MentionView, NewCannedResponse, NewCustomFilter,
    NotificationView, RatingQuery, RatingView, RenameCustomFilter,
};
use crate::page::{Data, Page};
use crate::search::{SearchPage, SearchQuery};
use crate::template::TemplateView;

impl Client {
    /// Canned responses by short code.
    ///
    /// # Errors
    /// As every call.
    pub async fn canned_responses(&self) -> Result<Vec<CannedResponseView>, ClientError> {
        Ok(self.get::<Page<CannedResponseView>>("/canned-responses", &NO_QUERY).await?.data)
    }

    /// Makes a canned response in Chatwoot, as the caller.
    ///
    /// # Errors
    /// As every call; `VALIDATION_FAILED` for a code that is taken, `CHATWOOT_UNAVAILABLE`, `FORBIDDEN` without an own Chatwoot token.
    pub async fn create_canned_response(&self, new: &NewCannedResponse, key: &str) -> Result<CannedResponseView, ClientError> {
        Ok(self.send::<Data<CannedResponseView>>(reqwest::Method::POST, "/canned-responses", new, key).await?.data)
    }

    /// Gives a canned response another text in Chatwoot, as the caller.
    ///
    /// # Errors
    /// As [`Client::create_canned_response`]; `NOT_FOUND`.
    pub async fn update_canned_response(&self, id: i64, patch: &CannedResponsePatch, key: &str) -> Result<CannedResponseView, ClientError> {
        Ok(self.send::<Data<CannedResponseView>>(reqwest::Method::PATCH, &format!("/canned-responses/{id}"), patch, key).await?.data)
    }

    /// Deletes a canned response in Chatwoot, as the caller; what it was.
    ///
    /// # Errors
    /// As [`Client::update_canned_response`].
    pub async fn delete_canned_response(&self, id: i64, key: &str) -> Result<CannedResponseView, ClientError> {
        let body = serde_json::json!({});
        Ok(self.send::<Data<CannedResponseView>>(reqwest::Method::DELETE, &format!("/canned-responses/{id}"), &body, key).await?.data)
    }

    /// Custom attribute definitions by key.
    ///
    /// # Errors
    /// As every call.
    pub async fn custom_attribute_definitions(&self) -> Result<Vec<CustomAttributeView>, ClientError> {
        Ok(self.get::<Page<CustomAttributeView>>("/custom-attribute-definitions", &NO_QUERY).await?.data)
    }

    /// A page of ratings, newest first.
    ///
    /// # Errors
    /// As every call.
    pub async fn csat_responses(&self, query: &RatingQuery) -> Result<Page<RatingView>, ClientError> {
        self.get("/csat-responses", query).await
    }

    /// A page of conversations.
    ///
    /// # Errors
    /// As every call; `VALIDATION_FAILED` for a filter that cannot be read.
    pub async fn conversations(&self, query: &ConversationQuery) -> Result<Page<ConversationView>, ClientError> {
        self.get("/conversations", query).await
    }

    /// One conversation.
    ///
    /// # Errors
    /// As every call; `NOT_FOUND`.
    pub async fn conversation(&self, id: ConversationId) -> Result<ConversationView, ClientError> {
        Ok(self.get::<Data<ConversationView>>(&format!("/conversations/{id}"), &NO_QUERY).await?.data)
    }

    /// Messages of one conversation, ascending, what is still in the outbox last.
    ///
    /// # Errors
    /// As every call; `NOT_FOUND`.
    pub async fn messages(&self, id: ConversationId, query: &MessageQuery) -> Result<Page<MessageView>, ClientError> {
        self.get(&format!("/conversations/{id}/messages"), query).await
    }

    /// Messages, and with the first page contacts and canned responses, that fit a query.
    ///
    /// # Errors
    /// As every call; `VALIDATION_FAILED` for a date that is none, and for a span that ends before it begins.
    pub async fn search(&self, query: &SearchQuery) -> Result<SearchPage, ClientError> {
        self.get("/search", query).await
    }

    /// Writes a reply or a note into the outbox.
    ///
    /// # Errors
    /// As every call; `VALIDATION_FAILED`.
    pub async fn send_message(&self, id: ConversationId, message: &NewMessage, key: &str) -> Result<MessageView, ClientError> {
        let path = format!("/conversations/{id}/messages");
        Ok(self.send::<Data<MessageView>>(reqwest::Method::POST, &path, message, key).await?.data)
    }

    /// Writes a reply or a note with files into the outbox.
    ///
    /// # Errors
    /// As every call; `VALIDATION_FAILED`, `PAYLOAD_TOO_LARGE`; [`ClientError::File`] where a file cannot be read.
    pub async fn send_files(
        &self,
        id: ConversationId,
        message: &NewMessage,
        files: &[FileToSend],
        key: &str,
    ) -> Result<MessageView, ClientError> {
        let path = format!("/conversations/{id}/messages");
        let text = serde_json::to_string(message).map_err(|err| ClientError::Protocol(err.to_string()))?;
        let (mut form, mut bytes) = (reqwest::multipart::Form::new().text("message", text), 0);
        for file in files {
            let fail = |source| ClientError::File { path: file.path.clone(), source };
            let open = tokio::fs::File::open(&file.path).await.map_err(fail)?;
            let length = open.metadata().await.map_err(fail)?.len();
            bytes += length;
            let part = reqwest::multipart::Part::stream_with_length(open, length).file_name(file.name.clone());
            let part = part.mime_str(&file.content_type).map_err(|err| ClientError::Protocol(err.to_string()))?;
            form = form.part("attachments", part);
        }
        let request = self.request(reqwest::Method::POST, &path).multipart(form).header("idempotency-key", key);
        let request = request.timeout(CALL_TIMEOUT + Duration::from_secs(bytes / FILE_BYTES_PER_S));
        Ok(read::<Data<MessageView>>(self.change(request).await?).await?.data)
    }

    /// What a write would do in Chatwoot besides what it says.
    ///
    /// # Errors
    /// As every call; `NOT_FOUND`.
    pub async fn effects(&self, id: ConversationId, query: &EffectQuery) -> Result<Vec<Effect>, ClientError> {
        Ok(self.get::<Data<Vec<Effect>>>(&format!("/conversations/{id}/effects"), query).await?.data)
    }

    /// Says that the caller types, or no longer does; best effort.
    ///
    /// # Errors
    /// As every call; `NOT_FOUND`.
    pub async fn typing(&self, id: ConversationId, typing: Typing) -> Result<TypingView, ClientError> {
        let path = format!("/conversations/{id}/typing");
        Ok(self.send::<Data<TypingView>>(reqwest::Method::POST, &path, &typing, &new_key()).await?.data)
    }

    /// The caller's notifications in Chatwoot, latest activity first; none without an own Chatwoot token.
    ///
    /// # Errors
    /// As every call; `CHATWOOT_UNAVAILABLE`.
    pub async fn notifications(&self) -> Result<Page<NotificationView>, ClientError> {
        self.get("/notifications", &NO_QUERY).await
    }

    /// Conversations where the caller was mentioned, latest activity first; none without an own Chatwoot token.
    ///
    /// # Errors
    /// As every call; `CHATWOOT_UNAVAILABLE`.
    pub async fn mentions(&self) -> Result<Page<MentionView>, ClientError> {
        self.get("/mentions", &NO_QUERY).await
    }

    /// Filters that the caller saved in Chatwoot, by name; none without an own Chatwoot token.
    ///
    /// # Errors
    /// As every call; `CHATWOOT_UNAVAILABLE`.
    pub async fn custom_filters(&self) -> Result<Page<CustomFilterView>, ClientError> {
        self.get("/custom-filters", &NO_QUERY).await
    }

    /// Saves a filter of conversations in Chatwoot, as the caller.
    ///
    /// # Errors
    /// As every call; `CHATWOOT_UNAVAILABLE`, `FORBIDDEN` without an own Chatwoot token.
    pub async fn save_custom_filter(&self, new: &NewCustomFilter) -> Result<CustomFilterView, ClientError> {
        Ok(self.send::<Data<CustomFilterView>>(reqwest::Method::POST, "/custom-filters", new, &new_key()).await?.data)
    }

    /// Gives a saved filter of the caller's another name.
    ///
    /// # Errors
    /// As [`Client::save_custom_filter`]; `NOT_FOUND`.
    pub async fn rename_custom_filter(&self, id: i64, name: &str) -> Result<CustomFilterView, ClientError> {
        let body = RenameCustomFilter { name: name.to_owned() };
        Ok(self.send::<Data<CustomFilterView>>(reqwest::Method::PATCH, &format!("/custom-filters/{id}"), &body, &new_key()).await?.data)
    }

    /// Deletes a saved filter of the caller's; what it was.
    ///
    /// # Errors
    /// As [`Client::rename_custom_filter`].
    pub async fn delete_custom_filter(&self, id: i64) -> Result<CustomFilterView, ClientError> {
        let body = serde_json::json!({});
        Ok(self.send::<Data<CustomFilterView>>(reqwest::Method::DELETE, &format!("/custom-filters/{id}"), &body, &new_key()).await?.data)
    }

    /// The macros that the caller may run, by name; none without an own Chatwoot token.
    ///
    /// # Errors
    /// As every call; `CHATWOOT_UNAVAILABLE`.
    pub async fn macros(&self) -> Result<Vec<MacroView>, ClientError> {
        Ok(self.get::<Page<MacroView>>("/macros", &NO_QUERY).await?.data)
    }

    /// Runs a macro on a conversation, through the outbox.
    ///
    /// # Errors
    /// As every call; `FORBIDDEN` without an own Chatwoot token.
    pub async fn run_macro(&self, id: ConversationId, run: RunMacro, key: &str) -> Result<OutboxView, ClientError> {
        let path = format!("/conversations/{id}/macro");
        Ok(self.send::<Data<OutboxView>>(reqwest::Method::POST, &path, &run, key).await?.data)
    }

    /// The agents who take part in a conversation, by name: as Chatwoot has them now, else as they were read last (`meta.as_of`).
    ///
    /// # Errors
    /// As every call; `NOT_FOUND`, and `CHATWOOT_UNAVAILABLE` where they were never read.
    pub async fn participants(&self, id: ConversationId) -> Result<Page<Named>, ClientError> {
        self.get(&format!("/conversations/{id}/participants"), &NO_QUERY).await
    }

    /// Deletes a message that the caller wrote, through the outbox.
    ///
    /// # Errors
    /// As every call; `NOT_FOUND`, `FORBIDDEN` for another's.
    pub async fn delete_message(
        &self,
        id: ConversationId,
        message: MessageId,
        delete: &DeleteMessage,
        key: &str,
    ) -> Result<OutboxView, ClientError> {
        let path = format!("/conversations/{id}/messages/{message}");
        Ok(self.send::<Data<OutboxView>>(reqwest::Method::DELETE, &path, delete, key).await?.data)
    }

    /// One contact.
    ///
    /// # Errors
    /// As every call; `NOT_FOUND`.
    pub async fn contact(&self, id: i64) -> Result<ContactView, ClientError> {
        Ok(self.get::<Data<ContactView>>(&format!("/contacts/{id}"), &NO_QUERY).await?.data)
    }

    /// A page of contacts, by name.
    ///
    /// # Errors
    /// As every call.
    pub async fn contacts(&self, query: &ContactQuery) -> Result<Page<ContactDetail>, ClientError> {
        self.get("/contacts", query).await
    }

    /// One contact with its attributes.
    ///
    /// # Errors
    /// As every call; `NOT_FOUND`.
    pub async fn contact_detail(&self, id: i64) -> Result<ContactDetail, ClientError> {
        Ok(self.get::<Data<ContactDetail>>(&format!("/contacts/{id}"), &NO_QUERY).await?.data)
    }

    /// Changes a contact through the outbox.
    ///
    /// # Errors
    /// As every call; `VALIDATION_FAILED`.
    pub async fn update_contact(&self, id: i64, patch: &ContactPatch, key: &str) -> Result<ContactView, ClientError> {
        let path = format!("/contacts/{id}");
        Ok(self.send::<Data<ContactView>>(reqwest::Method::PATCH, &path, patch, key).await?.data)
    }

    /// Notes about a contact, newest first, those on their way at the top.
    ///
    /// # Errors
    /// As every call; `NOT_FOUND`, `CHATWOOT_UNAVAILABLE` where they were never read.
    pub async fn contact_notes(&self, id: i64) -> Result<Page<ContactNoteView>, ClientError> {
        self.get(&format!("/contacts/{id}/notes"), &NO_QUERY).await
    }

    /// Writes a note about a contact, through the outbox.
    ///
    /// # Errors
    /// As every call; `NOT_FOUND`, `VALIDATION_FAILED`.
    pub async fn add_contact_note(&self, id: i64, note: &NewContactNote, key: &str) -> Result<OutboxView, ClientError> {
        let path = format!("/contacts/{id}/notes");
        Ok(self.send::<Data<OutboxView>>(reqwest::Method::POST, &path, note, key).await?.data)
    }

    /// Deletes a note about a contact that the caller wrote, through the outbox.
    ///
    /// # Errors
    /// As every call; `NOT_FOUND`, `FORBIDDEN` for another's.
    pub async fn delete_contact_note(&self, id: i64, note: i64, delete: &DeleteMessage, key: &str) -> Result<OutboxView, ClientError> {
        let path = format!("/contacts/{id}/notes/{note}");
        Ok(self.send::<Data<OutboxView>>(reqwest::Method::DELETE, &path, delete, key).await?.data)
    }

    /// The inboxes, each with whether a conversation with the contact can be begun there, asked of Chatwoot.
    ///
    /// # Errors
    /// As every call; `NOT_FOUND`, `CHATWOOT_UNAVAILABLE`.
    pub async fn contact_inboxes(&self, id: i64) -> Result<Vec<ContactInboxView>, ClientError> {
        Ok(self.get::<Page<ContactInboxView>>(&format!("/contacts/{id}/inboxes"), &NO_QUERY).await?.data)
    }

    /// Begins a conversation, through the outbox; once it is there the entry says which.
    ///
    /// # Errors
    /// As every call; `VALIDATION_FAILED`.
    pub async fn begin_conversation(&self, new: &NewConversation, key: &str) -> Result<OutboxView, ClientError> {
        Ok(self.send::<Data<OutboxView>>(reqwest::Method::POST, "/conversations", new, key).await?.data)
    }

    /// Changes a conversation through the outbox: status, assignee, team, labels, priority, custom attributes, read or unread.
    ///
    /// # Errors
    /// As every call; `VALIDATION_FAILED`.
    pub async fn update_conversation(
        &self,
        id: ConversationId,
        patch: &ConversationPatch,
        key: &str,
    ) -> Result<ConversationView, ClientError> {
        let path = format!("/conversations/{id}");
        Ok(self.send::<Data<ConversationView>>(reqwest::Method::PATCH, &path, patch, key).await?.data)
    }

    /// Asks for a decision about a conversation; a text alone is the reason.
    ///
    /// # Errors
    /// As every call; `APPROVAL_OPEN` when one is open already.
    pub async fn escalate(&self, id: ConversationId, ask: impl Into<Escalate>, key: &str) -> Result<ApprovalView, ClientError> {
        let (path, body) = (format!("/conversations/{id}/escalate"), ask.into());
        Ok(self.send::<Data<ApprovalView>>(reqwest::Method::POST, &path, &body, key).await?.data)
    }

    /// A page of outbox entries that are not done, oldest first.
    ///
    /// # Errors
    /// As every call.
    pub async fn outbox_page(&self, query: &OutboxQuery) -> Result<Page<OutboxView>, ClientError> {
        self.get("/outbox", query).await
    }

    /// All of them.
    ///
    /// # Errors
    /// As every call.
    pub async fn outbox(&self) -> Result<Vec<OutboxView>, ClientError> {
        let (mut all, mut query) = (Vec::new(), OutboxQuery::default());
        loop {
            let page = self.outbox_page(&query).await?;
            all.extend(page.data);
            match page.meta.next_cursor {
                Some(cursor) => query.cursor = Some(cursor),
                None => return Ok(all),
            }
        }
    }

    /// Takes an entry back before it leaves, or discards a failed one. `verb` is cancel or retry.
    ///
    /// # Errors
    /// As every call; `OUTBOX_STATE` when it is past that.
    pub async fn outbox_act(&self, id: OutboxId, verb: &str, key: &str) -> Result<OutboxView, ClientError> {
        let path = format!("/outbox/{id}/{verb}");
        Ok(self.send::<Data<OutboxView>>(reqwest::Method::POST, &path, &serde_json::json!({}), key).await?.data)
    }

    /// Tries now what waits for its next try, at most 1,000 entries; neither what is within its hold nor what is held or failed.
    ///
    /// # Errors
    /// As every call.
    pub async fn flush_outbox(&self, key: &str) -> Result<FlushView, ClientError> {
        Ok(self.send::<Data<FlushView>>(reqwest::Method::POST, "/outbox/flush", &serde_json::json!({}), key).await?.data)
    }

    /// The account's agents, by name.
    ///
    /// # Errors
    /// As every call.
    pub async fn agents(&self) -> Result<Vec<Named>, ClientError> {
        Ok(self.get::<Page<Named>>("/agents", &NO_QUERY).await?.data)
    }

    /// The account's teams, by name.
    ///
    /// # Errors
    /// As every call.
    pub async fn teams(&self) -> Result<Vec<Named>, ClientError> {
        Ok(self.get::<Page<Named>>("/teams", &NO_QUERY).await?.data)
    }

    /// The account's inboxes, by name.
    ///
    /// # Errors
    /// As every call.
    pub async fn inboxes(&self) -> Result<Vec<InboxView>, ClientError> {
        Ok(self.get::<Page<InboxView>>("/inboxes", &NO_QUERY).await?.data)
    }

    /// Message templates of a WhatsApp inbox, by name: those that can be sent, and the rest with the reason why not.
    ///
    /// # Errors
    /// As every call; `NOT_FOUND` where there is no such inbox.
    pub async fn templates(&self, inbox: i64) -> Result<Vec<TemplateView>, ClientError> {
        Ok(self.get::<Page<TemplateView>>(&format!("/inboxes/{inbox}/templates"), &NO_QUERY).await?.data)
    }

    /// The account's labels, by title.
    ///
    /// # Errors
    /// As every call.
    pub async fn labels(&self) -> Result<Vec<LabelView>, ClientError> {
        Ok(self.get::<Page<LabelView>>("/labels", &NO_QUERY).await?.data)
    }
}
