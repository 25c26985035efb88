//! The webhook receiver: who may knock, and what is kept.

use chatwoot::{Secret, webhook};

use crate::harness::{Bench, chatwoot};

const BODY: &str = r#"{"event":"contact_updated","id":31,"account":{"id":1,"name":"Acme"},"name":"Ann","pubsub_token":"s3cret"}"#;

async fn bench() -> Bench {
    // Nobody answers at that address: the receiver works without Chatwoot.
    Bench::with(|config| config.tenants[0].chatwoot = Some(chatwoot("http://127.0.0.1:9"))).await
}

async fn post(url: &str, secret: &str, at_s: i64, delivery: &str, body: &str) -> u16 {
    let signature = webhook::sign(&Secret::new(secret), &at_s.to_string(), body.as_bytes());
    let request = reqwest::Client::new().post(url).header(webhook::TIMESTAMP_HEADER, at_s).header(webhook::SIGNATURE_HEADER, signature);
    request.header(webhook::DELIVERY_HEADER, delivery).body(body.to_owned()).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_signed_webhook_is_kept_once_and_without_secrets() {
    let bench = bench().await;
    let now_s = bench.clock.now() / 1_000_000;
    let url = bench.daemon.hook_url("ours").unwrap();
    for _ in 0..3 {
        assert_eq!(post(&url, "whsec", now_s, "d-1", BODY).await, 200);
    }
    let bare = format!("{}/api/v1/webhooks/chatwoot", bench.daemon.base_url());
    assert_eq!(post(&bare, "whsec", now_s, "d-2", BODY).await, 200, "the bare path, while one account is configured");
    let conn = rusqlite::Connection::open(bench.config.data_dir.join("afenda.db")).unwrap();
    let (count, text): (i64, String) = conn
        .query_row("select count(*), coalesce(group_concat(body), '') from webhook_events", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    // The bare path got the same signed bytes: one event, whatever the delivery is called.
    assert_eq!(count, 1);
    assert!(!text.contains("s3cret"), "{text}");
}

#[tokio::test]
async fn a_clock_that_is_off_is_told_to_those_who_run_the_daemon() {
    let bench = bench().await;
    let now_s = bench.clock.now() / 1_000_000;
    let url = bench.daemon.hook_url("ours").unwrap();
    let (max, jo) = (bench.client("max").await, bench.client("jo").await);
    let told = async |client: &api::Client| client.status().await.unwrap().warnings.iter().any(|warning| warning.contains("clocks"));
    assert!(!told(&max).await);
    assert_eq!(post(&url, "whsec", now_s - 400, "d-1", BODY).await, 401);
    assert!(told(&max).await && !told(&jo).await);
    assert!(max.status().await.unwrap().webhooks.unwrap().refused.unwrap().reason.contains("400 s off"));
    assert_eq!(post(&url, "whsec", now_s, "d-1", BODY).await, 200);
    assert!(!told(&max).await);
    let last = max.status().await.unwrap().webhooks.unwrap().last.unwrap();
    assert_eq!((last.event.as_str(), last.at.as_second()), ("contact_updated", now_s));
}

#[tokio::test]
async fn everything_else_is_the_same_401() {
    let bench = bench().await;
    let now_s = bench.clock.now() / 1_000_000;
    let url = bench.daemon.hook_url("ours").unwrap();
    let unknown = format!("{}/api/v1/webhooks/chatwoot/none", bench.daemon.base_url());
    let theirs = bench.daemon.hook_url("theirs").unwrap();
    let foreign = BODY.replace("\"id\":1,", "\"id\":2,");
    for (what, url, secret, at_s, body) in [
        ("wrong secret", &url, "other", now_s, BODY),
        ("too old", &url, "whsec", now_s - 301, BODY),
        ("from the future", &url, "whsec", now_s + 301, BODY),
        ("unknown id", &unknown, "whsec", now_s, BODY),
        ("a tenant without an account", &theirs, "whsec", now_s, BODY),
        ("another account's event", &url, "whsec", now_s, foreign.as_str()),
    ] {
        assert_eq!(post(url, secret, at_s, "d", body).await, 401, "{what}");
    }
    let unsigned = reqwest::Client::new().post(&url).body(BODY).send().await.unwrap();
    let body: serde_json::Value = unsigned.json().await.unwrap();
    assert_eq!(body["error"]["code"], "SIGNATURE_INVALID");
    let large = "x".repeat(1024 * 1024 + 1);
    assert_eq!(post(&url, "whsec", now_s, "d", &large).await, 413);
}
