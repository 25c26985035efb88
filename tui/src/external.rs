//! A text in the person's own editor: a private file, a child that has the terminal meanwhile, and the text as it came back.
//!
//! The file lies in a folder that only its owner can enter, as do the editor's own copies beside it; both go afterwards. What cannot be
//! read back stays, and where it lies is said.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::editor::CHARS_MAX;

/// More than the longest message in UTF-8 is no message.
const BYTES_MAX: u64 = 4 * CHARS_MAX as u64;

/// The editor's command line: the first of the three that says something.
pub fn command(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    ["AFENDA_EDITOR", "VISUAL", "EDITOR"].iter().find_map(|name| variable(name).filter(|value| !value.trim().is_empty()))
}

/// A text as an editor left it. Its file goes with it, unless it is kept.
#[derive(Debug)]
pub struct Edited {
    /// The text.
    pub text: String,
    folder: TempDir,
    path: PathBuf,
}

impl Edited {
    /// Keeps the file for the person who wrote it, and tells where it lies.
    pub fn keep(self) -> PathBuf {
        let _ = self.folder.keep();
        self.path
    }
}

/// Writes the text, runs the editor on it until it ends, and reads the text back. The terminal is the child's meanwhile.
///
/// # Errors
/// For people: why the text is as it was. What was written in the editor is then kept, if it differs.
pub async fn edit(command: &str, text: &str) -> Result<Edited, String> {
    let (mut folder, path) = write(text).map_err(|err| format!("the text could not be put in a file: {err}"))?;
    // Whoever breaks this off leaves the file to the person who wrote in it.
    folder.disable_cleanup(true);
    // As git does: the shell takes the variable apart, the path stays one word.
    let mut child = tokio::process::Command::new("sh");
    child.arg("-c").arg(format!("{command} \"$@\"")).arg("afenda").arg(&path).kill_on_drop(true);
    let failed = match child.status().await {
        Ok(status) if status.success() => None,
        Ok(status) => Some(format!("the editor ended with {status}")),
        Err(err) => Some(format!("the editor could not be started: {err}")),
    };
    folder.disable_cleanup(false);
    match (failed, read_back(&path)) {
        (None, Ok(now)) => Ok(Edited { text: without_last_break(text, now), folder, path }),
        (Some(why), Ok(now)) if without_last_break(text, now.clone()) == text => Err(why),
        (Some(why), Ok(_)) => Err(format!("{why}{}", kept(folder, &path))),
        (why, Err(err)) if path.exists() => {
            Err(format!("{}{}", why.unwrap_or(format!("it cannot be read back, {err}")), kept(folder, &path)))
        }
        (why, Err(_)) => Err(why.unwrap_or_else(|| "the editor took the file away".into())),
    }
}

fn write(text: &str) -> std::io::Result<(TempDir, PathBuf)> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    #[cfg(unix)]
    builder.permissions(private);
    let folder = builder.prefix("afenda-").tempdir()?;
    let path = folder.path().join("message.md");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    std::io::Write::write_all(&mut options.open(&path)?, text.as_bytes())?;
    Ok((folder, path))
}

fn read_back(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|err| err.to_string())?;
    file.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|err| err.to_string())?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err("it is too long for a message".into());
    }
    let text = String::from_utf8(bytes).map_err(|_| "it is not UTF-8")?;
    // Besides the line break that editors add.
    match text.trim_end_matches('\n').chars().nth(CHARS_MAX) {
        Some(_) => Err(format!("it is longer than the {CHARS_MAX} characters of a message")),
        None => Ok(text),
    }
}

/// Editors end a file with a line break that nobody typed.
fn without_last_break(before: &str, now: String) -> String {
    match now.strip_suffix('\n') {
        Some(shorter) if !before.ends_with('\n') => shorter.to_owned(),
        _ => now,
    }
}

fn kept(folder: TempDir, path: &Path) -> String {
    let _ = folder.keep();
    format!("; what was written there is kept in {}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_text_comes_back_as_it_was_left() {
        for (command, before, now) in [
            ("true", "as it was", Ok("as it was")),
            ("true", "", Ok("")),
            ("printf 'new 李\\n' >", "old", Ok("new 李")),
            ("printf 'new\\n' >", "old\n", Ok("new\n")),
            // Editors write beside it and move that over it.
            ("f() { printf moved > \"$1.new\" && mv \"$1.new\" \"$1\"; }; f", "old", Ok("moved")),
            ("f() { test \"$(stat -c %a \"$1\")$(stat -c %a \"$(dirname \"$1\")\")\" = 600700; }; f", "private", Ok("private")),
            ("false", "as it was", Err("the editor ended with exit status: 1")),
            ("rm", "as it was", Err("the editor took the file away")),
        ] {
            assert_eq!(edit(command, before).await.map(|edited| edited.text), now.map(str::to_owned).map_err(str::to_owned), "{command}");
        }
    }

    #[tokio::test]
    async fn what_cannot_be_read_back_is_kept() {
        let long = format!("f() {{ head -c {} /dev/zero | tr '\\0' x > \"$1\"; }}; f", CHARS_MAX + 1);
        for command in ["printf '\\377' >", "f() { printf more > \"$1\"; false; }; f", &long] {
            let said = edit(command, "old").await.unwrap_err();
            let path = Path::new(said.rsplit("kept in ").next().unwrap());
            assert!(path.exists(), "{said}");
            std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
        }
        assert!(edit("no-such-editor-here", "old").await.unwrap_err().starts_with("the editor ended with"));
    }

    #[tokio::test]
    async fn a_file_goes_with_its_text_unless_it_is_kept() {
        let edited = edit("printf 'written\\n' >", "").await.unwrap();
        let path = edited.path.clone();
        drop(edited);
        assert!(!path.exists());
        let path = edit("printf 'written\\n' >", "").await.unwrap().keep();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "written\n");
        std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }

    #[test]
    fn ours_comes_before_the_common_ones() {
        let from =
            |pairs: &[(&str, &str)]| command(|name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()));
        assert_eq!(from(&[("EDITOR", "vi"), ("AFENDA_EDITOR", "nano -w")]).as_deref(), Some("nano -w"));
        assert_eq!(from(&[("EDITOR", "vi"), ("VISUAL", " ")]).as_deref(), Some("vi"));
        assert_eq!(from(&[]), None);
    }
}
