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

/// Rows that one line of a panel takes at most: of a longer text that much tells which it is.
const LINE_ROWS: usize = 3;
/// Rows that a panel's title takes at most besides the one in its rule, where there is room for them.
const TITLE_MORE: usize = 2;

/// A line of a panel in rows of `width` cells; what does not fit in one goes on under its words, the last row at most is cut.
fn wrapped(line: Spans, width: usize) -> Vec<Spans> {
    let (Some(key), rest) = (line.first().cloned(), line.get(1..).unwrap_or_default()) else { return vec![line] };
    let indent = text::width(&key.content);
    if ui::spans_width(&line) <= width || indent >= width {
        return vec![line];
    }
    let words: String = rest.iter().map(|part| part.content.as_ref()).collect();
    let rows = text::rows(&words, width - indent);
    let last = rows.len().min(LINE_ROWS) - 1;
    let row = |(n, row): (usize, &std::ops::Range<usize>)| {
        let end = if n == last { words.len() } else { row.end };
        // The space at which it breaks may stand past its end.
        let kept = words.get(row.start..end).map_or(0, |own| own.trim_end().len());
        let row = row.start..row.start + kept;
        let mut out = vec![if n == 0 { key.clone() } else { span(" ".repeat(indent), key.style) }];
        let mut from = 0;
        for part in rest {
            let (start, end) = (row.start.max(from), row.end.min(from + part.content.len()));
            let own = start.checked_sub(from).and_then(|start| part.content.get(start..end.checked_sub(from)?));
            out.extend(own.filter(|own| !own.is_empty()).map(|own| span(own.to_owned(), part.style)));
            from += part.content.len();
        }
        out
    };
    rows.iter().enumerate().take(last + 1).map(row).collect()
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
    let words = match search.filter(|s| !s.is_empty()) {
        Some(search) => format!("{title}  /{}", text::line(search)),
        None => title.to_owned(),
    };
    let width = panes.foot.width.saturating_sub(4);
    // The first row of the title stands in the rule, which takes a cell at each side of it.
    let mut titles = text::wrap(&words, usize::from(width.saturating_sub(2)).max(1));
    let more = usize::from(panes.foot.y.saturating_sub(8)).min(TITLE_MORE);
    if titles.len() > more + 1 {
        let rest = titles.split_off(more).join(" ");
        titles.push(rest);
    }
    let first = if titles.is_empty() { String::new() } else { titles.remove(0) };
    let head = u16::try_from(titles.len()).unwrap_or(0);
    let rows: Vec<(usize, Spans)> = lines
        .into_iter()
        .enumerate()
        .flat_map(|(n, line)| wrapped(line, usize::from(width)).into_iter().map(move |row| (n, row)))
        .collect();
    let most = panes.foot.y.saturating_sub(4 + head).clamp(1, 14);
    let room = u16::try_from(rows.len().max(1)).unwrap_or(most).min(most);
    let height = room + head + 1;
    let area = Rect { y: panes.foot.y.saturating_sub(height + 1), height, ..panes.foot };
    ui::fill(buf, area, theme.block);
    titled_rule(buf, Rect { height: 1, ..area }, &first, theme.strong, theme.accent);
    for (y, row) in (area.y + 1..).zip(titles) {
        put(buf, 3, y, width, vec![span(row, theme.strong)]);
    }
    let top = area.y + 1 + head;
    if rows.is_empty() {
        put(buf, 3, top, width, vec![span("nothing matches", theme.faint)]);
    }
    // The marked line is on the screen as a whole.
    let mut marked = (0..rows.len()).filter(|row| rows.get(*row).is_some_and(|(line, _)| *line == cursor));
    let begins = marked.next().unwrap_or(0);
    let ends = marked.next_back().unwrap_or(begins);
    let skip = (ends + 1).saturating_sub(usize::from(room)).min(begins);
    for (y, (line, row)) in (top..area.bottom()).zip(rows.into_iter().skip(skip)) {
        put(buf, 3, y, width, row);
        if line == cursor {
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
