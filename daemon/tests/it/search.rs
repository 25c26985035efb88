//! Search over the API: what a client asks and gets, who may ask, and what is refused by name.

use api::Code;
use api::contact::ContactQuery;
use api::id::ConversationId;
use api::search::{SearchPage, SearchQuery};
use daemon::store::{Asked, ContactRow, MessageRow};
use jiff::Timestamp;
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
async fn contacts_are_listed_with_their_attributes_and_their_conversations() {
    let bench = shop().await;
    bench
        .write("ours", |scope| {
            let bob = api::inbox::ContactView { name: "Bob".to_owned(), email: Some("bob@needle.example".to_owned()), ..contact(32).view };
            let attributes = r#"{"tier":"gold"}"#.to_owned();
            scope.apply_contact(&ContactRow { view: bob, custom_attributes: attributes, ..contact(32) }, Asked { ours: 2, theirs: 2 })
        })
        .await;
    let vic = bench.client("vic").await;
    let asked = ContactQuery { q: Some("needle".to_owned()), limit: Some(1), ..ContactQuery::default() };
    let first = vic.contacts(&asked).await.unwrap();
    assert_eq!((first.data[0].contact.name.as_str(), first.meta.total), ("Ann Needle", 2));
    let rest = vic.contacts(&ContactQuery { cursor: first.meta.next_cursor, ..asked }).await.unwrap();
    assert_eq!((rest.data[0].contact.id, &rest.data[0].custom_attributes["tier"]), (32, &json!("gold")));
    assert_eq!((rest.data.len(), rest.meta.next_cursor), (1, None));
    let one = vic.contact_detail(32).await.unwrap();
    assert_eq!(one, rest.data[0]);
    let of = |id| api::inbox::ConversationQuery { contact: Some(id), ..Default::default() };
    assert_eq!(vic.conversations(&of(31)).await.unwrap().meta.total, 28);
    assert_eq!(vic.conversations(&of(32)).await.unwrap().data, []);
    assert_eq!(bench.client("gus").await.contacts(&ContactQuery { q: Some("bob".into()), ..Default::default() }).await.unwrap().data, []);
    let (status, code, _) = refused(vic.contacts(&ContactQuery { limit: Some(201), ..Default::default() }).await);
    assert_eq!((status, code), (422, Code::ValidationFailed));
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

#[tokio::test]
async fn a_span_holds_its_first_instant_and_not_its_last() {
    let bench = Bench::new().await;
    bench
        .write("ours", |scope| {
            for (id, second) in [(900, 10), (901, 11), (902, 12)] {
                let at = 1_700_000_000_000_000 + second * 1_000_000;
                scope.apply_message(&MessageRow { content: Some("a needle".to_owned()), created_at: at, ..message(12, id) }, None)?;
            }
            Ok(())
        })
        .await;
    let jo = bench.client("jo").await;
    let at = |second: i64| Some(Timestamp::from_second(1_700_000_000 + second).unwrap());
    for (q, from, to, found) in [
        ("needle", None, None, vec![902, 901, 900]),
        ("needle", at(11), None, vec![902, 901]),
        ("needle", None, at(11), vec![900]),
        ("needle", at(10), at(12), vec![901, 900]),
        ("needle before:2023-11-14", at(10), None, vec![]),
        ("needle after:2023-11-14", at(12), None, vec![902]),
        ("", at(10), at(11), vec![900]),
    ] {
        let page = jo.search(&SearchQuery { from, to, ..query(q) }).await.unwrap();
        assert_eq!((ids(&page), page.meta.total), (found.clone(), found.len() as u64), "{q} {from:?} {to:?}");
    }
    // Over pages, and without what has no time.
    let first = jo.search(&SearchQuery { limit: Some(1), from: at(11), ..query("needle") }).await.unwrap();
    assert_eq!((ids(&first), first.meta.total, first.contacts.len()), (vec![902], 2, 0));
    let next = SearchQuery { limit: Some(1), from: at(11), cursor: first.meta.next_cursor, ..query("needle") };
    assert_eq!(ids(&jo.search(&next).await.unwrap()), [901]);
}

#[tokio::test]
async fn a_span_that_cannot_be_is_refused_by_name() {
    let bench = Bench::new().await;
    let jo = bench.client("jo").await;
    let now = Timestamp::from_second(1_700_000_000).unwrap();
    let (status, code, details) = refused(jo.search(&SearchQuery { from: Some(now), to: Some(now), ..query("x") }).await);
    assert_eq!((status, code), (422, Code::ValidationFailed));
    assert_eq!(details["fields"], json!([{ "field": "to", "message": "must be later than `from`" }]));
    for (field, value) in [("from", "yesterday"), ("to", "2026-11-27"), ("limit", "many")] {
        let (status, code, details) = refused(jo.raw("GET", "/search", &[(field.to_owned(), value.to_owned())], None, "").await);
        assert_eq!((status, code, &details["fields"][0]["field"]), (422, Code::ValidationFailed, &json!(field)), "{details}");
    }
}
