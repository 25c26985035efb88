//! The shop's Chatwoot from outside: a customer who writes, an agent at Chatwoot's own page, and what stands there afterwards.

use std::time::Duration;

use api::id::ConversationId;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::error::CliError;

/// How long something may take to arrive before the demo counts it as lost. Far longer than it ever takes: time is no reason to fail.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// Chatwoot has nothing to wait on, so what should stand there is looked for again after this long.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// The shop.
#[derive(Debug, Clone)]
pub(super) struct Shop {
    http: Client,
    base: String,
    account: i64,
    /// The public identifier of its API inbox.
    inbox: String,
}

/// A customer with an open conversation.
#[derive(Debug, Clone)]
pub(super) struct Customer {
    /// Their name.
    pub(super) name: String,
    /// Chatwoot's number of the conversation.
    pub(super) conversation: ConversationId,
    source: String,
}

impl Shop {
    /// The shop whose administrator has this token.
    pub(super) async fn open(base: &str, account: i64, admin_token: &str) -> Result<Self, CliError> {
        let mut shop = Self { http: Client::new(), base: base.to_owned(), account, inbox: String::new() };
        let inboxes = shop.agent(Method::GET, "inboxes", admin_token, None).await?;
        let api = inboxes["payload"].as_array().into_iter().flatten().find(|inbox| inbox["channel_type"] == "Channel::Api");
        let identifier = api.and_then(|inbox| inbox["inbox_identifier"].as_str());
        shop.inbox = identifier.ok_or_else(|| CliError::failed("the shop has no API inbox for customers to write to"))?.to_owned();
        Ok(shop)
    }

    /// A new customer opens a conversation; nothing is written yet.
    pub(super) async fn customer(&self, name: &str) -> Result<Customer, CliError> {
        let path = format!("/public/api/v1/inboxes/{}/contacts", self.inbox);
        let contact = self.call(Method::POST, &path, None, Some(json!({ "name": name }))).await?;
        let source = contact["source_id"].as_str().unwrap_or_default().to_owned();
        let made = self.call(Method::POST, &format!("{path}/{source}/conversations"), None, Some(json!({}))).await?;
        let id = made["id"].as_i64().ok_or_else(|| CliError::failed("Chatwoot made no conversation"))?;
        Ok(Customer { name: name.to_owned(), conversation: ConversationId(id), source })
    }

    /// The customer writes.
    pub(super) async fn write(&self, customer: &Customer, text: &str) -> Result<(), CliError> {
        let path = self.path_of(customer);
        self.call(Method::POST, &path, None, Some(json!({ "content": text }))).await.map(drop)
    }

    /// Where a customer's messages go.
    pub(super) fn path_of(&self, customer: &Customer) -> String {
        format!("/public/api/v1/inboxes/{}/contacts/{}/conversations/{}/messages", self.inbox, customer.source, customer.conversation)
    }

    /// An agent sets the labels at Chatwoot's own page.
    pub(super) async fn set_labels(&self, id: ConversationId, token: &str, labels: &[&str]) -> Result<(), CliError> {
        let body = json!({ "labels": labels });
        self.agent(Method::POST, &format!("conversations/{id}/labels"), token, Some(body)).await.map(drop)
    }

    async fn labels(&self, id: ConversationId, token: &str) -> Result<Vec<String>, CliError> {
        let answer = self.agent(Method::GET, &format!("conversations/{id}/labels"), token, None).await?;
        Ok(answer["payload"].as_array().into_iter().flatten().filter_map(|label| label.as_str().map(str::to_owned)).collect())
    }

    /// Waits until the conversation carries `with` and not `without`.
    pub(super) async fn labels_until(&self, id: ConversationId, token: &str, with: &str, without: &str) -> Result<Vec<String>, CliError> {
        let what = format!("conversation #{id} with the label `{with}` and without `{without}`");
        until(&what, async || {
            let labels = self.labels(id, token).await?;
            let there = |name: &str| labels.iter().any(|label| label == name);
            Ok((there(with) && !there(without)).then_some(labels))
        })
        .await
    }

    /// Waits for a message in the conversation.
    pub(super) async fn message_until(
        &self,
        id: ConversationId,
        token: &str,
        what: &str,
        is: impl Fn(&Value) -> bool,
    ) -> Result<Value, CliError> {
        until(&format!("{what} in conversation #{id}"), async || {
            let answer = self.agent(Method::GET, &format!("conversations/{id}/messages"), token, None).await?;
            Ok(answer["payload"].as_array().into_iter().flatten().find(|message| is(message)).cloned())
        })
        .await
    }

    async fn agent(&self, method: Method, path: &str, token: &str, body: Option<Value>) -> Result<Value, CliError> {
        self.call(method, &format!("/api/v1/accounts/{}/{path}", self.account), Some(token), body).await
    }

    async fn call(&self, method: Method, path: &str, token: Option<&str>, body: Option<Value>) -> Result<Value, CliError> {
        let fail = || CliError::failed(format!("Chatwoot did not answer {method} {path}"));
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base)).timeout(PATIENCE);
        if let Some(token) = token {
            request = request.header("api_access_token", token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.map_err(|err| fail().because(err))?;
        let status = answer.status();
        if !status.is_success() {
            return Err(CliError::failed(format!("Chatwoot answered {method} {path} with {status}")));
        }
        answer.json().await.map_err(|err| fail().because(err))
    }
}

/// Looks again and again until there is something.
async fn until<T>(what: &str, look: impl AsyncFn() -> Result<Option<T>, CliError>) -> Result<T, CliError> {
    let found = tokio::time::timeout(PATIENCE, async {
        loop {
            if let Some(found) = look().await? {
                return Ok(found);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    });
    found.await.unwrap_or_else(|_| Err(CliError::failed(format!("waited {} s for {what}", PATIENCE.as_secs()))))
}
