//! `afenda conv messages`.

use api::event::Activity;
use api::id::ConversationId;
use api::inbox::{MessageQuery, MessageType, MessageView};
use api::page::LIMIT_MAX;

use crate::context::{Context, Session};
use crate::error::CliError;
use crate::output::{Column, column, flexible, spare};
use crate::watch::{Watch, Watched};

use super::One;

/// List a conversation's messages, oldest first
#[derive(Debug, clap::Args)]
pub(crate) struct Messages {
    #[command(flatten)]
    conversation: One,
    /// Only messages older than this one
    #[arg(long, value_name = "MESSAGE")]
    before: Option<i64>,
    /// Only messages newer than this one
    #[arg(long, value_name = "MESSAGE", conflicts_with = "before")]
    after: Option<i64>,
    /// Only messages written since then: 2h (ago), 2026-11-27, or a time in full
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Messages at most: the newest, unless --after is given
    #[arg(short = 'L', short_alias = 'n', long, default_value_t = 50, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=i64::from(LIMIT_MAX)))]
    limit: u32,
    #[command(flatten)]
    watch: Watch,
}

/// Whose a message is, in a word.
pub(super) fn kind(message: &MessageView) -> &'static str {
    match message.message_type {
        MessageType::Incoming => "in",
        MessageType::Outgoing | MessageType::Template if message.private => "note",
        MessageType::Outgoing | MessageType::Template => "out",
        MessageType::Activity => "event",
    }
}

/// Who wrote it.
pub(super) fn who(message: &MessageView) -> String {
    message.sender.as_ref().map(|sender| sender.name.clone()).unwrap_or_default()
}

/// What it says: its text, and its files by name.
pub(super) fn text(message: &MessageView) -> String {
    if message.deleted {
        return "(deleted)".to_owned();
    }
    let files = message.attachments.iter().map(|file| format!("[{}]", if file.name.is_empty() { &file.file_type } else { &file.name }));
    let parts: Vec<String> = message.content.iter().cloned().chain(files).collect();
    if parts.is_empty() { "(no text)".to_owned() } else { parts.join("\n") }
}

/// The columns of a message list.
pub(super) const COLUMNS: &[Column<MessageView>] = &[
    column("TIME", |row, shown| shown.clock(row.created_at)),
    flexible("WHO", |row, _| who(row)),
    column("KIND", |row, _| kind(row).to_owned()),
    spare(column("STATE", |row, _| row.state.to_string())),
    flexible("TEXT", |row, _| text(row)),
];

impl Messages {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let session = ctx.session().await?;
        let since = ctx.past("since", self.since.as_deref())?;
        let query = MessageQuery { before: self.before, after: self.after, since, limit: Some(self.limit), fresh: false };
        Thread { id: self.conversation.id, query }.show(ctx, &session, &self.watch).await
    }
}

/// A part of one conversation's messages.
struct Thread {
    id: ConversationId,
    query: MessageQuery,
}

impl Watched for Thread {
    type Row = MessageView;
    const COLUMNS: &'static [Column<MessageView>] = COLUMNS;
    const EMPTY: &'static str = "no message";

    fn key(row: &MessageView) -> String {
        match (row.id, row.outbox_id) {
            (Some(id), _) => id.to_string(),
            (None, Some(id)) => id.to_string(),
            (None, None) => String::new(),
        }
    }

    fn concerns(&self) -> Box<dyn Fn(&Activity) -> bool> {
        let id = self.id;
        Box::new(move |activity| activity.conversation_id == Some(id.0))
    }

    async fn read(&mut self, session: &Session) -> Result<(Vec<MessageView>, u64), CliError> {
        let (id, query) = (self.id, self.query.clone());
        let page = session.call(async |client| client.messages(id, &query).await).await.map_err(|err| err.about(super::name(&id)))?;
        let total = page.data.len() as u64;
        Ok((page.data, total))
    }
}
