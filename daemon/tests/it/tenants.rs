//! Which tenant a request means.

use api::Code;

use crate::harness::{Bench, refused};

#[tokio::test]
async fn the_header_then_the_default_then_the_only_membership_chooses() {
    let bench = Bench::new().await;
    let owner = bench.client("owner").await;
    let slugs: Vec<String> = owner.tenants().await.unwrap().into_iter().map(|t| t.slug).collect();
    assert_eq!(slugs, ["ours", "theirs"]);
    assert_eq!(refused(owner.me().await).1, Code::NotFound, "two memberships and nothing chosen");
    let named = owner.clone().with_tenant(Some("theirs".to_owned()));
    assert_eq!(named.me().await.unwrap().tenant.slug, "theirs");
    let by_id = owner.clone().with_tenant(Some(named.me().await.unwrap().tenant.id.to_string()));
    assert_eq!(by_id.me().await.unwrap().tenant.slug, "theirs");

    let token = bench.token("owner").await;
    let switch = |slug: &str| {
        let url = format!("{}/api/v1/tenants/{slug}/switch", bench.daemon.base_url());
        reqwest::Client::new().post(url).bearer_auth(token.expose()).send()
    };
    assert_eq!(switch("ours").await.unwrap().status(), 200);
    assert_eq!(owner.me().await.unwrap().tenant.slug, "ours");
    assert_eq!(switch("nowhere").await.unwrap().status(), 404);

    let gus = bench.client("gus").await;
    assert_eq!(gus.me().await.unwrap().tenant.slug, "theirs");
    assert_eq!(refused(gus.with_tenant(Some("ours".to_owned())).me().await).1, Code::NotFound);
}

#[tokio::test]
async fn me_names_the_linked_agent_and_mine_follows_it() {
    let bench = Bench::new().await;
    let jo = bench.client("jo").await;
    let me = jo.me().await.unwrap();
    assert_eq!(me.agent.as_ref().map(|a| (a.id, a.name.as_str(), a.own_token)), Some((7, "Jo", false)));
    let query = |assignee: &str| api::inbox::ConversationQuery { assignee: Some(assignee.to_owned()), ..Default::default() };
    let mine = jo.conversations(&query("me")).await.unwrap();
    let counts = mine.meta.counts.unwrap();
    assert_eq!((mine.meta.total, counts.mine, counts.unassigned, counts.all), (28, 28, 0, 28));
    let nobody = bench.client("vic").await.conversations(&query("me")).await.unwrap();
    assert_eq!((nobody.data.len(), nobody.meta.counts.unwrap().mine), (0, 0));
    assert_eq!(bench.client("ada").await.conversations(&query("7")).await.unwrap().meta.total, 28);
}

#[tokio::test]
async fn a_list_is_cut_by_type_priority_and_what_is_unread() {
    let bench = Bench::new().await;
    bench
        .write("ours", |scope| {
            let waits = |id: i64, change: fn(&mut daemon::store::ConversationRow)| {
                let mut row = crate::harness::conversation(id);
                row.updated_at += 1;
                change(&mut row);
                scope.apply_conversation(&row, None)
            };
            waits(12, |row| (row.first_reply_created_at, row.waiting_since, row.unread_count) = (Some(5), None, 3))?;
            waits(13, |row| (row.first_reply_created_at, row.waiting_since) = (Some(5), Some(9)))?;
            waits(14, |row| (row.first_reply_created_at, row.waiting_since) = (Some(5), None))?;
            waits(15, |row| row.priority = Some(api::inbox::Priority::Urgent))?;
            scope.replace_personal(7, daemon::store::Personal::Mention, 1, &[(14, serde_json::json!({})), (15, serde_json::json!({}))])
        })
        .await;
    let jo = bench.client("jo").await;
    let ids = async |change: &dyn Fn(&mut api::inbox::ConversationQuery)| {
        let mut query = api::inbox::ConversationQuery { limit: Some(200), sort: Some(api::inbox::Sort::Created), ..Default::default() };
        change(&mut query);
        let page = jo.conversations(&query).await.unwrap();
        let mut ids: Vec<i64> = page.data.iter().map(|c| c.id.0).collect();
        ids.sort_unstable();
        assert_eq!(page.meta.total, ids.len() as u64);
        ids
    };
    let unattended = ids(&|q| q.conversation_type = Some("unattended".to_owned())).await;
    assert!(
        !unattended.contains(&12) && unattended.contains(&13) && !unattended.contains(&14) && unattended.contains(&16),
        "{unattended:?}"
    );
    assert_eq!(ids(&|q| q.conversation_type = Some("mention".to_owned())).await, [14, 15]);
    assert_eq!(ids(&|q| q.priority = Some("urgent".to_owned())).await, [15]);
    assert_eq!(ids(&|q| q.priority = Some("none".to_owned())).await.len(), 27);
    assert!(ids(&|q| q.unread = true).await.contains(&12));
    for (field, query) in [
        ("conversation_type", api::inbox::ConversationQuery { conversation_type: Some("mine".to_owned()), ..Default::default() }),
        ("priority", api::inbox::ConversationQuery { priority: Some("top".to_owned()), ..Default::default() }),
    ] {
        let (status, code, _) = refused(jo.conversations(&query).await);
        assert_eq!((status, code), (422, Code::ValidationFailed), "{field}");
    }
}
