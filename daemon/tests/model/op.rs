//! What can happen, and how a seed becomes a script. A script names things by their place ("the 3rd conversation there is"), so that the
//! same script means the same on every run; `act` finds out what that is then.

use crate::dice::Dice;

/// The longest that webhooks are held back, in milliseconds.
pub(crate) const HOOKS_LATE_MS_MAX: u64 = 420;

/// A thing by its place among those there are, counted round.
pub(crate) type Nth = u64;

/// Whose token a call at Chatwoot carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// An administrator who is in every inbox.
    Admin,
    Jo,
    Kim,
}

impl By {
    /// Key of the user in the sandbox's world.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Jo => "jo",
            Self::Kim => "kim",
        }
    }
}

/// What goes wrong between the two, until something else does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// Nothing any more: what was set is cleared.
    Nothing,
    /// Every frame and webhook twice.
    Doubled,
    /// Frames and webhooks of so many milliseconds shuffled.
    Shuffled(u64),
    /// Webhooks held back so many milliseconds.
    HooksLate(u64),
    /// So many frames lost.
    FramesLost(u64),
    /// So many webhooks lost.
    HooksLost(u64),
    /// Both lost, so many together.
    AllLost(u64),
    /// The daemon's next requests answered with a status.
    Status(u16, u64),
    /// … with a web page.
    Page(u64),
    /// … never: cut off before they are carried out.
    Cut(u64),
    /// … carried out, and never answered.
    AnswerLost(u64),
    /// … carried out after the daemon gave up waiting.
    TooLate(u64),
    /// The websocket ends without a word.
    SocketCut,
    /// The websocket ends with a `disconnect`.
    SocketClosed,
    /// The daemon is killed and started again at once.
    Killed,
    /// The daemon is killed; it comes back with the next `Started` or at the end.
    Down,
    Started,
    /// The daemon is stopped in order and started again.
    Restarted,
    /// So many seconds pass.
    TimePasses(i64),
}

/// What is done to several conversations at once.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bulk {
    Status(&'static str),
    Assign(Option<By>),
    Label { add: &'static str, remove: &'static str },
}

/// What a user of afenda writes through it.
#[derive(Debug, Clone)]
pub(crate) enum Write {
    Reply(String),
    Note(String),
    /// The agent: `me`, `none`, or a user of the world.
    Assignee(&'static str),
    Team(Option<Nth>),
    Status(&'static str),
    Label {
        add: &'static str,
        remove: &'static str,
    },
    Priority(&'static str),
    Read(bool),
    Attributes(u64),
    /// The conversation's contact.
    Contact(u64),
}

/// A user of afenda: linked with a token of her own, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum User {
    /// Linked to Ada, an administrator.
    Ada,
    /// Linked to Jo, an agent.
    Jo,
    /// Not linked: writes with the service token.
    Sam,
}

impl User {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ada => "ada",
            Self::Jo => "jo",
            Self::Sam => "sam",
        }
    }
}

/// One thing that happens.
#[derive(Debug, Clone)]
pub(crate) enum Op {
    // Customers.
    Arrives {
        with: &'static str,
        text: String,
    },
    Writes {
        conversation: Nth,
        text: String,
        file: bool,
    },
    /// On an inbox without a public API, by name.
    Mails {
        inbox: &'static str,
        who: u64,
        text: String,
    },
    NewConversationOf {
        contact: Nth,
        text: String,
    },
    Sees {
        conversation: Nth,
    },
    ResolvedByCustomer {
        conversation: Nth,
    },
    /// Answers the survey, if one was sent.
    Rates {
        conversation: Nth,
        rating: u64,
    },
    // Agents and administrators at Chatwoot's own page.
    Reply {
        by: By,
        conversation: Nth,
        text: String,
        file: bool,
    },
    /// Quotes another message.
    Answer {
        by: By,
        conversation: Nth,
        message: Nth,
        text: String,
    },
    Note {
        by: By,
        conversation: Nth,
        text: String,
    },
    Typing {
        by: By,
        conversation: Nth,
    },
    AssignBot {
        conversation: Nth,
    },
    Assign {
        by: By,
        conversation: Nth,
        to: Option<By>,
    },
    Team {
        by: By,
        conversation: Nth,
        team: Option<Nth>,
    },
    Status {
        by: By,
        conversation: Nth,
        status: &'static str,
        for_s: Option<i64>,
    },
    Labels {
        by: By,
        conversation: Nth,
        labels: Vec<&'static str>,
    },
    Priority {
        by: By,
        conversation: Nth,
        priority: Option<&'static str>,
    },
    Attributes {
        by: By,
        conversation: Nth,
        value: u64,
    },
    DeleteMessage {
        by: By,
        conversation: Nth,
        message: Nth,
    },
    MessageState {
        conversation: Nth,
        message: Nth,
        state: &'static str,
    },
    RetryFailed {
        conversation: Nth,
    },
    Mute {
        conversation: Nth,
        on: bool,
    },
    Unread {
        conversation: Nth,
    },
    SeenByAgent {
        by: By,
        conversation: Nth,
    },
    Create {
        by: By,
        contact: Nth,
        inbox: Nth,
        status: &'static str,
        message: bool,
    },
    DeleteConversation {
        conversation: Nth,
    },
    /// Several at once, as the page's check boxes do it.
    Bulk {
        by: By,
        conversations: Vec<Nth>,
        what: Bulk,
    },
    // Contacts.
    NewContact {
        name: String,
        email: bool,
    },
    EditContact {
        contact: Nth,
        field: &'static str,
        value: u64,
    },
    Block {
        contact: Nth,
        on: bool,
    },
    Merge {
        base: Nth,
        other: Nth,
    },
    DeleteContact {
        contact: Nth,
    },
    // The account's lists.
    NewLabel {
        value: u64,
    },
    RenameLabel {
        label: Nth,
        value: u64,
    },
    RecolourLabel {
        label: Nth,
        value: u64,
    },
    DeleteLabel {
        label: Nth,
    },
    NewCanned {
        value: u64,
    },
    EditCanned {
        canned: Nth,
        value: u64,
    },
    DeleteCanned {
        canned: Nth,
    },
    RenameInbox {
        inbox: Nth,
        value: u64,
    },
    /// Whether its customers are asked for a rating once their conversation is resolved.
    Surveys {
        inbox: Nth,
        on: bool,
    },
    NewTeam {
        value: u64,
    },
    RenameTeam {
        team: Nth,
        value: u64,
    },
    DeleteTeam {
        team: Nth,
    },
    NewAgent {
        value: u64,
    },
    RenameAgent {
        agent: Nth,
        value: u64,
    },
    DeleteAgent {
        agent: Nth,
    },
    // afenda's own users.
    Ours {
        user: User,
        conversation: Nth,
        write: Write,
    },
    // What goes wrong.
    Wrong(Wrong),
}

const LABELS: [&str; 6] = ["vip", "refund", "late", "loud", "not-in-the-list", "escalated-before"];
const STATUSES: [&str; 4] = ["open", "resolved", "pending", "snoozed"];
const PRIORITIES: [&str; 4] = ["low", "medium", "high", "urgent"];

/// What a seed is made of: how often what happens.
pub(crate) struct Mix {
    /// Steps that go wrong, of a hundred.
    pub(crate) wrong: u64,
    /// Whether the daemon may be killed.
    pub(crate) kills: bool,
    /// Whether frames and webhooks may be lost while nothing shows it.
    pub(crate) silent_loss: bool,
}

impl Mix {
    /// The mix of a seed: some without faults, some gentle, most rough.
    pub(crate) fn of(dice: &mut Dice) -> Self {
        match dice.below(8) {
            0 => Self { wrong: 0, kills: false, silent_loss: false },
            1 | 2 => Self { wrong: 8, kills: true, silent_loss: false },
            _ => Self { wrong: 12, kills: true, silent_loss: true },
        }
    }
}

/// A script of so many steps.
pub(crate) fn script(dice: &mut Dice, steps: u64) -> Vec<Op> {
    let mix = Mix::of(dice);
    (0..steps).map(|step| op(dice, &mix, step)).collect()
}

fn op(dice: &mut Dice, mix: &Mix, step: u64) -> Op {
    if dice.chance(mix.wrong) {
        return Op::Wrong(wrong(dice, mix));
    }
    match dice.below(100) {
        0..26 => customer(dice, step),
        26..70 => agent(dice, step),
        70..80 => contact(dice, step),
        80..86 => list(dice),
        _ => Op::Ours { user: dice.one(&[User::Ada, User::Jo, User::Sam]), conversation: nth(dice), write: write(dice, step) },
    }
}

/// Rather one of the last ones than an old one: that is where things meet.
fn nth(dice: &mut Dice) -> Nth {
    if dice.chance(60) { u64::MAX - dice.below(4) } else { dice.below(1000) }
}

fn text(dice: &mut Dice, step: u64) -> String {
    let what = dice.one(&[
        "Where is my parcel?",
        "Thanks!",
        "It is broken 😕",
        "line one\nline two",
        "<b>bold</b> & \"quoted\"",
        "  ",
        "naïve café",
    ]);
    format!("{what} ({step})")
}

fn by(dice: &mut Dice) -> By {
    dice.one(&[By::Admin, By::Admin, By::Jo, By::Kim])
}

fn customer(dice: &mut Dice, step: u64) -> Op {
    let text = text(dice, step);
    match dice.below(22) {
        20 | 21 => Op::Rates { conversation: nth(dice), rating: 1 + dice.below(5) },
        0..2 => Op::Arrives { with: dice.one(&["name", "email", "phone", "identifier"]), text },
        2..4 => Op::NewConversationOf { contact: nth(dice), text },
        4..7 => Op::Sees { conversation: nth(dice) },
        7 => Op::ResolvedByCustomer { conversation: nth(dice) },
        8..11 => Op::Mails { inbox: dice.one(&["web", "mail"]), who: dice.below(4), text },
        _ => Op::Writes { conversation: nth(dice), text, file: dice.chance(15) },
    }
}

fn agent(dice: &mut Dice, step: u64) -> Op {
    let (conversation, by) = (nth(dice), by(dice));
    match dice.below(50) {
        48 | 49 => {
            let conversations = (0..1 + dice.below(5)).map(|_| nth(dice)).collect();
            let what = match dice.below(3) {
                0 => Bulk::Status(dice.one(&["open", "resolved", "pending"])),
                1 => Bulk::Assign(dice.one(&[None, Some(By::Jo), Some(By::Kim)])),
                _ => Bulk::Label { add: dice.one(&LABELS), remove: dice.one(&LABELS) },
            };
            Op::Bulk { by, conversations, what }
        }
        44 | 45 => Op::Answer { by, conversation, message: nth(dice), text: text(dice, step) },
        46 => Op::Typing { by, conversation },
        47 => Op::AssignBot { conversation },
        0..10 => Op::Reply { by, conversation, text: text(dice, step), file: dice.chance(15) },
        10..13 => Op::Note { by, conversation, text: format!("[@Jo](mention://user/2/Jo) look ({step})") },
        13..15 => Op::Note { by, conversation, text: text(dice, step) },
        15..19 => Op::Assign { by, conversation, to: dice.one(&[None, Some(By::Admin), Some(By::Jo), Some(By::Kim)]) },
        19..21 => Op::Team { by, conversation, team: dice.one(&[None, Some(0), Some(1)]) },
        21..26 => {
            let status = dice.one(&STATUSES);
            Op::Status { by, conversation, status, for_s: dice.one(&[None, Some(3600), Some(86_400)]) }
        }
        26..30 => {
            let count = dice.below(4);
            Op::Labels { by, conversation, labels: (0..count).map(|_| dice.one(&LABELS)).collect() }
        }
        30..32 => Op::Priority { by, conversation, priority: dice.one(&[None, Some(dice_priority(step)), Some("urgent")]) },
        32 => Op::Attributes { by, conversation, value: dice.below(50) },
        33..35 => Op::DeleteMessage { by, conversation, message: nth(dice) },
        35..37 => Op::MessageState { conversation, message: nth(dice), state: dice.one(&["delivered", "read", "failed"]) },
        37 => Op::RetryFailed { conversation },
        38 => Op::Mute { conversation, on: dice.chance(40) },
        39 => Op::Unread { conversation },
        40 => Op::SeenByAgent { by, conversation },
        41 | 42 => Op::Create { by, contact: nth(dice), inbox: dice.below(3), status: dice.one(&STATUSES), message: dice.chance(60) },
        _ => Op::DeleteConversation { conversation: dice.below(1000) },
    }
}

fn dice_priority(step: u64) -> &'static str {
    PRIORITIES[usize::try_from(step % 4).unwrap_or_default()]
}

fn contact(dice: &mut Dice, step: u64) -> Op {
    let contact = nth(dice);
    match dice.below(20) {
        0..4 => Op::NewContact { name: format!("New {step}"), email: dice.chance(50) },
        4..14 => {
            let field = dice.one(&["name", "email", "phone_number", "identifier", "custom_attributes", "additional_attributes"]);
            Op::EditContact { contact, field, value: dice.below(1000) }
        }
        14..16 => Op::Block { contact, on: dice.chance(50) },
        16..19 => Op::Merge { base: contact, other: dice.below(1000) },
        _ => Op::DeleteContact { contact: dice.below(1000) },
    }
}

fn list(dice: &mut Dice) -> Op {
    let (one, value) = (dice.below(1000), dice.below(10_000));
    match dice.below(18) {
        10 | 11 => Op::Surveys { inbox: one, on: dice.chance(60) },
        12 => Op::NewTeam { value },
        13 => Op::RenameTeam { team: one, value },
        14 => Op::DeleteTeam { team: one },
        15 => Op::NewAgent { value },
        16 => Op::RenameAgent { agent: one, value },
        17 => Op::DeleteAgent { agent: one },
        0 | 1 => Op::NewLabel { value },
        2 => Op::RenameLabel { label: one, value },
        3 => Op::RecolourLabel { label: one, value },
        4 => Op::DeleteLabel { label: one },
        5 | 6 => Op::NewCanned { value },
        7 => Op::EditCanned { canned: one, value },
        8 => Op::DeleteCanned { canned: one },
        _ => Op::RenameInbox { inbox: one, value },
    }
}

fn write(dice: &mut Dice, step: u64) -> Write {
    match dice.below(18) {
        14 | 15 => Write::Read(dice.chance(50)),
        16 => Write::Attributes(dice.below(50)),
        17 => Write::Contact(dice.below(1000)),
        0..5 => Write::Reply(format!("ours {step}")),
        5 | 6 => Write::Note(format!("our note {step}")),
        7 => Write::Assignee(dice.one(&["me", "none", "kim"])),
        8 => Write::Team(dice.one(&[None, Some(0), Some(1)])),
        9 | 10 => Write::Status(dice.one(&["open", "resolved", "pending", "snoozed"])),
        11 | 12 => Write::Label { add: dice.one(&LABELS), remove: dice.one(&LABELS) },
        _ => Write::Priority(dice.one(&["none", "low", "urgent"])),
    }
}

/// Something that goes wrong; half of the time what did ends instead.
pub(crate) fn wrong(dice: &mut Dice, mix: &Mix) -> Wrong {
    let few = 1 + dice.below(6);
    let all = [
        (6, Wrong::Nothing),
        (2, Wrong::Doubled),
        (2, Wrong::Shuffled(10 + dice.below(60))),
        (2, Wrong::HooksLate(20 + dice.below(HOOKS_LATE_MS_MAX - 20))),
        (if mix.silent_loss { 2 } else { 0 }, Wrong::FramesLost(few * 3)),
        (3, Wrong::HooksLost(few * 3)),
        (if mix.silent_loss { 1 } else { 0 }, Wrong::AllLost(few * 3)),
        (2, Wrong::Status(dice.one(&[500, 502, 503]), few)),
        (1, Wrong::Status(429, 1 + few / 3)),
        (1, Wrong::Page(1 + few / 3)),
        (2, Wrong::Cut(few)),
        (2, Wrong::AnswerLost(few)),
        (1, Wrong::TooLate(1)),
        (3, Wrong::SocketCut),
        (1, Wrong::SocketClosed),
        (2, Wrong::TimePasses(dice.one(&[20, 300, 7200, 345_600]))),
        (if mix.kills { 2 } else { 0 }, Wrong::Killed),
        (if mix.kills { 1 } else { 0 }, Wrong::Down),
        (if mix.kills { 2 } else { 0 }, Wrong::Started),
        (if mix.kills { 1 } else { 0 }, Wrong::Restarted),
    ];
    dice.weighted(&all)
}
