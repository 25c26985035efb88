//! `afenda daemon logs`: what a daemon in the background said.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;

/// Its name in the data folder.
const LOG: &str = "daemon.log";
/// A larger one makes room for a new one; the one before is kept, so that twice this is on the disk at most.
const BYTES_MAX: u64 = 10 * 1024 * 1024;
/// From so far before the end the last lines are looked for.
const LOOK_BACK: u64 = 4 * 1024 * 1024;
/// A longer line is cut.
const LINE_BYTES_MAX: u64 = 64 * 1024;
/// How often a file that grows is read on.
const LOOK: Duration = Duration::from_millis(200);

/// The log of a daemon in the background. What is written goes to stderr, which is the file.
#[derive(Debug)]
pub(super) struct File {
    path: PathBuf,
    before: PathBuf,
}

impl File {
    pub(super) fn of(data_dir: &Path) -> Self {
        Self { path: data_dir.join(LOG), before: data_dir.join(format!("{LOG}.old")) }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Opened to be written at its end, a new one where it has grown large.
    pub(super) fn open(&self) -> std::io::Result<std::fs::File> {
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        if self.is_full() {
            std::fs::rename(&self.path, &self.before)?;
        }
        std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(&self.path)
    }

    fn is_full(&self) -> bool {
        std::fs::metadata(&self.path).is_ok_and(|file| file.len() > BYTES_MAX)
    }

    /// The last lines, also of the one before where this one has fewer, and where the next line begins in this one.
    fn last(&self, most: usize) -> std::io::Result<(Vec<String>, u64)> {
        let end_of = |path: &Path, most| tail(path, std::fs::metadata(path)?.len().saturating_sub(LOOK_BACK), most);
        let (last, end) = end_of(&self.path, most)?;
        let (mut all, _) = end_of(&self.before, most - last.len()).unwrap_or_default();
        all.extend(last);
        Ok((all, end))
    }

    /// The lines that are whole from a place on, also where a new one was begun since, and where the next line begins.
    fn since(&self, end: u64) -> std::io::Result<(Vec<String>, u64)> {
        let size = std::fs::metadata(&self.path)?.len();
        if size >= end {
            let (lines, read) = whole_lines(&self.path, end)?;
            return Ok((lines, end + read));
        }
        let (mut all, _) = whole_lines(&self.before, end).unwrap_or_default();
        let (lines, read) = whole_lines(&self.path, 0)?;
        all.extend(lines);
        Ok((all, read))
    }
}

impl Write for File {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.is_full() {
            // Where no new one can be made this one grows on: rather that than no log.
            let _ = self.open().and_then(|new| {
                rustix::stdio::dup2_stdout(&new)?;
                Ok(rustix::stdio::dup2_stderr(&new)?)
            });
        }
        std::io::stderr().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}

/// Show what a daemon in the background said
#[derive(Debug, clap::Args)]
pub(crate) struct Logs {
    /// Go on as more is written, until Ctrl-C
    #[arg(short, long)]
    follow: bool,
    /// So many of the last lines
    #[arg(short = 'n', long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    lines: u32,
}

impl Logs {
    pub(super) async fn run(self, ctx: &mut Context, data_dir: &Path) -> Result<(), CliError> {
        let log = File::of(data_dir);
        let fail = |err: std::io::Error| match err.kind() {
            std::io::ErrorKind::NotFound => CliError::new(Exit::NotFound, "NOT_FOUND", format!("there is no log {}", log.path.display()))
                .hint("only a daemon of `afenda daemon start` writes one; a unit's is in `journalctl`"),
            _ => CliError::failed(format!("cannot read {}", log.path.display())).because(err),
        };
        let (mut lines, mut end) = log.last(self.lines as usize).map_err(fail)?;
        loop {
            for line in lines {
                ctx.out.line(&line)?;
            }
            if !self.follow {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
            (lines, end) = log.since(end).map_err(fail)?;
        }
    }
}

/// The last lines of a file that are whole, from a place on, and where the next one begins.
pub(super) fn tail(path: &Path, from: u64, most: usize) -> std::io::Result<(Vec<String>, u64)> {
    let mut file = std::fs::File::open(path)?;
    file.seek(SeekFrom::Start(from))?;
    let mut file = BufReader::new(file);
    let (mut last, mut end) = (VecDeque::new(), from);
    loop {
        let mut line = Vec::new();
        let read = file.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)? as u64;
        // What is being written is no line yet.
        if read == 0 || (read < LINE_BYTES_MAX && line.last() != Some(&b'\n')) {
            return Ok((last.into(), end));
        }
        end += read;
        last.push_back(String::from_utf8_lossy(&line).trim_end().to_owned());
        if last.len() > most {
            last.pop_front();
        }
    }
}

/// The lines that are whole from a place on, and how many bytes they are.
fn whole_lines(path: &Path, from: u64) -> std::io::Result<(Vec<String>, u64)> {
    let mut file = std::fs::File::open(path)?;
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(LOOK_BACK).read_to_end(&mut bytes)?;
    let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    // What never ends is no line to wait for.
    let end = if end == 0 && bytes.len() as u64 >= LINE_BYTES_MAX { bytes.len() } else { end };
    bytes.truncate(end);
    let lines = String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect();
    Ok((lines, end as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_and_what_follows_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(LOG);
        std::fs::write(&path, "one\ntwo\nthree\nfo").unwrap();
        let lines = |all: &[&str]| all.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        assert_eq!(tail(&path, 0, 2).unwrap(), (lines(&["two", "three"]), 14));
        assert_eq!(tail(&path, 4, 9).unwrap(), (lines(&["two", "three"]), 14));
        assert_eq!(whole_lines(&path, 4).unwrap(), (vec!["two".to_owned(), "three".to_owned()], 10));
        assert_eq!(whole_lines(&path, 14).unwrap(), (vec![], 0));
        // Where a new one was begun, the one before is read to its end first.
        let log = File::of(folder.path());
        std::fs::rename(&path, &log.before).unwrap();
        std::fs::OpenOptions::new().append(true).open(&log.before).unwrap().write_all(b"ur\n").unwrap();
        std::fs::write(&path, "five\nsi").unwrap();
        assert_eq!(log.last(3).unwrap(), (lines(&["three", "four", "five"]), 5));
        assert_eq!(log.last(1).unwrap(), (lines(&["five"]), 5));
        assert_eq!(log.since(14).unwrap(), (lines(&["four", "five"]), 5));
        assert_eq!(log.since(5).unwrap(), (vec![], 5));
    }
}
