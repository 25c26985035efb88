//! What the rest of the daemon asks of a running sync.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use api::event::TypingHeard;
use api::status::{LinkState, LinkView, Progress, RateView, Rounds, SinceRounds};
use chatwoot::Client;
use chatwoot::error::Error;
use chatwoot::model::ApiInfo;
use tokio::sync::broadcast;
use tokio_util::task::TaskTracker;

use super::link::Failure;
use super::{ASSIGNED, Core, lock, reread};
use crate::clock::{Micros, SECOND};
use crate::domain::rate::Class;

/// A read-through takes this long at most: a person waits for it.
const FRESH_LIMIT: Duration = Duration::from_secs(15);
/// A running sync. Cheap to clone.
#[derive(Clone, Debug)]
pub struct SyncHandle {
    pub(super) core: Arc<Core>,
    pub(super) tasks: TaskTracker,
    /// Chatwoot is not to be asked: whoever holds this wants what is kept.
    pub(super) kept_only: bool,
}

impl SyncHandle {
    /// The same, which asks Chatwoot nothing.
    pub(crate) fn of_what_is_kept(&self) -> Self {
        Self { kept_only: true, ..self.clone() }
    }

    /// Whether Chatwoot may be asked, should it answer.
    pub(crate) fn may_ask(&self) -> bool {
        !self.kept_only
    }

    /// Why Chatwoot is not asked now, for people.
    pub(super) fn away(&self) -> String {
        if self.kept_only {
            return "only what is kept was asked for".to_owned();
        }
        lock(&self.core.link).state().1.unwrap_or_else(|| "Chatwoot was not reached yet".to_owned())
    }

    /// Who writes where, from now on.
    pub fn writing(&self) -> broadcast::Receiver<TypingHeard> {
        self.core.writing.subscribe()
    }

    /// Something was put into the outbox, or may leave earlier than it was.
    pub fn wake_outbox(&self) {
        self.core.wake.outbox.notify_one();
    }

    /// A webhook was kept.
    pub fn wake_webhooks(&self) {
        self.core.wake.webhooks.notify_one();
    }

    /// Compares with Chatwoot now, or tries to reach it now.
    pub fn refresh(&self) {
        self.core.wake.reconcile.notify_one();
        self.core.wake.rereads.notify_one();
    }

    /// Compares with Chatwoot now, through everything.
    pub fn refresh_deep(&self) {
        self.core.wake.deep.notify_one();
        self.refresh();
    }

    /// Reads what was active since then, by our clock, once more. Reads that were asked for and have not begun are one: the longest of them.
    pub fn refresh_since(&self, since: Micros) {
        self.core.want_since(since);
        self.refresh();
    }

    /// How reading what was active since a moment stands.
    pub fn since(&self) -> SinceRounds {
        lock(&self.core.rounds).since.view.clone()
    }

    /// Rounds so far, shallow and deep, and how many seconds ago everything was last known to be as Chatwoot has it.
    pub fn rounds(&self) -> (Rounds, Rounds, Option<u64>) {
        let rounds = lock(&self.core.rounds).clone();
        let lag = self.as_of().map(|at| u64::try_from((self.core.now() - at) / SECOND).unwrap_or_default());
        (rounds.shallow, rounds.deep, lag)
    }

    /// Up to when everything is known to be as Chatwoot has it, by our clock: now while the websocket stands, else the beginning of the last
    /// complete comparison.
    pub fn as_of(&self) -> Option<Micros> {
        let compared = *self.core.compared.borrow();
        let live = lock(&self.core.link).state().0 == LinkState::Live;
        compared.map(|at| if live { self.core.now() } else { at })
    }

    /// Compares with Chatwoot and waits for it.
    ///
    /// # Errors
    /// What is wrong with the link, in words.
    pub async fn read_through(&self) -> Result<(), String> {
        let asked = self.core.now();
        let mut compared = self.core.compared.subscribe();
        self.refresh();
        match tokio::time::timeout(FRESH_LIMIT, compared.wait_for(|at| at.is_some_and(|at| at >= asked))).await {
            Ok(_) => Ok(()),
            Err(_) => Err(lock(&self.core.link).state().1.unwrap_or_else(|| "Chatwoot does not answer in time".to_owned())),
        }
    }

    /// Reads one conversation and its newest messages from Chatwoot.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub async fn read_through_conversation(&self, id: i64) -> Result<(), String> {
        let read = async {
            reread::conversation(&self.core, Class::Person, id).await?;
            reread::newest_messages(&self.core, Class::Person, id).await
        };
        match tokio::time::timeout(FRESH_LIMIT, read).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(Failure::Refused(why) | Failure::Later(why, _))) => Err(why),
            Err(_) => Err("Chatwoot does not answer in time".to_owned()),
        }
    }

    /// The version that this Chatwoot said last, to this process or an earlier one.
    pub(crate) fn version(&self) -> crate::domain::webhook::Version {
        let version = lock(&self.core.link).version.clone()?;
        ApiInfo { version, ..ApiInfo::default() }.version_parts()
    }

    /// Whether Chatwoot may be asked: the account was checked and is the one that the store belongs to, and more than what is kept is wanted.
    pub(crate) fn is_ready(&self) -> bool {
        !self.kept_only && *self.core.ready.borrow()
    }

    /// A call of Chatwoot's API for somebody who waits for it, under the limits of the sync's own calls.
    pub(crate) async fn ask<T, F, Fut>(&self, ask: F) -> Result<T, Error>
    where
        F: FnMut(Client) -> Fut,
        Fut: Future<Output = Result<T, Error>>,
    {
        self.core.call_for_person(ask).await
    }

    /// What a failed call means, for people; `true` with it where somebody must act before it can succeed.
    pub(crate) fn explain(&self, err: &Error) -> (bool, String) {
        match self.core.failure(err) {
            Failure::Refused(why) => (true, why),
            Failure::Later(why, _) => (false, why),
        }
    }

    /// How the link stands.
    pub fn link(&self) -> LinkView {
        lock(&self.core.link).view(&self.core.cx.chatwoot)
    }

    /// How far the first copy has come.
    pub fn progress(&self) -> Progress {
        lock(&self.core.progress).clone()
    }

    /// Canned responses by code as Chatwoot has them now: code and text.
    ///
    /// # Errors
    /// What keeps Chatwoot from answering.
    pub async fn canned_responses(&self) -> Result<Vec<(String, String)>, Error> {
        let rows = self.core.call_for_person(|client| async move { client.canned_responses().await }).await?;
        let mut rows: Vec<_> = rows.into_iter().map(|row| (row.short_code, row.content)).collect();
        rows.sort();
        Ok(rows)
    }

    /// What is taken of Chatwoot's limits.
    pub fn rate(&self) -> RateView {
        self.core.rate.view()
    }

    /// What somebody should know, sorted.
    pub fn warnings(&self) -> Vec<String> {
        lock(&self.core.warnings).values().cloned().collect()
    }

    /// The same without what one of the checks of `afenda doctor` says better: whether the sync user is assigned conversations.
    pub(crate) fn warnings_unchecked(&self) -> Vec<String> {
        lock(&self.core.warnings).iter().filter(|(about, _)| **about != ASSIGNED).map(|(_, text)| text.clone()).collect()
    }

    /// Returns when every task has ended after `stop`.
    pub async fn finished(&self) {
        self.tasks.wait().await;
    }
}
