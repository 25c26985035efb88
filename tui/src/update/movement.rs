//! The cursor: where it moves in each place, and what typing there changes.

use super::keys::filtered;
use super::{
    Out, approvals, attach, complete, compose, contact_edit, contacts, feed, find, help, line, list, mail, moved, palette, pick, search,
    shelf, thread, window,
};
use crate::editor::Edit;
use crate::keymap::{Command, Context};
use crate::layout;
use crate::state::{Overlay, State};

pub(super) fn movement(state: &mut State, out: &mut Out, context: Context, command: Command) {
    let page = match context {
        Context::Thread if !info_alone(state) => thread::page(state),
        Context::Thread | Context::Card | Context::Contact | Context::Help | Context::Shown => {
            usize::from(layout::panes(state).foot.y.saturating_sub(4))
        }
        Context::Activity => feed::rows_page(state),
        Context::Drafts | Context::Outbox | Context::Log | Context::Settings => shelf::page(state),
        _ => layout::rows_page(state).unwrap_or(1),
    };
    let page = isize::try_from(page.max(2)).unwrap_or(2);
    let by = match command {
        Command::Down => 1,
        Command::Up => -1,
        Command::HalfDown => page / 2,
        Command::HalfUp => -page / 2,
        Command::PageDown => page - 1,
        Command::PageUp => 1 - page,
        Command::Top => -thread::FAR,
        _ => thread::FAR,
    };
    match context {
        Context::List => list::move_by(state, out, by),
        Context::Queue => approvals::move_by(state, out, by),
        Context::Activity => feed::move_by(state, out, by),
        Context::Pick => pick::move_by(state, by),
        Context::Drafts | Context::Outbox | Context::Log | Context::Settings => shelf::move_by(state, by),
        Context::Completion => complete::move_by(state, by),
        Context::Found => search::move_by(state, out, by),
        Context::Contacts => contacts::move_by(state, out, by),
        Context::Contact => contacts::move_in(state, by),
        Context::Thread if info_alone(state) => scroll_info(state, by),
        Context::Thread => {
            if command == Command::Bottom
                && let Some(id) = state.open
            {
                window::to_newest(state, out, id);
            }
            thread::scroll(state, out, -by);
        }
        Context::Card => {
            let most = crate::view::card_lines(state);
            if let Some(card) = &mut state.approvals.card {
                card.scroll = card.scroll.saturating_add_signed(by).min(most);
            }
        }
        Context::Menu => {
            if let Some(Overlay::Menu(menu)) = &mut state.overlay {
                menu.cursor = moved(menu.cursor, by, menu.shown().len());
            }
        }
        Context::Labels => {
            if let Some(Overlay::Labels(picker)) = &mut state.overlay {
                picker.cursor = moved(picker.cursor, by, picker.shown().len());
            }
        }
        Context::Help | Context::Words => help::move_by(state, by),
        Context::Shown => super::clip::scroll(state, by),
        Context::Palette => palette::move_by(state, by),
        _ => {}
    }
}

/// Whether the contact panel has the screen.
fn info_alone(state: &State) -> bool {
    let panes = layout::panes(state);
    panes.info.is_some() && panes.open.is_none()
}

/// Scrolls the contact panel.
pub(super) fn scroll_info(state: &mut State, by: isize) {
    if let Some(id) = state.shown() {
        let top = state.info_top(id).saturating_add_signed(by).min(crate::view::info_lines(state));
        state.info_scroll = Some((id, top));
    }
}

pub(super) fn edited(state: &mut State, context: Context, edit: Edit) {
    match context {
        Context::Composer | Context::Normal => {
            let width = layout::panes(state).open.map_or(80, layout::composer_width);
            let Some(composer) = state.composer.as_mut().filter(|c| !c.sending) else { return };
            let before = composer.editor.text().len();
            match complete::whole(composer, edit) {
                Some(mention) => {
                    composer.editor.replace(mention, "");
                }
                None => composer.editor.apply(edit, width),
            }
            if composer.editor.text().len() == before {
                complete::follow(state, false);
            } else {
                compose::changed(state);
            }
        }
        Context::Path => {
            if let Some(prompt) = state.composer.as_mut().and_then(|c| c.prompt.as_mut()).filter(|p| !p.looking) {
                prompt.path.apply(edit, usize::MAX / 2);
                attach::changed(prompt);
            }
        }
        Context::Filter => {
            if let Some(editor) = &mut state.list.typing {
                editor.apply(edit, usize::MAX / 2);
                filtered(state);
            }
        }
        Context::Find => find::edit(state, edit),
        Context::Line => line::edit(state, edit),
        Context::Palette | Context::Words => palette::edit(state, edit),
        Context::ContactField => contact_edit::edit(state, edit),
        Context::Address => mail::edit(state, edit),
        Context::ContactFilter => {
            if let Some(line) = &mut state.contacts.typing {
                line.apply(edit, usize::MAX / 2);
                contacts::filtered(state);
            }
        }
        Context::Search => {
            let before = state.search.line.text().to_owned();
            state.search.line.apply(edit, usize::MAX / 2);
            if state.search.line.text() != before {
                search::changed(state);
            }
        }
        Context::Menu | Context::Labels => {
            let search = match &mut state.overlay {
                Some(Overlay::Menu(menu)) => menu.search.as_mut(),
                Some(Overlay::Labels(picker)) => Some(&mut picker.search),
                _ => None,
            };
            if search.and_then(String::pop).is_none() {
                state.overlay = None;
            }
        }
        _ => {}
    }
}

pub(super) fn toggle(state: &mut State) {
    if let Some(Overlay::Labels(picker)) = &mut state.overlay
        && let Some(index) = picker.shown().get(picker.cursor).copied()
        && let Some((_, on)) = picker.items.get_mut(index)
    {
        *on = Some(*on != Some(true));
    }
}
