//! Where the values that count come from, by name: what is set may be a secret.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::{Env, Overrides};

/// Variables that outweigh a setting of the file.
pub const VARIABLES: &[(&str, &str)] = &[
    ("listen", "AFENDA_LISTEN"),
    ("data_dir", "AFENDA_DATA_DIR"),
    ("hold_seconds", "AFENDA_HOLD_SECONDS"),
    ("sse.heartbeat_interval_ms", "SSE_HEARTBEAT_INTERVAL"),
    ("sse.max_connections", "SSE_MAX_CONNECTIONS"),
    ("chatwoot.url", "CHATWOOT_API_URL"),
    ("chatwoot.account_id", "CHATWOOT_ACCOUNT_ID"),
    ("chatwoot.token", "CHATWOOT_API_TOKEN"),
    ("chatwoot.webhook_secret", "CHATWOOT_WEBHOOK_SECRET"),
];
/// Keys of the file that the daemon leaves to the inbox.
const NOT_OURS: &[&str] = &["ui", "keys", "composer", "editor", "terminal", "notifications", "waiting"];

/// What sets which values; all others are at their defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins {
    /// The file that was read.
    pub file: Option<PathBuf>,
    /// What the file sets and nothing outweighs: dotted keys, of a list of tables its name and how many there are.
    pub by_file: Vec<String>,
    /// Variables, and what each sets.
    pub by_env: Vec<(&'static str, &'static str)>,
    /// Flags, and what each sets.
    pub by_flag: Vec<(&'static str, &'static str)>,
}

impl Origins {
    /// Of a file's text, the environment and the command line.
    pub(super) fn new(file: Option<(&Path, &str)>, overrides: &Overrides, env: Env<'_>) -> Self {
        let flags = [("data_dir", "--data-dir", overrides.data_dir.is_some()), ("listen", "--listen", overrides.listen.is_some())];
        let by_flag: Vec<_> = flags.into_iter().filter(|(.., given)| *given).map(|(key, flag, _)| (key, flag)).collect();
        let is_flag = |key: &str| by_flag.iter().any(|(other, _)| *other == key);
        let by_env: Vec<_> = VARIABLES.iter().copied().filter(|(key, name)| env(name).is_some() && !is_flag(key)).collect();
        let outweighed = |key: &str| {
            // `token_file` and `token_env` are ways to say `token`.
            by_env
                .iter()
                .chain(&by_flag)
                .any(|(other, _)| key.strip_prefix(other).is_some_and(|rest| ["", "_file", "_env"].contains(&rest)))
        };
        let mut by_file = Vec::new();
        if let Some(table) = file.and_then(|(_, text)| text.parse::<Table>().ok()) {
            keys(&table, "", &mut by_file);
        }
        by_file.retain(|key| !outweighed(key) && !NOT_OURS.contains(&key.split('.').next().unwrap_or_default()));
        Self { file: file.map(|(path, _)| path.to_owned()), by_file, by_env, by_flag }
    }

    /// One sentence, for people.
    pub fn sentence(&self) -> String {
        let file = match &self.file {
            None => "no file is read".to_owned(),
            Some(path) if self.by_file.is_empty() => format!("{} sets nothing of the daemon's", path.display()),
            Some(path) => format!("{} sets {}", path.display(), self.by_file.join(", ")),
        };
        let named = |pairs: &[(&str, &str)]| pairs.iter().map(|(key, by)| format!("{by} sets {key}")).collect::<Vec<_>>();
        let set: Vec<String> = std::iter::once(file).chain(named(&self.by_env)).chain(named(&self.by_flag)).collect();
        format!("{}; all else is at its default", set.join("; "))
    }
}

fn keys(table: &Table, before: &str, found: &mut Vec<String>) {
    for (name, value) in table {
        let key = if before.is_empty() { name.clone() } else { format!("{before}.{name}") };
        match value {
            Value::Table(inner) => keys(inner, &key, found),
            Value::Array(items) if items.iter().any(Value::is_table) => found.push(format!("{key} ({})", items.len())),
            _ => found.push(key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_has_one_origin_the_strongest() {
        let text = "hold_seconds = 3\nlisten = \"127.0.0.1:1\"\n[chatwoot]\ntoken_file = \"t\"\naccount_id = 2\n[[users]]\nname = \"a\"\n[[users]]\nname = \"b\"\n[ui]\ntheme = \"dark\"\n";
        let env = |name: &str| ["AFENDA_HOLD_SECONDS", "CHATWOOT_API_TOKEN", "AFENDA_DATA_DIR"].contains(&name).then(|| "x".to_owned());
        let overrides = Overrides { data_dir: Some("/d".into()), ..Overrides::default() };
        let origins = Origins::new(Some((Path::new("/c.toml"), text)), &overrides, &env);
        assert_eq!(
            origins.sentence(),
            "/c.toml sets chatwoot.account_id, listen, users (2); AFENDA_HOLD_SECONDS sets hold_seconds; CHATWOOT_API_TOKEN sets chatwoot.token; \
             --data-dir sets data_dir; all else is at its default"
        );
        assert_eq!(Origins::new(None, &Overrides::default(), &|_| None).sentence(), "no file is read; all else is at its default");
    }
}
