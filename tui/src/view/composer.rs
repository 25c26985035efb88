//! The reply box: a rule that says who will read it, what to know before sending, the text, and the cursor in it.

use std::ops::Range;

use api::mail::Recipients;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};

use super::ui::{put, span, titled_rule};
use crate::canned;
use crate::event::Purpose;
use crate::state::{Composer, State};
use crate::text;
use crate::theme::Theme;
use crate::{files, mention};

/// Files with a line of their own.
const FILES_SHOWN: usize = 4;

/// Below this width all whom a mail goes to have one line.
const NARROW: usize = 50;

/// Lines of a signature that are drawn.
const SIGNATURE_SHOWN: usize = 3;

/// Below this height there is no line for what letters are.
const LOW: u16 = 5;

/// How a notice is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notice {
    /// Good to know.
    Know,
    /// Something is not as one may think.
    Warn,
    /// It did not work.
    Bad,
}

/// What to know before sending, in rows of `width` cells.
pub(crate) fn notices(state: &State, width: usize) -> Vec<(Notice, String)> {
    let Some(composer) = &state.composer else { return Vec::new() };
    let mut out: Vec<(Notice, String)> = Vec::new();
    let conversation = composer.purpose.conversation().and_then(|id| state.conversations.get(&id));
    if let Some(error) = &composer.error {
        out.push((Notice::Bad, text::line(error)));
    }
    let writes = matches!(composer.purpose, Purpose::Reply(_) | Purpose::Note(_) | Purpose::ContactNote(_) | Purpose::Begin(..));
    if writes && !state.speaks_for_itself() {
        out.push((Notice::Warn, "Goes out as the service user: no Chatwoot token of yours is linked".into()));
    }
    if let (Purpose::Reply(_), Some(view)) = (composer.purpose, conversation) {
        if !view.can_reply {
            let refused = if view.inbox.channel == "Api" { "Chatwoot may refuse a reply" } else { "no reply goes out" };
            let template = if crate::update::has_templates(view) { ", Ctrl+G w sends a template" } else { "" };
            out.push((Notice::Warn, format!("The reply window is closed: {refused}; Ctrl+G t makes this a note for the team{template}")));
        }
        if let Some(other) = view.assignee.as_ref().filter(|a| Some(a.id) != state.agent()) {
            out.push((Notice::Know, format!("{} works on this conversation", text::line(&other.name))));
        }
    }
    if let Some((id, answers)) = composer.purpose.conversation().zip(composer.with.answers) {
        let words = super::message::answer_words(state, id, answers).unwrap_or_else(|| format!("message {answers}"));
        out.push((Notice::Know, text::truncate(&format!("Answers {words}"), width)));
    }
    let open = canned::open(composer.editor.text());
    if matches!(composer.purpose, Purpose::Reply(_) | Purpose::Note(_)) && !open.is_empty() {
        let names = text::truncate(&text::line(&open.join(" ")), 40);
        out.push(match composer.purpose {
            Purpose::Reply(_) => (Notice::Warn, format!("{names} is not filled in: the customer reads it as it stands")),
            _ => (Notice::Know, format!("{names} is not filled in: it stays as it stands")),
        });
    }
    if matches!(composer.purpose, Purpose::Reply(_)) && !mention::kept(composer.editor.text(), &composer.with.mentions).is_empty() {
        out.push((Notice::Warn, "A name after @ is only text here: the customer reads it, nobody is notified".into()));
    }
    if let Some(words) = composer.purpose.conversation().and_then(|id| state.writing(id)) {
        out.push((Notice::Know, words));
    }
    if let (Some(name), Purpose::Reply(_)) = (&composer.answered, composer.purpose) {
        out.push((Notice::Warn, format!("{name} answered since you began: look above before you send")));
    }
    if composer.news {
        let name = conversation.map(|c| text::line(&c.contact.name)).unwrap_or_default();
        out.push((Notice::Warn, format!("{name} wrote again since you began")));
    }
    out.into_iter().flat_map(|(kind, text)| text::wrap(&text, width).into_iter().take(3).map(move |row| (kind, row))).collect()
}

/// What stands beside the text: whom a mail goes to and about what, and the files; each as three words for three styles.
pub(crate) fn beside(state: &State, composer: &Composer, width: usize) -> Vec<[String; 3]> {
    let mut out = Vec::new();
    if let Some(whom) = crate::update::mail_recipients(state, composer) {
        out.extend(over(state, composer, &whom, width));
    }
    // The last line stands for those that have none.
    let lines = composer.with.files.len().min(FILES_SHOWN);
    for (number, file) in (1..).zip(&composer.with.files).take(lines) {
        let rest = composer.with.files.len() - lines;
        let more = if number == lines && rest > 0 { format!("  and {rest} more") } else { String::new() };
        let facts = format!("  {}  {}{more}", text::size(files::size(file.bytes)), text::line(&file.kind));
        let name = text::truncate(&text::line(&file.name), width.saturating_sub(text::width(&facts) + 5).max(8));
        out.push([format!("[{number}] "), name, facts]);
    }
    out
}

/// What stands over a mail: whom it goes to, and about what. The subject is the conversation's: Chatwoot takes none with a reply.
fn over(state: &State, composer: &Composer, whom: &Recipients, width: usize) -> Vec<[String; 3]> {
    let list = |all: &[String]| all.iter().map(|address| text::line(address)).collect::<Vec<_>>().join(", ");
    let several = whom.to.len() + whom.cc.len() + whom.bcc.len();
    if width < NARROW && several > 1 {
        // One line for all, and how many they are: the pane has few.
        let count = format!("  ({several})");
        let room = width.saturating_sub(text::width("To ") + count.len()).max(8);
        return vec![["To ".to_owned(), text::truncate(&crate::update::mail_words(whom), room), count]];
    }
    let (to, hint) = match whom.to.is_empty() {
        true => ("(no address is known)".to_owned(), "  Ctrl+G o writes one"),
        false => (list(&whom.to), "  Ctrl+G o, c, b: To, Cc, Bcc"),
    };
    let room = |name: &str| width.saturating_sub(text::width(name)).max(8);
    let to = text::truncate(&to, room("To "));
    let fits = text::width(&to) + text::width(hint) <= room("To ");
    let mut out = vec![["To ".to_owned(), to, if fits { hint.to_owned() } else { String::new() }]];
    for (name, all) in [("Cc ", &whom.cc), ("Bcc ", &whom.bcc)] {
        if !all.is_empty() {
            // Of many the first are named, and how many there are.
            let count = if all.len() > 1 { format!("  ({})", all.len()) } else { String::new() };
            out.push([name.to_owned(), text::truncate(&list(all), room(name).saturating_sub(count.len())), count]);
        }
    }
    let view = composer.purpose.conversation().and_then(|id| state.conversations.get(&id));
    let subject = view.and_then(|view| view.additional_attributes.get("mail_subject")?.as_str()).map(text::line);
    out.extend(subject.filter(|subject| !subject.is_empty()).map(|subject| ["Subject ".to_owned(), subject, String::new()]));
    out
}

/// The signature as it is drawn under the text; of a long one the beginning.
pub(crate) fn signature(state: &State, composer: &Composer, width: usize) -> Vec<String> {
    let Some(signature) = crate::update::mail_signature(state, composer) else { return Vec::new() };
    let mut rows: Vec<String> = signature.lines().flat_map(|line| text::wrap(&text::line(line), width)).take(SIGNATURE_SHOWN + 1).collect();
    if rows.len() > SIGNATURE_SHOWN {
        rows.truncate(SIGNATURE_SHOWN);
        rows.push("…".to_owned());
    }
    rows.insert(0, "--".to_owned());
    rows
}

/// Draws it; returns where the terminal's cursor belongs.
pub(crate) fn draw(state: &State, theme: &Theme, buf: &mut Buffer, area: Rect, notices: Vec<(Notice, String)>) -> Option<Position> {
    let composer = state.composer.as_ref()?;
    let (mut words, style) = title(state, theme, composer.purpose);
    if let Some(whom) = crate::update::mail_recipients(state, composer) {
        // Whoever is named last may be cut off here: the lines below name everybody.
        let room = usize::from(area.width).saturating_sub(text::width(&words) + 8);
        words = format!("{words}: {}", text::truncate(&crate::update::mail_words(&whom), room.max(8)));
    }
    let mode = composer.mode_words().unwrap_or_default();
    // Where the last line has no room for it, the rule ends with it.
    if !mode.is_empty() && area.height < LOW {
        let room = usize::from(area.width).saturating_sub(text::width(mode) + 9);
        words = format!("{} · {mode}", text::truncate(&words, room));
    }
    titled_rule(buf, Rect { height: 1, ..area }, &words, style.add_modifier(Modifier::BOLD), style);
    let mut y = area.y + 1;
    for row in beside(state, composer, usize::from(area.width.saturating_sub(2))) {
        let styles = [theme.faint, theme.text, theme.dim];
        if y + 2 < area.bottom() {
            put(
                buf,
                area.x + 1,
                y,
                area.width.saturating_sub(2),
                row.into_iter().zip(styles).map(|(words, style)| span(words, style)).collect(),
            );
            y += 1;
        }
    }
    let begins = y;
    for (kind, words) in notices {
        if y + 1 >= area.bottom() {
            break;
        }
        let style = match kind {
            Notice::Know => theme.faint,
            Notice::Warn => theme.warn,
            Notice::Bad => theme.bad,
        };
        put(buf, area.x + 1, y, area.width.saturating_sub(2), vec![span(words, style)]);
        y += 1;
    }
    let width = crate::layout::composer_width(area);
    let rows_needed = composer.editor.layout(width).0.len();
    if usize::from(area.bottom().saturating_sub(y)) > rows_needed + 1 && y == begins && area.height >= 6 {
        y += 1;
    }
    let (rows, (row, column)) = composer.editor.layout(width);
    let left = area.bottom().saturating_sub(y);
    // The last line says what becomes of the text, where there is room for it.
    let room = usize::from(if left > 2 { left - 1 } else { left });
    let top = (row + 1).saturating_sub(room.max(1));
    let text_style = if composer.sending { theme.dim } else { theme.text };
    let mentions = match composer.purpose {
        Purpose::Note(_) => mention::places(composer.editor.text(), &composer.with.mentions),
        _ => Vec::new(),
    };
    for (line, range) in (y..).zip(rows.iter().skip(top).take(room)) {
        let text = composer.editor.text().get(range.clone()).unwrap_or_default();
        // A space at which a row broke may stand one cell past its end.
        let text = if text::width(text) > width { text.trim_end() } else { text };
        let mut x = area.x + 1;
        for (part, marked) in parts(text, range.start, &mentions) {
            let style = if marked && !composer.sending { theme.warn.add_modifier(Modifier::BOLD) } else { text_style };
            let room = u16::try_from(width).unwrap_or(u16::MAX).saturating_sub(x - area.x - 1);
            x = put(buf, x, line, room, vec![span(text::drawn(part), style)]);
        }
    }
    if composer.editor.text().is_empty() && !composer.sending {
        put(buf, area.x + 1, y, area.width.saturating_sub(2), vec![span(placeholder(composer.purpose), theme.faint)]);
    }
    let shown = u16::try_from(rows.len().saturating_sub(top).min(room)).unwrap_or(left);
    let under = signature(state, composer, width);
    let free = left.saturating_sub(shown.max(1) + 1);
    // All of it or nothing: a part would look like text of one's own.
    if usize::from(free) >= under.len() {
        for (line, row) in (y + shown.max(1)..).zip(under) {
            put(buf, area.x + 1, line, area.width.saturating_sub(2), vec![span(row, theme.faint)]);
        }
    }
    if left > 2 {
        if area.height >= LOW {
            put(buf, area.x + 1, area.bottom() - 1, area.width / 2, vec![span(mode, theme.dim)]);
        }
        let fate = if composer.sending {
            composer.then.map_or_else(|| "handing it in …".to_owned(), |then| format!("handing it in, {} …", then.words()))
        } else if composer.replaces.is_some() {
            "came back unsent; sending replaces it".into()
        } else if composer.restored {
            "draft from before".into()
        } else if composer.editor.is_blank() {
            String::new()
        } else if state.drafts_dirty || state.drafts_error.is_some() {
            "draft".into()
        } else {
            "draft kept".into()
        };
        let width = u16::try_from(text::width(&fate)).unwrap_or(0);
        put(buf, area.right().saturating_sub(width + 2), area.bottom() - 1, width, vec![span(fate, theme.faint)]);
    }
    let (dx, dy) = (u16::try_from(column).unwrap_or(0), u16::try_from(row - top).unwrap_or(0));
    Some(Position::new((area.x + 1 + dx).min(area.right().saturating_sub(1)), (y + dy).min(area.bottom().saturating_sub(1))))
}

/// A row of the text that begins at `from`, cut where something marked begins or ends.
fn parts<'a>(row: &'a str, from: usize, marked: &[Range<usize>]) -> Vec<(&'a str, bool)> {
    let mut out = Vec::new();
    let mut at = 0;
    let inside = |place: usize| place.saturating_sub(from).min(row.len());
    for range in marked {
        let (start, end) = (inside(range.start), inside(range.end));
        if start < end {
            out.push((row.get(at..start).unwrap_or_default(), false));
            out.push((row.get(start..end).unwrap_or_default(), true));
            at = end;
        }
    }
    out.push((row.get(at..).unwrap_or_default(), false));
    out
}

fn placeholder(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Reply(_) | Purpose::Template(_) => "The customer will read this",
        Purpose::Note(_) => "Only the team will read this",
        Purpose::Escalate(_) => "What has to be decided, and why? The first line becomes the title",
        Purpose::Reject(..) => "Why not? The reason goes to who asked",
        Purpose::ContactNote(_) => "Only the team will read this",
        Purpose::Begin(..) => "The customer will read this",
    }
}

fn title(state: &State, theme: &Theme, purpose: Purpose) -> (String, Style) {
    let conversation = purpose.conversation().and_then(|id| state.conversations.get(&id));
    match purpose {
        Purpose::Reply(_) | Purpose::Template(_) => {
            let via = conversation.map_or_else(String::new, |c| format!(" via {}", text::truncate(&text::line(&c.inbox.name), 24)));
            (format!("Reply to the CUSTOMER{via}"), theme.accent)
        }
        Purpose::Note(_) => ("Private note, TEAM ONLY".into(), theme.warn),
        Purpose::Escalate(id) => (format!("Ask for a decision about #{id}, APPROVERS read it"), theme.warn),
        Purpose::ContactNote(id) => {
            (format!("Note about {}, TEAM ONLY", text::truncate(&super::contacts::name_of(state, id), 24)), theme.warn)
        }
        Purpose::Begin(id, inbox) => {
            let (name, via) = (super::contacts::name_of(state, id), super::contacts::inbox_name(state, inbox));
            let (name, via) = (text::truncate(&name, 20), text::truncate(&via, 20));
            (format!("To the CUSTOMER: new conversation with {name} via {via}"), theme.accent)
        }
        Purpose::Reject(id, revision) => {
            let reference = state.approvals.card.as_ref().filter(|c| c.shown.id == id).map(|c| c.shown.reference.to_string());
            (format!("Reject {} revision {revision}: why?", reference.unwrap_or_default()), theme.bad)
        }
    }
}
