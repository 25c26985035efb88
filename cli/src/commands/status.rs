//! `afenda status`: who you are, and how the daemon stands.

use api::status::{LinkState, StatusView};
use api::tenant::MeView;
use serde::Serialize;

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Shown;
use crate::text;

/// Show who you are and how the daemon stands
#[derive(Debug, clap::Args)]
pub(crate) struct Status {
    /// End with 0 only when nothing needs you: 1 where writes failed or their outcome is not known, 11 where Chatwoot cannot be reached or
    /// refuses, 8 where approvals wait for you; the first of these that holds
    #[arg(long)]
    exit_code: bool,
}

/// The daemon's own fields, and what only the client knows.
#[derive(Debug, Serialize)]
struct View {
    url: String,
    profile: Option<String>,
    me: MeView,
    #[serde(flatten)]
    status: StatusView,
}

impl Status {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let session = ctx.session().await?;
        let status = session.call(async |client| client.status().await).await?;
        if status.protocol != api::PROTOCOL {
            let message = format!("the daemon speaks version {} of the API, this program version {}", status.protocol, api::PROTOCOL);
            return Err(CliError::new(Exit::Unreachable, "WRONG_PROTOCOL", message).hint("run the same version of both"));
        }
        let me = session.call(async |client| client.me().await).await?;
        let view = View { url: session.client.base().to_owned(), profile: session.profile.clone(), me, status };
        let people = ctx.out.is_for_people();
        ctx.out.thing(&view, |shown| if people { for_people(&view, shown) } else { for_pipes(&view, shown) })?;
        match needs(&view.status) {
            Some(exit) if self.exit_code => Err(CliError::told(exit)),
            _ => Ok(()),
        }
    }
}

/// What needs somebody first.
fn needs(status: &StatusView) -> Option<Exit> {
    if status.outbox.failed + status.outbox.held > 0 {
        Some(Exit::Failed)
    } else if matches!(status.chatwoot.state, LinkState::Offline | LinkState::Refused) {
        Some(Exit::Busy)
    } else {
        (status.approvals_waiting > 0).then_some(Exit::Pending)
    }
}

fn facts(view: &View, shown: &Shown) -> Vec<(&'static str, String)> {
    let (me, status) = (&view.me, &view.status);
    let agent = me.agent.as_ref().map(|agent| {
        let own = if agent.own_token { "own token" } else { "without a token of their own: replies go out as the service user" };
        format!("{} (#{}), {own}", agent.name, agent.id)
    });
    let copy = &status.first_copy;
    let total = copy.conversations_total.map(|total| format!(" of {total}")).unwrap_or_default();
    let copied = format!("{}{total} conversations, {} messages", copy.conversations, copy.messages);
    let version = status.chatwoot.version.as_ref().map(|version| format!(", version {version}")).unwrap_or_default();
    let outbox = status.outbox;
    let webhooks = status.webhooks.iter().flat_map(|webhooks| {
        [("webhook", format!("{}{}", view.url, webhooks.path)), ("webhooks", super::webhooks::summary(webhooks, shown))]
    });
    let facts = vec![
        ("user", format!("{} ({}), {}", me.name, me.user, me.role)),
        ("tenant", format!("{} ({})", me.tenant.name, me.tenant.slug)),
        ("agent", agent.unwrap_or_else(|| "none linked".to_owned())),
        ("daemon", format!("{}, version {}", view.url, status.version)),
        ("chatwoot", format!("{}{version}", status.chatwoot.state)),
        ("copy", if copy.done { copied } else { format!("{copied}, still copying") }),
        ("fresh", fresh(status)),
        ("outbox", format!("{} queued, {} failed, {} held", outbox.queued, outbox.failed, outbox.held)),
        ("approvals", format!("{} waiting for you", status.approvals_waiting)),
    ];
    facts.into_iter().chain(webhooks).collect()
}

/// Up to when the copy is known to be as Chatwoot has it.
fn fresh(status: &StatusView) -> String {
    match (status.chatwoot.state, status.lag_s) {
        (LinkState::Live, Some(_)) => "now".to_owned(),
        (_, Some(lag_s)) => format!("as of {lag_s} s ago"),
        (_, None) => "not known yet".to_owned(),
    }
}

fn for_people(view: &View, shown: &Shown) -> String {
    let mut out = String::new();
    for (name, value) in facts(view, shown) {
        out.push_str(&format!("{name:<10} {}\n", text::line(&value)));
    }
    out.push_str(&format!("{:<10} {}\n", "up", shown.age(view.status.started_at)));
    let link = &view.status.chatwoot;
    let trouble = link.message.as_ref().filter(|_| link.state != LinkState::Live);
    for warning in trouble.into_iter().chain(&view.status.warnings) {
        out.push_str(&format!("! {}\n", text::line(warning)));
    }
    out
}

fn for_pipes(view: &View, shown: &Shown) -> String {
    let warnings = view.status.warnings.iter().map(|warning| ("warning", warning.clone()));
    let message = view.status.chatwoot.message.iter().map(|message| ("chatwoot_message", message.clone()));
    let lines = facts(view, shown).into_iter().chain(message).chain(warnings);
    lines.map(|(name, value)| format!("{name}\t{}\n", text::field(&value))).collect()
}

/// The state in one line.
pub(crate) async fn line(ctx: &Context) -> Result<String, CliError> {
    let session = ctx.session().await?;
    let status = session.call(async |client| client.status().await).await?;
    let me = session.call(async |client| client.me().await).await?;
    Ok(format!(
        "{} ({}) at {}: chatwoot {}, {} approvals waiting for you, {} on their way",
        me.name,
        me.role,
        session.client.base(),
        status.chatwoot.state,
        status.approvals_waiting,
        status.outbox.queued
    ))
}
