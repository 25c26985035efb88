//! Which pictures are read: those of the opened conversation that are on the screen, where the terminal can show them.

use super::Out;
use crate::event::Effect;
use crate::layout;
use crate::picture::{COLUMNS_MAX, Drawing, FILE_BYTES_MAX, Picture, ROWS_MAX, Transmit, Wanted};
use crate::state::{Focus, State, StoredFile};
use crate::view::message;

/// Asks for what is on the screen and not here yet.
pub(super) fn want(state: &mut State, out: &mut Out) {
    let drawing = state.around.pictures();
    let Some(id) = state.open.filter(|id| drawing != Drawing::None && state.focus == Focus::Open && state.shown() == Some(*id)) else {
        return;
    };
    let Some(pane) = layout::panes(state).open else { return };
    let room = room(state, layout::message_width(pane));
    let missing = |file: &StoredFile| state.pictures.wants(file.id, state.now, room);
    let Some(thread) = state.threads.get(&id).filter(|_| state.pictures.has_room()) else { return };
    if !thread.messages.iter().flat_map(message::pictures).any(|file| missing(&file)) {
        return;
    }
    let on_screen = crate::view::thread::on_screen(state, id, pane);
    let Some(file) = on_screen.into_iter().flat_map(message::pictures).find(missing) else { return };
    state.counter += 1;
    let number = number(&state.session, state.counter);
    state.pictures.coming(file.id);
    out.extend(state.pictures.take_gone().into_iter().map(Effect::ForgetPicture));
    out.push(Effect::Picture(Box::new(Wanted { file, drawing, id: number, columns: room.0, rows: room.1 })));
}

/// One came, or did not: then its name goes on standing for it.
pub(super) fn came(state: &mut State, out: &mut Out, id: i64, result: Result<(Picture, Option<Transmit>), String>) {
    let (picture, transmit) = match result {
        Ok((picture, transmit)) => (Some(picture), transmit),
        Err(why) => {
            tracing::debug!(why, "a picture is not shown");
            (None, None)
        }
    };
    if state.pictures.came(id, picture, state.now) {
        out.extend(transmit.map(|transmit| Effect::Transmit(Box::new(transmit))));
    }
}

/// Cells that a picture may take: a third of the screen's height.
pub(crate) fn room(state: &State, width: usize) -> (u16, u16) {
    (u16::try_from(width).unwrap_or(COLUMNS_MAX).min(COLUMNS_MAX), (state.size.1 / 3).clamp(4, ROWS_MAX))
}

/// Whether a file is worth reading for its picture.
pub(crate) fn is_small(bytes: Option<i64>) -> bool {
    bytes.is_none_or(|bytes| u64::try_from(bytes).is_ok_and(|bytes| bytes <= FILE_BYTES_MAX))
}

/// A number of 24 bits for the terminal, unlikely to be another program's; never 0.
fn number(session: &str, counter: u64) -> u32 {
    let begin = session.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    u32::try_from(begin.wrapping_add(counter) & 0xff_ffff).unwrap_or(1).max(1)
}
