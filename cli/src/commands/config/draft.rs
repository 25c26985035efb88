//! A changed text of the settings file before it counts: it lies beside the file, so that paths in it mean the same.

use std::path::{Path, PathBuf};

use super::fault::{self, Fault};
use crate::error::CliError;

/// Gone when dropped, unless it was put in place or kept.
pub(super) struct Draft {
    path: PathBuf,
}

impl Draft {
    /// Writes a text beside the file.
    ///
    /// # Errors
    /// A folder or file that cannot be written.
    pub(super) fn write(file: &Path, text: &str) -> Result<Self, CliError> {
        let folder = folder(file);
        let fail = |err: std::io::Error| CliError::failed(format!("cannot write {}", file.display())).because(err);
        std::fs::create_dir_all(folder).map_err(fail)?;
        let draft = Self { path: beside(file) };
        draft.rewrite(text)?;
        Ok(draft)
    }

    /// Writes a text beside a draft or the file, to see what would be said against it.
    ///
    /// # Errors
    /// A folder or file that cannot be written.
    pub(super) fn attempt(file: &Path, text: &str) -> Result<Self, CliError> {
        let attempt = Self { path: folder(file).join(format!(".config.{}.attempt.toml", std::process::id())) };
        attempt.rewrite(text)?;
        Ok(attempt)
    }

    /// Gives it another text.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub(super) fn rewrite(&self, text: &str) -> Result<(), CliError> {
        daemon::secret::write_file(&self.path, text).map_err(|err| CliError::failed("cannot try the change").because(err))
    }

    /// What was kept is a draft again.
    ///
    /// # Errors
    /// That it cannot be renamed.
    pub(super) fn take_up(file: &Path, kept: &Path) -> Result<Self, CliError> {
        let draft = Self { path: beside(file) };
        std::fs::rename(kept, &draft.path).map_err(|err| CliError::failed(format!("cannot open {}", kept.display())).because(err))?;
        Ok(draft)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What the programs say against it. What they said against the file `before`, first or after that, is not this change's doing.
    pub(super) fn fault(&self, before: &[Fault]) -> Option<String> {
        if before.is_empty() {
            return super::wrong(&self.path);
        }
        fault::all(&self.path).into_iter().find(|fault| !before.contains(fault)).map(|fault| fault.why)
    }

    /// Puts it in the file's place, whole or not at all, with the file's mode; where the file is a link, that stays.
    ///
    /// # Errors
    /// What cannot be read or written.
    pub(super) fn put(&self, file: &Path) -> Result<(), CliError> {
        let fail = |err: std::io::Error| CliError::failed(format!("cannot write {}", file.display())).because(err);
        let place = file.canonicalize().unwrap_or_else(|_| file.to_owned());
        let text = std::fs::read_to_string(&self.path).map_err(fail)?;
        let mode = std::fs::metadata(&place).map(|file| file.permissions());
        daemon::secret::write_file(&place, &text)
            .map_err(|err| CliError::failed(format!("cannot write {}", file.display())).because(err))?;
        mode.map_or(Ok(()), |mode| std::fs::set_permissions(&place, mode).map_err(fail))
    }

    /// Keeps it beside the file, under a name that no program reads.
    ///
    /// # Errors
    /// That it cannot be renamed.
    pub(super) fn keep(self, file: &Path) -> Result<PathBuf, CliError> {
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let kept = folder(file).join(format!("{name}.{}.rejected", std::process::id()));
        let fail = |err: std::io::Error| CliError::failed(format!("cannot keep {}", kept.display())).because(err);
        std::fs::rename(&self.path, &kept).map_err(fail)?;
        Ok(kept)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // It may be somewhere else by now.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Where the draft of this process lies.
fn beside(file: &Path) -> PathBuf {
    folder(file).join(format!(".config.{}.toml", std::process::id()))
}

fn folder(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
