//! Canned responses as they were copied.

use rusqlite::named_params;

use super::{Scope, Sql, StoreError};

impl Scope<'_> {
    /// The text of a canned response; codes differ by case, as in Chatwoot.
    pub fn canned_response(&self, short_code: &str) -> Result<Option<String>, StoreError> {
        const SQL: Sql =
            Sql::new("select content from canned_responses where tenant_id = :tenant and short_code = :code order by id limit 1");
        self.one(SQL, named_params! { ":code": short_code }, |row| row.get(0))
    }

    /// All of them, by code: code and text.
    pub fn canned_responses(&self) -> Result<Vec<(String, String)>, StoreError> {
        const SQL: Sql = Sql::new("select short_code, content from canned_responses where tenant_id = :tenant order by short_code, id");
        self.all(SQL, &[], |row| Ok((row.get(0)?, row.get(1)?)))
    }
}
