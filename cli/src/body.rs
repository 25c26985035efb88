//! What a command sends: text from the command line, a file or standard input, a canned response, and files.

use std::io::Read;
use std::path::PathBuf;

use api::client::FileToSend;
use api::inbox::NewMessage;

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::stop::Interrupts;

/// More than Chatwoot takes in a message (150,000 characters of at most four bytes), so that the API says what is too long.
const BYTES_MAX: u64 = 1024 * 1024;

/// A message: one way to give its text, and files.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Body {
    #[command(flatten)]
    text: Text,
    /// A file to attach, again for each; with files the text may be left out
    #[arg(long, value_name = "FILE")]
    attach: Vec<PathBuf>,
}

#[derive(Debug, Clone, clap::Args)]
#[group(multiple = false)]
struct Text {
    /// The text itself; it arrives as it is
    #[arg(short, long, value_name = "TEXT")]
    body: Option<String>,
    /// A file with the text; - reads standard input
    #[arg(short = 'F', long, value_name = "FILE")]
    body_file: Option<PathBuf>,
    /// A canned response of Chatwoot's, by its code
    #[arg(long, value_name = "CODE")]
    canned: Option<String>,
}

impl Body {
    /// Whether nothing was given.
    pub(crate) fn is_empty(&self) -> bool {
        self.text.body.is_none() && self.text.body_file.is_none() && self.text.canned.is_none() && self.attach.is_empty()
    }

    /// Whether the text will be written in the person's editor.
    pub(crate) fn is_to_be_written(&self, ctx: &Context) -> bool {
        self.is_empty() && ctx.can_ask()
    }

    /// The message without who it is for, and its files. On a terminal a text that is given nowhere is written in the person's editor.
    pub(crate) async fn read(mut self, ctx: &Context) -> Result<(NewMessage, Vec<FileToSend>), CliError> {
        if self.is_to_be_written(ctx) {
            let text = in_editor(ctx, "", "nothing was sent", "give the text with --body, or set AFENDA_EDITOR").await?;
            if text.trim().is_empty() {
                return Err(CliError::new(Exit::Failed, "NOT_CONFIRMED", "nothing was written, so nothing was sent"));
            }
            self.text.body = Some(text);
        }
        let files = self.attach.into_iter().map(file).collect::<Result<Vec<_>, _>>()?;
        if let Some(canned) = self.text.canned {
            return Ok((NewMessage { canned: Some(canned), ..NewMessage::default() }, files));
        }
        match read(self.text.body, self.text.body_file)? {
            Some(content) => Ok((NewMessage { content, ..NewMessage::default() }, files)),
            None if !files.is_empty() => Ok((NewMessage::default(), files)),
            None => {
                Err(CliError::usage("the text is empty").hint("give it with --body TEXT, -F FILE, -F - or --canned CODE, or attach a file"))
            }
        }
    }
}

/// The text as the person's own editor leaves it; should the command fail, its file is kept. `otherwise` says what an editor that fails
/// means, `hint` what to do without one.
pub(crate) async fn in_editor(ctx: &Context, text: &str, otherwise: &str, hint: &str) -> Result<String, CliError> {
    let editor = tui::editor_command(|name| std::env::var(name).ok())
        .ok_or_else(|| CliError::usage("the text is missing, and no editor is set").hint(hint))?;
    let interrupts = Interrupts::listen().map_err(|err| CliError::failed("cannot listen for signals").because(err))?;
    let at_editor = interrupts.are_an_editors();
    let edited = tui::edit_in_editor(&editor, text).await;
    drop(at_editor);
    let edited = edited.map_err(|why| CliError::failed(format!("{otherwise}: {why}")))?;
    let now = edited.text.clone();
    if now.trim() != text.trim() {
        ctx.written.replace(Some(edited));
    }
    Ok(now)
}

fn file(path: PathBuf) -> Result<FileToSend, CliError> {
    let unreadable = || CliError::usage(format!("cannot attach {}", path.display()));
    let meta = std::fs::metadata(&path).map_err(|err| unreadable().because(err))?;
    if !meta.is_file() {
        return Err(unreadable().hint("it is no file"));
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let content_type = mime_guess::from_path(&path).first_or_octet_stream().to_string();
    Ok(FileToSend { path, name, content_type })
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
