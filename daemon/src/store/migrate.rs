//! Brings a file to the current schema.
//!
//! The list's length is the version, kept in SQLite's `user_version`. `schema.sql` is the current state; `migrations/1.sql` is the first
//! one, frozen, and each later file the step from the version before. The test below compares a file brought up with a fresh one.

use std::path::Path;
use std::sync::LazyLock;

use rusqlite::Connection;
use rusqlite_migration::{M, Migrations, SchemaVersion};

use super::OpenError;

/// The whole current schema.
#[cfg(test)]
pub(super) const SCHEMA: &str = include_str!("../../../schema.sql");

/// 'afnd': says that a file is ours.
const APPLICATION_ID: i32 = 0x6166_6e64;
const STEPS: [&str; 4] = [
    include_str!("../../migrations/1.sql"),
    include_str!("../../migrations/2.sql"),
    include_str!("../../migrations/3.sql"),
    include_str!("../../migrations/4.sql"),
];
const VERSION: usize = STEPS.len();

static MIGRATIONS: LazyLock<Migrations<'static>> = LazyLock::new(|| Migrations::new(STEPS.iter().map(|step| M::up(step)).collect()));

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

    /// A statement without comments, quotes and layout; the parts of a table's body sorted, since an added column stands last.
    fn bare(sql: &str) -> Vec<String> {
        let code: String = sql.lines().map(|line| line.split_once("--").map_or(line, |(code, _)| code)).collect::<Vec<_>>().join(" ");
        let code = code.replace('"', "");
        let (mut parts, mut depth) = (vec![String::new()], 0);
        for word in code.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
            depth += i32::from(word == '(') - i32::from(word == ')');
            match word {
                ',' if depth == 1 => parts.push(String::new()),
                '(' if depth == 1 => parts.push(String::new()),
                ')' if depth == 0 => parts.push(String::new()),
                other => parts.last_mut().unwrap().push(other),
            }
        }
        let mut parts: Vec<String> = parts.iter().map(|part| part.trim().replace("( ", "(").replace(" )", ")")).collect();
        parts.sort();
        parts
    }

    #[test]
    fn a_fresh_and_a_migrated_file_have_the_same_schema() {
        let dump = |conn: &Connection| -> Vec<(String, Vec<String>)> {
            let mut stmt = conn.prepare("select name, coalesce(sql, '') from sqlite_schema order by type, name").unwrap();
            let rows = stmt.query_map([], |row| Ok((row.get(0)?, bare(&row.get::<_, String>(1)?)))).unwrap();
            rows.collect::<Result<_, _>>().unwrap()
        };
        let fresh = Connection::open_in_memory().unwrap();
        fresh.execute_batch(SCHEMA).unwrap();
        let mut migrated = Connection::open_in_memory().unwrap();
        migrate(Path::new("m"), &mut migrated).unwrap();
        let (fresh, migrated) = (dump(&fresh), dump(&migrated));
        for (fresh, migrated) in fresh.iter().zip(&migrated) {
            assert_eq!(fresh, migrated);
        }
        assert_eq!(fresh.len(), migrated.len());
        assert!(MIGRATIONS.validate().is_ok());
    }

    #[test]
    fn kept_webhooks_come_along_with_ids_for_the_wire() {
        let mut conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(STEPS[0]).unwrap();
        conn.execute_batch(
            r#"pragma application_id = 1634102884; pragma user_version = 1;
            insert into tenants (tenant_id, id, slug, name, hook, created_at_us) values (1, 'i', 'ours', 'Ours', 'h', 1);
            insert into webhook_events (tenant_id, position, delivery_id, body, received_at_us, state, attempts, error) values
                (1, 1, 'd-1', '{}', 1800000000000000, 'done', 0, null),
                (1, 2, null, '{"event":"message_created","id":5}', 1800000000000000, 'received', 1, 'no'),
                (1, 3, null, '{"event":"contact_updated"}', 1800000000000000, 'dead', 8, 'no');"#,
        )
        .unwrap();
        migrate(Path::new("m"), &mut conn).unwrap();
        let mut stmt = conn.prepare("select id, event, body is null, state, due_at_us from webhook_events order by position").unwrap();
        let rows = stmt.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))).unwrap();
        let rows: Vec<(String, String, bool, String, i64)> = rows.collect::<Result<_, _>>().unwrap();
        for (id, ..) in &rows {
            let id: uuid::Uuid = id.parse().unwrap();
            let (seconds, _) = id.get_timestamp().unwrap().to_unix();
            assert_eq!((id.get_version_num(), id.get_variant(), seconds), (7, uuid::Variant::RFC4122, 1_800_000_000));
        }
        let told: Vec<_> = rows.iter().map(|(_, event, bare, state, _)| (event.as_str(), *bare, state.as_str())).collect();
        assert_eq!(told, [("unknown", true, "done"), ("message_created", false, "received"), ("contact_updated", false, "dead")]);
        assert_eq!((rows[1].4, rows[2].4), (1_800_000_000_000_000, 1_802_592_000_000_000));
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
