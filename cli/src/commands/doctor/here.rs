//! What only the client's side can look at: the settings file, the profiles' files, the terminal.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use api::doctor::{Check, CheckState};

use crate::commands::config;
use crate::context::Context;
use crate::profile::Profiles;
use crate::settings::var;

/// Variables that change what programs do here, and what each decides; never their values, which may be secrets.
const VARIABLES: &[(&str, &str)] = &[
    ("AFENDA_TOKEN", "who you are"),
    ("AFENDA_URL", "which daemon"),
    ("AFENDA_PROFILE", "which profile"),
    ("AFENDA_TENANT", "which tenant"),
    ("AFENDA_CONFIG", "the settings file"),
    ("AFENDA_CONFIG_DIR", "the folder of the settings"),
    ("AFENDA_DATA_DIR", "the folder of the profiles and the store"),
    ("AFENDA_OUTPUT", "the form of the output"),
];
/// A setting of tmux, whether a value is well, and the line that makes it so.
type Setting = (&'static str, fn(&str) -> bool, &'static str);
/// Settings of tmux that the inbox gains from.
const TMUX: &[Setting] = &[
    ("escape-time", |value| value.parse::<u32>().is_ok_and(|ms| ms <= 50), "set -s escape-time 10"),
    ("focus-events", |value| value == "on", "set -g focus-events on"),
    ("set-clipboard", |value| value == "on" || value == "external", "set -s set-clipboard external"),
    ("default-terminal", |value| value.contains("256color") || value.contains("direct"), "set -g default-terminal tmux-256color"),
];

/// All of them; with `fix` what can be put right here is.
pub(super) fn checks(ctx: &Context, fix: bool) -> Vec<Check> {
    vec![settings(ctx), profiles(ctx, fix), terminal(ctx)]
}

fn check(name: &str, state: CheckState, message: String, repair: Option<String>) -> Check {
    Check { name: name.to_owned(), state, message, repair }
}

/// The file, and where each value comes from that is not at its default. Names only: values may be secrets.
fn settings(ctx: &Context) -> Check {
    let set = VARIABLES.iter().filter(|(name, _)| var(name).is_some()).map(|(name, decides)| format!("{name} ({decides})"));
    let others = config::by_others(ctx).into_iter().filter(|(name, _)| !VARIABLES.iter().any(|(other, _)| other == name));
    let set: Vec<String> = set.chain(others.map(|(name, key)| format!("{name} ({key})"))).collect();
    let besides = if set.is_empty() { String::new() } else { format!("; the environment decides: {}", set.join(", ")) };
    match config::file() {
        Ok(path) if !path.exists() => {
            check("settings", CheckState::Ok, format!("no file {}: everything is at its default{besides}", path.display()), None)
        }
        Ok(path) => match config::wrong(&path) {
            None => {
                let keys = config::by_file(&path);
                let sets = if keys.is_empty() { "sets nothing".to_owned() } else { format!("sets {}", keys.join(", ")) };
                check("settings", CheckState::Ok, format!("{} {sets}{besides}; all else is at its default", path.display()), None)
            }
            Some(why) => check(
                "settings",
                CheckState::Fail,
                format!("{}: {why}", path.display()),
                Some("config.example.toml shows every setting".to_owned()),
            ),
        },
        Err(err) => check("settings", CheckState::Fail, err.sentence(), err.hint),
    }
}

fn profiles(ctx: &Context, fix: bool) -> Check {
    let Ok(profiles) = Context::data_dir().map(|dir| Profiles::new(&dir)) else {
        return check("profiles", CheckState::Fail, "there is no folder for them".to_owned(), Some("set AFENDA_DATA_DIR".to_owned()));
    };
    let open: Vec<_> = profiles.names().into_iter().map(|name| profiles.path(&name)).filter(|path| is_open(path)).collect();
    if open.is_empty() {
        return check("profiles", CheckState::Ok, format!("{} kept, none that others can read", profiles.names().len()), None);
    }
    let names = open.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
    if fix && open.iter().all(|path| std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).is_ok()) {
        ctx.out.note(&format!("only you can read them now: {names}"));
        return check(
            "profiles",
            CheckState::Ok,
            "others can no longer read their tokens; make new ones if others were here".to_owned(),
            None,
        );
    }
    let repair = "chmod 600, or `afenda doctor --fix`; if others were here, make new tokens";
    check("profiles", CheckState::Warn, format!("others can read the tokens in {names}"), Some(repair.to_owned()))
}

/// Whether others than its owner can read it.
fn is_open(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
}

fn terminal(ctx: &Context) -> Check {
    let ok = |message: &str| check("terminal", CheckState::Ok, message.to_owned(), None);
    if !ctx.out.terminal {
        return ok("none: the output goes elsewhere");
    }
    let term = var("TERM").unwrap_or_default();
    if term.is_empty() || term == "dumb" {
        let repair = "set TERM to what the terminal is, such as xterm-256color; `afenda --accessible` needs none of it";
        return check("terminal", CheckState::Warn, "TERM says that it can only print".to_owned(), Some(repair.to_owned()));
    }
    if var("TMUX").is_none() {
        let colors = if var("COLORTERM").is_some_and(|value| value == "truecolor" || value == "24bit") {
            "all colours"
        } else {
            "as many colours as TERM says"
        };
        return ok(&format!("{term}, {colors}"));
    }
    let lines: Vec<&str> =
        TMUX.iter().filter(|(name, well, _)| tmux(name).is_some_and(|value| !well(&value))).map(|(.., line)| *line).collect();
    if lines.is_empty() {
        return ok(&format!("{term} in tmux, which is set well"));
    }
    check(
        "terminal",
        CheckState::Warn,
        format!("{term} in tmux: keys or colours come late or not at all"),
        Some(format!("in ~/.tmux.conf: {}", lines.join("; "))),
    )
}

/// A setting of the tmux that this runs in.
fn tmux(name: &str) -> Option<String> {
    let told = Command::new("tmux").args(["show-options", "-Agqv", name]).output().ok().filter(|told| told.status.success())?;
    Some(String::from_utf8_lossy(&told.stdout).trim().to_owned()).filter(|value| !value.is_empty())
}
