//! `afenda agent`, `team`, `inbox`, `label`, `tenant` and `notification`: what there is to choose from.

use api::inbox::{InboxView, LabelView, Named};
use api::lists::NotificationView;
use api::people::{Availability, AvailabilityView};
use api::tenant::TenantView;

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Column, column, flexible, spare};
use crate::profile::Profiles;

/// Agents, and whether you take work
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Agent {
    /// List agents
    List,
    /// Show or set whether you take work, with your own token
    Availability {
        /// online, busy or offline [default: show it]
        state: Option<Availability>,
    },
}

/// Teams
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Team {
    /// List teams
    List,
}

/// Inboxes
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Inbox {
    /// List inboxes
    List,
}

/// Labels
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Label {
    /// List labels
    List,
}

/// Tenants of this daemon
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Tenant {
    /// List those you are in
    List,
    /// Choose the tenant that counts where none is named; it is kept in the profile
    Switch {
        /// Its short name or its name
        tenant: String,
    },
}

/// What Chatwoot notified you of
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Notification {
    /// List notifications, newest first
    List,
}

const NAMED: &[Column<Named>] = &[column("ID", |row, _| row.id.to_string()), flexible("NAME", |row, _| row.name.clone())];

const INBOXES: &[Column<InboxView>] = &[
    column("ID", |row, _| row.id.to_string()),
    flexible("NAME", |row, _| row.name.clone()),
    column("CHANNEL", |row, _| row.channel.clone()),
];

const LABELS: &[Column<LabelView>] = &[
    column("LABEL", |row, _| row.title.clone()),
    column("COLOR", |row, _| row.color.clone()),
    flexible("DESCRIPTION", |row, _| row.description.clone().unwrap_or_default()),
];

const TENANTS: &[Column<TenantView>] = &[
    column("TENANT", |row, _| row.slug.clone()),
    flexible("NAME", |row, _| row.name.clone()),
    column("ROLE", |row, _| row.role.to_string()),
    column("DEFAULT", |row, _| row.default.to_string()),
];

const NOTIFICATIONS: &[Column<NotificationView>] = &[
    column("ID", |row, _| row.id.to_string()),
    column("CONV", |row, _| row.conversation_id.map(|id| id.to_string()).unwrap_or_default()),
    spare(column("TYPE", |row, _| row.notification_type.clone())),
    column("AGE", |row, shown| shown.age(row.last_activity_at)),
    spare(column("READ", |row, _| row.read_at.is_some().to_string())),
    flexible("WHAT", |row, _| if row.body.is_empty() { row.title.clone() } else { row.body.clone() }),
];

const AVAILABILITY: &[Column<AvailabilityView>] = &[column("AVAILABILITY", |row, _| row.availability.to_string())];

impl Agent {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let session = ctx.session().await?;
        let view = match self {
            Self::List => {
                let rows = session.call(async |client| client.agents().await).await?;
                return ctx.out.list(&rows, NAMED, "no agent");
            }
            Self::Availability { state: Some(state) } => session.call(async |client| client.set_availability(state).await).await?,
            Self::Availability { state: None } => session.call(async |client| client.availability().await).await?,
        };
        ctx.out.row(&view, AVAILABILITY, &view.availability.to_string())
    }
}

impl Team {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let rows = ctx.session().await?.call(async |client| client.teams().await).await?;
        ctx.out.list(&rows, NAMED, "no team")
    }
}

impl Inbox {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let rows = ctx.session().await?.call(async |client| client.inboxes().await).await?;
        ctx.out.list(&rows, INBOXES, "no inbox")
    }
}

impl Label {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let rows = ctx.session().await?.call(async |client| client.labels().await).await?;
        ctx.out.list(&rows, LABELS, "no label")
    }
}

impl Tenant {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let session = ctx.session().await?;
        let rows = session.call(async |client| client.tenants().await).await?;
        let Self::Switch { tenant } = self else { return ctx.out.list(&rows, TENANTS, "no tenant") };
        let found = rows.iter().find(|row| row.slug == tenant || row.name == tenant || row.id.to_string() == tenant);
        let there = || rows.iter().map(|row| row.slug.as_str()).collect::<Vec<_>>().join(", ");
        let none =
            || CliError::new(Exit::NotFound, "NOT_FOUND", format!("there is no tenant `{tenant}`")).hint(format!("there are: {}", there()));
        let found = found.ok_or_else(none)?;
        let name = session.profile.ok_or_else(|| CliError::usage("no profile is in use that could keep it").hint("name one with -P"))?;
        let profiles = Profiles::new(&Context::data_dir()?);
        let mut profile = profiles.get(&name)?.ok_or_else(|| CliError::failed(format!("the profile `{name}` is gone")))?;
        profile.tenant = Some(found.slug.clone());
        profiles.put(&name, &profile)?;
        ctx.out.row(found, TENANTS, &crate::text::line(&format!("{} counts from now on for the profile `{name}`", found.name)))
    }
}

impl Notification {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let page = ctx.session().await?.call(async |client| client.notifications().await).await?;
        let total = page.meta.total;
        ctx.part(&page.data, total, NOTIFICATIONS, "no notification")
    }
}
