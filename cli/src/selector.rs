//! What people type to mean one thing: a conversation, an approval with its revision, an agent, a team, an inbox.

use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use api::id::{ConversationId, Reference};
use api::page::Freshness;
use uuid::Uuid;

use crate::context::Session;
use crate::error::CliError;
use crate::exit::Exit;

/// Reads `123`, `#123` or the address of Chatwoot's page.
pub(crate) fn conversation(text: &str) -> Result<ConversationId, String> {
    number(text, "conversations")
        .map(ConversationId)
        .ok_or_else(|| "expected a conversation's number (123 or #123) or the address of its page in Chatwoot".to_owned())
}

/// Reads a contact's `123`, `#123` or the address of Chatwoot's page.
pub(crate) fn contact(text: &str) -> Result<i64, String> {
    number(text, "contacts").ok_or_else(|| "expected a contact's number (123 or #123) or the address of its page in Chatwoot".to_owned())
}

/// Addresses that were named. Whether they are of this account the daemon knows, so that [`are_of_this_account`] tells it later.
static ADDRESSES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Whether the addresses that were named are of the account that the daemon works with: another one has other things under the same numbers.
///
/// # Errors
/// One is not; or the daemon cannot be asked.
pub(crate) async fn are_of_this_account(session: &Session) -> Result<(), CliError> {
    let named = std::mem::take(&mut *ADDRESSES.lock().unwrap_or_else(PoisonError::into_inner));
    if named.is_empty() {
        return Ok(());
    }
    let ours = session.call(async |client| client.clone().with_freshness(Freshness::Usual).me().await).await?.tenant.url;
    match named.iter().find(|address| !is_below(address, &ours)) {
        None => Ok(()),
        Some(address) => Err(CliError::new(Exit::NotFound, "NOT_FOUND", format!("{address} is of another account than this, {ours}"))
            .hint(
                "choose the profile or the tenant that works with it; where it is the same one under another name, give the number alone",
            )),
    }
}

/// Whether an address lies below another, over http or https.
fn is_below(address: &str, ours: &str) -> bool {
    let read = |text: &str| reqwest::Url::parse(text).ok();
    let (Some(address), Some(ours)) = (read(address), read(ours)) else { return false };
    let at = |url: &reqwest::Url| (url.host_str().map(str::to_owned), url.port());
    at(&address) == at(&ours) && address.path().starts_with(ours.path())
}

/// The number itself, or the one behind `what` in an address.
fn number(text: &str, what: &str) -> Option<i64> {
    let number = if text.contains("://") {
        ADDRESSES.lock().unwrap_or_else(PoisonError::into_inner).push(text.to_owned());
        let path = text.split(['?', '#']).next().unwrap_or_default();
        path.split('/').skip_while(|part| *part != what).nth(1).unwrap_or_default()
    } else {
        text.strip_prefix('#').unwrap_or(text)
    };
    let plain = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| number.parse().ok()).flatten().filter(|id| *id > 0)
}

/// An approval as it was named: `AP-42`, `AP-42@2`, or its UUID, with or without `@2`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApprovalRef {
    /// What the API is asked for.
    pub(crate) id: String,
    /// The revision that was read.
    pub(crate) revision: Option<u32>,
}

impl FromStr for ApprovalRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (id, revision) = match text.split_once('@') {
            Some((id, revision)) => {
                let revision = revision.parse().ok().filter(|r| *r > 0);
                (id, Some(revision.ok_or("expected a revision after @, as in AP-42@2")?))
            }
            None => (text, None),
        };
        let id = match (id.parse::<Reference>(), id.parse::<Uuid>()) {
            (Ok(reference), _) => reference.to_string(),
            (_, Ok(id)) => id.to_string(),
            _ => return Err("expected an approval such as AP-42, AP-42@2 (with the revision that was read), or its UUID".to_owned()),
        };
        Ok(Self { id, revision })
    }
}

/// Chooses from named things: by number, by the whole name, or by a part of it that fits only one.
pub(crate) fn pick<'a, T>(what: &str, wanted: &str, things: &'a [T], key: fn(&T) -> (i64, &str)) -> Result<&'a T, CliError> {
    let name = wanted.strip_prefix('@').unwrap_or(wanted).to_lowercase();
    if let Ok(id) = name.parse::<i64>()
        && let Some(thing) = things.iter().find(|thing| key(thing).0 == id)
    {
        return Ok(thing);
    }
    let whole: Vec<&T> = things.iter().filter(|thing| key(thing).1.to_lowercase() == name).collect();
    let part: Vec<&T> = things.iter().filter(|thing| key(thing).1.to_lowercase().contains(&name)).collect();
    let candidates = |found: &[&T]| {
        let mut names: Vec<String> = found.iter().take(10).map(|thing| format!("{} ({})", key(thing).1, key(thing).0)).collect();
        if found.len() > names.len() {
            names.push("…".to_owned());
        }
        names.join(", ")
    };
    match (whole.as_slice(), part.as_slice()) {
        ([one], _) | ([], [one]) => Ok(*one),
        ([], []) if things.is_empty() => {
            Err(CliError::new(Exit::NotFound, "NOT_FOUND", format!("there is no {what} `{wanted}`")).hint("there is none at all"))
        }
        ([], []) => {
            let all: Vec<&T> = things.iter().collect();
            Err(CliError::new(Exit::NotFound, "NOT_FOUND", format!("there is no {what} `{wanted}`"))
                .hint(format!("there are: {}", candidates(&all))))
        }
        ([], several) | (several, _) => Err(CliError::usage(format!("`{wanted}` fits more than one {what}"))
            .hint(format!("name one by its number: {}", candidates(several)))),
    }
}

/// An agent as the API takes one: `me`, `none`, or the number of who is named.
pub(crate) async fn assignee(session: &Session, who: &str) -> Result<String, CliError> {
    match who.strip_prefix('@').unwrap_or(who) {
        word @ ("me" | "none") => Ok(word.to_owned()),
        name => {
            let agents = session.call(async |client| client.agents().await).await?;
            Ok(pick("agent", name, &agents, |agent| (agent.id, &agent.name))?.id.to_string())
        }
    }
}

/// The number of a team that is named.
pub(crate) async fn team(session: &Session, name: &str) -> Result<i64, CliError> {
    let teams = session.call(async |client| client.teams().await).await?;
    Ok(pick("team", name, &teams, |team| (team.id, &team.name))?.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversations_by_number_and_address() {
        for (text, want) in [
            ("123", Some(123)),
            ("#7", Some(7)),
            ("https://chat.example/app/accounts/1/conversations/42", Some(42)),
            ("https://chat.example/app/accounts/1/inbox/3/conversations/42?messageId=9", Some(42)),
            ("https://chat.example/app/accounts/1/contacts/42", None),
            ("", None),
            ("#", None),
            ("0", None),
            ("-1", None),
            ("+1", None),
            ("12a", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(conversation(text).ok().map(|id| id.0), want, "{text}");
        }
    }

    #[test]
    fn an_address_is_of_one_account_of_one_server() {
        let ours = "https://chat.example/app/accounts/1/";
        for (address, want) in [
            ("https://chat.example/app/accounts/1/conversations/42", true),
            ("http://CHAT.example/app/accounts/1/inbox/3/conversations/42?messageId=9", true),
            ("https://chat.example/app/accounts/12/conversations/42", false),
            ("https://chat.example/app/accounts/2/conversations/42", false),
            ("https://chat.example:8443/app/accounts/1/conversations/42", false),
            ("https://other.example/app/accounts/1/conversations/42", false),
            ("https://chat.example@other.example/app/accounts/1/conversations/42", false),
            ("https://chat.example/app/accounts/1/../2/conversations/42", false),
            ("://conversations/42", false),
        ] {
            assert_eq!(is_below(address, ours), want, "{address}");
        }
        assert!(!is_below("https://chat.example/app/accounts/1/conversations/42", ""), "no account");
    }

    #[test]
    fn approvals_with_and_without_revision() {
        for (text, want) in [
            ("AP-42", Some(("AP-42", None))),
            ("ap-42@2", Some(("AP-42", Some(2)))),
            ("01926f3e-0000-7000-8000-000000000001@1", Some(("01926f3e-0000-7000-8000-000000000001", Some(1)))),
            ("AP-42@", None),
            ("AP-42@0", None),
            ("AP-42@x", None),
            ("42", None),
            ("../me", None),
        ] {
            let got = text.parse::<ApprovalRef>().ok();
            assert_eq!(got.as_ref().map(|r| (r.id.as_str(), r.revision)), want, "{text}");
        }
    }

    #[test]
    fn a_name_must_fit_one_thing() {
        let people = [(1, "Jo Agent"), (2, "Joanna"), (3, "Kim")];
        let pick = |wanted: &str| pick("agent", wanted, &people, |p| (p.0, p.1)).map(|p| p.0).map_err(|err| err.exit);
        assert_eq!(pick("@kim"), Ok(3));
        assert_eq!(pick("2"), Ok(2));
        assert_eq!(pick("joanna"), Ok(2));
        assert_eq!(pick("agent"), Ok(1));
        assert_eq!(pick("jo"), Err(Exit::Usage));
        assert_eq!(pick("lee"), Err(Exit::NotFound));
    }
}
