//! Search, and the lists of contacts: what is found, by whom, and in which order.

use api::inbox::{AttachmentView, InboxView, Sender, SenderKind};
use api::lists::CannedResponseView;
use api::search::FoundMessage;
use proptest::prelude::*;

use super::*;
use crate::domain::search::Search;

fn from(kind: SenderKind, id: i64, name: &str) -> Option<Sender> {
    Some(Sender { id: Some(id), kind, name: name.to_owned() })
}

fn file(name: &str) -> AttachmentView {
    AttachmentView { id: 1, file_type: "file".to_owned(), name: name.to_owned(), file_size: None, url: None }
}

/// Two conversations of the tenant, and in the other one the same ids with other words.
async fn shop() -> Bench {
    let bench = bench().await;
    let seed = |scope: &Scope<'_>| {
        scope.replace_directory(&Directory {
            inboxes: [(4, "Shop API"), (5, "E-Mail 100%")]
                .map(|(id, name)| InboxView { id, name: name.to_owned(), channel: "Api".to_owned(), email: None })
                .to_vec(),
            ..Directory::default()
        })?;
        scope.apply_contact(&contact(31, "Dee Shopper"), at(2))?;
        scope.apply_contact(&contact(32, "Bob Walker"), at(2))?;
        scope.apply_conversation(&conversation(12, 20), None)?;
        let labels = vec!["refund".to_owned(), "vip".to_owned()];
        scope.apply_conversation(&ConversationRow { contact_id: 32, inbox_id: 5, labels, ..conversation(13, 20) }, None)?;
        let day = |n: i64| n * 86_400 * SECOND;
        let dee = from(SenderKind::Contact, 31, "Dee Shopper");
        let jo = from(SenderKind::User, 7, "Jo Agent");
        let outgoing = MessageType::Outgoing;
        let in_13 = |id, text: &str| MessageRow { conversation_id: 13, ..message(id, text) };
        for row in [
            MessageRow { sender: dee.clone(), created_at: day(1), ..message(601, "Where is my late Päckchen?") },
            MessageRow { sender: jo.clone(), message_type: outgoing, created_at: day(2), ..message(602, "The parcel is late, sorry") },
            MessageRow { sender: jo.clone(), message_type: outgoing, private: true, ..in_13(603, "late parcel: call the courier") },
            MessageRow { sender: from(SenderKind::Contact, 32, "Bob Walker"), attachments: vec![file("bill.pdf")], ..in_13(604, "") },
            MessageRow { message_type: MessageType::Activity, ..in_13(605, "Jo added late") },
            MessageRow { deleted: true, ..in_13(606, "late and gone") },
        ] {
            scope.apply_message(&row, Some(at(3)))?;
        }
        Ok(())
    };
    bench.write(bench.ours, seed).await;
    bench.write(bench.theirs, |scope| scope.apply_message(&message(601, "late, but theirs"), Some(at(3)))).await;
    bench
}

async fn find(bench: &Bench, tenant: TenantKey, q: &str) -> Vec<FoundMessage> {
    let search = Search::read(q).unwrap();
    bench
        .read(tenant, move |scope| {
            let (found, more) = scope.search_messages(&search, Some(7), None, 50)?;
            assert!(!more && scope.search_count(&search, Some(7))? == found.len() as u64);
            Ok(found)
        })
        .await
}

fn ids(found: &[FoundMessage]) -> Vec<i64> {
    found.iter().map(|message| message.id.0).collect()
}

#[tokio::test]
async fn words_and_operators_find_what_they_say() {
    let bench = shop().await;
    for (q, want) in [
        ("late", vec![603, 602, 601]),
        ("LATE parc", vec![603, 602]),
        ("\"late parcel\"", vec![603]),
        ("packchen", vec![601]),
        ("lat ", vec![]),
        ("", vec![]),
        ("!!!", vec![]),
        ("late !!!", vec![603, 602, 601]),
        ("from:me", vec![603, 602]),
        ("from:dee", vec![601, 501]),
        ("from:dee from:bob", vec![604, 601, 501]),
        ("from:\"Dee Shopper\" late", vec![601]),
        ("from:%", vec![]),
        ("in:shop late", vec![602, 601]),
        ("in:100%", vec![604, 603]),
        ("label:VIP late", vec![603, 602, 601]),
        ("label:vip label:refund late", vec![603]),
        ("has:attachment", vec![604]),
        ("is:note late", vec![603]),
        ("after:1970-01-03", vec![602]),
        ("after:1970-01-02 before:1970-01-03", vec![601]),
    ] {
        assert_eq!(ids(&find(&bench, bench.ours, q).await), want, "{q}");
    }
    assert_eq!(ids(&find(&bench, bench.theirs, "late").await), [601]);
    assert_eq!(ids(&find(&bench, bench.theirs, "parcel").await), [0_i64; 0]);
}

#[tokio::test]
async fn a_hit_says_where_and_who_and_shows_the_place() {
    let bench = shop().await;
    let shown = |message: &FoundMessage| {
        message.snippet.iter().map(|part| if part.hit { format!("[{}]", part.text) } else { part.text.clone() }).collect::<String>()
    };
    let found = find(&bench, bench.ours, "packchen").await;
    assert_eq!(shown(&found[0]), "Where is my late [Päckchen]?");
    assert_eq!((found[0].contact.as_str(), found[0].conversation_id.0, found[0].private), ("Dee Shopper", 12, false));
    assert_eq!(shown(&find(&bench, bench.ours, "\"late parcel\" call").await[0]), "[late parcel]: [call] the courier");
    assert_eq!(shown(&find(&bench, bench.ours, "has:attachment").await[0]), "[bill.pdf]");
}

#[tokio::test]
async fn pages_follow_one_another_and_miss_nothing() {
    let bench = shop().await;
    let pages = bench
        .read(bench.ours, |scope| {
            let search = Search::read("late").unwrap_or_default();
            let (first, more) = scope.search_messages(&search, None, None, 2)?;
            let (second, end) = scope.search_messages(&search, None, first.last().map(|m| m.id.0), 2)?;
            Ok((ids(&first), more, ids(&second), end))
        })
        .await;
    assert_eq!(pages, (vec![603, 602], true, vec![601], false));
}

#[tokio::test]
async fn words_alone_find_contacts_and_canned_responses_too() {
    let bench = shop().await;
    let canned = |id, code: &str, text: &str| CannedResponseView { id, short_code: code.to_owned(), content: text.to_owned() };
    let list = vec![canned(1, "hello", "Hi, your parcel is late"), canned(2, "late", "Sorry"), canned(3, "bye", "Bye")];
    bench.write(bench.ours, move |scope| scope.replace_lists(&list, &[])).await;
    for (q, contacts, codes) in [
        ("late", vec![], vec!["late", "hello"]),
        ("walk bob", vec!["Bob Walker"], vec![]),
        ("late is:note", vec![], vec![]),
        ("%", vec![], vec![]),
        ("from:bob", vec![], vec![]),
    ] {
        let search = Search::read(q).unwrap();
        let (people, texts) =
            bench.read(bench.ours, move |scope| Ok((scope.search_contacts(&search)?, scope.search_canned_responses(&search)?))).await;
        assert_eq!(people.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), contacts, "{q}");
        assert_eq!(texts.iter().map(|c| c.short_code.as_str()).collect::<Vec<_>>(), codes, "{q}");
    }
    let theirs = bench.read(bench.theirs, |scope| scope.search_contacts(&Search::read("walker").unwrap_or_default())).await;
    assert_eq!(theirs, []);
}

#[tokio::test]
async fn contacts_are_listed_by_name_page_by_page() {
    let bench = shop().await;
    bench
        .write(bench.ours, |scope| {
            let email = |id, name: &str, email: &str| {
                let row = contact(id, name);
                ContactRow { view: ContactView { email: Some(email.to_owned()), ..row.view }, ..row }
            };
            scope.apply_contact(&contact(40, ""), at(3))?;
            scope.apply_contact(&email(41, "ann Zed", "a@walker.example"), at(3))?;
            scope.apply_contact(&ContactRow { custom_attributes: r#"{"tier":2}"#.to_owned(), ..contact(42, "Ann Zed") }, at(3))
        })
        .await;
    let names = |rows: &[api::contact::ContactDetail]| rows.iter().map(|row| row.contact.id).collect::<Vec<_>>();
    let all = bench
        .read(bench.ours, move |scope| {
            let (mut found, mut place) = (Vec::new(), None);
            loop {
                let (rows, next) = scope.contacts(&[], place.as_ref(), 2)?;
                found.push(names(&rows));
                place = next;
                if place.is_none() {
                    return Ok((found, scope.contact_count(&[])?));
                }
            }
        })
        .await;
    assert_eq!(all, (vec![vec![41, 42], vec![32, 31], vec![40]], 5));
    for (words, want) in [(&["walk"][..], vec![41, 32]), (&["zed", "walker"], vec![41]), (&["%"], vec![])] {
        let found = bench.read(bench.ours, move |scope| Ok((names(&scope.contacts(words, None, 9)?.0), scope.contact_count(words)?))).await;
        assert_eq!(found, (want.clone(), want.len() as u64), "{words:?}");
    }
    let detail = bench.read(bench.ours, |scope| scope.contact_detail(42)).await.unwrap();
    assert_eq!(detail.custom_attributes["tier"], 2);
    assert_eq!(bench.read(bench.theirs, |scope| scope.contact_detail(42)).await, None);
    assert_eq!(bench.read(bench.theirs, |scope| scope.contact_count(&[])).await, 1);
}

#[tokio::test]
async fn a_contacts_conversations_are_theirs_alone() {
    let bench = shop().await;
    let of = |contact| {
        move |scope: &Scope<'_>| {
            let filter = ConversationFilter { contact: Some(contact), ..all(Sort::Activity) };
            let (rows, _) = scope.conversations(&filter, Place::default(), 10, "")?;
            Ok((rows.iter().map(|row| row.id.0).collect::<Vec<_>>(), scope.conversation_counts(&filter)?.all))
        }
    };
    assert_eq!(bench.read(bench.ours, of(32)).await, (vec![13], 1));
    assert_eq!(bench.read(bench.ours, of(31)).await, (vec![12], 1));
    assert_eq!(bench.read(bench.theirs, of(32)).await, (vec![], 0));
}

proptest! {
    /// Whatever is typed, SQLite takes the query that is made of it.
    #[test]
    fn no_line_makes_a_query_that_fts5_refuses(lines in proptest::collection::vec("([a-zé货\"'*:()^+{}\0 -]|AND|NEAR|from:|\\PC){0,30}", 16)) {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch("create virtual table f using fts5 (content, tokenize='unicode61 remove_diacritics 2'); insert into f values ('a b c')").unwrap();
        for line in lines {
            if let Ok(search) = Search::read(&line)
                && let Some(expression) = search.expression()
            {
                let found = conn.query_row("select count(*) from f where f match ?1", [&expression], |row| row.get::<_, i64>(0));
                prop_assert!(found.is_ok(), "{expression:?}: {found:?}");
            }
        }
    }
}
