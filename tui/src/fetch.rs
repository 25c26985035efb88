//! Files of messages, saved on this machine. Only the effects call this.
//!
//! The name is a customer's: nothing of it leads out of the folder or stands for something else. What is there already stays, and a file
//! has its name only once it is whole.

use std::path::{Path, PathBuf};
use std::time::Duration;

use api::Client;
use tokio::io::AsyncWriteExt as _;
use tokio::time::Instant;

use crate::files;
use crate::state::StoredFile;
use crate::text;

/// The largest file that is saved, in bytes: as much as the daemon hands on.
const SAVED_BYTES_MAX: u64 = 100 * 1024 * 1024;
/// A name's length, in bytes: every file system takes 255, and a number may be added.
const NAME_BYTES_MAX: usize = 200;
/// Other names that are tried where a file of the name is there already.
const NAMES_MAX: u32 = 1_000;
/// How often it is said how far it is; what is done sooner says nothing but its end.
const TOLD_EVERY: Duration = Duration::from_secs(1);

/// Saves a file in a folder; `told` hears now and then how many bytes have come, and of how many. Dropped before its end it leaves nothing.
///
/// # Errors
/// For people, why it is not saved.
pub(crate) async fn save(
    client: &Client,
    file: &StoredFile,
    folder: &Path,
    mut told: impl FnMut(u64, Option<u64>),
) -> Result<PathBuf, String> {
    let said = |err: std::io::Error| format!("{}: {err}", folder.display());
    tokio::fs::create_dir_all(folder).await.map_err(said)?;
    let mut body = client.attachment(file.conversation, file.message, file.id, SAVED_BYTES_MAX).await.map_err(|err| err.to_string())?;
    // 0600, and removed when it is dropped.
    let part = tempfile::Builder::new().prefix(".afenda-").suffix(".part").tempfile_in(folder).map_err(said)?;
    let mut out = tokio::fs::File::from_std(part.as_file().try_clone().map_err(said)?);
    let (mut done, mut at) = (0, Instant::now());
    while let Some(bytes) = body.chunk().await.map_err(|err| err.to_string())? {
        out.write_all(&bytes).await.map_err(said)?;
        done += bytes.len() as u64;
        if at.elapsed() >= TOLD_EVERY {
            at = Instant::now();
            told(done, body.length);
        }
    }
    if body.length.is_some_and(|length| length != done) {
        return Err("it did not come whole".into());
    }
    out.flush().await.map_err(said)?;
    out.sync_all().await.map_err(said)?;
    named(part, folder, &safe_name(&file.name)).map_err(said)
}

/// Gives the file its name, or the first free one like it.
fn named(mut part: tempfile::NamedTempFile, folder: &Path, name: &str) -> std::io::Result<PathBuf> {
    for n in 0..NAMES_MAX {
        let path = folder.join(numbered(name, n));
        match part.persist_noclobber(&path) {
            Ok(_) => return Ok(path),
            Err(err) if err.error.kind() == std::io::ErrorKind::AlreadyExists => part = err.file,
            Err(err) => return Err(err.error),
        }
    }
    Err(std::io::Error::new(std::io::ErrorKind::AlreadyExists, "there are too many files of that name"))
}

/// `name (2).ext`
fn numbered(name: &str, n: u32) -> String {
    match name.rsplit_once('.').filter(|(begin, _)| !begin.is_empty()) {
        _ if n == 0 => name.to_owned(),
        Some((begin, ending)) => format!("{begin} ({n}).{ending}"),
        None => format!("{name} ({n})"),
    }
}

/// A name that is no path, hides and fakes nothing, means no device and no option, and is not too long; its ending stays.
pub(crate) fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain = |c: char| match c {
        // Taken by shells or other systems; the name stays readable.
        '<' | '>' | ':' | '"' | '|' | '?' | '*' => '_',
        c if c.is_whitespace() => ' ',
        c => c,
    };
    let harmless = |c: &char| c.is_whitespace() || text::is_safe(*c);
    let kept: String = last.chars().filter(|c| *c != '\u{7f}' && !('\0'..' ').contains(c)).filter(harmless).map(plain).collect();
    let kept = kept.trim_start_matches(['.', ' ']).trim_end_matches(['.', ' ']);
    if kept.is_empty() {
        return "file".to_owned();
    }
    let stem = kept.split('.').next().unwrap_or_default().trim_end();
    let device = ["con", "prn", "aux", "nul"].iter().any(|name| stem.eq_ignore_ascii_case(name))
        || (stem.len() == 4 && stem.get(..3).is_some_and(|s| ["com", "lpt"].iter().any(|name| s.eq_ignore_ascii_case(name))));
    let kept = if device || kept.starts_with('-') { format!("_{kept}") } else { kept.to_owned() };
    shortened(&kept)
}

fn shortened(name: &str) -> String {
    if name.len() <= NAME_BYTES_MAX {
        return name.to_owned();
    }
    let ending = name.rsplit_once('.').map(|(_, ending)| ending).filter(|ending| ending.len() <= 16);
    let room = NAME_BYTES_MAX - ending.map_or(0, |ending| ending.len() + 1);
    let cut = name.get(..(0..=room).rev().find(|at| name.is_char_boundary(*at)).unwrap_or_default()).unwrap_or_default().trim_end();
    ending.map_or_else(|| cut.to_owned(), |ending| format!("{cut}.{ending}"))
}

/// The folder that files are saved in: as set, else the person's folder for downloads, else their home.
pub(crate) fn folder(set: Option<&str>) -> Option<PathBuf> {
    let dirs = directories::UserDirs::new();
    let home = dirs.as_ref().map(|dirs| dirs.home_dir().to_path_buf());
    match set.filter(|set| !set.trim().is_empty()) {
        Some(set) => Some(files::plain(set, home.as_deref().and_then(Path::to_str))),
        None => dirs.as_ref().and_then(|dirs| dirs.download_dir()).map(Path::to_path_buf).or(home),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::id::{ConversationId, MessageId};
    use proptest::prelude::*;
    use std::os::unix::fs::PermissionsExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[test]
    fn names_are_made_safe() {
        for (name, want) in [
            ("photo of door.jpg", "photo of door.jpg"),
            ("../../etc/passwd", "passwd"),
            ("C:\\temp\\a b.png", "a b.png"),
            ("..", "file"),
            ("", "file"),
            ("/", "file"),
            (".bashrc", "bashrc"),
            (". .hidden. ", "hidden"),
            ("-rf", "_-rf"),
            ("CON", "_CON"),
            ("nul.txt", "_nul.txt"),
            ("com1.log", "_com1.log"),
            ("console.log", "console.log"),
            ("a\u{1b}[31m\n\tb.txt", "a[31mb.txt"),
            ("bill\u{202e}fdp.exe", "billfdp.exe"),
            ("a\u{200b}\u{feff}\u{e0041}b", "ab"),
            ("what?\"<>|*:.txt", "what_______.txt"),
            ("a\u{a0}b", "a b"),
            ("Rechnung für Ö.pdf", "Rechnung für Ö.pdf"),
            ("李.pdf", "李.pdf"),
        ] {
            assert_eq!(safe_name(name), want, "{name:?}");
        }
        let long = safe_name(&format!("{}.pdf", "ä".repeat(300)));
        assert!(long.len() <= NAME_BYTES_MAX && long.ends_with("ä.pdf"), "{long}");
        assert!(safe_name(&"x".repeat(400)).len() <= NAME_BYTES_MAX);
    }

    proptest! {
        #[test]
        fn a_name_never_leaves_its_folder_and_never_speaks_to_the_terminal(name in "\\PC{0,40}|.{0,300}|[./\\\\\u{0}-\u{1f}\u{202a}-\u{202e} -]{0,20}") {
            let safe = safe_name(&name);
            let path = Path::new("/folder").join(&safe);
            prop_assert_eq!(path.parent(), Some(Path::new("/folder")));
            prop_assert_eq!(path.file_name().and_then(|name| name.to_str()), Some(safe.as_str()));
            prop_assert!(safe.len() <= NAME_BYTES_MAX + 1 && !safe.starts_with(['.', '-']) && safe.chars().all(text::is_safe), "{:?}", safe);
        }
    }

    /// Answers one request, then hangs up, or never if `stay`.
    async fn daemon(answer: &'static [u8], stay: bool) -> (Client, tokio::task::JoinHandle<()>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let _ = socket.read(&mut [0; 4096]).await.unwrap();
            socket.write_all(answer).await.unwrap();
            if stay {
                std::future::pending::<()>().await;
            }
        });
        (Client::new(&format!("http://{addr}"), api::Token::new("t")).unwrap(), task)
    }

    fn stored(name: &str) -> StoredFile {
        StoredFile { conversation: ConversationId(1), message: MessageId(2), id: 3, name: name.to_owned(), bytes: None }
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    const WHOLE: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello";

    #[tokio::test]
    async fn a_file_is_private_and_takes_no_other_files_place() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a.txt"), b"old").unwrap();
        std::os::unix::fs::symlink("/nowhere", dir.path().join("a (1).txt")).unwrap();
        let path = save(&daemon(WHOLE, false).await.0, &stored("../a.txt"), dir.path(), |_, _| ()).await.unwrap();
        assert_eq!(path, dir.path().join("a (2).txt"));
        assert_eq!(std::fs::read(&path).unwrap(), b"hello");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read(dir.path().join("a.txt")).unwrap(), b"old");
        assert_eq!(names(dir.path()).len(), 3);
    }

    #[tokio::test]
    async fn what_breaks_off_or_is_stopped_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\nconnection: close\r\n\r\nhello";
        save(&daemon(cut, false).await.0, &stored("a.txt"), dir.path(), |_, _| ()).await.unwrap_err();
        assert!(names(dir.path()).is_empty(), "{:?}", names(dir.path()));
        let (client, task) = daemon(cut, true).await;
        let (folder, file) = (dir.path().to_owned(), stored("a.txt"));
        let saving = tokio::spawn(async move { save(&client, &file, &folder, |_, _| ()).await });
        let begun = async {
            while names(dir.path()).is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), begun).await.unwrap();
        saving.abort();
        assert!(saving.await.unwrap_err().is_cancelled());
        task.abort();
        assert!(names(dir.path()).is_empty(), "{:?}", names(dir.path()));
    }
}
