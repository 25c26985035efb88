//! `afenda canned`: the account's prepared answers.

use std::path::PathBuf;

use api::lists::{CannedResponsePatch, CannedResponseView, NewCannedResponse};

use crate::body;
use crate::context::{Context, Session};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Column, column, flexible};
use crate::text;

/// Prepared answers
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Canned {
    /// List canned responses by code
    List {
        /// Only those with these words in code or text
        #[arg(short = 'S', long, value_name = "WORDS")]
        search: Option<String>,
    },
    /// Print the text of one, with its Liquid
    Show {
        /// Its code; case counts only where several differ by it
        #[arg(value_name = "CODE")]
        code: String,
    },
    /// Make one for the whole account, as yourself
    Create {
        /// Its code: what is typed to get it
        #[arg(value_name = "NEW")]
        code: String,
        #[command(flatten)]
        text: Text,
    },
    /// Give one another text, as yourself; on a terminal in your own editor, where none is given
    Edit {
        /// Its code
        #[arg(value_name = "CODE")]
        code: String,
        #[command(flatten)]
        text: Text,
    },
    /// Delete one for the whole account, as yourself; prints what it was
    Rm {
        /// Its code
        #[arg(value_name = "CODE")]
        code: String,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Text {
    /// The text, with its Liquid
    #[arg(short, long, value_name = "TEXT", conflicts_with = "body_file")]
    body: Option<String>,
    /// A file with the text; - reads standard input
    #[arg(short = 'F', long, value_name = "FILE")]
    body_file: Option<PathBuf>,
}

impl Text {
    /// The text; on a terminal what becomes of `was` in the person's editor, where none is given.
    async fn read(self, ctx: &Context, session: &Session, was: Option<&str>) -> Result<String, CliError> {
        let written = match (self.body.is_none() && self.body_file.is_none() && ctx.can_ask(), was) {
            (true, Some(was)) => {
                may_write(ctx, session).await?;
                let text = body::in_editor(ctx, was, "nothing was changed", "give the text with --body, or set AFENDA_EDITOR").await?;
                Some(text).filter(|text| !text.trim().is_empty())
            }
            _ => body::read(self.body, self.body_file)?,
        };
        written.ok_or_else(|| CliError::usage("the text is empty").hint("give it with --body TEXT, -F FILE or -F -"))
    }
}

/// What the daemon would say, before somebody writes in vain.
async fn may_write(ctx: &Context, session: &Session) -> Result<(), CliError> {
    if ctx.globals.dry_run {
        return Err(CliError::usage("--dry-run: Chatwoot alone could tell, and is not asked"));
    }
    let me = session.call(async |client| client.me().await).await?;
    if me.agent.is_some_and(|agent| agent.own_token) {
        return Ok(());
    }
    Err(CliError::new(Exit::Forbidden, "FORBIDDEN", "a canned response is written as you")
        .hint("link your own Chatwoot token with `afenda auth link-chatwoot`"))
}

const COLUMNS: &[Column<CannedResponseView>] =
    &[column("CODE", |row, _| row.short_code.clone()), flexible("TEXT", |row, _| row.content.clone())];

/// What tells whether a change was made.
const FIND_OUT: &str = "afenda canned list";

impl Canned {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let session = ctx.session().await?;
        let key = ctx.key("", false);
        if let Self::Create { code, text } = self {
            let new = NewCannedResponse { short_code: code, content: text.read(ctx, &session, None).await? };
            let made = session.change(FIND_OUT, async |client| client.create_canned_response(&new, &key).await).await?;
            return ctx.out.row(&made, COLUMNS, &format!("{} is there for everybody", made.short_code));
        }
        let mut rows = session.call(async |client| client.canned_responses().await).await?;
        match self {
            Self::Create { .. } => Ok(()),
            Self::List { search } => {
                if let Some(words) = search.map(|words| words.to_lowercase()) {
                    rows.retain(|row| row.short_code.to_lowercase().contains(&words) || row.content.to_lowercase().contains(&words));
                }
                ctx.out.list(&rows, COLUMNS, "no canned response")
            }
            Self::Show { code } => {
                let row = find(&rows, &code)?;
                ctx.out.thing(row, |_| format!("{}\n", text::clean(&row.content)))
            }
            Self::Edit { code, text } => {
                let row = find(&rows, &code)?;
                let patch = CannedResponsePatch { content: text.read(ctx, &session, Some(&row.content)).await? };
                let now = session.change(FIND_OUT, async |client| client.update_canned_response(row.id, &patch, &key).await).await?;
                ctx.out.row(&now, COLUMNS, &format!("{} has its new text", now.short_code))
            }
            Self::Rm { code } => {
                let row = find(&rows, &code)?;
                let was = session.change(FIND_OUT, async |client| client.delete_canned_response(row.id, &key).await).await?;
                ctx.out.row(&was, COLUMNS, &format!("{} is deleted; it was: {}", was.short_code, was.content))
            }
        }
    }
}

/// The one of that code: as it is written, else the only one whose case is another.
fn find<'a>(rows: &'a [CannedResponseView], code: &str) -> Result<&'a CannedResponseView, CliError> {
    if let Some(row) = rows.iter().find(|row| row.short_code == code) {
        return Ok(row);
    }
    let alike: Vec<&CannedResponseView> = rows.iter().filter(|row| row.short_code.to_lowercase() == code.to_lowercase()).collect();
    match alike.as_slice() {
        [row] => Ok(row),
        [] => Err(CliError::new(Exit::NotFound, "NOT_FOUND", format!("there is no canned response `{code}`"))
            .hint("`afenda canned list` shows the codes")),
        several => {
            let codes = several.iter().map(|row| row.short_code.as_str()).collect::<Vec<_>>().join(", ");
            Err(CliError::usage(format!("`{code}` fits several")).hint(format!("there are: {codes}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_whatever_its_case_unless_several_differ_by_it() {
        let row = |id, code: &str| CannedResponseView { id, short_code: code.to_owned(), content: String::new() };
        let rows = [row(1, "hi"), row(2, "HI"), row(3, "Bye")];
        for (code, want) in [("hi", Ok(1)), ("HI", Ok(2)), ("Hi", Err(Exit::Usage)), ("bye", Ok(3)), ("by", Err(Exit::NotFound))] {
            assert_eq!(find(&rows, code).map(|row| row.id).map_err(|err| err.exit), want, "{code}");
        }
    }
}
