//! The sandbox's memory and its rules: what a change does to other rows, and which events it causes.
//!
//! Nothing here waits. A call changes rows and leaves [`Emitted`] events and [`Job`]s behind; jobs (activities,
//! notifications, automatic assignment) run after the answer was built, as Sidekiq's do, then the events are
//! written out from the rows as they are by then.

mod assign;
mod bulk;
mod contacts;
mod conversations;
mod csat;
mod mail;
mod messages;
mod notify;
mod office;
mod presence;
mod query;
mod rows;
mod seed;
mod sessions;
mod staff;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use serde_json::Value;

pub(crate) use bulk::Bulk;
pub(crate) use contacts::{NewContact, contact_type, email_like, from_attribute};
pub(crate) use conversations::NewConversation;
pub(crate) use csat::RATINGS;
pub(crate) use mail::MailFields;
pub(crate) use messages::{NewMessage, Upload};
pub(crate) use office::*;
pub(crate) use presence::Presence;
pub(crate) use query::{ConversationQuery, Counts, StatusFilter, like, says, sorted};
pub(crate) use rows::*;
pub(crate) use sessions::{Credentials, Session};
pub(crate) use staff::weaknesses;

use crate::{
    clock::{Clock, Stamp},
    token::Mint,
    version::Version,
    world::{Channel, Role},
};

/// Who acts: Rails' `Current.user` and what stands in for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Actor {
    /// A job, or nobody in particular.
    #[default]
    Nobody,
    User(Id),
    Bot(Id),
    Contact(Id),
    /// The assignment policy.
    Policy,
}

/// Something others are told about. What it says is read from the rows when it is written out.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    ContactCreated(Id),
    /// With the changed columns; without any there is no webhook.
    ContactUpdated(Id, Changes),
    /// Account and data with the picture that goes; the webhook is told apart.
    PictureRemoved(Id, Value),
    /// The webhook of a changed contact alone.
    ContactHooked(Id, Changes),
    /// The last data of one that is gone, and its account.
    ContactDeleted(Id, Value),
    /// Account and data of the surviving one before it takes the other's values over.
    ContactMerged(Id, Value),
    ConversationCreated(Id),
    ConversationUpdated(Id, Changes),
    StatusChanged(Id),
    AssigneeChanged(Id),
    TeamChanged(Id),
    ConversationRead(Id),
    /// Written when it happens.
    ContactChanged(Id, Value),
    Typing {
        conversation: Id,
        who: Actor,
        on: bool,
        private: bool,
    },
    Mentioned {
        conversation: Id,
        user: Id,
    },
    /// With the message as it was then; so the next two.
    MessageCreated {
        message: Box<Message>,
        echo: Option<Value>,
    },
    FirstReply {
        message: Box<Message>,
        echo: Option<Value>,
    },
    MessageUpdated {
        message: Box<Message>,
        previous: Object,
        echo: Option<Value>,
    },
    CacheInvalidated(Id),
    /// Counted and written when it happens.
    Notification {
        user: Id,
        name: &'static str,
        data: Value,
    },
}

/// An event and the person in whose request it happened.
#[derive(Debug, Clone)]
pub(crate) struct Emitted {
    pub(crate) event: Event,
    pub(crate) performer: Actor,
}

/// Changed columns in the order of the table, with the value before and after.
pub(crate) type Changes = Vec<(&'static str, Value, Value)>;

/// Work that Chatwoot gives to Sidekiq: done after the answer is built.
#[derive(Debug, Clone)]
enum Job {
    Activity {
        conversation: Id,
        text: String,
    },
    AutoAssign(Id),
    NotifyAssignee {
        conversation: Id,
        by: Actor,
    },
    NotifyMessage(Id),
    DeleteConversation(Id),
    ReadReceipts(Id),
    /// Marks one message, and tells of the one before: a webhook is built a job after its change (hook-changes).
    ReadReceipt(Id),
    /// Tells of the oldest receipt that was not told yet.
    TellReceipt,
    Bulk(Box<Bulk>),
    MeasurePictures(Id),
    FailMail(Id),
    /// A new picture of a contact was looked at.
    PictureSeen(Id),
    /// A conversation was resolved: the customer may be asked how it was.
    Survey(Id),
    /// A survey message was answered.
    Rated(Id),
}

/// Next number of each id space; apart from each other so that mixing two up shows.
#[derive(Debug, Clone)]
struct Ids {
    account: Id,
    user: Id,
    inbox: Id,
    team: Id,
    small: Id,
    contact: Id,
    contact_inbox: Id,
    conversation: Id,
    message: Id,
    attachment: Id,
    notification: Id,
    account_user: Id,
}

impl Default for Ids {
    fn default() -> Self {
        Ids {
            account: 1,
            user: 101,
            inbox: 201,
            team: 301,
            small: 401,
            contact: 1001,
            contact_inbox: 3001,
            conversation: 5001,
            message: 10_001,
            attachment: 20_001,
            notification: 30_001,
            account_user: 601,
        }
    }
}

/// All rows, and what waits to be told.
#[derive(Debug)]
pub(crate) struct State {
    /// The release played.
    pub(crate) version: Version,
    clock: Arc<Clock>,
    pub(crate) mint: Mint,
    ids: Ids,
    /// Who acts in the call that runs.
    pub(crate) actor: Actor,
    events: Vec<Emitted>,
    jobs: VecDeque<Job>,
    /// Changes of a read receipt that wait to be told.
    receipts: VecDeque<Event>,
    pub(crate) accounts: BTreeMap<Id, Account>,
    pub(crate) users: BTreeMap<Id, User>,
    pub(crate) inboxes: BTreeMap<Id, Inbox>,
    pub(crate) teams: BTreeMap<Id, Team>,
    pub(crate) labels: BTreeMap<Id, Label>,
    pub(crate) canned: BTreeMap<Id, Canned>,
    pub(crate) attributes: BTreeMap<Id, Attribute>,
    pub(crate) bots: BTreeMap<Id, Bot>,
    pub(crate) webhooks: BTreeMap<Id, Webhook>,
    pub(crate) filters: BTreeMap<Id, CustomFilter>,
    pub(crate) contacts: BTreeMap<Id, Contact>,
    pub(crate) contact_inboxes: BTreeMap<Id, ContactInbox>,
    pub(crate) conversations: BTreeMap<Id, Conversation>,
    display: BTreeMap<(Id, Id), Id>,
    last_display: BTreeMap<Id, Id>,
    pub(crate) messages: BTreeMap<Id, Message>,
    threads: BTreeMap<Id, Vec<Id>>,
    pub(crate) blobs: BTreeMap<String, Blob>,
    pub(crate) notifications: BTreeMap<Id, Notification>,
    pub(crate) notes: BTreeMap<Id, Note>,
    pub(crate) csats: BTreeMap<Id, Csat>,
    pub(crate) automations: BTreeMap<Id, Automation>,
    pub(crate) macros: BTreeMap<Id, Macro>,
    pub(crate) dashboard_apps: BTreeMap<Id, DashboardApp>,
    pub(crate) subscriptions: BTreeMap<Id, Subscription>,
    sessions: Vec<Session>,
    /// The session of the call that runs, when it came with one or made one.
    pub(crate) session: Option<Session>,
    /// Id and name of the company behind a mail domain.
    companies: BTreeMap<(Id, String), (Id, String)>,
    pub(crate) presence: Presence,
    pub(crate) platform_token: String,
    /// Whether mail inboxes can send.
    pub(crate) mail_server: bool,
    /// `http://host:port` under which files are served.
    pub(crate) base: String,
}

impl State {
    pub(crate) fn now(&self) -> Stamp {
        self.clock.now()
    }

    pub(crate) fn next_team_id(&mut self) -> Id {
        take(&mut self.ids.team)
    }

    pub(crate) fn next_small_id(&mut self) -> Id {
        take(&mut self.ids.small)
    }

    /// Notes an event for whoever it concerns.
    pub(crate) fn emit(&mut self, event: Event) {
        let performer = self.actor;
        self.events.push(Emitted { event, performer });
    }

    fn later(&mut self, job: Job) {
        self.jobs.push_back(job);
    }

    /// Hands over the events so far, in order.
    pub(crate) fn take_events(&mut self) -> Vec<Emitted> {
        std::mem::take(&mut self.events)
    }

    /// Runs the next job that waits, nobody acting. False when there was none.
    pub(crate) fn run_job(&mut self) -> bool {
        self.actor = Actor::Nobody;
        let Some(job) = self.jobs.pop_front() else { return false };
        match job {
            Job::Activity { conversation, text } => self.write_activity(conversation, text),
            Job::AutoAssign(conversation) => self.auto_assign(conversation),
            Job::NotifyAssignee { conversation, by } => self.notify_assignee(conversation, by),
            Job::NotifyMessage(message) => self.notify_message(message),
            Job::DeleteConversation(conversation) => self.remove_conversation(conversation),
            Job::ReadReceipts(conversation) => self.mark_read(conversation),
            Job::ReadReceipt(message) => {
                let told = self.change_message(message, None, |m| m.status = "read");
                self.receipts.extend(told);
            }
            Job::TellReceipt => {
                if let Some(told) = self.receipts.pop_front() {
                    self.emit(told);
                }
            }
            Job::Bulk(bulk) => self.bulk(*bulk),
            Job::MeasurePictures(message) => self.measure_pictures(message),
            Job::FailMail(message) => self.fail_mail(message),
            Job::PictureSeen(contact) => self.emit(Event::ContactUpdated(contact, Changes::new())),
            Job::Survey(conversation) => self.send_survey(conversation),
            Job::Rated(message) => self.note_rating(message),
        }
        true
    }

    pub(crate) fn role(&self, user: Id, account: Id) -> Option<Role> {
        self.users.get(&user).filter(|u| u.account_id == Some(account)).map(|u| u.role)
    }

    /// The conversation of that display id.
    pub(crate) fn by_display(&self, account: Id, display: Id) -> Option<&Conversation> {
        self.display.get(&(account, display)).and_then(|id| self.conversations.get(id))
    }

    /// The messages of a conversation, oldest first.
    pub(crate) fn thread(&self, conversation: Id) -> impl DoubleEndedIterator<Item = &Message> {
        self.threads.get(&conversation).into_iter().flatten().filter_map(|id| self.messages.get(id))
    }

    /// Whether the channel takes a reply: WhatsApp does for 24 hours after the customer's last message (contract 4.4).
    pub(crate) fn can_reply(&self, c: &Conversation) -> bool {
        const WINDOW_S: i64 = 24 * 3600;
        let whatsapp = self.inboxes.get(&c.inbox_id).is_some_and(|i| i.channel == Channel::Whatsapp);
        let since = self.now().plus_seconds(-WINDOW_S);
        !whatsapp || self.thread(c.id).any(|m| m.message_type == MessageType::Incoming && m.created_at > since)
    }

    /// Whether that user may open the conversation: administrators, members of the inbox, members of its team (4.8.0).
    pub(crate) fn may_open(&self, user: Id, c: &Conversation) -> bool {
        match self.role(user, c.account_id) {
            Some(Role::Administrator) => true,
            Some(Role::Agent) => {
                let of_team = || c.team_id.and_then(|t| self.teams.get(&t)).is_some_and(|t| t.members.contains(&user));
                self.is_member(user, c.inbox_id) || self.version.opens_to_the_team() && of_team()
            }
            None => false,
        }
    }

    pub(crate) fn is_member(&self, user: Id, inbox: Id) -> bool {
        self.inboxes.get(&inbox).is_some_and(|i| i.members.contains(&user))
    }

    /// Incoming messages the agents have not seen, at most ten.
    pub(crate) fn unread_count(&self, c: &Conversation) -> usize {
        let seen = c.agent_last_seen_at.unwrap_or(Stamp::EPOCH);
        self.thread(c.id).rev().filter(|m| m.message_type == MessageType::Incoming && !m.private && m.created_at > seen).take(10).count()
    }

    /// Name of whoever acts, for activity texts.
    fn actor_name(&self) -> Option<String> {
        match self.actor {
            Actor::User(id) => self.users.get(&id).map(|u| u.name.clone()),
            Actor::Bot(id) => self.bots.get(&id).map(|b| b.name.clone().unwrap_or_default()),
            Actor::Policy => Some("Default Policy".into()),
            Actor::Contact(_) | Actor::Nobody => None,
        }
    }

    /// Stores a file and answers its key.
    pub(crate) fn store_blob(&mut self, blob: Blob) -> String {
        let key = format!("{}{}", self.mint.token(), self.mint.token());
        self.blobs.insert(key.clone(), blob);
        key
    }
}

/// Takes the next number.
fn take(next: &mut Id) -> Id {
    let id = *next;
    *next += 1;
    id
}
