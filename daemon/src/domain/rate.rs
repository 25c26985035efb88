//! How many requests one Chatwoot server gets from us, and whose go first.
//!
//! Chatwoot counts in fixed windows aligned to the epoch and says nothing but 429 when one is full (section 3): so we count too, take a
//! share, and after a refusal take less from the next window on. All tenants of one server share its limit in turn; a refusal is held
//! against the account it was given to alone, because some of Chatwoot's limits are an account's. Time is Chatwoot's, in microseconds.

use std::collections::BTreeMap;

/// Chatwoot's windows that matter here are minutes.
pub const PERIOD: i64 = 60_000_000;
/// Requests a minute and address that Chatwoot takes as shipped.
pub const ALL: u32 = 3000;
/// Searches for contacts a minute and account.
pub const SEARCH: u32 = 100;
/// Counts of conversations a minute, token and account.
pub const META: u32 = 30;
/// After a refusal we wait this much longer than to the next window: clocks are known to a second.
const SLACK: i64 = 1_000_000;
/// Out of so many requests one is kept back for people: an agent's reply must not wait for the next window behind the copy.
const RESERVE: u32 = 5;
/// A copy may take this part of a window at once; the rest is spread over it, so that Chatwoot's own users do not feel it.
const BURST: u32 = 10;
/// A refusal never takes us below this part of the limit, and each window without one gives as much back.
const STEP: u32 = 20;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Somebody waits for it: their message, or what they look at.
    Person,
    /// Copying and comparing.
    Copy,
}

/// Which of Chatwoot's limits a request falls under, besides the one for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// No other.
    Plain,
    /// `contacts/search`.
    Search,
    /// `conversations/meta`.
    Meta,
}

/// What a server is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Its limit a minute; `None` = it has none, until it refuses: then it has [`ALL`].
    pub per_minute: Option<u32>,
    /// How much of each limit is ours, in percent.
    pub share: u32,
}

fn share(limit: u32, percent: u32) -> u32 {
    u32::try_from(u64::from(limit) * u64::from(percent) / 100).unwrap_or(u32::MAX).max(1)
}

/// One limit: what is allowed in a window, and what was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Throttle {
    /// What is ours of it.
    ceiling: u32,
    /// What we allow ourselves; `None` = anything.
    allowed: Option<u32>,
    window: i64,
    used: u32,
    /// Refused: nothing before then.
    closed_until: i64,
}

impl Throttle {
    fn new(ceiling: u32, limited: bool) -> Self {
        Self { ceiling, allowed: limited.then_some(ceiling), window: i64::MIN, used: 0, closed_until: i64::MIN }
    }

    /// Begins a window when its time has come; a clock that was set back begins one too.
    fn roll(&mut self, now: i64) {
        let window = now.div_euclid(PERIOD);
        if window == self.window {
            return;
        }
        // The window that the refusal led to is quiet by force; growth begins after it.
        let quiet = self.closed_until <= window.saturating_mul(PERIOD);
        if let Some(allowed) = self.allowed.as_mut().filter(|_| quiet) {
            *allowed = allowed.saturating_add(step(self.ceiling)).min(self.ceiling);
        }
        if self.closed_until > (window + 1).saturating_mul(PERIOD) + SLACK {
            self.closed_until = i64::MIN; // The clock was set back: that refusal is of another time.
        }
        (self.window, self.used) = (window, 0);
    }

    fn next_window(&self) -> i64 {
        (self.window + 1).saturating_mul(PERIOD)
    }

    /// Whether one more may leave now; else when to ask again.
    fn may(&mut self, now: i64, class: Class) -> Result<(), i64> {
        self.roll(now);
        if now < self.closed_until {
            return Err(self.closed_until);
        }
        let Some(allowed) = self.allowed else { return Ok(()) };
        let budget = match class {
            Class::Person => allowed,
            Class::Copy => (allowed - allowed.div_ceil(RESERVE).min(allowed - 1)).max(1),
        };
        if self.used >= budget {
            return Err(self.next_window());
        }
        let burst = (budget / BURST).max(1);
        if class == Class::Person || self.used < burst {
            return Ok(());
        }
        // Evenly over the window: the n-th beyond the burst when that part of it is over.
        let due = self.window * PERIOD + i64::from(self.used + 1 - burst) * PERIOD / i64::from(budget);
        if now >= due { Ok(()) } else { Err(due) }
    }

    /// Chatwoot refused one.
    fn refused(&mut self, now: i64) {
        self.roll(now);
        if now < self.closed_until {
            return; // Of the same window: told once already.
        }
        let from = self.allowed.unwrap_or(self.ceiling);
        // What was taken so far is what there was room for.
        self.allowed = Some((from / 2).min(self.used).max(step(self.ceiling)));
        self.closed_until = self.next_window() + SLACK;
    }
}

fn step(ceiling: u32) -> u32 {
    (ceiling / STEP).max(1)
}

/// One account on the server.
#[derive(Debug, Clone)]
struct Account {
    all: Throttle,
    search: Throttle,
    meta: Throttle,
    /// When it last had its turn, counted in turns.
    turn: u64,
}

impl Account {
    fn may(&mut self, now: i64, class: Class, kind: Kind) -> Result<(), i64> {
        self.all.may(now, class)?;
        match kind {
            Kind::Plain => Ok(()),
            Kind::Search => self.search.may(now, class),
            Kind::Meta => self.meta.may(now, class),
        }
    }
}

/// Somebody in the line.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    ticket: u64,
    account: u64,
    class: Class,
    kind: Kind,
}

/// One server: its limit, the accounts on it, and who waits.
#[derive(Debug, Clone)]
pub struct Server {
    limits: Limits,
    all: Throttle,
    accounts: BTreeMap<u64, Account>,
    line: Vec<Waiting>,
    tickets: u64,
    turns: u64,
}

/// What an account takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// What it allows itself a minute; `None` = anything.
    pub limit: Option<u32>,
    /// What it took in this minute.
    pub used: u32,
    /// Until when it asks nothing.
    pub closed_until: Option<i64>,
}

impl Server {
    /// A server of which nothing is known but its limits.
    pub fn new(limits: Limits) -> Self {
        let all = Throttle::new(share(limits.per_minute.unwrap_or(ALL), limits.share), limits.per_minute.is_some());
        Self { limits, all, accounts: BTreeMap::new(), line: Vec::new(), tickets: 0, turns: 0 }
    }

    /// One more account; its number.
    pub fn add(&mut self) -> u64 {
        let (percent, limited) = (self.limits.share, self.limits.per_minute.is_some());
        let account = Account {
            all: self.all.clone(),
            search: Throttle::new(share(SEARCH, percent), limited),
            meta: Throttle::new(share(META, percent), limited),
            turn: 0,
        };
        let id = self.accounts.len() as u64;
        self.accounts.insert(id, account);
        id
    }

    /// Joins the line; the ticket.
    pub fn join(&mut self, account: u64, class: Class, kind: Kind) -> u64 {
        self.tickets += 1;
        self.line.push(Waiting { ticket: self.tickets, account, class, kind });
        self.tickets
    }

    /// Leaves the line without having had a turn.
    pub fn leave(&mut self, ticket: u64) {
        self.line.retain(|waiting| waiting.ticket != ticket);
    }

    /// Whether the ticket's turn is now: then it is taken. Else when to ask again, at the latest; a turn of somebody else may bring it sooner.
    pub fn ask(&mut self, now: i64, ticket: u64) -> Result<(), i64> {
        let Some(me) = self.line.iter().find(|waiting| waiting.ticket == ticket).copied() else { return Ok(()) };
        let Some(account) = self.accounts.get_mut(&me.account) else { return Ok(()) };
        account.may(now, me.class, me.kind)?;
        self.all.may(now, me.class)?;
        let first = self.first(now);
        if first != Some(ticket) {
            return Err(now + SLACK);
        }
        self.leave(ticket);
        self.turns += 1;
        self.all.used += 1;
        if let Some(account) = self.accounts.get_mut(&me.account) {
            account.turn = self.turns;
            account.all.used += 1;
            match me.kind {
                Kind::Plain => {}
                Kind::Search => account.search.used += 1,
                Kind::Meta => account.meta.used += 1,
            }
        }
        Ok(())
    }

    /// Whose turn is next: people before copies, then the account that waited longest for a turn, then who came first. Those whose own limit
    /// is used up hold up nobody.
    fn first(&mut self, now: i64) -> Option<u64> {
        let mut best: Option<((Class, u64, u64), u64)> = None;
        for waiting in &self.line {
            let Some(account) = self.accounts.get_mut(&waiting.account) else { continue };
            if account.may(now, waiting.class, waiting.kind).is_err() {
                continue;
            }
            let key = (waiting.class, account.turn, waiting.ticket);
            if best.is_none_or(|(known, _)| key < known) {
                best = Some((key, waiting.ticket));
            }
        }
        best.map(|(_, ticket)| ticket)
    }

    /// Chatwoot refused a request of the account.
    pub fn refused(&mut self, now: i64, account: u64, kind: Kind) {
        let Some(account) = self.accounts.get_mut(&account) else { return };
        match kind {
            Kind::Plain => account.all.refused(now),
            Kind::Search => account.search.refused(now),
            Kind::Meta => account.meta.refused(now),
        }
    }

    /// What the account takes.
    pub fn taken(&mut self, now: i64, account: u64) -> Taken {
        let Some(account) = self.accounts.get_mut(&account) else { return Taken { limit: None, used: 0, closed_until: None } };
        account.all.roll(now);
        let closed = account.all.closed_until;
        Taken { limit: account.all.allowed, used: account.all.used, closed_until: (closed > now).then_some(closed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITED: Limits = Limits { per_minute: Some(200), share: 50 };

    /// Asks as often as it may until `until`; how many went.
    fn run(server: &mut Server, from: i64, until: i64, account: u64, class: Class, kind: Kind) -> u32 {
        let (mut now, mut went) = (from, 0);
        let mut ticket = server.join(account, class, kind);
        while now < until {
            match server.ask(now, ticket) {
                Ok(()) => {
                    went += 1;
                    ticket = server.join(account, class, kind);
                }
                Err(at) => {
                    assert!(at > now, "it is told to ask again at once");
                    now = at;
                }
            }
        }
        server.leave(ticket);
        went
    }

    #[test]
    fn a_copy_takes_its_share_spread_over_the_minute_and_leaves_some_for_people() {
        let mut server = Server::new(LIMITED);
        let account = server.add();
        // 200 a minute, half of it ours, a fifth of that for people.
        assert_eq!(run(&mut server, 0, PERIOD / 2, account, Class::Copy, Kind::Plain), 47);
        assert_eq!(run(&mut server, PERIOD / 2, PERIOD, account, Class::Copy, Kind::Plain), 33);
        assert_eq!(run(&mut server, PERIOD - 1, PERIOD, account, Class::Person, Kind::Plain), 20);
        assert_eq!(run(&mut server, PERIOD, 2 * PERIOD, account, Class::Copy, Kind::Plain), 80);
        assert_eq!(run(&mut server, 2 * PERIOD, 3 * PERIOD, account, Class::Copy, Kind::Search), 40);
        assert_eq!(run(&mut server, 3 * PERIOD, 4 * PERIOD, account, Class::Copy, Kind::Meta), 12);
    }

    #[test]
    fn a_refusal_waits_for_the_next_window_takes_less_and_grows_back() {
        let mut server = Server::new(LIMITED);
        let (account, other) = (server.add(), server.add());
        run(&mut server, 0, PERIOD / 4, account, Class::Copy, Kind::Plain);
        server.refused(PERIOD / 4, account, Kind::Plain);
        server.refused(PERIOD / 4 + 1, account, Kind::Plain); // The second of two on their way counts once.
        let told = server.taken(PERIOD / 4, account);
        assert_eq!((told.limit, told.closed_until), (Some(27), Some(PERIOD + SLACK)));
        assert_eq!(run(&mut server, PERIOD / 4, PERIOD, account, Class::Person, Kind::Plain), 0);
        // The other account goes on as before.
        assert_eq!(server.taken(PERIOD / 4, other), Taken { limit: Some(100), used: 0, closed_until: None });
        assert!(run(&mut server, PERIOD / 4, PERIOD, other, Class::Copy, Kind::Plain) > 40);
        let limits: Vec<_> = (1..=20).map(|n| server.taken(n * PERIOD + SLACK, account).limit.unwrap()).collect();
        assert_eq!((limits[0], limits[1], limits[2], limits[19]), (27, 32, 37, 100));
    }

    #[test]
    fn without_a_limit_nothing_waits_until_the_first_refusal() {
        let mut server = Server::new(Limits { per_minute: None, share: 50 });
        let account = server.add();
        for _ in 0..5000 {
            let ticket = server.join(account, Class::Copy, Kind::Plain);
            assert_eq!(server.ask(7, ticket), Ok(()));
        }
        server.refused(7, account, Kind::Plain);
        assert_eq!(server.taken(7, account).limit, Some(750));
    }

    #[test]
    fn people_go_first_and_accounts_take_turns() {
        let mut server = Server::new(Limits { per_minute: Some(60_000), share: 100 });
        let (a, b) = (server.add(), server.add());
        let line = [(a, Class::Copy), (a, Class::Copy), (a, Class::Copy), (b, Class::Copy), (b, Class::Copy), (a, Class::Person)];
        let mut tickets: Vec<_> = line.iter().map(|(account, class)| server.join(*account, *class, Kind::Plain)).collect();
        let mut order = Vec::new();
        while !tickets.is_empty() {
            let at = tickets.iter().position(|ticket| server.ask(0, *ticket).is_ok()).unwrap();
            order.push(tickets.remove(at));
        }
        assert_eq!(order, [6, 4, 1, 5, 2, 3]);
    }

    #[test]
    fn who_may_not_go_or_left_holds_up_nobody() {
        let mut server = Server::new(LIMITED);
        let (a, b) = (server.add(), server.add());
        server.refused(0, a, Kind::Plain);
        let (first, gone, second) = (
            server.join(a, Class::Person, Kind::Plain),
            server.join(b, Class::Person, Kind::Plain),
            server.join(b, Class::Copy, Kind::Plain),
        );
        assert!(server.ask(0, second).is_err());
        server.leave(gone);
        assert_eq!(server.ask(0, second), Ok(()));
        assert_eq!(server.ask(0, first), Err(PERIOD + SLACK));
    }

    proptest! {
        /// Whatever is asked and refused when: no window ever sees more than our share of the limit, two accounts together included.
        #[test]
        fn no_window_sees_more_than_the_share(
            limit in 1u32..500, percent in 1u32..=100,
            steps in prop::collection::vec((0i64..5_000_000, 0u64..2, any::<bool>(), 0u8..20), 1..400),
        ) {
            let mut server = Server::new(Limits { per_minute: Some(limit), share: percent });
            server.add();
            server.add();
            let (mut now, mut window, mut went) = (0, 0, 0);
            for (pause, account, person, refusal) in steps {
                now += pause;
                if now / PERIOD != window {
                    (window, went) = (now / PERIOD, 0);
                }
                if refusal == 0 {
                    server.refused(now, account, Kind::Plain);
                    prop_assert!(server.taken(now, account).limit.unwrap() >= 1);
                }
                let class = if person { Class::Person } else { Class::Copy };
                let ticket = server.join(account, class, Kind::Plain);
                match server.ask(now, ticket) {
                    Ok(()) => went += 1,
                    Err(at) => {
                        prop_assert!(at > now && at <= (window + 2) * PERIOD + SLACK);
                        server.leave(ticket);
                    }
                }
                prop_assert!(went <= share(limit, percent));
            }
        }
    }
}
