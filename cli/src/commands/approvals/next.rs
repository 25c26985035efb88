//! `afenda approvals next`: the oldest that waits, decided with two keys: for a phone over ssh.

use std::io::Write;
use std::time::Duration;

use api::approval::{ApprovalQuery, ApprovalSort, ApprovalView};
use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::terminal;

use crate::context::{Context, Session};
use crate::error::CliError;
use crate::exit::Exit;
use crate::text;

use super::card::card;
use super::decide::{may_decide, question, send, undecided};

/// Those that wait are looked through up to this one for one that the caller may decide.
const LOOK_MAX: u32 = 20;

/// Open the oldest that waits for you: a then y approves, r rejects
#[derive(Debug, clap::Args)]
pub(crate) struct Next {}

impl Next {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let session = ctx.session().await?;
        let status = Some("pending".to_owned());
        let query =
            ApprovalQuery { status, mine: Some(false), sort: Some(ApprovalSort::Oldest), limit: Some(LOOK_MAX), ..Default::default() };
        let waiting = session.call(async |client| client.approvals(&query).await).await?;
        let Some(approval) = waiting.data.into_iter().find(|approval| may_decide(approval).is_ok()) else {
            ctx.out.note("nothing waits for you");
            return if ctx.out.is_structured() { ctx.out.json(&None::<ApprovalView>) } else { Ok(()) };
        };
        if !ctx.can_ask() {
            return ctx.out.thing(&approval, |shown| card(&approval, shown));
        }
        let (width, height) = terminal::size().map_or((80, 24), |(width, height)| (usize::from(width), usize::from(height)));
        let text = card(&approval, &ctx.out.shown());
        let lines: Vec<String> = text.lines().flat_map(|line| text::wrap(line, width.max(20))).collect();
        // As in the inbox: it can be decided once the end of the ask was on the screen. What was said before it may be read on.
        let asked = card(&ApprovalView { excerpt: Vec::new(), ..approval.clone() }, &ctx.out.shown());
        let asked = asked.lines().flat_map(|line| text::wrap(line, width.max(20))).count();
        let page = height.saturating_sub(3).max(5);
        let (mut shown, mut pages) = (0, lines.chunks(page).peekable());
        while let Some(lines) = pages.next() {
            ctx.out.raw(&format!("{}\n", lines.join("\n")))?;
            shown += lines.len();
            if pages.peek().is_none() {
                break;
            }
            let (words, keys): (_, &[char]) = match shown >= asked {
                true => ("[a] approve [r] reject [Enter] more [q] ", &['a', 'r', '\n', ' ', 'q']),
                false => ("-- more: Enter, leave: q -- ", &['\n', ' ', 'q']),
            };
            match ask(words, keys)? {
                '\n' | ' ' => {}
                key => return decide(ctx, &session, &approval, key).await,
            }
        }
        let key = ask("\n[a] approve  [r] reject  [q] leave ", &['a', 'r', 'q'])?;
        decide(ctx, &session, &approval, key).await
    }
}

async fn decide(ctx: &mut Context, session: &Session, approval: &ApprovalView, key: char) -> Result<(), CliError> {
    let id = approval.reference.to_string();
    let (verb, reason) = match key {
        'a' => ("approve", None),
        'r' => ("reject", Some(reason()?)),
        _ => return Err(undecided()),
    };
    if ask(&question(approval, verb), &['y', 'n', '\n', 'q'])? != 'y' {
        return Err(undecided());
    }
    let key = ctx.key(&id, false);
    send(ctx, session, &id, verb, approval.revision, reason.as_deref(), &key).await
}

/// Before the reason that is typed.
const WHY: &str = "Why? ";

/// Asks for the reason on a line. Keys are read one by one: Esc leaves it, nothing decided.
fn reason() -> Result<String, CliError> {
    say(&format!("\n{WHY}"))?;
    let raw = Raw::on()?;
    let mut line = String::new();
    loop {
        let key = key()?;
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Esc => {
                drop(raw);
                say("\n")?;
                return Err(undecided());
            }
            KeyCode::Enter => break,
            // As some terminals and pasted lines have it.
            KeyCode::Char('j' | 'm') if ctrl => break,
            KeyCode::Char('u') if ctrl => line.clear(),
            KeyCode::Char('h') if ctrl => drop(line.pop()),
            KeyCode::Backspace => drop(line.pop()),
            KeyCode::Char(c) if !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) => line.push(c),
            _ => continue,
        }
        say(&drawn(&line))?;
    }
    drop(raw);
    say("\n")?;
    let line = line.trim().to_owned();
    if line.is_empty() { Err(CliError::usage("a rejection needs a reason")) } else { Ok(line) }
}

/// The line as it stands, over what stood there: of a long one its end.
fn drawn(line: &str) -> String {
    let columns = terminal::size().map_or(80, |(columns, _)| usize::from(columns)).max(20);
    let line = text::clean(line);
    let mut from = 0;
    while text::width(line.get(from..).unwrap_or_default()) + WHY.len() >= columns {
        from += line.get(from..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
    }
    format!("\r\x1b[K{WHY}{}", line.get(from..).unwrap_or_default())
}

fn say(words: &str) -> Result<(), CliError> {
    let mut err = std::io::stderr().lock();
    Ok(err.write_all(words.as_bytes()).and_then(|()| err.flush())?)
}

/// The terminal while it gives its keys one by one; as it was afterwards, however that ends.
struct Raw;

impl Raw {
    fn on() -> Result<Self, CliError> {
        terminal::enable_raw_mode().map_err(failed)?;
        Ok(Self)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // Nobody is left to tell where this fails.
        let _ = terminal::disable_raw_mode();
    }
}

fn failed(err: std::io::Error) -> CliError {
    CliError::failed("cannot read the keyboard").because(err)
}

/// The next key that is pressed; Ctrl+C and Ctrl+D end the command.
fn key() -> Result<KeyEvent, CliError> {
    loop {
        // What was typed ahead may have been read from the terminal already.
        if !event::poll(Duration::ZERO).map_err(failed)? {
            crate::ask::answered()?;
        }
        let Event::Key(key) = event::read().map_err(failed)? else { continue };
        if key.kind == KeyEventKind::Release {
            continue;
        }
        if matches!(key.code, KeyCode::Char('c' | 'd')) && key.modifiers.contains(KeyModifiers::CONTROL) {
            return Err(CliError::told(Exit::Interrupted));
        }
        return Ok(key);
    }
}

/// Asks for one key of these; Enter is a newline.
fn ask(words: &str, keys: &[char]) -> Result<char, CliError> {
    say(words)?;
    let raw = Raw::on()?;
    let key = loop {
        let pressed = match key()?.code {
            KeyCode::Esc => 'q',
            KeyCode::Enter => '\n',
            KeyCode::Char(c) => c.to_ascii_lowercase(),
            _ => continue,
        };
        if keys.contains(&pressed) {
            break pressed;
        }
    };
    drop(raw);
    say(&if key == '\n' { "\n".to_owned() } else { format!("{key}\n") })?;
    Ok(key)
}
