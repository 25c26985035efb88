//! Lists of what needs somebody, and the exit code that says whether anything does.

use serde_json::Value;

use crate::harness::until;
use crate::shop::Shop;

fn ids(rows: &Value, fits: impl Fn(&Value) -> bool) -> Vec<Value> {
    rows.as_array().unwrap().iter().filter(|row| fits(row)).map(|row| row["id"].clone()).collect()
}

#[test]
fn lists_are_cut_to_what_needs_somebody() {
    let shop = Shop::open();
    let list = |args: &[&str]| shop.run("jo", &[&["conv", "list", "--all"], args].concat()).ends(0).json();
    let all = list(&[]);
    let hours = |row: &Value| {
        let since: jiff::Timestamp = row["waiting_since"].as_str()?.parse().ok()?;
        Some(jiff::Timestamp::now().duration_since(since).as_hours())
    };
    // Between the two there is time enough for the test.
    let waits: Vec<i64> = all.as_array().unwrap().iter().filter_map(hours).collect();
    let most = waits.iter().max().copied().unwrap();
    let (some, none) = (format!("{}m", most * 60), format!("{}h", most + 2));
    for (args, fits) in [
        (&["-p", "urgent"][..], &(|row: &Value| row["priority"] == "urgent") as &dyn Fn(&Value) -> bool),
        (&["--priority", "none"], &|row| row["priority"].is_null()),
        (&["--unread"], &|row| row["unread_count"] != 0),
        (&["--waiting", &some], &|row| hours(row) == Some(most)),
        (&["--waiting", &none], &|_| false),
        (&["--unread", "--waiting", "1s"], &|row| row["unread_count"] != 0 && !row["waiting_since"].is_null()),
    ] {
        let (found, want) = (ids(&list(args), |_| true), ids(&all, fits));
        assert_eq!(found, want, "{args:?}");
        assert!(want.len() < ids(&all, |_| true).len(), "{args:?} leaves nothing out");
    }
    shop.run("jo", &["conv", "list", "-p", "nonsense"]).ends(2);

    let said = shop.run("jo", &["conv", "messages", "43"]).ends(0).json();
    let middle = said[said.as_array().unwrap().len() / 2]["created_at"].as_str().unwrap().to_owned();
    let since = shop.run("jo", &["conv", "messages", "43", "--since", &middle]).ends(0).json();
    assert_eq!(ids(&since, |_| true), ids(&said, |row| row["created_at"].as_str() >= Some(&middle)));

    let found = |args: &[&str]| shop.run("jo", args).ends(0).json();
    assert_eq!(found(&["contact", "search", "ann", "--all"]), found(&["contact", "list", "-S", "ann", "--all"]));

    let asked = shop.escalate(&shop.conversation());
    assert_eq!(ids(&found(&["approvals", "list"]), |_| true), [asked["id"].clone()]);
    assert_eq!(found(&["approvals", "list", "--older", "1h"]), serde_json::json!([]));
    shop.close();
}

#[test]
fn an_escalation_hands_the_conversation_on_or_does_nothing_at_all() {
    let shop = Shop::open();
    let ask = |more: &[&str]| shop.run("jo", &[&["conv", "escalate", "44", "-m", "Refund?"], more].concat());
    ask(&["--to", "nobody-here"]).ends(6);
    shop.run("jo", &["api", "POST", "/conversations/44/escalate", "-f", "reason=Refund?", "-f", "assignee=999999"]).ends(1);
    assert_eq!(shop.run("jo", &["approvals", "list", "-s", "all"]).ends(0).json(), serde_json::json!([]), "both or neither");
    ask(&["--to", "@me", "--team", "billing", "--priority", "urgent"]).ends(0);
    let now = shop.run("jo", &["conv", "view", "44"]).ends(0).json();
    assert_eq!((&now["priority"], &now["team"]["name"]), (&"urgent".into(), &"billing".into()), "{now}");
    assert!(now["assignee"]["name"].as_str().unwrap().starts_with("Jo"), "{now}");
    assert_eq!(now["approvals"][0]["status"], "submitted");
    shop.close();
}

#[test]
fn what_changed_between_two_revisions_is_shown() {
    let shop = Shop::open();
    let asked =
        shop.run("jo", &["approvals", "request", "-t", "Refund 240", "-b", "It never\narrived.", "--amount", "240.00 EUR"]).ends(0).json();
    let reference = asked["reference"].as_str().unwrap();
    assert!(shop.plain("ada", &["approvals", "view", reference, "--diff"]).ends(0).out.contains("nothing of what it shows was changed"));
    let change = |revision: &str, field: &str| {
        shop.run("jo", &["api", "PATCH", &format!("/approvals/{reference}"), "-F", &format!("revision={revision}"), "-f", field]).ends(0)
    };
    change("1", "title=Refund 280");
    change("2", "description=It never\ncame.");
    let diff = |id: &str| shop.plain("ada", &["approvals", "view", id, "--diff"]).ends(0).out;
    let last = diff(reference);
    assert!(last.contains("revision 2 → 3\n\ndescription\n  It never\n- arrived.\n+ came.\n") && !last.contains("title"), "{last}");
    let both = diff(&format!("{reference}@1"));
    assert!(both.contains("title\n- Refund 240\n+ Refund 280\n") && both.contains("+ came."), "{both}");
    let data = shop.run("ada", &["approvals", "view", reference, "--diff"]).ends(0).json();
    assert_eq!((&data["revision"], &data["changes"]["changed"][0]["field"]), (&3.into(), &"description".into()));
    assert_eq!(shop.run("ada", &["approvals", "view", reference]).ends(0).json()["changes"], Value::Null);
    shop.run("ada", &["approvals", "view", &format!("{reference}@9"), "--diff"]).ends(6);
    shop.close();
}

#[test]
fn the_status_ends_with_what_needs_somebody_where_that_is_asked_for() {
    let shop = Shop::with("[sync]\nwebsocket = false\nreconcile_interval_s = 1\n");
    let status = |user: &str, code: i32| shop.run(user, &["status", "--exit-code"]).ends(code);
    status("ada", 0);
    let asked = shop.escalate(&shop.conversation());
    status("ada", 8);
    shop.run("ada", &["status"]).ends(0);
    status("jo", 0);
    shop.is_down();
    let link = || shop.run("jo", &["status"]).ends(0).json()["chatwoot"]["state"].clone();
    until("the link to be down", || (link() == "offline").then_some(()));
    status("ada", 11);
    assert_eq!(shop.run("jo", &["approvals", "withdraw", asked["reference"].as_str().unwrap()]).ends(0).json()["status"], "withdrawn");
    shop.close();
}
