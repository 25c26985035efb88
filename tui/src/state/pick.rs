//! A choice that is about no conversation as a whole: types of the feed, links of a thread, ways to copy a message.

use super::Kinds;

/// What a chosen line does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Picked {
    /// Show these activities.
    Kinds(Kinds),
}

/// One line of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PickLine {
    /// The key that chooses it; lines past the last letter have none.
    pub letter: Option<char>,
    /// What it is; made safe.
    pub label: String,
    /// More of it, quieter; made safe.
    pub note: String,
    /// Why it cannot be chosen now.
    pub disabled: Option<&'static str>,
    /// What it does.
    pub choice: Picked,
}

/// A list of lines at the foot of the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pick {
    /// What it is about.
    pub title: String,
    /// Its lines.
    pub lines: Vec<PickLine>,
    /// The chosen one.
    pub cursor: usize,
}
