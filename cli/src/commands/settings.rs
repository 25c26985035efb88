//! How the inbox is set, for its settings screen: each value with where it came from and where it is changed. Never a secret.

use tui::state::{Setting, Source};

use super::config::outweighed;
use crate::context::Context;
use crate::profile::Profiles;
use crate::settings::var;

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

    if options.read_only {
        out.push(Setting::new("read-only", "on", Source::Flag("--read-only"), "opening it without --read-only"));
    }

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
    let source = match options.settings.ui.esc_timeout_ms {
        Some(_) => Source::File("config.toml".into()),
        None if options.esc_timeout == tui::ESC_TIMEOUT => Source::Default,
        None => Source::Environment("SSH_CONNECTION"),
    };
    out.push(Setting::new("wait after Esc", wait, source, ""));
    let editor = ["AFENDA_EDITOR", "VISUAL", "EDITOR"].into_iter().find_map(|name| Some((var(name)?, Source::Environment(name))));
    let (value, source) = editor.unwrap_or_else(|| ("none".to_owned(), Source::Default));
    out.push(Setting::new("editor", value, source, "AFENDA_EDITOR, VISUAL or EDITOR"));
    let (value, source) = match var("TZ") {
        Some(zone) => (zone, Source::Environment("TZ")),
        None => ("the system's".to_owned(), Source::Default),
    };
    out.push(Setting::new("time zone", value, source, "TZ"));
    for (key, ..) in options.settings.rows() {
        if let Some((name, value)) = outweighed(&key) {
            let value = match value.as_str() {
                "true" => "on".to_owned(),
                "false" => "off".to_owned(),
                _ => value,
            };
            out.push(Setting::new(&*key, value, Source::Environment(name), format!("{name}, or `{key}` in config.toml")));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_shows_no_password() {
        assert_eq!(without_login("https://jo:s3cret@afenda.example/x@y"), "https://afenda.example/x@y");
        assert_eq!(without_login("http://127.0.0.1:8000"), "http://127.0.0.1:8000");
    }
}
