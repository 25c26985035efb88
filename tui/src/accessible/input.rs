//! Lines that are typed or piped in, of bounded length.

use std::io::{BufRead as _, BufReader, Read};

use tokio::sync::mpsc;

/// Bytes of a line at most. A message has 150,000 characters at most, a terminal's own line 4,096 bytes.
pub(super) const LINE_MAX: usize = 600_000;
/// Lines read ahead at most.
const AHEAD: usize = 16;

/// What was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    /// A line, without its end.
    Text(String),
    /// A line that is too long to be taken.
    TooLong,
}

/// Reads lines on a thread of its own: one that waits for the terminal must not keep the program from ending.
pub(super) fn lines(input: impl Read + Send + 'static) -> std::io::Result<mpsc::Receiver<Line>> {
    let (lines, read) = mpsc::channel(AHEAD);
    std::thread::Builder::new().name("lines".into()).spawn(move || {
        let mut input = BufReader::new(input);
        while let Some(line) = next(&mut input, LINE_MAX) {
            if lines.blocking_send(line).is_err() {
                return;
            }
        }
    })?;
    Ok(read)
}

/// The next line; none at the end, or where nothing can be read any more.
fn next(input: &mut BufReader<impl Read>, max: usize) -> Option<Line> {
    let mut bytes = Vec::new();
    let mut long = false;
    loop {
        let ready = match input.fill_buf() {
            Ok([]) if bytes.is_empty() && !long => return None,
            Ok(ready) => ready,
            Err(err) if err.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(_) => return None,
        };
        let end = ready.iter().position(|b| *b == b'\n');
        let part = ready.get(..end.unwrap_or(ready.len())).unwrap_or_default();
        long |= bytes.len() + part.len() > max;
        if !long {
            bytes.extend_from_slice(part);
        }
        let (taken, over) = (part.len() + usize::from(end.is_some()), end.is_some() || ready.is_empty());
        input.consume(taken);
        if over {
            break;
        }
    }
    if long {
        return Some(Line::TooLong);
    }
    let line = String::from_utf8_lossy(&bytes);
    Some(Line::Text(line.strip_suffix('\r').unwrap_or(&line).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_to_the_end_and_never_past_the_limit() {
        let text = b"one\r\n\ntoo long for it\nf\xffve\nlast".as_slice();
        for size in [1, 3, 64] {
            let mut input = BufReader::with_capacity(size, text);
            let read: Vec<Line> = std::iter::from_fn(|| next(&mut input, 8)).collect();
            let line = |text: &str| Line::Text(text.into());
            assert_eq!(read, [line("one"), line(""), Line::TooLong, line("f�ve"), line("last")], "{size} at a time");
        }
    }
}
