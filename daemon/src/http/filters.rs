//! Filters that the caller saved in Chatwoot: saved, renamed and deleted there, and read for a list of conversations. As everything personal
//! they are the caller's alone.

use api::error::{Code, ErrorBody};
use api::lists::{CustomFilterView, NewCustomFilter, RenameCustomFilter};
use api::page::Data;
use axum::Json;
use axum::body::Bytes;
use axum::extract::Path;

use super::personal;
use super::request::read_body;
use crate::app::{Caller, Person};
use crate::domain::filter::{self, Groups};
use crate::fault::Fault;
use crate::store::{Personal, Scope, StoreError};
use crate::sync::personal::FilterChange;

/// Characters of a name: Chatwoot's column holds no more.
const NAME_CHARS_MAX: usize = 255;

/// Saves a filter of conversations in Chatwoot, with the caller's own token.
#[utoipa::path(post, path = "/custom-filters", tag = "personal", request_body = NewCustomFilter, security(("bearer" = [])),
    responses((status = 200, body = Data<CustomFilterView>), (status = 403, body = ErrorBody), (status = 422, body = ErrorBody),
        (status = 503, body = ErrorBody)))]
pub(crate) async fn save(caller: Caller, body: Bytes) -> Result<Json<Data<CustomFilterView>>, Fault> {
    let new: NewCustomFilter = read_body(&body)?;
    let name = name(&new.name)?;
    // What could not be shown here afterwards is not saved from here.
    let query = new.query.clone();
    let read = caller.read(move |scope, _| Ok(filter::read(&query, &defined(scope)?))).await?;
    read.map_err(|why| Fault::invalid("query", &why))?;
    free(&caller, &name, None).await?;
    let id = change(&caller, FilterChange::Save(name, serde_json::Value::Object(new.query))).await?;
    one(&caller, id).await
}

/// Gives a saved filter another name.
#[utoipa::path(patch, path = "/custom-filters/{id}", tag = "personal", params(("id" = i64, Path)), request_body = RenameCustomFilter,
    security(("bearer" = [])), responses((status = 200, body = Data<CustomFilterView>), (status = 404, body = ErrorBody),
        (status = 422, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn rename(caller: Caller, Path(id): Path<String>, body: Bytes) -> Result<Json<Data<CustomFilterView>>, Fault> {
    let RenameCustomFilter { name: wanted } = read_body(&body)?;
    let (id, name) = (parse(&id)?, name(&wanted)?);
    drop(one(&caller, id).await?);
    free(&caller, &name, Some(id)).await?;
    change(&caller, FilterChange::Rename(id, name)).await?;
    one(&caller, id).await
}

/// Deletes a saved filter; what it was.
#[utoipa::path(delete, path = "/custom-filters/{id}", tag = "personal", params(("id" = i64, Path)), security(("bearer" = [])),
    responses((status = 200, body = Data<CustomFilterView>), (status = 404, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn delete(caller: Caller, Path(id): Path<String>) -> Result<Json<Data<CustomFilterView>>, Fault> {
    let id = parse(&id)?;
    let was = one(&caller, id).await?;
    change(&caller, FilterChange::Delete(id)).await?;
    // The copy follows.
    drop(personal::custom_filters(caller).await?);
    Ok(was)
}

fn parse(id: &str) -> Result<i64, Fault> {
    id.parse().map_err(|_| Fault::not_found("saved filter of yours"))
}

fn name(wanted: &str) -> Result<String, Fault> {
    let name = wanted.trim();
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
        return Err(Fault::invalid("name", &format!("1 to {NAME_CHARS_MAX} characters on one line")));
    }
    Ok(name.to_owned())
}

/// The caller's saved filters as Chatwoot has them now, else the copy.
async fn all(caller: &Caller) -> Result<Vec<CustomFilterView>, Fault> {
    Ok(personal::custom_filters(caller.clone()).await?.0.data)
}

async fn one(caller: &Caller, id: i64) -> Result<Json<Data<CustomFilterView>>, Fault> {
    let found = all(caller).await?.into_iter().find(|filter| filter.id == id);
    found.map(|data| Json(Data { data })).ok_or_else(|| Fault::not_found("saved filter of yours"))
}

/// Chatwoot takes a name twice, and a repeated call would: two of one name cannot be told apart.
async fn free(caller: &Caller, name: &str, but: Option<i64>) -> Result<(), Fault> {
    let taken = all(caller).await?.iter().any(|known| known.name == name && known.filter_type == "conversation" && Some(known.id) != but);
    if taken { Err(Fault::invalid("name", "you have a saved filter of that name")) } else { Ok(()) }
}

async fn change(caller: &Caller, change: FilterChange) -> Result<i64, Fault> {
    let agent = caller.read(|_, who| Ok(own_agent(who))).await?;
    let (Some(agent), Some(sync)) = (agent, caller.sync()) else {
        return Err(Fault::new(Code::Forbidden, "a filter is saved as you: link your own Chatwoot token with `afenda auth link-chatwoot`"));
    };
    sync.change_filter(&caller.user.name, agent, change).await.map_err(personal::fault)
}

/// The caller's agent, where the caller has an own token.
pub(super) fn own_agent(who: &Person) -> Option<i64> {
    who.agent.as_ref().filter(|agent| agent.own_token).map(|agent| agent.id)
}

/// Sees to it that a saved filter is in the copy, where it can be had: one that was saved a moment ago is not there yet.
pub(super) async fn have(caller: &Caller, id: i64) -> Result<(), Fault> {
    if caller.read(move |scope, who| Ok(find(scope, who, id)?.is_none())).await? {
        drop(personal::custom_filters(caller.clone()).await?);
    }
    Ok(())
}

fn find(scope: &Scope<'_>, who: &Person, id: i64) -> Result<Option<CustomFilterView>, StoreError> {
    let Some(agent) = own_agent(who) else { return Ok(None) };
    let rows = scope.personal(agent, Personal::CustomFilter)?.map(|(_, rows)| rows).unwrap_or_default();
    let mut known = rows.into_iter().filter_map(|row| serde_json::from_value::<CustomFilterView>(row).ok());
    Ok(known.find(|filter| filter.id == id))
}

fn defined(scope: &Scope<'_>) -> Result<Vec<(String, String)>, StoreError> {
    let all = scope.custom_attribute_definitions()?.into_iter();
    Ok(all.filter(|one| one.model == "conversation_attribute").map(|one| (one.key, one.display_type)).collect())
}

/// A saved filter's conditions, for the list of conversations.
pub(super) fn groups(scope: &Scope<'_>, who: &Person, id: i64) -> Result<Groups, Fault> {
    let known = find(scope, who, id)?.filter(|filter| filter.filter_type == "conversation");
    let known = known.ok_or_else(|| Fault::invalid("view", "you have no such saved filter of conversations"))?;
    filter::read(&known.query, &defined(scope)?).map_err(|why| {
        Fault::invalid(
            "view",
            &format!("\u{201c}{}\u{201d} cannot be told from the copy: {why}. Chatwoot's own page may show it", known.name),
        )
    })
}
