//! How the inbox is set, for its settings screen: each value with where it came from and where it is changed. Never a secret.

use std::path::{Path, PathBuf};

use tui::state::{Setting, Source};

use crate::context::Context;
use crate::profile::Profiles;

/// The file is written by hand: a longer one is something else.
const BYTES_MAX: u64 = 256 * 1024;

/// What the inbox reads of `config.toml`; the rest is the daemon's.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct File {
    waiting: tui::Limits,
}

/// When a waiting customer's age is marked, and what is wrong with the file that says it: the inbox opens nevertheless.
pub(crate) fn limits() -> (tui::Limits, Option<String>) {
    let usual = || daemon::config::config_dir(&var).map(|dir| dir.join("config.toml"));
    let Some(path) = var("AFENDA_CONFIG").map(PathBuf::from).or_else(usual) else { return (tui::Limits::default(), None) };
    match read(&path) {
        Ok(limits) => (limits, None),
        Err(why) => (tui::Limits::default(), Some(format!("{}: {why}; the usual limits count", path.display()))),
    }
}

fn read(path: &Path) -> Result<tui::Limits, String> {
    match std::fs::metadata(path) {
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Ok(tui::Limits::default()),
        Ok(file) if file.len() > BYTES_MAX => return Err("the file is too large".to_owned()),
        _ => {}
    }
    let text = std::fs::read_to_string(path).map_err(|err| err.to_string())?;
    let file: File = toml::from_str(&text).map_err(|err| daemon::config::explain(&text, &err))?;
    file.waiting.check()?;
    Ok(file.waiting)
}

/// A variable of the environment that is set to something.
fn var(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

/// Where a flag that may also stand in the environment has its value from.
fn flag_or_env(given: bool, value: Option<&str>, flag: &'static str, name: &'static str) -> Option<Source> {
    given.then(|| if var(name).as_deref() == value { Source::Environment(name) } else { Source::Flag(flag) })
}

/// An address without a name and password in it.
fn without_login(url: &str) -> String {
    match url.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.split('/').next()?.rsplit_once('@')?.0.len(), rest))) {
        Some((scheme, login, rest)) => format!("{scheme}://{}", rest.get(login + 1..).unwrap_or_default()),
        None => url.to_owned(),
    }
}

/// All that is known before the inbox opens.
pub(crate) fn all(ctx: &Context, options: &tui::Options) -> Vec<Setting> {
    let globals = &ctx.globals;
    let mut out = Vec::new();
    let given = globals.profile.as_deref().filter(|name| !name.is_empty());
    let source = flag_or_env(given.is_some(), given, "--profile", "AFENDA_PROFILE").unwrap_or(Source::Default);
    out.push(Setting::new("profile", options.profile.clone(), source, "--profile NAME or AFENDA_PROFILE"));

    let file = Context::data_dir().ok().map(|dir| Profiles::new(&dir).path(&options.profile)).filter(|path| path.is_file());
    let file = || file.as_ref().map(|path| Source::File(path.display().to_string()));
    let url = globals.url.as_deref().filter(|url| !url.is_empty());
    let source = flag_or_env(url.is_some(), url, "--url", "AFENDA_URL").or_else(file).unwrap_or(Source::Default);
    out.push(Setting::new(
        "daemon's address",
        without_login(options.client.base()),
        source,
        "--url URL, AFENDA_URL, or the profile's file",
    ));
    let source = if var("AFENDA_TOKEN").is_some() { Source::Environment("AFENDA_TOKEN") } else { file().unwrap_or(Source::Default) };
    out.push(Setting::new("token", "there is one; it is not shown", source, "AFENDA_TOKEN; `afenda daemon token USER` makes one"));

    if let Some(dir) = &options.data_dir {
        let own = var("AFENDA_DATA_DIR").is_some_and(|named| dir.as_path() == std::path::Path::new(&named));
        let source = if own { Source::Environment("AFENDA_DATA_DIR") } else { Source::Default };
        out.push(Setting::new("data folder", dir.display().to_string(), source, "AFENDA_DATA_DIR"));
    }
    let keys = crate::commands::keys::path().map(|path| path.display().to_string()).unwrap_or_default();
    let (value, source) = match options.keys.count_changed() {
        0 => ("as they come".to_owned(), Source::Default),
        1 => ("1 changed".to_owned(), Source::File(keys.clone())),
        n => (format!("{n} changed"), Source::File(keys.clone())),
    };
    out.push(Setting::new("keys", value, source, format!("{keys}; `afenda keys check` says what is wrong with it")));

    let wait = format!("{} ms", options.esc_timeout.as_millis());
    let source = if options.esc_timeout == tui::ESC_TIMEOUT { Source::Default } else { Source::Environment("SSH_CONNECTION") };
    out.push(Setting::new("wait after Esc", wait, source, ""));
    let editor = ["AFENDA_EDITOR", "VISUAL", "EDITOR"].into_iter().find_map(|name| Some((var(name)?, Source::Environment(name))));
    let (value, source) = editor.unwrap_or_else(|| ("none".to_owned(), Source::Default));
    out.push(Setting::new("editor", value, source, "AFENDA_EDITOR, VISUAL or EDITOR"));
    let (value, source) = match var("TZ") {
        Some(zone) => (zone, Source::Environment("TZ")),
        None => ("the system's".to_owned(), Source::Default),
    };
    out.push(Setting::new("time zone", value, source, "TZ"));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_are_read_and_what_is_wrong_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        assert_eq!(read(&path), Ok(tui::Limits::default()));
        let check = |text: &str, want: Result<(u32, usize), &str>| {
            std::fs::write(&path, text).unwrap();
            match (read(&path), want) {
                (Ok(limits), Ok(want)) => assert_eq!((limits.late_minutes, limits.inboxes.len()), want, "{text}"),
                (Err(said), Err(want)) => assert!(said.contains(want), "{said}"),
                (said, _) => panic!("{text}: {said:?}"),
            }
        };
        check("listen = \"127.0.0.1:1\"", Ok((30, 0)));
        check("[waiting]\nlate_minutes = 45\n[[waiting.inboxes]]\ninbox = \"Mail\"\n", Ok((45, 1)));
        check("[waiting]\nlate_minute = 45\n", Err("late_minutes"));
        check("[waiting]\nlate_minutes = 5\n", Err("waiting.late_minutes: 5 is before ageing_minutes, 15"));
        check("[waiting]\nlate_minutes = \"soon\"\n", Err("line 2"));
        check(include_str!("../../../config.example.toml"), Ok((30, 0)));
    }

    #[test]
    fn an_address_shows_no_password() {
        assert_eq!(without_login("https://jo:s3cret@afenda.example/x@y"), "https://afenda.example/x@y");
        assert_eq!(without_login("http://127.0.0.1:8000"), "http://127.0.0.1:8000");
    }
}
