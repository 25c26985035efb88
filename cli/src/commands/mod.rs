//! The command tree; one file per command.

mod alias;
mod api;
mod approvals;
mod audit;
mod auth;
mod cache;
mod canned;
pub(crate) mod completion;
pub(crate) mod config;
mod contact;
mod conv;
pub(crate) mod daemon;
mod demo;
mod directory;
mod doctor;
pub(crate) mod events;
mod help;
mod inbox;
mod keys;
mod macros;
mod man;
mod outbox;
mod sandbox;
mod schema;
mod search;
mod settings;
mod status;
mod sync;
mod version;
mod view;
mod webhooks;

use crate::context::Context;
use crate::error::CliError;

pub(crate) use inbox::is_dumb;

/// The last words of commands that only show something: it may be longer than a screen.
const SHOW: [&str; 8] = ["list", "view", "show", "messages", "notes", "search", "preset", "help"];

/// Whether a command, by its words, only shows something.
pub(crate) fn only_shows(path: &str) -> bool {
    path.rsplit(' ').next().is_some_and(|word| SHOW.contains(&word))
}

/// What to do.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Open the inbox, as `afenda` alone does
    Tui(inbox::Tui),
    /// See everything at work: a shop, its customers, the inbox
    Demo(demo::Demo),
    /// Run the daemon here until it is told to stop, or look after one in the background
    Daemon(daemon::Daemon),
    /// Run the stand-in Chatwoot alone
    Sandbox(sandbox::Sandbox),
    /// Show who you are and how the daemon stands
    Status(status::Status),
    /// Check the daemon, its store and its Chatwoot, and say what to do
    Doctor(doctor::Doctor),
    /// Compare with Chatwoot now, or show how the copy of it stands
    Sync(sync::Sync),
    /// What the daemon keeps of Chatwoot
    #[command(subcommand)]
    Cache(cache::Cache),
    /// Read and work conversations
    #[command(subcommand, visible_alias = "conversation", alias = "conversations")]
    Conv(conv::Conv),
    /// Read and change contacts
    #[command(subcommand, alias = "contacts")]
    Contact(contact::Contact),
    /// Who you are, at which daemon, and your own token at Chatwoot
    #[command(subcommand)]
    Auth(auth::Auth),
    /// Chatwoot's macros, run as yourself
    #[command(subcommand)]
    Macro(macros::Macro),
    /// Prepared answers
    #[command(subcommand)]
    Canned(canned::Canned),
    /// Read and decide approvals
    #[command(subcommand, visible_alias = "approval")]
    Approvals(approvals::Approvals),
    /// What is on its way to Chatwoot
    #[command(subcommand)]
    Outbox(outbox::Outbox),
    /// What arrives from Chatwoot, and the webhook that sends it (owners and admins)
    #[command(subcommand, alias = "webhook")]
    Webhooks(webhooks::Webhooks),
    /// Follow what happens, one JSON object a line
    #[command(alias = "event")]
    Events(events::Events),
    /// The inbox's keys
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Who did what
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Agents, and whether you take work
    #[command(subcommand)]
    Agent(directory::Agent),
    /// Teams
    #[command(subcommand)]
    Team(directory::Team),
    /// Inboxes
    #[command(subcommand)]
    Inbox(directory::Inbox),
    /// Labels
    #[command(subcommand)]
    Label(directory::Label),
    /// Filters that you saved in Chatwoot
    #[command(subcommand)]
    View(view::View),
    /// Tenants of this daemon
    #[command(subcommand)]
    Tenant(directory::Tenant),
    /// What Chatwoot notified you of
    #[command(subcommand)]
    Notification(directory::Notification),
    /// Find messages, contacts and canned responses
    Search(search::Search),
    /// The settings file
    #[command(subcommand)]
    Config(config::Config),
    /// Your own words for command lines
    #[command(subcommand, alias = "aliases")]
    Alias(alias::Alias),
    /// Make any call of the API
    Api(api::Api),
    /// The version, and the daemon's
    Version(version::Version),
    /// The types of the API and of --json, as JSON Schema
    Schema(schema::Schema),
    /// What a shell needs to complete commands and flags
    Completion(completion::Completion),
    /// Manual pages
    Man(man::Man),
    /// Help about a command, or about exit-codes, environment, formatting or query
    Help(help::Help),
}

impl Command {
    /// Whether all that it changes goes through the daemon, which can check it beforehand.
    pub(crate) fn asks_the_daemon(&self) -> bool {
        matches!(
            self,
            Self::Conv(_)
                | Self::Contact(_)
                | Self::Macro(_)
                | Self::Canned(_)
                | Self::Approvals(_)
                | Self::Outbox(_)
                | Self::Webhooks(_)
                | Self::Agent(_)
                | Self::View(_)
                | Self::Api(_)
        )
    }

    /// Under which name the fields of what it prints are known; `path` is the command's own.
    pub(crate) fn prints<'a>(&self, path: &'a str) -> &'a str {
        match self {
            Self::Search(search) => search.prints(),
            _ => path,
        }
    }

    /// Whether it works for others or for a screen meanwhile, not only for its own call.
    pub(crate) fn serves(&self) -> bool {
        match self {
            Self::Daemon(daemon) => daemon.serves(),
            command => matches!(command, Self::Tui(_) | Self::Demo(_) | Self::Sandbox(_)),
        }
    }
}

/// Runs the command; without one, the inbox.
pub(crate) async fn run(command: Option<Command>, ctx: &mut Context) -> Result<(), CliError> {
    // Boxed: each of these is large, and only one of them is ever there.
    match command {
        None => Box::pin(inbox::Tui::default().run(ctx)).await,
        Some(Command::Tui(cmd)) => Box::pin(cmd.run(ctx)).await,
        Some(Command::Demo(cmd)) => Box::pin(cmd.run(ctx)).await,
        Some(Command::Daemon(cmd)) => Box::pin(cmd.run(ctx)).await,
        Some(Command::Sandbox(cmd)) => Box::pin(cmd.run(ctx)).await,
        Some(Command::Status(cmd)) => Box::pin(cmd.run(ctx)).await,
        Some(Command::Doctor(cmd)) => Box::pin(cmd.run(ctx)).await,
        Some(Command::Cache(cmd)) => Box::pin(cmd.run(ctx)).await,
        Some(Command::Sync(cmd)) => Box::pin(cmd.run(ctx)).await,
        Some(Command::Conv(cmd)) => Box::pin(cmd.run(ctx)).await,
        Some(Command::Contact(cmd)) => Box::pin(cmd.run(ctx)).await,
        Some(Command::Canned(cmd)) => Box::pin(cmd.run(ctx)).await,
        Some(Command::Auth(cmd)) => Box::pin(cmd.run(ctx)).await,
        Some(Command::Macro(cmd)) => Box::pin(cmd.run(ctx)).await,
        Some(Command::Approvals(cmd)) => Box::pin(cmd.run(ctx)).await,
        Some(Command::Outbox(cmd)) => Box::pin(cmd.run(ctx)).await,
        Some(Command::Webhooks(cmd)) => Box::pin(cmd.run(ctx)).await,
        Some(Command::Events(cmd)) => Box::pin(cmd.run(ctx)).await,
        Some(Command::Keys(cmd)) => cmd.run(ctx),
        Some(Command::Audit(cmd)) => Box::pin(cmd.run(ctx)).await,
        Some(Command::Agent(cmd)) => Box::pin(cmd.run(ctx)).await,
        Some(Command::Team(cmd)) => Box::pin(cmd.run(ctx)).await,
        Some(Command::Inbox(cmd)) => Box::pin(cmd.run(ctx)).await,
        Some(Command::Label(cmd)) => Box::pin(cmd.run(ctx)).await,
        Some(Command::View(cmd)) => Box::pin(cmd.run(ctx)).await,
        Some(Command::Tenant(cmd)) => Box::pin(cmd.run(ctx)).await,
        Some(Command::Notification(cmd)) => Box::pin(cmd.run(ctx)).await,
        Some(Command::Search(cmd)) => Box::pin(cmd.run(ctx)).await,
        Some(Command::Config(cmd)) => cmd.run(ctx),
        Some(Command::Alias(cmd)) => cmd.run(ctx),
        Some(Command::Api(cmd)) => Box::pin(cmd.run(ctx)).await,
        Some(Command::Version(cmd)) => Box::pin(cmd.run(ctx)).await,
        Some(Command::Schema(cmd)) => cmd.run(ctx),
        Some(Command::Completion(cmd)) => cmd.run(ctx),
        Some(Command::Man(cmd)) => cmd.run(ctx),
        Some(Command::Help(cmd)) => cmd.run(ctx),
    }
}
