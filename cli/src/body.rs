//! Text that a command takes: from the command line, a file, or standard input.

use std::io::Read;
use std::path::PathBuf;

use crate::error::CliError;

/// More than Chatwoot takes in a message (150,000 characters of at most four bytes), so that the API says what is too long.
const BYTES_MAX: u64 = 1024 * 1024;

/// A message's text: exactly one way to give it.
#[derive(Debug, Clone, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Body {
    /// The text itself
    #[arg(short, long, value_name = "TEXT")]
    body: Option<String>,
    /// A file with the text; - reads standard input
    #[arg(short = 'F', long, value_name = "FILE")]
    body_file: Option<PathBuf>,
}

impl Body {
    /// The text.
    pub(crate) fn read(self) -> Result<String, CliError> {
        read(self.body, self.body_file)?.ok_or_else(|| CliError::usage("the text is empty").hint("give it with -b TEXT, -F FILE or -F -"))
    }
}

/// The text from one of two places; `None` where neither was given or it is empty.
pub(crate) fn read(text: Option<String>, file: Option<PathBuf>) -> Result<Option<String>, CliError> {
    let text = match (text, file) {
        (Some(text), _) => text,
        (None, None) => return Ok(None),
        (None, Some(path)) if path.as_os_str() == "-" => take("standard input", std::io::stdin().lock())?,
        (None, Some(path)) => {
            let name = path.display().to_string();
            let file = std::fs::File::open(&path).map_err(|err| CliError::usage(format!("cannot read {name}")).because(err))?;
            take(&name, file)?
        }
    };
    let text = text.trim_end_matches(['\n', '\r']).to_owned();
    Ok((!text.trim().is_empty()).then_some(text))
}

fn take(name: &str, from: impl Read) -> Result<String, CliError> {
    let mut text = String::new();
    let read = from.take(BYTES_MAX + 1).read_to_string(&mut text);
    read.map_err(|err| CliError::usage(format!("cannot read {name}")).because(err))?;
    if text.len() as u64 > BYTES_MAX {
        return Err(CliError::usage(format!("{name} is larger than {BYTES_MAX} bytes")));
    }
    Ok(text)
}
