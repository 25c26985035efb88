//! `afenda config`: the settings file, read and changed a value at a time or in the person's editor; comments stay, and what the programs would
//! refuse is not put in its place.

mod draft;
mod edit;
mod effect;
mod fault;

use std::path::{Path, PathBuf};

use ::daemon::{Config as Loaded, Overrides};
use toml_edit::{DocumentMut, Item, Value};

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Column, column, flexible};
use crate::settings::var;
use draft::Draft;
use effect::Row;
pub(crate) use effect::outweighed;

/// The settings file: of the daemon and of the inbox
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Config {
    /// Print where it is, or would be
    Path,
    /// List what it sets, and what the environment sets instead
    List {
        /// Every setting, with the value that counts here and now
        #[arg(long)]
        resolved: bool,
        /// Where each value comes from: flag, env, file or default, and which
        #[arg(long)]
        origin: bool,
    },
    /// Print one value; 6 where it is not set
    Get {
        /// Such as ui.theme
        key: String,
        /// Where the value that counts comes from: flag, env, file or default, and which
        #[arg(long)]
        origin: bool,
    },
    /// Change or add one value; the rest of the file stays as it is
    Set {
        /// Such as ui.theme
        key: String,
        /// As in TOML; a text needs no quotes
        value: String,
    },
    /// Change the file in your editor (AFENDA_EDITOR, VISUAL, EDITOR); what would be refused is kept beside it
    Edit,
}

const COLUMNS: &[Column<Row>] = &[column("KEY", |row, _| row.key.clone()), flexible("VALUE", |row, _| row.value.clone())];

const WITH_ORIGIN: &[Column<Row>] = &[
    column("KEY", |row, _| row.key.clone()),
    flexible("VALUE", |row, _| row.value.clone()),
    column("FROM", |row, _| row.from.word().to_owned()),
    flexible("ORIGIN", |row, _| row.origin.clone()),
];

const ONE_WITH_ORIGIN: &[Column<Row>] = &[
    flexible("VALUE", |row, _| row.value.clone()),
    column("FROM", |row, _| row.from.word().to_owned()),
    flexible("ORIGIN", |row, _| row.origin.clone()),
];

impl Config {
    pub(crate) fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let path = file()?;
        match self {
            Self::Path => {
                ctx.out.thing(&serde_json::json!({ "path": path }), |_| format!("{}\n", crate::text::clean(&path.display().to_string())))
            }
            Self::List { resolved, origin } => {
                let rows = if resolved { effect::all(&path, ctx.globals.no_pager)? } else { effect::set(&path)? };
                if let Some(why) = wrong(&path).filter(|_| resolved) {
                    ctx.out.note(&format!("something here is wrong: {why}"));
                }
                let columns = if origin { WITH_ORIGIN } else { COLUMNS };
                ctx.out.list(&rows, columns, "nothing is set: config.example.toml shows what can be")
            }
            Self::Get { key, origin } => {
                let rows = if origin { effect::all(&path, ctx.globals.no_pager)? } else { effect::set(&path)? };
                let none = || {
                    CliError::new(Exit::NotFound, "NOT_FOUND", format!("`{key}` is not set in {}", path.display()))
                        .hint("`afenda config list --resolved` shows every setting; config.example.toml says what each does")
                };
                let row = rows.into_iter().find(|row| row.key == key).ok_or_else(none)?;
                if origin {
                    let sentence = format!("{} (from {} {})", row.value, row.from.word(), row.origin);
                    ctx.out.row(&row, ONE_WITH_ORIGIN, sentence.trim())
                } else if ctx.out.is_structured() {
                    ctx.out.json(&row)
                } else {
                    ctx.out.line(&row.value)
                }
            }
            Self::Set { key, value } => {
                ctx.changes.count(!set(&path, &key, &value)?);
                ctx.out.note(&format!("{key} is set in {}; a running daemon reads it when it starts again", path.display()));
                Ok(())
            }
            Self::Edit => edit::run(ctx, &path),
        }
    }
}

/// The file that the daemon and the inbox read.
pub(crate) fn file() -> Result<PathBuf, CliError> {
    let usual = || daemon::config::config_dir(&var).map(|dir| dir.join("config.toml"));
    let none = || CliError::failed("there is no folder for the settings").hint("AFENDA_CONFIG names a file");
    var("AFENDA_CONFIG").map(PathBuf::from).or_else(usual).ok_or_else(none)
}

/// The file's text; empty where there is none.
fn text(path: &Path) -> Result<String, CliError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(err) => Err(CliError::usage(format!("cannot read {}", path.display())).because(err)),
    }
}

fn read(path: &Path) -> Result<DocumentMut, CliError> {
    text(path)?.parse().map_err(|err: toml_edit::TomlError| CliError::usage(format!("cannot read {}", path.display())).because(err))
}

/// Sets a value, if the programs take the file afterwards; `false` where the file says so already.
pub(crate) fn set(path: &Path, key: &str, value: &str) -> Result<bool, CliError> {
    let mut file = read(path)?;
    let before = fault::all(path);
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
    let changed = file.to_string();
    if changed == text(path)? {
        return Ok(false);
    }
    let draft = Draft::write(path, &changed)?;
    if let Some(why) = draft.fault(&before) {
        return Err(CliError::usage(format!("{key}: {why}")).hint("nothing was changed"));
    }
    draft.put(path)?;
    Ok(true)
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

/// What the file sets and nothing outweighs, by name; nothing where it cannot be read.
pub(crate) fn by_file(path: &Path) -> Vec<String> {
    effect::set(path).unwrap_or_default().into_iter().filter(|row| row.from == effect::From::File).map(|row| row.key).collect()
}

/// Variables and flags that outweigh a setting, each with the setting.
pub(crate) fn by_others(ctx: &Context) -> Vec<(String, String)> {
    let rows = file().and_then(|path| effect::all(&path, ctx.globals.no_pager)).unwrap_or_default();
    let others = rows.into_iter().filter(|row| [effect::From::Env, effect::From::Flag].contains(&row.from));
    others.map(|row| (row.origin, row.key)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_changed_and_the_rest_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, "# mine\nhold_seconds = 5 # calm\n\n[ui]\ntheme = \"dark\"\n").unwrap();
        assert!(set(&path, "hold_seconds", "9").unwrap() && !set(&path, "hold_seconds", "9").unwrap());
        set(&path, "ui.theme", "light").unwrap();
        if let Err(err) = set(&path, "keys.preset", "vim") {
            assert!(err.message.contains("preset"), "{err:?}");
        }
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("# mine\nhold_seconds = 9 # calm\n\n[ui]\ntheme = \"light\"\n"), "{text}");
        let rows = effect::set(&path).unwrap();
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

    #[test]
    fn an_old_fault_hides_no_new_one_and_repairing_it_reveals_none_as_new() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        let old = "hold_seconds = 99999999\n\n[sync]\nrequests_max = 0\n";
        std::fs::write(&path, old).unwrap();
        for (key, value, why) in [("ui.glyphs", "fancy", "fancy"), ("listn", "x", "listn"), ("sync.rate_share", "900", "rate_share")] {
            let err = set(&path, key, value).unwrap_err();
            assert!(err.message.contains(why), "{key}: {}", err.message);
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), old);
        set(&path, "ui.theme", "dark").unwrap();
        set(&path, "hold_seconds", "5").unwrap();
        assert!(wrong(&path).unwrap().contains("requests_max"));
        set(&path, "sync.requests_max", "4").unwrap();
        assert_eq!(wrong(&path), None);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }
}
