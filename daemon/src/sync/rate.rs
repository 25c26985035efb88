//! The line before each Chatwoot server: `domain::rate`'s rule with a clock, and tasks that wait.
//!
//! One [`Rates`] a daemon, so that tenants of one server share its limit. Never here: what a refusal means for the call that got it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::status::RateView;
use chatwoot::BaseUrl;
use tokio::sync::Notify;

use super::lock;
use crate::clock::{Clock, Micros, timestamp};
use crate::config;
use crate::domain::rate::{ALL, Class, Kind, Limits, Server};

/// The lines before all servers, by address. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Rates(Arc<Mutex<HashMap<String, Arc<Line>>>>);

/// The line before one server.
#[derive(Debug)]
struct Line {
    server: Mutex<Server>,
    /// A turn was taken, or somebody left: the next may be anybody's.
    moved: Notify,
}

impl Rates {
    /// The place of one more account before its server. Settings of the first tenant of a server count for all.
    pub(super) fn of(&self, url: &str, sync: &config::Sync, clock: &Clock) -> Rate {
        let base = BaseUrl::parse(url);
        // Chatwoot exempts its own machine (section 3); one that does not is heard when it refuses.
        let exempt = base.as_ref().is_ok_and(BaseUrl::is_loopback);
        let name = base.map_or_else(|_| url.to_owned(), |base| base.to_string());
        let per_minute = sync.rate_limit_per_minute.or((!exempt).then_some(ALL));
        let limits = Limits { per_minute, share: sync.rate_share };
        let fresh = || Arc::new(Line { server: Mutex::new(Server::new(limits)), moved: Notify::new() });
        let line = Arc::clone(lock(&self.0).entry(name).or_insert_with(fresh));
        let account = lock(&line.server).add();
        Rate { line, account, clock: clock.clone(), skew: Mutex::new(0), haste: Micros::from(sync.haste.max(1)) }
    }
}

/// One account's place before its server.
#[derive(Debug)]
pub(super) struct Rate {
    line: Arc<Line>,
    account: u64,
    clock: Clock,
    /// Chatwoot's clock minus ours: the windows are Chatwoot's.
    skew: Mutex<Micros>,
    /// How many times faster than Chatwoot's the windows pass here (see [`config::Sync::haste`]).
    haste: Micros,
}

impl Rate {
    fn now(&self) -> Micros {
        (self.clock.now() + *lock(&self.skew)) * self.haste
    }

    /// From now until then.
    fn until(&self, at: Micros, now: Micros) -> Duration {
        Duration::from_micros(u64::try_from(at.saturating_sub(now) / self.haste).unwrap_or_default())
    }

    /// Chatwoot's clock is known better.
    pub(super) fn set_skew(&self, skew: Micros) {
        *lock(&self.skew) = skew;
    }

    /// Returns when a request may leave, and counts it.
    pub(super) async fn pass(&self, class: Class, kind: Kind) {
        let place = Place { line: &self.line, ticket: lock(&self.line.server).join(self.account, class, kind) };
        loop {
            // Listens before it asks: a turn taken in between wakes it.
            let moved = self.line.moved.notified();
            let now = self.now();
            let Err(at) = lock(&self.line.server).ask(now, place.ticket) else { return };
            tokio::select! {
                () = tokio::time::sleep(self.until(at, now)) => {}
                () = moved => {}
            }
        }
    }

    /// Chatwoot refused a request for there were too many.
    pub(super) fn refused(&self, kind: Kind) {
        let now = self.now();
        lock(&self.line.server).refused(now, self.account, kind);
        self.line.moved.notify_waiters();
    }

    /// How long nothing is asked, after a refusal.
    pub(super) fn closed_for(&self) -> Option<Duration> {
        let now = self.now();
        lock(&self.line.server).taken(now, self.account).closed_until.map(|at| self.until(at, now))
    }

    pub(super) fn view(&self) -> RateView {
        let now = self.now();
        let taken = lock(&self.line.server).taken(now, self.account);
        let paused_until = taken.closed_until.map(|at| timestamp(at / self.haste - *lock(&self.skew)));
        RateView { limit: taken.limit, used: taken.used, paused_until }
    }
}

/// A place in the line, left when the wait is given up.
struct Place<'a> {
    line: &'a Line,
    ticket: u64,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        lock(&self.line.server).leave(self.ticket);
        self.line.moved.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_person_passes_a_copy_that_waits_and_who_gives_up_leaves_the_line() {
        let clock = Clock::manual(1_000_000_000_020_000_000); // A window begins.
        let sync = config::Sync { rate_limit_per_minute: Some(10), rate_share: 100, ..config::Sync::default() };
        let rates = Rates::default();
        let (one, two) = (rates.of("http://127.0.0.1:1/", &sync, &clock), rates.of("http://127.0.0.1:1", &sync, &clock));
        one.pass(Class::Copy, Kind::Plain).await;
        // The burst is over: a copy of either account waits, a person does not.
        let waits = tokio::time::timeout(Duration::from_millis(20), two.pass(Class::Copy, Kind::Plain)).await;
        assert!(waits.is_err());
        two.pass(Class::Person, Kind::Plain).await;
        clock.advance(59_000_000);
        one.pass(Class::Copy, Kind::Plain).await;
        assert_eq!((one.view().used, two.view().used), (2, 1));
        // Another server is another line.
        let elsewhere = rates.of("http://127.0.0.1:2", &sync, &clock);
        elsewhere.pass(Class::Copy, Kind::Plain).await;
        // A refusal is the account's that got it.
        one.refused(Kind::Plain);
        assert!(one.closed_for().is_some() && one.view().paused_until.is_some());
        assert_eq!((two.closed_for(), elsewhere.closed_for()), (None, None));
    }
}
