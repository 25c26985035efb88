//! The demo's stage: the shop's Chatwoot, a daemon on a temporary store, and two people.

use std::path::Path;
use std::time::Duration;

use ::daemon::{Clock, Config, Overrides};
use ::sandbox::World;
use api::approval::ApprovalView;
use api::inbox::ConversationQuery;
use api::{Client, Token};
use reqwest::Url;

use super::files::Files;
use super::shop::{PATIENCE, Shop};
use crate::error::CliError;
use crate::profile::Profile;

/// The approver.
pub(super) const ADA: &str = "ada";
/// The agent.
pub(super) const JO: &str = "jo";
/// The demo's tenant.
const TENANT: &str = "shop";

/// Everything that runs.
pub(super) struct Stage {
    sandbox: ::sandbox::Running,
    daemon: ::daemon::Running,
    /// The shop's Chatwoot.
    pub(super) shop: Shop,
    /// The approver.
    pub(super) ada: Person,
    /// The agent.
    pub(super) jo: Person,
}

/// Somebody in the demo.
pub(super) struct Person {
    /// Speaks to the daemon as this person.
    pub(super) client: Client,
    /// Their token at Chatwoot.
    pub(super) chatwoot_token: String,
    /// Their token at the daemon.
    token: Token,
    user: &'static str,
}

impl Person {
    fn new(base: &str, token: Token, user: &'static str, chatwoot_token: String) -> Result<Self, CliError> {
        let client = Client::new(base, token.clone()).map_err(CliError::from)?;
        Ok(Self { client, chatwoot_token, token, user })
    }

    /// The profile with which other terminals become this person.
    pub(super) fn profile(&self) -> Profile {
        Profile::new(self.client.base(), &self.token, self.user)
    }
}

/// Who is who in the shop, by the keys of its world.
struct Cast {
    account: String,
    company: String,
    service: String,
    ada: (String, String),
    jo: (String, String),
}

impl Cast {
    fn of(world: &World) -> Result<Self, CliError> {
        let missing = |who: &str| CliError::failed(format!("the demo shop has no {who}"));
        let named = |name: &str| world.users.iter().find(|user| user.name.starts_with(name));
        let ada = named("Ada").ok_or_else(|| missing("Ada"))?;
        let jo = named("Jo").ok_or_else(|| missing("Jo"))?;
        let service = world.users.iter().find(|user| user.key == "service").unwrap_or(ada);
        let pair = |user: &::sandbox::world::UserSeed| (user.key.clone(), user.email.clone());
        let company = world.accounts.iter().find(|account| account.key == jo.account).map_or(TENANT, |account| account.name.as_str());
        Ok(Self { company: company.to_owned(), account: jo.account.clone(), service: service.key.clone(), ada: pair(ada), jo: pair(jo) })
    }
}

impl Stage {
    /// Starts everything and waits until the first copy is complete.
    pub(super) async fn build(files: &Files, hold_seconds: u32) -> Result<Self, CliError> {
        let world = World::demo_shop();
        let cast = Cast::of(&world)?;
        let failed = |what: &str| CliError::failed(format!("{what} did not start"));
        let sandbox = ::sandbox::start(::sandbox::Options::new(world)).await.map_err(|err| failed("the stand-in Chatwoot").because(err))?;
        let missing = |key: &str| CliError::failed(format!("the demo shop has no token for `{key}`"));
        let tokens = sandbox.tokens();
        let token = |key: &String| tokens.get(key).cloned().ok_or_else(|| missing(key));
        let account = sandbox.account_ids().get(&cast.account).copied().ok_or_else(|| missing(&cast.account))?;
        let (service, ada_chatwoot, jo_chatwoot) = (token(&cast.service)?, token(&cast.ada.0)?, token(&cast.jo.0)?);
        let secret = ::daemon::secret::new_token();

        let path = files.store().join("config.toml");
        let text = settings(files.store(), &sandbox.base_url(), account, hold_seconds, &cast);
        std::fs::write(&path, text).map_err(|err| CliError::failed(format!("cannot write {}", path.display())).because(err))?;
        let overrides = Overrides { config: Some(path), ..Overrides::default() };
        // The demo does not listen to the real environment: a real Chatwoot's token may stand there.
        let config = Config::load(&overrides, &|key| match key {
            "DEMO_SERVICE" => Some(service.clone()),
            "DEMO_JO" => Some(jo_chatwoot.clone()),
            "DEMO_SECRET" => Some(secret.expose().to_owned()),
            _ => None,
        })
        .map_err(|err| failed("the demo's daemon").because(err))?;
        let clock = Clock::system();
        let mut made = Vec::new();
        for user in [ADA, JO] {
            made.push(::daemon::mint_token(&config, user, &clock).await.map_err(|err| failed("the demo's daemon").because(err))?);
        }
        let daemon = ::daemon::start(config, clock).await.map_err(|err| failed("the demo's daemon").because(err))?;
        if let Some(url) = daemon.hook_url(TENANT).and_then(|url| Url::parse(&url).ok()) {
            let set = sandbox.set_hooks_target(&url, Some(secret.expose().to_owned()));
            set.map_err(|err| CliError::failed("the webhooks have no way to the daemon").because(err))?;
        }
        let base = daemon.base_url();
        let mut made = made.into_iter();
        let mut person = |user, chatwoot| {
            let token = made.next().ok_or_else(|| CliError::failed("there are fewer tokens than people"))?;
            Person::new(&base, token, user, chatwoot)
        };
        let (ada, jo) = (person(ADA, ada_chatwoot)?, person(JO, jo_chatwoot)?);
        let shop = Shop::open(&sandbox.base_url(), account, &service).await?;
        let stage = Self { sandbox, daemon, shop, ada, jo };
        stage.copied().await?;
        Ok(stage)
    }

    /// Waits for the first copy, told by the event stream.
    async fn copied(&self) -> Result<(), CliError> {
        let copied = tokio::time::timeout(PATIENCE, async {
            let mut events = self.jo.client.events(None).map_err(CliError::from)?;
            loop {
                events.next().await.map_err(CliError::from)?;
                let status = self.jo.client.status().await.map_err(CliError::from)?;
                if status.first_copy.done {
                    return Ok(());
                }
                tracing::debug!(conversations = status.first_copy.conversations, "copying");
            }
        });
        copied.await.unwrap_or_else(|_| Err(CliError::failed(format!("the first copy was not complete after {} s", PATIENCE.as_secs()))))
    }

    /// Jo asks for a decision, so that there is one to make from the first moment.
    pub(super) async fn first_question(&self) -> Result<ApprovalView, CliError> {
        let query = ConversationQuery { assignee: Some("me".to_owned()), limit: Some(50), ..ConversationQuery::default() };
        let mine = self.jo.client.conversations(&query).await.map_err(CliError::from)?.data;
        let refund = |text: &str| text.to_lowercase().contains("refund");
        let about = |c: &&api::inbox::ConversationView| {
            c.labels.iter().any(|label| refund(label)) || c.snippet.as_ref().is_some_and(|snippet| refund(&snippet.text))
        };
        let chosen =
            mine.iter().find(about).or(mine.first()).ok_or_else(|| CliError::failed("the demo shop gives Jo nothing to ask about"))?;
        let first = chosen.contact.name.split_whitespace().next().unwrap_or("the customer");
        let reason = format!(
            "May I refund {first} in full?\n\nOur policy says no. The thread speaks for an exception, and {first} expects an answer today."
        );
        self.jo.client.escalate(chosen.id, reason.as_str(), &api::client::new_key()).await.map_err(CliError::from)
    }

    /// The customers begin to write.
    pub(super) fn open_doors(&self) {
        self.sandbox.run_script();
    }

    /// Ends everything in order.
    pub(super) async fn close(self) {
        /// After this long the process ends anyway.
        const LIMIT: Duration = Duration::from_secs(10);
        let _ = tokio::time::timeout(LIMIT, async {
            self.daemon.stop().await;
            self.sandbox.shutdown().await;
        })
        .await;
    }
}

/// The daemon's settings file.
fn settings(store: &Path, chatwoot: &str, account: i64, hold_seconds: u32, cast: &Cast) -> String {
    let text = |text: &str| serde_json::Value::from(text).to_string();
    format!(
        "listen = \"127.0.0.1:0\"\n\
         data_dir = {}\n\
         hold_seconds = {hold_seconds}\n\n\
         [chatwoot]\n\
         tenant = {}\n\
         url = {}\n\
         account_id = {account}\n\
         token_env = \"DEMO_SERVICE\"\n\
         webhook_secret_env = \"DEMO_SECRET\"\n\n\
         [[tenants]]\n\
         slug = {}\n\
         name = {}\n\n\
         [[users]]\n\
         name = \"{ADA}\"\n\
         display_name = \"Ada\"\n\
         role = \"approver\"\n\
         chatwoot_email = {}\n\n\
         [[users]]\n\
         name = \"{JO}\"\n\
         display_name = \"Jo\"\n\
         role = \"member\"\n\
         chatwoot_email = {}\n\
         chatwoot_token_env = \"DEMO_JO\"\n",
        text(&store.join("data").display().to_string()),
        text(TENANT),
        text(chatwoot),
        text(TENANT),
        text(&cast.company),
        text(&cast.ada.1),
        text(&cast.jo.1),
    )
}
