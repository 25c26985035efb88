//! `afenda daemon logs`: what a daemon in the background said.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::Duration;

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;

/// Its name in the data folder.
pub(super) const LOG: &str = "daemon.log";
/// From so far before the end the last lines are looked for.
const LOOK_BACK: u64 = 4 * 1024 * 1024;
/// A longer line is cut.
const LINE_BYTES_MAX: u64 = 64 * 1024;
/// How often a file that grows is read on.
const LOOK: Duration = Duration::from_millis(200);

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
        let path = data_dir.join(LOG);
        let fail = |err: std::io::Error| match err.kind() {
            std::io::ErrorKind::NotFound => CliError::new(Exit::NotFound, "NOT_FOUND", format!("there is no log {}", path.display()))
                .hint("only a daemon of `afenda daemon start` writes one; a unit's is in `journalctl`"),
            _ => CliError::failed(format!("cannot read {}", path.display())).because(err),
        };
        let size = std::fs::metadata(&path).map_err(fail)?.len();
        let (last, mut end) = tail(&path, size.saturating_sub(LOOK_BACK), self.lines as usize).map_err(fail)?;
        for line in last {
            ctx.out.line(&line)?;
        }
        if !self.follow {
            return Ok(());
        }
        loop {
            tokio::time::sleep(LOOK).await;
            let now = std::fs::metadata(&path).map_err(fail)?.len();
            if now < end {
                end = 0; // A new one was begun.
            }
            if now > end {
                let (lines, read) = whole_lines(&path, end).map_err(fail)?;
                end += read;
                for line in lines {
                    ctx.out.line(&line)?;
                }
            }
        }
    }
}

/// The last lines of a file that are whole, from a place on, and where the next one begins.
pub(super) fn tail(path: &Path, from: u64, most: usize) -> std::io::Result<(Vec<String>, u64)> {
    let mut file = File::open(path)?;
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
    let mut file = File::open(path)?;
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
    }
}
