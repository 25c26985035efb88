//! Contacts as they are listed and read.

use api::contact::ContactDetail;
use api::inbox::ContactView;
use rusqlite::{Row, named_params};
use serde::{Deserialize, Serialize};

use super::search::holds;
use super::{Scope, Sql, StoreError};
use crate::clock::{Micros, timestamp};

/// Where in the order a page begins: after this contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactPlace {
    /// The name, as it is sorted.
    name: String,
    /// Chatwoot's id.
    id: i64,
}

// Most type one word: without a list of words to read for each contact it is found in a quarter of the time.
macro_rules! named {
    () => {
        " from contacts k where k.tenant_id = :tenant
            and (:first is null or k.name like :first escape '\\' or k.email like :first escape '\\'
                 or k.phone_number like :first escape '\\' or k.identifier like :first escape '\\')
            and (:rest is null or not exists (select 1 from json_each(:rest) w where not (
                 k.name like w.value escape '\\' or coalesce(k.email, '') like w.value escape '\\'
                 or coalesce(k.phone_number, '') like w.value escape '\\' or coalesce(k.identifier, '') like w.value escape '\\'))) "
    };
}
pub(super) use named;

// Visitors without a name come last: U+10FFFF is in no name.
macro_rules! sorted {
    () => {
        "coalesce(nullif(lower(trim(k.name)), ''), char(1114111))"
    };
}

// The page's numbers first: sorting whole rows takes twice as long.
const PAGE: Sql = Sql::new(concat!(
    "select k.*, ",
    sorted!(),
    " as sorted from contacts k where k.tenant_id = :tenant and k.id in (select k.id",
    named!(),
    "and (:name is null or (",
    sorted!(),
    ", k.id) > (:name, :id)) order by ",
    sorted!(),
    ", k.id limit :limit) order by sorted, k.id"
));
const COUNT: Sql = Sql::new(concat!("select count(*)", named!()));

/// The statements that macros put together, for the test of their plans.
#[cfg(test)]
pub(super) const ALL: &[Sql] = &[PAGE, COUNT];

impl Scope<'_> {
    /// A page of the contacts that every word names, by name, and the place after it (`None` at the end).
    pub fn contacts(
        &self,
        words: &[&str],
        after: Option<&ContactPlace>,
        limit: u32,
    ) -> Result<(Vec<ContactDetail>, Option<ContactPlace>), StoreError> {
        let (first, rest) = patterns(words);
        let params = named_params! {
            ":first": first, ":rest": rest, ":name": after.map(|after| &after.name), ":id": after.map(|after| after.id),
            ":limit": i64::from(limit) + 1,
        };
        let read = |row: &Row<'_>| Ok((read(row)?, ContactPlace { name: row.get("sorted")?, id: row.get("id")? }));
        let mut rows = self.all(PAGE, params, read)?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| more).map(|(_, place)| place.clone());
        Ok((rows.into_iter().map(|(contact, _)| contact).collect(), next))
    }

    /// How many contacts every word names.
    pub fn contact_count(&self, words: &[&str]) -> Result<u64, StoreError> {
        let (first, rest) = patterns(words);
        Ok(self.number(COUNT, named_params! { ":first": first, ":rest": rest })?.unsigned_abs())
    }

    /// One contact with its attributes.
    pub fn contact_detail(&self, id: i64) -> Result<Option<ContactDetail>, StoreError> {
        const SQL: Sql = Sql::new("select * from contacts where tenant_id = :tenant and id = :id");
        self.one(SQL, named_params! { ":id": id }, read)
    }
}

/// The longest word, which fits the fewest contacts, and a list of the others.
pub(super) fn patterns(words: &[&str]) -> (Option<String>, Option<String>) {
    let mut words = words.to_vec();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let mut patterns = words.into_iter().map(holds);
    let first = patterns.next();
    let rest: Vec<String> = patterns.collect();
    (first, (!rest.is_empty()).then(|| serde_json::json!(rest).to_string()))
}

fn read(row: &Row<'_>) -> rusqlite::Result<ContactDetail> {
    let stamp = |at: Option<Micros>| at.map(timestamp);
    // What is no JSON object, which only a damaged file has, reads as empty.
    let object = |column: &str| Ok::<_, rusqlite::Error>(serde_json::from_str(row.get_ref(column)?.as_str()?).unwrap_or_default());
    Ok(ContactDetail {
        contact: ContactView {
            id: row.get("id")?,
            name: row.get("name")?,
            email: row.get("email")?,
            phone_number: row.get("phone_number")?,
            identifier: row.get("identifier")?,
            blocked: row.get("blocked")?,
        },
        additional_attributes: object("additional_attributes")?,
        custom_attributes: object("custom_attributes")?,
        last_activity_at: stamp(row.get("last_activity_at_us")?),
        created_at: stamp(row.get("created_at_us")?),
    })
}
