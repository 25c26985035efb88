//! Approvals, the audit log and webhooks.

use super::upkeep::WHOLE_TIMEOUT;
use super::{Client, ClientError, NO_QUERY, answer, segment};
use crate::approval::{ApprovalChanges, ApprovalPatch, ApprovalQuery, ApprovalView, ChangesQuery, Decision, NewApproval};
use crate::audit::{AuditQuery, AuditView, LedgerQuery, LedgerRow, LedgerView, NewAudit};
use crate::id::WebhookId;
use crate::page::{Data, Page};
use crate::webhook::{InstallView, NewInstall, NewPurge, PurgeView, WebhookQuery, WebhookView};

impl Client {
    /// Rows of a ledger as they are chained, oldest first.
    ///
    /// # Errors
    /// As every call; `FORBIDDEN` for all but owners and admins.
    pub async fn ledger(&self, query: &LedgerQuery) -> Result<Page<LedgerRow>, ClientError> {
        self.get("/audit/ledger", query).await
    }

    /// Whether each ledger holds.
    ///
    /// # Errors
    /// As every call; `FORBIDDEN` for all but owners and admins.
    pub async fn verify_ledgers(&self) -> Result<Vec<LedgerView>, ClientError> {
        let request = self.request(reqwest::Method::GET, "/audit/verify").timeout(WHOLE_TIMEOUT);
        Ok(answer::<Page<LedgerView>>(request).await?.data)
    }

    /// A page of approvals, newest first.
    ///
    /// # Errors
    /// As every call.
    pub async fn approvals(&self, query: &ApprovalQuery) -> Result<Page<ApprovalView>, ClientError> {
        self.get("/approvals", query).await
    }

    /// One approval by id or reference (`AP-42`).
    ///
    /// # Errors
    /// As every call; `NOT_FOUND`.
    pub async fn approval(&self, id: &str) -> Result<ApprovalView, ClientError> {
        Ok(self.get::<Data<ApprovalView>>(&format!("/approvals/{}", segment(id)), &NO_QUERY).await?.data)
    }

    /// What an approval shows otherwise than at the revision `since`, or the one before the newest.
    ///
    /// # Errors
    /// As every call; `NOT_FOUND` for an approval or a revision that never was.
    pub async fn approval_changes(&self, id: &str, since: Option<u32>) -> Result<ApprovalChanges, ClientError> {
        let path = format!("/approvals/{}/changes", segment(id));
        Ok(self.get::<Data<ApprovalChanges>>(&path, &ChangesQuery { since }).await?.data)
    }

    /// Asks for a decision.
    ///
    /// # Errors
    /// As every call; `VALIDATION_FAILED`.
    pub async fn create_approval(&self, approval: &NewApproval, key: &str) -> Result<ApprovalView, ClientError> {
        Ok(self.send::<Data<ApprovalView>>(reqwest::Method::POST, "/approvals", approval, key).await?.data)
    }

    /// Changes what an undecided approval shows; it gets a new revision.
    ///
    /// # Errors
    /// As every call; `STALE_REVISION`, `ALREADY_DECIDED`, `FORBIDDEN`.
    pub async fn update_approval(&self, id: &str, patch: &ApprovalPatch, key: &str) -> Result<ApprovalView, ClientError> {
        let path = format!("/approvals/{}", segment(id));
        Ok(self.send::<Data<ApprovalView>>(reqwest::Method::PATCH, &path, patch, key).await?.data)
    }

    /// Decides or withdraws: `verb` is submit, approve, reject or withdraw.
    ///
    /// # Errors
    /// As every call; `STALE_REVISION`, `OWN_REQUEST`, `ALREADY_DECIDED`, `REVISION_REQUIRED`, `COMMENT_REQUIRED`.
    pub async fn decide(&self, id: &str, verb: &str, decision: &Decision, key: &str) -> Result<ApprovalView, ClientError> {
        let path = format!("/approvals/{}/{verb}", segment(id));
        Ok(self.send::<Data<ApprovalView>>(reqwest::Method::POST, &path, decision, key).await?.data)
    }

    /// A page of webhooks, newest first, without their bodies.
    ///
    /// # Errors
    /// As every call; `FORBIDDEN` for all but owners and admins.
    pub async fn webhooks(&self, query: &WebhookQuery) -> Result<Page<WebhookView>, ClientError> {
        self.get("/webhooks", query).await
    }

    /// One webhook, with its body where that is still kept.
    ///
    /// # Errors
    /// As every call; `NOT_FOUND`, `FORBIDDEN`.
    pub async fn webhook(&self, id: WebhookId) -> Result<WebhookView, ClientError> {
        Ok(self.get::<Data<WebhookView>>(&format!("/webhooks/{id}"), &NO_QUERY).await?.data)
    }

    /// Works a webhook off again: a dead letter, or one that waits for its next try.
    ///
    /// # Errors
    /// As every call; `NOT_FOUND`, `FORBIDDEN`, `WEBHOOK_STATE` when its body is no longer kept.
    pub async fn replay_webhook(&self, id: WebhookId, key: &str) -> Result<WebhookView, ClientError> {
        let path = format!("/webhooks/{id}/replay");
        Ok(self.send::<Data<WebhookView>>(reqwest::Method::POST, &path, &serde_json::json!({}), key).await?.data)
    }

    /// Drops dead letters.
    ///
    /// # Errors
    /// As every call; `NOT_FOUND`, `FORBIDDEN`, `WEBHOOK_STATE` for one that is no dead letter.
    pub async fn purge_webhooks(&self, purge: &NewPurge, key: &str) -> Result<PurgeView, ClientError> {
        Ok(self.send::<Data<PurgeView>>(reqwest::Method::POST, "/webhooks/purge", purge, key).await?.data)
    }

    /// Makes or repairs the account webhook in Chatwoot.
    ///
    /// # Errors
    /// As every call; `FORBIDDEN`, `VALIDATION_FAILED`, `CHATWOOT_REFUSED`, `CHATWOOT_UNAVAILABLE`.
    pub async fn install_webhook(&self, install: &NewInstall, key: &str) -> Result<InstallView, ClientError> {
        Ok(self.send::<Data<InstallView>>(reqwest::Method::POST, "/webhooks/install", install, key).await?.data)
    }

    /// A page of the audit log, newest first.
    ///
    /// # Errors
    /// As every call.
    pub async fn audit(&self, query: &AuditQuery) -> Result<Page<AuditView>, ClientError> {
        self.get("/audit", query).await
    }

    /// Appends an external row to the audit log.
    ///
    /// # Errors
    /// As every call; `VALIDATION_FAILED`.
    pub async fn append_audit(&self, row: &NewAudit, key: &str) -> Result<AuditView, ClientError> {
        Ok(self.send::<Data<AuditView>>(reqwest::Method::POST, "/audit", row, key).await?.data)
    }
}
