//! Questions to whoever sits at the terminal; whether somebody does is [`Context::can_ask`](crate::context::Context::can_ask)'s to say.

use std::io::{BufRead, Write};

use crate::error::CliError;

/// Asks a question that only y answers with yes.
pub(crate) fn yes(question: &str) -> Result<bool, CliError> {
    let mut err = std::io::stderr().lock();
    err.write_all(question.as_bytes()).and_then(|()| err.flush())?;
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.map_err(|err| CliError::failed("cannot read the answer").because(err))?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
