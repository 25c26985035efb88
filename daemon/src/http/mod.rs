//! The API over HTTP: all routes on one screen.
//!
//! A handler reads the request, calls one read or one write, and shapes the answer. Rules live in `domain`, what follows from a decision
//! in `approvals`. The OpenAPI document is generated from the handlers themselves, so a route that is not in it does not exist.

mod ahead;
mod approvals;
mod attachments;
mod attributes;
mod audit;
mod begin;
mod cache;
mod canned;
mod contact_notes;
mod contacts;
mod conversations;
mod daemon;
mod deletion;
mod directory;
mod doctor;
mod feed;
mod filters;
mod health;
mod lists;
mod messages;
mod outbox;
mod people;
mod personal;
mod request;
mod respond;
mod search;
mod stream;
mod sync;
mod template;
mod tenants;
mod upload;
mod webhook;
mod webhooks;

use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use axum::{Json, Router};
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use crate::app::App;

pub(crate) use tenants::link;

/// The largest body of a call: a message of 150,000 characters of four bytes each, escaped, fits.
const BODY_BYTES_MAX: usize = 2 * 1024 * 1024;

#[derive(OpenApi)]
#[openapi(
    info(title = "afenda", description = "Chatwoot inbox, approvals and audit trail: the orchestrator API."),
    modifiers(&Bearer)
)]
struct Document;

struct Bearer;

impl utoipa::Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let bearer = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        openapi.components.get_or_insert_default().add_security_scheme("bearer", bearer);
    }
}

fn routes() -> OpenApiRouter<App> {
    let v1 = OpenApiRouter::new()
        .routes(routes!(approvals::list, approvals::create))
        .routes(routes!(approvals::request))
        .routes(routes!(approvals::view, approvals::update))
        .routes(routes!(approvals::changes))
        .routes(routes!(approvals::submit))
        .routes(routes!(approvals::approve))
        .routes(routes!(approvals::reject))
        .routes(routes!(approvals::withdraw))
        .routes(routes!(conversations::list, begin::create))
        .routes(routes!(conversations::view, conversations::update))
        .routes(routes!(conversations::messages, messages::send).layer(DefaultBodyLimit::max(upload::FORM_BYTES_MAX)))
        .routes(routes!(deletion::delete))
        .routes(routes!(attachments::read))
        .routes(routes!(conversations::escalate))
        .routes(routes!(ahead::foresee))
        .routes(routes!(ahead::typing))
        .routes(routes!(ahead::run_macro))
        .routes(routes!(people::participants))
        .routes(routes!(people::availability, people::set_availability))
        .routes(routes!(people::signature))
        .routes(routes!(ahead::link, ahead::unlink))
        .routes(routes!(contacts::list))
        .routes(routes!(contacts::view, contacts::update))
        .routes(routes!(contact_notes::list, contact_notes::add))
        .routes(routes!(contact_notes::delete))
        .routes(routes!(begin::inboxes))
        .routes(routes!(search::find))
        .routes(routes!(outbox::list))
        .routes(routes!(outbox::cancel))
        .routes(routes!(outbox::retry))
        .routes(routes!(outbox::flush))
        .routes(routes!(directory::agents))
        .routes(routes!(directory::teams))
        .routes(routes!(directory::inboxes))
        .routes(routes!(directory::templates))
        .routes(routes!(directory::labels))
        .routes(routes!(lists::canned_responses, canned::create))
        .routes(routes!(canned::update, canned::delete))
        .routes(routes!(lists::custom_attribute_definitions))
        .routes(routes!(lists::csat_responses))
        .routes(routes!(personal::notifications))
        .routes(routes!(personal::mentions))
        .routes(routes!(personal::custom_filters, filters::save))
        .routes(routes!(filters::rename, filters::delete))
        .routes(routes!(personal::macros))
        .routes(routes!(feed::list))
        .routes(routes!(feed::view))
        .routes(routes!(webhook::receive))
        .routes(routes!(webhook::receive_only))
        .routes(routes!(webhooks::list))
        .routes(routes!(webhooks::view))
        .routes(routes!(webhooks::replay))
        .routes(routes!(webhooks::purge))
        .routes(routes!(webhooks::install))
        .routes(routes!(tenants::list))
        .routes(routes!(tenants::view))
        .routes(routes!(tenants::switch))
        .routes(routes!(tenants::me))
        .routes(routes!(tenants::status))
        .routes(routes!(doctor::view))
        .routes(routes!(daemon::stop))
        .routes(routes!(sync::view))
        .routes(routes!(sync::reconcile))
        .routes(routes!(cache::view))
        .routes(routes!(cache::check))
        .routes(routes!(cache::clear))
        .routes(routes!(cache::rebuild))
        .routes(routes!(audit::list, audit::append))
        .routes(routes!(audit::of_resource))
        .routes(routes!(audit::ledger))
        .routes(routes!(audit::verify));
    OpenApiRouter::with_openapi(Document::openapi()).nest("/api/v1", v1)
}

/// The OpenAPI document.
pub(crate) fn document() -> utoipa::openapi::OpenApi {
    routes().into_openapi()
}

/// Everything the daemon serves.
pub(crate) fn router(app: App) -> Router {
    let (router, document) = routes().split_for_parts();
    router
        .route("/api/v1/openapi.json", get(move || async move { Json(document) }))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .fallback(respond::no_such_path)
        .method_not_allowed_fallback(respond::no_such_method)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(tower_http::catch_panic::CatchPanicLayer::custom(respond::panicked))
        .layer(axum::middleware::from_fn(respond::finish))
        .with_state(app)
}
