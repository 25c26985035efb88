//! What a write does in Chatwoot besides what it says: told before it is made (sections 4.5, 5.3, 11.4).

use api::inbox::{ConversationStatus, Effect, EffectKind};

/// What is known when somebody is about to write.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Who works on it now.
    pub assignee: Option<(i64, String)>,
    /// Its status now.
    pub status: Option<ConversationStatus>,
    /// Whether it sleeps until a certain time.
    pub sleeps_until: bool,
    /// Whether the channel takes a reply now.
    pub can_reply: bool,
    /// The name of whose token writes: the agent's, or the service user's.
    pub author: String,
    /// Chatwoot's id of whose token writes, where known.
    pub author_id: Option<i64>,
    /// Whether that is the agent's own token.
    pub own_token: bool,
    /// Whether whose token writes is an administrator; `None`: not known.
    pub administrator: Option<bool>,
}

/// What somebody is about to write.
#[derive(Debug, Clone, Default)]
pub struct Intent {
    /// New status, and whether a snooze names a time.
    pub status: Option<(ConversationStatus, bool)>,
    /// New team by name, and whether the assignee is in it; `None`: not known.
    pub team: Option<(String, Option<bool>)>,
    /// A reply to the customer.
    pub reply: bool,
    /// A WhatsApp template: it goes out whatever the window.
    pub template: bool,
    /// A private note.
    pub note: bool,
}

/// What else will happen, most grave first.
pub fn effects(facts: &Facts, intent: &Intent) -> Vec<Effect> {
    let mut effects = Vec::new();
    let mut say = |kind, text: String| effects.push(Effect { kind, text });
    let others = facts.assignee.as_ref().filter(|(id, _)| Some(*id) != facts.author_id).map(|(_, name)| name.as_str());
    if let Some((ConversationStatus::Open, _)) = intent.status
        && facts.administrator != Some(true)
        && (facts.assignee.is_none() || others.is_some())
    {
        let from = others.map(|name| format!(" and takes it from {name}")).unwrap_or_default();
        let unless = if facts.administrator.is_none() { ", unless that is an administrator" } else { "" };
        say(EffectKind::Takes, format!("Chatwoot also gives the conversation to {}{from}{unless}", facts.author));
    }
    if let Some((ConversationStatus::Snoozed, false)) = intent.status
        && facts.status == Some(ConversationStatus::Snoozed)
        && facts.sleeps_until
    {
        say(EffectKind::KeepsTime, "it keeps the time until which it sleeps now".to_owned());
    }
    if let Some((team, member)) = &intent.team {
        let now = facts.assignee.as_ref().map(|(_, name)| name.as_str());
        match (now, member) {
            (Some(name), Some(false)) => say(
                EffectKind::ClearsAssignee,
                format!("Chatwoot takes the conversation from {name}, who is not in {team}, and may give it to somebody there"),
            ),
            (Some(name), None) => say(
                EffectKind::ClearsAssignee,
                format!("Chatwoot takes the conversation from {name} if they are not in {team}, and may give it to somebody there"),
            ),
            (Some(_), Some(true)) => {}
            (None, _) => say(EffectKind::MayAssign, format!("Chatwoot may give the conversation to somebody in {team}")),
        }
    }
    if intent.reply && !facts.can_reply {
        say(EffectKind::CannotReply, "the channel takes no reply now: Chatwoot may fail it".to_owned());
    }
    if (intent.reply || intent.template) && !facts.own_token {
        say(EffectKind::Author, format!("the reply goes out as {}: `afenda auth link-chatwoot` links your own token", facts.author));
    }
    if intent.note && !facts.own_token {
        say(EffectKind::Author, format!("the note is written by {}, with a line that names you", facts.author));
    }
    effects
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_else_happens_is_said_and_nothing_else() {
        let kim = || Some((9, "Kim".to_owned()));
        let base = || Facts {
            can_reply: true,
            author: "Jo".to_owned(),
            author_id: Some(7),
            own_token: true,
            administrator: Some(false),
            ..Facts::default()
        };
        let open = || Intent { status: Some((ConversationStatus::Open, false)), ..Intent::default() };
        let team = |member| Intent { team: Some(("billing".to_owned(), member)), ..Intent::default() };
        let reply = || Intent { reply: true, ..Intent::default() };
        let template = || Intent { template: true, ..Intent::default() };
        let snooze = |time| Intent { status: Some((ConversationStatus::Snoozed, time)), ..Intent::default() };
        let asleep = || Facts { status: Some(ConversationStatus::Snoozed), sleeps_until: true, ..base() };
        for (what, facts, intent, want) in [
            ("an agent opens what is nobody's", base(), open(), vec![(EffectKind::Takes, "to Jo")]),
            ("an agent opens a colleague's", Facts { assignee: kim(), ..base() }, open(), vec![(EffectKind::Takes, "from Kim")]),
            ("an agent opens their own", Facts { assignee: Some((7, "Jo".to_owned())), ..base() }, open(), vec![]),
            ("an administrator opens", Facts { administrator: Some(true), assignee: kim(), ..base() }, open(), vec![]),
            ("somebody opens", Facts { administrator: None, ..base() }, open(), vec![(EffectKind::Takes, "unless")]),
            (
                "a team without the assignee",
                Facts { assignee: kim(), ..base() },
                team(Some(false)),
                vec![(EffectKind::ClearsAssignee, "who is not in")],
            ),
            (
                "a team, nobody knows who is in it",
                Facts { assignee: kim(), ..base() },
                team(None),
                vec![(EffectKind::ClearsAssignee, "if they are not")],
            ),
            ("the assignee's team", Facts { assignee: kim(), ..base() }, team(Some(true)), vec![]),
            ("a team for what is nobody's", base(), team(None), vec![(EffectKind::MayAssign, "billing")]),
            ("asleep until a time, now without", asleep(), snooze(false), vec![(EffectKind::KeepsTime, "keeps")]),
            ("asleep until a time, now another", asleep(), snooze(true), vec![]),
            ("a reply", base(), reply(), vec![]),
            ("outside the window", Facts { can_reply: false, ..base() }, reply(), vec![(EffectKind::CannotReply, "no reply")]),
            ("a template outside the window", Facts { can_reply: false, ..base() }, template(), vec![]),
            ("a template by the service user", Facts { own_token: false, ..base() }, template(), vec![(EffectKind::Author, "as Jo")]),
            ("by the service user", Facts { own_token: false, ..base() }, reply(), vec![(EffectKind::Author, "as Jo")]),
        ] {
            let said = effects(&facts, &intent);
            let kinds: Vec<EffectKind> = said.iter().map(|effect| effect.kind).collect();
            assert_eq!(kinds, want.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), "{what}: {said:?}");
            assert!(said.iter().zip(&want).all(|(effect, (_, words))| effect.text.contains(words)), "{what}: {said:?}");
        }
    }
}
