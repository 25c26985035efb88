//! Brings a file to the current schema.
//!
//! The list's length is the version, kept in SQLite's `user_version`. Version 1 is `schema.sql` itself; when version 2 comes, the text of
//! version 1 is frozen beside this file, and the test below compares a migrated file with a fresh one.

use std::path::Path;
use std::sync::LazyLock;

use rusqlite::Connection;
use rusqlite_migration::{M, Migrations, SchemaVersion};

use super::OpenError;

/// The whole current schema.
pub(super) const SCHEMA: &str = include_str!("../../../schema.sql");

/// 'afnd': says that a file is ours.
const APPLICATION_ID: i32 = 0x6166_6e64;
const VERSION: usize = 1;

static MIGRATIONS: LazyLock<Migrations<'static>> = LazyLock::new(|| Migrations::new(vec![M::up(SCHEMA)]));

/// Creates the schema in an empty file, or brings an older file up to it.
pub(super) fn migrate(path: &Path, conn: &mut Connection) -> Result<(), OpenError> {
    let fail = |source| OpenError::sqlite(path, source);
    let foreign = |message: String| OpenError::Foreign { path: path.to_owned(), message };
    let id: i32 = conn.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(fail)?;
    let found: usize = conn.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0)).map_err(fail)?.try_into().unwrap_or(0);
    let tables: i64 = conn.query_row("select count(*) from sqlite_schema", [], |row| row.get(0)).map_err(fail)?;
    if tables > 0 && id != APPLICATION_ID {
        return Err(foreign("it has other tables".to_owned()));
    }
    if found > VERSION {
        return Err(OpenError::Newer { path: path.to_owned(), found, known: VERSION });
    }
    conn.pragma_update(None, "application_id", APPLICATION_ID).map_err(fail)?;
    MIGRATIONS.to_latest(conn).map_err(|err| match err {
        rusqlite_migration::Error::RusqliteError { err, .. } => fail(err),
        other => foreign(other.to_string()),
    })?;
    match MIGRATIONS.current_version(conn) {
        Ok(SchemaVersion::Inside(version)) if version.get() == VERSION => Ok(()),
        other => Err(foreign(format!("the schema is at {other:?} after the migration"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_and_a_migrated_file_have_the_same_schema() {
        let dump = |conn: &Connection| -> Vec<String> {
            let mut stmt = conn.prepare("select coalesce(sql, name) from sqlite_schema order by type, name").unwrap();
            stmt.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
        };
        let fresh = Connection::open_in_memory().unwrap();
        fresh.execute_batch(SCHEMA).unwrap();
        let mut migrated = Connection::open_in_memory().unwrap();
        migrate(Path::new("m"), &mut migrated).unwrap();
        assert_eq!(dump(&fresh), dump(&migrated));
        assert!(MIGRATIONS.validate().is_ok());
    }

    #[test]
    fn a_newer_file_and_a_foreign_file_are_refused_with_the_way_out() {
        let mut conn = Connection::open_in_memory().unwrap();
        migrate(Path::new("s.db"), &mut conn).unwrap();
        conn.pragma_update(None, "user_version", 99).unwrap();
        let said = migrate(Path::new("s.db"), &mut conn).unwrap_err().to_string();
        assert!(said.contains("version 99") && said.contains("newer afenda"), "{said}");
        let mut other = Connection::open_in_memory().unwrap();
        other.execute_batch("create table t (a)").unwrap();
        assert!(migrate(Path::new("o.db"), &mut other).unwrap_err().to_string().contains("not a store of afenda"));
    }
}
