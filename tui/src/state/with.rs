//! What goes with a text besides the text itself.

use api::id::MessageId;
use serde::{Deserialize, Serialize};

/// What goes with a text.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct With {
    /// The message it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<MessageId>,
}

impl With {
    /// Whether nothing does.
    pub fn is_empty(&self) -> bool {
        self.answers.is_none()
    }

    /// Takes in what goes with another text; what is here already stays.
    pub fn join(&mut self, other: Self) {
        self.answers = self.answers.or(other.answers);
    }
}
