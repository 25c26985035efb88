//! Search over the API: what a client asks and gets, who may ask, and what is refused by name.

use api::Code;
use api::id::ConversationId;
use api::search::{SearchPage, SearchQuery};
use daemon::store::{Asked, ContactRow, MessageRow};
use serde_json::json;

use crate::harness::{Bench, contact, message, refused};

fn query(q: &str) -> SearchQuery {
    SearchQuery { q: q.to_owned(), ..SearchQuery::default() }
}

fn ids(page: &SearchPage) -> Vec<i64> {
    page.data.iter().map(|message| message.id.0).collect()
}

async fn shop() -> Bench {
    let bench = Bench::new().await;
    bench
        .write("ours", |scope| {
            let ann = ContactRow { view: api::inbox::ContactView { name: "Ann Needle".to_owned(), ..contact(31).view }, ..contact(31) };
            scope.apply_contact(&ann, Asked { ours: 2, theirs: 2 })?;
            for (id, text) in [(900, "a needle in the hay"), (901, "another needle"), (902, "<b>needle</b> \u{1b}[31m red")] {
                scope.apply_message(&MessageRow { content: Some(text.to_owned()), ..message(12, id) }, None)?;
            }
            Ok(())
        })
        .await;
    bench
}

#[tokio::test]
async fn whoever_reads_may_search_and_gets_pages_newest_first() {
    let bench = shop().await;
    for user in ["owner", "ada", "jo", "vic"] {
        let client = bench.client(user).await.with_tenant(Some("ours".to_owned()));
        let first = client.search(&SearchQuery { limit: Some(2), ..query("needle") }).await.unwrap();
        assert_eq!((ids(&first), first.meta.total), (vec![902, 901], 3), "{user}");
        assert_eq!(first.contacts.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["Ann Needle"]);
        let rest = client.search(&SearchQuery { cursor: first.meta.next_cursor, ..query("needle") }).await.unwrap();
        assert_eq!((ids(&rest), rest.meta.next_cursor, rest.contacts.len()), (vec![900], None, 0), "{user}");
    }
}

#[tokio::test]
async fn a_hit_comes_as_pieces_of_the_text_and_nothing_is_put_into_it() {
    let bench = shop().await;
    let page = bench.client("jo").await.search(&query("needle red")).await.unwrap();
    let parts: Vec<(&str, bool)> = page.data[0].snippet.iter().map(|part| (part.text.as_str(), part.hit)).collect();
    assert_eq!(parts, [("<b>", false), ("needle", true), ("</b> \u{1b}[31m ", false), ("red", true)]);
    assert_eq!((page.data[0].conversation_id, page.data[0].contact.as_str()), (ConversationId(12), "Ann Needle"));
}

#[tokio::test]
async fn another_tenant_finds_only_its_own() {
    let bench = shop().await;
    let gus = bench.client("gus").await;
    let page = gus.search(&query("needle")).await.unwrap();
    assert_eq!((page.data.len(), page.contacts.len(), page.meta.total), (0, 0, 0));
    assert_eq!(gus.search(&query("parcel in:shop")).await.unwrap().data.len(), 28);
    assert_eq!(gus.search(&query("from:me")).await.unwrap().data, []);
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_by_name() {
    let bench = shop().await;
    let jo = bench.client("jo").await;
    for (asked, field, said) in [
        (query("x before:soon"), "q", "`before:soon` is no date; write it as before:2026-11-20"),
        (query(&"x".repeat(501)), "q", "at most 500 characters"),
        (SearchQuery { limit: Some(101), ..query("x") }, "limit", "1 to 100"),
        (SearchQuery { cursor: Some("%%".to_owned()), ..query("x") }, "cursor", "is not one that a page gave"),
    ] {
        let (status, code, details) = refused(jo.search(&asked).await);
        assert_eq!((status, code), (422, Code::ValidationFailed));
        assert_eq!(details["fields"], json!([{ "field": field, "message": said }]));
    }
    assert_eq!(jo.search(&query("")).await.unwrap().data, []);
    assert_eq!(jo.search(&query("\"(* AND NEAR(")).await.unwrap().data, []);
}
