//! `afenda keys`: the inbox's keys, and the file that changes them.

use std::path::PathBuf;

use serde::Serialize;
use tui::Settings;
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
    /// List whose fingers the keys can be for, or choose
    Preset {
        /// The same as `afenda config set keys.preset NAME` [default: list them]
        #[arg(value_parser = clap::builder::PossibleValuesParser::new(keymap::Preset::ALL.map(keymap::Preset::name)))]
        name: Option<String>,
    },
}

/// A preset, and whether it is the one in use.
#[derive(Debug, Serialize)]
struct Offered {
    name: &'static str,
    in_use: bool,
    about: &'static str,
}

const PRESETS: &[Column<Offered>] = &[
    column("NAME", |row, _| row.name.to_owned()),
    column("IN USE", |row, _| if row.in_use { "yes" } else { "" }.to_owned()),
    flexible("WHAT IT IS", |row, _| row.about.to_owned()),
];

const COLUMNS: &[Column<Listed>] = &[
    column("PLACE", |row, _| row.place.to_owned()),
    column("KEYS", |row, _| row.keys.join("  ")),
    column("ACTION", |row, _| row.action.to_owned()),
    flexible("WHAT IT DOES", |row, _| row.help.to_owned()),
];

const PROBLEMS: &[Column<String>] = &[flexible("PROBLEM", |row, _| row.clone())];

impl Keys {
    pub(crate) fn run(&self, ctx: &mut Context) -> Result<(), CliError> {
        let loaded = || load(&crate::settings::load().0);
        let said = |problems: &[Problem]| problems.iter().map(|problem| crate::text::line(&problem.text)).collect::<Vec<_>>();
        match self {
            Self::Preset { name } => preset(ctx, name.as_deref()),
            Self::List => {
                let (table, problems) = loaded()?;
                for problem in said(&problems) {
                    ctx.out.note(&problem);
                }
                ctx.out.list(&keymap::listed(&table), COLUMNS, "no keys")
            }
            Self::Check => {
                let (_, problems) = loaded()?;
                ctx.out.list(&said(&problems), PROBLEMS, "nothing is wrong with the keys")?;
                match problems.iter().filter(|problem| !problem.used).count() {
                    0 => Ok(()),
                    1 => Err(CliError::failed("one entry of keys.toml does not count")),
                    n => Err(CliError::failed(format!("{n} entries of keys.toml do not count"))),
                }
            }
        }
    }
}

/// Lists the presets, or sets one in the settings file.
fn preset(ctx: &mut Context, name: Option<&str>) -> Result<(), CliError> {
    let Some(name) = name else {
        let (settings, _, wrong) = crate::settings::load();
        if let Some(wrong) = wrong {
            ctx.out.note(&wrong);
        }
        let rows = keymap::Preset::ALL.map(|one| Offered { name: one.name(), in_use: one == settings.keys.preset, about: one.about() });
        return ctx.out.list(&rows, PRESETS, "no presets");
    };
    let path = crate::commands::config::file()?;
    ctx.changes.count(!crate::commands::config::set(&path, "keys.preset", name)?);
    ctx.out.note(&format!("the inbox has the keys of `{name}` the next time it is opened"));
    Ok(())
}

/// Where the file lies.
pub(crate) fn path() -> Option<PathBuf> {
    daemon::config::config_dir(&|name| std::env::var(name).ok().filter(|value| !value.is_empty())).map(|dir| dir.join("keys.toml"))
}

/// The keys, and what is wrong with their file. Without a file they are the preset's.
fn load(settings: &Settings) -> Result<(Table, Vec<Problem>), CliError> {
    let with = |file: &File| Table::with_preset(settings.keys.preset, settings.composer.enter_sends, file);
    let Some(path) = path() else { return Ok(with(&File::new())) };
    let bad = || CliError::failed(format!("cannot read the keys in {}", path.display()));
    match std::fs::metadata(&path) {
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Ok(with(&File::new())),
        Ok(file) if file.len() > BYTES_MAX => return Err(bad().because(std::io::Error::other("the file is too large"))),
        _ => {}
    }
    let text = std::fs::read_to_string(&path).map_err(|err| bad().because(err))?;
    let file: File = toml::from_str(&text).map_err(|err| {
        let line = err.span().map_or(1, |span| text.get(..span.start).unwrap_or_default().matches('\n').count() + 1);
        bad().because(std::io::Error::other(format!("line {line}: {}", err.message())))
    })?;
    Ok(with(&file))
}

/// The keys for the inbox, and one sentence about what is wrong with them: the inbox opens nevertheless.
pub(crate) fn for_the_inbox(settings: &Settings) -> (Table, Option<String>) {
    match load(settings) {
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
