//! `afenda conv reply` and `afenda conv note`.

use api::client::FileToSend;
use api::id::ConversationId;
use api::inbox::{ConversationPatch, ConversationStatus, EffectQuery, Mention, MessageView, NewMessage};
use api::template::UseTemplate;

use crate::body::Body;
use crate::context::{Context, Session, each};
use crate::error::CliError;
use crate::output::{Column, column};
use crate::selector::pick;

use super::Several;
use super::change::until;

/// Write to the customer
#[derive(Debug, clap::Args)]
pub(crate) struct Reply {
    #[command(flatten)]
    conversations: Several,
    #[command(flatten)]
    body: Body,
    /// Seconds to wait before it leaves, during which it can be recalled [default: the daemon's]
    #[arg(long, value_name = "SECONDS")]
    hold: Option<u32>,
    /// A template of the WhatsApp inbox instead of a text, the only one that arrives once the reply window is closed; '' lists them
    #[arg(long, value_name = "NAME")]
    template_name: Option<String>,
    /// With --template-name: its language, where it has several
    #[arg(long, value_name = "LANGUAGE", requires = "template_name")]
    language: Option<String>,
    /// With --canned or --template-name: a value for what it leaves open
    #[arg(long, value_name = "NAME=VALUE", value_parser = var)]
    var: Vec<(String, String)>,
    /// The number of the message that it answers
    #[arg(long, value_name = "MESSAGE")]
    in_reply_to: Option<i64>,
    /// Mark the conversation as done once the reply is on its way
    #[arg(long, group = "then")]
    resolve: bool,
    /// Set it aside as pending then
    #[arg(long, group = "then")]
    pending: bool,
    /// Snooze it then: next-reply, 2h, "tomorrow 9:00", "mon 8", or a date
    #[arg(long, value_name = "WHEN", group = "then")]
    snooze: Option<String>,
    /// In an e-mail inbox: an address it goes to, again for each [default: the contact's]
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    to: Vec<String>,
    /// In an e-mail inbox: an address that gets a copy, again for each
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    cc: Vec<String>,
    /// In an e-mail inbox: an address that gets a copy without the others knowing, again for each
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    bcc: Vec<String>,
}

fn address(text: &str) -> Result<String, String> {
    let text = text.trim();
    api::mail::check(text).map(|()| text.to_owned())
}

fn var(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').filter(|(name, _)| !name.trim().is_empty()).ok_or("expected NAME=VALUE")?;
    Ok((name.trim().to_owned(), value.to_owned()))
}

/// Write a private note: only the team sees it
#[derive(Debug, clap::Args)]
pub(crate) struct Note {
    #[command(flatten)]
    conversations: Several,
    #[command(flatten)]
    body: Body,
    /// An agent to notify, or team:NAME for everybody in a team; again for each
    #[arg(long, value_name = "@NAME|team:NAME")]
    mention: Vec<String>,
}

const COLUMNS: &[Column<MessageView>] = &[
    column("CONV", |row, _| row.conversation_id.to_string()),
    column("STATE", |row, _| row.state.to_string()),
    column("OUTBOX", |row, _| row.outbox_id.map(|id| id.to_string()).unwrap_or_default()),
    column("SENDS IN", |row, shown| row.sends_at.map(|at| shown.until(at)).unwrap_or_default()),
];

impl Reply {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let then = self.then(ctx)?;
        let vars = self.var.into_iter().collect();
        if let Some(name) = self.template_name {
            if !self.body.is_empty() {
                return Err(CliError::usage("--template-name cannot be used with a text or files: it is the whole reply"));
            }
            let template = Some(UseTemplate { name, language: self.language, vars });
            let message = NewMessage { template, hold_seconds: self.hold, ..NewMessage::default() };
            return send(ctx, self.conversations, &message, &[], "template", then).await;
        }
        let message = NewMessage {
            hold_seconds: self.hold,
            vars,
            to: self.to,
            cc: self.cc,
            bcc: self.bcc,
            in_reply_to: self.in_reply_to,
            ..NewMessage::default()
        };
        let (message, files) = write(ctx, &self.conversations, self.body, message).await?;
        send(ctx, self.conversations, &message, &files, "reply", then).await
    }

    /// What becomes of the conversation afterwards.
    fn then(&self, ctx: &Context) -> Result<Option<ConversationPatch>, CliError> {
        let to = |status| ConversationPatch { status: Some(status), ..ConversationPatch::default() };
        Ok(match &self.snooze {
            Some(when) => Some(ConversationPatch { snoozed_until: until(ctx, when)?, ..to(ConversationStatus::Snoozed) }),
            None if self.resolve => Some(to(ConversationStatus::Resolved)),
            None => self.pending.then(|| to(ConversationStatus::Pending)),
        })
    }
}

impl Note {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let mut mentions = Vec::new();
        for name in &self.mention {
            let session = ctx.session().await?;
            mentions.push(match name.strip_prefix("team:") {
                Some(name) => {
                    let teams = session.call(async |client| client.teams().await).await?;
                    Mention::Team(pick("team", name, &teams, |team| (team.id, &team.name))?.id)
                }
                None => {
                    let agents = session.call(async |client| client.agents().await).await?;
                    Mention::Agent(pick("agent", name, &agents, |agent| (agent.id, &agent.name))?.id)
                }
            });
        }
        let message = NewMessage { private: true, mentions, ..NewMessage::default() };
        let (message, files) = write(ctx, &self.conversations, self.body, message).await?;
        send(ctx, self.conversations, &message, &files, "note", None).await
    }
}

/// The message with its text. Before somebody writes one, the daemon is asked whether it would be taken.
async fn write(ctx: &Context, to: &Several, body: Body, message: NewMessage) -> Result<(NewMessage, Vec<FileToSend>), CliError> {
    if body.is_to_be_written(ctx) {
        let session = ctx.session().await?;
        let (checking, begun) = (session.checking(), NewMessage { content: "…".to_owned(), ..message.clone() });
        for id in &to.ids {
            let checked = checking.send_message(*id, &begun, &api::client::new_key()).await;
            checked.map_err(|err| session.explain(err).about(super::name(id)))?;
        }
    }
    let (given, files) = body.read(ctx).await?;
    Ok((NewMessage { content: given.content, canned: given.canned, ..message }, files))
}

async fn send(
    ctx: &mut Context,
    to: Several,
    message: &NewMessage,
    files: &[FileToSend],
    what: &str,
    then: Option<ConversationPatch>,
) -> Result<(), CliError> {
    let session = ctx.session().await?;
    let several = to.ids.len() > 1;
    each(ctx, to.ids, super::name, async |ctx, id| {
        let key = ctx.key(&id.to_string(), several);
        let sent = hand_in(ctx, &session, id, (message, files), what, &key).await?;
        if let Some(patch) = &then {
            // A change of its own, which comes after the message.
            let key = ctx.key(&format!("{id}:then"), true);
            session.change(&format!("afenda conv view {id}"), async |client| client.update_conversation(id, patch, &key).await).await?;
        }
        print(ctx, &sent, what)
    })
    .await
}

/// Hands a message with its files in, and says before what it will do besides. `what` names it: reply, note or template.
pub(super) async fn hand_in(
    ctx: &Context,
    session: &Session,
    id: ConversationId,
    (message, files): (&NewMessage, &[FileToSend]),
    what: &str,
    key: &str,
) -> Result<MessageView, CliError> {
    let query = EffectQuery { message: Some(what.to_owned()), ..EffectQuery::default() };
    super::foretell(ctx, session, id, &query).await;
    session
        .change(&format!("afenda conv messages {id}"), async |client| match files.is_empty() {
            true => client.send_message(id, message, key).await,
            false => client.send_files(id, message, files, key).await,
        })
        .await
}

/// Prints what became of a message, and how it is recalled.
pub(super) fn print(ctx: &mut Context, sent: &MessageView, what: &str) -> Result<(), CliError> {
    let recall = match (sent.sends_at.filter(|at| *at > ctx.out.now && !ctx.globals.dry_run), sent.outbox_id) {
        (Some(at), Some(outbox)) => {
            format!(", leaves in {}; recall it with `afenda outbox cancel {outbox}`", ctx.out.shown().until(at))
        }
        _ => String::new(),
    };
    ctx.out.row(sent, COLUMNS, &format!("#{}: {what} {}{recall}", sent.conversation_id, sent.state))
}
