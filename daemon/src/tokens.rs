//! Own Chatwoot tokens that agents linked: each in a file of its own below the data directory, readable by its owner alone, never in the
//! database, never printed. A link holds at once and over restarts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::secret::{self, SecretError, Token};

/// What ends the name of a token's file: user names may hold dots, and `..` must be no folder.
const ENDING: &str = ".token";

/// The linked tokens of one tenant. Cheap to clone; all clones share them.
#[derive(Clone)]
pub struct Tokens {
    folder: Arc<PathBuf>,
    known: Arc<Mutex<BTreeMap<String, Token>>>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

impl Tokens {
    /// Reads what is linked in the tenant with this slug. A file that cannot be read counts as no link; the log says so.
    pub fn open(data_dir: &Path, slug: &str) -> Self {
        let folder = data_dir.join("chatwoot-tokens").join(slug);
        let mut known = BTreeMap::new();
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let Some(user) = name.to_str().and_then(|name| name.strip_suffix(ENDING)) else { continue };
            match secret::read_file(&entry.path()) {
                Ok(token) => {
                    known.insert(user.to_owned(), token);
                }
                Err(err) => tracing::error!(error = &err as &dyn std::error::Error, "a linked token cannot be read"),
            }
        }
        Self { folder: Arc::new(folder), known: Arc::new(Mutex::new(known)) }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Token>> {
        // Each entry is replaced whole.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, user: &str) -> PathBuf {
        self.folder.join(format!("{user}{ENDING}"))
    }

    /// The user's linked token.
    pub fn get(&self, user: &str) -> Option<Token> {
        self.lock().get(user).cloned()
    }

    /// Keeps a token; used from now on.
    ///
    /// # Errors
    /// When the file cannot be written; the old link holds then.
    pub fn link(&self, user: &str, token: Token) -> Result<(), SecretError> {
        // Held over the write: of two links at once the file and the memory say the same.
        let mut known = self.lock();
        secret::write_file(&self.path(user), token.expose())?;
        known.insert(user.to_owned(), token);
        Ok(())
    }

    /// Forgets a token. `false` when there was none.
    ///
    /// # Errors
    /// When the file cannot be removed; the link holds then.
    pub fn unlink(&self, user: &str) -> Result<bool, SecretError> {
        let mut known = self.lock();
        let path = self.path(user);
        match std::fs::remove_file(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(SecretError::Write { path, source }),
            _ => Ok(known.remove(user).is_some()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_link_is_private_holds_over_a_restart_and_is_the_tenants_alone() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Tokens::open(folder.path(), "ours");
        assert!(tokens.get("..").is_none());
        tokens.link("..", Token::new("s3cret")).unwrap();
        let path = folder.path().join("chatwoot-tokens/ours/...token");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!format!("{tokens:?}").contains("s3cret"));
        let again = Tokens::open(folder.path(), "ours");
        assert_eq!(again.get("..").unwrap().expose(), "s3cret");
        assert!(Tokens::open(folder.path(), "theirs").get("..").is_none());
        assert!(again.unlink("..").unwrap() && !again.unlink("..").unwrap());
        assert!(!path.exists() && Tokens::open(folder.path(), "ours").get("..").is_none());
    }
}
