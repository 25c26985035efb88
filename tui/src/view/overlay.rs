//! What stands over the panes: menus and pickers at the foot, questions, toasts.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::ui::{self, Spans, put, span, titled_rule};
use crate::layout::Panes;
use crate::state::{AddressLine, ContactLine, Overlay, Question, State, Tone};
use crate::text;
use crate::theme::Theme;

pub(super) fn draw(state: &State, theme: &Theme, buf: &mut Buffer, panes: &Panes, overlay: &Overlay) -> Option<Position> {
    match overlay {
        Overlay::Menu(menu) => {
            let lines = menu.shown().into_iter().map(|item| {
                let key = item.letter.map_or_else(|| "  ".into(), |c| format!("{c} "));
                match item.disabled {
                    Some(why) => vec![span(key, theme.faint), span(item.label.clone(), theme.faint), span(format!("  {why}"), theme.faint)],
                    None => vec![span(key, theme.accent), span(item.label.clone(), theme.text)],
                }
            });
            panel(theme, buf, panes, &menu.title, lines.collect(), menu.cursor, menu.search.as_deref())
        }
        Overlay::Pick(pick) => {
            let lines = pick.lines.iter().map(|line| {
                let key = line.letter.map_or_else(|| "  ".into(), |c| format!("{c} "));
                let (keys, words) = if line.disabled.is_some() { (theme.faint, theme.faint) } else { (theme.accent, theme.text) };
                let more = line.disabled.unwrap_or(&line.note);
                let mut spans = vec![span(key, keys), span(line.label.clone(), words)];
                if !more.is_empty() {
                    spans.push(span(format!("  {more}"), theme.faint));
                }
                spans
            });
            panel(theme, buf, panes, &pick.title, lines.collect(), pick.cursor, None)
        }
        Overlay::Labels(picker) => {
            let lines = picker.shown().into_iter().filter_map(|i| picker.items.get(i)).map(|(name, on)| {
                let (mark, style) = match on {
                    Some(true) => ("[x] ", theme.ok),
                    Some(false) => ("[ ] ", theme.faint),
                    None => ("[-] ", theme.warn), // On some of them.
                };
                vec![span(mark, style), ui::label(state, theme, name)]
            });
            let title = match picker.targets.as_slice() {
                [id] => {
                    format!("Labels of #{id} {}", state.conversation(*id).map(|view| text::line(&view.contact.name)).unwrap_or_default())
                }
                many => format!("Labels of {} marked conversations", many.len()),
            };
            panel(theme, buf, panes, &title, lines.collect(), picker.cursor, Some(&picker.search))
        }
        Overlay::Question(question) => {
            let words = question_words(state, *question);
            let rows = text::wrap(&words, usize::from(panes.foot.width.saturating_sub(4)));
            let height = u16::try_from(rows.len()).unwrap_or(1) + 1;
            let area = Rect { y: panes.foot.y.saturating_sub(height + 1), height: height + 1, ..panes.foot };
            ui::fill(buf, area, theme.block);
            ui::rule(buf, area.x, area.y, area.width, theme.warn);
            for (y, row) in (area.y + 1..).zip(rows) {
                put(buf, 2, y, area.width.saturating_sub(4), vec![span(row, theme.strong)]);
            }
            None
        }
        Overlay::Contact(edit) => contact(theme, buf, panes, edit),
        Overlay::Address(asked) => addresses(theme, buf, panes, asked),
        // The sheet stands on the card, in its block; help and palette are drawn by themselves.
        Overlay::Line(line) => super::line::draw(state, theme, buf, panes, line),
        Overlay::Approve { .. } | Overlay::Help(_) | Overlay::Palette(_) | Overlay::Shown(_) => None,
    }
}

/// A field of a contact: whose it is, the line, and what is wrong with it.
fn contact(theme: &Theme, buf: &mut Buffer, panes: &Panes, edit: &ContactLine) -> Option<Position> {
    let area = Rect { y: panes.foot.y.saturating_sub(4), height: 3, ..panes.foot };
    ui::fill(buf, area, theme.block);
    titled_rule(buf, Rect { height: 1, ..area }, &format!("{} of {}", edit.field.title(), edit.whose), theme.strong, theme.accent);
    let inner = Rect { x: area.x + 1, y: area.y + 1, width: area.width.saturating_sub(2), height: 1 };
    let cursor = super::search::line_after(theme, buf, inner, &edit.line, true, "> ");
    let (words, style) = match &edit.error {
        Some(why) => (text::line(why), theme.bad),
        None => ("an empty line clears it".to_owned(), theme.faint),
    };
    put(buf, 3, area.y + 2, area.width.saturating_sub(4), vec![span(words, style)]);
    cursor
}

/// Addresses of a mail: the field, the line, and what is wrong with it.
fn addresses(theme: &Theme, buf: &mut Buffer, panes: &Panes, asked: &AddressLine) -> Option<Position> {
    let area = Rect { y: panes.foot.y.saturating_sub(4), height: 3, ..panes.foot };
    ui::fill(buf, area, theme.block);
    titled_rule(buf, Rect { height: 1, ..area }, &format!("{} of this e-mail", asked.field.title()), theme.strong, theme.accent);
    let inner = Rect { x: area.x + 1, y: area.y + 1, width: area.width.saturating_sub(2), height: 1 };
    let cursor = super::search::line_after(theme, buf, inner, &asked.line, true, "> ");
    let (words, style) = match &asked.error {
        Some(why) => (text::line(why), theme.bad),
        None => ("addresses, a comma between them".to_owned(), theme.faint),
    };
    put(buf, 3, area.y + 2, area.width.saturating_sub(4), vec![span(words, style)]);
    cursor
}

/// What becomes of a text that was pasted outside a field.
fn pasted(state: &State, id: api::id::ConversationId) -> String {
    let name = state.conversation(id).map(|view| text::line(&view.contact.name)).unwrap_or_default();
    let chars = state.pasted.as_deref().map_or(0, |text| text.chars().count());
    format!("Nothing was done with the pasted text ({chars} characters). Keep it as a note for #{id} {name}, not sent yet?")
}

fn unsent(state: &State) -> String {
    let drafts = state.drafts.len();
    let (queued, _) = state.unsent();
    let mut parts = Vec::new();
    if drafts > 0 {
        parts.push(format!("{drafts} draft{} kept", if drafts == 1 { " is" } else { "s are" }));
    }
    if queued > 0 {
        parts.push(format!("{queued} in the outbox, the daemon sends them"));
    }
    if parts.is_empty() { "Quit?".into() } else { format!("Quit? {}.", parts.join("; ")) }
}

/// A list above the foot.
fn panel(
    theme: &Theme,
    buf: &mut Buffer,
    panes: &Panes,
    title: &str,
    lines: Vec<Spans>,
    cursor: usize,
    search: Option<&str>,
) -> Option<Position> {
    let most = panes.foot.y.saturating_sub(4).min(14);
    let room = u16::try_from(lines.len().max(1)).unwrap_or(most).min(most);
    let area = Rect { y: panes.foot.y.saturating_sub(room + 2), height: room + 1, ..panes.foot };
    ui::fill(buf, area, theme.block);
    let words = match search.filter(|s| !s.is_empty()) {
        Some(search) => format!("{title}  /{}", text::line(search)),
        None => title.to_owned(),
    };
    titled_rule(buf, Rect { height: 1, ..area }, &words, theme.strong, theme.accent);
    let top = (cursor + 1).saturating_sub(usize::from(room));
    if lines.is_empty() {
        put(buf, 3, area.y + 1, area.width.saturating_sub(4), vec![span("nothing matches", theme.faint)]);
    }
    for (i, (y, line)) in (area.y + 1..area.bottom()).zip(lines.into_iter().skip(top)).enumerate() {
        put(buf, 3, y, area.width.saturating_sub(4), line);
        if i + top == cursor {
            super::inbox::select(theme, buf, Rect { x: area.x + 1, y, width: area.width.saturating_sub(2), height: 1 }, false);
        }
    }
    None
}

/// What was said last, in the line above the foot, which is empty else; what does not fit goes on in the foot, whose keys wait. Nothing that
/// can be read is ever under it. Of several the newest is shown; bad news lasts longer, and comes up again after it.
pub(super) fn toasts(state: &State, theme: &Theme, buf: &mut Buffer, panes: &Panes) {
    let Some(toast) = state.toasts.last() else { return };
    let style = match toast.tone {
        Tone::Good => theme.ok,
        Tone::Plain => theme.accent,
        Tone::Bad => theme.bad,
    };
    let words = text::line(&toast.text);
    let room = usize::from(panes.foot.width.saturating_sub(4)).max(1);
    let line = Rect { y: panes.foot.y.saturating_sub(1), height: 1, ..panes.foot };
    let mut rows = text::wrap(&words, room).into_iter();
    let mut draw = |area: Rect, row: String| {
        ui::fill(buf, area, theme.block);
        put(buf, area.x + 1, area.y, 1, vec![span("▎", style)]);
        put(buf, area.x + 3, area.y, area.width.saturating_sub(4), vec![span(row, theme.text)]);
    };
    draw(line, rows.next().unwrap_or_default());
    let rest = rows.collect::<Vec<_>>().join(" ");
    if !rest.is_empty() && state.overlay.is_none() {
        // How fresh all is and what is unsent stays in sight.
        let taken = u16::try_from(ui::spans_width(&super::foot::freshness(state, theme))).unwrap_or(0) + 3;
        draw(Rect { width: panes.foot.width.saturating_sub(taken), ..panes.foot }, rest);
    }
}

/// What is asked before something that is not easily taken back.
pub(crate) fn question_words(state: &State, question: Question) -> String {
    match question {
        Question::Discard => "Throw this text away?".to_owned(),
        Question::NoteToReply => "This was a note for the TEAM. Let the CUSTOMER read it?".into(),
        Question::Quit => unsent(state),
        Question::Pasted(id) => pasted(state, id),
        Question::Logout => {
            let drafts = match state.drafts.len() {
                0 => String::new(),
                1 => ", 1 unsent text or decision among it".into(),
                n => format!(", {n} unsent texts and decisions among it"),
            };
            format!("Log out? What the inbox keeps on this machine is removed{drafts}. The profile and its token stay.")
        }
        Question::DropView => {
            let name = state.list.filter.view.as_ref().map(|(_, name)| text::line(name)).unwrap_or_default();
            format!("Delete the saved view \u{201c}{name}\u{201d}, in Chatwoot too?")
        }
        Question::DropDraft | Question::DropEntry => super::shelf::question(state),
        Question::Erase(conversation, message) => crate::update::erase_words(state, conversation, message),
    }
}
