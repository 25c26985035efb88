//! `afenda config`: the settings file, read and changed a value at a time; comments stay, and what the programs would refuse is not written.

use std::path::{Path, PathBuf};

use ::daemon::{Config as Loaded, Overrides};
use serde::Serialize;
use toml_edit::{DocumentMut, Item, Value};

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Column, column, flexible};
use crate::settings::var;

/// The settings file: of the daemon and of the inbox
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Config {
    /// Print where it is, or would be
    Path,
    /// List what it sets, and what the environment sets instead
    List,
    /// Print one value; 6 where it is not set
    Get {
        /// Such as ui.theme
        key: String,
    },
    /// Change or add one value; the rest of the file stays as it is
    Set {
        /// Such as ui.theme
        key: String,
        /// As in TOML; a text needs no quotes
        value: String,
    },
}

/// A value, and where it comes from.
#[derive(Debug, Serialize)]
struct Row {
    key: String,
    value: String,
    origin: String,
}

const COLUMNS: &[Column<Row>] = &[
    column("KEY", |row, _| row.key.clone()),
    flexible("VALUE", |row, _| row.value.clone()),
    flexible("ORIGIN", |row, _| row.origin.clone()),
];

/// Variables that outweigh a key of the file.
const VARIABLES: &[(&str, &str)] = &[
    ("listen", "AFENDA_LISTEN"),
    ("data_dir", "AFENDA_DATA_DIR"),
    ("hold_seconds", "AFENDA_HOLD_SECONDS"),
    ("sse.heartbeat_interval_ms", "SSE_HEARTBEAT_INTERVAL"),
    ("sse.max_connections", "SSE_MAX_CONNECTIONS"),
    ("chatwoot.url", "CHATWOOT_API_URL"),
    ("chatwoot.account_id", "CHATWOOT_ACCOUNT_ID"),
];

impl Config {
    pub(crate) fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let path = file()?;
        match self {
            Self::Path => ctx.out.line(&path.display().to_string()),
            Self::List => {
                let mut rows = values(&path)?;
                for (key, name) in VARIABLES {
                    if let Some(value) = var(name) {
                        rows.retain(|row| row.key != *key);
                        rows.push(Row { key: (*key).to_owned(), value, origin: (*name).to_owned() });
                    }
                }
                rows.sort_by(|a, b| a.key.cmp(&b.key));
                ctx.out.list(&rows, COLUMNS, "nothing is set: config.example.toml shows what can be")
            }
            Self::Get { key } => {
                let variable = VARIABLES.iter().find(|(known, _)| *known == key).and_then(|(_, name)| Some((var(name)?, *name)));
                let row = match variable {
                    Some((value, name)) => Some(Row { key: key.clone(), value, origin: name.to_owned() }),
                    None => values(&path)?.into_iter().find(|row| row.key == key),
                };
                let none = || {
                    CliError::new(Exit::NotFound, "NOT_FOUND", format!("`{key}` is not set in {}", path.display()))
                        .hint("`afenda config list` shows what is; config.example.toml has every key with its default")
                };
                let row = row.ok_or_else(none)?;
                if ctx.out.is_structured() { ctx.out.json(&row) } else { ctx.out.line(&row.value) }
            }
            Self::Set { key, value } => {
                set(&path, &key, &value)?;
                ctx.out.note(&format!("{key} is set in {}; a running daemon reads it when it starts again", path.display()));
                Ok(())
            }
        }
    }
}

/// The file that the daemon and the inbox read.
pub(crate) fn file() -> Result<PathBuf, CliError> {
    let usual = || daemon::config::config_dir(&var).map(|dir| dir.join("config.toml"));
    let none = || CliError::failed("there is no folder for the settings").hint("AFENDA_CONFIG names a file");
    var("AFENDA_CONFIG").map(PathBuf::from).or_else(usual).ok_or_else(none)
}

fn read(path: &Path) -> Result<DocumentMut, CliError> {
    let bad = || CliError::usage(format!("cannot read {}", path.display()));
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(err) => return Err(bad().because(err)),
    };
    text.parse().map_err(|err: toml_edit::TomlError| bad().because(err))
}

/// What the file sets, one row a value; of lists of tables each by its number.
fn values(path: &Path) -> Result<Vec<Row>, CliError> {
    let mut rows = Vec::new();
    collect(read(path)?.as_item(), String::new(), &path.display().to_string(), &mut rows);
    Ok(rows)
}

fn collect(item: &Item, key: String, origin: &str, rows: &mut Vec<Row>) {
    let below = |name: &str| if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
    match item {
        Item::None => {}
        Item::Value(Value::InlineTable(table)) => {
            table.iter().for_each(|(name, value)| collect(&Item::Value(value.clone()), below(name), origin, rows));
        }
        Item::Value(Value::String(text)) => rows.push(Row { key, value: text.value().clone(), origin: origin.to_owned() }),
        Item::Value(value) => rows.push(Row { key, value: value.to_string().trim().to_owned(), origin: origin.to_owned() }),
        Item::Table(table) => table.iter().for_each(|(name, item)| collect(item, below(name), origin, rows)),
        Item::ArrayOfTables(tables) => {
            for (at, table) in tables.iter().enumerate() {
                let name = below(&at.to_string());
                table.iter().for_each(|(inner, item)| collect(item, format!("{name}.{inner}"), origin, rows));
            }
        }
    }
}

/// Sets a value, if the programs take the file afterwards.
fn set(path: &Path, key: &str, value: &str) -> Result<(), CliError> {
    let mut file = read(path)?;
    let before = wrong(path);
    let parts: Vec<&str> = key.split('.').collect();
    let Some((last, tables)) = parts.split_last().filter(|_| parts.iter().all(|part| !part.is_empty())) else {
        return Err(CliError::usage(format!("`{key}` is no key")));
    };
    let mut at = file.as_table_mut();
    for part in tables {
        let item = at.entry(part).or_insert_with(toml_edit::table);
        at = item
            .as_table_mut()
            .ok_or_else(|| CliError::usage(format!("`{part}` of {key} is no table")).hint("edit the file itself for lists of tables"))?;
    }
    let value: Value = value.parse().unwrap_or_else(|_| Value::from(value));
    let item = at.entry(last).or_insert(Item::None);
    // What stands behind the old value, such as a comment, stays behind the new one.
    let decor = item.as_value().map(|old| old.decor().clone());
    *item = Item::Value(value);
    if let (Some(decor), Some(new)) = (decor, item.as_value_mut()) {
        *new.decor_mut() = decor;
    }
    // Tried beside the file, so that paths in it mean the same.
    let folder = path.parent().unwrap_or(Path::new("."));
    let fail = |err: std::io::Error| CliError::failed(format!("cannot write {}", path.display())).because(err);
    std::fs::create_dir_all(folder).map_err(fail)?;
    let tried = folder.join(format!(".config.{}.toml", std::process::id()));
    let mode = std::fs::metadata(path).map(|file| file.permissions());
    let written =
        daemon::secret::write_file(&tried, &file.to_string()).map_err(|err| CliError::failed("cannot try the change").because(err));
    let done = written.and_then(|()| match wrong(&tried) {
        // What was wrong before is not this change's doing.
        Some(why) if before.as_ref() != Some(&why) => Err(CliError::usage(format!("{key}: {why}")).hint("nothing was changed")),
        _ => {
            if let Ok(mode) = mode {
                std::fs::set_permissions(&tried, mode).map_err(fail)?;
            }
            std::fs::rename(&tried, path).map_err(fail)
        }
    });
    if done.is_err() {
        // It may never have been there.
        let _ = std::fs::remove_file(&tried);
    }
    done
}

/// What the daemon or the inbox would say against a file.
pub(crate) fn wrong(path: &Path) -> Option<String> {
    let said = |why: String| why.replace(&path.display().to_string(), "the file");
    if !path.exists() {
        return None;
    }
    let overrides = Overrides { config: Some(path.to_owned()), ..Overrides::default() };
    let daemon =
        Loaded::load(&overrides, &|name| std::env::var(name).ok()).err().map(|err| said(CliError::failed("").because(err).sentence()));
    daemon.map(|why| why.trim_start_matches(": ").to_owned()).or_else(|| crate::settings::check(path).err().map(said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_changed_and_the_rest_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, "# mine\nhold_seconds = 5 # calm\n\n[ui]\ntheme = \"dark\"\n").unwrap();
        set(&path, "hold_seconds", "9").unwrap();
        set(&path, "ui.theme", "light").unwrap();
        set(&path, "keys.preset", "vim").unwrap_or_else(|err| assert!(err.message.contains("preset"), "{err:?}"));
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("# mine\nhold_seconds = 9 # calm\n\n[ui]\ntheme = \"light\"\n"), "{text}");
        let rows = values(&path).unwrap();
        assert_eq!(rows.iter().find(|row| row.key == "ui.theme").unwrap().value, "light");
    }

    #[test]
    fn what_would_be_refused_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, "hold_seconds = 5\n").unwrap();
        for (key, value, why) in [
            ("hold_seconds", "99999999", "at most"),
            ("hold_second", "5", "hold_seconds"),
            ("ui.glyphs", "fancy", "fancy"),
            ("ui.", "x", "no key"),
            ("hold_seconds.more", "1", "no table"),
        ] {
            let err = set(&path, key, value).unwrap_err();
            assert!(err.message.contains(why), "{key}: {}", err.message);
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "hold_seconds = 5\n");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }
}
