//! What is said of a place, and the question that ends a prompt.

use api::id::ConversationId;

use super::choice::{self, Choice};
use super::dialog::{Dialog, is_row};
use super::place::{Ask, Place};
use super::{Does, offer, say};
use crate::event::Purpose;
use crate::state::{Asks, ContactField, Overlay, Read, State};
use crate::text;
use crate::update::spoken::{self, Deed};
use crate::view::composer::notices;
use crate::view::message;

/// Activities told at once when they are new.
const HAPPENED_MAX: usize = 20;

impl Dialog {
    /// Tells a place as a whole.
    pub(super) fn tell(&mut self, state: &mut State, place: &Place) {
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
            Place::Contacts => self.tell_contacts(state),
            Place::Contact(_) => {
                let lines = state.contacts.card.as_ref().map(|card| say::contact(state, card)).unwrap_or_default();
                self.lines.extend(lines);
            }
            Place::Activity => self.tell_activity(state),
            Place::Shelf(shelf) => {
                let (rows, about) = (state.shelf_rows(*shelf).len(), crate::view::shelf::about_words(state, *shelf));
                self.say(format!("{}, {}: {}.", shelf.title(), say::count(rows, "row"), text::line(&about)));
            }
            Place::Message(id, name) => self.tell_message(state, *id, name),
            Place::Menu(..) => self.tell_menu(state),
            Place::Line(about) => self.tell_line(state, about),
            Place::Ask(Ask::Message(id)) => self.say(format!("Messages of {}, the newest first:", say::named(state, *id))),
            Place::Ask(Ask::Entry(shelf, name)) => {
                let at = state.shelf_rows(*shelf).iter().position(|row| row == name);
                let full = at.and_then(|at| crate::view::shelf::said(state, *shelf).into_iter().nth(at)).map(|(_, full)| full);
                let lines = say::body(full.as_deref().unwrap_or("It is gone."));
                self.lines.extend(lines.iter().map(|line| say::here(line)));
            }
            Place::Ask(Ask::Search) => {
                self.say("Words are looked for in messages, notes, contacts and canned responses. Besides words:".into());
                let operators = crate::view::search_operators().iter();
                self.lines.extend(operators.map(|(example, finds)| format!("  {example}: {finds}")));
            }
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
            Place::Sheet(..) | Place::Question(_) | Place::Understood(..) | Place::Ask(_) => {}
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
            } else if *place == Place::Activity && !state.feed.ended {
                self.say("Older ones are not read yet; more reads them.".into());
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
            Place::Contacts => "contacts",
            Place::Contact(_) => "contact",
            Place::Activity => "activity",
            Place::Shelf(_) => "shelf",
            Place::Message(..) => "message",
            Place::Review(..) => "review",
            Place::Menu(..) | Place::Labels(_) | Place::Which(..) | Place::Ask(Ask::Message(_)) => {
                let all = choice::page(&self.choices, self.page);
                return self.lines.extend(all);
            }
            Place::Ask(Ask::Tab | Ask::Status | Ask::Decisions | Ask::Entry(..)) => {
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
    pub(super) fn answers(&self, choices: &[Choice]) -> String {
        let (rows, others): (Vec<Choice>, Vec<Choice>) = choices.iter().cloned().partition(|choice| is_row(&choice.does));
        match rows.len() {
            0 => choice::brief(&others),
            1 => format!("1 for the row, {}", choice::brief(&others)),
            n => format!("1 to {n} for a row, {}", choice::brief(&others)),
        }
    }

    fn tell_list(&mut self, state: &State) {
        let list = &state.list;
        let mut cut: String = list.filter.words().iter().map(|word| format!(", {word}")).collect();
        if !list.query.is_empty() {
            cut.push_str(&format!(", with “{}”", text::line(&list.query)));
        }
        // The daemon's numbers lag behind what was just done; the whole list is counted here.
        let total = if list.next_cursor.is_none() { list.rows.len() } else { usize::try_from(list.total).unwrap_or(usize::MAX) };
        let counts = list.counts.filter(|_| !state.counts_due && !state.reads.contains_key(&Read::Counts));
        let others = counts.map(|n| format!(" Mine {}, unassigned {}, all {}.", n.mine, n.unassigned, n.all)).unwrap_or_default();
        let inbox = if state.read_only { "Inbox, read-only" } else { "Inbox" };
        self.say(format!("{inbox}, {}, {}{cut}: {}.{others}", list.tab.title(), list.status, say::count(total, "conversation")));
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
                let others = [(search.contacts.len(), "contact"), (search.canned.len(), "canned response")];
                let others: String = others.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!(", {}", say::count(*n, what))).collect();
                self.say(format!("Found for “{words}”: {}{others}.", say::count(total, "message")));
            }
        }
    }

    fn tell_contacts(&mut self, state: &State) {
        let contacts = &state.contacts;
        let cut = if contacts.query.is_empty() { String::new() } else { format!(", with “{}”", text::line(&contacts.query)) };
        match &contacts.error {
            Some(error) => self.say(format!("Attention: {}", say::toast(error))),
            None => {
                let total = usize::try_from(contacts.total).unwrap_or(usize::MAX);
                self.say(format!("Contacts{cut}: {}.", say::count(total, "contact")));
            }
        }
    }

    fn tell_activity(&mut self, state: &State) {
        let feed = &state.feed;
        if let Some(error) = &feed.error {
            return self.say(format!("Attention: {}", say::toast(error)));
        }
        // Whoever goes to the older ones no longer follows.
        let follow = if feed.follow && self.first == 0 { "what is new is told at each prompt" } else { "what is new is only counted" };
        self.say(format!("Activity, {}, the newest first; {follow}.", feed.kinds.title()));
        if feed.rows.is_empty() {
            let read = feed.newest - feed.oldest + 1;
            let none = if feed.ended {
                "Nothing has happened yet.".into()
            } else {
                format!("None in the last {read} activities; more looks further back.")
            };
            self.say(none);
        }
        self.seen = feed.newest;
    }

    /// What happened since the activity was told, while it still stands.
    pub(super) fn tell_happened(&mut self, state: &State) {
        let feed = &state.feed;
        let new: Vec<String> = feed.rows.iter().filter(|row| row.seq > self.seen).map(|row| say::activity(state, row)).collect();
        if feed.follow && !new.is_empty() {
            let left = new.len().saturating_sub(HAPPENED_MAX);
            self.lines.extend(new.into_iter().take(HAPPENED_MAX).rev());
            if left > 0 {
                self.say(format!("And {} before these; newest tells them.", say::count(left, "more activity")));
            }
            self.seen = feed.newest;
        } else if !feed.follow && feed.fresh > 0 && feed.newest > self.seen {
            self.say(format!("{} new; newest tells them.", feed.fresh));
            self.seen = feed.newest;
        }
    }

    fn tell_message(&mut self, state: &State, id: ConversationId, name: &str) {
        let items = message::items(state, id);
        match items.iter().find(|item| item.name() == name) {
            Some(item) => {
                let lines = say::item(state, item);
                self.lines.extend(lines);
            }
            None => self.say("This message is not there any more.".into()),
        }
    }

    fn tell_menu(&mut self, state: &State) {
        let owner = say::menu_owner(state).map(|owner| format!(" of {owner}")).unwrap_or_default();
        match &state.overlay {
            Some(Overlay::Menu(menu)) => {
                self.say(format!("{}{owner}:", text::line(&menu.title)));
                let said = menu.items.iter().filter(|item| item.disabled == Some(""));
                self.lines.extend(said.map(|item| format!("  {}", text::line(&item.label))));
            }
            Some(Overlay::Pick(pick)) => self.say(format!("{}:", text::line(&pick.title))),
            _ => {}
        }
    }

    fn tell_line(&mut self, state: &State, about: &str) {
        // What was typed and not understood says why, and is asked for again.
        let why = match &state.overlay {
            Some(Overlay::Contact(edit)) => edit.error.clone(),
            _ => None,
        };
        let wrong = say::understood(state).and_then(Result::err).filter(|_| self.typed);
        if let Some(why) = why.or(wrong) {
            self.say(format!("Attention: {}", say::toast(&why)));
        }
        let (now, takes) = match &state.overlay {
            Some(Overlay::Line(line)) => match &line.asks {
                Asks::Snooze(_) => (None, format!("Until when? For example {}.", api::moment::FORMS)),
                Asks::Template(..) => {
                    (Some(line.editor.text().to_owned()), "It takes a text; an empty line keeps what is there.".to_owned())
                }
                Asks::Attribute(_, definition) => (
                    Some(line.editor.text().to_owned()),
                    format!("It takes {}; an empty line takes it away.", api::attribute::hint(definition)),
                ),
            },
            Some(Overlay::Contact(edit)) => {
                let clears = if edit.field == ContactField::Name { "A name is not empty." } else { "An empty line clears it." };
                (Some(edit.from.clone()), clears.to_owned())
            }
            Some(Overlay::Address(asked)) => (
                Some(asked.line.text().to_owned()),
                "It takes addresses with commas between them, instead of these; an empty line means nobody.".to_owned(),
            ),
            _ => (None, String::new()),
        };
        let now = now.map(|now| text::line(&now)).filter(|_| !self.typed);
        let now = now.map(|now| if now.is_empty() { " Now: none.".to_owned() } else { format!(" Now: {now}.") }).unwrap_or_default();
        self.say(format!(
            "{}.{now} {} A line with only a dot leaves it as it is; nothing is changed before you say yes.",
            text::line(about),
            text::line(&takes)
        ));
    }

    fn tell_text(&mut self, state: &State, purpose: Purpose) {
        let (what, reader) = say::purpose(state, purpose);
        self.say(format!("{what}. Read by: {reader}."));
        let extra = match purpose {
            Purpose::Reply(_) => " /name on a line of its own puts a canned response in.",
            Purpose::Note(_) => " @name notifies somebody; /name on a line of its own puts a canned response in.",
            Purpose::Escalate(_) => " The first line becomes the title.",
            Purpose::Reject(..) => " Say why not.",
            Purpose::Template(_) | Purpose::ContactNote(_) | Purpose::Begin(..) => "",
        };
        self.say(format!("Type the text; a line with only a dot ends it, and nothing is sent before you say so.{extra}"));
    }

    fn tell_review(&mut self, state: &State, purpose: Purpose, words: &str) {
        let (what, reader) = say::purpose(state, purpose);
        let composer = state.composer.as_ref();
        let before = if composer.is_some_and(|composer| composer.restored) { " A draft from before." } else { "" };
        self.say(format!("{what}. Read by: {reader}.{before} The text:"));
        self.lines.extend(say::body(&text::clean(words)));
        if let Some(signature) = composer.and_then(|composer| crate::update::mail_signature(state, composer)) {
            self.say("Signed, under the text:".into());
            self.lines.extend(say::body(&text::clean(signature)));
        }
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

    pub(super) fn question(&self, state: &State, place: &Place) -> String {
        match place {
            Place::List => format!("Inbox, {}. What next?", state.list.tab.title()),
            Place::Thread(id) => format!("Conversation {}. What next?", say::named(state, *id)),
            Place::Queue => "Approvals. What next?".into(),
            Place::Card(..) => {
                let shown = state.approvals.card.as_ref().map(|card| format!("{} revision {}", card.shown.reference, card.shown.revision));
                format!("{}. What next?", shown.unwrap_or_default())
            }
            Place::Found => "Search. What next?".into(),
            Place::Contacts => "Contacts. What next?".into(),
            Place::Contact(id) => {
                let card = state.contacts.card.as_ref().and_then(|card| card.detail.as_ref());
                let name = card.map(|detail| text::line(&detail.contact.name)).filter(|name| !name.is_empty());
                format!("Contact {}. What next?", name.unwrap_or_else(|| id.to_string()))
            }
            Place::Activity => format!("Activity, {}. What next?", state.feed.kinds.title()),
            Place::Shelf(shelf) => format!("{}. What next?", shelf.title()),
            Place::Message(id, _) => format!("A message of {}. What next?", say::named(state, *id)),
            Place::Line(about) => format!("{}:", text::line(about)),
            Place::Understood(_, words) => format!("{}? yes or no:", text::line(words)),
            Place::Menu(title, _) => {
                let owner = say::menu_owner(state).map(|owner| format!(" of {owner}")).unwrap_or_default();
                format!("{}{owner}: which?", text::line(title))
            }
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
            Place::Ask(Ask::Contacts) => "Words that the contacts must hold; nothing for all:".into(),
            Place::Ask(Ask::SaveView) => "Name of the new view; nothing to leave it:".into(),
            Place::Ask(Ask::RenameView) => "New name of the view that is shown; nothing to leave it:".into(),
            Place::Ask(Ask::Entry(shelf, _)) => format!("A row of the {}: what next?", shelf.title().to_lowercase()),
            Place::Ask(Ask::Tab | Ask::Status | Ask::Decisions | Ask::Message(_)) => "Which?".into(),
            Place::Ask(Ask::Resolve(ids)) => format!("Resolve {}? yes or no:", several(state, ids)),
        }
    }
}

/// Conversations by their names, or how many they are.
fn several(state: &State, ids: &[ConversationId]) -> String {
    match ids {
        [] | [_] | [_, _] | [_, _, _] => ids.iter().map(|id| say::named(state, *id)).collect::<Vec<_>>().join(", "),
        many => format!("{} marked conversations", many.len()),
    }
}
