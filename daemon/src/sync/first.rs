//! The first copy: what is read in which order, and where it goes on after a kill at any point.
//!
//! The newest page of each open view comes first, so that the inbox is usable after one request; then everything, page by page. Every
//! stage keeps its place in the cursor [`FIRST_COPY`], written in one commit with the rows it speaks of. `walk` copies conversations with
//! their messages, `rest` contacts, ratings and what could not be read, `progress` tells how far it is.
//!
//! Lists are walked from the last page of the oldest-first order to its first page: a row that is deleted meanwhile moves others to
//! pages that are still ahead, never to one that is behind, and what is new stands at the end (section 12.1), where reconcile finds it.

mod progress;
mod rest;
mod walk;

use std::sync::Arc;

use chatwoot::Secret;
use chatwoot::rest::{AssigneeFilter, ListQuery};
use serde::{Deserialize, Serialize};

use super::Core;
use super::apply::{How, Incoming, Outcome};
use super::link::Failure;
use crate::clock::{Micros, SECOND};

pub(super) use progress::{Telling, load as load_progress};
pub(super) use rest::leftovers;

/// Cursor of the first copy.
pub(super) const FIRST_COPY: &str = "first_copy";
/// Cursor of a conversation whose messages could not be read, by its id.
const UNREAD: &str = "unread:";
/// Conversations on the newest pages: four views of 25 at most, whoever is linked; more are copied in their turn.
const SHOWN_MAX: usize = 100;

/// What is being copied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    /// The newest page of each open view.
    #[default]
    Views,
    /// The messages of what those pages show.
    Shown,
    /// Every conversation.
    Conversations,
    /// Contacts with an address.
    Contacts,
    /// Ratings.
    Ratings,
    /// Contacts without an address.
    Anonymous,
    /// Again what could not be read.
    Unread,
    /// Nothing any more.
    Done,
}

/// How far the first copy is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct FirstCopy {
    /// Chatwoot's clock when it began: what is older was there before us.
    pub began: Micros,
    /// What is being copied.
    pub stage: Stage,
    /// The page of the stage's walk that is next; 0 before its first.
    pub page: u32,
    /// Whether it is complete.
    pub done: bool,
    /// Conversations there are, as Chatwoot counted them.
    pub total: Option<u64>,
    /// Conversations copied with their messages.
    pub conversations: u64,
    /// Messages copied.
    pub messages: u64,
    /// Contacts copied.
    pub contacts: u64,
    /// Contacts with an address there are.
    pub contacts_total: Option<u64>,
    /// Conversations whose messages could not be read; each has a cursor of its own.
    pub incomplete: u64,
    /// Conversations of the newest pages; at most [`SHOWN_MAX`].
    pub shown: Vec<i64>,
    /// Conversations that are copied on pages that are not: a few pages' worth.
    pub copied: Vec<i64>,
}

impl FirstCopy {
    fn enter(&mut self, stage: Stage) {
        (self.stage, self.page) = (stage, 0);
        self.forget();
    }

    /// No page is half copied.
    fn forget(&mut self) {
        self.copied.clear();
    }
}

/// Where the first copy stands. One that an older afenda finished lacks what that did not copy.
async fn load(core: &Core) -> Result<Option<FirstCopy>, Failure> {
    let mut copy = core.read(|scope| scope.cursor::<FirstCopy>(FIRST_COPY)).await?;
    if let Some(old) = copy.as_mut().filter(|copy| copy.done && copy.stage == Stage::Views) {
        let (conversations, messages) = core.read(|scope| scope.counts()).await?;
        (old.conversations, old.messages, old.done) = (conversations, messages, false);
        old.enter(Stage::Contacts);
    }
    Ok(copy)
}

/// The newest open conversations with their last lines, unless the copy is past that: the inbox is usable from here on.
pub(super) async fn newest(core: &Core) -> Result<FirstCopy, Failure> {
    let mut copy = match load(core).await? {
        Some(copy) if copy.stage > Stage::Views => return Ok(copy),
        Some(copy) => copy,
        None => FirstCopy::default(),
    };
    if copy.began == 0 {
        // Chatwoot's clock before the first page: what is newer is news. Times of creation are whole seconds.
        let began = core.now() + core.server().skew;
        copy.began = began - began.rem_euclid(SECOND);
    }
    view(core, &mut copy, ListQuery::default(), None).await?;
    Ok(copy)
}

/// Copies what is left; returns when nothing is.
pub(super) async fn run(core: &Arc<Core>, mut copy: FirstCopy) -> Result<(), Failure> {
    while !copy.done {
        match copy.stage {
            Stage::Views => {
                let unassigned = ListQuery { assignee: Some(AssigneeFilter::Unassigned), ..ListQuery::default() };
                view(core, &mut copy, unassigned, None).await?;
                for token in core.cx.users.iter().filter_map(|user| core.own_token(user)) {
                    let mine = ListQuery { assignee: Some(AssigneeFilter::Me), ..ListQuery::default() };
                    view(core, &mut copy, mine, Some(Secret::new(token.expose()))).await?;
                }
                copy.enter(Stage::Shown);
            }
            Stage::Shown => {
                walk::shown(core, &mut copy).await?;
                copy.enter(Stage::Conversations);
            }
            Stage::Conversations => {
                walk::conversations(core, &mut copy).await?;
                copy.enter(Stage::Contacts);
            }
            Stage::Contacts => {
                rest::contacts(core, &mut copy).await?;
                copy.enter(Stage::Ratings);
            }
            Stage::Ratings => {
                rest::ratings(core, &mut copy).await?;
                copy.enter(Stage::Anonymous);
            }
            Stage::Anonymous => {
                rest::anonymous(core, &mut copy).await?;
                copy.enter(Stage::Unread);
            }
            Stage::Unread => {
                rest::unread(core, &mut copy).await?;
                copy.enter(Stage::Done);
            }
            Stage::Done => {
                let (conversations, messages) = core.read(|scope| scope.counts()).await?;
                (copy.done, copy.conversations, copy.messages) = (true, conversations.saturating_sub(copy.incomplete), messages);
                copy.shown.clear();
            }
        }
        let kept = copy.clone();
        let telling = core.telling(&copy, copy.done);
        let shown = Arc::clone(core);
        core.write(move |scope| {
            scope.set_cursor(FIRST_COPY, &kept)?;
            telling.record(scope)?;
            // Before the commit: who hears that the copy is done and asks for the status at once must read that it is.
            shown.show_progress(&kept);
            Ok(())
        })
        .await?;
    }
    Ok(())
}

/// The newest page of one view, as clients show it: each row is news to them.
async fn view(core: &Core, copy: &mut FirstCopy, query: ListQuery, token: Option<Secret>) -> Result<(), Failure> {
    let query = ListQuery { page: Some(1), ..query };
    let (own, all, asked) = (token.is_some(), query.assignee.is_none(), core.asked());
    let page = core
        .call(|client| {
            let (query, token) = (query.clone(), token.clone());
            async move { token.map_or(client.clone(), |token| client.as_user(token)).conversations(&query).await }
        })
        .await;
    let page = match page {
        Ok(page) => page,
        Err(err) if own && !matches!(err.kind, chatwoot::error::ErrorKind::Connect) => {
            tracing::warn!(error = &err as &dyn std::error::Error, "an agent's own newest page cannot be read; it is copied with the rest");
            return Ok(());
        }
        Err(err) => return Err(core.failure(&err)),
    };
    if all && copy.total.is_none() {
        copy.total = u64::try_from(page.meta.all_count).ok();
    }
    for id in page.payload.iter().map(|row| row.id) {
        if copy.shown.len() < SHOWN_MAX && !copy.shown.contains(&id) {
            copy.shown.push(id);
        }
    }
    let (door, kept) = (core.door.clone(), copy.clone());
    let outcome = core
        .write(move |scope| {
            scope.set_cursor(FIRST_COPY, &kept)?;
            let mut outcome = Outcome::default();
            for conversation in page.payload {
                let lines: Vec<_> =
                    conversation.messages.iter().chain(conversation.last_non_activity_message.as_deref()).cloned().collect();
                outcome = outcome.and(door.apply(scope, &Incoming::Conversation(Box::new(conversation)), How::Read(asked))?);
                for line in lines {
                    outcome = outcome.and(door.apply(scope, &Incoming::Message(Box::new(line)), How::Read(asked))?);
                }
            }
            Ok(outcome)
        })
        .await?;
    core.follow(outcome);
    Ok(())
}
