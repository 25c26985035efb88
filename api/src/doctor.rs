//! What `afenda doctor` looks at.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::inbox::words;
use std::{fmt, str::FromStr};

words!(
    /// How a check ended.
    CheckState {
        /// As it should be.
        Ok = "ok",
        /// It works, and somebody should know.
        Warn = "warn",
        /// It does not work: somebody must act.
        Fail = "fail",
    }
);

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Check {
    /// What was looked at: a word that stays the same, such as `clock`, or `lacks` for each thing that this Chatwoot is too old for.
    pub name: String,
    /// How it ended.
    pub state: CheckState,
    /// What was found, in one sentence.
    pub message: String,
    /// What to do; `null` when there is nothing to do.
    pub repair: Option<String>,
}
