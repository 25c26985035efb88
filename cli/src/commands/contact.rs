//! `afenda contact`: read and change a customer.

use api::contact::{ContactDetail, ContactNoteView, ContactQuery, NewContactNote};
use api::inbox::{ContactPatch, ContactView, DeleteMessage};
use api::page::LIMIT_MAX;
use api::page::Source;
use serde_json::Value;
use std::path::PathBuf;

use crate::commands::outbox;

use crate::commands::conv::attributes::{Attributes, pair};
use crate::context::{Context, Session};
use crate::error::CliError;
use crate::output::{Column, column, flexible, spare};
use crate::rows::Rows;

/// Read and change contacts
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Contact {
    /// List contacts, by name
    List(List),
    /// Find contacts by words of their name, e-mail address, phone number or identifier
    Search(Search),
    /// Show a contact
    View(View),
    /// Change a contact; "" clears a field
    Edit(Edit),
    /// Show what the team noted about a contact, newest first, or add a note
    #[command(visible_alias = "note")]
    Notes(Notes),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Notes {
    /// The contact: 123, #123, or the address of its page in Chatwoot
    #[arg(value_name = "ID", value_parser = crate::selector::contact)]
    id: i64,
    /// Write this note; only the team sees it
    #[arg(long, value_name = "TEXT", group = "text")]
    add: Option<String>,
    /// Write a note with the text of a file; - reads standard input
    #[arg(short = 'F', long, value_name = "FILE", group = "text")]
    body_file: Option<PathBuf>,
    /// Delete a note of one's own, by its number
    #[arg(long, value_name = "NOTE", group = "text")]
    delete: Option<i64>,
    /// Seconds to wait before it leaves, during which it can be recalled
    #[arg(long, value_name = "SECONDS", requires = "text")]
    hold: Option<u32>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Words that name, e-mail address, phone number or identifier hold
    #[arg(short = 'S', long, value_name = "WORDS")]
    search: Option<String>,
    #[command(flatten)]
    rows: Rows<30>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Search {
    /// What to find
    #[arg(value_name = "WORDS", required = true)]
    words: Vec<String>,
    #[command(flatten)]
    rows: Rows<30>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct View {
    /// The contact: 123, #123, or the address of its page in Chatwoot
    #[arg(value_name = "ID", value_parser = crate::selector::contact)]
    id: i64,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Edit {
    /// The contact: 123, #123, or the address of its page in Chatwoot
    #[arg(value_name = "ID", value_parser = crate::selector::contact)]
    id: i64,
    /// New name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// New e-mail address
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// New phone number, such as +4930123456
    #[arg(long, value_name = "NUMBER")]
    phone: Option<String>,
    /// New id in the shop's own systems
    #[arg(long, value_name = "ID")]
    identifier: Option<String>,
    /// Whether Chatwoot blocks them
    #[arg(long, value_name = "true|false")]
    blocked: Option<bool>,
    /// A field that Chatwoot knows besides, such as city=Bern or company_name=Acme
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    field: Vec<(String, Value)>,
    #[command(flatten)]
    attributes: Attributes,
}

const COLUMNS: &[Column<ContactView>] = &[
    column("ID", |row, _| row.id.to_string()),
    flexible("NAME", |row, _| row.name.clone()),
    flexible("EMAIL", |row, _| row.email.clone().unwrap_or_default()),
    spare(column("PHONE", |row, _| row.phone_number.clone().unwrap_or_default())),
    spare(column("IDENTIFIER", |row, _| row.identifier.clone().unwrap_or_default())),
    spare(column("BLOCKED", |row, _| row.blocked.to_string())),
];

const LISTED: &[Column<ContactDetail>] = &[
    column("ID", |row, _| row.contact.id.to_string()),
    flexible("NAME", |row, _| row.contact.name.clone()),
    flexible("EMAIL", |row, _| row.contact.email.clone().unwrap_or_default()),
    spare(column("PHONE", |row, _| row.contact.phone_number.clone().unwrap_or_default())),
    spare(column("SEEN", |row, shown| shown.age_of(row.last_activity_at))),
    spare(column("BLOCKED", |row, _| row.contact.blocked.to_string())),
];

impl List {
    async fn run(self, ctx: &mut Context, session: &Session) -> Result<(), CliError> {
        let limit = self.rows.most() as usize;
        let mut query = ContactQuery { q: self.search, ..ContactQuery::default() };
        let mut rows = Vec::new();
        let total = loop {
            query.limit = u32::try_from(limit - rows.len()).ok().map(|rest| rest.min(LIMIT_MAX));
            let page = session.call(async |client| client.contacts(&query).await).await?;
            let got = page.data.len();
            rows.extend(page.data);
            query.cursor = page.meta.next_cursor;
            if got == 0 || rows.len() >= limit || query.cursor.is_none() {
                break page.meta.total;
            }
        };
        ctx.part(&rows, total, LISTED, "no contact fits")
    }
}

const NOTES: &[Column<ContactNoteView>] = &[
    column("NOTE", |row, _| row.id.map(|id| id.to_string()).unwrap_or_default()),
    column("TIME", |row, shown| shown.clock(row.created_at)),
    flexible("WHO", |row, _| row.author.as_ref().map(|author| author.name.clone()).unwrap_or_default()),
    column("STATE", |row, _| row.state.map_or_else(|| "kept".to_owned(), |state| state.to_string())),
    flexible("TEXT", |row, _| row.content.clone()),
];

impl Notes {
    async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let session = ctx.session().await?;
        let id = self.id;
        let about = |err: CliError| err.about(format!("contact {id}"));
        if let Some(note) = self.delete {
            let (delete, key) = (DeleteMessage { hold_seconds: self.hold }, ctx.key(&note.to_string(), false));
            let row = session
                .change(&format!("afenda contact notes {id}"), async |client| client.delete_contact_note(id, note, &delete, &key).await)
                .await
                .map_err(about)?;
            return ctx.out.row(
                &row,
                outbox::COLUMNS,
                &format!("contact {id}: deletion of note {note} {}{}", row.state, outbox::recall(ctx, &row)),
            );
        }
        if self.add.is_none() && self.body_file.is_none() {
            let page = session.call(async |client| client.contact_notes(id).await).await.map_err(about)?;
            if let (Some(Source::Store), Some(at)) = (page.meta.source, page.meta.as_of) {
                ctx.out.note(&format!("Chatwoot does not answer; as of {}", ctx.out.shown().clock(at)));
            }
            return ctx.out.list(&page.data, NOTES, "no note");
        }
        let content = crate::body::read(self.add, self.body_file)?;
        let content = content.ok_or_else(|| CliError::usage("the text is empty").hint("give it with --add TEXT, -F FILE or -F -"))?;
        let (note, key) = (NewContactNote { content, hold_seconds: self.hold }, ctx.key(&id.to_string(), false));
        let row = session
            .change(&format!("afenda contact notes {id}"), async |client| client.add_contact_note(id, &note, &key).await)
            .await
            .map_err(about)?;
        ctx.out.row(&row, outbox::COLUMNS, &format!("contact {id}: note {}{}", row.state, outbox::recall(ctx, &row)))
    }
}

impl Contact {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let session = ctx.session().await?;
        let (id, row) = match self {
            Self::List(list) => return list.run(ctx, &session).await,
            Self::Search(search) => return List { search: Some(search.words.join(" ")), rows: search.rows }.run(ctx, &session).await,
            Self::Notes(notes) => return notes.run(ctx).await,
            Self::View(View { id }) => (id, session.call(async |client| client.contact(id).await).await),
            Self::Edit(edit) => {
                let id = edit.id;
                let patch = edit.patch();
                let key = ctx.key(&id.to_string(), false);
                (
                    id,
                    session
                        .change(&format!("afenda contact view {id}"), async |client| client.update_contact(id, &patch, &key).await)
                        .await,
                )
            }
        };
        let row = row.map_err(|err| err.about(format!("contact {id}")))?;
        let parts = [Some(&row.name), row.email.as_ref(), row.phone_number.as_ref(), row.identifier.as_ref()];
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).filter(|part| !part.is_empty()).collect();
        let blocked = if row.blocked { ", blocked" } else { "" };
        let sentence = crate::text::line(&format!("contact {}: {}{blocked}", row.id, parts.join(", ")));
        ctx.out.row(&row, COLUMNS, &sentence)
    }
}

impl Edit {
    fn patch(self) -> ContactPatch {
        // What is empty is cleared; a name cannot be, and the daemon says so.
        let cleared = |text: Option<String>| text.map(|text| (!text.is_empty()).then_some(text));
        ContactPatch {
            name: self.name,
            email: cleared(self.email),
            phone_number: cleared(self.phone),
            identifier: cleared(self.identifier),
            blocked: self.blocked,
            additional_attributes: self.field.into_iter().collect(),
            custom_attributes: self.attributes.change(),
        }
    }
}
