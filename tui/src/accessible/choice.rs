//! Numbered choices, and which of them an answer means.

use super::Does;
use crate::keymap::registry::READ_ONLY;
use crate::update::spoken::Deed;

/// Lines of a menu that are told at once.
pub(super) const PAGE: usize = 20;
/// Choices that are told in one line; help tells all of them.
const BRIEF_MAX: usize = 14;

/// One thing that can be answered.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Choice {
    /// Its number, as it was told.
    pub(super) number: usize,
    /// The words it is known by; the first is told.
    pub(super) words: Vec<String>,
    /// What it does, for people.
    pub(super) says: String,
    /// Why it cannot be chosen now.
    pub(super) refused: Option<String>,
    /// What it does.
    pub(super) does: Does,
}

impl Choice {
    /// A choice by its words, separated by spaces.
    pub(super) fn new(number: usize, words: &str, says: impl Into<String>, does: Does) -> Self {
        Self { number, words: words.split(' ').map(str::to_owned).collect(), says: says.into(), refused: None, does }
    }

    /// A choice known by a name, which may have spaces.
    pub(super) fn named(number: usize, name: &str, says: impl Into<String>, does: Does) -> Self {
        Self { number, words: vec![name.to_owned()], says: says.into(), refused: None, does }
    }

    /// Whether it is told. What a read-only inbox does not do keeps its number and says so where it is answered, but is not offered.
    pub(super) fn is_told(&self) -> bool {
        self.refused.as_deref() != Some(READ_ONLY)
    }
}

/// What an answer means.
#[derive(Debug, PartialEq)]
pub(super) enum Meant<'a> {
    One(&'a Choice),
    Several(Vec<&'a Choice>),
    Nothing,
}

/// Finds what is meant: its number or its word whole, else how one word begins, else how a word of one name does.
pub(super) fn find<'a>(choices: &'a [Choice], answer: &str) -> Meant<'a> {
    let answer = answer.trim().to_lowercase();
    if !answer.is_empty() && answer.bytes().all(|b| b.is_ascii_digit()) {
        let number = answer.parse::<usize>().ok();
        return choices.iter().find(|choice| Some(choice.number) == number).map_or(Meant::Nothing, Meant::One);
    }
    let by = |fits: &dyn Fn(&str) -> bool| -> Vec<&'a Choice> {
        choices.iter().filter(|choice| choice.words.iter().any(|word| fits(&word.to_lowercase()))).collect()
    };
    let letters = answer.chars().count();
    let mut found = by(&|word| word == answer);
    // A single letter is nobody's name by chance: it counts only where it is a choice's own.
    if found.is_empty() && letters >= 2 {
        found = by(&|word| word.starts_with(&answer));
    }
    if found.is_empty() && letters >= 3 {
        found = by(&|name| name.split(' ').any(|word| word.starts_with(&answer)));
    }
    match found.as_slice() {
        [] => Meant::Nothing,
        [one] => Meant::One(one),
        _ => Meant::Several(found),
    }
}

/// The choices in one line: `2 reply, 3 note`.
pub(super) fn brief(choices: &[Choice]) -> String {
    let choices: Vec<&Choice> = choices.iter().filter(|choice| choice.is_told()).collect();
    let told = choices.iter().take(BRIEF_MAX).map(|choice| format!("{} {}", choice.number, choice.words.first().map_or("", |w| w)));
    let rest = choices.len().saturating_sub(BRIEF_MAX);
    let others = (rest > 0).then(|| format!("{rest} others that help tells"));
    told.chain(others).collect::<Vec<_>>().join(", ")
}

/// The choices, a line each.
pub(super) fn lines(choices: &[Choice]) -> Vec<String> {
    let line = |choice: &Choice| {
        let why = choice.refused.as_ref().filter(|why| !why.is_empty()).map(|why| format!(" (not now: {why})")).unwrap_or_default();
        format!("{}. {}{why}", choice.number, choice.says)
    };
    choices.iter().filter(|choice| choice.is_told()).map(line).collect()
}

/// The choices of a menu, its own lines from `first` on and page by page; the others, such as back, each time.
pub(super) fn page(choices: &[Choice], first: usize) -> Vec<String> {
    let (own, others): (Vec<Choice>, Vec<Choice>) = choices.iter().cloned().partition(|choice| is_line(&choice.does));
    let mut out = lines(own.get(first..(first + PAGE).min(own.len())).unwrap_or_default());
    if own.len() > PAGE {
        let upto = (first + PAGE).min(own.len());
        let how = if upto < own.len() { "more tells the next, and a part of a name finds one" } else { "that is all" };
        out.push(format!("{upto} of {} were told; {how}.", own.len()));
    }
    out.extend(lines(&others));
    out
}

/// Whether a choice is a menu's own line.
pub(super) fn is_line(does: &Does) -> bool {
    matches!(
        does,
        Does::Deed(Deed::Item(_) | Deed::Pick(_) | Deed::Label(_) | Deed::Complete(Some(_)) | Deed::Message(..)) | Does::ViewName(_)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_or_a_word_is_enough() {
        let choices = [
            Choice::new(1, "reply r", "reply", Does::Again),
            Choice::new(2, "resolve", "resolve", Does::Help),
            Choice::named(10, "Kim Okafor", "Kim Okafor", Does::Deed(Deed::Inbox)),
        ];
        let one = |answer: &str| match find(&choices, answer) {
            Meant::One(choice) => Some(choice.number),
            _ => None,
        };
        for (answer, number) in [("1", Some(1)), (" R ", Some(1)), ("reply", Some(1)), ("rep", Some(1)), ("RES", Some(2)), ("10", Some(10))]
        {
            assert_eq!(one(answer), number, "{answer}");
        }
        assert_eq!((one("kim"), one("okafor"), one("k"), one("")), (Some(10), Some(10), None, None));
        assert!(matches!(find(&choices, "re"), Meant::Several(several) if several.len() == 2));
        for nothing in ["3", "1 2", "-1", "+1", "99999999999999999999999", "x", "replyy"] {
            assert_eq!(find(&choices, nothing), Meant::Nothing, "{nothing}");
        }
    }
}
