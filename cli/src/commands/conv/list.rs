//! `afenda conv list`.

use std::time::Duration;

use api::event::Activity;
use api::inbox::{ConversationQuery, ConversationStatus, ConversationView, Priority, Sort};
use api::page::LIMIT_MAX;
use jiff::Timestamp;

use crate::context::{Context, Session};
use crate::error::CliError;
use crate::output::{Column, column, flexible, spare};
use crate::rows::Rows;
use crate::selector::{self, pick};
use crate::watch::{Watch, Watched};

/// List conversations
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// open, resolved, pending, snoozed or all [default: open; with --view: all]
    #[arg(short, long, value_name = "STATUS", value_parser = parse_status)]
    status: Option<String>,
    /// me, unassigned, assigned, all, or an agent's name or number
    #[arg(short, long, default_value = "all", value_name = "WHO")]
    assignee: String,
    /// An inbox's name or number
    #[arg(short, long, value_name = "INBOX")]
    inbox: Option<String>,
    /// A team's name or number
    #[arg(short, long, value_name = "TEAM")]
    team: Option<String>,
    /// With any of these labels
    #[arg(short, long = "label", value_name = "LABEL", value_delimiter = ',')]
    labels: Vec<String>,
    /// urgent, high, medium, low or none
    #[arg(short, long, value_name = "LEVEL", value_parser = parse_priority)]
    priority: Option<String>,
    /// Only with messages that no agent has seen
    #[arg(long)]
    unread: bool,
    /// Only where the customer waits for so long or longer, such as 30m or 2h
    #[arg(long, value_name = "DURATION", value_parser = crate::time::parse_duration)]
    waiting: Option<Duration>,
    /// A filter that you saved in Chatwoot, by its name or number
    #[arg(long, value_name = "NAME")]
    view: Option<String>,
    /// Words to find in messages or in the contact's name
    #[arg(short = 'S', long, value_name = "WORDS")]
    search: Option<String>,
    /// activity, waiting, created or priority
    #[arg(long, default_value = "activity", value_name = "ORDER")]
    sort: Sort,
    #[command(flatten)]
    rows: Rows<30>,
    #[command(flatten)]
    watch: Watch,
}

fn parse_status(text: &str) -> Result<String, String> {
    if text == "all" {
        Ok(text.to_owned())
    } else {
        text.parse::<ConversationStatus>().map(|s| s.to_string()).map_err(|err| format!("{err}, all"))
    }
}

pub(super) fn parse_priority(text: &str) -> Result<String, String> {
    if text == "none" { Ok(text.to_owned()) } else { text.parse::<Priority>().map(|p| p.to_string()).map_err(|err| format!("{err}, none")) }
}

/// The columns of a conversation list.
pub(super) const COLUMNS: &[Column<ConversationView>] = &[
    column("ID", |row, _| row.id.to_string()),
    column("ST", |row, _| row.status.to_string()),
    column("PRI", |row, _| row.priority.map(|p| p.to_string()).unwrap_or_default()),
    column("WAIT", |row, shown| shown.age_of(row.waiting_since)),
    spare(column("UNR", |row, _| row.unread_count.to_string())),
    flexible("CONTACT", |row, _| row.contact.name.clone()),
    spare(flexible("INBOX", |row, _| row.inbox.name.clone())),
    spare(flexible("ASSIGNEE", |row, _| row.assignee.as_ref().map(|a| a.name.clone()).unwrap_or_default())),
    spare(flexible("LABELS", |row, _| row.labels.join(","))),
    flexible("LAST", |row, _| row.snippet.as_ref().map(|s| s.text.clone()).unwrap_or_default()),
];

impl List {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let session = ctx.session().await?;
        let query = self.query(&session).await?;
        Conversations { query, waiting: self.waiting, most: self.rows.most() as usize }.show(ctx, &session, &self.watch).await
    }

    async fn query(&self, session: &Session) -> Result<ConversationQuery, CliError> {
        let assignee = match self.assignee.strip_prefix('@').unwrap_or(&self.assignee) {
            word @ ("me" | "unassigned" | "assigned" | "all") => word.to_owned(),
            name if name.bytes().all(|b| b.is_ascii_digit()) => name.to_owned(),
            name => selector::assignee(session, name).await?,
        };
        let inbox = match &self.inbox {
            Some(name) => {
                let inboxes = session.call(async |client| client.inboxes().await).await?;
                Some(pick("inbox", name, &inboxes, |inbox| (inbox.id, &inbox.name))?.id)
            }
            None => None,
        };
        let team = match &self.team {
            Some(name) => Some(selector::team(session, name).await?),
            None => None,
        };
        let view = match &self.view {
            Some(name) => {
                let mut views = session.call(async |client| client.custom_filters().await).await?.data;
                views.retain(|view| view.filter_type == "conversation");
                Some(pick("saved view", name, &views, |view| (view.id, &view.name))?.id)
            }
            None => None,
        };
        let usual = if view.is_some() { "all" } else { "open" };
        Ok(ConversationQuery {
            status: Some(self.status.clone().unwrap_or_else(|| usual.to_owned())),
            view,
            assignee: Some(assignee),
            inbox,
            team,
            labels: (!self.labels.is_empty()).then(|| self.labels.join(",")),
            priority: self.priority.clone(),
            unread: self.unread,
            q: self.search.clone(),
            sort: Some(self.sort),
            fresh: false,
            ..ConversationQuery::default()
        })
    }
}

/// The conversations that a query finds, so many at most.
struct Conversations {
    query: ConversationQuery,
    /// How long the customer waits at least: counted anew at each look.
    waiting: Option<Duration>,
    most: usize,
}

impl Watched for Conversations {
    type Row = ConversationView;
    const COLUMNS: &'static [Column<ConversationView>] = COLUMNS;
    const EMPTY: &'static str = "no conversation fits";

    fn key(row: &ConversationView) -> String {
        row.id.to_string()
    }

    /// Names of agents, inboxes and labels stand in the rows too.
    fn concerns(&self) -> Box<dyn Fn(&Activity) -> bool> {
        Box::new(|_| true)
    }

    async fn read(&mut self, session: &Session) -> Result<(Vec<ConversationView>, u64), CliError> {
        let (mut rows, mut query) = (Vec::new(), self.query.clone());
        query.waiting_before = self.waiting.map(|waiting| crate::time::ago(waiting, Timestamp::now()));
        let total = loop {
            query.limit = u32::try_from(self.most - rows.len()).ok().map(|rest| rest.min(LIMIT_MAX));
            let answer = session.call(async |client| client.conversations(&query).await).await?;
            let got = answer.data.len();
            rows.extend(answer.data);
            query.cursor = answer.meta.next_cursor;
            if got == 0 || rows.len() >= self.most || query.cursor.is_none() {
                break answer.meta.total;
            }
        };
        rows.truncate(self.most);
        Ok((rows, total))
    }
}
