//! The approvals screen: its lists and the opened card.

use std::collections::BTreeSet;

use api::approval::ApprovalView;
use api::id::ApprovalId;

use super::Screen;

/// Tabs of the approvals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApprovalTab {
    /// The caller may decide them.
    Waiting,
    /// The caller asked them.
    Asked,
    /// Decided.
    Decided,
}

impl ApprovalTab {
    /// In order.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Asked, Self::Decided];

    /// As shown.
    pub fn title(self) -> &'static str {
        match self {
            Self::Waiting => "Waiting for me",
            Self::Asked => "Asked by me",
            Self::Decided => "Decided",
        }
    }
}

/// The approvals screen.
#[derive(Debug, Clone, PartialEq)]
pub struct Approvals {
    /// Which list.
    pub tab: ApprovalTab,
    /// Rows, newest first.
    pub rows: Vec<ApprovalView>,
    /// The chosen row.
    pub cursor: Option<ApprovalId>,
    /// The first row on the screen.
    pub top: usize,
    /// Rows in the whole list.
    pub total: u64,
    /// Rises with every change of tab.
    pub generation: u64,
    /// A page is on its way.
    pub loading: bool,
    /// The first page has come.
    pub loaded: bool,
    /// Read it anew with the next tick.
    pub due: bool,
    /// Approvals that are to be said when they have been read.
    pub announce: BTreeSet<ApprovalId>,
    /// The opened card.
    pub card: Option<Card>,
    /// Why it could not be read.
    pub error: Option<String>,
}

/// An opened decision card: what is shown is what a decision names.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    /// What is shown.
    pub shown: ApprovalView,
    /// Where Esc goes, if not to the approvals.
    pub from: Option<Screen>,
    /// The end of the ask has been on the screen, at this revision.
    pub read: bool,
    /// First line on the screen.
    pub scroll: usize,
    /// What changed since it was opened.
    pub changed: Vec<String>,
    /// A decision is on its way.
    pub deciding: bool,
    /// Why the last try was refused.
    pub error: Option<String>,
}
