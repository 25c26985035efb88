//! Who set the label `escalate`: read from Chatwoot's activity messages (section 12.6). Pure.

use chatwoot::model::{Message, MessageType};

use crate::domain::approval::ESCALATE_LABEL;
use crate::store::AgentRow;

/// What the activity messages of a conversation say, newest last in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    /// These do not tell of the label: older ones may, or Chatwoot writes it a moment later.
    Silent,
    /// The newest says that the label was taken off, so the message about its return is still to come.
    NotYet,
    /// The activity message with this id tells of it; the agent whom it names, if exactly one.
    By(i64, Option<(i64, String)>),
}

/// Looks for the newest activity message after `used` that says the label was added. A removal after it means that it is not there yet.
pub(super) fn who(messages: &[Message], agents: &[AgentRow], used: i64) -> Asked {
    let newest = messages
        .iter()
        .filter(|message| message.message_type == MessageType::Activity && message.id > used)
        .filter_map(|message| Some((message.id, message.content.as_deref()?)))
        .filter(|(_, text)| names_label(text))
        .max_by_key(|(id, _)| *id);
    let Some((id, text)) = newest else { return Asked::Silent };
    if let Some((name, _)) = change(text, " added ") {
        return Asked::By(id, only(agents.iter().filter(|agent| agent.name.trim() == name)));
    }
    if change(text, " removed ").is_some() {
        return Asked::NotYet;
    }
    // An account in another language: the text has another order, so any agent whose name stands in it.
    Asked::By(id, only(agents.iter().filter(|agent| stands_in(text, &agent.name))))
}

/// Splits "Y added a, b" where the label is among the titles. The last " added " counts: what follows are titles, which have no blanks.
fn change<'a>(text: &'a str, verb: &str) -> Option<(&'a str, &'a str)> {
    let (name, titles) = text.trim().rsplit_once(verb)?;
    titles.split(',').any(|title| title.trim() == ESCALATE_LABEL).then_some((name.trim(), titles))
}

fn only<'a>(mut found: impl Iterator<Item = &'a AgentRow>) -> Option<(i64, String)> {
    let first = found.next()?;
    found.next().is_none().then(|| (first.id, first.name.clone()))
}

/// Whether the label stands in the text as a word of its own.
fn names_label(text: &str) -> bool {
    text.split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_')).any(|word| word == ESCALATE_LABEL)
}

/// Whether the name stands in the text, not as part of a longer word.
fn stands_in(text: &str, name: &str) -> bool {
    let name = name.trim();
    !name.is_empty()
        && text.match_indices(name).any(|(at, _)| {
            let before = text.get(..at).and_then(|t| t.chars().next_back());
            let after = text.get(at + name.len()..).and_then(|t| t.chars().next());
            [before, after].into_iter().flatten().all(|c| !c.is_alphanumeric())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agents() -> Vec<AgentRow> {
        let agent = |id, name: &str| AgentRow { id, name: name.to_owned(), email: None };
        vec![agent(1, "Ada"), agent(2, "Jo Agent"), agent(3, "Jo"), agent(4, "Kim"), agent(5, "Kim")]
    }

    fn check(texts: &[&str], used: i64, want: Asked) {
        let message = |(at, text): (usize, &&str)| Message {
            id: i64::try_from(at).unwrap() + 1,
            message_type: MessageType::Activity,
            content: Some((*text).to_owned()),
            ..Message::default()
        };
        let messages: Vec<Message> = texts.iter().enumerate().map(message).collect();
        assert_eq!(who(&messages, &agents(), used), want, "{texts:?} after {used}");
    }

    fn by(id: i64, agent: i64, name: &str) -> Asked {
        Asked::By(id, Some((agent, name.to_owned())))
    }

    #[test]
    fn exactly_one_agent_is_named_or_nobody() {
        check(&["Jo added escalate"], 0, by(1, 3, "Jo"));
        check(&["Jo Agent added vip, escalate"], 0, by(1, 2, "Jo Agent"));
        check(&["Kim added escalate"], 0, Asked::By(1, None)); // Two of that name.
        check(&["Automation System added escalate"], 0, Asked::By(1, None));
        check(&["Jo added escalated"], 0, Asked::Silent);
        check(&["Jo added vip"], 0, Asked::Silent);
        check(&[], 0, Asked::Silent);
    }

    #[test]
    fn only_the_newest_change_counts_and_only_once() {
        check(&["Jo added escalate", "Ada removed escalate"], 0, Asked::NotYet);
        check(&["Jo added escalate", "Ada removed escalate", "Ada added escalate"], 1, by(3, 1, "Ada"));
        check(&["Jo added escalate"], 1, Asked::Silent);
        check(&["Jo added escalate", "Assigned to Ada by Jo"], 0, by(1, 3, "Jo"));
    }

    #[test]
    fn other_languages_name_the_agent_too() {
        check(&["Ada hat escalate hinzugefügt"], 0, by(1, 1, "Ada"));
        check(&["Adam hat escalate hinzugefügt"], 0, Asked::By(1, None));
        check(&["Jo Agent hat escalate hinzugefügt"], 0, Asked::By(1, None)); // "Jo" stands in it too.
    }
}
