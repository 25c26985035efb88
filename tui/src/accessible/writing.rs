//! A text line by line: what `/name` and `@name` in it mean is asked where it is not plain.

use super::dialog::Dialog;
use super::say;
use crate::event::Purpose;
use crate::state::{Offer, State};
use crate::text;
use crate::update::spoken::Deed;

impl Dialog {
    /// A line of the text that is being written; a dot alone ends it.
    pub(super) fn line(&mut self, state: &mut State, line: &str) {
        match line {
            "." => {
                self.typing = false;
                let blank = state.composer.as_ref().is_some_and(|composer| composer.is_blank());
                if blank {
                    self.say("Nothing was written.".into());
                    self.carry(state, Deed::Key(crate::keymap::Command::Leave));
                }
            }
            line => {
                let line = if line == ".." { "." } else { line };
                let begun = state.composer.as_ref().is_some_and(|composer| !composer.editor.text().is_empty());
                if begun {
                    self.carry(state, Deed::Text("\n".into()));
                }
                self.rest = Some((line.to_owned(), true));
                self.go_on(state);
            }
        }
    }

    /// Puts in what is left of a line, as far as it is plain what it means.
    pub(super) fn go_on(&mut self, state: &mut State) {
        while let Some((rest, starts)) = self.rest.take() {
            let Some(composer) = &state.composer else { return };
            let purpose = composer.purpose;
            let message = matches!(purpose, Purpose::Reply(_) | Purpose::Note(_));
            if let Some(code) = rest.strip_prefix('/').filter(|_| starts && message) {
                if let Some(plain) = code.strip_prefix('/') {
                    self.put(state, &format!("/{plain}"));
                    self.carry(state, Deed::Complete(None));
                } else {
                    self.put(state, &rest);
                    self.canned(state, code);
                }
                return;
            }
            let at = rest.char_indices().find(|(i, c)| *c == '@' && matches!(purpose, Purpose::Note(_)) && begins(&rest, *i));
            let Some((at, _)) = at else {
                self.put(state, &rest);
                self.carry(state, Deed::Complete(None));
                return;
            };
            let (before, after) = rest.split_at(at);
            self.put(state, before);
            self.carry(state, Deed::Complete(None));
            if !self.mention(state, after) {
                return;
            }
        }
    }

    fn put(&mut self, state: &mut State, words: &str) {
        if !words.is_empty() {
            self.carry(state, Deed::Text(words.to_owned()));
        }
        if let Some(error) = state.composer.as_ref().and_then(|composer| composer.error.clone()) {
            self.say(format!("Attention: {}", say::toast(&error)));
        }
    }

    /// A line that names a canned response.
    fn canned(&mut self, state: &mut State, code: &str) {
        let list = state.composer.as_ref().and_then(|composer| composer.completing.list.as_ref());
        let Some(list) = list.filter(|list| list.offer == Offer::Canned) else {
            self.say(format!("No canned response fits /{}; it stays as text.", text::line(code)));
            return;
        };
        let code = code.trim().to_lowercase();
        let begin = |whole: bool| {
            let fits = |label: &str| if whole { label.to_lowercase() == code } else { label.to_lowercase().starts_with(&code) };
            let mut all = list.choices.iter().enumerate().filter(|(_, choice)| fits(&choice.label));
            all.next().filter(|_| all.next().is_none()).map(|(index, _)| index)
        };
        if let Some(index) = begin(true).or_else(|| begin(false)) {
            self.put_in(state, index);
        }
    }

    /// One of what a word could mean is put in; a canned response is told as it stands now.
    pub(super) fn put_in(&mut self, state: &mut State, index: usize) {
        let list = state.composer.as_ref().and_then(|composer| composer.completing.list.as_ref());
        let Some((offer, choice)) = list.and_then(|list| Some((list.offer, list.choices.get(index)?.clone()))) else { return };
        self.carry(state, Deed::Complete(Some(index)));
        match offer {
            Offer::Canned => {
                self.say("Put in:".into());
                self.say_all(say::body(&text::clean(&choice.text)));
            }
            Offer::Mention => {
                self.say(format!("{} is notified.", text::line(choice.label.trim_start_matches('@'))));
                self.space(state);
            }
            Offer::Emoji => {}
        }
    }

    /// Words that begin with `@` in a note; false where somebody has to say who is meant.
    fn mention(&mut self, state: &mut State, words: &str) -> bool {
        let people = state.directory.agents.iter().chain(&state.directory.teams).map(|named| text::line(&named.name));
        let after = |name: &str| words.get(1..).and_then(|rest| rest.strip_prefix(name));
        let whole = |name: &String| after(name).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric));
        let name = people.filter(|name| !name.is_empty()).filter(whole).max_by_key(String::len);
        let end = words.find(char::is_whitespace).unwrap_or(words.len());
        let (typed, rest) = match &name {
            Some(name) => (format!("@{name}"), after(name).unwrap_or_default().to_owned()),
            None => (words.get(..end).unwrap_or_default().to_owned(), words.get(end..).unwrap_or_default().to_owned()),
        };
        self.put(state, &typed);
        self.rest = Some((rest, false)).filter(|(rest, _)| !rest.is_empty());
        let list = state.composer.as_ref().and_then(|composer| composer.completing.list.as_ref());
        let Some(list) = list.filter(|list| list.offer == Offer::Mention) else { return true };
        match list.choices.iter().position(|choice| choice.label == typed) {
            Some(index) => {
                self.put_in(state, index);
                true
            }
            None => false,
        }
    }

    /// Somebody was put in, with a space behind the name: it is not doubled, and goes where the line does not go on with one.
    fn space(&mut self, state: &mut State) {
        match &mut self.rest {
            Some((rest, _)) if rest.starts_with(' ') => {
                rest.remove(0);
            }
            _ => self.carry(state, Deed::Unspace),
        }
    }
}

/// Whether an `@` there can begin a name.
fn begins(line: &str, at: usize) -> bool {
    let (before, after) = (line.get(..at).unwrap_or_default(), line.get(at + 1..).unwrap_or_default());
    !before.ends_with(char::is_alphanumeric) && after.chars().next().is_some_and(|c| !c.is_whitespace())
}
