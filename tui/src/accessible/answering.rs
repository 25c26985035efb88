//! What an answer means, and what is done for it.

use api::id::ConversationId;

use super::choice::{self, Choice, Meant};
use super::dialog::Dialog;
use super::place::{Ask, Place};
use super::{Does, offer, say};
use crate::event::Effect;
use crate::keymap::Command;
use crate::state::{Asks, Line, Overlay, Shelf, State};
use crate::text;
use crate::update::spoken::{self, Deed};

/// Characters of a line of words that are looked for.
const WORDS_MAX: usize = 200;

impl Dialog {
    /// An answer to the last prompt; returns what it asks of the outside.
    pub(crate) fn answer(&mut self, state: &mut State, line: &str) -> Vec<Effect> {
        let Some(asked) = self.asked.take() else { return Vec::new() };
        // Nobody waits any more for a menu that was asked for before.
        (state.touched_at, state.acts.waits) = (state.now, None);
        if self.place(state) != asked {
            self.say("Something changed before your answer, so it was not used.".into());
            return Vec::new();
        }
        match &asked {
            Place::Text(_) => self.line(state, line),
            Place::Line(_) => self.given(state, line),
            Place::Ask(ask @ (Ask::Mark | Ask::Words | Ask::Search | Ask::Contacts | Ask::SaveView | Ask::RenameView)) => {
                self.words(state, &ask.clone(), line);
            }
            _ if line.trim().is_empty() => self.help = true,
            place => self.chosen(state, place, line.trim()),
        }
        std::mem::take(&mut self.effects)
    }

    /// An answer that is one of the choices.
    fn chosen(&mut self, state: &mut State, place: &Place, line: &str) {
        let choices = std::mem::take(&mut self.choices);
        let whole = choice::find(&choices, line);
        // `mark 1 3` says at once what `mark` would ask for.
        let with_words = || {
            let (word, rest) = line.split_once(char::is_whitespace)?;
            match choice::find(&choices, word) {
                Meant::One(choice @ Choice { does: Does::Ask(ask @ (Ask::Mark | Ask::Words | Ask::Search | Ask::Contacts)), .. }) => {
                    Some((choice, ask.clone(), rest.trim()))
                }
                _ => None,
            }
        };
        match whole {
            Meant::One(choice) => match &choice.refused {
                Some(why) => self.say(format!("{}: {why}.", choice.says)),
                None => self.does(state, place, choice.does.clone()),
            },
            Meant::Several(several) => {
                let words: Vec<Choice> = several.into_iter().cloned().collect();
                self.say(format!("That could be: {}.", choice::brief(&words)));
            }
            Meant::Nothing => match with_words() {
                Some((Choice { says, refused: Some(why), .. }, ..)) => self.say(format!("{says}: {why}.")),
                Some((_, ask, rest)) => self.words(state, &ask, rest),
                None => self.say(format!("That is none of the answers. There are: {}.", self.answers(&choices))),
            },
        }
        self.choices = choices;
    }

    fn does(&mut self, state: &mut State, place: &Place, does: Does) {
        match does {
            Does::Deed(Deed::Complete(index)) => {
                match index {
                    Some(index) => self.put_in(state, index),
                    None => self.carry(state, Deed::Complete(None)),
                }
                self.typing = true;
                self.go_on(state);
            }
            Does::Deed(deed) => {
                self.ask = None;
                self.again |= matches!(deed, Deed::Label(_) | Deed::Tab(_) | Deed::Status(_) | Deed::Decisions(_));
                if self.again {
                    self.first = 0;
                }
                self.carry(state, deed);
            }
            Does::Ask(Ask::Resolve(_)) => match self.marked(state) {
                Some(ids) => self.ask = Some(Ask::Resolve(ids)),
                None => self.say("Nothing is marked; mark takes the numbers of rows, such as mark 1 3.".into()),
            },
            Does::Ask(Ask::Entry(shelf, name)) => {
                if self.means(state, shelf, &name) {
                    self.ask = Some(Ask::Entry(shelf, name));
                }
            }
            Does::Ask(ask) => self.ask = Some(ask),
            Does::ViewName(ask) => {
                self.carry(state, Deed::Key(Command::Cancel));
                self.ask = Some(ask);
            }
            Does::Leave => self.ask = None,
            Does::Customer => {
                let contact = match place {
                    Place::Thread(id) => state.conversation(*id).map(|view| view.contact.id),
                    _ => None,
                };
                match contact {
                    Some(id) => self.carry(state, Deed::Contact(id)),
                    None => self.say("Who that is, is still being read.".into()),
                }
            }
            Does::Key(command) => self.key(state, place, command),
            Does::More => self.more(state, place),
            Does::Again => {
                (self.ask, self.first, self.again) = (None, 0, true);
            }
            Does::Help => self.help = true,
            Does::Older | Does::Newer => {
                if let Place::Thread(id) = place {
                    let older = does == Does::Older;
                    let (lines, deed) = if older { self.thread.older(state, *id) } else { self.thread.newer(state, *id) };
                    self.lines.extend(lines);
                    if let Some(deed) = deed {
                        self.carry(state, deed);
                    }
                }
            }
            Does::WriteOn => self.typing = true,
            Does::Anew => {
                self.carry(state, Deed::Anew);
                self.typing = true;
            }
            Does::Unmark => {
                self.carry(state, Deed::Mark(Vec::new()));
                self.again = true;
            }
        }
    }

    /// The next rows, or the next lines of a menu.
    fn more(&mut self, state: &mut State, place: &Place) {
        if !place.is_main() {
            let lines = offer::offered(state, place, Vec::new()).iter().filter(|choice| choice::is_line(&choice.does)).count();
            if self.page + choice::PAGE < lines {
                (self.page, self.again) = (self.page + choice::PAGE, true);
            } else {
                self.say("There are no more lines.".into());
            }
            return;
        }
        if self.first + offer::ROWS < offer::len(state, place) {
            (self.first, self.again) = (self.first + offer::ROWS, true);
        } else if *place == Place::Activity && !state.feed.ended {
            let last = state.feed.rows.back().map_or(0, |row| row.seq);
            self.carry(state, Deed::ReachedActivity(last));
            (self.further, self.again) = (true, true);
        } else {
            self.say("There are no more rows.".into());
        }
    }

    /// Makes the inbox mean this row; false where it is gone.
    fn means(&mut self, state: &mut State, shelf: Shelf, name: &str) -> bool {
        match spoken::deed(state, Deed::Entry(shelf, name.to_owned())) {
            Ok(effects) => {
                self.effects.extend(effects);
                true
            }
            Err(why) => {
                self.ask = None;
                self.say(say::toast(&why));
                false
            }
        }
    }

    /// The line that was asked for: what it would do is asked before it is done.
    fn given(&mut self, state: &mut State, line: &str) {
        let line = match line.trim() {
            "." => {
                self.say("It stays as it is.".into());
                return self.carry(state, Deed::Key(Command::Cancel));
            }
            ".." => ".",
            line => line,
        };
        if matches!(&state.overlay, Some(Overlay::Line(Line { asks: Asks::Template(..), .. }))) {
            return self.filled(state, line);
        }
        self.carry(state, Deed::Line(text::line(line)));
        (self.typed, self.again) = (true, true);
        // What is confirmed is a moment, not how far away it was when it was typed.
        if let Some(Overlay::Line(Line { asks: Asks::Snooze(_), editor, .. })) = &state.overlay {
            let now = state.now.to_zoned(state.tz.clone());
            let exact = api::moment::parse(editor.text(), &now).ok();
            let exact = exact.map(|at| at.to_zoned(state.tz.clone()).strftime("%Y-%m-%d %H:%M").to_string());
            if let Some(exact) = exact.filter(|exact| api::moment::parse(exact, &now).is_ok()) {
                self.carry(state, Deed::Line(exact));
            }
        }
    }

    /// A value of a template: taken at once, for the whole is read out before it is sent.
    fn filled(&mut self, state: &mut State, line: &str) {
        if !line.is_empty() {
            self.carry(state, Deed::Line(text::line(line)));
        }
        match say::understood(state) {
            Some(Err(_)) => (self.typed, self.again) = (true, true),
            _ => {
                (self.typed, self.again) = (false, true);
                self.carry(state, Deed::Key(Command::Accept));
            }
        }
    }

    /// What a key does in this place.
    fn key(&mut self, state: &mut State, place: &Place, command: Command) {
        let of_marked =
            matches!(command, Command::Assign | Command::Labels | Command::Snooze | Command::Priority | Command::Macros | Command::Block);
        if *place == Place::List && of_marked && self.marked(state).is_none() {
            return self.say("Nothing is marked; mark takes the numbers of rows, such as mark 1 3.".into());
        }
        if let Place::Ask(Ask::Resolve(ids)) = place {
            self.ask = None;
            if self.marked(state).as_ref() != Some(ids) {
                return self.say("The marked rows changed; nothing was done.".into());
            }
        }
        if let Place::Ask(Ask::Entry(shelf, name)) = place {
            if !self.means(state, *shelf, name) {
                return;
            }
            self.ask = None;
        }
        if matches!(place, Place::Understood(..) | Place::Line(_)) {
            self.typed = false;
        }
        self.carry(state, Deed::Key(command));
        if matches!((place, command), (Place::Message(..), Command::Retry)) {
            self.carry(state, Deed::Key(Command::Back));
        }
        if *place == Place::Activity && matches!(command, Command::Activity | Command::Follow) {
            (self.first, self.again) = (0, true);
        }
        // A text that was begun here is typed; one that came back, or waited as a draft, is read out first.
        self.typing = state.composer.as_ref().is_some_and(|composer| composer.is_blank() && composer.error.is_none() && !composer.sending);
        if matches!(command, Command::Send | Command::ToNote | Command::ToReply | Command::Cancel) {
            self.typing = false;
        }
        // After bulk changes the rows are others.
        self.again |= matches!(place, Place::Ask(Ask::Resolve(_)));
    }

    fn marked(&self, state: &State) -> Option<Vec<ConversationId>> {
        (!state.list.marked.is_empty()).then(|| state.list.marked.iter().copied().collect())
    }

    /// An answer that is words of one's own.
    fn words(&mut self, state: &mut State, ask: &Ask, line: &str) {
        self.ask = None;
        let words: String = text::line(line).chars().take(WORDS_MAX).collect();
        match ask {
            Ask::Mark => self.mark(state, &words),
            Ask::Words => {
                self.carry(state, Deed::Words(words));
                (self.first, self.again) = (0, true);
            }
            Ask::Contacts => {
                self.carry(state, Deed::Contacts(words));
                (self.first, self.again) = (0, true);
            }
            _ if words.is_empty() => {}
            Ask::SaveView => self.carry(state, Deed::SaveView(words)),
            Ask::RenameView => self.carry(state, Deed::RenameView(words)),
            _ => {
                self.carry(state, Deed::Search(words));
                (self.first, self.again) = (0, true);
            }
        }
    }

    /// Marks the rows with these numbers, as they were told.
    fn mark(&mut self, state: &mut State, words: &str) {
        let rows = || self.rows.iter();
        let words = words.to_lowercase();
        let ids: Vec<ConversationId> = match words.as_str() {
            "" | "none" => Vec::new(),
            "all" => rows().map(|(_, id)| *id).collect(),
            words => {
                let mut ids = state.list.marked.iter().copied().collect::<Vec<_>>();
                for word in words.split([' ', ',']).filter(|word| !word.is_empty()) {
                    let found = rows().find(|(choice, _)| {
                        choice.number.to_string() == word || choice.words.iter().any(|known| known.to_lowercase() == word)
                    });
                    match found {
                        Some((_, id)) => ids.push(*id),
                        None => {
                            let what = text::truncate(&text::line(word), 20);
                            self.say(format!("{what} is no row that was told; nothing was marked."));
                            return;
                        }
                    }
                }
                ids
            }
        };
        self.carry(state, Deed::Mark(ids));
        let marked: Vec<String> = state.list.marked.iter().map(|id| say::named(state, *id)).collect();
        self.say(if marked.is_empty() { "Nothing is marked.".into() } else { format!("Marked: {}.", marked.join(", ")) });
    }
}
