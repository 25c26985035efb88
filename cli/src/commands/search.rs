//! `afenda search`: over everything that is copied.

use api::inbox::ContactView;
use api::lists::CannedResponseView;
use api::search::{FoundMessage, SEARCH_LIMIT_MAX, SearchPage, SearchQuery};

use crate::context::Context;
use crate::error::CliError;
use crate::output::{Column, column, flexible};

/// Find messages, contacts and canned responses; `afenda help query` tells how
#[derive(Debug, clap::Args)]
pub(crate) struct Search {
    /// Words and operators, such as: refund from:dee has:attachment
    #[arg(required = true, value_name = "QUERY")]
    query: Vec<String>,
    /// What to find
    #[arg(long = "in", value_name = "WHAT", value_enum, default_value_t = In::Messages)]
    what: In,
    /// Only messages written then or later: 2h (ago), 2026-11-27, 2026-11-27T14:00, or with a zone
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Only messages written before then, not at it
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Messages at most
    #[arg(short = 'L', long, default_value_t = 30, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum In {
    Messages,
    Contacts,
    Canned,
}

const MESSAGES: &[Column<FoundMessage>] = &[
    column("CONV", |row, _| row.conversation_id.to_string()),
    column("TIME", |row, shown| shown.age(row.created_at)),
    flexible("CONTACT", |row, _| row.contact.clone()),
    flexible("WHO", |row, _| row.sender.as_ref().map(|sender| sender.name.clone()).unwrap_or_default()),
    column("KIND", |row, _| if row.private { "note".to_owned() } else { row.message_type.to_string() }),
    flexible("TEXT", |row, _| row.snippet.iter().map(|part| part.text.as_str()).collect()),
];

const CONTACTS: &[Column<ContactView>] = &[
    column("ID", |row, _| row.id.to_string()),
    flexible("NAME", |row, _| row.name.clone()),
    flexible("EMAIL", |row, _| row.email.clone().unwrap_or_default()),
    column("PHONE", |row, _| row.phone_number.clone().unwrap_or_default()),
];

const CANNED: &[Column<CannedResponseView>] =
    &[column("CODE", |row, _| row.short_code.clone()), flexible("TEXT", |row, _| row.content.clone())];

impl Search {
    /// Under which name the fields of what it prints are known.
    pub(crate) fn prints(&self) -> &'static str {
        match self.what {
            In::Messages => "search",
            In::Contacts => "search --in contacts",
            In::Canned => "search --in canned",
        }
    }

    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        if self.what != In::Messages && (self.from.is_some() || self.to.is_some()) {
            return Err(CliError::usage(
                "--from and --to are when a message was written: they say nothing of contacts and canned responses",
            ));
        }
        let (from, to) = (ctx.past("from", self.from.as_deref())?, ctx.past("to", self.to.as_deref())?);
        if let (Some(from), Some(to)) = (from, to)
            && to <= from
        {
            return Err(CliError::usage("--to must be later than --from"));
        }
        let session = ctx.session().await?;
        let limit = self.limit as usize;
        let mut query = SearchQuery { q: self.query.join(" "), from, to, ..SearchQuery::default() };
        let mut found = SearchPage::default();
        loop {
            query.limit = u32::try_from(limit - found.data.len()).ok().map(|rest| rest.min(SEARCH_LIMIT_MAX));
            let page = session.call(async |client| client.search(&query).await).await?;
            if query.cursor.is_none() {
                (found.contacts, found.canned_responses) = (page.contacts, page.canned_responses);
            }
            let got = page.data.len();
            found.data.extend(page.data);
            found.meta = page.meta;
            query.cursor.clone_from(&found.meta.next_cursor);
            if got == 0 || found.data.len() >= limit || query.cursor.is_none() || self.what != In::Messages {
                break;
            }
        }
        match self.what {
            In::Messages => ctx.part(&found.data, found.meta.total, MESSAGES, "nothing was found"),
            In::Contacts => ctx.out.list(&found.contacts, CONTACTS, "no contact fits"),
            In::Canned => ctx.out.list(&found.canned_responses, CANNED, "no canned response fits"),
        }
    }
}
