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
