//! `afenda conv export`: whole conversations as Markdown or data.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use api::id::ConversationId;
use api::inbox::{MessageQuery, MessageView};
use api::page::LIMIT_MAX;
use tempfile::NamedTempFile;

use crate::context::{Context, Session, each};
use crate::error::CliError;
use crate::exit::Exit;
use crate::stop::Stop;
use crate::{text, time};

use super::Several;
use super::messages::{kind, text as says, who};
use super::view::{Whole, facts};

/// Messages of one conversation at most, so that memory has a limit: as many as `--all` lists of anything. Of more the newest are taken.
const MESSAGES_MAX: usize = 100_000;

/// Print whole conversations, oldest message first: as Markdown, or as JSON where that is asked for
///
/// Private notes are in it. What is older than the daemon's message_age_days is not in its copy, and so not here.
#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    #[command(flatten)]
    conversations: Several,
    /// Write them into this file, which only you can read, once all are there
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// With --file: replace a file that is there
    #[arg(short = 'y', long, requires = "file")]
    force: bool,
}

impl Export {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        if ctx.globals.dry_run && self.file.is_some() {
            return Err(crate::context::no_dry_run());
        }
        let Some(path) = self.file else { return print(ctx, self.conversations.ids).await };
        // What ends this process at once would leave what is written so far.
        let stop = Stop::listen(|| ()).map_err(|err| CliError::failed("cannot listen for signals").because(err))?;
        let file = begin(&path, self.force)?;
        ctx.out.print_to(Box::new(file.reopen().map_err(|err| unwritable(&path).because(err))?));
        let count = self.conversations.ids.len();
        tokio::select! {
            () = stop.token.cancelled() => return Err(CliError::told(stop.by().unwrap_or(Exit::Terminated))),
            printed = print(ctx, self.conversations.ids) => printed?,
        }
        end(&path, file, self.force)?;
        ctx.out.note(&format!("{count} exported to {}", path.display()));
        Ok(())
    }
}

/// Prints them one after the other.
async fn print(ctx: &mut Context, ids: Vec<ConversationId>) -> Result<(), CliError> {
    let session = ctx.session().await?;
    let between = Cell::new("");
    each(ctx, ids, super::name, async |ctx, id| {
        let (whole, total) = read(&session, id).await?;
        ctx.out.thing(&whole, |_| format!("{}{}", between.replace("\n---\n\n"), markdown(&whole)))?;
        cut(ctx, id, whole.messages.len(), total)
    })
    .await
}

/// Says that a conversation is longer than what is taken of it.
fn cut(ctx: &Context, id: ConversationId, taken: usize, total: u64) -> Result<(), CliError> {
    // What is still in the outbox is not in the total.
    if taken < MESSAGES_MAX || taken as u64 >= total {
        return Ok(());
    }
    let said = format!("the newest {taken} of {total} messages");
    if ctx.globals.printing.fail_truncated {
        return Err(CliError::new(Exit::Failed, "TRUNCATED", said));
    }
    ctx.out.note(&format!("#{id}: {said}"));
    Ok(())
}

/// A conversation with its messages, and how many it has. Read from the newest back, so that what is written meanwhile shifts nothing.
async fn read(session: &Session, id: ConversationId) -> Result<(Whole, u64), CliError> {
    let conversation = session.call(async |client| client.conversation(id).await).await?;
    let mut query = MessageQuery { limit: Some(LIMIT_MAX), ..MessageQuery::default() };
    let mut pages: Vec<Vec<MessageView>> = Vec::new();
    let (mut taken, mut total) = (0, 0);
    loop {
        let page = session.call(async |client| client.messages(id, &query).await).await?;
        taken += page.data.len();
        if query.before.is_none() {
            total = page.meta.total;
        }
        pages.push(page.data);
        let next = page.meta.next_cursor.and_then(|cursor| cursor.parse().ok());
        // Each page is older than the one before; anything else would never end.
        match next.filter(|next| taken < MESSAGES_MAX && query.before.is_none_or(|before| *next < before)) {
            Some(next) => query.before = Some(next),
            None => break,
        }
    }
    Ok((Whole { conversation, messages: pages.into_iter().rev().flatten().collect() }, total))
}

fn unwritable(path: &Path) -> CliError {
    CliError::usage(format!("cannot write {}", path.display()))
}

/// A file beside the one that is to be, so that there is never half of one.
fn begin(path: &Path, force: bool) -> Result<NamedTempFile, CliError> {
    match std::fs::metadata(path) {
        Ok(meta) if !meta.is_file() => return Err(unwritable(path).hint("it is no file")),
        Ok(_) if !force => return Err(there(path)),
        _ => {}
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    NamedTempFile::new_in(folder).map_err(|err| unwritable(path).because(err))
}

fn there(path: &Path) -> CliError {
    CliError::usage(format!("{} is there already", path.display())).hint("-y replaces it")
}

fn end(path: &Path, file: NamedTempFile, force: bool) -> Result<(), CliError> {
    let failed = |err: std::io::Error| match err.kind() {
        std::io::ErrorKind::AlreadyExists => there(path),
        _ => CliError::failed(format!("cannot write {}", path.display())).because(err),
    };
    file.as_file().sync_all().map_err(failed)?;
    let moved = if force { file.persist(path) } else { file.persist_noclobber(path) };
    moved.map(drop).map_err(|err| failed(err.error))
}

/// A text from outside within Markdown: its own Markdown stays, but nothing of it is HTML or a picture that is fetched.
fn tame(text: &str) -> String {
    text.replace('<', "\\<").replace("![", "!\\[")
}

/// The conversation as Markdown. Every message is a quotation, so that no text can pass for another message or a heading.
fn markdown(whole: &Whole) -> String {
    let c = &whole.conversation;
    let line = |words: &str| tame(&text::line(words));
    let mut out = format!("# Conversation {} with {}\n\n", c.id, line(&c.contact.name));
    for (name, value) in facts(c, time::in_full) {
        out.push_str(&format!("- {name}: {}\n", line(&value)));
    }
    for message in &whole.messages {
        let name = Some(who(message)).filter(|name| !name.is_empty()).unwrap_or_else(|| "Chatwoot".to_owned());
        let audience = if message.private { " · TEAM ONLY" } else { "" };
        let about = format!("{} · {}{audience} · {}", kind(message), message.state, time::in_full(message.created_at));
        out.push_str(&format!("\n**{}** · {about}\n\n", line(&name)));
        for row in tame(&text::clean(&says(message))).lines() {
            out.push_str(format!("> {row}").trim_end());
            out.push('\n');
        }
        if let Some(error) = &message.error {
            out.push_str(&format!("\nNot delivered: {}\n", line(error)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_customer_writes_is_neither_html_nor_a_picture() {
        assert_eq!(tame("**bold** <img src=x> ![](http://x/y) 1 ! [a](b)"), "**bold** \\<img src=x> !\\[](http://x/y) 1 ! [a](b)");
    }

    #[test]
    fn a_file_that_is_there_stays_unless_it_is_to_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.md");
        let late = begin(&path, false).unwrap();
        std::fs::write(&path, "mine").unwrap();
        assert_eq!(begin(&path, false).unwrap_err().exit, Exit::Usage);
        assert_eq!(end(&path, late, false).unwrap_err().exit, Exit::Usage, "made meanwhile");
        assert_eq!(std::fs::read(&path).unwrap(), b"mine");
        end(&path, begin(&path, true).unwrap(), true).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"");
        assert_eq!(begin(folder.path(), true).unwrap_err().exit, Exit::Usage);
        assert_eq!(begin(&folder.path().join("no/a.md"), false).unwrap_err().exit, Exit::Usage);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }
}
