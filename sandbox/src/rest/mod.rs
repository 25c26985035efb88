//! The REST API: every route on one screen, and who may take it. Handlers live beside, by area.

mod account;
mod agents;
mod attributes;
mod automation;
mod bulk;
mod contacts;
mod contacts_more;
mod conversations;
mod csat;
mod filter;
mod inboxes;
mod labels;
mod messages;
mod notifications;
mod platform;
mod profile;
mod session;
mod teams;

use serde_json::{Value, json};

use crate::{
    http::{Call, Outcome, Refusal, Reply},
    params, public,
    state::{Actor, Conversation, Id, State, User},
    version::Version,
    wire,
    world::Role,
};

/// A handler's view of one call: the rows, the parameters and who asks.
pub(crate) struct Ctx<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) call: &'a Call,
    pub(crate) account: Id,
    pub(crate) who: Who,
    /// The path's variable pieces.
    ids: Vec<String>,
}

/// Whose token came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    User(Id),
    Bot(Id),
    Platform,
}

type Handler = fn(&mut Ctx<'_>) -> Outcome;

/// Whether a bot's token opens a route.
#[derive(Debug, Clone, Copy)]
enum Bots {
    Never,
    Always,
    /// [`Version::lets_bots_read`].
    Later,
}

/// A found route.
struct Route {
    handler: Handler,
    bots: Bots,
    ids: Vec<String>,
}

impl Route {
    fn admits(&self, who: Who, version: Version) -> bool {
        match (who, self.bots) {
            (Who::User(_), _) | (Who::Bot(_), Bots::Always) => true,
            (Who::Bot(_), Bots::Later) => version.lets_bots_read(),
            (Who::Bot(_) | Who::Platform, _) => false,
        }
    }
}

/// Whether the release has the route.
fn there(path: &[&str], version: Version) -> bool {
    match path {
        ["contacts", _, "attachments"] => version.lists_contact_files(),
        [.., "reset_secret"] => version.signs_inbox_webhooks(),
        _ => true,
    }
}

fn people(handler: Handler, ids: &[&str]) -> Option<Route> {
    Some(Route { handler, bots: Bots::Never, ids: ids.iter().map(|i| (*i).to_owned()).collect() })
}

fn bots(handler: Handler, ids: &[&str]) -> Option<Route> {
    Some(Route { bots: Bots::Always, ..people(handler, ids)? })
}

/// People, and bots since 4.14.2.
fn readers(handler: Handler, ids: &[&str]) -> Option<Route> {
    Some(Route { bots: Bots::Later, ..people(handler, ids)? })
}

/// Routes below `/api/v1/accounts/:account_id`.
fn account_route(method: &str, path: &[&str]) -> Option<Route> {
    match (method, path) {
        ("GET", []) => people(account::show, &[]),
        ("PUT" | "PATCH", []) => people(account::update, &[]),
        ("POST", ["update_active_at"]) => people(account::update_active_at, &[]),
        ("GET", ["cache_keys"]) => people(account::cache_keys, &[]),
        ("GET", ["assignable_agents"]) => people(inboxes::assignable, &[]),
        ("GET", ["webhooks"]) => people(account::webhooks, &[]),
        ("POST", ["webhooks"]) => people(account::create_webhook, &[]),
        ("PUT" | "PATCH", ["webhooks", id]) => people(account::update_webhook, &[id]),
        ("DELETE", ["webhooks", id]) => people(account::delete_webhook, &[id]),
        ("GET", ["canned_responses"]) => people(labels::canned, &[]),
        ("POST", ["canned_responses"]) => people(labels::create_canned, &[]),
        ("PUT" | "PATCH", ["canned_responses", id]) => people(labels::update_canned, &[id]),
        ("DELETE", ["canned_responses", id]) => people(labels::delete_canned, &[id]),
        ("GET", ["labels"]) => people(labels::list, &[]),
        ("POST", ["labels"]) => people(labels::create, &[]),
        ("GET", ["labels", id]) => people(labels::show, &[id]),
        ("PUT" | "PATCH", ["labels", id]) => people(labels::update, &[id]),
        ("DELETE", ["labels", id]) => people(labels::delete, &[id]),
        ("GET", ["custom_attribute_definitions"]) => people(attributes::list, &[]),
        ("POST", ["custom_attribute_definitions"]) => people(attributes::create, &[]),
        ("GET", ["custom_attribute_definitions", id]) => people(attributes::show, &[id]),
        ("PUT" | "PATCH", ["custom_attribute_definitions", id]) => people(attributes::update, &[id]),
        ("DELETE", ["custom_attribute_definitions", id]) => people(attributes::delete, &[id]),
        ("GET", ["csat_survey_responses"]) => people(csat::list, &[]),
        ("GET", ["csat_survey_responses", "metrics"]) => people(csat::metrics, &[]),
        ("GET", ["custom_filters"]) => people(account::filters, &[]),
        ("POST", ["custom_filters"]) => people(account::create_filter, &[]),
        ("GET", ["custom_filters", id]) => people(account::filter, &[id]),
        ("PUT" | "PATCH", ["custom_filters", id]) => people(account::update_filter, &[id]),
        ("DELETE", ["custom_filters", id]) => people(account::delete_filter, &[id]),
        ("GET", ["notifications"]) => people(notifications::list, &[]),
        ("GET", ["notifications", "unread_count"]) => people(notifications::unread_count, &[]),
        ("POST", ["notifications", "read_all"]) => people(notifications::read_all, &[]),
        ("POST", ["notifications", "destroy_all"]) => people(notifications::destroy_all, &[]),
        ("PUT" | "PATCH", ["notifications", id]) => people(notifications::read, &[id]),
        ("DELETE", ["notifications", id]) => people(notifications::delete, &[id]),
        ("POST", ["notifications", id, "unread"]) => people(notifications::unread, &[id]),
        ("POST", ["notifications", id, "snooze"]) => people(notifications::snooze, &[id]),
        ("GET", ["notification_settings"]) => people(notifications::settings, &[]),
        ("PUT" | "PATCH", ["notification_settings"]) => people(notifications::update_settings, &[]),
        (_, ["agents" | "agent_bots" | "teams", ..]) => staff_route(method, path),
        ("POST", ["bulk_actions"]) => people(bulk::run, &[]),
        (_, ["macros" | "automation_rules" | "dashboard_apps", ..]) => automation_route(method, path),
        (_, ["inboxes" | "inbox_members", ..]) => inbox_route(method, path),
        (_, ["contacts" | "contact_inboxes" | "actions", ..]) => contact_route(method, path),
        (_, ["conversations", ..]) => conversation_route(method, path),
        _ => None,
    }
}

fn staff_route(method: &str, path: &[&str]) -> Option<Route> {
    match (method, path) {
        ("GET", ["agents"]) => people(agents::list, &[]),
        ("POST", ["agents"]) => people(agents::create, &[]),
        ("POST", ["agents", "bulk_create"]) => people(agents::create_several, &[]),
        ("PUT" | "PATCH", ["agents", id]) => people(agents::update, &[id]),
        ("DELETE", ["agents", id]) => people(agents::delete, &[id]),
        ("GET", ["agent_bots"]) => people(agents::bots, &[]),
        ("POST", ["agent_bots"]) => people(agents::create_bot, &[]),
        ("GET", ["agent_bots", id]) => people(agents::bot, &[id]),
        ("PUT" | "PATCH", ["agent_bots", id]) => people(agents::update_bot, &[id]),
        ("DELETE", ["agent_bots", id]) => people(agents::delete_bot, &[id]),
        ("POST", ["agent_bots", id, "reset_access_token"]) => people(agents::reset_bot_token, &[id]),
        ("POST", ["agent_bots", id, "reset_secret"]) => people(agents::reset_bot_secret, &[id]),
        ("GET", ["teams"]) => people(teams::list, &[]),
        ("POST", ["teams"]) => people(teams::create, &[]),
        ("GET", ["teams", id]) => people(teams::show, &[id]),
        ("PUT" | "PATCH", ["teams", id]) => people(teams::update, &[id]),
        ("DELETE", ["teams", id]) => people(teams::delete, &[id]),
        ("GET", ["teams", id, "team_members"]) => people(teams::members, &[id]),
        ("POST" | "PUT" | "PATCH" | "DELETE", ["teams", id, "team_members"]) => people(teams::change_members, &[id]),
        _ => None,
    }
}

fn automation_route(method: &str, path: &[&str]) -> Option<Route> {
    match (method, path) {
        ("GET", ["macros"]) => people(automation::macros, &[]),
        ("POST", ["macros"]) => people(automation::create_macro, &[]),
        ("GET", ["macros", id]) => people(automation::one_macro, &[id]),
        ("PUT" | "PATCH", ["macros", id]) => people(automation::update_macro, &[id]),
        ("DELETE", ["macros", id]) => people(automation::delete_macro, &[id]),
        ("GET", ["automation_rules"]) => people(automation::rules, &[]),
        ("POST", ["automation_rules"]) => people(automation::create_rule, &[]),
        ("GET", ["automation_rules", id]) => people(automation::rule, &[id]),
        ("PUT" | "PATCH", ["automation_rules", id]) => people(automation::update_rule, &[id]),
        ("DELETE", ["automation_rules", id]) => people(automation::delete_rule, &[id]),
        ("POST", ["automation_rules", id, "clone"]) => people(automation::clone_rule, &[id]),
        ("GET", ["dashboard_apps"]) => people(automation::apps, &[]),
        ("POST", ["dashboard_apps"]) => people(automation::create_app, &[]),
        ("GET", ["dashboard_apps", id]) => people(automation::app, &[id]),
        ("PUT" | "PATCH", ["dashboard_apps", id]) => people(automation::update_app, &[id]),
        ("DELETE", ["dashboard_apps", id]) => people(automation::delete_app, &[id]),
        _ => None,
    }
}

fn inbox_route(method: &str, path: &[&str]) -> Option<Route> {
    match (method, path) {
        ("GET", ["inboxes"]) => people(inboxes::list, &[]),
        ("GET", ["inboxes", id]) => people(inboxes::show, &[id]),
        ("PUT" | "PATCH", ["inboxes", id]) => people(inboxes::update, &[id]),
        ("GET", ["inboxes", id, "agent_bot"]) => people(inboxes::bot, &[id]),
        ("POST", ["inboxes", id, "set_agent_bot"]) => people(inboxes::set_bot, &[id]),
        ("GET", ["inbox_members", id]) => people(inboxes::members, &[id]),
        ("POST" | "PUT" | "PATCH" | "DELETE", ["inbox_members"]) => people(inboxes::change_members, &[]),
        _ => None,
    }
}

fn contact_route(method: &str, path: &[&str]) -> Option<Route> {
    match (method, path) {
        ("GET", ["contacts"]) => people(contacts::list, &[]),
        ("POST", ["contacts"]) => people(contacts::create, &[]),
        ("GET", ["contacts", "search"]) => people(contacts::search, &[]),
        ("GET", ["contacts", "active"]) => people(contacts::active, &[]),
        ("POST", ["contacts", "filter"]) => people(filter::contacts, &[]),
        ("GET", ["contacts", id]) => people(contacts::show, &[id]),
        ("PUT" | "PATCH", ["contacts", id]) => people(contacts::update, &[id]),
        ("DELETE", ["contacts", id, "avatar"]) => people(contacts::delete_avatar, &[id]),
        ("DELETE", ["contacts", id]) => people(contacts::delete, &[id]),
        ("POST", ["contacts", id, "destroy_custom_attributes"]) => people(contacts::destroy_attributes, &[id]),
        ("GET", ["contacts", id, "conversations"]) => people(contacts_more::conversations, &[id]),
        ("GET", ["contacts", id, "contactable_inboxes"]) => people(contacts_more::contactable, &[id]),
        ("POST", ["contacts", id, "contact_inboxes"]) => people(contacts_more::add_address, &[id]),
        ("GET" | "POST", ["contacts", id, "labels"]) => people(contacts_more::labels, &[id]),
        ("GET" | "POST", ["contacts", id, "notes"]) => people(contacts_more::notes, &[id]),
        ("GET" | "PUT" | "PATCH" | "DELETE", ["contacts", id, "notes", note]) => people(contacts_more::note, &[id, note]),
        ("GET", ["contacts", id, "attachments"]) => people(contacts_more::attachments, &[id]),
        ("POST", ["contact_inboxes", "filter"]) => people(contacts_more::by_address, &[]),
        ("POST", ["actions", "contact_merge"]) => people(contacts_more::merge, &[]),
        _ => None,
    }
}

fn conversation_route(method: &str, path: &[&str]) -> Option<Route> {
    match (method, path) {
        ("GET", ["conversations"]) => people(conversations::list, &[]),
        ("POST", ["conversations"]) => bots(conversations::create, &[]),
        ("GET", ["conversations", "meta"]) => people(conversations::meta, &[]),
        ("GET", ["conversations", "search"]) => people(filter::search, &[]),
        ("POST", ["conversations", "filter"]) => people(filter::conversations, &[]),
        ("GET", ["conversations", "unread_counts"]) => people(conversations::unread_counts, &[]),
        ("GET", ["conversations", id]) => readers(conversations::show, &[id]),
        ("PUT" | "PATCH", ["conversations", id]) => bots(conversations::update, &[id]),
        ("DELETE", ["conversations", id]) => people(conversations::delete, &[id]),
        ("POST", ["conversations", id, "toggle_status"]) => bots(conversations::toggle_status, &[id]),
        ("POST", ["conversations", id, "toggle_priority"]) => bots(conversations::toggle_priority, &[id]),
        ("POST", ["conversations", id, "toggle_typing_status"]) => readers(conversations::toggle_typing, &[id]),
        ("POST", ["conversations", id, "assignments"]) => bots(conversations::assign, &[id]),
        ("GET" | "POST", ["conversations", id, "labels"]) => readers(conversations::labels, &[id]),
        ("POST", ["conversations", id, "custom_attributes"]) => bots(conversations::custom_attributes, &[id]),
        ("POST", ["conversations", id, "mute"]) => people(conversations::mute, &[id]),
        ("POST", ["conversations", id, "unmute"]) => people(conversations::unmute, &[id]),
        ("POST", ["conversations", id, "transcript"]) => people(conversations::transcript, &[id]),
        ("GET", ["conversations", id, "inbox_assistant"]) => people(conversations::inbox_assistant, &[id]),
        ("GET", ["conversations", id, "reporting_events"]) => people(conversations::reporting_events, &[id]),
        ("POST", ["conversations", id, "unread"]) => people(conversations::unread, &[id]),
        ("POST", ["conversations", id, "update_last_seen"]) => people(conversations::update_last_seen, &[id]),
        ("GET", ["conversations", id, "attachments"]) => people(messages::attachments, &[id]),
        ("GET" | "POST" | "PUT" | "PATCH" | "DELETE", ["conversations", id, "participants"]) => people(conversations::participants, &[id]),
        ("GET" | "PUT" | "PATCH" | "DELETE", ["conversations", id, "draft_messages"]) => people(conversations::draft, &[id]),
        ("GET", ["conversations", id, "messages"]) => people(messages::list, &[id]),
        ("POST", ["conversations", id, "messages"]) => bots(messages::create, &[id]),
        ("PUT" | "PATCH", ["conversations", id, "messages", mid]) => people(messages::update, &[id, mid]),
        ("DELETE", ["conversations", id, "messages", mid]) => people(messages::delete, &[id, mid]),
        ("POST", ["conversations", id, "messages", mid, "translate"]) => people(messages::translate, &[id, mid]),
        ("POST", ["conversations", id, "messages", mid, "retry"]) => people(messages::retry, &[id, mid]),
        _ => None,
    }
}

fn profile_route(method: &str, path: &[&str]) -> Option<Route> {
    match (method, path) {
        ("GET", []) => people(profile::show, &[]),
        ("PUT" | "PATCH", []) => people(profile::update, &[]),
        ("DELETE", ["avatar"]) => people(profile::delete_avatar, &[]),
        ("POST", ["availability"]) => people(profile::availability, &[]),
        ("POST", ["auto_offline"]) => people(profile::auto_offline, &[]),
        ("PUT", ["set_active_account"]) => people(profile::set_active_account, &[]),
        ("GET", ["sessions"]) => people(profile::sessions, &[]),
        ("POST", ["reset_access_token"]) => people(profile::reset_access_token, &[]),
        _ => None,
    }
}

/// Answers one call.
pub(crate) fn dispatch(state: &mut State, call: &Call) -> Outcome {
    let pieces = call.pieces();
    let method = call.method.as_str();
    if !matches!(method, "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS") {
        return Err(Refusal::Page(501));
    }
    let method = if method == "HEAD" { "GET" } else { method };
    match pieces.as_slice() {
        ["api"] if method == "GET" => Ok(Reply::Json(json!({
            "version": state.version.to_string(), "timestamp": state.now().plain(), "queue_services": "ok", "data_services": "ok",
        }))),
        ["health"] if method == "GET" && state.version.has_health() => Ok(Reply::Json(json!({"status": "woot"}))),
        ["rails", "active_storage", "blobs" | "representations", "redirect", key, ..] if method == "GET" => redirect(state, key),
        ["rails", "active_storage", "disk", key, ..] if method == "GET" => file(state, key),
        ["platform", "api", "v1", ..] if call.token.as_ref() != Some(&state.platform_token) => Err(Refusal::denied("Invalid access_token")),
        ["platform", "api", "v1", rest @ ..] => platform::dispatch(state, call, method, rest),
        ["auth", rest @ ..] => session::dispatch(state, call, method, rest),
        ["public", "api", "v1", "csat_survey", uuid] => csat::public(state, call, method, uuid),
        ["public", "api", "v1", "inboxes", identifier, rest @ ..] => public::dispatch(state, call, method, identifier, rest),
        ["api", "v1", "profile", rest @ ..] => {
            let route = profile_route(method, rest).ok_or(Refusal::Page(404))?;
            let who = authenticate(state, call)?;
            run(state, call, who, 0, route)
        }
        ["api", "v1", "notification_subscriptions"] => {
            let handler = match method {
                "POST" => notifications::subscribe,
                "DELETE" => notifications::unsubscribe,
                _ => return Err(Refusal::Page(404)),
            };
            let who = authenticate(state, call)?;
            run(state, call, who, 0, Route { handler, bots: Bots::Never, ids: Vec::new() })
        }
        ["api", "v1", "accounts", account, rest @ ..] => {
            let route = account_route(method, rest).filter(|_| there(rest, state.version)).ok_or(Refusal::Page(404))?;
            let who = authenticate(state, call)?;
            if !route.admits(who, state.version) {
                return Err(Refusal::denied("Access to this endpoint is not authorized for bots"));
            }
            let account = params::int(account);
            admit(state, who, account, matches!(rest, [] | ["cache_keys"]))?;
            run(state, call, who, account, route)
        }
        _ => Err(Refusal::Page(404)),
    }
}

fn run(state: &mut State, call: &Call, who: Who, account: Id, route: Route) -> Outcome {
    match who {
        Who::User(id) => state.actor = Actor::User(id),
        Who::Bot(id) => state.actor = Actor::Bot(id),
        Who::Platform => {}
    }
    if !route.admits(who, state.version) {
        return Err(Refusal::denied("Access to this endpoint is not authorized for bots"));
    }
    (route.handler)(&mut Ctx { state, call, account, who, ids: route.ids })
}

/// Whose token it is; without one, whose session.
fn authenticate(state: &mut State, call: &Call) -> Result<Who, Refusal> {
    let Some(token) = call.token.as_ref() else {
        return state.resume(call.session.as_ref()).map(Who::User).ok_or(Refusal::SignIn);
    };
    if let Some(u) = state.users.values().find(|u| u.access_token == *token) {
        return Ok(Who::User(u.id));
    }
    if let Some(b) = state.bots.values().find(|b| b.access_token == *token) {
        return Ok(Who::Bot(b.id));
    }
    if state.platform_token == *token {
        return Ok(Who::Platform);
    }
    Err(Refusal::denied("Invalid Access Token"))
}

/// Lets members in; the account itself hides from strangers with a 404.
fn admit(state: &State, who: Who, account: Id, hidden: bool) -> Result<(), Refusal> {
    let row = state.accounts.get(&account).ok_or(Refusal::Missing)?;
    if row.suspended && !hidden {
        return Err(Refusal::denied("Account is suspended"));
    }
    match who {
        Who::User(user) if state.role(user, account).is_some() => Ok(()),
        Who::User(_) if hidden => Err(Refusal::Missing),
        Who::User(_) => Err(Refusal::denied("You are not authorized to access this account")),
        Who::Bot(bot) if at_home(state, bot, account) => Ok(()),
        _ => Err(Refusal::denied("Bot is not authorized to access this account")),
    }
}

/// Whether the bot belongs to the account and, before 4.8.0, has an inbox there.
fn at_home(state: &State, bot: Id, account: Id) -> bool {
    let linked = || state.inboxes.values().any(|i| i.account_id == account && i.bot == Some(bot));
    state.bots.get(&bot).is_some_and(|b| b.account_id == Some(account)) && (state.version.admits_bots_without_inbox() || linked())
}

/// Where a file is stored; clients have to follow.
fn redirect(state: &State, key: &str) -> Outcome {
    let blob = state.blobs.get(key).ok_or(Refusal::Page(404))?;
    Ok(Reply::Redirect(format!("{}/rails/active_storage/disk/{key}/{}", state.base, wire::url_safe(&blob.name))))
}

fn file(state: &State, key: &str) -> Outcome {
    let blob = state.blobs.get(key).ok_or(Refusal::Page(404))?;
    Ok(Reply::File { content_type: blob.content_type.clone(), name: blob.name.clone(), bytes: blob.bytes.clone() })
}

impl Ctx<'_> {
    /// The n-th variable piece of the path as a number.
    pub(crate) fn id(&self, n: usize) -> Id {
        self.ids.get(n).map_or(0, |text| params::int(text))
    }

    /// The n-th variable piece of the path as it was sent.
    pub(crate) fn piece(&self, n: usize) -> &str {
        self.ids.get(n).map_or("", String::as_str)
    }

    pub(crate) fn user_id(&self) -> Option<Id> {
        match self.who {
            Who::User(id) => Some(id),
            _ => None,
        }
    }

    pub(crate) fn user(&self) -> Result<&User, Refusal> {
        self.user_id().and_then(|id| self.state.users.get(&id)).ok_or(Refusal::SignIn)
    }

    pub(crate) fn is_admin(&self) -> bool {
        self.user_id().and_then(|id| self.state.role(id, self.account)) == Some(Role::Administrator)
    }

    /// Lets administrators through.
    pub(crate) fn admin(&self) -> Result<(), Refusal> {
        if self.is_admin() { Ok(()) } else { Err(Refusal::policy()) }
    }

    /// The conversation of the path, when the caller may open it.
    pub(crate) fn conversation(&self) -> Result<&Conversation, Refusal> {
        let c = self.state.by_display(self.account, self.id(0)).ok_or(Refusal::Missing)?;
        let allowed = match self.who {
            Who::User(user) => self.state.may_open(user, c),
            Who::Bot(_) => true,
            Who::Platform => false,
        };
        if allowed { Ok(c) } else { Err(Refusal::policy()) }
    }

    /// The page asked for; words and numbers below one mean the first.
    pub(crate) fn page(&self) -> Result<usize, Refusal> {
        let text = self.call.params.text("page").unwrap_or_default();
        if text.trim_start_matches('-').len() > 18 && text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Refusal::BROKEN);
        }
        Ok(usize::try_from(params::int(&text)).unwrap_or(1).max(1))
    }

    /// The `current_page` lists answer: as it was sent, or the number one.
    pub(crate) fn current_page(&self) -> Value {
        self.call.params.get("page").cloned().unwrap_or(json!(1))
    }
}

/// One page of a list.
pub(crate) fn page_of<T>(rows: Vec<T>, page: usize, size: usize) -> Vec<T> {
    rows.into_iter().skip((page - 1).saturating_mul(size)).take(size).collect()
}
