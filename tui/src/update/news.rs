//! What a person is told of by itself: heard from the stream, read, and then told as the settings say; never of what is on the screen.

use api::event::{Activity, ActivityType};
use api::id::ConversationId;
use api::inbox::{ConversationView, MessageType};
use jiff::SignedDuration;

use super::{Out, toast};
use crate::event::Effect;
use crate::settings::{News, Notifications, Way};
use crate::state::{Screen, State, Tone};
use crate::telling::Notice;
use crate::text;

/// Conversations remembered until they are read; of more the rest is silent.
const HEARD_MAX: usize = 500;
/// Who looks elsewhere is told at most so often: a burst is one ring.
const APART: SignedDuration = SignedDuration::from_secs(2);

/// Something happened. What it means is known when the conversation has been read.
pub(super) fn heard(state: &mut State, activity: &Activity) {
    let Some(id) = activity.conversation_id.map(ConversationId) else { return };
    if state.news.heard.len() >= HEARD_MAX && !state.news.heard.contains_key(&id) {
        return;
    }
    let says = |key: &str, word: &str| activity.data.get(key).and_then(|v| v.as_str()) == Some(word);
    let private = activity.data.get("private").and_then(serde_json::Value::as_bool).unwrap_or(false);
    match activity.kind {
        ActivityType::ConversationCreated => state.news.heard.entry(id).or_default().created = true,
        ActivityType::MessageCreated if private => state.news.heard.entry(id).or_default().note = true,
        ActivityType::MessageCreated if says("message_type", "incoming") => state.news.heard.entry(id).or_default().customer = true,
        _ => {}
    }
}

/// A conversation was read anew; the state still has it as it was.
pub(super) fn conversation(state: &mut State, out: &mut Out, view: &ConversationView) {
    let heard = state.news.heard.remove(&view.id).unwrap_or_default();
    let Some(me) = state.agent() else { return };
    let before = state.conversations.get(&view.id);
    let ours = |view: &ConversationView| view.assignee.as_ref().is_some_and(|agent| agent.id == me);
    let new = ours(view) && before.map_or(heard.created, |before| !ours(before));
    let name = text::line(&view.contact.name);
    let who = format!("#{} {name}", view.id);
    let said = view.snippet.as_ref();
    let words = |private: bool, kind: MessageType| {
        said.filter(|said| said.private == private && said.message_type == kind).map(|said| crate::mention::readable(&said.text))
    };
    let named = format!("(mention://user/{me}/");
    let (event, title, body) = if heard.note && said.is_some_and(|said| said.private && said.text.contains(&named)) {
        (News::Mention, format!("A note names you, {who}"), words(true, MessageType::Outgoing))
    } else if new {
        (News::Assigned, format!("{who} is yours now"), words(false, MessageType::Incoming))
    } else if heard.customer && ours(view) {
        (News::Customer, format!("{name} writes, #{}", view.id), words(false, MessageType::Incoming))
    } else {
        return;
    };
    let inbox = view.inbox.name.clone();
    let looked_at = state.seen.focused && state.screen != Screen::Approvals && state.shown() == Some(view.id);
    if !looked_at {
        tell(state, out, (event, Some(&inbox)), Tone::Plain, (&title, body.as_deref().unwrap_or_default()));
    }
}

/// News of an approval; `on_screen`: the person looks at it.
pub(super) fn approval(state: &mut State, out: &mut Out, event: News, on_screen: bool, tone: Tone, said: (&str, &str)) {
    if !(on_screen && state.seen.focused) {
        tell(state, out, (event, None), tone, said);
    }
}

/// How an event of an inbox is told.
fn ways(set: &Notifications, event: News, inbox: Option<&str>) -> Vec<Way> {
    let fits = |name: &str| inbox.is_some_and(|inbox| text::line(inbox).to_lowercase() == name.trim().to_lowercase());
    let rule = set.rules.iter().find(|rule| fits(&rule.inbox));
    let events = rule.and_then(|rule| rule.events.as_ref()).unwrap_or(&set.events);
    let ways = rule.and_then(|rule| rule.ways.as_ref()).unwrap_or(&set.ways);
    if events.contains(&event) { ways.clone() } else { Vec::new() }
}

fn tell(state: &mut State, out: &mut Out, (event, inbox): (News, Option<&str>), tone: Tone, (title, body): (&str, &str)) {
    let mut ways = ways(&state.settings.notifications, event, inbox);
    if ways.contains(&Way::Toast) {
        let body = text::line(body);
        toast(state, tone, if body.is_empty() { title.to_owned() } else { format!("{title}: {}", text::truncate(&body, 120)) });
        ways.retain(|way| *way != Way::Toast);
    }
    if state.remote {
        ways.retain(|way| *way != Way::Desktop);
    }
    if ways.is_empty() || state.news.told_at.is_some_and(|at| state.now.duration_since(at) < APART) {
        return;
    }
    state.news.told_at = Some(state.now);
    out.push(Effect::Notify(Notice::new(ways, title, body)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Rule;

    #[test]
    fn a_rule_of_an_inbox_outranks_what_holds_everywhere() {
        let mail = |ways: Option<Vec<Way>>, events: Option<Vec<News>>| Rule { inbox: "shop MAIL".into(), ways, events };
        let mut set = Notifications::default();
        assert_eq!(ways(&set, News::Customer, Some("Shop mail")), [Way::Toast]);
        set.rules = vec![mail(Some(vec![Way::Bell]), Some(vec![News::Mention]))];
        assert_eq!(ways(&set, News::Customer, Some("Shop mail")), []);
        assert_eq!(ways(&set, News::Mention, Some("Shop mail")), [Way::Bell]);
        assert_eq!(ways(&set, News::Customer, Some("Shop API")), [Way::Toast]);
        assert_eq!(ways(&set, News::Approval, None), [Way::Toast]);
        set.rules = vec![mail(None, None)];
        assert_eq!(ways(&set, News::Customer, Some("Shop mail")), [Way::Toast]);
        set.events.clear();
        assert_eq!(ways(&set, News::Approval, None), []);
    }
}
