//! A small shop's inbox, as in the drawings, and a screen to type on.

use api::approval::{Actor, ApprovalStatus, ApprovalView, ExcerptLine, Money, WriteBack};
use api::id::{ApprovalId, ConversationId, MessageId, OutboxId, Reference, TenantId};
use api::inbox::{
    ApprovalMark, AttachmentView, ContactView, ConversationStatus, ConversationView, DeliveryState, InboxView, LabelView, MessageType,
    MessageView, Named, OutboxState, OutboxView, Priority, Sender, SenderKind, Snippet,
};
use api::lists::CannedResponseView;
use api::page::{Counts, Page, PageMeta};
use api::status::{LinkState, LinkView, OutboxCounts, Progress, StatusView};
use api::tenant::{LinkedAgent, MeView, Role, TenantView};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use uuid::Uuid;

use crate::event::{Answer, Directory, Effect, Event, Failure};
use crate::state::State;
use crate::theme::{Background, Depth, Theme};
use crate::{keymap, update, view};

pub(super) fn now() -> Timestamp {
    "2026-11-20T10:41:00Z".parse().unwrap()
}

pub(super) fn ago(minutes: i64) -> Timestamp {
    now() - SignedDuration::from_mins(minutes)
}

pub(super) fn approval_id(n: u32) -> ApprovalId {
    ApprovalId(Uuid::from_u128(u128::from(n)))
}

pub(super) fn outbox_id(n: u32) -> OutboxId {
    OutboxId(Uuid::from_u128(1_000 + u128::from(n)))
}

/// An entry of the caller's in the outbox.
pub(super) fn entry(n: u32, kind: &str) -> OutboxView {
    OutboxView {
        id: outbox_id(n),
        conversation_id: Some(ConversationId(1042)),
        contact_id: None,
        inbox_id: None,
        kind: kind.into(),
        state: OutboxState::Queued,
        user: "jo".into(),
        content: None,
        template: None,
        change: None,
        attempts: 0,
        error: None,
        sends_at: now(),
        created_at: now(),
    }
}

pub(super) fn me(own_token: Option<bool>) -> MeView {
    MeView {
        user: "jo".into(),
        name: "Jo Agent".into(),
        role: Role::Admin,
        tenant: TenantView {
            id: TenantId(Uuid::from_u128(7)),
            slug: "acme".into(),
            name: "Acme Shop".into(),
            role: Role::Admin,
            default: true,
            url: "https://chat.example.com/app/accounts/1/".into(),
        },
        agent: own_token.map(|own_token| LinkedAgent { id: 1, name: "Jo Agent".into(), own_token }),
        hold_seconds: 5,
    }
}

pub(super) fn status(state: LinkState) -> StatusView {
    StatusView {
        version: "0.1.0".into(),
        protocol: api::PROTOCOL,
        started_at: ago(600),
        now: Some(now()),
        auth_mode: "local".into(),
        chatwoot: LinkView { state, message: None, version: Some("4.9.1".into()), url: None, account_id: Some(1), heard_at: Some(now()) },
        first_copy: Progress { done: true, conversations: 31, conversations_total: Some(31), messages: 300, ..Progress::default() },
        lag_s: Some(0),
        outbox: OutboxCounts::default(),
        approvals_waiting: 3,
        seq: 100,
        store_bytes: None,
        pid: None,
        webhooks: None,
        warnings: Vec::new(),
    }
}

pub(super) struct Talk {
    pub(super) id: i64,
    pub(super) name: &'static str,
    pub(super) text: &'static str,
    pub(super) waits: Option<i64>,
    pub(super) active: i64,
    pub(super) unread: u32,
    pub(super) labels: &'static [&'static str],
    pub(super) priority: Option<Priority>,
    pub(super) ours: bool,
    pub(super) private: bool,
}

impl Talk {
    pub(super) const fn new(id: i64, name: &'static str, text: &'static str, active: i64) -> Self {
        Self { id, name, text, waits: None, active, unread: 0, labels: &[], priority: None, ours: false, private: false }
    }

    pub(super) fn view(&self) -> ConversationView {
        ConversationView {
            id: ConversationId(self.id),
            status: ConversationStatus::Open,
            priority: self.priority,
            inbox: InboxView { id: 1, name: "Shop API".into(), channel: "Api".into(), email: None },
            contact: ContactView {
                id: self.id,
                name: self.name.into(),
                email: Some(format!("c{}@example.com", self.id)),
                phone_number: Some("+1 555 010 0042".into()),
                identifier: None,
                blocked: false,
            },
            assignee: Some(Named { id: 1, name: "Jo Agent".into() }),
            team: Some(Named { id: 3, name: "billing".into() }),
            labels: self.labels.iter().map(|l| (*l).to_owned()).collect(),
            unread_count: self.unread,
            can_reply: true,
            snippet: Some(Snippet {
                text: self.text.into(),
                message_type: if self.ours { MessageType::Outgoing } else { MessageType::Incoming },
                private: self.private,
            }),
            waiting_since: self.waits.map(ago),
            snoozed_until: None,
            created_at: ago(3_000),
            last_activity_at: ago(self.active),
            source: api::page::Source::Store,
            additional_attributes: Default::default(),
            custom_attributes: Default::default(),
            approvals: Vec::new(),
            pending: Vec::new(),
            url: format!("https://chat.example.com/app/accounts/1/conversations/{}", self.id),
            as_of: now(),
        }
    }
}

pub(super) fn talks() -> Vec<ConversationView> {
    let mut dee = Talk {
        waits: Some(41),
        unread: 3,
        labels: &["vip", "refund"],
        priority: Some(Priority::Urgent),
        ..Talk::new(1042, "Dee Shopper", "My parcel is late and the tracking page says it was delivered on Friday.", 8)
    }
    .view();
    dee.approvals =
        vec![mark(42, "refund 240 €", ApprovalStatus::Submitted, ago(7)), mark(31, "voucher 20 €", ApprovalStatus::Approved, ago(2_990))];
    vec![
        dee,
        Talk { waits: Some(18), unread: 1, ..Talk::new(1041, "Marta Keller", "Could I change the delivery address please?", 18) }.view(),
        Talk { waits: Some(6), labels: &["refund"], ..Talk::new(1040, "Bob Walker", "I have asked again.", 6) }.view(),
        Talk { waits: Some(4), unread: 1, labels: &["vip"], ..Talk::new(1039, "李小龙", "请问什么时候发货？", 4) }.view(),
        Talk {
            labels: &["escalate"],
            priority: Some(Priority::High),
            ours: true,
            private: true,
            ..Talk::new(1030, "Ann Buyer", "waiting for Ada on AP-42", 125)
        }
        .view(),
        Talk { ours: true, ..Talk::new(1029, "Support Desk Nordic", "Thanks, that solved it.", 190) }.view(),
        Talk::new(1022, "+1 555 010 0003", "", 310).view(),
        Talk { labels: &["refund"], ..Talk::new(1011, "Carla Reyes", "Ok, I will wait for the refund.", 1_500) }.view(),
    ]
}

fn mark(n: u32, title: &str, status: ApprovalStatus, at: Timestamp) -> ApprovalMark {
    ApprovalMark { id: approval_id(n), reference: Reference(n), status, title: title.into(), created_at: at }
}

pub(super) fn message(id: i64, kind: MessageType, name: &str, text: &str, minutes: i64) -> MessageView {
    MessageView {
        id: Some(MessageId(id)),
        outbox_id: None,
        conversation_id: ConversationId(1042),
        message_type: kind,
        private: false,
        content: Some(text.into()),
        content_type: "text".into(),
        state: DeliveryState::Sent,
        error: None,
        sender: (!name.is_empty()).then(|| Sender {
            id: Some(1),
            kind: if kind == MessageType::Incoming { SenderKind::Contact } else { SenderKind::User },
            name: name.into(),
        }),
        own: name == "Jo Agent",
        attachments: Vec::new(),
        deleted: false,
        in_reply_to: None,
        mail: None,
        created_at: ago(minutes),
        sends_at: None,
    }
}

pub(super) fn thread() -> Vec<MessageView> {
    let mut photo = message(
        501,
        MessageType::Incoming,
        "Dee Shopper",
        "My parcel is late and the tracking page says it was delivered on Friday. It was not. Order A-2291, 240 €.",
        39,
    );
    photo.attachments = vec![AttachmentView {
        id: 9,
        file_type: "image".into(),
        name: "photo-of-door.jpg".into(),
        file_size: Some(312_400),
        url: Some("https://chat.example.com/rails/active_storage/blobs/photo-of-door.jpg".into()),
    }];
    let mut sorry =
        message(502, MessageType::Outgoing, "Jo Agent", "Sorry Dee, I am asking the courier for the proof of delivery right now.", 32);
    sorry.state = DeliveryState::Delivered;
    let added = message(503, MessageType::Activity, "", "Jo Agent added vip, refund", 30);
    let mut note = message(504, MessageType::Outgoing, "Jo Agent", "@Ada courier has no signature. Refund 240 € or resend?", 10);
    note.private = true;
    let news = message(505, MessageType::Incoming, "Dee Shopper", "Any news? I need it for Saturday.", 8);
    vec![photo, sorry, added, note, news]
}

pub(super) fn approvals() -> Vec<ApprovalView> {
    let line = |id, from: &str, kind, private, text: &str, minutes| ExcerptLine {
        message_id: MessageId(id),
        at: ago(minutes),
        from: from.into(),
        message_type: kind,
        private,
        text: text.into(),
    };
    let one = |n: u32, title: &str, contact: &str, minutes, expires: i64| ApprovalView {
        id: approval_id(n),
        reference: Reference(n),
        kind: "escalation".into(),
        title: title.into(),
        description: String::new(),
        status: ApprovalStatus::Submitted,
        revision: 2,
        digest: "sha256:00".into(),
        requester: Actor { user: Some("kim".into()), name: "Kim Agent".into() },
        conversation_id: Some(ConversationId(1042)),
        contact: Some(contact.into()),
        amount: None,
        excerpt: Vec::new(),
        created_at: ago(minutes),
        submitted_at: Some(ago(minutes)),
        expires_at: Some(now() + SignedDuration::from_mins(expires)),
        decided_at: None,
        decided_by: None,
        comment: None,
        write_back: WriteBack::None,
        hindrance: None,
    };
    let mut first = one(42, "Refund 240 € for a parcel that never arrived", "Dee Shopper", 8, 232);
    first.description =
        "Courier has no signature; second parcel lost this month. Customer needs it by Saturday, I suggest refund rather than resend."
            .into();
    first.amount = Some(Money { minor_units: 24_000, currency: "EUR".into() });
    first.excerpt = vec![
        line(
            501,
            "Dee Shopper",
            MessageType::Incoming,
            false,
            "My parcel is late and the tracking page says it was delivered on Friday. It was not. Order A-2291, 240 €.",
            39,
        ),
        line(
            504,
            "Jo Agent",
            MessageType::Outgoing,
            true,
            "[@Ada](mention://user/2/Ada%20Admin) courier has no signature. Refund 240 € or resend?",
            10,
        ),
        line(505, "Dee Shopper", MessageType::Incoming, false, "Any news? I need it for Saturday.", 8),
    ];
    vec![first, one(41, "Goodwill voucher 50 €", "Carla Reyes", 75, 30), one(39, "Room for legal review", "Nordic", 310, 10)]
}

pub(super) fn canned() -> Vec<CannedResponseView> {
    let one = |id, code: &str, content: &str| CannedResponseView { id, short_code: code.into(), content: content.into() };
    vec![
        one(1, "greet", "Hello {{contact.first_name}},\n\nthank you for writing to {{inbox.name}}. My name is {{agent.first_name}}."),
        one(2, "late", "We are sorry that your parcel is late. Order {{order}} is being looked for."),
        one(3, "refund", "Your refund is on its way to {{contact.email}}; it takes three days."),
        one(4, "thanks", "Thank you!"),
    ]
}

pub(super) fn page<T>(data: Vec<T>) -> Page<T> {
    let total = data.len() as u64;
    let counts = Some(Counts { mine: 4, unassigned: 7, all: 31 });
    Page { data, meta: PageMeta { total, page: None, limit: 60, next_cursor: None, counts, ..PageMeta::default() } }
}

/// An inbox that is typed on and looked at. Time stands still unless told.
pub(super) struct Screen {
    pub(super) state: State,
    pub(super) effects: Vec<Effect>,
}

impl Screen {
    /// Nothing has been heard yet.
    pub(super) fn blank(width: u16, height: u16) -> Self {
        let mut state = State::new(now(), TimeZone::UTC, (width, height), "s");
        let effects = update::start(&mut state, None);
        Self { state, effects }
    }

    /// Everything is there and live.
    pub(super) fn new(width: u16, height: u16) -> Self {
        let mut screen = Self::blank(width, height);
        screen.send(Event::Stream(1, Ok(api::event::StreamEvent::Ready { seq: 100 })));
        screen.answer(Answer::Me(Ok(me(Some(true)))));
        screen.answer(Answer::Status(Ok(status(LinkState::Live))));
        screen.answer(Answer::Drafts(Vec::new(), None));
        screen.answer(Answer::Outbox(Ok(Vec::new())));
        let label = |title: &str, color: &str| LabelView { title: title.into(), color: color.into(), description: None };
        screen.answer(Answer::Directory(Ok(Directory {
            agents: vec![Named { id: 2, name: "Ada Admin".into() }, Named { id: 1, name: "Jo Agent".into() }],
            teams: vec![Named { id: 3, name: "billing".into() }, Named { id: 4, name: "returns".into() }],
            labels: vec![label("escalate", "#cc3333"), label("refund", "#3366cc"), label("vip", "#d4a017")],
            inboxes: vec![
                InboxView { id: 2, name: "Shop mail".into(), channel: "Email".into(), email: None },
                InboxView { id: 1, name: "Shop API".into(), channel: "Api".into(), email: None },
            ],
            canned: canned(),
            attributes: super::acts::definitions(),
        })));
        let generation = screen.state.list.generation;
        screen.answer(Answer::List { generation, more: false, result: Ok(page(talks())) });
        let generation = screen.state.approvals.generation;
        screen.answer(Answer::Approvals { generation, more: false, result: Ok(page(approvals())) });
        screen.messages(thread());
        screen.effects.clear();
        screen
    }

    pub(super) fn send(&mut self, event: Event) {
        let effects = update(&mut self.state, event);
        self.effects.extend(effects);
    }

    pub(super) fn answer(&mut self, answer: Answer) {
        self.send(Event::Answer(Box::new(answer)));
    }

    pub(super) fn messages(&mut self, messages: Vec<MessageView>) {
        self.state.threads.entry(ConversationId(1042)).or_default();
        self.answer(Answer::Messages { id: ConversationId(1042), older: false, result: Ok(page(messages)) });
    }

    pub(super) fn tick(&mut self, millis: i64) {
        let now = self.state.now + SignedDuration::from_millis(millis);
        self.send(Event::Tick(now));
    }

    /// Types keys by their names; returns what was asked of the outside.
    pub(super) fn press(&mut self, keys: &str) -> Vec<Effect> {
        self.effects.clear();
        for key in keys.split_whitespace() {
            let key = keymap::parse(key).unwrap_or_else(|| panic!("no key is named {key}"));
            self.send(Event::Key(key));
        }
        std::mem::take(&mut self.effects)
    }

    pub(super) fn type_text(&mut self, text: &str) {
        for c in text.chars() {
            let code = if c == '\n' { crossterm::event::KeyCode::Enter } else { crossterm::event::KeyCode::Char(c) };
            self.send(Event::Key(crossterm::event::KeyEvent::from(code)));
        }
    }

    pub(super) fn terminal(&self) -> Terminal<TestBackend> {
        let (width, height) = self.state.size;
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let theme = Theme::new(Depth::True, Background::Dark);
        terminal.draw(|frame| view(&self.state, &theme, frame)).unwrap();
        terminal
    }

    /// The screen as text, the cursor as `▮` where there is one.
    pub(super) fn draw(&self) -> String {
        let mut terminal = self.terminal();
        let composing = match &self.state.overlay {
            None => self.state.composer.is_some() || self.state.typing(),
            Some(crate::state::Overlay::Help(help)) => help.typing,
            Some(overlay) => matches!(overlay, crate::state::Overlay::Palette(_) | crate::state::Overlay::Line(_)),
        };
        let cursor = terminal.get_cursor_position().unwrap();
        let buffer = terminal.backend().buffer();
        let mut out = String::new();
        for y in 0..buffer.area.height {
            let mut line = String::new();
            let mut skip = 0;
            for x in 0..buffer.area.width {
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                let symbol = buffer[(x, y)].symbol();
                skip = crate::text::width(symbol).saturating_sub(1);
                line.push_str(if composing && (x, y) == (cursor.x, cursor.y) { "▮" } else { symbol });
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}

pub(super) fn failure(code: api::Code, message: &str) -> Failure {
    Failure { code: Some(code), message: message.into(), lost: false, unknown: false }
}

pub(super) fn lost() -> Failure {
    Failure { code: None, message: "no daemon answers at http://127.0.0.1:8000".into(), lost: true, unknown: false }
}
