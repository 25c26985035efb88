//! `afenda conv create`.

use std::path::PathBuf;

use api::contact::{ContactInboxView, NewConversation};
use api::inbox::ConversationStatus;

use crate::commands::outbox;
use crate::context::Context;
use crate::error::CliError;
use crate::selector::{self, pick};

/// Begin a conversation with a contact
#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// The contact: 123, #123, or the address of its page in Chatwoot
    #[arg(value_name = "CONTACT", value_parser = crate::selector::contact)]
    contact: i64,
    /// The inbox, by name or number
    #[arg(short, long, value_name = "INBOX")]
    inbox: String,
    /// The first message to the customer; it arrives as it is
    #[arg(short, long, value_name = "TEXT", conflicts_with = "body_file")]
    body: Option<String>,
    /// A file with the first message; - reads standard input
    #[arg(short = 'F', long, value_name = "FILE")]
    body_file: Option<PathBuf>,
    /// Subject of the mail, in an e-mail inbox
    #[arg(long, value_name = "TEXT")]
    subject: Option<String>,
    /// open, pending or resolved [default: Chatwoot's choice]
    #[arg(short, long)]
    status: Option<ConversationStatus>,
    /// me, an agent's name or number, or none
    #[arg(short, long, value_name = "WHO")]
    assignee: Option<String>,
    /// A team, by name or number
    #[arg(short, long, value_name = "TEAM")]
    team: Option<String>,
    /// Seconds to wait before it leaves, during which it can be recalled [default: the daemon's]
    #[arg(long, value_name = "SECONDS")]
    hold: Option<u32>,
}

/// The inbox that is meant, where a conversation can be begun in it.
fn chosen<'a>(inboxes: &'a [ContactInboxView], wanted: &str) -> Result<&'a ContactInboxView, CliError> {
    let inbox = pick("inbox", wanted, inboxes, |inbox| (inbox.id, &inbox.name))?;
    match &inbox.refusal {
        None => Ok(inbox),
        Some(why) => {
            let open: Vec<String> =
                inboxes.iter().filter(|other| other.refusal.is_none()).map(|other| format!("{} ({})", other.name, other.id)).collect();
            let hint =
                if open.is_empty() { "there is no inbox for this contact".to_owned() } else { format!("there are: {}", open.join(", ")) };
            Err(CliError::usage(format!("no conversation can be begun in {}: {why}", inbox.name)).hint(hint))
        }
    }
}

impl Create {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let message = crate::body::read(self.body, self.body_file)?;
        let session = ctx.session().await?;
        let contact_id = self.contact;
        let about = |err: CliError| err.about(format!("contact {contact_id}"));
        let inboxes = session.call(async |client| client.contact_inboxes(contact_id).await).await.map_err(about)?;
        let inbox = chosen(&inboxes, &self.inbox)?;
        let assignee = match &self.assignee {
            None => None,
            Some(who) => Some(selector::assignee(&session, who).await?),
        };
        let team = match &self.team {
            None => None,
            Some(name) => Some(selector::team(&session, name).await?),
        };
        let new = NewConversation {
            contact_id,
            inbox_id: inbox.id,
            message,
            subject: self.subject,
            status: self.status,
            assignee,
            team,
            hold_seconds: self.hold,
        };
        let key = ctx.key(&contact_id.to_string(), false);
        let row = session.change("afenda outbox list", async |client| client.begin_conversation(&new, &key).await).await.map_err(about)?;
        let sentence = format!("conversation with contact {contact_id} in {}: {}{}", inbox.name, row.state, outbox::recall(ctx, &row));
        ctx.out.row(&row, outbox::COLUMNS, &crate::text::line(&sentence))
    }
}
