//! `afenda daemon install`: what starts the daemon with the machine or the session, as its system wants it written.

use std::path::{Path, PathBuf};

use crate::context::Context;
use crate::error::CliError;

/// Have the system start the daemon: writes a systemd unit, or a launchd agent on macOS, and says how to turn it on
#[derive(Debug, clap::Args)]
pub(crate) struct Install {
    /// For the whole machine instead of your session; needs its administrator
    #[arg(long)]
    system: bool,
    /// Print it, write nothing
    #[arg(long)]
    print: bool,
}

/// A file for the system, where it belongs, and what turns it on.
struct Unit {
    path: PathBuf,
    text: String,
    next: String,
}

impl Install {
    /// `arguments` lead to the daemon that is meant.
    pub(super) fn run(&self, ctx: &mut Context, arguments: &[String]) -> Result<(), CliError> {
        let program = std::env::current_exe().map_err(|err| CliError::failed("where is this program?").because(err))?;
        let unit =
            if cfg!(target_os = "macos") { launchd(&program, arguments, self.system)? } else { systemd(&program, arguments, self.system)? };
        if crate::settings::var("CHATWOOT_API_TOKEN").is_some() {
            ctx.out.note("CHATWOOT_API_TOKEN is of this shell and not known there: put chatwoot.token_file into the settings");
        }
        if self.print {
            return ctx.out.raw(&unit.text);
        }
        let fail = |err: std::io::Error| CliError::failed(format!("cannot write {}", unit.path.display())).because(err);
        match std::fs::read_to_string(&unit.path) {
            Ok(text) if text == unit.text => ctx.out.note(&format!("{} is there already", unit.path.display())),
            Ok(_) => {
                return Err(CliError::failed(format!("{} is there, and is another", unit.path.display()))
                    .hint("move it away, or take over what you want of `afenda daemon install --print`"));
            }
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => {
                if let Some(folder) = unit.path.parent() {
                    std::fs::create_dir_all(folder).map_err(fail)?;
                }
                std::fs::write(&unit.path, &unit.text).map_err(fail)?;
                ctx.out.note(&format!("written: {}", unit.path.display()));
            }
            Err(err) => return Err(fail(err)),
        }
        ctx.out.line(&unit.next)
    }
}

fn home() -> Result<directories::BaseDirs, CliError> {
    directories::BaseDirs::new().ok_or_else(|| CliError::failed("there is no home folder").hint("see --system and --print"))
}

fn systemd(program: &Path, arguments: &[String], system: bool) -> Result<Unit, CliError> {
    let quote = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%").replace('$', "$$"));
    let words: Vec<String> = std::iter::once(program.display().to_string())
        .chain(["daemon", "start", "--foreground"].map(str::to_owned))
        .chain(arguments.iter().cloned())
        .map(|word| quote(&word))
        .collect();
    let folder = crate::settings::var("AFENDA_CONFIG_DIR").filter(|_| !system);
    let folder = folder.map(|folder| format!("Environment={}\n", quote(&format!("AFENDA_CONFIG_DIR={folder}")))).unwrap_or_default();
    let (wanted, who) = if system {
        (
            "multi-user.target",
            "DynamicUser=yes\nStateDirectory=afenda\nEnvironment=AFENDA_DATA_DIR=/var/lib/afenda AFENDA_CONFIG_DIR=/etc/afenda\n",
        )
    } else {
        ("default.target", "")
    };
    let text = format!(
        "[Unit]\nDescription=afenda: Chatwoot's inbox and approvals in the terminal\nAfter=network-online.target\nWants=network-online.target\n\n\
         [Service]\nExecStart={}\n{who}{folder}Restart=on-failure\nRestartSec=2\nUMask=0077\nNoNewPrivileges=yes\n\n[Install]\nWantedBy={wanted}\n",
        words.join(" ")
    );
    let (path, next) = if system {
        (PathBuf::from("/etc/systemd/system/afenda.service"), "turn it on with: systemctl daemon-reload && systemctl enable --now afenda")
    } else {
        let next = "turn it on with: systemctl --user daemon-reload && systemctl --user enable --now afenda";
        (home()?.config_dir().join("systemd/user/afenda.service"), next)
    };
    Ok(Unit { path, text, next: next.to_owned() })
}

fn launchd(program: &Path, arguments: &[String], system: bool) -> Result<Unit, CliError> {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let words: String = std::iter::once(program.display().to_string())
        .chain(["daemon", "start", "--foreground"].map(str::to_owned))
        .chain(arguments.iter().cloned())
        .map(|word| format!("    <string>{}</string>\n", escape(&word)))
        .collect();
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
         \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">\n<dict>\n  <key>Label</key>\n  <string>afenda</string>\n  \
         <key>ProgramArguments</key>\n  <array>\n{words}  </array>\n  <key>RunAtLoad</key>\n  <true/>\n  <key>KeepAlive</key>\n  <dict>\n    \
         <key>SuccessfulExit</key>\n    <false/>\n  </dict>\n</dict>\n</plist>\n"
    );
    let path = if system {
        PathBuf::from("/Library/LaunchDaemons/afenda.plist")
    } else {
        home()?.home_dir().join("Library/LaunchAgents/afenda.plist")
    };
    let next = format!("turn it on with: launchctl load -w {}", crate::program::quoted(&path));
    Ok(Unit { path, text, next })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_arrive_as_they_are() {
        let arguments = ["--config".to_owned(), "/a b/100%\"$x\".toml".to_owned()];
        let unit = systemd(Path::new("/opt/afenda"), &arguments, true).unwrap();
        let line = "ExecStart=\"/opt/afenda\" \"daemon\" \"start\" \"--foreground\" \"--config\" \"/a b/100%%\\\"$$x\\\".toml\"\n";
        assert!(unit.text.contains(line), "{}", unit.text);
        let plist = launchd(Path::new("/opt/a&b"), &[], true).unwrap();
        assert!(plist.text.contains("<string>/opt/a&amp;b</string>"), "{}", plist.text);
    }
}
