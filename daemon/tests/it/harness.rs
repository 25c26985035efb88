//! One daemon with two tenants that hold the same ids, and the people who use it.

use api::approval::ApprovalView;
use api::client::new_key;
use api::id::ConversationId;
use api::inbox::ContactView;
use api::tenant::Role;
use api::{Client, ClientError, Code, Token};
use daemon::config::{self, Config};
use daemon::store::{
    AgentRow, Asked, ContactRow, ConversationRow, Directory, Global, MessageRow, NewWebhook, Scope, StoreError, TenantKey,
};
use daemon::{Clock, Running, mint_token};

pub(crate) struct Bench {
    pub(crate) daemon: Running,
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    _folder: tempfile::TempDir,
}

/// A user of the tenant `ours`, linked to the Chatwoot agent of that number.
fn user(name: &str, role: Role, agent: Option<i64>, tenants: &[&str]) -> config::User {
    config::User {
        name: name.to_owned(),
        display_name: format!("{name} shown"),
        role,
        tenants: tenants.iter().map(|t| (*t).to_owned()).collect(),
        chatwoot_email: None,
        chatwoot_agent_id: agent,
        chatwoot_token: None,
    }
}

pub(crate) fn chatwoot(url: &str) -> config::Chatwoot {
    config::Chatwoot {
        url: url.to_owned(),
        account_id: 1,
        token: Token::new("t"),
        webhook_secrets: vec![Token::new("whsec")],
        webhooks_unsigned: false,
        ca_file: None,
    }
}

pub(crate) fn config(folder: &std::path::Path) -> Config {
    let data_dir = folder.join("data");
    let env = move |key: &str| (key == "AFENDA_DATA_DIR").then(|| data_dir.display().to_string());
    let overrides = daemon::Overrides { listen: "127.0.0.1:0".parse().ok(), ..Default::default() };
    let mut config = Config::load(&daemon::Overrides { config: Some(empty(folder)), ..overrides }, &env).unwrap();
    let tenant = |slug: &str| config::Tenant { slug: slug.to_owned(), name: slug.to_owned(), chatwoot: None };
    config.tenants = vec![tenant("ours"), tenant("theirs")];
    config.users = vec![
        user("ada", Role::Approver, Some(1), &["ours"]),
        user("max", Role::Admin, Some(2), &["ours"]),
        user("jo", Role::Member, Some(7), &["ours"]),
        user("vic", Role::Viewer, None, &["ours"]),
        user("gus", Role::Admin, Some(1), &["theirs"]),
    ];
    config
}

fn empty(folder: &std::path::Path) -> std::path::PathBuf {
    let path = folder.join("empty.toml");
    std::fs::write(&path, "").unwrap();
    path
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::with(|_| ()).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(folder.path());
        change(&mut config);
        let clock = Clock::manual(1_800_000_000_000_000);
        let daemon = daemon::start(config.clone(), clock.clone()).await.unwrap();
        let bench = Self { daemon, config, clock, _folder: folder };
        for slug in ["ours", "theirs"] {
            bench.write(slug, seed).await;
        }
        bench
    }

    pub(crate) async fn key(&self, slug: &str) -> TenantKey {
        let tenants = self.daemon.store().read_global(|global: &Global<'_>| global.tenants()).await.unwrap();
        tenants.into_iter().find(|t| t.slug == slug).unwrap().key
    }

    pub(crate) async fn write<T: Send + 'static>(
        &self,
        slug: &str,
        work: impl FnOnce(&Scope<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.daemon.store().write(self.key(slug).await, work).await.unwrap()
    }

    pub(crate) async fn token(&self, user: &str) -> Token {
        mint_token(&self.config, user, &self.clock).await.unwrap()
    }

    pub(crate) async fn client(&self, user: &str) -> Client {
        Client::new(&self.daemon.base_url(), self.token(user).await).unwrap()
    }

    /// A webhook of the tenant `ours` that waits: nothing works it off there without an account.
    pub(crate) async fn webhook(&self) -> uuid::Uuid {
        let body = r#"{"event":"contact_updated","id":31,"account":{"id":1}}"#.to_owned();
        let new = NewWebhook { event: "contact_updated".to_owned(), delivery_id: Some("d-0".to_owned()), digest: "d".to_owned(), body };
        self.write("ours", move |scope| {
            scope.keep_webhook(&new)?;
            Ok(scope.webhook_page(None, 1, 0)?.0[0].id.0)
        })
        .await
    }

    pub(crate) async fn escalated(&self, user: &str, conversation: i64) -> ApprovalView {
        self.client(user).await.escalate(ConversationId(conversation), "refund 240 EUR\nparcel lost", &new_key()).await.unwrap()
    }
}

pub(crate) fn seed(scope: &Scope<'_>) -> Result<(), StoreError> {
    let agent = |id: i64, name: &str| AgentRow { id, name: name.to_owned(), email: None };
    scope.replace_directory(&Directory {
        agents: vec![agent(1, "Ada"), agent(2, "Max"), agent(7, "Jo")],
        inboxes: vec![api::inbox::InboxView { id: 4, name: "Shop".to_owned(), channel: "Api".to_owned(), email: None }],
        teams: vec![api::inbox::Named { id: 3, name: "billing".to_owned() }],
        labels: vec![],
        templates: vec![],
    })?;
    scope.apply_contact(&contact(31), Asked { ours: 1, theirs: 1 })?;
    for id in 12..40 {
        scope.apply_conversation(&conversation(id), None)?;
        scope.apply_message(&message(id, 500 + id), None)?;
    }
    Ok(())
}

pub(crate) fn contact(id: i64) -> ContactRow {
    let (name, email, phone_number, identifier) = ("Ann".to_owned(), None, None, None);
    ContactRow {
        view: ContactView { id, name, email, phone_number, identifier, blocked: false },
        additional_attributes: "{}".to_owned(),
        custom_attributes: "{}".to_owned(),
        last_activity_at: None,
        created_at: None,
    }
}

pub(crate) fn conversation(id: i64) -> ConversationRow {
    ConversationRow {
        id,
        status: api::inbox::ConversationStatus::Open,
        priority: None,
        inbox_id: 4,
        contact_id: 31,
        assignee: Some((7, "Jo".to_owned())),
        team_id: None,
        labels: vec![],
        unread_count: 1,
        can_reply: true,
        waiting_since: Some(1),
        snoozed_until: None,
        created_at: id,
        last_activity_at: id,
        updated_at: id,
        additional_attributes: "{}".to_owned(),
        custom_attributes: "{}".to_owned(),
        agent_last_seen_at: None,
        first_reply_created_at: None,
    }
}

pub(crate) fn message(conversation_id: i64, id: i64) -> MessageRow {
    MessageRow {
        id,
        conversation_id,
        message_type: api::inbox::MessageType::Incoming,
        private: false,
        content: Some("Where is my parcel?".to_owned()),
        content_type: "text".to_owned(),
        state: Some(api::inbox::DeliveryState::Sent),
        error: None,
        sender: None,
        attachments: vec![],
        deleted: false,
        in_reply_to: None,
        mail: None,
        afenda_id: None,
        created_at: id,
        updated_at: None,
    }
}

/// The code and the details of a refusal.
pub(crate) fn refused<T: std::fmt::Debug>(result: Result<T, ClientError>) -> (u16, Code, serde_json::Value) {
    match result {
        Err(ClientError::Api { status, code, details, .. }) => (status, code, details),
        other => panic!("not refused: {other:?}"),
    }
}
