//! What is said and how an answer is understood. An answer counts only for the prompt that stood when it was given: where the state asks
//! something else by then, it is not used.

use std::collections::BTreeSet;

use api::id::ConversationId;

use super::choice::{self, Choice, Meant};
use super::news::News;
use super::place::{Ask, Place, place};
use super::thread::Told;
use super::{Does, offer, say};
use crate::event::{Effect, Purpose};
use crate::keymap::Command;
use crate::state::{Daemon, Overlay, Read, Screen, State};
use crate::text;
use crate::update::spoken::{self, Deed};
use crate::view::composer::notices;

/// Characters of a line of words that are looked for.
const WORDS_MAX: usize = 200;

/// One side of the conversation between the inbox and whoever uses it.
#[derive(Debug, Default)]
pub(crate) struct Dialog {
    lines: Vec<String>,
    effects: Vec<Effect>,
    news: News,
    ask: Option<Ask>,
    /// A text is written on, line by line.
    pub(super) typing: bool,
    /// What is left of its line, and whether that is the line's start, while a word's meaning is asked.
    pub(super) rest: Option<(String, bool)>,
    /// Where the last prompt stood.
    asked: Option<Place>,
    /// The prompt before this one.
    before: Option<Place>,
    /// Which of the main places was told last as a whole, and what can be answered there: what is asked over it leaves it as it is.
    told: Option<(Place, Vec<Choice>)>,
    /// What can be answered there, as it was told.
    choices: Vec<Choice>,
    /// The conversations of the list, as they were told.
    rows: Vec<(Choice, ConversationId)>,
    /// The first row that is told.
    first: usize,
    again: bool,
    help: bool,
    thread: Told,
    /// Kinds of places whose choices were told once.
    known: BTreeSet<&'static str>,
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

    fn place(&self, state: &State) -> Place {
        place(state, self.ask.as_ref(), self.typing)
    }

    /// Whether what the next prompt tells is known.
    pub(crate) fn is_ready(&self, state: &State) -> bool {
        if matches!(state.daemon, Daemon::Lost { .. }) {
            return true;
        }
        let reads = [Read::Me, Read::Directory, Read::Outbox].iter().any(|read| state.reads.contains_key(read));
        let begun = state.known && state.status.is_some() && state.drafts_loaded && state.list.loaded && !reads;
        begun && spoken::is_read(state, if state.composer.is_some() { state.context() } else { state.pane() })
    }

    /// Tells what is new and where one stands; returns the question.
    pub(crate) fn prompt(&mut self, state: &mut State) -> String {
        if state.composer.is_none() {
            (self.typing, self.rest) = (false, None);
        }
        // What has no form here is never left standing.
        if matches!(state.overlay, Some(Overlay::Pick(_) | Overlay::Help(_) | Overlay::Palette(_))) {
            state.overlay = None;
        }
        if matches!(state.screen, Screen::Contacts | Screen::Activity) {
            self.carry(state, Deed::Inbox);
        }
        let place = self.place(state);
        let open = match place {
            Place::Thread(id) => Some(id),
            _ => None,
        };
        let news = self.news.tell(state, open);
        self.lines.extend(news);
        let stands = match &self.told {
            Some((told, choices)) if *told == place && open.is_none_or(|id| self.thread.is(state, id)) => Some(choices.clone()),
            _ => None,
        };
        let asked_over = !place.is_main() && self.before.as_ref() == Some(&place);
        match stands {
            Some(choices) if !self.again => {
                self.choices = choices;
                if let Some(id) = open {
                    let news = self.thread.news(state, id);
                    self.lines.extend(news);
                }
            }
            _ if asked_over && !self.again => {}
            stands => {
                if stands.is_none() && place.is_main() && !self.again {
                    self.first = 0;
                }
                self.tell(state, &place);
                if place.is_main() {
                    self.told = Some((place.clone(), self.choices.clone()));
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

    /// Tells a place as a whole.
    fn tell(&mut self, state: &mut State, place: &Place) {
        let rows = offer::rows(state, place, self.first);
        match place {
            Place::List => self.tell_list(state),
            Place::Queue => {
                let total = usize::try_from(state.approvals.total).unwrap_or(usize::MAX);
                self.say(format!("Approvals, {}: {}.", state.approvals.tab.title(), say::count(total, "approval")));
                if let Some(error) = &state.approvals.error {
                    let words = format!("Attention: {}", say::toast(error));
                    self.say(words);
                }
            }
            Place::Found => self.tell_found(state),
            Place::Thread(id) => {
                let lines = self.thread.whole(state, *id);
                self.lines.extend(lines);
            }
            Place::Card(..) => {
                if let Some(shown) = state.approvals.card.as_ref().map(|card| card.shown.clone()) {
                    let lines = say::card(state, &shown);
                    self.lines.extend(lines);
                    spoken::heard(state);
                }
            }
            Place::Menu(title, _) => self.say(format!("{}:", text::line(title))),
            Place::Line(_) => self.tell_line(state),
            Place::Labels(ids) => {
                self.say(format!("Labels of {}:", several(state, ids)));
            }
            Place::Which(..) => self.say("What is meant?".into()),
            // Who is meant was asked in the middle of it.
            Place::Text(purpose) if matches!(&self.before, Some(Place::Which(of, ..)) if of == purpose) => {}
            Place::Text(purpose) => self.tell_text(state, *purpose),
            Place::Review(purpose, words) => self.tell_review(state, *purpose, words),
            Place::Ask(Ask::Resolve(ids)) => {
                self.say(format!("Resolve {}:", say::count(ids.len(), "conversation")));
                self.lines.extend(ids.iter().map(|id| format!("  {}", say::named(state, *id))));
            }
            Place::Sheet(..) | Place::Question(_) | Place::Ask(_) => {}
        }
        let told = rows.len();
        if *place == Place::List {
            let of = |row: &Choice| if let Does::Deed(Deed::Open(id)) = row.does { Some((row.clone(), id)) } else { None };
            self.rows = rows.iter().filter_map(of).collect();
        }
        self.lines.extend(choice::lines(&rows));
        if told > 0 {
            let (upto, all) = (self.first + told, offer::len(state, place));
            if upto < all {
                self.say(format!("{}; more tells them.", say::count(all - upto, "more row")));
            }
            if let Some(deed) = offer::reached(state, place, upto) {
                self.carry(state, deed);
            }
        }
        self.choices = offer::offered(state, place, rows);
        self.tell_choices(place);
    }

    /// The choices: of a main place once, of a question each time.
    fn tell_choices(&mut self, place: &Place) {
        let kind = match place {
            Place::List => "list",
            Place::Thread(_) => "thread",
            Place::Queue => "queue",
            Place::Card(..) => "card",
            Place::Found => "found",
            Place::Review(..) => "review",
            Place::Menu(..) | Place::Labels(_) | Place::Which(..) | Place::Ask(Ask::Tab | Ask::Status | Ask::Decisions) => {
                let all = choice::lines(&self.choices);
                return self.lines.extend(all);
            }
            _ => return,
        };
        if self.known.insert(kind) {
            let words = self.answers(&self.choices);
            self.say(format!("Answers: {words}. A number or a word; help explains them."));
        }
    }

    /// What can be answered, in one line.
    fn answers(&self, choices: &[Choice]) -> String {
        let (rows, others): (Vec<Choice>, Vec<Choice>) = choices.iter().cloned().partition(|choice| is_row(&choice.does));
        match rows.len() {
            0 => choice::brief(&others),
            1 => format!("1 for the row, {}", choice::brief(&others)),
            n => format!("1 to {n} for a row, {}", choice::brief(&others)),
        }
    }

    fn tell_list(&mut self, state: &State) {
        let list = &state.list;
        let cut = if list.query.is_empty() { String::new() } else { format!(", with “{}”", text::line(&list.query)) };
        // The daemon's numbers lag behind what was just done; the whole list is counted here.
        let total = if list.next_cursor.is_none() { list.rows.len() } else { usize::try_from(list.total).unwrap_or(usize::MAX) };
        let counts = list.counts.filter(|_| !state.counts_due && !state.reads.contains_key(&Read::Counts));
        let others = counts.map(|n| format!(" Mine {}, unassigned {}, all {}.", n.mine, n.unassigned, n.all)).unwrap_or_default();
        self.say(format!("Inbox, {}, {}{cut}: {}.{others}", list.tab.title(), list.status, say::count(total, "conversation")));
        if let Some(seen) = state.seen_at {
            self.say(format!("As it was at {}.", crate::view::ui::clock(state, seen)));
        }
        if let Some(error) = &list.error {
            self.say(format!("Attention: {}", say::toast(error)));
        }
        if let Some(waiting) = state.status.as_ref().map(|status| status.approvals_waiting).filter(|n| *n > 0) {
            self.say(format!("{} for you.", say::count(usize::try_from(waiting).unwrap_or(usize::MAX), "decision")));
        }
    }

    fn tell_found(&mut self, state: &State) {
        let search = &state.search;
        let words = text::line(search.line.text());
        match &search.error {
            Some(error) => self.say(format!("Attention: {}", say::toast(error))),
            None => {
                let total = usize::try_from(search.total).unwrap_or(usize::MAX);
                self.say(format!("Found for “{words}”: {}.", say::count(total, "message")));
            }
        }
    }

    fn tell_text(&mut self, state: &State, purpose: Purpose) {
        let (what, reader) = say::purpose(state, purpose);
        self.say(format!("{what}. Read by: {reader}."));
        let extra = match purpose {
            Purpose::Reply(_) => " /name on a line of its own puts a canned response in.",
            Purpose::Note(_) => " @name notifies somebody; /name on a line of its own puts a canned response in.",
            Purpose::Template(_) => "",
            Purpose::Escalate(_) => " The first line becomes the title.",
            Purpose::Reject(..) => " Say why not.",
        };
        self.say(format!("Type the text; a line with only a dot ends it, and nothing is sent before you say so.{extra}"));
    }

    fn tell_review(&mut self, state: &State, purpose: Purpose, words: &str) {
        let (what, reader) = say::purpose(state, purpose);
        let composer = state.composer.as_ref();
        let before = if composer.is_some_and(|composer| composer.restored) { " A draft from before." } else { "" };
        self.say(format!("{what}. Read by: {reader}.{before} The text:"));
        self.lines.extend(say::body(&text::clean(words)));
        if matches!(purpose, Purpose::Note(_))
            && let Some(composer) = composer
        {
            let kept = crate::mention::kept(words, &composer.with.mentions);
            let named = composer.with.mentions.iter().filter(|mentioned| kept.contains(&mentioned.who));
            let names: Vec<String> = named.map(|mentioned| text::line(&mentioned.name)).collect();
            if !names.is_empty() {
                self.say(format!("Notified: {}.", names.join(", ")));
            }
        }
        for file in composer.map(|composer| composer.with.files.as_slice()).unwrap_or_default() {
            self.say(format!("With the file {}.", text::line(&file.name)));
        }
        for (_, notice) in notices(state, usize::MAX / 4) {
            self.say(format!("Attention: {}", say::toast(&notice)));
        }
    }

    fn question(&self, state: &State, place: &Place) -> String {
        match place {
            Place::List => format!("Inbox, {}. What next?", state.list.tab.title()),
            Place::Thread(id) => format!("Conversation {}. What next?", say::named(state, *id)),
            Place::Queue => "Approvals. What next?".into(),
            Place::Card(..) => {
                let shown = state.approvals.card.as_ref().map(|card| format!("{} revision {}", card.shown.reference, card.shown.revision));
                format!("{}. What next?", shown.unwrap_or_default())
            }
            Place::Found => "Search. What next?".into(),
            Place::Menu(title, _) => format!("{}: which?", text::line(title)),
            Place::Line(title) => format!("{}:", text::line(title)),
            Place::Labels(ids) => format!("Labels of {}: a label turns it on or off; save or back:", several(state, ids)),
            Place::Sheet(..) => {
                let decision = state.approvals.card.as_ref().map(|card| say::decision(&card.shown)).unwrap_or_default();
                format!("Approve {decision}? yes or no:")
            }
            Place::Question(question) => offer::question(state, *question),
            Place::Which(..) => "Which?".into(),
            Place::Text(_) => "Text:".into(),
            Place::Review(purpose, _) => {
                let (what, reader) = say::purpose(state, *purpose);
                format!("{what}, read by {reader}: send, or what next?")
            }
            Place::Ask(Ask::Mark) => "Numbers of the rows, all, or none:".into(),
            Place::Ask(Ask::Words) => "Words that the rows must hold; nothing for all:".into(),
            Place::Ask(Ask::Search) => "Search for (nothing to leave it):".into(),
            Place::Ask(Ask::Tab | Ask::Status | Ask::Decisions) => "Which?".into(),
            Place::Ask(Ask::Resolve(ids)) => format!("Resolve {}? yes or no:", several(state, ids)),
        }
    }

    /// An answer to the last prompt; returns what it asks of the outside.
    pub(crate) fn answer(&mut self, state: &mut State, line: &str) -> Vec<Effect> {
        let Some(asked) = self.asked.take() else { return Vec::new() };
        if self.place(state) != asked {
            self.say("Something changed before your answer, so it was not used.".into());
            return Vec::new();
        }
        match &asked {
            Place::Text(_) => self.line(state, line),
            Place::Line(_) => self.filled(state, line),
            Place::Ask(ask @ (Ask::Mark | Ask::Words | Ask::Search)) => self.words(state, &ask.clone(), line),
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
                Meant::One(Choice { does: Does::Ask(ask @ (Ask::Mark | Ask::Words | Ask::Search)), .. }) => {
                    Some((ask.clone(), rest.trim()))
                }
                _ => None,
            }
        };
        match whole {
            Meant::One(choice) => match &choice.refused {
                Some(why) if why.is_empty() => self.say("That line only says something.".into()),
                Some(why) => self.say(format!("{}: {why}.", choice.says)),
                None => self.does(state, place, choice.does.clone()),
            },
            Meant::Several(several) => {
                let words: Vec<Choice> = several.into_iter().cloned().collect();
                self.say(format!("That could be: {}.", choice::brief(&words)));
            }
            Meant::Nothing => match with_words() {
                Some((ask, rest)) => self.words(state, &ask, rest),
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
            Does::Ask(ask) => self.ask = Some(ask),
            Does::Key(command) => self.key(state, place, command),
            Does::More => {
                let next = self.first + offer::ROWS;
                if next < offer::len(state, place) {
                    (self.first, self.again) = (next, true);
                } else {
                    self.say("There are no more rows.".into());
                }
            }
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

    /// What a key does in this place.
    fn key(&mut self, state: &mut State, place: &Place, command: Command) {
        let of_marked = matches!(command, Command::Assign | Command::Labels | Command::Snooze | Command::Priority);
        if *place == Place::List && of_marked && self.marked(state).is_none() {
            return self.say("Nothing is marked; mark takes the numbers of rows, such as mark 1 3.".into());
        }
        if let Place::Ask(Ask::Resolve(ids)) = place {
            self.ask = None;
            if self.marked(state).as_ref() != Some(ids) {
                return self.say("The marked rows changed; nothing was done.".into());
            }
        }
        self.carry(state, Deed::Key(command));
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

    /// The line that a menu asks for, and how it is answered.
    fn tell_line(&mut self, state: &State) {
        let Some(Overlay::Line(line)) = &state.overlay else { return };
        let (Ok(echo) | Err(echo)) = crate::update::echo(state, line);
        self.say(text::line(&echo));
        let there = text::line(line.editor.text());
        let empty = if there.is_empty() { String::new() } else { format!(" nothing takes {there},") };
        self.say(format!("Type it;{empty} a line with only a dot leaves it."));
    }

    /// An answer to it.
    fn filled(&mut self, state: &mut State, words: &str) {
        let words = text::line(words);
        let deed = match words.trim() {
            "." => Deed::Line(None),
            _ => Deed::Line(Some(words)),
        };
        self.carry(state, deed);
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
            _ if words.is_empty() => {}
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

/// Conversations by their names, or how many they are.
fn several(state: &State, ids: &[ConversationId]) -> String {
    match ids {
        [] | [_] | [_, _] | [_, _, _] => ids.iter().map(|id| say::named(state, *id)).collect::<Vec<_>>().join(", "),
        many => format!("{} marked conversations", many.len()),
    }
}

fn is_row(does: &Does) -> bool {
    matches!(does, Does::Deed(Deed::Open(_) | Deed::Card(_) | Deed::Found(_)))
}
