//! `/search`: messages, contacts and canned responses by words and operators.

use api::error::ErrorBody;
use api::page::{LIMIT_DEFAULT, PageMeta};
use api::search::{SEARCH_LIMIT_MAX, SearchPage, SearchQuery};
use axum::Json;

use super::request::{self, Query};
use crate::app::{Caller, Person};
use crate::domain::search::Search;
use crate::fault::Fault;
use crate::store::Scope;

/// Messages, newest first; with the first page the contacts and canned responses that hold the same words.
#[utoipa::path(get, path = "/search", tag = "conversations", params(SearchQuery), security(("bearer" = [])),
    responses((status = 200, body = SearchPage), (status = 422, body = ErrorBody)))]
pub(crate) async fn find(caller: Caller, Query(query): Query<SearchQuery>) -> Result<Json<SearchPage>, Fault> {
    let limit = query.limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=SEARCH_LIMIT_MAX).contains(&limit) {
        return Err(Fault::invalid("limit", &format!("1 to {SEARCH_LIMIT_MAX}")));
    }
    let below: Option<i64> = query.cursor.as_deref().map(request::place).transpose()?;
    let mut search = Search::read(&query.q).map_err(|err| Fault::invalid("q", &err.to_string()))?;
    if let (Some(from), Some(to)) = (query.from, query.to)
        && to <= from
    {
        return Err(Fault::invalid("to", "must be later than `from`"));
    }
    search.within(query.from, query.to);
    let meta = caller.freshness();
    let read = move |scope: &Scope<'_>, who: &Person| {
        let me = who.agent_id();
        let (data, more) = scope.search_messages(&search, me, below, limit)?;
        let next_cursor = data.last().filter(|_| more).and_then(|last| request::cursor(&last.id.0));
        let total = scope.search_count(&search, me)?;
        let (contacts, canned_responses) = match below {
            None => (scope.search_contacts(&search)?, scope.search_canned_responses(&search)?),
            Some(_) => (Vec::new(), Vec::new()),
        };
        Ok(SearchPage { data, contacts, canned_responses, meta: PageMeta { total, limit, next_cursor, ..meta } })
    };
    Ok(Json(caller.read(read).await?))
}
