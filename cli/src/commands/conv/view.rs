//! `afenda conv view`.

use api::inbox::{ConversationView, MessageQuery, MessageView};
use api::page::LIMIT_MAX;
use jiff::Timestamp;
use serde::Serialize;

use crate::context::Context;
use crate::error::CliError;
use crate::output::Shown;
use crate::text;

use super::One;
use super::messages::{kind, text as says, who};

/// Show a conversation with its newest messages
#[derive(Debug, clap::Args)]
pub(crate) struct View {
    #[command(flatten)]
    conversation: One,
    /// Messages at most
    #[arg(short = 'n', short_alias = 'L', long, default_value_t = 20, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=i64::from(LIMIT_MAX)))]
    limit: u32,
    /// Open its page in Chatwoot in the browser instead
    #[arg(short, long, conflicts_with = "url_only")]
    web: bool,
    /// Print the address of its page in Chatwoot instead
    #[arg(long = "page", id = "url_only")]
    page: bool,
}

/// A conversation with messages of it, oldest first.
#[derive(Debug, Serialize)]
pub(super) struct Whole {
    #[serde(flatten)]
    pub(super) conversation: ConversationView,
    pub(super) messages: Vec<MessageView>,
}

impl View {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let session = ctx.session().await?;
        let id = self.conversation.id;
        let named = |err: CliError| err.about(super::name(&id));
        let conversation = session.call(async |client| client.conversation(id).await).await.map_err(named)?;
        if self.page {
            return ctx.out.line(&text::line(&conversation.url));
        }
        if self.web {
            return browse(ctx, &conversation.url).await;
        }
        let query = MessageQuery { limit: Some(self.limit), ..MessageQuery::default() };
        let messages = session.call(async |client| client.messages(id, &query).await).await.map_err(named)?.data;
        let whole = Whole { conversation, messages };
        ctx.out.thing(&whole, |shown| render(&whole, shown))
    }
}

/// Opens a page; its address is said, for whoever sits at another machine.
pub(crate) async fn browse(ctx: &Context, url: &str) -> Result<(), CliError> {
    ctx.out.note(&text::line(&format!("opening {url}")));
    let refused = |why: String| {
        CliError::failed(format!("the browser did not open: {why}")).hint("AFENDA_BROWSER names another; --page prints the address")
    };
    tui::open_in_browser(url).await.map_err(refused)
}

/// What is to be known of a conversation: names and values, as they came. `time` writes the moment since when somebody waits.
pub(super) fn facts(c: &ConversationView, time: impl Fn(Timestamp) -> String) -> Vec<(&'static str, String)> {
    let name = |thing: &Option<api::inbox::Named>| thing.as_ref().map_or_else(|| "nobody".to_owned(), |thing| thing.name.clone());
    let mut facts = vec![
        (
            "contact",
            [Some(&c.contact.name), c.contact.email.as_ref(), c.contact.phone_number.as_ref()]
                .into_iter()
                .flatten()
                .filter(|part| !part.is_empty())
                .cloned()
                .collect::<Vec<_>>()
                .join(", "),
        ),
        (
            "status",
            match c.priority {
                Some(priority) => format!("{}, priority {priority}", c.status),
                None => c.status.to_string(),
            },
        ),
        ("inbox", format!("{} ({})", c.inbox.name, c.inbox.channel)),
        ("assignee", name(&c.assignee)),
    ];
    if c.team.is_some() {
        facts.push(("team", name(&c.team)));
    }
    if !c.labels.is_empty() {
        facts.push(("labels", c.labels.join(", ")));
    }
    for (key, value) in &c.custom_attributes {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        facts.push(("attribute", format!("{key}: {value}")));
    }
    if let Some(waiting) = c.waiting_since {
        facts.push(("waiting", time(waiting)));
    }
    for approval in &c.approvals {
        facts.push(("approval", format!("{} {}: {}", approval.reference, approval.status, approval.title)));
    }
    if !c.pending.is_empty() {
        facts.push(("unconfirmed", c.pending.join(", ")));
    }
    if !c.can_reply {
        facts.push(("reply", "the channel takes no reply now".to_owned()));
    }
    facts.push(("page", c.url.clone()));
    facts
}

fn render(whole: &Whole, shown: &Shown) -> String {
    let c = &whole.conversation;
    let mut out = format!("#{}\n", c.id);
    for (name, value) in facts(c, |at| shown.age(at)) {
        out.push_str(&format!("{name:<11} {}\n", text::line(&value)));
    }
    for message in &whole.messages {
        let audience = if message.private { " · TEAM ONLY" } else { "" };
        let head = format!("{} {} · {} · {}{audience}", shown.clock(message.created_at), who(message), kind(message), message.state);
        out.push_str(&format!("\n{}\n", text::line(&head)));
        for line in text::clean(&says(message)).lines() {
            out.push_str(format!("  {line}").trim_end());
            out.push('\n');
        }
        if let Some(error) = &message.error {
            out.push_str(&format!("  ! {}\n", text::line(error)));
        }
    }
    out
}
