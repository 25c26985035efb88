//! Which value of each setting counts, and where it comes from: flags over the environment over the file over the defaults.

use std::path::Path;

use serde::Serialize;
use serde_json::Value as Json;
use toml_edit::{Item, Value};

use crate::error::CliError;
use crate::settings::var;
use ::daemon::{Config as Loaded, Overrides};

/// A value, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Row {
    /// Its name in the file: the section, a dot, the key; of lists of tables each by its number.
    pub(super) key: String,
    /// As the file would have it, texts without quotes; empty where nothing counts.
    pub(super) value: String,
    /// What kind of place sets it.
    pub(super) from: From,
    /// The place: a flag, a variable, a file; empty for a default.
    pub(super) origin: String,
}

/// What sets a value; each outweighs those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum From {
    Default,
    File,
    Env,
    Flag,
}

impl From {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Env => "env",
            Self::Flag => "flag",
        }
    }
}

/// What a variable says of its key.
#[derive(Clone, Copy)]
enum Says {
    /// Its own text is the value.
    Itself,
    /// Yes or no: no is `0`.
    Switch,
    /// Whatever it is set to, this.
    This(&'static str),
    /// A secret in place of what names one: `KEY_file` and `KEY_env` do not count.
    Secret,
}

impl Says {
    /// The key's value where the variable is set to this.
    fn value(self, set: String) -> String {
        match self {
            Self::Itself => set,
            Self::Switch => (set.trim() != "0").to_string(),
            Self::This(value) => value.to_owned(),
            Self::Secret => "set; it is not shown".to_owned(),
        }
    }
}

/// Variables that outweigh a key of the file, besides the daemon's: they are read in `settings`.
const VARIABLES: &[(&str, &str, Says)] = &[
    ("ui.accessible", "AFENDA_ACCESSIBLE", Says::Switch),
    ("ui.motion", "AFENDA_NO_MOTION", Says::This("false")),
    ("ui.theme", "NO_COLOR", Says::This("none")),
    ("ui.pager", "AFENDA_PAGER", Says::Itself),
];

/// All that do.
fn variables() -> impl Iterator<Item = (&'static str, &'static str, Says)> {
    let says = |key| if ["chatwoot.token", "chatwoot.webhook_secret"].contains(&key) { Says::Secret } else { Says::Itself };
    let daemon = ::daemon::config::VARIABLES.iter().map(move |(key, name)| (*key, *name, says(*key)));
    daemon.chain(VARIABLES.iter().copied())
}

/// The variable that is set and outweighs the file in this setting of a person's own, and the value it gives.
pub(crate) fn outweighed(key: &str) -> Option<(&'static str, String)> {
    let (_, name, says) = *VARIABLES.iter().find(|(of, ..)| *of == key)?;
    Some((name, says.value(var(name)?)))
}

/// What the file and the environment set, sorted by key.
///
/// # Errors
/// A file that cannot be read.
pub(super) fn set(path: &Path) -> Result<Vec<Row>, CliError> {
    let mut rows = Vec::new();
    collect(super::read(path)?.as_item(), String::new(), &path.display().to_string(), &mut rows);
    for (key, name, says) in variables() {
        let Some(value) = var(name) else { continue };
        let value = says.value(value);
        let names_one =
            |row: &Row| matches!(says, Says::Secret) && row.key.strip_prefix(key).is_some_and(|rest| ["_file", "_env"].contains(&rest));
        rows.retain(|row| row.key != key && !names_one(row));
        rows.push(Row { key: key.to_owned(), value, from: From::Env, origin: name.to_owned() });
    }
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(rows)
}

/// Every setting with the value that counts, sorted by key. `no_pager`: the flag that a setting has.
///
/// # Errors
/// A file that cannot be read.
pub(super) fn all(path: &Path, no_pager: bool) -> Result<Vec<Row>, CliError> {
    let mut rows = set(path)?;
    if no_pager {
        rows.retain(|row| row.key != "ui.pager");
        rows.push(Row { key: "ui.pager".to_owned(), value: String::new(), from: From::Flag, origin: "--no-pager".to_owned() });
    }
    for usual in defaults() {
        // A list of tables that is set has rows of its own.
        let below = format!("{}.", usual.key);
        if !rows.iter().any(|row| row.key == usual.key || row.key.starts_with(&below)) {
            rows.push(usual);
        }
    }
    let others: Vec<(usize, Row)> = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| row.from == From::Default && row.value.is_empty())
        .filter_map(|(at, row)| Some((at, otherwise(&row.key, &rows)?)))
        .collect();
    for (at, other) in others {
        if let Some(row) = rows.get_mut(at) {
            *row = other;
        }
    }
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(rows)
}

/// What counts where a setting is left out, if that depends on another or on where one is.
fn otherwise(key: &str, rows: &[Row]) -> Option<Row> {
    let value = |key: &str| rows.iter().find(|row| row.key == key);
    let usual = |value: String| Some(Row { key: key.to_owned(), value, from: From::Default, origin: String::new() });
    match key {
        "composer.hold_seconds" => Some(Row { key: key.to_owned(), ..value("hold_seconds")?.clone() }),
        "editor.mode" if value("keys.preset").is_some_and(|row| row.value == "vim") => usual("vim".to_owned()),
        "editor.mode" => usual("readline".to_owned()),
        "ui.esc_timeout_ms" => match ["SSH_CONNECTION", "SSH_TTY"].into_iter().find(|name| std::env::var_os(name).is_some()) {
            Some(name) => {
                let value = tui::ESC_TIMEOUT_SSH.as_millis().to_string();
                Some(Row { key: key.to_owned(), value, from: From::Env, origin: name.to_owned() })
            }
            None => usual(tui::ESC_TIMEOUT.as_millis().to_string()),
        },
        "ui.pager" => match crate::output::pager::usual() {
            (value, Some(name)) => Some(Row { key: key.to_owned(), value, from: From::Env, origin: name.to_owned() }),
            (value, None) => usual(value),
        },
        "ui.downloads" => {
            let dirs = directories::UserDirs::new()?;
            usual(dirs.download_dir().unwrap_or(dirs.home_dir()).display().to_string())
        }
        _ => None,
    }
}

/// Every setting at its default; empty where it has none.
fn defaults() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut add = |key: &str, value: Json| flatten(key, &value, &mut rows);
    // What an empty file and an empty environment come to.
    let empty = Overrides { config: Some("/dev/null".into()), ..Overrides::default() };
    if let Ok(daemon) = Loaded::load(&empty, &|_| None) {
        add("listen", daemon.listen.to_string().into());
        add("data_dir", daemon.data_dir.display().to_string().into());
        add("hold_seconds", daemon.hold_seconds.into());
        add("sse", serde_json::to_value(&daemon.sse).unwrap_or_default());
        add("sync", serde_json::to_value(&daemon.sync).unwrap_or_default());
    }
    add("", serde_json::to_value(tui::Settings::default()).unwrap_or_default());
    rows
}

fn flatten(key: &str, value: &Json, rows: &mut Vec<Row>) {
    let value = match value {
        Json::Object(fields) => {
            let below = |name: &str| if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
            return fields.iter().for_each(|(name, value)| flatten(&below(name), value, rows));
        }
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        Json::Array(items) => format!("[{}]", items.iter().map(Json::to_string).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    };
    rows.push(Row { key: key.to_owned(), value, from: From::Default, origin: String::new() });
}

fn collect(item: &Item, key: String, origin: &str, rows: &mut Vec<Row>) {
    let below = |name: &str| if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
    match item {
        Item::None => {}
        Item::Value(Value::InlineTable(table)) => {
            table.iter().for_each(|(name, value)| collect(&Item::Value(value.clone()), below(name), origin, rows));
        }
        Item::Value(Value::String(text)) => {
            rows.push(Row { key, value: text.value().clone(), from: From::File, origin: origin.to_owned() })
        }
        Item::Value(value) => {
            rows.push(Row { key, value: value.to_string().trim().to_owned(), from: From::File, origin: origin.to_owned() })
        }
        Item::Table(table) => table.iter().for_each(|(name, item)| collect(item, below(name), origin, rows)),
        Item::ArrayOfTables(tables) => {
            for (at, table) in tables.iter().enumerate() {
                let name = below(&at.to_string());
                table.iter().for_each(|(inner, item)| collect(item, format!("{name}.{inner}"), origin, rows));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_of_the_example_is_among_the_defaults() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        // What is commented out with `#key` is a setting; `# ` begins prose. Tables that are there several times have no default.
        let text = include_str!("../../../../config.example.toml");
        let text: String = text.lines().take_while(|line| !line.starts_with("#[chatwoot]")).map(|line| format!("{line}\n")).collect();
        std::fs::write(&path, &text).unwrap();
        let (set, usual) = (set(&path).unwrap(), defaults());
        for row in set.iter().filter(|row| row.from == From::File) {
            let found = usual.iter().find(|usual| usual.key == row.key).unwrap_or_else(|| panic!("{} has no default", row.key));
            assert_eq!(found.value, row.value, "{}", row.key);
        }
        for row in &usual {
            let name = row.key.rsplit('.').next().unwrap();
            assert!(text.contains(&format!("{name} = ")) || text.contains(&format!(".{name}]]")), "{} is not in the example", row.key);
        }
        assert!(set.len() > 20 && usual.len() > set.len(), "{} {}", set.len(), usual.len());
    }

    #[test]
    fn what_is_set_outweighs_the_default_and_a_left_out_value_follows_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, "hold_seconds = 9\n[keys]\npreset = \"vim\"\n[[waiting.inboxes]]\ninbox = \"Mail\"\n").unwrap();
        let rows = all(&path, false).unwrap();
        let find = |key: &str| rows.iter().find(|row| row.key == key).map(|row| (row.value.as_str(), row.from));
        assert_eq!(find("hold_seconds"), Some(("9", From::File)));
        assert_eq!(find("composer.hold_seconds"), Some(("9", From::File)));
        assert_eq!(find("editor.mode"), Some(("vim", From::Default)));
        assert_eq!(find("sync.requests_max"), Some(("2", From::Default)));
        assert_eq!(find("waiting.inboxes.0.inbox"), Some(("Mail", From::File)));
        assert_eq!(find("waiting.inboxes"), None, "it has rows of its own");
        assert_eq!(find("notifications.rules"), Some(("[]", From::Default)));
    }
}
