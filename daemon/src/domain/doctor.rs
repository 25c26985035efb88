//! What is well, what somebody should know, and what needs a hand: from facts to one sentence and its repair.
//!
//! Each function is one check of `afenda doctor`. Facts that could not be had come as an error in words; what depends on them is then said to
//! be unchecked, never left out and never well.

use api::doctor::{Check, CheckState};
use api::status::{LinkState, OutboxCounts, RateView};

use super::versions::{self, Version, lacking, shown};
use super::webhook::{EVENTS, GUARDS, SIGNS, guards_private, signs};

/// A clock off by more than this is worth a look; windows and ages are then off by as much.
const SKEW_WARN_S: i64 = 5;
/// Less free space than this: the store cannot commit for long.
const FREE_MIN: u64 = 100 * MIB;
/// Less than this, or less than the store is large: it may fill soon, and cannot be copied beside itself.
const FREE_WARN: u64 = 1024 * MIB;
const MIB: u64 = 1024 * 1024;
/// So many missed rounds in a row: what is shown is no longer current.
const ROUNDS_MISSED: u64 = 5;
/// Names listed in one sentence; the rest is a number.
const NAMES_MAX: usize = 5;

/// All is well.
pub fn ok(name: &str, message: impl Into<String>) -> Check {
    Check { name: name.to_owned(), state: CheckState::Ok, message: message.into(), repair: None }
}

/// It works; somebody should know.
pub fn warn(name: &str, message: impl Into<String>, repair: impl Into<String>) -> Check {
    Check { name: name.to_owned(), state: CheckState::Warn, message: message.into(), repair: Some(repair.into()) }
}

/// It does not work.
pub fn fail(name: &str, message: impl Into<String>, repair: impl Into<String>) -> Check {
    Check { name: name.to_owned(), state: CheckState::Fail, message: message.into(), repair: Some(repair.into()) }
}

/// It could not be looked at.
pub fn unchecked(name: &str, because: &str) -> Check {
    warn(name, format!("not checked: {because}"), "put the other checks right, then run `afenda doctor` again")
}

/// What the server says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Server {
    /// Its version as it says it.
    pub version: String,
    /// The same in numbers; `None` for a development version.
    pub parts: Option<Version>,
    /// Whether its job queue is down.
    pub queue_down: bool,
    /// Whether it says that its database is down.
    pub data_down: bool,
    /// Its clock minus ours, in seconds.
    pub skew_s: i64,
}

/// Whether Chatwoot answers, and in a version that was checked.
pub fn chatwoot(url: &str, server: Result<&Server, &str>) -> Check {
    const NAME: &str = "chatwoot";
    let server = match server {
        Ok(server) => server,
        Err(why) => {
            return fail(
                NAME,
                why,
                format!("see on the daemon's machine that {url}/api shows a version; then check chatwoot.url, the network and proxies"),
            );
        }
    };
    let version = &server.version;
    let Some(parts) = server.parts else {
        return warn(
            NAME,
            format!("{url} runs Chatwoot `{version}`, which is no release: afenda trusts it with as little as the oldest"),
            "run a release of Chatwoot",
        );
    };
    if parts < versions::OLDEST {
        let oldest = shown(versions::OLDEST);
        return fail(
            NAME,
            format!("{url} runs Chatwoot {version}, afenda needs {oldest} or newer"),
            format!("update Chatwoot to {oldest} or newer"),
        );
    }
    if server.queue_down {
        return fail(
            NAME,
            format!("{url} runs Chatwoot {version}, and says that its queue is down: it sends no messages, events or webhooks"),
            "look at Chatwoot's Redis and Sidekiq",
        );
    }
    if server.data_down {
        return warn(
            NAME,
            format!(
                "{url} runs Chatwoot {version}, and says that its database is failing, as it also does for a while after it was started"
            ),
            "run `afenda doctor` again in some minutes; then look at Chatwoot's PostgreSQL",
        );
    }
    let newer = if parts > versions::NEWEST {
        format!(", newer than {}, the newest that was checked", shown(versions::NEWEST))
    } else {
        String::new()
    };
    ok(NAME, format!("{url} runs Chatwoot {version}{newer}"))
}

/// What this Chatwoot is too old for, one check each; one that is well where it lacks nothing.
pub fn lacks(server: Result<&Server, &str>) -> Vec<Check> {
    const NAME: &str = "lacks";
    let parts = match server.map(|server| server.parts) {
        Ok(Some(parts)) if parts >= versions::OLDEST => parts,
        Ok(_) => return vec![unchecked(NAME, "this version of Chatwoot is not known")],
        Err(_) => return vec![unchecked(NAME, "the version of Chatwoot is not known")],
    };
    let checks: Vec<Check> = lacking(parts)
        .map(|lack| warn(NAME, format!("{}: {}", lack.says, lack.does), format!("update Chatwoot to {} or newer", shown(lack.since))))
        .collect();
    if checks.is_empty() { vec![ok(NAME, "this Chatwoot has everything that afenda makes use of")] } else { checks }
}

/// How far a clock is ahead that showed `theirs` at some moment between `sent` and `answered` of ours; whole seconds, all of them.
pub fn skew_s(theirs: i64, sent: i64, answered: i64) -> i64 {
    if theirs > answered { theirs - answered } else { (theirs - sent).min(0) }
}

/// Whether both clocks agree. Webhooks whose time is off by more than `tolerance_s` are refused.
pub fn clock(server: Result<&Server, &str>, tolerance_s: i64) -> Check {
    const NAME: &str = "clock";
    const REPAIR: &str = "set both clocks by NTP";
    let Ok(server) = server else { return unchecked(NAME, "Chatwoot's clock is not known") };
    let off = server.skew_s.abs();
    let text = format!("Chatwoot's clock is {off} s {} the daemon's", if server.skew_s < 0 { "behind" } else { "before" });
    if off >= tolerance_s.max(SKEW_WARN_S) {
        fail(NAME, format!("{text}: webhooks are refused, from {tolerance_s} s on (sync.webhook_tolerance_s)"), REPAIR)
    } else if off > SKEW_WARN_S {
        warn(NAME, text, REPAIR)
    } else {
        ok(NAME, format!("Chatwoot's clock and the daemon's agree within {SKEW_WARN_S} s"))
    }
}

/// What is left of Chatwoot's limit, as far as it is ours.
pub fn rate(taken: &RateView) -> Check {
    const NAME: &str = "rate";
    const REPAIR: &str = "give afenda more of it (sync.rate_share), or raise it on the server (RACK_ATTACK_LIMIT)";
    let Some(limit) = taken.limit else { return ok(NAME, format!("{} requests in this minute, no limit known", taken.used)) };
    let text = format!("{} of {limit} requests in this minute", taken.used);
    if let Some(until) = taken.paused_until {
        warn(NAME, format!("{text}; Chatwoot refused one, nothing is asked until {until:.0}"), REPAIR)
    } else if taken.used >= limit {
        warn(NAME, format!("{text}: what is asked waits for the next one"), REPAIR)
    } else {
        ok(NAME, text)
    }
}

/// Whether the service token works, and is an administrator's; `Ok` names its user.
pub fn token(account_id: i64, user: Result<&str, &str>) -> Check {
    match user {
        Ok(user) => ok("token", format!("it is of {user}, an administrator of account {account_id}")),
        Err(why) => fail(
            "token",
            why,
            "put the access token of an administrator of the account (Chatwoot: profile settings) into chatwoot.token_file or CHATWOOT_API_TOKEN",
        ),
    }
}

/// An inbox, as automatic assignment sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbox {
    /// Its name.
    pub name: String,
    /// Whether the sync user is in it.
    pub member: bool,
    /// Whether it gives conversations to members who are online.
    pub assigns: bool,
}

/// What decides whether the sync user is given conversations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The sync user.
    pub user: String,
    /// The account's inboxes.
    pub inboxes: Vec<Inbox>,
    /// Inboxes beyond those that were looked at.
    pub inboxes_left: usize,
    /// Open conversations that it holds now.
    pub open: u64,
    /// Whether afenda holds a websocket, which makes its user count as online.
    pub websocket: bool,
}

const WHICH_USER: &str = "take the token of an administrator who is a member of no inbox: it sees everything and is assigned nothing";

/// Whether the sync user is, or would be, assigned customers' conversations (section 11.4).
pub fn assignment(facts: Result<&Assignment, &str>) -> Check {
    const NAME: &str = "assignment";
    let facts = match facts {
        Ok(facts) => facts,
        Err(why) => return unchecked(NAME, why),
    };
    let user = &facts.user;
    if facts.open > 0 {
        return warn(
            NAME,
            format!("{} open conversations are assigned to {user}, the user afenda syncs with", facts.open),
            format!("give them to somebody else; then {WHICH_USER}"),
        );
    }
    let member: Vec<&Inbox> = facts.inboxes.iter().filter(|inbox| inbox.member).collect();
    let assigned: Vec<&str> = member.iter().filter(|inbox| inbox.assigns).map(|inbox| inbox.name.as_str()).collect();
    if !assigned.is_empty() {
        let (names, when) = (names(&assigned), if facts.websocket { "is" } else { "would be, whenever online," });
        return warn(
            NAME,
            format!("{user}, the user afenda syncs with, {when} assigned conversations in: {names}"),
            format!("{WHICH_USER}; or take it out of these inboxes, or switch off automatic assignment there"),
        );
    }
    if facts.inboxes_left > 0 {
        return unchecked(NAME, &format!("there are {} more inboxes than are looked at", facts.inboxes_left));
    }
    match member.len() {
        0 => ok(NAME, format!("{user} is a member of no inbox: nothing is assigned to the user afenda syncs with")),
        n => ok(NAME, format!("{user} is a member of {n} inboxes, none of which assigns by itself")),
    }
}

fn names(all: &[&str]) -> String {
    let first = all.get(..NAMES_MAX).unwrap_or(all).join(", ");
    if all.len() > NAMES_MAX { format!("{first} and {} more", all.len() - NAMES_MAX) } else { first }
}

/// How the sync stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sync {
    /// The link to Chatwoot.
    pub link: LinkState,
    /// What is wrong with it.
    pub message: Option<String>,
    /// Whether the first copy is done.
    pub copied: bool,
    /// Seconds since everything was last known to be as Chatwoot has it.
    pub lag_s: Option<u64>,
    /// Seconds between two rounds.
    pub interval_s: u64,
    /// Whether a websocket is to be held.
    pub websocket: bool,
}

/// Whether what is shown is current.
pub fn sync(facts: &Sync) -> Check {
    const NAME: &str = "sync";
    let message = || facts.message.clone().unwrap_or_else(|| format!("the link to Chatwoot is {}", facts.link));
    match (facts.link, facts.lag_s) {
        (LinkState::NotConfigured, _) => fail(NAME, message(), "set [chatwoot] in config.toml; config.example.toml shows it"),
        (LinkState::Connecting, _) => warn(NAME, "the daemon is still connecting to Chatwoot", "run `afenda doctor` again in a moment"),
        (LinkState::Offline, _) => fail(NAME, message(), "see the check `chatwoot`; what was written meanwhile leaves when it is back"),
        (LinkState::Refused, _) => fail(NAME, message(), "see the checks `chatwoot` and `token`; afenda looks again every minute"),
        (LinkState::Live | LinkState::Polling, _) if !facts.copied => {
            ok(NAME, "the first copy is still under way; the newest conversations are there already")
        }
        (LinkState::Live | LinkState::Polling, Some(lag)) if lag > facts.interval_s.saturating_mul(ROUNDS_MISSED) => warn(
            NAME,
            format!("everything was last compared with Chatwoot {lag} s ago"),
            "see the daemon's log, and whether Chatwoot is slow or its rate limit narrow",
        ),
        (LinkState::Live | LinkState::Polling, Some(lag)) => ok(NAME, format!("everything was as Chatwoot has it {lag} s ago")),
        (LinkState::Live | LinkState::Polling, None) => ok(NAME, "the first comparison with Chatwoot is under way"),
    }
}

/// Whether changes come at once.
pub fn websocket(facts: &Sync) -> Check {
    const NAME: &str = "websocket";
    if !facts.websocket {
        return ok(NAME, "switched off (sync.websocket): webhooks and rounds bring changes");
    }
    match facts.link {
        LinkState::Live => ok(NAME, "confirmed: changes come at once"),
        LinkState::Polling => warn(
            NAME,
            facts.message.clone().unwrap_or_else(|| "not confirmed yet".to_owned()),
            "let proxies before Chatwoot pass websockets at /cable; until then rounds and webhooks bring changes",
        ),
        _ => unchecked(NAME, "the link to Chatwoot does not stand"),
    }
}

/// A webhook of the account, as far as it has to do with this daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Where it goes.
    pub url: String,
    /// Whether that is this tenant's receiver, going by the path.
    pub ours: bool,
    /// Whether it is a receiver of afenda's, though not this one.
    pub other_receiver: bool,
    /// Whether the address is private, as far as it can be told without asking a name server.
    pub private: bool,
    /// What it is subscribed to.
    pub subscriptions: Vec<String>,
    /// Whether its secret is among those that are verified with; `None` where the server shows none.
    pub secret_known: Option<bool>,
}

/// Whether the account webhook is set up right, if there is one. `unsigned`: calls without a signature are believed, where a server signs none.
/// `last`: seconds since a call was last taken, where one was.
pub fn webhook(hooks: Result<&[Webhook], &str>, version: Option<Version>, websocket: bool, unsigned: bool, last: Option<i64>) -> Check {
    const NAME: &str = "webhook";
    let hooks = match hooks {
        Ok(hooks) => hooks,
        Err(why) => return unchecked(NAME, why),
    };
    let set_up = "run `afenda webhooks install` with the address at which Chatwoot reaches the daemon";
    let ours: Vec<&Webhook> = hooks.iter().filter(|hook| hook.ours).collect();
    let hook = match ours.as_slice() {
        [hook] => hook,
        [] => {
            if let Some(other) = hooks.iter().find(|hook| hook.other_receiver) {
                return warn(NAME, format!("a webhook goes to {}, a receiver of afenda's that is not this tenant's", other.url), set_up);
            }
            return if websocket {
                ok(NAME, "none is set up; the websocket brings changes")
            } else {
                warn(NAME, "none is set up and the websocket is switched off: changes come with the rounds", set_up)
            };
        }
        [first, ..] => {
            let text =
                format!("{} webhooks go to this tenant's receiver, the first to {}: everything arrives as often", ours.len(), first.url);
            return warn(NAME, text, "remove all but one in Chatwoot, Settings → Integrations → Webhooks");
        }
    };
    let url = &hook.url;
    if hook.secret_known == Some(false) && signs(version) != Some(false) {
        return fail(
            NAME,
            format!("{url} is signed with a secret that the daemon does not know: every call is refused"),
            "run `afenda webhooks install`, which keeps the secret",
        );
    }
    if !unsigned && signs(version) == Some(false) {
        return warn(
            NAME,
            format!("{url} is called without signatures by this Chatwoot: the calls are refused unless the configuration allows that"),
            format!("update Chatwoot to {} or newer, or remove the webhook: the websocket brings changes", shown(SIGNS)),
        );
    }
    let missing: Vec<&str> = EVENTS.into_iter().filter(|wanted| !hook.subscriptions.iter().any(|has| has == wanted)).collect();
    if !missing.is_empty() {
        return warn(
            NAME,
            format!("{url} is not subscribed to: {}", missing.join(", ")),
            "run `afenda webhooks install`, which subscribes it to them",
        );
    }
    if hook.private && guards_private(version) {
        return warn(
            NAME,
            format!("{url} is a private address, which Chatwoot refuses to call from {} on", shown(GUARDS)),
            "give the daemon a public address, set SAFE_FETCH_ALLOW_PRIVATE_NETWORK in Chatwoot (4.14.1), or remove the webhook: the websocket brings changes",
        );
    }
    let last = last.map_or("nothing came yet".to_owned(), |seconds| format!("the last call came {seconds} s ago"));
    ok(NAME, format!("{url} is subscribed to everything that matters; {last}"))
}

/// The outbox.
pub fn outbox(counts: OutboxCounts) -> Check {
    const NAME: &str = "outbox";
    let OutboxCounts { queued, failed, held } = counts;
    if failed + held > 0 {
        let text = format!("{failed} entries failed and {held} are held, for their outcome is not known");
        return warn(NAME, text, "`afenda outbox list` says why; then retry or cancel each");
    }
    ok(NAME, format!("{queued} entries are on their way, none failed"))
}

/// What became of checking an agent's own token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentToken {
    /// There is none: the agent's replies go out as the service user.
    None,
    /// It is this agent's and works.
    Works,
    /// It works, and is of somebody else, named here.
    SomebodyElse(String),
    /// It works, and its user is not in the account.
    NotMember,
    /// Chatwoot rejects it.
    Rejected,
    /// It could not be asked.
    Unknown(String),
}

/// A user of afenda that the configuration links to an agent of Chatwoot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// The user.
    pub user: String,
    /// Whether such an agent is known.
    pub found: bool,
    /// The own token.
    pub token: AgentToken,
}

/// Linked agents: one check for each that is not well, or one for all of them.
pub fn agents(agents: &[Agent]) -> Vec<Check> {
    const NAME: &str = "agents";
    let checks: Vec<Check> = agents.iter().filter_map(|agent| unwell(NAME, agent)).collect();
    if !checks.is_empty() {
        return checks;
    }
    let own = agents.iter().filter(|agent| agent.token == AgentToken::Works).count();
    vec![ok(NAME, format!("{} users are linked to agents of Chatwoot, {own} with a token of their own that works", agents.len()))]
}

fn unwell(name: &str, agent: &Agent) -> Option<Check> {
    let user = &agent.user;
    Some(match &agent.token {
        AgentToken::Rejected => fail(
            name,
            format!("Chatwoot rejects the own token of user `{user}`: what they write fails"),
            format!("copy it again from their profile settings in Chatwoot into chatwoot_token_file of user `{user}`"),
        ),
        AgentToken::NotMember => fail(
            name,
            format!("the own token of user `{user}` is of somebody who is not in this account"),
            format!("take the token of their agent in this account for user `{user}`"),
        ),
        AgentToken::SomebodyElse(other) => fail(
            name,
            format!("the own token of user `{user}` is of {other}: what they write is shown as written by {other}"),
            format!("take the token of their own agent, or link user `{user}` to {other}"),
        ),
        AgentToken::Unknown(why) => unchecked(name, &format!("the own token of user `{user}`: {why}")),
        AgentToken::None | AgentToken::Works if !agent.found => warn(
            name,
            format!("user `{user}` is linked to an agent that this account does not have"),
            format!("check chatwoot_email or chatwoot_agent_id of user `{user}`, and that the agent was invited"),
        ),
        AgentToken::None | AgentToken::Works => return None,
    })
}

/// What looking through the store's file came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Integrity {
    /// No damage anywhere.
    Whole,
    /// No damage as far as there was time to look.
    SoFar {
        /// Seconds it was looked at.
        seconds: u64,
    },
    /// What SQLite found.
    Damaged(String),
}

/// Whether the store's file is whole. `bytes` is its size with its journal.
pub fn store(found: Result<&Integrity, &str>, bytes: u64) -> Check {
    const NAME: &str = "store";
    const REPAIR: &str = "stop the daemon, keep a copy of its data directory, and start with an empty one: it is filled from Chatwoot again; \
                          approvals and audit rows are only in the copy";
    let size = size(bytes);
    match found {
        Ok(Integrity::Whole) => ok(NAME, format!("{size}, and whole")),
        Ok(Integrity::SoFar { seconds }) => ok(NAME, format!("{size}, and whole as far as could be looked at in {seconds} s")),
        Ok(Integrity::Damaged(what)) => fail(NAME, format!("the store is damaged: {what}"), REPAIR),
        Err(why) => fail(NAME, format!("the store cannot be read: {why}"), "look at the daemon's log and at its data directory"),
    }
}

/// Whether the search index says what the messages do.
pub fn index(found: Result<&(), &str>) -> Check {
    const NAME: &str = "index";
    match found {
        Ok(()) => ok(NAME, "the search index has every word of every message"),
        Err(why) => fail(NAME, format!("the search index is damaged: {why}"), "run `afenda cache rebuild`"),
    }
}

/// Whether there is room for the store to grow; `Ok` is the free space in bytes.
pub fn disk(folder: &str, free: Result<u64, &str>, store_bytes: u64) -> Check {
    const NAME: &str = "disk";
    const REPAIR: &str = "free some space, or give another data directory";
    let free = match free {
        Ok(free) => free,
        Err(why) => return unchecked(NAME, &format!("the free space of {folder} is not known: {why}")),
    };
    let text = format!("{} free in {folder}", size(free));
    if free < FREE_MIN {
        fail(NAME, format!("only {text}: the store will soon take no more changes"), REPAIR)
    } else if free < FREE_WARN.max(store_bytes) {
        warn(NAME, format!("only {text}"), REPAIR)
    } else {
        ok(NAME, text)
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..MIB => format!("{} KiB", bytes.div_ceil(1024)),
        MIB..0x4000_0000 => format!("{} MiB", bytes / MIB),
        _ => format!("{:.1} GiB", bytes as f64 / (1024 * MIB) as f64),
    }
}

/// Settings that have no effect, and what the sync said: one check each.
pub fn warnings(name: &str, texts: &[String]) -> Vec<Check> {
    texts.iter().map(|text| Check { name: name.to_owned(), state: CheckState::Warn, message: text.clone(), repair: None }).collect()
}

#[cfg(test)]
mod tests;
