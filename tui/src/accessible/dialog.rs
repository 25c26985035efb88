//! The conversation between the inbox and whoever uses it: which prompt stands, and whether all that it tells is known. `telling` has what is
//! said, `answering` what an answer means. An answer counts only for the prompt that stood when it was given: where the state asks something
//! else by then, it is not used.

use std::collections::BTreeSet;

use api::id::ConversationId;

use super::choice::{self, Choice};
use super::news::News;
use super::place::{Ask, Place, place};
use super::thread::Told;
use super::{Does, offer, say};
use crate::event::Effect;
use crate::state::{Daemon, Overlay, Read, Shelf, State};
use crate::update::spoken::{self, Deed};

/// One side of the conversation between the inbox and whoever uses it.
#[derive(Debug, Default)]
pub(crate) struct Dialog {
    pub(super) lines: Vec<String>,
    pub(super) effects: Vec<Effect>,
    pub(super) news: News,
    pub(super) ask: Option<Ask>,
    /// A text is written on, line by line.
    pub(super) typing: bool,
    /// What is left of its line, and whether that is the line's start, while a word's meaning is asked.
    pub(super) rest: Option<(String, bool)>,
    /// Where the last prompt stood.
    pub(super) asked: Option<Place>,
    /// The prompt before this one.
    pub(super) before: Option<Place>,
    /// Which of the main places was told last as a whole, and what can be answered there: what is asked over it leaves it as it is.
    pub(super) told: Option<(Place, Vec<Choice>)>,
    /// What can be answered there, as it was told.
    pub(super) choices: Vec<Choice>,
    /// The conversations of the list, as they were told.
    pub(super) rows: Vec<(Choice, ConversationId)>,
    /// How the place that was told last was cut: cut otherwise it is told anew.
    pub(super) cut: String,
    /// The line that is asked for was given: what it would do is asked.
    pub(super) typed: bool,
    /// The first line of a menu that is told.
    pub(super) page: usize,
    /// The newest activity that was told.
    pub(super) seen: i64,
    /// Rows past the last one are being read.
    pub(super) further: bool,
    /// The first row that is told.
    pub(super) first: usize,
    pub(super) again: bool,
    pub(super) help: bool,
    pub(super) thread: Told,
    /// Kinds of places whose choices were told once.
    pub(super) known: BTreeSet<&'static str>,
}

impl Dialog {
    /// Says a line.
    pub(super) fn say(&mut self, line: String) {
        self.lines.push(line);
    }

    /// Says lines.
    pub(super) fn say_all(&mut self, lines: impl IntoIterator<Item = String>) {
        self.lines.extend(lines);
    }

    /// What is to be written.
    pub(crate) fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.lines)
    }

    /// Takes in what happened, to be told with the next prompt.
    pub(crate) fn hear(&mut self, state: &mut State) {
        self.news.hear(state);
    }

    /// Does something in the inbox; where it cannot be done, says why.
    pub(super) fn carry(&mut self, state: &mut State, deed: Deed) {
        match spoken::deed(state, deed) {
            Ok(effects) => self.effects.extend(effects),
            Err(why) => self.say(say::toast(&why)),
        }
    }

    pub(super) fn place(&self, state: &State) -> Place {
        place(state, self.ask.as_ref(), self.typing, self.typed)
    }

    /// Whether what the next prompt tells is known.
    pub(crate) fn is_ready(&self, state: &State) -> bool {
        if matches!(state.daemon, Daemon::Lost { .. }) {
            return true;
        }
        let reads = [Read::Me, Read::Directory, Read::Outbox].iter().any(|read| state.reads.contains_key(read));
        let begun = state.known && state.status.is_some() && state.drafts_loaded && state.list.loaded && !reads;
        // The first words are those of now: a status that was asked for before the stream stood knows nothing of what came meanwhile.
        // Later ones do not wait for it: where much happens it is read all the time, and what it changes is news.
        let current = state.daemon == Daemon::Live && !state.status_due && !state.reads.contains_key(&Read::Status);
        begun
            && (current || self.before.is_some())
            && spoken::is_read(state, if state.composer.is_some() { state.context() } else { state.pane() })
    }

    /// What has no prompt of its own is told or closed.
    fn settle_overlay(&mut self, state: &mut State) {
        match &state.overlay {
            // What has no form here is never left standing.
            Some(Overlay::Help(_) | Overlay::Palette(_)) => state.overlay = None,
            Some(Overlay::Shown(shown)) => {
                let lines = say::body(&shown.text);
                self.say("Nothing is copied from here; this is the text:".into());
                self.say_all(lines);
                state.overlay = None;
            }
            Some(Overlay::Line(_) | Overlay::Contact(_) | Overlay::Address(_)) => {}
            _ => self.typed = false,
        }
    }

    /// Tells what is new and where one stands; returns the question.
    pub(crate) fn prompt(&mut self, state: &mut State) -> String {
        if state.composer.is_none() {
            (self.typing, self.rest) = (false, None);
        }
        self.settle_overlay(state);
        let place = self.place(state);
        let open = match place {
            Place::Thread(id) => Some(id),
            _ => None,
        };
        let news = self.news.tell(state, open);
        self.lines.extend(news);
        let cut = how_cut(state, &place);
        let stands = match &self.told {
            Some((told, choices)) if *told == place && self.cut == cut && open.is_none_or(|id| self.thread.is(state, id)) => {
                Some(choices.clone())
            }
            _ => None,
        };
        if self.before.as_ref() != Some(&place) {
            self.page = 0;
        }
        if std::mem::take(&mut self.further) && self.first + offer::ROWS < offer::len(state, &place) {
            self.first += offer::ROWS;
        }
        let asked_over = !place.is_main() && self.before.as_ref() == Some(&place);
        match stands {
            Some(choices) if !self.again => {
                self.choices = choices;
                if let Some(id) = open {
                    let news = self.thread.news(state, id);
                    self.lines.extend(news);
                }
                if place == Place::Activity {
                    self.tell_happened(state);
                }
            }
            _ if asked_over && !self.again => {}
            stands => {
                if stands.is_none() && place.is_main() && !self.again {
                    self.first = 0;
                }
                self.tell(state, &place);
                if place.is_main() {
                    (self.told, self.cut) = (Some((place.clone(), self.choices.clone())), cut);
                }
            }
        }
        if self.help {
            self.say("You can answer with a number or a word:".into());
            let all: Vec<Choice> = self.choices.iter().filter(|choice| !is_row(&choice.does)).cloned().collect();
            self.say_all(choice::lines(&all));
        }
        (self.again, self.help) = (false, false);
        let question = self.question(state, &place);
        self.before = Some(place.clone());
        self.asked = Some(place);
        question
    }
}

/// How the rows of a place are chosen among all there are. Where they come and go by themselves, their names.
fn how_cut(state: &State, place: &Place) -> String {
    let list = &state.list;
    match place {
        Place::List => format!("{} {} {} {:?}", list.tab.title(), list.status, list.query, list.filter),
        Place::Queue => state.approvals.tab.title().to_owned(),
        Place::Found => state.search.line.text().to_owned(),
        Place::Contacts => state.contacts.query.clone(),
        Place::Activity => state.feed.kinds.title().to_owned(),
        Place::Shelf(shelf @ (Shelf::Drafts | Shelf::Outbox)) => state.shelf_rows(*shelf).join(" "),
        _ => String::new(),
    }
}

/// A row of a list, as opposed to what can be done besides.
pub(super) fn is_row(does: &Does) -> bool {
    matches!(
        does,
        Does::Deed(Deed::Open(_) | Deed::Card(_) | Deed::Found(_) | Deed::Canned(_) | Deed::Contact(_) | Deed::Activity(_))
            | Does::Ask(Ask::Entry(..))
    )
}
