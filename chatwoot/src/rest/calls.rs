//! One typed method per call. Conversation ids are display ids throughout.
//!
//! All of them fail with [`Error`]; "administrators" means that an agent's token gets [`ErrorKind::Forbidden`].

use std::time::Duration;

use http::Method;
use serde_json::json;

use super::{
    Client, ContactsQuery, ListQuery, MessagesQuery, NewConversation, NewLabel, NewMessage, NewWebhook, Source, Undecoded, Upload,
};
use crate::error::{Error, ErrorKind};
use crate::model::{
    Account, Agent, ApiInfo, AssignmentAnswer, Attributes, CacheKeys, CacheKeysAnswer, CannedResponse, Contact, ContactNote, ContactPage,
    ContactableInbox, Conversation, ConversationCounts, ConversationList, CsatResponse, CustomAttributeDefinition, CustomFilter, Data,
    Inbox, Label, Macro, Message, MessagesPage, Meta, NotificationList, OneWebhook, Payload, Profile, Status, StatusChanged, Team, Webhook,
    Webhooks,
};

/// The slowest line that files are given time for: 1 Mbit/s.
const UPLOAD_BYTES_PER_S: u64 = 125_000;

/// Server, user and account.
impl Client {
    /// `GET /api`: version and clock; needs no token. An answer without version is not a Chatwoot.
    pub async fn api_info(&self) -> Result<ApiInfo, Error> {
        let info: ApiInfo = self.request(Method::GET, "/api".to_owned()).anonymous().answer().await?;
        if info.version.is_empty() {
            let message = "it answers JSON without a version; check the address".to_owned();
            return Err(Error::new(ErrorKind::NotChatwoot { status: 200, message }));
        }
        Ok(info)
    }

    /// `GET /api/v1/profile`: who the token is.
    pub async fn profile(&self) -> Result<Profile, Error> {
        self.request(Method::GET, "/api/v1/profile".to_owned()).answer().await
    }

    /// Sets what the token's user chose to be: "online", "busy" or "offline" (recording `profile-basics`).
    pub async fn set_availability(&self, availability: &str) -> Result<Profile, Error> {
        let body = json!({ "profile": { "account_id": self.account_id(), "availability": availability } });
        self.request(Method::POST, "/api/v1/profile/availability".to_owned()).json(&body).answer().await
    }

    /// Whether the token still works, asked of the profile: a 401 elsewhere never proves that it does not (section 1.4). Fails where
    /// there is no clear answer.
    pub async fn token_alive(&self) -> Result<bool, Error> {
        match self.profile().await {
            Ok(_) => Ok(true),
            Err(err) if err.doubts_token() => Ok(false),
            // The bot and platform tokens live, but have no profile.
            Err(Error { kind: ErrorKind::Forbidden { .. }, .. }) => Ok(true),
            Err(err) => Err(err),
        }
    }

    /// The account. A stranger to it gets [`ErrorKind::NotFound`].
    pub async fn account(&self) -> Result<Account, Error> {
        self.in_account(Method::GET, "").answer().await
    }

    /// Texts that change when labels, inboxes or teams do.
    pub async fn cache_keys(&self) -> Result<CacheKeys, Error> {
        self.in_account(Method::GET, "/cache_keys").answer::<CacheKeysAnswer>().await.map(|answer| answer.cache_keys)
    }

    /// All agents.
    pub async fn agents(&self) -> Result<Vec<Agent>, Error> {
        self.in_account(Method::GET, "/agents").answer().await
    }

    /// All inboxes; an agent's own ones only.
    pub async fn inboxes(&self) -> Result<Vec<Inbox>, Error> {
        self.in_account(Method::GET, "/inboxes").answer::<Payload<_>>().await.map(|answer| answer.payload)
    }

    /// One inbox.
    pub async fn inbox(&self, id: i64) -> Result<Inbox, Error> {
        self.in_account(Method::GET, &format!("/inboxes/{id}")).answer().await
    }

    /// Members of an inbox.
    pub async fn inbox_members(&self, inbox_id: i64) -> Result<Vec<Agent>, Error> {
        self.in_account(Method::GET, &format!("/inbox_members/{inbox_id}")).answer::<Payload<_>>().await.map(|answer| answer.payload)
    }

    /// All teams.
    pub async fn teams(&self) -> Result<Vec<Team>, Error> {
        self.in_account(Method::GET, "/teams").answer().await
    }

    /// Members of a team.
    pub async fn team_members(&self, team_id: i64) -> Result<Vec<Agent>, Error> {
        self.in_account(Method::GET, &format!("/teams/{team_id}/team_members")).answer().await
    }

    /// All labels.
    pub async fn labels(&self) -> Result<Vec<Label>, Error> {
        self.in_account(Method::GET, "/labels").answer::<Payload<_>>().await.map(|answer| answer.payload)
    }

    /// Makes a label (administrators). One that exists is [`ErrorKind::Invalid`] naming `title`.
    pub async fn create_label(&self, label: &NewLabel) -> Result<Label, Error> {
        self.in_account(Method::POST, "/labels").json(label).answer().await
    }

    /// All canned responses.
    pub async fn canned_responses(&self) -> Result<Vec<CannedResponse>, Error> {
        self.in_account(Method::GET, "/canned_responses").answer().await
    }

    /// Makes a canned response. A code that is taken is refused, so a repeat makes no second one.
    pub async fn create_canned_response(&self, short_code: &str, content: &str) -> Result<CannedResponse, Error> {
        let body = json!({ "canned_response": { "short_code": short_code, "content": content } });
        self.in_account(Method::POST, "/canned_responses").json(&body).answer().await
    }

    /// Gives a canned response another text.
    pub async fn update_canned_response(&self, id: i64, content: &str) -> Result<CannedResponse, Error> {
        let body = json!({ "canned_response": { "content": content } });
        self.in_account(Method::PATCH, &format!("/canned_responses/{id}")).json(&body).answer().await
    }

    /// Deletes a canned response.
    pub async fn delete_canned_response(&self, id: i64) -> Result<(), Error> {
        self.in_account(Method::DELETE, &format!("/canned_responses/{id}")).done().await
    }

    /// All custom attributes, of conversations and contacts.
    pub async fn custom_attribute_definitions(&self) -> Result<Vec<CustomAttributeDefinition>, Error> {
        self.in_account(Method::GET, "/custom_attribute_definitions").answer().await
    }

    /// The macros that the token's user may run: global ones and their own.
    pub async fn macros(&self) -> Result<Vec<Macro>, Error> {
        self.in_account(Method::GET, "/macros").answer::<Payload<_>>().await.map(|answer| answer.payload)
    }

    /// A page of the token's user's notifications from 1, 15 each, latest activity first: read and snoozed ones too.
    pub async fn notifications(&self, page: u32) -> Result<NotificationList, Error> {
        let query = [("page", page.to_string()), ("includes[]", "read".to_owned()), ("includes[]", "snoozed".to_owned())];
        self.in_account(Method::GET, "/notifications").query(&query).answer::<Data<_>>().await.map(|answer| answer.data)
    }

    /// The token's user's saved filters of a type: "conversation", "contact" or "report".
    pub async fn custom_filters(&self, filter_type: &str) -> Result<Vec<CustomFilter>, Error> {
        self.in_account(Method::GET, "/custom_filters").query(&[("filter_type", filter_type.to_owned())]).answer().await
    }

    /// Saves a filter of conversations for the token's user. **Not idempotent**: names may be there twice.
    pub async fn create_custom_filter(&self, name: &str, query: &serde_json::Value) -> Result<CustomFilter, Error> {
        let body = json!({ "name": name, "filter_type": "conversation", "query": query });
        self.in_account(Method::POST, "/custom_filters").json(&body).answer().await
    }

    /// Gives a saved filter of the token's user another name.
    pub async fn rename_custom_filter(&self, id: i64, name: &str) -> Result<CustomFilter, Error> {
        self.in_account(Method::PATCH, &format!("/custom_filters/{id}")).json(&json!({ "name": name })).answer().await
    }

    /// Deletes a saved filter of the token's user.
    pub async fn delete_custom_filter(&self, id: i64) -> Result<(), Error> {
        self.in_account(Method::DELETE, &format!("/custom_filters/{id}")).done().await
    }

    /// Runs a macro, some time after the answer and as the token's user. An unknown macro is 200 too: check that it is there. **Not
    /// idempotent**, and it leaves no mark.
    pub async fn execute_macro(&self, id: i64, conversation_ids: &[i64]) -> Result<(), Error> {
        let request = self.in_account(Method::POST, &format!("/macros/{id}/execute"));
        request.json(&json!({ "conversation_ids": conversation_ids })).done().await
    }

    /// All webhooks (administrators).
    pub async fn webhooks(&self) -> Result<Vec<Webhook>, Error> {
        self.in_account(Method::GET, "/webhooks").answer::<Payload<Webhooks>>().await.map(|answer| answer.payload.webhooks)
    }

    /// Sets up a webhook (administrators); its secret is in the answer.
    pub async fn create_webhook(&self, webhook: &NewWebhook) -> Result<Webhook, Error> {
        let request = self.in_account(Method::POST, "/webhooks").json(webhook);
        request.answer::<Payload<OneWebhook>>().await.map(|answer| answer.payload.webhook)
    }

    /// Changes address and events of a webhook (administrators); its secret stays.
    pub async fn update_webhook(&self, id: i64, webhook: &NewWebhook) -> Result<Webhook, Error> {
        let request = self.in_account(Method::PATCH, &format!("/webhooks/{id}")).json(webhook);
        request.answer::<Payload<OneWebhook>>().await.map(|answer| answer.payload.webhook)
    }

    /// Removes a webhook (administrators): the way to a new secret, too, is to remove it and set it up again.
    pub async fn delete_webhook(&self, id: i64) -> Result<(), Error> {
        self.in_account(Method::DELETE, &format!("/webhooks/{id}")).done().await
    }

    /// A page of ratings from 1, 25 each, empty past the end (administrators).
    pub async fn csat_responses(&self, page: u32) -> Result<Vec<CsatResponse>, Error> {
        self.in_account(Method::GET, "/csat_survey_responses").query(&[("page", page.to_string())]).answer().await
    }
}

/// Contacts.
impl Client {
    /// A page of contacts: those with an e-mail, phone or identifier.
    pub async fn contacts(&self, query: &ContactsQuery) -> Result<ContactPage, Error> {
        self.in_account(Method::GET, "/contacts").query(&query.pairs()).answer().await
    }

    /// One contact.
    pub async fn contact(&self, id: i64) -> Result<Contact, Error> {
        self.in_account(Method::GET, &format!("/contacts/{id}")).answer::<Payload<_>>().await.map(|answer| answer.payload)
    }

    /// A page of contacts found by part of name, e-mail, phone or identifier; `%` finds all (4.11+). 100 calls a minute.
    pub async fn contact_search(&self, q: &str, page: u32) -> Result<ContactPage, Error> {
        self.in_account(Method::GET, "/contacts/search").query(&[("q", q.to_owned()), ("page", page.to_string())]).answer().await
    }

    /// Changes a contact: only the keys given; attributes are merged by key. A duplicate e-mail, phone or identifier is
    /// [`ErrorKind::Invalid`] naming it.
    pub async fn update_contact(&self, id: i64, fields: &Attributes) -> Result<Contact, Error> {
        let request = self.in_account(Method::PATCH, &format!("/contacts/{id}")).json(fields);
        request.answer::<Payload<_>>().await.map(|answer| answer.payload)
    }

    /// Removes custom attributes of a contact by key.
    pub async fn destroy_contact_attributes(&self, id: i64, keys: &[String]) -> Result<Contact, Error> {
        let request = self.in_account(Method::POST, &format!("/contacts/{id}/destroy_custom_attributes"));
        request.json(&json!({ "custom_attributes": keys })).answer::<Payload<_>>().await.map(|answer| answer.payload)
    }

    /// The newest 20 conversations of a contact.
    pub async fn contact_conversations(&self, id: i64) -> Result<Vec<Conversation>, Error> {
        self.in_account(Method::GET, &format!("/contacts/{id}/conversations")).answer::<Payload<_>>().await.map(|answer| answer.payload)
    }

    /// Inboxes of the token's user in which the contact can be written to.
    pub async fn contactable_inboxes(&self, id: i64) -> Result<Vec<ContactableInbox>, Error> {
        self.in_account(Method::GET, &format!("/contacts/{id}/contactable_inboxes"))
            .answer::<Payload<_>>()
            .await
            .map(|answer| answer.payload)
    }

    /// All notes about a contact, newest first.
    pub async fn contact_notes(&self, id: i64) -> Result<Vec<ContactNote>, Error> {
        self.in_account(Method::GET, &format!("/contacts/{id}/notes")).answer().await
    }

    /// Writes a note about a contact, as the token's user. **Not idempotent**, and it carries no mark.
    pub async fn create_contact_note(&self, id: i64, content: &str) -> Result<ContactNote, Error> {
        self.in_account(Method::POST, &format!("/contacts/{id}/notes")).json(&json!({ "content": content })).answer().await
    }

    /// Deletes a note about a contact, whoever wrote it; a second time is [`ErrorKind::NotFound`].
    pub async fn delete_contact_note(&self, id: i64, note: i64) -> Result<(), Error> {
        self.in_account(Method::DELETE, &format!("/contacts/{id}/notes/{note}")).done().await
    }
}

/// Conversations.
impl Client {
    /// A page of conversations.
    pub async fn conversations(&self, query: &ListQuery) -> Result<ConversationList, Error> {
        self.in_account(Method::GET, "/conversations").query(&query.pairs()).answer::<Data<_>>().await.map(|answer| answer.data)
    }

    /// Counts only. 30 calls a minute.
    pub async fn conversation_meta(&self, query: &ListQuery) -> Result<ConversationCounts, Error> {
        self.in_account(Method::GET, "/conversations/meta").query(&query.pairs()).answer::<Meta<_>>().await.map(|answer| answer.meta)
    }

    /// A page from 1 of conversations that match `conditions` (the `payload` of section 4.3), 25 each.
    pub async fn conversation_filter(&self, conditions: &serde_json::Value, page: u32) -> Result<ConversationList, Error> {
        let request = self.in_account(Method::POST, "/conversations/filter").query(&[("page", page.to_string())]);
        request.reads_only().json(&json!({ "payload": conditions })).answer().await
    }

    /// Begins a conversation. In an inbox that keeps one conversation for each contact the last one is returned instead (section 4.4).
    /// **Not idempotent** elsewhere: where [`Error::outcome_unknown`], look for its mark before trying again.
    pub async fn create_conversation(&self, new: &NewConversation) -> Result<Conversation, Error> {
        self.in_account(Method::POST, "/conversations").json(new).answer().await
    }

    /// One conversation.
    pub async fn conversation(&self, id: i64) -> Result<Conversation, Error> {
        self.in_account(Method::GET, &format!("/conversations/{id}")).answer().await
    }

    /// Sets the status; `snoozed_until_s` (unix seconds) with [`Status::Snoozed`], none = until the customer writes. Opening as an
    /// **agent** also assigns the conversation to them (section 4.5).
    pub async fn toggle_status(&self, id: i64, status: &Status, snoozed_until_s: Option<i64>) -> Result<StatusChanged, Error> {
        let mut body = json!({ "status": status });
        if let Some(until) = snoozed_until_s {
            body["snoozed_until"] = until.into();
        }
        let request = self.in_account(Method::POST, &format!("/conversations/{id}/toggle_status")).json(&body);
        request.answer::<Payload<_>>().await.map(|answer| answer.payload)
    }

    /// Sets or clears the priority.
    pub async fn toggle_priority(&self, id: i64, priority: Option<&crate::model::Priority>) -> Result<(), Error> {
        self.in_account(Method::POST, &format!("/conversations/{id}/toggle_priority")).json(&json!({ "priority": priority })).done().await
    }

    /// Says that the token's user types, or no longer does.
    pub async fn toggle_typing(&self, id: i64, on: bool, private: bool) -> Result<(), Error> {
        let body = json!({ "typing_status": if on { "on" } else { "off" }, "is_private": private });
        self.in_account(Method::POST, &format!("/conversations/{id}/toggle_typing_status")).json(&body).done().await
    }

    /// Gives the conversation to an agent, or takes it from whoever has it. An unknown agent unassigns with 200: check the answer.
    pub async fn assign_agent(&self, id: i64, agent_id: Option<i64>) -> Result<AssignmentAnswer, Error> {
        let request = self.in_account(Method::POST, &format!("/conversations/{id}/assignments"));
        request.json(&json!({ "assignee_id": agent_id })).answer().await
    }

    /// Gives the conversation to a team, or to none. May change the assignee too (section 4.5).
    pub async fn assign_team(&self, id: i64, team_id: Option<i64>) -> Result<AssignmentAnswer, Error> {
        let request = self.in_account(Method::POST, &format!("/conversations/{id}/assignments"));
        request.json(&json!({ "team_id": team_id })).answer().await
    }

    /// Label titles of a conversation.
    pub async fn conversation_labels(&self, id: i64) -> Result<Vec<String>, Error> {
        self.in_account(Method::GET, &format!("/conversations/{id}/labels")).answer::<Payload<_>>().await.map(|answer| answer.payload)
    }

    /// **Replaces** the labels of a conversation. A comma in a title splits it in two.
    pub async fn set_conversation_labels(&self, id: i64, labels: &[String]) -> Result<Vec<String>, Error> {
        let request = self.in_account(Method::POST, &format!("/conversations/{id}/labels"));
        request.json(&json!({ "labels": labels })).answer::<Payload<_>>().await.map(|answer| answer.payload)
    }

    /// **Replaces** the custom attributes of a conversation.
    pub async fn set_conversation_attributes(&self, id: i64, attributes: &Attributes) -> Result<(), Error> {
        let request = self.in_account(Method::POST, &format!("/conversations/{id}/custom_attributes"));
        request.json(&json!({ "custom_attributes": attributes })).done().await
    }

    /// Blocks the contact and resolves the conversation, or unblocks the contact. Each time an activity line says so.
    pub async fn mute(&self, id: i64, muted: bool) -> Result<(), Error> {
        let verb = if muted { "mute" } else { "unmute" };
        self.in_account(Method::POST, &format!("/conversations/{id}/{verb}")).json(&json!({})).done().await
    }

    /// The agents who take part in a conversation.
    pub async fn participants(&self, id: i64) -> Result<Vec<Agent>, Error> {
        self.in_account(Method::GET, &format!("/conversations/{id}/participants")).answer().await
    }

    /// Adds agents; who takes part already stays.
    pub async fn add_participants(&self, id: i64, user_ids: &[i64]) -> Result<(), Error> {
        self.in_account(Method::POST, &format!("/conversations/{id}/participants")).json(&json!({ "user_ids": user_ids })).done().await
    }

    /// Removes agents; who does not take part is passed over.
    pub async fn remove_participants(&self, id: i64, user_ids: &[i64]) -> Result<(), Error> {
        self.in_account(Method::DELETE, &format!("/conversations/{id}/participants")).json(&json!({ "user_ids": user_ids })).done().await
    }

    /// Marks a conversation as read by the token's user.
    pub async fn update_last_seen(&self, id: i64) -> Result<Conversation, Error> {
        self.in_account(Method::POST, &format!("/conversations/{id}/update_last_seen")).answer().await
    }

    /// Marks a conversation as unread from the last incoming message on.
    pub async fn mark_unread(&self, id: i64) -> Result<Conversation, Error> {
        self.in_account(Method::POST, &format!("/conversations/{id}/unread")).answer().await
    }
}

/// Messages.
impl Client {
    /// A page of messages, in ascending order.
    pub async fn messages(&self, conversation_id: i64, query: MessagesQuery) -> Result<MessagesPage, Error> {
        self.messages_undecoded(conversation_id, query).await?.decode()
    }

    /// The same, not read yet.
    pub async fn messages_undecoded(&self, conversation_id: i64, query: MessagesQuery) -> Result<Undecoded<MessagesPage>, Error> {
        self.in_account(Method::GET, &format!("/conversations/{conversation_id}/messages")).query(&query.pairs()).undecoded().await
    }

    /// One message, or none where the conversation has no such message. Chatwoot has no call for it: asked as a range of one id.
    pub async fn message(&self, conversation_id: i64, id: i64) -> Result<Option<Message>, Error> {
        let page = self.messages(conversation_id, MessagesQuery::between(id, id)).await?;
        Ok(page.payload.into_iter().find(|message| message.id == id))
    }

    /// Writes a message. **Not idempotent**: where [`Error::outcome_unknown`], look for its mark before writing again.
    pub async fn create_message(&self, conversation_id: i64, message: &NewMessage) -> Result<Message, Error> {
        self.in_account(Method::POST, &format!("/conversations/{conversation_id}/messages")).json(message).answer().await
    }

    /// Writes a message with files. Not idempotent, as above.
    pub async fn create_message_multipart(&self, conversation_id: i64, message: &NewMessage, files: Vec<Upload>) -> Result<Message, Error> {
        let mut form = reqwest::multipart::Form::new();
        for (key, value) in message.form_fields() {
            form = form.text(key, value);
        }
        let mut bytes = 0;
        for file in files {
            let part = match file.bytes {
                Source::Bytes(whole) => {
                    bytes += whole.len() as u64;
                    reqwest::multipart::Part::stream(whole)
                }
                Source::File(path) => {
                    let fail = |err: std::io::Error| {
                        Error::new(ErrorKind::Config { message: format!("“{}” cannot be read", file.file_name) }).because(err)
                    };
                    let on_disk = tokio::fs::File::open(path).await.map_err(fail)?;
                    let length = on_disk.metadata().await.map_err(fail)?.len();
                    bytes += length;
                    reqwest::multipart::Part::stream_with_length(on_disk, length)
                }
            };
            let part = part.file_name(file.file_name);
            let part = part.mime_str(&file.content_type).map_err(|err| {
                Error::new(ErrorKind::Config { message: format!("“{}” is not a MIME type", file.content_type) }).because(err)
            })?;
            form = form.part("attachments[]", part);
        }
        let request = self.in_account(Method::POST, &format!("/conversations/{conversation_id}/messages")).multipart(form);
        request.longer(Duration::from_secs(bytes / UPLOAD_BYTES_PER_S)).answer().await
    }

    /// Deletes a message: the row stays, with another text. A second time is 200 too.
    pub async fn delete_message(&self, conversation_id: i64, id: i64) -> Result<Message, Error> {
        self.in_account(Method::DELETE, &format!("/conversations/{conversation_id}/messages/{id}")).answer().await
    }
}
