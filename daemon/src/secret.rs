//! Secrets: where they come from, how they are kept, and that they never print.

use std::io::Write;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

pub use api::Token;

/// A secret file is read up to this size: a token or a PEM file is far smaller, and a mistaken path must not fill the memory.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// A secret could not be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read.
    #[error("cannot read the secret file {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write the secret file {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The file is too large to be a secret.
    #[error("{} is larger than {FILE_BYTES_MAX} bytes: not a token", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
}

/// Reads a secret from a file.
///
/// # Errors
/// When the file cannot be read or is too large.
pub fn read_file(path: &Path) -> Result<Token, SecretError> {
    let fail = |source| SecretError::Read { path: path.to_owned(), source };
    if std::fs::metadata(path).map_err(fail)?.len() > FILE_BYTES_MAX {
        return Err(SecretError::TooLarge { path: path.to_owned() });
    }
    Ok(Token::new(std::fs::read_to_string(path).map_err(fail)?))
}

/// Writes a file that only its owner can read, whole or not at all: beside it first, then renamed into place.
///
/// # Errors
/// When the folder or the file cannot be written.
pub fn write_file(path: &Path, text: &str) -> Result<(), SecretError> {
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
    let fail = |source| SecretError::Write { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(fail)?;
    }
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside).map_err(fail)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(fail)?;
    std::fs::rename(&beside, path).map_err(fail)
}

/// A new random token: 32 bytes from the system, in hex, with a prefix that scanners recognise.
pub fn new_token() -> Token {
    Token::new(format!("afd_{}", hex::encode(rand::random::<[u8; 32]>())))
}

/// What is kept of a token. The tokens are 256 random bits, so a plain hash is as good as a slow one.
pub fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_secret_file_is_private_and_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a").join("token");
        write_file(&path, "one").unwrap();
        write_file(&path, "two\n").unwrap();
        assert_eq!(read_file(&path).unwrap().expose(), "two");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        assert!(read_file(&folder.path().join("none")).unwrap_err().to_string().contains("none"));
    }

    #[test]
    fn tokens_differ() {
        assert_ne!(new_token().expose(), new_token().expose());
    }
}
