//! The client against a local peer: what is sent, and what each failure means.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::*;
use crate::error::Retry;
use crate::model::Status;

/// Serves each text as one raw answer on a connection of its own; ends with the requests it read.
async fn peer<const N: usize>(answers: [String; N]) -> (ClientConfig, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = BaseUrl::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let task = tokio::spawn(async move {
        let mut requests = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = Vec::new();
            while !whole(&bytes) && stream.read_buf(&mut bytes).await.unwrap() > 0 {}
            requests.push(String::from_utf8_lossy(&bytes).into_owned());
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        requests
    });
    (ClientConfig::new(base, 1, Secret::new("hush")), task)
}

/// Whether a request is complete.
fn whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |text| text.parse().unwrap());
    if head.contains("transfer-encoding: chunked") { body.ends_with("0\r\n\r\n") } else { body.len() >= length }
}

fn ok(content_type: &str, body: &str) -> String {
    answer(200, &format!("content-type: {content_type}\r\n"), body)
}

fn answer(status: u16, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status} X\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
}

const JSON: &str = "application/json; charset=utf-8";

#[tokio::test]
async fn the_token_goes_in_the_dash_form_and_only_where_needed() {
    let (config, task) = peer([ok(JSON, r#"{"version":"4.15.1"}"#), ok(JSON, r#"{"id":1}"#), ok(JSON, r#"{"id":2}"#)]).await;
    let client = Client::new(config).unwrap();
    assert!(client.api_info().await.unwrap().at_least(4, 15, 1));
    assert_eq!(client.profile().await.unwrap().id, 1);
    assert_eq!(client.as_user(Secret::new("of jo")).profile().await.unwrap().id, 2);
    let requests = task.await.unwrap();
    assert!(requests[0].starts_with("GET /api HTTP/1.1\r\n") && !requests[0].contains("access"));
    assert!(requests[1].contains("\r\napi-access-token: hush\r\n"));
    assert!(requests[2].contains("\r\napi-access-token: of jo\r\n") && !requests[2].contains("hush"));
    assert!(!format!("{client:?}").contains("hush"));
}

#[tokio::test]
async fn lists_are_asked_for_by_their_query() {
    let list = r#"{"data":{"meta":{},"payload":[]}}"#;
    let (config, task) = peer([ok(JSON, list), ok(JSON, list)]).await;
    let client = Client::new(config).unwrap();
    client.conversations(&ListQuery::walk(3)).await.unwrap();
    let query = ListQuery { labels: vec!["a&b".to_owned(), "c".to_owned()], inbox_id: Some(4), ..ListQuery::updated_within(60) };
    client.conversations(&query).await.unwrap();
    let requests = task.await.unwrap();
    assert!(requests[0].starts_with("GET /api/v1/accounts/1/conversations?status=all&sort_by=created_at_asc&page=3 HTTP"));
    let second = "GET /api/v1/accounts/1/conversations?status=all&inbox_id=4&updated_within=60&labels%5B%5D=a%26b&labels%5B%5D=c HTTP";
    assert!(requests[1].starts_with(second), "{}", requests[1]);
}

#[tokio::test]
async fn one_message_is_a_range_of_one_id() {
    let page = r#"{"meta":{},"payload":[{"id":5,"content":"hello"}]}"#;
    let (config, task) = peer([ok(JSON, page), ok(JSON, r#"{"meta":{},"payload":[]}"#)]).await;
    let client = Client::new(config).unwrap();
    assert_eq!(client.message(20, 5).await.unwrap().and_then(|message| message.content).as_deref(), Some("hello"));
    assert!(client.message(20, 5).await.unwrap().is_none());
    assert!(task.await.unwrap()[0].starts_with("GET /api/v1/accounts/1/conversations/20/messages?after=5&before=6 HTTP"));
}

#[tokio::test]
async fn writes_send_what_chatwoot_reads() {
    let message = ok(JSON, r#"{"id":5}"#);
    let status = ok(JSON, r#"{"payload":{"success":true,"current_status":"snoozed"}}"#);
    let (config, task) = peer([message.clone(), message, status, ok("application/json", ""), ok(JSON, "null")]).await;
    let client = Client::new(config).unwrap();
    client.create_message(20, &NewMessage::note("hi").marked("k", "v")).await.unwrap();
    let file = Upload { file_name: "a.txt".to_owned(), content_type: "text/plain".to_owned(), bytes: "abc".into() };
    client.create_message_multipart(20, &NewMessage::reply("hi").marked("k", "v"), vec![file]).await.unwrap();
    client.toggle_status(20, &Status::Snoozed, Some(9)).await.unwrap();
    client.toggle_priority(20, None).await.unwrap();
    client.assign_agent(20, None).await.unwrap();
    let requests = task.await.unwrap();
    let body = |n: usize| requests[n].split_once("\r\n\r\n").unwrap().1.to_owned();
    let json_body = |n: usize| serde_json::from_str::<serde_json::Value>(&body(n)).unwrap();
    assert_eq!(json_body(0), json!({"content": "hi", "private": true, "content_attributes": {"k": "v"}}));
    assert!(body(1).contains("name=\"content_attributes\"\r\n\r\n{\"k\":\"v\"}\r\n"), "{}", body(1));
    assert!(body(1).contains("name=\"attachments[]\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nabc\r\n"), "{}", body(1));
    assert_eq!(json_body(2), json!({"status": "snoozed", "snoozed_until": 9}));
    assert_eq!(json_body(3), json!({"priority": null}));
    assert_eq!(json_body(4), json!({"assignee_id": null}));
}

#[tokio::test]
async fn what_is_no_chatwoot_says_so() {
    let page = "<html><title>Welcome to nginx!</title>";
    let moved = answer(301, "location: https://chat.example.com/api?x=hush\r\n", "");
    let (config, task) = peer([ok("text/html", page), moved, ok(JSON, "{}")]).await;
    let client = Client::new(config).unwrap();
    let said = client.api_info().await.unwrap_err();
    assert!(matches!(said.kind, ErrorKind::NotChatwoot { status: 200, .. }) && said.to_string().contains("Welcome to nginx!"));
    let said = client.api_info().await.unwrap_err().to_string();
    assert!(said.contains("https://chat.example.com/api;") && !said.contains("hush"), "{said}");
    assert!(matches!(client.api_info().await.unwrap_err().kind, ErrorKind::NotChatwoot { .. }));
    task.await.unwrap();
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_named_without_its_values() {
    let (config, task) = peer([ok(JSON, r#"{"id":"hu\"sh"}"#), ok(JSON, r#"{"name":"hush"}"#)]).await;
    let client = Client::new(config).unwrap();
    let err = client.profile().await.unwrap_err();
    let text = "an answer of Chatwoot could not be read: invalid type: string …, expected i64 at line 1 column 14 (GET /api/v1/profile)";
    assert_eq!(err.to_string(), text);
    assert!(!format!("{err:?}").contains("sh\""), "{err:?}");
    assert_eq!(err.retry(), Retry::Never);
    assert!(client.profile().await.unwrap_err().to_string().contains("missing field `id`"));
    task.await.unwrap();
}

#[tokio::test]
async fn an_answer_has_a_size_limit() {
    let (config, task) = peer([ok(JSON, &format!("\"{}\"", "x".repeat(100)))]).await;
    let client = Client::new(ClientConfig { answer_bytes_max: 50, ..config }).unwrap();
    assert!(matches!(client.profile().await.unwrap_err().kind, ErrorKind::TooLarge { limit_bytes: 50 }));
    task.await.unwrap();
}

#[tokio::test]
async fn a_write_without_an_answer_may_have_happened() {
    // Takes one request, answers nothing, and holds the connection until the client gave up.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = BaseUrl::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let config = ClientConfig { request_timeout: Duration::from_millis(50), ..ClientConfig::new(base, 1, Secret::new("hush")) };
    let client = Client::new(config).unwrap();
    let message = NewMessage::reply("hi");
    let (first, _held) = tokio::join!(client.create_message(20, &message), listener.accept());
    let err = first.unwrap_err();
    assert_eq!((&err.kind, err.outcome_unknown(), err.retry()), (&ErrorKind::Timeout, true, Retry::LookFirst));
    assert!(!format!("{err} {err:?}").contains("hush"));
}

#[tokio::test]
async fn a_connection_that_breaks_leaves_the_outcome_open() {
    let (config, task) = peer([String::new(), String::new()]).await;
    let client = Client::new(config).unwrap();
    let write = client.create_message(20, &NewMessage::reply("hi")).await.unwrap_err();
    assert_eq!((&write.kind, write.retry()), (&ErrorKind::Interrupted, Retry::LookFirst));
    let read = client.profile().await.unwrap_err();
    assert_eq!((&read.kind, read.retry()), (&ErrorKind::Interrupted, Retry::Backoff));
    task.await.unwrap();
}

#[tokio::test]
async fn a_refused_connection_sent_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = BaseUrl::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let client = Client::new(ClientConfig::new(base, 1, Secret::new("hush"))).unwrap();
    let err = client.create_message(20, &NewMessage::reply("hi")).await.unwrap_err();
    assert_eq!((&err.kind, err.outcome_unknown(), err.retry()), (&ErrorKind::Connect, false, Retry::Backoff));
}

#[tokio::test]
async fn tls_with_a_peer_that_has_none_is_a_tls_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = BaseUrl::parse(&format!("https://{}", listener.local_addr().unwrap())).unwrap();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_u8().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    });
    let err = Client::new(ClientConfig::new(base, 1, Secret::new("hush"))).unwrap().profile().await.unwrap_err();
    assert!(matches!(err.kind, ErrorKind::Tls { .. }), "{err:?}");
    task.await.unwrap();
}

#[tokio::test]
async fn only_the_profile_tells_whether_a_token_lives() {
    let dead = answer(401, "content-type: application/json\r\n", r#"{"error":"Invalid Access Token"}"#);
    let bot = answer(401, "", r#"{"error":"Access to this endpoint is not authorized for bots"}"#);
    let (config, task) = peer([ok(JSON, r#"{"id":1}"#), dead, bot, answer(502, "", "")]).await;
    let client = Client::new(config).unwrap();
    assert!(client.token_alive().await.unwrap());
    assert!(!client.token_alive().await.unwrap());
    assert!(client.token_alive().await.unwrap());
    assert!(matches!(client.token_alive().await.unwrap_err().kind, ErrorKind::Server { status: 502, .. }));
    task.await.unwrap();
}

#[test]
fn a_token_that_fits_in_no_header_is_refused_without_being_shown() {
    for token in ["", "  ", "two\nlines-hush"] {
        let base = BaseUrl::parse("https://chat.example.com").unwrap();
        let err = Client::new(ClientConfig::new(base, 1, Secret::new(token))).unwrap_err();
        assert!(matches!(err.kind, ErrorKind::Config { .. }) && !format!("{err:?}").contains("hush"));
    }
}

#[test]
fn a_client_for_another_account_keeps_its_token() {
    let base = BaseUrl::parse("https://chat.example.com").unwrap();
    let client = Client::new(ClientConfig::new(base, 1, Secret::new("hush"))).unwrap().as_user(Secret::new("of jo")).for_account(2);
    assert_eq!((client.account_id(), client.token.expose()), (2, "of jo"));
}

/// Reads a file to its end.
async fn whole_file(client: &Client, address: &str, limit: u64) -> Result<Vec<u8>, Error> {
    let mut download = client.download(address, limit).await?;
    let mut bytes = Vec::new();
    while let Some(chunk) = download.chunk().await? {
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

const FILE: &str = "https://files.example/rails/active_storage/blobs/redirect/signed/a.png";

#[tokio::test]
async fn a_file_is_asked_of_the_configured_server_without_the_token_and_its_storage_too() {
    let (storage, stored) = peer([answer(200, "content-type: image/png\r\n", "bytes")]).await;
    let to = format!("location: {}/bucket/a.png?sign=1\r\n", storage.base);
    let disk = "location: https://files.example/rails/active_storage/disk/signed/a.png\r\n";
    let (config, task) = peer([answer(302, disk, ""), answer(302, &to, "")]).await;
    let client = Client::new(config).unwrap();
    assert_eq!(whole_file(&client, FILE, 5).await.unwrap(), b"bytes");
    let (asked, stored) = (task.await.unwrap(), stored.await.unwrap());
    assert!(asked[0].starts_with("GET /rails/active_storage/blobs/redirect/signed/a.png HTTP"), "{}", asked[0]);
    assert!(asked[1].starts_with("GET /rails/active_storage/disk/signed/a.png HTTP"), "{}", asked[1]);
    assert!(stored[0].starts_with("GET /bucket/a.png?sign=1 HTTP"), "{}", stored[0]);
    assert!(asked.iter().chain(&stored).all(|request| !request.contains("hush") && !request.contains("access")));
}

#[tokio::test]
async fn a_file_that_is_too_large_gone_or_elsewhere_is_said_to_be_that() {
    let once = async |answer: String, address: &str| {
        let (config, task) = peer([answer]).await;
        let err = whole_file(&Client::new(config).unwrap(), address, 5).await.unwrap_err();
        task.abort();
        assert!(!err.to_string().contains("signed"), "{err}");
        err.kind
    };
    let chunked = "HTTP/1.1 200 X\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n6\r\n123456\r\n0\r\n\r\n".to_owned();
    assert_eq!(once(answer(200, "", "123456"), FILE).await, ErrorKind::TooLarge { limit_bytes: 5 });
    assert_eq!(once(chunked, FILE).await, ErrorKind::TooLarge { limit_bytes: 5 });
    for status in [403, 404, 410] {
        assert!(matches!(once(answer(status, "content-type: text/html\r\n", "<html>"), FILE).await, ErrorKind::NotFound { .. }));
    }
    let cut = "HTTP/1.1 200 X\r\nconnection: close\r\ncontent-length: 5\r\n\r\n12".to_owned();
    assert_eq!(once(cut, FILE).await, ErrorKind::Interrupted);
    assert!(matches!(once(ok(JSON, "{}"), "https://evil.example/a.png").await, ErrorKind::NotChatwoot { .. }));
    for to in ["http://169.254.169.254/latest/meta-data", "ftp://storage.example/a", "http://jo:pw@127.0.0.1/a"] {
        let kind = once(answer(302, &format!("location: {to}\r\n"), ""), FILE).await;
        assert!(matches!(kind, ErrorKind::NotChatwoot { .. }), "{to}: {kind:?}");
    }
}

#[tokio::test]
async fn redirects_have_an_end() {
    let again = || answer(302, "location: /rails/active_storage/disk/again\r\n", "");
    let (config, task) = peer([again(), again(), again(), again()]).await;
    let err = whole_file(&Client::new(config).unwrap(), FILE, 5).await.unwrap_err();
    assert!(matches!(err.kind, ErrorKind::NotChatwoot { .. }), "{err:?}");
    assert_eq!(task.await.unwrap().len(), 4);
}
