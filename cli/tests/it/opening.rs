//! How the inbox opens: with which view, as it was asked for on the command line.

use api::lists::NewCustomFilter;
use serde_json::json;

use crate::harness::Ran;
use crate::pty::Pty;
use crate::shop::Shop;

/// A shop whose Jo has saved these views of what has a label, each by its name.
fn with_views(names: &[&str]) -> (Shop, Vec<i64>) {
    let shop = Shop::open();
    let ids = names.iter().map(|name| {
        let row = json!({"attribute_key": "labels", "filter_operator": "equal_to", "values": ["vip"], "query_operator": null, "attribute_model": "standard"});
        let query = [("payload".to_owned(), json!([row]))].into_iter().collect();
        let view = NewCustomFilter { name: (*name).to_owned(), query };
        shop.runtime.block_on(shop.client("jo").save_custom_filter(&view)).unwrap().id
    });
    let ids = ids.collect();
    (shop, ids)
}

#[test]
fn a_view_is_named_as_for_a_list_and_a_tab_by_its_own_word() {
    let (shop, ids) = with_views(&["Vip talks", "Vip refunds", "Unassigned"]);
    let opens = |name: &str| -> Ran { shop.plain("jo", &["tui", "--accessible", "--view", name]) };
    let told = |name: &str| opens(name).ends(0).out;
    for name in ["Vip refunds", "vip REFUNDS", "refunds", &ids[1].to_string()] {
        assert!(told(name).contains("Vip refunds"), "{name}: {}", told(name));
    }
    // A tab's own word is the tab; a saved view of that name has its number.
    assert!(!told("unassigned").contains("Inbox, All, all, Unassigned"), "{}", told("unassigned"));
    assert!(told(&ids[2].to_string()).contains("Inbox, All, all, Unassigned"), "{}", told(&ids[2].to_string()));
    let usual = shop.plain("jo", &["tui", "--accessible"]).ends(0).out;
    assert_ne!(usual, told("Unattended"));

    let several = opens("vip").ends(2);
    assert!(
        several.err.contains("fits more than one view") && several.err.contains(&format!("Vip refunds ({})", ids[1])),
        "{}",
        several.err
    );
    let none = opens("nobody").ends(6);
    assert!(
        none.err.contains("there is no view `nobody`") && none.err.contains("there are: mine, unassigned, all, mentions, unattended, "),
        "{}",
        none.err
    );
    assert!(none.out.is_empty() && several.out.is_empty(), "nothing opened");
    shop.close();
}

#[test]
fn on_a_terminal_the_screen_opens_with_the_view_or_is_not_taken() {
    let (shop, _) = with_views(&["Vip talks"]);
    let mut pty = Pty::of(&shop.home, "-P jo tui --view 'vip talks'");
    pty.shows("Vip talks");
    pty.types("q");
    assert_eq!(pty.ends().0, 0);
    let (code, raw) = Pty::of(&shop.home, "-P jo tui --view nobody").ends_badly();
    assert!(code == 6 && !raw.contains("\x1b[?1049h"), "{code} {raw}");
    shop.close();
}
