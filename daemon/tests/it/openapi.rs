//! The document is made from the handlers, and another tenant's token gets nothing from any of them.

use api::Token;
use api::approval::Decision;
use api::client::new_key;
use serde_json::Value;

use crate::harness::Bench;

/// Every endpoint: method, path, and whether it takes an id.
fn endpoints() -> Vec<(String, String)> {
    let document = daemon::openapi();
    let paths = document["paths"].as_object().unwrap().clone();
    let each = paths.into_iter().flat_map(|(path, item)| {
        let methods: Vec<String> = item.as_object().unwrap().keys().cloned().collect();
        methods.into_iter().map(move |method| (method, path.clone()))
    });
    each.collect()
}

/// A value for each parameter that names something of the tenant `ours`; a new endpoint with a new kind of id fails here until it is told.
struct Ours {
    approval: String,
    activity: String,
    outbox: String,
    webhook: String,
    tenant: String,
}

impl Ours {
    /// The path with ids of `ours` in place, or `None` where the same id may rightly exist in both tenants.
    fn fill(&self, path: &str) -> String {
        let (_, rest) = path.split_once("/api/v1/").unwrap();
        let resource = rest.split('/').next().unwrap();
        let id = match resource {
            "approvals" => &self.approval,
            "activity" => &self.activity,
            "outbox" => &self.outbox,
            "webhooks" => &self.webhook,
            "tenants" => &self.tenant,
            // Only `ours` has conversation 77.
            "conversations" => "77",
            "contacts" => "78",
            "inboxes" => "79",
            // A saved filter is one agent's alone, whatever its id.
            "custom-filters" => "1",
            // Only `ours` has canned response 80.
            "canned-responses" => "80",
            "audit" => &self.approval,
            other => panic!("what id does {other} take?"),
        };
        let path = path.replace("{id}", id).replace("{type}", "approval").replace("{message}", "9001").replace("{attachment}", "501");
        path.replace("{note}", "1")
    }
}

async fn call(bench: &Bench, token: &Token, method: &str, path: &str, accept: &str) -> (u16, Value) {
    let answer = request(bench, token, method, path, accept).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

fn request(bench: &Bench, token: &Token, method: &str, path: &str, accept: &str) -> reqwest::RequestBuilder {
    let url = format!("{}{path}", bench.daemon.base_url());
    let method = reqwest::Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
    let body = match path {
        p if p.ends_with("/messages") => r#"{"content":"hi"}"#,
        p if p.ends_with("/escalate") => r#"{"reason":"hi"}"#,
        p if p.ends_with("/typing") => r#"{"on":true}"#,
        p if p.ends_with("/availability") => r#"{"availability":"busy"}"#,
        p if p.ends_with("/macro") => r#"{"id":1}"#,
        p if p.contains("/messages/") => r#"{"hold_seconds":0}"#,
        p if p.contains("/conversations/") => r#"{"status":"resolved"}"#,
        p if p.contains("/canned-responses") => r#"{"content":"hi"}"#,
        p if p.ends_with("/notes") => r#"{"content":"hi"}"#,
        p if p.contains("/notes/") => r#"{"hold_seconds":0}"#,
        p if p.contains("/contacts/") || p.contains("/custom-filters/") => r#"{"name":"x"}"#,
        _ if method == reqwest::Method::PATCH => r#"{"revision":1}"#,
        _ => r#"{"revision":1,"comment":"x"}"#,
    };
    let mut request = reqwest::Client::new().request(method.clone(), url).bearer_auth(token.expose()).header("accept", accept);
    if method != reqwest::Method::GET {
        request = request.body(body);
    }
    request
}

/// All rows of the store, whatever table they are in.
fn everything(bench: &Bench) -> Vec<String> {
    let path = bench.config.data_dir.join("afenda.db");
    let conn = rusqlite::Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let names = |sql: &str| -> Vec<String> {
        conn.prepare(sql).unwrap().query_map((), |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    let tables = names("select name from sqlite_schema where type = 'table' and sql not like 'create virtual%' order by name");
    tables
        .iter()
        .flat_map(|table| {
            let mut statement = conn.prepare(&format!("select * from \"{table}\"")).unwrap();
            let columns = statement.column_count();
            let row =
                |row: &rusqlite::Row<'_>| (0..columns).map(|at| row.get::<_, rusqlite::types::Value>(at)).collect::<Result<Vec<_>, _>>();
            let rows: Vec<_> = statement.query_map((), row).unwrap().collect::<Result<_, _>>().unwrap();
            rows.into_iter().map(move |row| format!("{table} {row:?}"))
        })
        .collect()
}

/// A tenant `ours` with something of every kind.
async fn filled(bench: &Bench) -> Ours {
    bench
        .write("ours", |scope| {
            let mut lists = scope.directory()?;
            lists.inboxes.push(api::inbox::InboxView { id: 79, name: "WhatsApp".to_owned(), channel: "Whatsapp".to_owned(), email: None });
            scope.replace_directory(&lists)?;
            let canned = api::lists::CannedResponseView { id: 80, short_code: "hi".to_owned(), content: "Hello".to_owned() };
            scope.replace_lists(&[canned], &[])?;
            scope.apply_conversation(&crate::harness::conversation(77), None)?;
            scope.apply_contact(&crate::harness::contact(78), daemon::store::Asked { ours: 1, theirs: 1 })?;
            let mut message = crate::harness::message(77, 9001);
            message.attachments = vec![api::inbox::AttachmentView {
                id: 501,
                file_type: "file".to_owned(),
                name: "bill.pdf".to_owned(),
                file_size: None,
                url: Some("http://127.0.0.1:1/rails/active_storage/blobs/redirect/x/bill.pdf".to_owned()),
            }];
            scope.apply_message(&message, None)
        })
        .await;
    let jo = bench.client("jo").await;
    let approval = bench.escalated("jo", 77).await.id.to_string();
    let outbox = jo.outbox().await.unwrap()[0].id.to_string();
    let activity = jo.activity(&api::event::ActivityQuery::default()).await.unwrap().data[0].id.to_string();
    let tenant = jo.me().await.unwrap().tenant.id.to_string();
    let webhook = bench.webhook().await.to_string();
    Ours { approval, activity, outbox, webhook, tenant }
}

#[tokio::test]
async fn another_tenants_token_gets_404_on_every_endpoint_with_an_id_and_nothing_in_any_list() {
    let bench = Bench::new().await;
    let jo = bench.client("jo").await;
    let ours = filled(&bench).await;
    let (gus, own) = (bench.token("gus").await, bench.token("max").await);
    let (mut with_id, mut lists) = (0, 0);
    for (method, path) in endpoints() {
        if path.contains("/webhooks/chatwoot") {
            // Receivers take no token; without a signature every id is answered alike.
            let (status, _) = call(&bench, &gus, &method, &path.replace("{hook}", "x"), "application/json").await;
            assert_eq!(status, 401, "{method} {path}");
        } else if path.contains('{') {
            let filled = ours.fill(&path);
            let (status, body) = call(&bench, &gus, &method, &filled, "application/json").await;
            assert_eq!((status, &body["error"]["code"]), (404, &"NOT_FOUND".into()), "{method} {filled}: {body}");
            with_id += 1;
            if method == "get" {
                let (status, _) = call(&bench, &own, &method, &filled, "application/json").await;
                // Who takes part, files, and notes are in the copy once they were asked of Chatwoot, which is away here; where a contact can be
                // written to is asked each time.
                let asked = ["/participants", "/notes", "/inboxes"].iter().any(|end| path.ends_with(end)) || path.contains("/attachments/");
                let found = if asked { 503 } else { 200 };
                assert_eq!(status, found, "the owner of it gets it: {method} {filled}");
            }
        } else if method == "get" {
            let path = if path.ends_with("/conversations") { format!("{path}?status=all&limit=200") } else { path };
            let (status, body) = call(&bench, &gus, &method, &path, "application/json").await;
            // Nobody's availability or signature is read without a token of their own at Chatwoot.
            let found = if path.ends_with("/me/availability") || path.ends_with("/me/signature") { 403 } else { 200 };
            assert_eq!(status, found, "{method} {path}");
            let text = body.to_string();
            for id in [&ours.approval, &ours.activity, &ours.outbox, &ours.webhook, &ours.tenant, "refund 240", "\"id\":77,", "\"ours\""] {
                assert!(!text.contains(id), "{path} shows {id}");
            }
            lists += 1;
        }
    }
    assert!(with_id >= 19 && lists >= 11, "{with_id} with an id, {lists} lists");
    // And nothing was changed on the way.
    assert_eq!(jo.approval("AP-1").await.unwrap().status, api::approval::ApprovalStatus::Submitted);
    // The other tenant cannot be named either.
    let named = api::Client::new(&bench.daemon.base_url(), gus).unwrap().with_tenant(Some("ours".to_owned()));
    assert_eq!(named.me().await.unwrap_err().code(), Some(&api::Code::NotFound));
}

#[tokio::test]
async fn another_tenants_changes_are_on_no_stream() {
    let bench = Bench::new().await;
    let gus = bench.client("gus").await;
    let mut stream = gus.events(None).unwrap();
    assert!(matches!(stream.next().await.unwrap(), api::event::StreamEvent::Ready { .. }));
    let asked = bench.escalated("jo", 12).await;
    let ada = bench.client("ada").await;
    let yes = Decision { revision: Some(asked.revision), comment: None };
    ada.decide("AP-1", "approve", &yes, &new_key()).await.unwrap();
    let own = bench.client("gus").await.escalate(api::id::ConversationId(12), "ours too", &new_key()).await.unwrap();
    match stream.next().await.unwrap() {
        api::event::StreamEvent::Activity(first) => assert_eq!(first.subject_id, own.id.to_string()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn every_endpoint_wants_a_token_and_knows_its_parameters() {
    let bench = Bench::new().await;
    let nobody = Token::new("afd_wrong");
    let jo = bench.token("jo").await;
    let mut seen = 0;
    for (method, path) in endpoints().into_iter().filter(|(_, path)| !path.contains("/webhooks/chatwoot")) {
        let filled = path.replace("{id}", "x").replace("{type}", "x");
        let (status, body) = call(&bench, &nobody, &method, &filled, "application/json").await;
        assert_eq!((status, &body["error"]["code"]), (401, &"UNAUTHENTICATED".into()), "{method} {path}");
        assert!(body["error"]["details"]["request_id"].is_string());
        seen += 1;
    }
    assert!(seen >= 35, "{seen}");
    let (status, body) = call(&bench, &jo, "get", "/api/v1/conversations?stauts=open", "application/json").await;
    assert_eq!((status, &body["error"]["code"]), (400, &"UNKNOWN_PARAMETER".into()));
    let (status, body) = call(&bench, &jo, "get", "/api/v1/nowhere", "application/json").await;
    assert_eq!((status, &body["error"]["code"]), (404, &"NOT_FOUND".into()));
    let (status, body) = call(&bench, &jo, "delete", "/api/v1/me", "application/json").await;
    assert_eq!((status, &body["error"]["code"]), (405, &"METHOD_NOT_ALLOWED".into()));
    let (status, _) = call(&bench, &nobody, "get", "/api/v1/openapi.json", "application/json").await;
    assert_eq!(status, 200);
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(call(&bench, &nobody, "get", path, "*/*").await.0, 200, "{path}");
    }
}

#[tokio::test]
async fn a_dry_run_of_any_endpoint_is_answered_and_changes_nothing() {
    let bench = Bench::new().await;
    let ours = filled(&bench).await;
    let tokens = [bench.token("owner").await, bench.token("jo").await, bench.token("ada").await];
    let before = everything(&bench);
    assert!(before.len() > 20, "{before:#?}");
    let (mut run, mut refused) = (Vec::new(), Vec::new());
    let changing = endpoints().into_iter().filter(|(method, path)| method != "get" && !path.contains("/webhooks/chatwoot"));
    for (method, path) in changing {
        let filled = if path.contains('{') { ours.fill(&path) } else { path.clone() };
        for token in &tokens {
            let request = request(&bench, token, &method, &filled, "application/json").header("x-afenda-tenant", "ours");
            let answer = request.header(api::DRY_RUN, "true").send().await.unwrap();
            let (status, dry) = (answer.status(), answer.headers().contains_key(api::DRY_RUN));
            let body: Value = answer.json().await.unwrap_or_default();
            assert_eq!(dry, status.is_success(), "{method} {path}: {status} {body}");
            if dry {
                run.push(format!("{method} {path}"));
            } else if body["error"]["code"] == "DRY_RUN_UNSUPPORTED" {
                refused.push(format!("{method} {path}"));
            }
            assert_eq!(everything(&bench), before, "{method} {path}: {status} {body}");
        }
    }
    run.dedup();
    refused.dedup();
    assert!(refused.contains(&"post /api/v1/daemon/stop".to_owned()), "{refused:#?}");
    assert!(run.len() >= 10 && refused.len() >= 5, "{run:#?} {refused:#?}");
    assert!(bench.client("jo").await.status().await.is_ok(), "nobody stopped the daemon");
}

#[tokio::test]
async fn a_dry_run_is_refused_as_the_call_itself_would_be_and_its_key_stays_free() {
    let bench = Bench::new().await;
    let (jo, ada, key) = (bench.client("jo").await, bench.client("ada").await, new_key());
    let (dry_jo, dry_ada) = (jo.clone().with_dry_run(true), ada.clone().with_dry_run(true));
    let id = api::id::ConversationId(12);
    let reply = api::inbox::NewMessage { content: "On its way.".to_owned(), hold_seconds: Some(60), ..Default::default() };
    assert_eq!(dry_jo.send_message(id, &reply, &key).await.unwrap().content.as_deref(), Some("On its way."));
    assert!(jo.outbox().await.unwrap().is_empty());
    jo.send_message(id, &reply, &key).await.unwrap();
    assert_eq!(
        crate::harness::refused(dry_jo.send_message(api::id::ConversationId(4711), &reply, &new_key()).await).1,
        api::Code::NotFound
    );

    bench.escalated("jo", 12).await;
    let yes = |revision| Decision { revision: Some(revision), comment: None };
    let key = new_key();
    assert_eq!(dry_ada.decide("AP-1", "approve", &yes(1), &key).await.unwrap().status, api::approval::ApprovalStatus::Approved);
    assert_eq!(crate::harness::refused(dry_ada.decide("AP-1", "approve", &yes(7), &key).await).1, api::Code::StaleRevision);
    assert_eq!(crate::harness::refused(dry_jo.decide("AP-1", "approve", &yes(1), &key).await).0, 403);
    assert_eq!(ada.approval("AP-1").await.unwrap().status, api::approval::ApprovalStatus::Submitted);
    ada.decide("AP-1", "approve", &yes(1), &key).await.unwrap();
    // Once decided, the same decision is no change; another key, so that it is not only remembered.
    let changes = std::sync::Arc::<api::client::Changes>::default();
    ada.clone().with_changes(changes.clone()).decide("AP-1", "approve", &yes(1), &new_key()).await.unwrap();
    assert!(changes.is_nothing());
}
