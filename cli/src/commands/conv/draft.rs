//! `afenda conv draft`: texts that were not sent. They are the inbox's own, in its file; an inbox that is open meanwhile keeps what it has.

use api::client::new_key;
use api::id::{ConversationId, OutboxId};
use jiff::Timestamp;
use serde::Serialize;
use tui::DraftFile;
use tui::event::Purpose;
use tui::message::{message, signature, signed};
use tui::state::{DraftOf, draft_of};

use crate::commands::inbox::UNNAMED;
use crate::context::{Context, Session, each};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Column, column, flexible, naming};
use crate::text;

use super::send::{hand_in, print};

/// Texts that were not sent, the same as in the inbox
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Draft {
    /// List them, the newest first
    List,
    /// Print one
    Show(One),
    /// Write on one in your own editor
    Edit(One),
    /// Send one, as the inbox would; it is a draft until the daemon has it
    Send(One),
    /// Throw them away
    Rm(Several),
}

#[derive(Debug, clap::Args)]
pub(crate) struct One {
    /// The conversation, or the draft as `-o ids` names it where there are several, such as note/123
    #[arg(value_name = "ID", value_parser = which)]
    id: Which,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Several {
    /// Conversations, or drafts as `-o ids` names them where there are several, such as note/123
    #[arg(required = true, value_name = "ID", value_parser = which)]
    ids: Vec<Which>,
}

/// A draft as it was named.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Which {
    /// The only one of a conversation.
    Of(ConversationId),
    /// By the name it is kept under.
    Named(String),
}

impl std::fmt::Display for Which {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Of(id) => write!(f, "#{id}"),
            Self::Named(name) => f.write_str(name),
        }
    }
}

fn which(text: &str) -> Result<Which, String> {
    match draft_of(text) {
        DraftOf::Text(purpose) if purpose.conversation().is_some() => Ok(Which::Named(text.to_owned())),
        _ => crate::selector::conversation(text)
            .map(Which::Of)
            .map_err(|why| format!("{why}, or a draft as `afenda conv draft list -o ids` names it, such as note/123")),
    }
}

/// A draft as it is shown.
#[derive(Debug, Clone, Serialize)]
struct Row {
    /// What names it where a conversation has several.
    name: String,
    conversation_id: ConversationId,
    /// reply, note, template or escalate.
    kind: String,
    text: String,
    /// Names of files that go with it.
    files: Vec<String>,
    written_at: Timestamp,
    #[serde(skip)]
    purpose: Purpose,
    #[serde(skip)]
    draft: tui::Draft,
}

impl Row {
    /// Nothing for a text that belongs to no conversation, and for a decision.
    fn new(name: &str, draft: &tui::Draft) -> Option<Self> {
        let DraftOf::Text(purpose) = draft_of(name) else { return None };
        Some(Self {
            name: name.to_owned(),
            conversation_id: purpose.conversation()?,
            kind: name.split('/').next().unwrap_or_default().to_owned(),
            text: draft.text.clone(),
            files: draft.with.files.iter().map(|file| file.name.clone()).collect(),
            written_at: draft.at,
            purpose,
            draft: draft.clone(),
        })
    }

    /// Its text, and its files by name.
    fn says(&self) -> String {
        let files = self.files.iter().map(|name| format!("[{name}]"));
        std::iter::once(self.text.clone()).filter(|text| !text.is_empty()).chain(files).collect::<Vec<_>>().join("\n")
    }
}

const COLUMNS: &[Column<Row>] = &[
    column("CONV", |row, _| row.conversation_id.to_string()),
    column("KIND", |row, _| row.kind.clone()),
    column("AGE", |row, shown| shown.age(row.written_at)),
    flexible("TEXT", |row, _| row.says()),
    naming(|row, _| row.name.clone()),
];

/// The drafts of whoever runs this, at the daemon that answers.
struct Drafts {
    session: Session,
    file: DraftFile,
}

impl Drafts {
    async fn open(ctx: &Context) -> Result<Self, CliError> {
        let session = ctx.session().await?;
        let me = session.call(async |client| client.me().await).await?;
        let profile = session.profile.as_deref().unwrap_or(UNNAMED);
        let file = DraftFile::open(&Context::data_dir()?, profile, &me).map_err(unreadable)?;
        Ok(Self { session, file })
    }

    fn rows(&self) -> Vec<Row> {
        self.file.drafts().iter().filter_map(|(name, draft)| Row::new(name, draft)).collect()
    }

    /// The one that is named.
    fn find(&self, which: &Which) -> Result<Row, CliError> {
        let mut found = self.rows();
        found.retain(|row| match which {
            Which::Of(id) => row.conversation_id == *id,
            Which::Named(name) => row.name == *name,
        });
        let names = found.iter().map(|row| row.name.clone()).collect::<Vec<_>>().join(", ");
        match (found.pop(), found.is_empty()) {
            (Some(row), true) => Ok(row),
            (None, _) => Err(CliError::new(Exit::NotFound, "NOT_FOUND", "there is no draft")
                .about(which.to_string())
                .hint("`afenda conv draft list` shows those that there are, of this profile and tenant")),
            (Some(_), false) => {
                Err(CliError::usage("there are several drafts").about(which.to_string()).hint(format!("name one: {names}")))
            }
        }
    }

    /// Replaces or removes a draft as it was found.
    ///
    /// # Errors
    /// That it was written on meanwhile: then it stays.
    fn change(&mut self, row: &Row, to: Option<tui::Draft>) -> Result<(), CliError> {
        match self.file.change(&row.name, to).map_err(unreadable)? {
            true => Ok(()),
            false => Err(CliError::new(Exit::Conflict, "DRAFT_CHANGED", "the draft was written on meanwhile, and stays as it is now")
                .hint(format!("read it with `afenda conv draft show {}`", row.name))),
        }
    }

    /// Discards the failed entry of the outbox that a draft took the place of: it would come back as a draft.
    async fn discard(&self, ctx: &Context, replaces: Option<OutboxId>) {
        let Some(id) = replaces else { return };
        if let Err(err) = self.session.client.outbox_act(id, "cancel", &new_key()).await {
            ctx.out.note(&text::line(&format!("the failed try {id} stays in the outbox: {err}")));
        }
    }

    async fn edit(&mut self, ctx: &mut Context, which: &Which) -> Result<(), CliError> {
        let row = self.find(which)?;
        if matches!(row.purpose, Purpose::Template(_)) {
            return Err(CliError::usage("a template's text is WhatsApp's own: its values are changed in the inbox"));
        }
        if !ctx.can_ask() {
            return Err(CliError::usage("an editor needs a terminal").hint("`afenda conv draft show` prints the text"));
        }
        let hint = "set AFENDA_EDITOR, VISUAL or EDITOR";
        let text = crate::body::in_editor(ctx, &row.text, "the draft stays as it was", hint).await?;
        if text == row.text {
            ctx.out.note("nothing was changed");
            return ctx.out.row(&row, COLUMNS, &format!("#{}: {} kept", row.conversation_id, row.kind));
        }
        if text.trim().is_empty() {
            return Err(CliError::new(Exit::Failed, "NOT_CONFIRMED", "nothing was written, so the draft stays as it was")
                .hint(format!("`afenda conv draft rm {}` throws it away", row.name)));
        }
        // What was handed in before was another text.
        let draft = tui::Draft { text, key: None, at: Timestamp::now(), ..row.draft.clone() };
        if !self.file.keep(&row.name, draft.clone()).map_err(unreadable)? {
            ctx.out.note("it was written on meanwhile: `afenda conv draft list` shows both texts, unless one has all of the other");
        }
        let row = Row::new(&row.name, &draft).unwrap_or(row);
        ctx.out.row(&row, COLUMNS, &format!("#{}: {} kept", row.conversation_id, row.kind))
    }

    /// Sends a draft under the key it keeps while nobody knows what became of it, so that the inbox repeats the same call and no other.
    async fn send(&mut self, ctx: &mut Context, which: &Which) -> Result<(), CliError> {
        let row = self.find(which)?;
        let settings = crate::settings::load().0.composer;
        let with = &row.draft.with;
        let under = if settings.signature && !with.unsigned { self.signature(&row).await? } else { None };
        let text = signed(&row.text, under.as_deref());
        let (id, message, files) = message(row.purpose, &text, with, settings.hold_seconds)
            .ok_or_else(|| CliError::usage("this asks the approvers").hint("send it in the inbox, or with `afenda conv escalate`"))?;
        let key = row.draft.key.clone().unwrap_or_else(|| ctx.key(&id.to_string(), false));
        if ctx.globals.dry_run {
            let sent = hand_in(ctx, &self.session, id, (&message, &files), &row.kind, &key).await?;
            return print(ctx, &sent, &row.kind);
        }
        let handed = Row { draft: tui::Draft { key: Some(key.clone()), ..row.draft.clone() }, ..row.clone() };
        self.change(&row, Some(handed.draft.clone()))?;
        let sent = match hand_in(ctx, &self.session, id, (&message, &files), &row.kind, &key).await {
            Ok(sent) => sent,
            Err(err) => return Err(self.refused(row, err)?),
        };
        if !self.file.change(&row.name, None).map_err(unreadable)? {
            ctx.out.note("the draft was written on meanwhile, and is kept as it is now");
        }
        self.discard(ctx, row.draft.replaces).await;
        print(ctx, &sent, &row.kind)
    }

    /// A draft whose sending failed, with the key that the next try needs. One that the inbox changed meanwhile has its own already.
    fn refused(&mut self, row: Row, err: CliError) -> Result<CliError, CliError> {
        let was_handed_in = row.draft.key.is_some();
        let (key, err) = match err.code.as_str() {
            "DAEMON_LOST" | "IDEMPOTENCY_IN_PROGRESS" => return Ok(err),
            "IDEMPOTENCY_KEY_REUSED" if was_handed_in => {
                let hint = format!(
                    "it was handed in before with something else to it: `afenda conv messages {}` tells whether it arrived, then \
                     `afenda conv draft rm {}`",
                    row.conversation_id, row.name
                );
                (row.draft.key.clone(), err.hint(hint))
            }
            _ => (None, err),
        };
        self.file.change(&row.name, Some(tui::Draft { key, ..row.draft })).map_err(unreadable)?;
        Ok(err)
    }

    /// The signature that the inbox puts under a reply by e-mail. Where it cannot be asked there is none, as in the inbox.
    async fn signature(&self, row: &Row) -> Result<Option<String>, CliError> {
        let Purpose::Reply(id) = row.purpose else { return Ok(None) };
        let conversation = self.session.call(async |client| client.conversation(id).await).await?;
        if conversation.inbox.channel != "Email" {
            return Ok(None);
        }
        Ok(self.session.client.signature().await.ok().and_then(|view| view.signature).as_deref().and_then(signature))
    }
}

fn unreadable(err: std::io::Error) -> CliError {
    CliError::failed("the file of drafts cannot be read or written").because(err)
}

impl Draft {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        if ctx.globals.dry_run && matches!(self, Self::Edit(_) | Self::Rm(_)) {
            return Err(crate::context::no_dry_run());
        }
        let mut drafts = Drafts::open(ctx).await?;
        match self {
            Self::List => ctx.out.list(&drafts.rows(), COLUMNS, "no text waits to be sent"),
            Self::Show(One { id }) => {
                let row = drafts.find(&id)?;
                ctx.out.thing(&row, |_| format!("{}\n", text::clean(&row.says())))
            }
            Self::Edit(One { id }) => drafts.edit(ctx, &id).await,
            Self::Send(One { id }) => drafts.send(ctx, &id).await.map_err(|err| err.about(id.to_string())),
            Self::Rm(Several { ids }) => {
                let drafts = tokio::sync::Mutex::new(drafts);
                each(ctx, ids, Which::to_string, async |ctx, id| {
                    let mut drafts = drafts.lock().await;
                    let row = drafts.find(&id)?;
                    drafts.change(&row, None)?;
                    drafts.discard(ctx, row.draft.replaces).await;
                    ctx.out.row(&row, COLUMNS, &format!("#{}: {} thrown away", row.conversation_id, row.kind))
                })
                .await
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_named_by_its_conversation_or_its_own_name() {
        let id = ConversationId(12);
        for (text, want) in [
            ("12", Some(Which::Of(id))),
            ("#12", Some(Which::Of(id))),
            ("https://chat.example.com/app/accounts/1/conversations/12", Some(Which::Of(id))),
            ("note/12", Some(Which::Named("note/12".to_owned()))),
            ("reply/12~2", Some(Which::Named("reply/12~2".to_owned()))),
            ("contact-note/12", None),
            ("approve/12", None),
            ("note/x", None),
            ("", None),
        ] {
            assert_eq!(which(text).ok(), want, "{text}");
        }
    }
}
