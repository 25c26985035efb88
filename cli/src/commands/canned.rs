//! `afenda canned`: the account's prepared answers.

use api::lists::CannedResponseView;

use crate::context::Context;
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
}

const COLUMNS: &[Column<CannedResponseView>] =
    &[column("CODE", |row, _| row.short_code.clone()), flexible("TEXT", |row, _| row.content.clone())];

impl Canned {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let session = ctx.session().await?;
        let mut rows = session.call(async |client| client.canned_responses().await).await?;
        match self {
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
