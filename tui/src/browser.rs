//! The browser of this machine: asked for by a person, never by itself, and never at the far end of an SSH line.

use std::ffi::OsString;
use std::process::Stdio;

use tokio::process::Command;

/// Whether the terminal is at the other end of a line: a browser would open where nobody sits.
pub(crate) fn is_remote(env: impl Fn(&str) -> Option<OsString>) -> bool {
    ["SSH_CONNECTION", "SSH_TTY"].iter().any(|name| env(name).is_some_and(|value| !value.is_empty()))
}

/// The program and its arguments: `AFENDA_BROWSER`, `BROWSER` (its first entry), else the system's own.
fn program(env: impl Fn(&str) -> Option<String>, address: &str) -> Vec<String> {
    let set = |name: &str| env(name).filter(|value| !value.trim().is_empty());
    let wanted = set("AFENDA_BROWSER").or_else(|| set("BROWSER").map(|list| list.split(':').next().unwrap_or_default().to_owned()));
    let mut words: Vec<String> = match wanted.filter(|wanted| !wanted.trim().is_empty()) {
        Some(wanted) => wanted.split_whitespace().map(str::to_owned).collect(),
        None if cfg!(target_os = "macos") => vec!["open".into()],
        None if cfg!(windows) => vec!["rundll32".into(), "url.dll,FileProtocolHandler".into()],
        None => vec!["xdg-open".into()],
    };
    if words.iter().skip(1).any(|word| word.contains("%s")) {
        words.iter_mut().for_each(|word| *word = word.replace("%s", address));
    } else {
        words.push(address.to_owned());
    }
    words
}

/// Starts the browser (AFENDA_BROWSER, BROWSER, else the desktop's) with an address; no shell reads it.
///
/// # Errors
/// For people: why it did not start.
pub async fn open(address: &str) -> Result<(), String> {
    run(&program(|name| std::env::var(name).ok(), address)).await
}

/// Runs a program of this machine's desktop to its end, without a shell and without the terminal. Returns why it did not do its work.
pub(crate) async fn run(words: &[String]) -> Result<(), String> {
    let Some((name, arguments)) = words.split_first() else { return Ok(()) };
    let mut command = Command::new(name);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let status = command.status().await.map_err(|err| format!("{name} cannot be started: {err}"))?;
    if status.success() { Ok(()) } else { Err(format!("{name} did not do it ({status})")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_that_is_asked_for_is_used() {
        let check = |name: &'static str, value: &'static str, expected: &[&str]| {
            let env = |asked: &str| (asked == name).then(|| value.to_owned());
            assert_eq!(program(env, "https://a.example/;x"), expected, "{name}={value}");
        };
        check("BROWSER", "firefox:chromium", &["firefox", "https://a.example/;x"]);
        check("BROWSER", "w3m -F %s -x", &["w3m", "-F", "https://a.example/;x", "-x"]);
        check("AFENDA_BROWSER", "lynx -book", &["lynx", "-book", "https://a.example/;x"]);
        assert_eq!(program(|_| None, "https://a.example/").last().map(String::as_str), Some("https://a.example/"));
    }

    #[test]
    fn ssh_is_noticed() {
        assert!(is_remote(|name| (name == "SSH_TTY").then(|| "/dev/pts/1".into())));
        assert!(is_remote(|name| (name == "SSH_CONNECTION").then(|| "1.2.3.4 1 5.6.7.8 22".into())));
        assert!(!is_remote(|_| Some(OsString::new())) && !is_remote(|_| None));
    }
}
