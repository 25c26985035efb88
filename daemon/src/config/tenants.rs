//! Tenants, their Chatwoot accounts, and the people in them. A secret is named by its file or variable, never written down in the settings.

use std::path::{Path, PathBuf};

use api::tenant::Role;
use serde::Deserialize;

use super::{ConfigError, Env, is_word, wrong};
use crate::secret::{self, Token};

/// A tenant, with at most one Chatwoot account.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// Short name: `a-z`, `0-9`, `-`.
    pub slug: String,
    /// As shown.
    pub name: String,
    /// Its Chatwoot account.
    pub chatwoot: Option<Chatwoot>,
}

/// A Chatwoot account.
#[derive(Debug, Clone)]
pub struct Chatwoot {
    /// The server's address.
    pub url: String,
    /// The account's number.
    pub account_id: i64,
    /// The sync user's token.
    pub token: Token,
    /// Secrets that its webhooks are signed with: the live one first, then one being replaced.
    pub webhook_secrets: Vec<Token>,
    /// Whether webhooks without a signature are believed, from a Chatwoot older than 4.12 alone.
    pub webhooks_unsigned: bool,
    /// A PEM file with the certificate authority of a private server.
    pub ca_file: Option<PathBuf>,
}

/// A local user.
#[derive(Debug, Clone)]
pub struct User {
    /// The user's name: `a-z`, `0-9`, `-`, `_`, `.`.
    pub name: String,
    /// As shown.
    pub display_name: String,
    /// What the user may do.
    pub role: Role,
    /// Slugs of the tenants.
    pub tenants: Vec<String>,
    /// E-mail address of the user's Chatwoot agent.
    pub chatwoot_email: Option<String>,
    /// Id of the user's Chatwoot agent; stronger than the e-mail address.
    pub chatwoot_agent_id: Option<i64>,
    /// That agent's own token.
    pub chatwoot_token: Option<Token>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FileChatwoot {
    tenant: Option<String>,
    url: Option<String>,
    account_id: Option<i64>,
    token_env: Option<String>,
    token_file: Option<PathBuf>,
    webhook_secret_env: Option<String>,
    webhook_secret_file: Option<PathBuf>,
    previous_webhook_secret_file: Option<PathBuf>,
    webhooks_unsigned: bool,
    ca_file: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileTenant {
    slug: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    chatwoot: Option<FileChatwoot>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileUser {
    name: String,
    #[serde(default)]
    display_name: Option<String>,
    role: Role,
    #[serde(default)]
    tenants: Vec<String>,
    #[serde(default)]
    chatwoot_email: Option<String>,
    #[serde(default)]
    chatwoot_agent_id: Option<i64>,
    #[serde(default)]
    chatwoot_token_env: Option<String>,
    #[serde(default)]
    chatwoot_token_file: Option<PathBuf>,
}

/// The tenants of the file and, with an account of the top section or the environment, one more or its account.
pub(super) fn tenants(top: Option<FileChatwoot>, listed: Vec<FileTenant>, base: &Path, env: Env<'_>) -> Result<Vec<Tenant>, ConfigError> {
    let mut tenants = Vec::new();
    for (at, tenant) in listed.into_iter().enumerate() {
        let key = format!("tenants[{at}]");
        if !is_word(&tenant.slug, "-") {
            return Err(wrong(format!("{key}.slug"), "use a-z, 0-9 and -"));
        }
        if tenants.iter().any(|other: &Tenant| other.slug == tenant.slug) {
            return Err(wrong(format!("{key}.slug"), format!("`{}` is declared twice", tenant.slug)));
        }
        let chatwoot = tenant.chatwoot.map(|c| chatwoot(&format!("{key}.chatwoot"), c, base, &|_| None, env)).transpose()?;
        tenants.push(Tenant { name: tenant.name.unwrap_or_else(|| tenant.slug.clone()), slug: tenant.slug, chatwoot });
    }
    let by_env = ["CHATWOOT_API_URL", "CHATWOOT_API_TOKEN", "CHATWOOT_ACCOUNT_ID"].iter().any(|key| env(key).is_some());
    if top.is_some() || by_env {
        let mut top = top.unwrap_or_default();
        let slug = top.tenant.take().unwrap_or_else(|| tenants.first().map_or_else(|| "main".to_owned(), |t| t.slug.clone()));
        let account = chatwoot("chatwoot", top, base, env, env)?;
        match tenants.iter_mut().find(|t| t.slug == slug) {
            Some(tenant) if tenant.chatwoot.is_some() => {
                return Err(wrong("chatwoot", format!("tenant `{slug}` has its account in [[tenants]] already; a tenant has at most one")));
            }
            Some(tenant) => tenant.chatwoot = Some(account),
            None if !is_word(&slug, "-") => return Err(wrong("chatwoot.tenant", "use a-z, 0-9 and -")),
            None => tenants.push(Tenant { name: slug.clone(), slug, chatwoot: Some(account) }),
        }
    }
    if tenants.is_empty() {
        tenants.push(Tenant { slug: "main".to_owned(), name: "main".to_owned(), chatwoot: None });
    }
    Ok(tenants)
}

/// `named` gives the `CHATWOOT_*` variables, which belong to the top section alone.
fn chatwoot(key: &str, c: FileChatwoot, base: &Path, named: Env<'_>, env: Env<'_>) -> Result<Chatwoot, ConfigError> {
    if c.tenant.is_some() {
        return Err(wrong(format!("{key}.tenant"), "only the top [chatwoot] section names a tenant"));
    }
    let url = named("CHATWOOT_API_URL").or(c.url).ok_or_else(|| wrong(format!("{key}.url"), "missing; or set CHATWOOT_API_URL"))?;
    let account_id = match named("CHATWOOT_ACCOUNT_ID") {
        Some(text) => Some(text.trim().parse().map_err(|_| wrong("CHATWOOT_ACCOUNT_ID", format!("`{text}` is not a number")))?),
        None => c.account_id,
    };
    let account_id = account_id.ok_or_else(|| {
        wrong(
            format!("{key}.account_id"),
            "missing; it is the number in Chatwoot's address bar after /accounts/; or set CHATWOOT_ACCOUNT_ID",
        )
    })?;
    let token = match named("CHATWOOT_API_TOKEN") {
        Some(text) => Some(Token::new(text)),
        None => secret_from(&format!("{key}.token"), c.token_env.as_deref(), c.token_file.as_deref(), base, env)?,
    };
    let token = token.ok_or_else(|| wrong(format!("{key}.token_file"), "missing; or set token_env, or CHATWOOT_API_TOKEN"))?;
    let live = match named("CHATWOOT_WEBHOOK_SECRET") {
        Some(text) => Some(Token::new(text)),
        None => {
            let key = format!("{key}.webhook_secret");
            secret_from(&key, c.webhook_secret_env.as_deref(), c.webhook_secret_file.as_deref(), base, env)?
        }
    };
    let previous = c.previous_webhook_secret_file.as_deref();
    let previous = secret_from(&format!("{key}.previous_webhook_secret"), None, previous, base, env)?;
    let ca_file = c.ca_file.map(|path| base.join(path));
    let webhook_secrets = live.into_iter().chain(previous).collect();
    Ok(Chatwoot { url, account_id, token, webhook_secrets, webhooks_unsigned: c.webhooks_unsigned, ca_file })
}

fn secret_from(key: &str, var: Option<&str>, file: Option<&Path>, base: &Path, env: Env<'_>) -> Result<Option<Token>, ConfigError> {
    match (var, file) {
        (Some(_), Some(_)) => Err(wrong(format!("{key}_file"), format!("{key}_env is set too; keep one of them"))),
        (Some(var), None) => {
            let text = env(var).ok_or_else(|| wrong(format!("{key}_env"), format!("the environment has no {var}")))?;
            Ok(Some(Token::new(text)))
        }
        (None, Some(file)) => {
            let token = secret::read_file(&base.join(file)).map_err(|source| ConfigError::Secret { key: format!("{key}_file"), source })?;
            Ok(Some(token))
        }
        (None, None) => Ok(None),
    }
}

/// The owner's name; nobody else may have it.
pub const OWNER: &str = "owner";

/// Its people; who names no tenant is of the first.
pub(super) fn users(listed: Vec<FileUser>, tenants: &[Tenant], base: &Path, env: Env<'_>) -> Result<Vec<User>, ConfigError> {
    let mut users: Vec<User> = Vec::new();
    for (at, user) in listed.into_iter().enumerate() {
        let key = format!("users[{at}]");
        if !is_word(&user.name, "-_.") {
            return Err(wrong(format!("{key}.name"), "use a-z, 0-9, -, _ and ."));
        }
        if user.name == OWNER || users.iter().any(|other| other.name == user.name) {
            return Err(wrong(format!("{key}.name"), format!("`{}` is taken", user.name)));
        }
        if let Some(unknown) = user.tenants.iter().find(|slug| !tenants.iter().any(|t| t.slug == **slug)) {
            return Err(wrong(format!("{key}.tenants"), format!("there is no tenant `{unknown}`")));
        }
        let key_token = format!("{key}.chatwoot_token");
        let token = secret_from(&key_token, user.chatwoot_token_env.as_deref(), user.chatwoot_token_file.as_deref(), base, env)?;
        users.push(User {
            display_name: user.display_name.unwrap_or_else(|| user.name.clone()),
            name: user.name,
            role: user.role,
            tenants: if user.tenants.is_empty() { tenants.iter().take(1).map(|t| t.slug.clone()).collect() } else { user.tenants },
            chatwoot_email: user.chatwoot_email,
            chatwoot_agent_id: user.chatwoot_agent_id,
            chatwoot_token: token,
        });
    }
    Ok(users)
}
