//! One daemon a data folder: two on one store would both send its outbox.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Write};
use std::path::Path;

const NAME: &str = "afenda.lock";
/// A process id and a line's end are no longer.
const BYTES_MAX: u64 = 32;

/// Takes the folder for this process and writes down which it is; `None` where another has it. It is given back when the file is closed,
/// however the process ends.
///
/// # Errors
/// A folder that cannot be written.
pub(crate) fn take(data_dir: &Path) -> io::Result<Option<File>> {
    let mut file = File::options().create(true).truncate(false).write(true).open(data_dir.join(NAME))?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0)?;
            writeln!(file, "{}", std::process::id())?;
            Ok(Some(file))
        }
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(err)) => Err(err),
    }
}

/// Who has a data folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// No daemon.
    Nobody,
    /// The daemon with this process id.
    Process(u32),
    /// A daemon that did not write down which process it is: one from before 2026-11-28, or one that begins just now.
    Unnamed,
}

/// Who has the folder. What the file says counts only while somebody holds it, so that no other process that was given the number later is ever
/// meant.
///
/// # Errors
/// A lock file that cannot be read.
pub fn holder(data_dir: &Path) -> io::Result<Holder> {
    let file = match File::open(data_dir.join(NAME)) {
        Ok(file) => file,
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(Holder::Nobody),
        Err(err) => return Err(err),
    };
    match file.try_lock_shared() {
        Ok(()) => return Ok(Holder::Nobody),
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Error(err)) => return Err(err),
    }
    let mut text = String::new();
    file.take(BYTES_MAX).read_to_string(&mut text)?;
    Ok(text.trim().parse().map_or(Holder::Unnamed, Holder::Process))
}

/// Waits until nobody has the folder, however long that is.
///
/// # Errors
/// A lock file that cannot be read.
pub fn await_release(data_dir: &Path) -> io::Result<()> {
    match File::open(data_dir.join(NAME)) {
        Ok(file) => file.lock_shared(),
        Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(err) => Err(err),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_holds_the_folder_is_named_while_they_do() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(holder(folder.path()).unwrap(), Holder::Nobody);
        std::fs::write(folder.path().join(NAME), "4194304 and what a longer number left behind").unwrap();
        assert_eq!(holder(folder.path()).unwrap(), Holder::Nobody);
        let held = take(folder.path()).unwrap().unwrap();
        assert!(take(folder.path()).unwrap().is_none());
        assert_eq!(holder(folder.path()).unwrap(), Holder::Process(std::process::id()));
        let (path, (tell, told)) = (folder.path().to_owned(), std::sync::mpsc::channel());
        std::thread::spawn(move || tell.send(await_release(&path).is_ok()));
        assert!(told.try_recv().is_err(), "it is held");
        drop(held);
        assert!(told.recv_timeout(std::time::Duration::from_secs(20)).unwrap());
        assert_eq!(holder(folder.path()).unwrap(), Holder::Nobody);
        let held = take(folder.path()).unwrap().unwrap();
        held.set_len(0).unwrap();
        assert_eq!(holder(folder.path()).unwrap(), Holder::Unnamed, "an older daemon's");
    }
}
