//! What every request and every background task of the daemon shares, and who a caller is.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use api::error::Code;
use api::id::TenantId;
use api::page::{Freshness, PageMeta, Source};
use api::tenant::{LinkedAgent, Role, TenantView};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::approvals::Rules;
use crate::clock::{Clock, Micros, SECOND, timestamp};
use crate::config::{self, Config, OWNER};
use crate::domain::approval::Who;
use crate::fault::Fault;
use crate::files::Files;
use crate::keep::Keep;
use crate::store::{Scope, Store, StoreError, TenantKey, TenantRow};
use crate::sync::SyncHandle;
use crate::tokens::Tokens;
use crate::webhooks::Hooks;

/// The running daemon, as its parts see it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) config: Config,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) tenants: Vec<Tenant>,
    pub(crate) started_at: Micros,
    pub(crate) streams: Arc<Semaphore>,
    pub(crate) streams_open: AtomicUsize,
    pub(crate) stop: CancellationToken,
    /// Cancelled when a caller asks for the end; whoever runs the daemon ends it.
    pub(crate) asked_to_stop: CancellationToken,
}

impl std::ops::Deref for App {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// A configured tenant, running.
pub(crate) struct Tenant {
    pub(crate) row: TenantRow,
    pub(crate) chatwoot: Option<config::Chatwoot>,
    /// Chatwoot's page of all conversations, to which an id is added.
    pub(crate) url: String,
    pub(crate) rules: Arc<Rules>,
    pub(crate) sync: Option<SyncHandle>,
    /// Files that wait for Chatwoot.
    pub(crate) files: Files,
    /// Files of messages that somebody has looked at.
    pub(crate) keep: Keep,
    /// Own Chatwoot tokens that its users linked.
    pub(crate) tokens: Tokens,
    /// Only with an account.
    pub(crate) hooks: Option<Hooks>,
}

impl App {
    pub(crate) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// The tenant's sync has something to send.
    pub(crate) fn wake_outbox(&self, tenant: &Tenant) {
        if let Some(sync) = &tenant.sync {
            sync.wake_outbox();
        }
    }

    /// Who holds this token.
    pub(crate) async fn user(&self, token: &str) -> Result<User, Fault> {
        let hash = crate::secret::hash(token);
        let found = self
            .store
            .read_global(move |global| {
                let Some(name) = global.user_of_token(&hash)? else { return Ok::<_, StoreError>(None) };
                let default = global.default_tenant(&name)?;
                Ok(Some((name, default)))
            })
            .await?;
        let unknown = || {
            Fault::new(
                Code::Unauthenticated,
                "this token is not known; make a new one with `afenda daemon token USER` on the daemon's machine",
            )
        };
        let (name, default) = found.ok_or_else(unknown)?;
        if name == OWNER {
            let roles = (0..self.tenants.len()).map(|at| (at, Role::Owner)).collect();
            return Ok(User { display_name: "Owner".to_owned(), name, roles, default, config: None });
        }
        // A user taken out of the config has a token and no rights.
        let user = self.config.users.iter().find(|user| user.name == name).ok_or_else(unknown)?;
        let member = |tenant: &Tenant| user.tenants.contains(&tenant.row.slug);
        let roles = self.tenants.iter().enumerate().filter(|(_, t)| member(t)).map(|(at, _)| (at, user.role)).collect();
        Ok(User { name, display_name: user.display_name.clone(), roles, default, config: Some(user.clone()) })
    }

    /// The user in the tenant that the request names, else the stored default, else the only one.
    pub(crate) fn caller(&self, user: User, named: Option<&str>) -> Result<Caller, Fault> {
        let role_in = |name: &str| {
            user.roles.iter().find(|(at, _)| {
                let row = &self.tenants[*at].row;
                row.slug == name || row.id.to_string() == name
            })
        };
        let only = || user.roles.first().filter(|_| user.roles.len() == 1);
        let chosen = match named {
            Some(name) => role_in(name),
            None => user.default.as_deref().and_then(role_in).or_else(only),
        };
        let Some(&(at, role)) = chosen else {
            let unnamed = "name the tenant in X-Afenda-Tenant, or set a default with POST /tenants/{id}/switch";
            return Err(if named.is_some() { Fault::not_found("tenant") } else { Fault::new(Code::NotFound, unnamed) });
        };
        Ok(Caller { app: self.clone(), user, role, tenant: at, sync: self.tenants[at].sync.clone(), source: Source::Store })
    }

    /// A tenant the user belongs to, for the wire.
    pub(crate) fn tenant_view(&self, user: &User, at: usize, role: Role) -> TenantView {
        let Tenant { row, url, .. } = &self.tenants[at];
        let default = user.default.as_deref() == Some(row.slug.as_str()) || (user.default.is_none() && user.roles.len() == 1);
        let url = url.strip_suffix("conversations/").unwrap_or_default().to_owned();
        TenantView { id: TenantId(row.id), slug: row.slug.clone(), name: row.name.clone(), role, default, url }
    }
}

/// Somebody with a token.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) display_name: String,
    /// Tenants by place in [`Inner::tenants`], with the role there.
    pub(crate) roles: Vec<(usize, Role)>,
    /// Slug of the stored default tenant.
    pub(crate) default: Option<String>,
    pub(crate) config: Option<config::User>,
}

/// Somebody with a token, in one tenant: the proof that handlers ask for.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) app: App,
    pub(crate) user: User,
    pub(crate) role: Role,
    tenant: usize,
    /// The tenant's, as this call may use it.
    sync: Option<SyncHandle>,
    source: Source,
}

impl Caller {
    pub(crate) fn tenant(&self) -> &Tenant {
        &self.app.tenants[self.tenant]
    }

    /// The sync of the caller's tenant, if it has an account.
    pub(crate) fn sync(&self) -> Option<&SyncHandle> {
        self.sync.as_ref()
    }

    /// The caller, whose answers are as fresh as that; `conversation` is the one that is asked about.
    ///
    /// # Errors
    /// Chatwoot had to be asked, and did not answer.
    pub(crate) async fn wanting(mut self, freshness: Freshness, conversation: Option<i64>) -> Result<Self, Fault> {
        let age_s = || self.sync().and_then(SyncHandle::as_of).map(|at| ((self.app.clock.now() - at) / SECOND).max(0).unsigned_abs());
        match freshness {
            Freshness::Usual => {}
            Freshness::Kept => self.sync = self.sync.as_ref().map(SyncHandle::of_what_is_kept),
            Freshness::NoOlderThan(most) if age_s().is_some_and(|age| age <= most.as_secs()) => {}
            Freshness::Fresh | Freshness::NoOlderThan(_) => self.read_through(conversation).await?,
        }
        Ok(self)
    }

    /// Where what is answered comes from.
    pub(crate) fn source(&self) -> Source {
        self.source
    }

    pub(crate) fn tenant_view(&self) -> TenantView {
        self.app.tenant_view(&self.user, self.tenant, self.role)
    }

    pub(crate) fn key(&self) -> TenantKey {
        self.tenant().row.key
    }

    /// How fresh an answer from the store is.
    pub(crate) fn freshness(&self) -> PageMeta {
        let as_of = self.tenant().sync.as_ref().and_then(SyncHandle::as_of).map(timestamp);
        PageMeta { as_of, source: Some(self.source), ..PageMeta::default() }
    }

    /// Asks Chatwoot before an answer: about one conversation, or what changed in all of them.
    pub(crate) async fn read_through(&mut self, conversation: Option<i64>) -> Result<(), Fault> {
        let unavailable = |why: String| Fault::new(Code::ChatwootUnavailable, format!("{why}; without fresh the copy is shown"));
        let Some(sync) = &self.sync else { return Err(unavailable("no Chatwoot account is configured".to_owned())) };
        match conversation {
            Some(id) => sync.read_through_conversation(id).await,
            None => sync.read_through().await,
        }
        .map_err(unavailable)?;
        self.source = Source::Chatwoot;
        Ok(())
    }

    /// Refuses whoever only reads.
    pub(crate) fn must_work(&self) -> Result<(), Fault> {
        if self.role.may_work() { Ok(()) } else { Err(Fault::new(Code::Forbidden, "your role only reads; ask an admin for another")) }
    }

    /// Refuses all but owners and admins.
    pub(crate) fn must_administer(&self) -> Result<(), Fault> {
        if self.role.may_administer() {
            Ok(())
        } else {
            Err(Fault::new(Code::Forbidden, "only owners and admins may do this; ask one of them"))
        }
    }

    /// Runs a read in the caller's tenant.
    pub(crate) async fn read<T, W>(&self, work: W) -> Result<T, Fault>
    where
        T: Send + 'static,
        W: FnOnce(&Scope<'_>, &Person) -> Result<T, Fault> + Send + 'static,
    {
        let who = self.clone();
        self.app.store.read(self.key(), move |scope| work(scope, &who.person(scope)?)).await
    }

    /// The caller as approvals see them.
    pub(crate) fn person(&self, scope: &Scope<'_>) -> Result<Person, StoreError> {
        let mut agent = match &self.user.config {
            Some(config) => agent_of(scope, config)?,
            None => None,
        };
        if let Some(agent) = &mut agent {
            agent.own_token |= self.tenant().tokens.get(&self.user.name).is_some();
        }
        Ok(Person { user: self.user.name.clone(), name: self.user.display_name.clone(), role: self.role, agent })
    }
}

/// A caller with their Chatwoot agent.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) user: String,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) agent: Option<LinkedAgent>,
}

impl Person {
    pub(crate) fn who(&self) -> Who<'_> {
        Who { user: &self.user, role: self.role, agent: self.agent_id() }
    }

    pub(crate) fn agent_id(&self) -> Option<i64> {
        self.agent.as_ref().map(|agent| agent.id)
    }

    pub(crate) fn actor(&self) -> api::approval::Actor {
        api::approval::Actor { user: Some(self.user.clone()), name: self.name.clone() }
    }
}

/// The Chatwoot agent that the config links a user to: by id, else by e-mail address.
pub(crate) fn agent_of(scope: &Scope<'_>, user: &config::User) -> Result<Option<LinkedAgent>, StoreError> {
    if user.chatwoot_agent_id.is_none() && user.chatwoot_email.is_none() {
        return Ok(None);
    }
    let own_token = user.chatwoot_token.is_some();
    let agents = scope.agents()?;
    let found = match (user.chatwoot_agent_id, &user.chatwoot_email) {
        (Some(id), _) => agents.into_iter().find(|agent| agent.id == id),
        (None, Some(email)) => agents.into_iter().find(|agent| agent.email.as_deref().is_some_and(|e| e.eq_ignore_ascii_case(email))),
        (None, None) => None,
    };
    Ok(found.map(|agent| LinkedAgent { id: agent.id, name: agent.name, own_token }))
}
