//! Files to attach: a path as a person writes it, looked at before anything is sent. Only the effects call this.

use std::path::{Path, PathBuf};

use crate::state::Attached;
use crate::text;

/// Size of one file, in bytes: what the daemon takes, and Chatwoot's default.
pub(crate) const FILE_BYTES_MAX: u64 = 40 * 1024 * 1024;
/// Names offered for a begun path: more nobody reads, another letter narrows it.
const NAMES_MAX: usize = 200;
/// Names of a folder that are looked at: a folder of a million files must not hold the answer up.
const LOOKED_MAX: usize = 20_000;

/// Looks at a file. Its name and path are text from then on, so both have to be.
///
/// # Errors
/// For people, what is wrong with it.
pub(crate) fn look(typed: &str, home: Option<&str>) -> Result<Attached, String> {
    let path = std::path::absolute(plain(typed, home)).map_err(|err| err.to_string())?;
    let meta = std::fs::metadata(&path).map_err(|err| match err.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => err.to_string(),
    })?;
    if meta.is_dir() {
        return Err("that is a folder".into());
    }
    if !meta.is_file() {
        return Err("that is no file".into());
    }
    if meta.len() > FILE_BYTES_MAX {
        return Err(format!("it has {}; at most {} MB go with a message", text::size(size(meta.len())), FILE_BYTES_MAX / 1024 / 1024));
    }
    std::fs::File::open(&path).map_err(|err| err.to_string())?;
    let (Some(name), Some(whole)) = (path.file_name().and_then(|n| n.to_str()), path.to_str()) else {
        return Err("its name is not UTF-8".into());
    };
    let kind = mime_guess::from_path(&path).first_or_octet_stream().to_string();
    Ok(Attached { path: whole.to_owned(), name: name.to_owned(), bytes: meta.len(), kind })
}

/// The longest file of keys that is changed: it is written by hand.
const KEYS_BYTES_MAX: u64 = 256 * 1024;

/// Writes a key into a file of keys, whole or not at all; what else stands there stays.
///
/// # Errors
/// For people: the file is as it was.
pub(crate) fn change_key(path: &Path, place: &str, key: &str, id: &str) -> Result<(), String> {
    let said = |err: std::io::Error| err.to_string();
    let text = match std::fs::metadata(path) {
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => String::new(),
        Ok(meta) if meta.len() > KEYS_BYTES_MAX => return Err("the file is too large".into()),
        _ => std::fs::read_to_string(path).map_err(said)?,
    };
    let folder = path.parent().ok_or("it lies nowhere")?;
    std::fs::create_dir_all(folder).map_err(said)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(said)?;
    std::io::Write::write_all(&mut file, crate::keymap::with_entry(&text, place, key, id).as_bytes()).map_err(said)?;
    file.as_file().sync_all().map_err(said)?;
    file.persist(path).map(drop).map_err(|err| said(err.error))
}

/// How a begun path can go on: whole paths as they would be typed, folders with a slash.
pub(crate) fn begun(typed: &str, home: Option<&str>) -> Vec<String> {
    let (folder, begin) = typed.rfind('/').map_or(("", typed), |at| typed.split_at(at + 1));
    let place = if folder.is_empty() { PathBuf::from(".") } else { plain(folder, home) };
    let Ok(entries) = std::fs::read_dir(place) else { return Vec::new() };
    let mut found: Vec<String> = entries
        .take(LOOKED_MAX)
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok().filter(|name| text::line(name) == *name)?;
            let hidden = name.starts_with('.') && !begin.starts_with('.');
            let slash = if entry.path().is_dir() { "/" } else { "" };
            (name.starts_with(begin) && !hidden).then(|| format!("{folder}{name}{slash}"))
        })
        .collect();
    found.sort();
    found.truncate(NAMES_MAX);
    found
}

/// A path as it was meant: quotes and `file://` as terminals paste them, `~` for the home folder.
pub(crate) fn plain(typed: &str, home: Option<&str>) -> PathBuf {
    let typed = typed.trim();
    let quoted = |q: char| typed.strip_prefix(q).and_then(|t| t.strip_suffix(q));
    let typed = quoted('\'').or_else(|| quoted('"')).unwrap_or(typed);
    let typed = typed.strip_prefix("file://").unwrap_or(typed);
    match (typed.strip_prefix('~'), home) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => Path::new(home).join(rest.trim_start_matches('/')),
        _ => PathBuf::from(typed),
    }
}

/// A size as the rest of the inbox counts it.
pub(crate) fn size(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_looked_at_before_it_goes() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().to_str().unwrap();
        std::fs::write(dir.path().join("photo of door.jpg"), b"x").unwrap();
        let large = std::fs::File::create(dir.path().join("large.bin")).unwrap();
        large.set_len(FILE_BYTES_MAX + 1).unwrap();
        for typed in ["~/photo of door.jpg", "'~/photo of door.jpg'", &format!("file://{home}/photo of door.jpg")] {
            let file = look(typed, Some(home)).unwrap();
            assert_eq!((file.name.as_str(), file.bytes, file.kind.as_str()), ("photo of door.jpg", 1, "image/jpeg"));
            assert_eq!(file.path, format!("{home}/photo of door.jpg"));
        }
        for (typed, why) in [
            ("~/none.jpg", "there is no such file"),
            ("~", "that is a folder"),
            ("~/large.bin", "it has 41.9 MB; at most 40 MB go with a message"),
            ("/dev/null", "that is no file"),
        ] {
            assert_eq!(look(typed, Some(home)), Err(why.to_owned()), "{typed}");
        }
    }

    #[test]
    fn a_begun_path_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().to_str().unwrap();
        for name in ["a1.txt", "a2.txt", ".hidden", "b\u{1b}[2J"] {
            std::fs::write(dir.path().join(name), b"x").unwrap();
        }
        std::fs::create_dir(dir.path().join("album")).unwrap();
        for (typed, found) in [
            ("~/a", vec!["~/a1.txt", "~/a2.txt", "~/album/"]),
            ("~/a1", vec!["~/a1.txt"]),
            ("~/.", vec!["~/.hidden"]),
            ("~/", vec!["~/a1.txt", "~/a2.txt", "~/album/"]),
            ("~/none/x", vec![]),
        ] {
            assert_eq!(begun(typed, Some(home)), found, "{typed}");
        }
    }
}
