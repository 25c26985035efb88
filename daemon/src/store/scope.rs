//! One tenant's view of one connection. The only file that runs statements.
//!
//! Three walls keep tenants apart: [`Sql::new`] does not compile a text that does not name `:tenant`; a test reads every statement's
//! query plan, so that no table is reached except through `tenant_id`; and every store test seeds a second tenant with the same ids.

use std::cell::{Cell, RefCell};

use rusqlite::{CachedStatement, Connection, Row, ToSql};

use super::{Committed, StoreError};
use crate::clock::Micros;

/// The store's own number of a tenant. Made by [`Global`] alone and meaningless outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantKey(pub(super) i64);

/// SQL that names its tenant. A constant without `:tenant` does not compile.
#[derive(Debug, Clone, Copy)]
pub struct Sql(&'static str);

impl Sql {
    /// Takes a statement; as a constant it is checked at compile time.
    pub const fn new(text: &'static str) -> Self {
        assert!(mentions_tenant(text), "every statement must bind :tenant");
        Self(text)
    }

    pub(super) const fn text(self) -> &'static str {
        self.0
    }
}

const fn mentions_tenant(text: &str) -> bool {
    let (hay, needle) = (text.as_bytes(), b":tenant");
    let mut i = 0;
    while i + needle.len() <= hay.len() {
        let mut n = 0;
        while n < needle.len() && hay[i + n] == needle[n] {
            n += 1;
        }
        if n == needle.len() {
            return true;
        }
        i += 1;
    }
    false
}

/// Named values of a statement, `:tenant` left out: the scope binds its own.
pub(super) type Params<'a> = &'a [(&'a str, &'a dyn ToSql)];

/// One tenant's view of the database, for the length of one read or one write.
#[derive(Debug)]
pub struct Scope<'c> {
    conn: &'c Connection,
    tenant: TenantKey,
    now: Micros,
    feed: Option<&'c RefCell<Vec<Committed>>>,
    quiet: Cell<bool>,
    /// Messages that are in the table and not yet in the full-text index, by row; `None` outside [`Scope::indexing_together`].
    unindexed: RefCell<Option<Vec<i64>>>,
}

impl<'c> Scope<'c> {
    pub(super) fn reading(conn: &'c Connection, tenant: TenantKey, now: Micros) -> Self {
        Self { conn, tenant, now, feed: None, quiet: Cell::new(false), unindexed: RefCell::default() }
    }

    pub(super) fn writing(conn: &'c Connection, tenant: TenantKey, now: Micros, feed: &'c RefCell<Vec<Committed>>) -> Self {
        Self { conn, tenant, now, feed: Some(feed), quiet: Cell::new(false), unindexed: RefCell::default() }
    }

    /// The time of this read or write: one for all of it.
    pub fn now(&self) -> Micros {
        self.now
    }

    /// Whose view it is.
    pub fn tenant(&self) -> TenantKey {
        self.tenant
    }

    /// Rows that this connection has written so far: the same before and after some work, nothing was.
    pub fn changes(&self) -> u64 {
        self.conn.total_changes()
    }

    /// Runs `work` without telling anybody of rows that are new by it, where `quiet`: the first copy brings what was there before.
    pub fn quietly<T>(&self, quiet: bool, work: impl FnOnce() -> T) -> T {
        let before = self.quiet.replace(quiet);
        let done = work();
        self.quiet.set(before);
        done
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.quiet.get()
    }

    /// Runs `work`, and puts the messages that are new by it into the full-text index in one step: FTS5 writes a piece of index for every
    /// statement. Where `work` fails the write is rolled back, and nothing is left to do.
    pub fn indexing_together<T>(&self, work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.unindexed.replace(Some(Vec::new()));
        let done = work().and_then(|done| self.index_gathered().map(|()| done));
        self.unindexed.replace(None);
        done
    }

    /// Keeps a row for the end of [`Scope::indexing_together`]; `false` outside of it.
    pub(super) fn gather_unindexed(&self, row: i64) -> bool {
        self.unindexed.borrow_mut().as_mut().map(|rows| rows.push(row)).is_some()
    }

    /// The rows that wait for the index; none do afterwards.
    pub(super) fn take_unindexed(&self) -> Vec<i64> {
        self.unindexed.borrow_mut().as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// SQLite's number of the row that was inserted last.
    pub(super) fn inserted(&self) -> i64 {
        self.conn.last_insert_rowid()
    }

    pub(super) fn publish(&self, activity: api::event::Activity) {
        if let Some(feed) = self.feed {
            feed.borrow_mut().push(Committed { tenant: self.tenant, activity });
        }
    }

    fn bind(&self, sql: Sql, params: Params<'_>) -> Result<CachedStatement<'c>, StoreError> {
        let mut stmt = self.conn.prepare_cached(sql.text())?;
        bind_all(&mut stmt, params.iter().copied().chain([(":tenant", &self.tenant.0 as &dyn ToSql)]))?;
        Ok(stmt)
    }

    /// Every row.
    pub(super) fn all<T>(
        &self,
        sql: Sql,
        params: Params<'_>,
        read: impl Fn(&Row<'_>) -> Result<T, rusqlite::Error>,
    ) -> Result<Vec<T>, StoreError> {
        let mut stmt = self.bind(sql, params)?;
        let mut rows = stmt.raw_query();
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            out.push(read(row)?);
        }
        Ok(out)
    }

    /// The first row, if any.
    pub(super) fn one<T>(
        &self,
        sql: Sql,
        params: Params<'_>,
        read: impl FnOnce(&Row<'_>) -> Result<T, rusqlite::Error>,
    ) -> Result<Option<T>, StoreError> {
        let mut stmt = self.bind(sql, params)?;
        let mut rows = stmt.raw_query();
        Ok(match rows.next()? {
            Some(row) => Some(read(row)?),
            None => None,
        })
    }

    /// A number that is always there, such as a count.
    pub(super) fn number(&self, sql: Sql, params: Params<'_>) -> Result<i64, StoreError> {
        Ok(self.one(sql, params, |row| row.get::<_, Option<i64>>(0))?.flatten().unwrap_or(0))
    }

    /// Changes rows; returns how many.
    pub(super) fn run(&self, sql: Sql, params: Params<'_>) -> Result<usize, StoreError> {
        Ok(self.bind(sql, params)?.raw_execute()?)
    }
}

/// What belongs to no tenant: the list of tenants, tokens, settings of users.
#[derive(Debug)]
pub struct Global<'c> {
    conn: &'c Connection,
    now: Micros,
}

impl<'c> Global<'c> {
    pub(super) fn new(conn: &'c Connection, now: Micros) -> Self {
        Self { conn, now }
    }

    /// The time of this read or write.
    pub fn now(&self) -> Micros {
        self.now
    }

    pub(super) fn all<T>(
        &self,
        sql: &'static str,
        params: Params<'_>,
        read: impl Fn(&Row<'_>) -> Result<T, rusqlite::Error>,
    ) -> Result<Vec<T>, StoreError> {
        let mut stmt = self.conn.prepare_cached(sql)?;
        bind_all(&mut stmt, params.iter().copied())?;
        let mut rows = stmt.raw_query();
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            out.push(read(row)?);
        }
        Ok(out)
    }

    pub(super) fn run(&self, sql: &'static str, params: Params<'_>) -> Result<usize, StoreError> {
        let mut stmt = self.conn.prepare_cached(sql)?;
        bind_all(&mut stmt, params.iter().copied())?;
        Ok(stmt.raw_execute()?)
    }
}

/// Binds by name; every parameter of the statement must be given, and nothing else.
fn bind_all<'p>(stmt: &mut CachedStatement<'_>, params: impl Iterator<Item = (&'p str, &'p dyn ToSql)>) -> Result<(), StoreError> {
    let mut bound = 0;
    for (name, value) in params {
        let index = stmt.parameter_index(name)?.ok_or_else(|| rusqlite::Error::InvalidParameterName(name.to_owned()))?;
        stmt.raw_bind_parameter(index, value)?;
        bound += 1;
    }
    if bound != stmt.parameter_count() {
        return Err(rusqlite::Error::InvalidParameterCount(bound, stmt.parameter_count()).into());
    }
    Ok(())
}

/// First step of the plan that reaches a table other than through `tenant_id`, if any.
#[cfg(test)]
pub(super) fn stray(conn: &Connection, sql: &str) -> rusqlite::Result<Option<String>> {
    let mut plan = conn.prepare(&format!("explain query plan {sql}"))?;
    let mut rows = plan.raw_query(); // Planning needs no values.
    while let Some(row) = rows.next()? {
        let step: String = row.get("detail")?;
        let reads_table = step.starts_with("SCAN ") || step.starts_with("SEARCH ");
        // Virtual tables (FTS5, json_each) have no tenant; what they find is joined back to `messages`, whose row is then
        // reached by number and checked against `tenant_id` by the statement's own `where`.
        let no_tenant = step.contains("VIRTUAL TABLE") || step.contains("CONSTANT ROW");
        let found_by_search =
            sql.contains("messages_fts") && sql.contains("m.tenant_id = :tenant") && step == "SEARCH m USING INTEGER PRIMARY KEY (rowid=?)";
        if reads_table && !no_tenant && !found_by_search && !step.contains("tenant_id=?") {
            return Ok(Some(step));
        }
    }
    Ok(None)
}
