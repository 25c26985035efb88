//! Values for a shell that completes: what the daemon knows at this moment.
//!
//! Names come from outside, and a shell reads what stands on its line. So only a value of letters, digits and `_ - . @ +` is offered; what
//! has another name is offered by a word of it that fits only this one, else by its number.

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use api::approval::ApprovalQuery;
use api::inbox::ConversationQuery;
use api::page::LIMIT_MAX;
use clap::Parser;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};

use crate::context::{Context, Session};
use crate::error::CliError;
use crate::profile::Profiles;
use crate::text;

/// A shell does not wait longer: then there are no values.
const ANSWER_LIMIT: Duration = Duration::from_millis(300);
/// The flags that choose whom to ask.
const CHOOSING: [(&str, &str); 3] = [("--profile", "-P"), ("--tenant", ""), ("--url", "")];

/// What an argument names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Conversation,
    /// One that waits, with its revision.
    Approval,
    /// One that waits, without.
    Reference,
    Outbox,
    Agent,
    Team,
    Inbox,
    Label,
    View,
    Macro,
    Canned,
    Profile,
    Tenant,
    Alias,
}

/// What an argument of a command names; nothing where it is a text or a word of the program's own.
fn kind(path: &str, arg: &clap::Arg) -> Option<Kind> {
    let noun = path.split(' ').next().unwrap_or_default();
    let value = arg.get_value_names().and_then(|names| names.first()).map_or("", |name| name.as_str());
    match (noun, value, arg.get_id().as_str()) {
        ("conv" | "macro", "ID" | "ID|@WHO", _) | ("approvals", _, "conversation") => Some(Kind::Conversation),
        ("approvals", "ID[@REV]", _) => Some(Kind::Approval),
        ("approvals", "ID", _) => Some(Kind::Reference),
        ("outbox", "ID", _) => Some(Kind::Outbox),
        ("conv", "WHO", _) => Some(Kind::Agent),
        ("conv", "NAME", "view") | ("view", _, "view") => Some(Kind::View),
        ("macro", "NAME", _) => Some(Kind::Macro),
        (_, "TEAM", _) => Some(Kind::Team),
        (_, "INBOX", _) => Some(Kind::Inbox),
        (_, "LABEL", _) => Some(Kind::Label),
        (_, "TENANT", _) => Some(Kind::Tenant),
        (_, "CODE", "canned") | ("canned", "CODE", _) => Some(Kind::Canned),
        ("alias", "NAME", _) => Some(Kind::Alias),
        (_, "PROFILE", _) | (_, _, "profile") => Some(Kind::Profile),
        _ => None,
    }
}

/// What a shell asks, with another word in place of a profile, tenant or address: one that is called like a command would be read as it.
pub(crate) fn question(args: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut words: Vec<OsString> = args.collect();
    let begins = words.iter().position(|word| word == "--").map_or(words.len(), |at| at + 1);
    let chooses = |word: &OsString| CHOOSING.iter().any(|(long, short)| word == long || word == short);
    // The last word is the one that is being typed.
    for at in begins + 1..words.len().saturating_sub(1) {
        if chooses(&words[at - 1]) && words[at] != "=" || at > begins + 1 && words[at - 1] == "=" && chooses(&words[at - 2]) {
            words[at] = "_".into();
        }
    }
    words
}

/// The command line, its arguments completed with what they name.
pub(crate) fn with_values(command: clap::Command) -> clap::Command {
    with_values_at(command, "")
}

fn with_values_at(command: clap::Command, path: &str) -> clap::Command {
    let at = path.to_owned();
    let command = command.mut_args(|arg| match kind(&at, &arg) {
        Some(kind) => arg.add(ArgValueCompleter::new(move |typed: &OsStr| complete(kind, typed))),
        None => arg,
    });
    command.mut_subcommands(|sub| {
        let below = format!("{path} {}", sub.get_name());
        with_values_at(sub, below.trim_start())
    })
}

/// What fits the letters that are there. A daemon that does not answer, or refuses, has no values.
fn complete(kind: Kind, typed: &OsStr) -> Vec<CompletionCandidate> {
    let typed = typed.to_string_lossy().to_lowercase();
    let fits = |(value, _): &(String, String)| is_safe(value) && value.to_lowercase().starts_with(&typed);
    let found = values(kind, &chosen(std::env::args_os())).unwrap_or_default();
    let candidate = |(value, about): (String, String)| CompletionCandidate::new(value).help(Some(text::line(&about).into()));
    found.into_iter().filter(fits).map(candidate).collect()
}

/// Whether a shell takes it as one plain word.
fn is_safe(value: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || "_-.@+".contains(c);
    value.starts_with(|c: char| c.is_alphanumeric() || c == '_') && value.chars().all(plain)
}

/// The flags of the line so far that say whom to ask. bash gives `--profile=jo` as three words.
fn chosen(args: impl Iterator<Item = OsString>) -> Vec<String> {
    let mut words: Vec<String> = args.skip_while(|arg| arg != "--").skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    // Still being typed.
    words.pop();
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        for (long, short) in CHOOSING {
            let glued = word.strip_prefix(long).and_then(|rest| rest.strip_prefix('=')).map(str::to_owned);
            let next = || words.get(at + 1).filter(|next| *next != "=").or_else(|| words.get(at + 2)).cloned();
            let value = glued.or_else(|| (word == long || word == short).then(next).flatten());
            found.extend(value.filter(|value| !value.is_empty()).map(|value| format!("{long}={value}")));
        }
    }
    found
}

fn values(kind: Kind, chosen: &[String]) -> Result<Vec<(String, String)>, CliError> {
    if kind == Kind::Profile {
        return Ok(Profiles::new(&Context::data_dir()?).names().into_iter().map(|name| (name, String::new())).collect());
    }
    if kind == Kind::Alias {
        return Ok(crate::aliases::read()?.into_iter().collect());
    }
    let line = ["afenda", "--quiet"].into_iter().map(str::to_owned).chain(chosen.iter().cloned());
    let cli = crate::Cli::try_parse_from(line).map_err(|err| CliError::usage(err.to_string()))?;
    let ctx = Context::new(cli.globals)?;
    let failed = |err: std::io::Error| CliError::failed("cannot ask the daemon").because(err);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let asked = runtime.block_on(async { tokio::time::timeout(ANSWER_LIMIT, async { ask(kind, &ctx.session().await?).await }).await });
    // Nobody waits for a name that is still being looked up.
    runtime.shutdown_background();
    asked.unwrap_or_else(|_| Ok(Vec::new()))
}

async fn ask(kind: Kind, session: &Session) -> Result<Vec<(String, String)>, CliError> {
    let client = &session.client;
    let explain = |err| session.explain(err);
    Ok(match kind {
        Kind::Conversation => {
            let query = ConversationQuery { status: Some("open".to_owned()), limit: Some(LIMIT_MAX), ..ConversationQuery::default() };
            let rows = client.conversations(&query).await.map_err(explain)?.data;
            rows.into_iter().map(|row| (row.id.to_string(), row.contact.name)).collect()
        }
        Kind::Approval | Kind::Reference => {
            let query = ApprovalQuery { status: Some("submitted".to_owned()), limit: Some(LIMIT_MAX), ..ApprovalQuery::default() };
            let rows = client.approvals(&query).await.map_err(explain)?.data;
            let name = |revision: u32| if kind == Kind::Approval { format!("@{revision}") } else { String::new() };
            rows.into_iter().map(|row| (format!("{}{}", row.reference, name(row.revision)), row.title)).collect()
        }
        Kind::Outbox => {
            let rows = client.outbox().await.map_err(explain)?;
            rows.into_iter().map(|row| (row.id.to_string(), format!("{} {}", row.kind, row.state))).collect()
        }
        Kind::Agent => {
            let agents = client.agents().await.map_err(explain)?.into_iter().map(|row| (row.id, row.name)).collect::<Vec<_>>();
            std::iter::once(("me".to_owned(), "yourself".to_owned())).chain(named(&agents)).collect()
        }
        Kind::Team => named(&client.teams().await.map_err(explain)?.into_iter().map(|row| (row.id, row.name)).collect::<Vec<_>>()),
        Kind::Inbox => named(&client.inboxes().await.map_err(explain)?.into_iter().map(|row| (row.id, row.name)).collect::<Vec<_>>()),
        Kind::View => {
            let views = client.custom_filters().await.map_err(explain)?.data;
            let views = views.into_iter().filter(|view| view.filter_type == "conversation").map(|view| (view.id, view.name));
            named(&views.collect::<Vec<_>>())
        }
        Kind::Macro => named(&client.macros().await.map_err(explain)?.into_iter().map(|row| (row.id, row.name)).collect::<Vec<_>>()),
        Kind::Label => {
            let rows = client.labels().await.map_err(explain)?;
            rows.into_iter().map(|row| (row.title, row.description.unwrap_or_default())).collect()
        }
        Kind::Canned => {
            let rows = client.canned_responses().await.map_err(explain)?;
            rows.into_iter().map(|row| (row.short_code, text::truncate(&text::line(&row.content), 60))).collect()
        }
        Kind::Tenant => client.tenants().await.map_err(explain)?.into_iter().map(|row| (row.slug, row.name)).collect(),
        Kind::Profile | Kind::Alias => Vec::new(),
    })
}

/// How each can be typed, and its name: the name itself, its first word that fits no other, or its number.
fn named(things: &[(i64, String)]) -> Vec<(String, String)> {
    let only = |word: &str| things.iter().filter(|(_, name)| name.to_lowercase().contains(&word.to_lowercase())).count() == 1;
    let number = |word: &str| word.bytes().all(|b| b.is_ascii_digit());
    let typed = |id: i64, name: &str| {
        let words = std::iter::once(name).chain(name.split_whitespace());
        let word =
            words.into_iter().find(|word| is_safe(word) && only(word) && !number(word) && !KEPT.contains(&word.to_lowercase().as_str()));
        word.map_or_else(|| id.to_string(), str::to_owned)
    };
    things.iter().map(|(id, name)| (typed(*id, name), name.clone())).collect()
}

/// Words that mean something else where a name stands.
const KEPT: [&str; 5] = ["me", "none", "all", "assigned", "unassigned"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_is_offered_by_a_plain_word_or_its_number() {
        let names = ["Jo Agent", "$(reboot)", "me", "*", "-rf", "Kim Okafor", "`id` Kim", "Ольга", "2024", "a;b", "a\nb", "\u{202e}x"];
        let things: Vec<(i64, String)> = (1..).zip(names.map(str::to_owned)).collect();
        let offered: Vec<String> = named(&things).into_iter().map(|(value, _)| value).collect();
        assert_eq!(offered, ["Jo", "2", "3", "4", "5", "Okafor", "7", "Ольга", "9", "10", "11", "12"]);
        assert!(offered.iter().all(|value| is_safe(value)));
        for value in [
            "", "-x", "a b", "a'b", "a\"b", "a$b", "a`b", "a\\b", "~a", "#1", "a*", "a?", "[a]", "{a}", "a|b", "a&b", "a>b", "a!b",
            "a\u{1b}b",
        ] {
            assert!(!is_safe(value), "{value:?}");
        }
    }

    #[test]
    fn whom_to_ask_is_read_from_the_line() {
        let read = |line: &str| chosen(line.split(' ').map(OsString::from)).join(" ");
        assert_eq!(read("afenda -- afenda -P jo conv view"), "--profile=jo");
        assert_eq!(read("afenda -- afenda --profile=jo --tenant t conv"), "--profile=jo --tenant=t");
        assert_eq!(read("afenda -- afenda -P jo --tenant t"), "--profile=jo", "it is being typed");
        assert_eq!(read("afenda -- afenda --profile = jo conv"), "--profile=jo");
        assert_eq!(read("afenda -P me -- afenda conv -P"), "");
    }

    #[test]
    fn a_profile_that_is_called_like_a_command_is_none() {
        let asked = |line: &str| question(line.split(' ').map(OsString::from)).join(OsStr::new(" ")).into_string().unwrap();
        assert_eq!(asked("afenda -- afenda -P demo conv view x"), "afenda -- afenda -P _ conv view x");
        assert_eq!(asked("afenda -- afenda --profile = demo conv x"), "afenda -- afenda --profile = _ conv x");
        assert_eq!(asked("afenda -- afenda -P demo"), "afenda -- afenda -P demo", "it is being typed");
        assert_eq!(asked("afenda -P demo conv"), "afenda -P demo conv");
    }

    #[test]
    fn the_arguments_with_live_values() {
        fn walk(command: &clap::Command, path: &str, found: &mut Vec<String>) {
            for arg in command.get_arguments().filter(|arg| !arg.is_global_set() || path.is_empty()) {
                found.extend(kind(path, arg).map(|kind| format!("{path}/{} {kind:?}", arg.get_id())));
            }
            for sub in command.get_subcommands() {
                walk(sub, format!("{path} {}", sub.get_name()).trim_start(), found);
            }
        }
        let mut found = Vec::new();
        walk(&<crate::Cli as clap::CommandFactory>::command(), "", &mut found);
        for want in [
            "/profile Profile",
            "/tenant Tenant",
            "conv view/id Conversation",
            "conv resolve/ids Conversation",
            "conv assign/items Conversation",
            "conv assign/to Agent",
            "conv list/assignee Agent",
            "conv list/inbox Inbox",
            "conv list/team Team",
            "conv list/labels Label",
            "conv list/view View",
            "conv label/add Label",
            "conv reply/canned Canned",
            "macro run/name Macro",
            "macro run/ids Conversation",
            "approvals approve/ids Approval",
            "approvals wait/ids Reference",
            "approvals request/conversation Conversation",
            "outbox cancel/ids Outbox",
            "auth switch/profile Profile",
            "alias rm/name Alias",
        ] {
            assert!(found.iter().any(|one| one == want), "{want} is not among {found:?}");
        }
    }
}
