//! Tenants, tokens and users' settings: what belongs to no tenant.

use rusqlite::named_params;
use uuid::Uuid;

use super::{Global, StoreError, TenantKey};

/// A tenant as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantRow {
    /// The store's own number.
    pub key: TenantKey,
    /// The id on the wire.
    pub id: Uuid,
    /// Short name.
    pub slug: String,
    /// As shown.
    pub name: String,
    /// Opaque id of its webhook receiver.
    pub hook: String,
    /// Which account its rows came from.
    pub source: Option<String>,
}

impl Global<'_> {
    /// Every tenant, by slug.
    pub fn tenants(&self) -> Result<Vec<TenantRow>, StoreError> {
        self.all("select tenant_id, id, slug, name, hook, source from tenants order by slug", &[], |row| {
            Ok(TenantRow {
                key: TenantKey(row.get("tenant_id")?),
                id: row.get::<_, String>("id")?.parse().unwrap_or_default(),
                slug: row.get("slug")?,
                name: row.get("name")?,
                hook: row.get("hook")?,
                source: row.get("source")?,
            })
        })
    }

    /// Makes the tenant if it is new, and gives it its name.
    pub fn ensure_tenant(&self, slug: &str, name: &str) -> Result<(), StoreError> {
        self.run(
            "insert into tenants (id, slug, name, hook, created_at_us) values (:id, :slug, :name, :hook, :now)
             on conflict (slug) do update set name = excluded.name",
            named_params! {
                ":id": Uuid::now_v7().to_string(), ":slug": slug, ":name": name,
                ":hook": hex::encode(rand::random::<[u8; 16]>()), ":now": self.now(),
            },
        )?;
        Ok(())
    }

    /// Remembers which account the tenant's rows come from; only once.
    pub fn bind_source(&self, slug: &str, source: &str) -> Result<(), StoreError> {
        self.run(
            "update tenants set source = :source where slug = :slug and source is null",
            named_params! { ":slug": slug, ":source": source },
        )?;
        Ok(())
    }

    /// Whose token has this hash.
    pub fn user_of_token(&self, hash: &str) -> Result<Option<String>, StoreError> {
        let users = self.all("select user from tokens where hash = :hash", named_params! { ":hash": hash }, |row| row.get("user"))?;
        Ok(users.into_iter().next())
    }

    /// Whether the user has any token.
    pub fn has_token(&self, user: &str) -> Result<bool, StoreError> {
        Ok(!self.all("select 1 from tokens where user = :user limit 1", named_params! { ":user": user }, |_| Ok(()))?.is_empty())
    }

    /// Keeps the hash of a new token.
    pub fn add_token(&self, user: &str, hash: &str) -> Result<(), StoreError> {
        self.run(
            "insert into tokens (hash, user, created_at_us) values (:hash, :user, :now)",
            named_params! { ":hash": hash, ":user": user, ":now": self.now() },
        )?;
        Ok(())
    }

    /// The user's default tenant, by slug.
    pub fn default_tenant(&self, user: &str) -> Result<Option<String>, StoreError> {
        let found =
            self.all("select tenant from user_settings where user = :user", named_params! { ":user": user }, |row| row.get("tenant"))?;
        Ok(found.into_iter().next())
    }

    /// Sets the user's default tenant, by slug.
    pub fn set_default_tenant(&self, user: &str, slug: &str) -> Result<(), StoreError> {
        self.run(
            "insert into user_settings (user, tenant) values (:user, :tenant) on conflict (user) do update set tenant = excluded.tenant",
            named_params! { ":user": user, ":tenant": slug },
        )?;
        Ok(())
    }
}
