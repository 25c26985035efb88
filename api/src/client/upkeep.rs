//! The daemon itself: how it and its copy stand, and looking after them.

use std::time::Duration;

use super::{CALL_TIMEOUT, Client, ClientError, NO_QUERY, answer, new_key};
use crate::cache::{CacheView, ClearView, NewClear};
use crate::doctor::Check;
use crate::page::{Data, Page};
use crate::status::{NewRound, StatusView, StopView, SyncView};

/// How long a call may take that reads all of the store, or of a ledger.
pub(super) const WHOLE_TIMEOUT: Duration = Duration::from_secs(300);

impl Client {
    /// The daemon's state, from the caller's tenant.
    ///
    /// # Errors
    /// As every call.
    pub async fn status(&self) -> Result<StatusView, ClientError> {
        Ok(self.get::<Data<StatusView>>("/status", &NO_QUERY).await?.data)
    }

    /// The checks of the daemon and of this client's tenant.
    ///
    /// # Errors
    /// As every call; `FORBIDDEN` for whoever is neither owner nor admin.
    pub async fn doctor(&self) -> Result<Vec<Check>, ClientError> {
        Ok(self.get::<Page<Check>>("/doctor", &NO_QUERY).await?.data)
    }

    /// How the copy of Chatwoot stands.
    ///
    /// # Errors
    /// As every call.
    pub async fn sync(&self) -> Result<SyncView, ClientError> {
        Ok(self.get::<Data<SyncView>>("/sync", &NO_QUERY).await?.data)
    }

    /// Begins a round of comparing with Chatwoot; [`Client::sync`] counts them.
    ///
    /// # Errors
    /// As every call; `FORBIDDEN` for who only reads, `NOT_FOUND` without an account.
    pub async fn reconcile(&self, round: NewRound) -> Result<(), ClientError> {
        let request = self.request(reqwest::Method::POST, "/sync/reconcile").json(&round).header("idempotency-key", new_key());
        self.change(request.timeout(CALL_TIMEOUT)).await.map(drop)
    }

    /// How much of Chatwoot is kept.
    ///
    /// # Errors
    /// As every call.
    pub async fn cache(&self) -> Result<CacheView, ClientError> {
        Ok(self.get::<Data<CacheView>>("/cache", &NO_QUERY).await?.data)
    }

    /// Whether what is kept is whole.
    ///
    /// # Errors
    /// As every call; `FORBIDDEN` for all but owners and admins.
    pub async fn check_cache(&self) -> Result<Vec<Check>, ClientError> {
        let request = self.request(reqwest::Method::GET, "/cache/check").timeout(WHOLE_TIMEOUT);
        Ok(answer::<Page<Check>>(request).await?.data)
    }

    /// Removes kept files.
    ///
    /// # Errors
    /// As every call; `FORBIDDEN` for all but owners and admins.
    pub async fn clear_cache(&self, clear: NewClear) -> Result<ClearView, ClientError> {
        Ok(self.send::<Data<ClearView>>(reqwest::Method::POST, "/cache/clear", &clear, &new_key()).await?.data)
    }

    /// Makes the search index anew, and begins to compare everything with Chatwoot.
    ///
    /// # Errors
    /// As every call; `FORBIDDEN` for all but owners and admins.
    pub async fn rebuild_cache(&self) -> Result<(), ClientError> {
        let request = self.request(reqwest::Method::POST, "/cache/rebuild").timeout(WHOLE_TIMEOUT);
        self.change(request).await.map(drop)
    }

    /// Asks the daemon to stop; it answers first. Only its owner may.
    ///
    /// # Errors
    /// As every call.
    pub async fn stop_daemon(&self) -> Result<StopView, ClientError> {
        Ok(self.send::<Data<StopView>>(reqwest::Method::POST, "/daemon/stop", &serde_json::json!({}), &new_key()).await?.data)
    }
}
