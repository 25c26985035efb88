//! `afenda keys`: the inbox's keys, and the file that changes them.

use std::path::PathBuf;

use tui::keymap::{self, File, Keys as Table, Listed, Problem};

use crate::context::Context;
use crate::error::CliError;
use crate::output::{Column, column, flexible};

/// A file of keys is written by hand: a longer one is something else.
const BYTES_MAX: u64 = 256 * 1024;

/// The inbox's keys
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Keys {
    /// List every key as it is here, with its action
    List,
    /// Say what is wrong with keys.toml
    Check,
}

const COLUMNS: &[Column<Listed>] = &[
    column("PLACE", |row, _| row.place.to_owned()),
    column("KEYS", |row, _| row.keys.join("  ")),
    column("ACTION", |row, _| row.action.to_owned()),
    flexible("WHAT IT DOES", |row, _| row.help.to_owned()),
];

const PROBLEMS: &[Column<String>] = &[flexible("PROBLEM", |row, _| row.clone())];

impl Keys {
    pub(crate) fn run(&self, ctx: &mut Context) -> Result<(), CliError> {
        let (table, problems) = load()?;
        let said: Vec<String> = problems.iter().map(|problem| crate::text::line(&problem.text)).collect();
        match self {
            Self::List => {
                for problem in said {
                    ctx.out.note(&problem);
                }
                ctx.out.list(&keymap::listed(&table), COLUMNS, "no keys")
            }
            Self::Check => {
                ctx.out.list(&said, PROBLEMS, "nothing is wrong with the keys")?;
                match problems.iter().filter(|problem| !problem.used).count() {
                    0 => Ok(()),
                    1 => Err(CliError::failed("one entry of keys.toml does not count")),
                    n => Err(CliError::failed(format!("{n} entries of keys.toml do not count"))),
                }
            }
        }
    }
}

/// Where the file lies.
pub(crate) fn path() -> Option<PathBuf> {
    daemon::config::config_dir(&|name| std::env::var(name).ok().filter(|value| !value.is_empty())).map(|dir| dir.join("keys.toml"))
}

/// The keys, and what is wrong with their file. Without a file they are the defaults.
fn load() -> Result<(Table, Vec<Problem>), CliError> {
    let Some(path) = path() else { return Ok((Table::default(), Vec::new())) };
    let bad = || CliError::failed(format!("cannot read the keys in {}", path.display()));
    match std::fs::metadata(&path) {
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Ok((Table::default(), Vec::new())),
        Ok(file) if file.len() > BYTES_MAX => return Err(bad().because(std::io::Error::other("the file is too large"))),
        _ => {}
    }
    let text = std::fs::read_to_string(&path).map_err(|err| bad().because(err))?;
    let file: File = toml::from_str(&text).map_err(|err| {
        let line = err.span().map_or(1, |span| text.get(..span.start).unwrap_or_default().matches('\n').count() + 1);
        bad().because(std::io::Error::other(format!("line {line}: {}", err.message())))
    })?;
    Ok(Table::load(&file))
}

/// The keys for the inbox, and one sentence about what is wrong with them: the inbox opens nevertheless.
pub(crate) fn for_the_inbox() -> (Table, Option<String>) {
    match load() {
        Ok((table, problems)) => {
            let rest = problems.len().saturating_sub(1);
            let more = if rest == 0 { String::new() } else { format!(" ({rest} more: afenda keys check)") };
            (table, problems.first().map(|first| format!("keys.toml: {}{more}", first.text)))
        }
        Err(err) => {
            let cause = std::error::Error::source(&err).map(|cause| format!(": {cause}")).unwrap_or_default();
            (Table::default(), Some(format!("{err}{cause}; the usual keys count")))
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use tui::keymap::{Context, registry};

    /// What the inbox prints for the shell is a command of this program.
    #[test]
    fn every_command_line_that_the_inbox_prints_is_understood() {
        let mut seen = 0;
        for action in registry::actions() {
            for place in Context::ALL {
                let Some(line) = registry::cli(action.command, *place, &registry::Subject::example()) else { continue };
                seen += 1;
                let parsed = crate::Cli::try_parse_from(line.split(' '));
                assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
            }
        }
        assert!(seen > 0);
    }
}
