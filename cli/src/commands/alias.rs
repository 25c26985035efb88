//! `afenda alias`: a person's own words for command lines; how they are read is in [`aliases`].

use clap::CommandFactory;
use serde::Serialize;
use toml_edit::DocumentMut;

use crate::aliases;
use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Column, column, flexible};

/// Your own words for command lines
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Alias {
    /// Let a word stand for a command line, or change what it stands for
    #[command(after_help = "Examples: afenda alias set mine 'conv list -a me'
          afenda alias set 'conv hi' 'conv reply $1 -b Hello'
          afenda alias set ids '!afenda conv list -o ids \"$@\" | sort'
$1 to $9 are the arguments, each within its word; those that none names follow at the end.
The shell gets them as its own $1 to $9 and $@. A command of afenda's own stays what it is.
A program afenda-NAME on PATH is `afenda NAME` too, with the arguments as they are.")]
    Set {
        /// One to three words
        name: String,
        /// What it stands for, in one argument; one that begins with ! is given to sh
        #[arg(allow_hyphen_values = true)]
        expansion: String,
    },
    /// List them
    List,
    /// Remove one
    Rm {
        /// As it was set
        name: String,
    },
}

#[derive(Debug, Serialize)]
struct Row {
    name: String,
    expansion: String,
}

const COLUMNS: &[Column<Row>] = &[column("NAME", |row, _| row.name.clone()), flexible("EXPANSION", |row, _| row.expansion.clone())];

impl Alias {
    pub(crate) fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let path = aliases::path()?;
        let text = aliases::text(&path)?;
        let known = aliases::parse(&path, &text)?;
        // What it holds is texts by name, so it is a document too.
        let document =
            || text.parse::<DocumentMut>().map_err(|err| CliError::usage(format!("cannot read {}", path.display())).because(err));
        match self {
            Self::List => {
                let rows: Vec<Row> = known.into_iter().map(|(name, expansion)| Row { name, expansion }).collect();
                ctx.out.list(&rows, COLUMNS, "there are no aliases: `afenda alias set --help` shows how one is made")
            }
            Self::Set { name, expansion } => {
                let command = crate::Cli::command();
                let name = aliases::name(&command, &name)?;
                let expansion = expansion.trim();
                aliases::check(&command, &name, expansion, &known)?;
                let mut document = document()?;
                document[name.as_str()] = toml_edit::value(expansion);
                aliases::write(&path, &document.to_string())?;
                ctx.changes.count(known.get(&name).is_some_and(|before| before == expansion));
                let before = known.get(&name).filter(|before| *before != expansion);
                let before = before.map(|before| format!("; it was `{before}`")).unwrap_or_default();
                ctx.out.note(&format!("`afenda {name}` now stands for `{expansion}`{before}"));
                Ok(())
            }
            Self::Rm { name } => {
                let mut document = document()?;
                let words = name.split_whitespace().collect::<Vec<_>>().join(" ");
                // By hand it may have been written otherwise.
                let gone = document.remove(&name).or_else(|| document.remove(&words));
                let none = || CliError::new(Exit::NotFound, "NOT_FOUND", format!("there is no alias `{name}`"));
                gone.ok_or_else(|| none().hint("`afenda alias list` shows those that are"))?;
                aliases::write(&path, &document.to_string())?;
                ctx.out.note(&format!("`{name}` stands for nothing now"));
                Ok(())
            }
        }
    }
}
