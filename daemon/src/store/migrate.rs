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
const STEPS: [&str; 5] = [
    include_str!("../../migrations/1.sql"),
    include_str!("../../migrations/2.sql"),
    include_str!("../../migrations/3.sql"),
    include_str!("../../migrations/4.sql"),
    include_str!("../../migrations/5.sql"),
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

    /// Rows of each table that a filled file has: more than any column has words.
    const ROWS: i64 = 40;

    /// Columns that a step rewrites on purpose, by the version it leads to.
    const REWRITTEN: [(usize, &str, &str); 1] = [(2, "webhook_events", "body")]; // cleared where the event was done

    /// A table of our own making.
    struct Table {
        name: String,
        sql: String,
        columns: Vec<Column>,
    }

    struct Column {
        name: String,
        kind: String,
        /// It is never null.
        needed: bool,
    }

    fn tables(conn: &Connection) -> Vec<Table> {
        let columns = |table: &str| -> Vec<Column> {
            let sql = format!("select name, lower(type), \"notnull\" or pk > 0 from pragma_table_info('{table}')");
            let mut stmt = conn.prepare(&sql).unwrap();
            let read = |row: &rusqlite::Row<'_>| Ok(Column { name: row.get(0)?, kind: row.get(1)?, needed: row.get(2)? });
            stmt.query_map([], read).unwrap().collect::<Result<_, _>>().unwrap()
        };
        // The index of the texts fills itself.
        let sql = "select name, sql from sqlite_schema where type = 'table' and name not like 'messages_fts%' order by rowid";
        let mut stmt = conn.prepare(sql).unwrap();
        let read = |row: &rusqlite::Row<'_>| {
            let name: String = row.get(0)?;
            Ok(Table { columns: columns(&name), name, sql: row.get(1)? })
        };
        stmt.query_map([], read).unwrap().collect::<Result<_, _>>().unwrap()
    }

    /// The words that a column's check allows; none: any.
    fn allowed(sql: &str, column: &str) -> Vec<String> {
        let list = sql.split_once(&format!("check ({column} in (")).and_then(|(_, rest)| rest.split_once(')'));
        list.map_or(Vec::new(), |(list, _)| list.split(',').map(|word| word.trim().trim_matches('\'').to_owned()).collect())
    }

    /// Fills every table of a file of any version, by what its own schema allows: every word of every check, nulls where they may be.
    fn fill(conn: &Connection) {
        for Table { name: table, sql, columns } in tables(conn) {
            let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
            let marks = vec!["?"; names.len()].join(", ");
            let mut insert = conn.prepare(&format!("insert into {table} ({}) values ({marks})", names.join(", "))).unwrap();
            for n in 1..=if table == "tenants" { 2 } else { ROWS } {
                let value = |column: &Column| -> rusqlite::types::Value {
                    let words = allowed(&sql, &column.name);
                    match (column.name.as_str(), column.kind.as_str()) {
                        ("tenant_id", _) => if table == "tenants" { n } else { 1 + n % 2 }.into(),
                        ("rating", _) => (1 + n % 5).into(),
                        _ if !column.needed && n % 3 == 0 => rusqlite::types::Value::Null,
                        (_, "integer") => n.into(),
                        _ if !words.is_empty() => words[usize::try_from(n).unwrap() % words.len()].clone().into(),
                        ("body", _) => format!(r#"{{"event":"message_created","id":{n}}}"#).into(),
                        (column, _) => format!("{table} {column} {n}").into(),
                    }
                };
                insert.execute(rusqlite::params_from_iter(columns.iter().map(value))).unwrap_or_else(|err| panic!("{table} {n}: {err}"));
            }
        }
        conn.execute("insert into messages_fts (messages_fts) values ('rebuild')", []).unwrap();
    }

    /// The rows of a table, with these columns, in the order of all of them.
    fn rows(conn: &Connection, table: &str, columns: &[String]) -> Vec<Vec<rusqlite::types::Value>> {
        let list = columns.join(", ");
        let mut stmt = conn.prepare(&format!("select {list} from {table} order by {list}")).unwrap();
        let read = |row: &rusqlite::Row<'_>| (0..columns.len()).map(|at| row.get(at)).collect();
        stmt.query_map([], read).unwrap().collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn every_row_of_every_older_version_comes_along() {
        for version in 1..VERSION {
            let mut conn = Connection::open_in_memory().unwrap();
            STEPS[..version].iter().for_each(|step| conn.execute_batch(step).unwrap());
            conn.execute_batch(&format!(
                "pragma application_id = {APPLICATION_ID}; pragma user_version = {version}; pragma foreign_keys = on;"
            ))
            .unwrap();
            fill(&conn);
            let kept: Vec<(String, Vec<String>)> = tables(&conn)
                .into_iter()
                .map(|table| {
                    let rewritten = |column: &str| REWRITTEN.iter().any(|(to, t, c)| *to > version && *t == table.name && *c == column);
                    let names = table.columns.into_iter().map(|column| column.name).filter(|name| !rewritten(name)).collect();
                    (table.name, names)
                })
                .collect();
            let before: Vec<_> = kept.iter().map(|(table, columns)| rows(&conn, table, columns)).collect();
            assert!(before.iter().all(|rows| rows.len() >= 2), "version {version} was filled");
            migrate(Path::new("m"), &mut conn).unwrap();
            for ((table, columns), before) in kept.iter().zip(before) {
                assert_eq!(rows(&conn, table, columns), before, "{table} from version {version}");
            }
            let strays: i64 = conn.query_row("select count(*) from pragma_foreign_key_check", [], |row| row.get(0)).unwrap();
            let whole: String = conn.query_row("pragma integrity_check", [], |row| row.get(0)).unwrap();
            assert_eq!((strays, whole.as_str()), (0, "ok"), "version {version}");
            conn.execute("insert into messages_fts (messages_fts, rank) values ('integrity-check', 1)", []).unwrap();
        }
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
