//! What was written down is as it was: here, and in an export that somebody else checks.

use crate::shop::Shop;

#[test]
fn an_export_is_checked_without_the_daemon_and_any_change_shows() {
    let shop = Shop::open();
    let asked = format!("{}@1", shop.escalate(&shop.conversation())["reference"].as_str().unwrap());
    shop.run("ada", &["approvals", "reject", &asked, "-m", "Too much", "-y"]).ends(0);
    for (user, code) in [("jo", 5), ("ada", 5), ("max", 0)] {
        shop.run(user, &["audit", "verify"]).ends(code);
        shop.run(user, &["audit", "export"]).ends(code);
    }
    let verified = shop.run("max", &["audit", "verify"]).ends(0).json();
    assert_eq!((&verified[1]["ledger"], &verified[1]["rows"], &verified[1]["whole"]), (&"approvals".into(), &2.into(), &true.into()));
    let export = shop.plain("max", &["audit", "export"]).ends(0).out;
    let decided: Vec<serde_json::Value> = export.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let decided = decided.last().unwrap();
    assert_eq!((&decided["ledger"], &decided["position"], &decided["note"]), (&"approvals".into(), &2.into(), &"Too much".into()));
    assert!(!decided["record"].as_str().unwrap().contains("Too much"), "{decided}");

    let file = shop.home.path().join("ledgers.jsonl");
    let verify = |text: &str| {
        std::fs::write(&file, text).unwrap();
        shop.home.run(&["audit", "verify", "--file", file.to_str().unwrap(), "--json"])
    };
    assert_eq!(verify(&export).ends(0).json(), verified);
    assert_eq!(shop.home.run_with_input(&["audit", "verify", "--file", "-", "--json"], &export).ends(0).json(), verified);
    let changed = verify(&export.replace("approval.reject", "approval.approve")).ends(1).json();
    assert_eq!((&changed[1]["whole"], &changed[1]["rows"], &changed[1]["broken"]["position"]), (&false.into(), &1.into(), &2.into()));
    let shortened: String = export.lines().skip(1).map(|line| format!("{line}\n")).collect();
    assert_eq!(verify(&shortened).ends(1).json()[0]["broken"]["position"], 2);
    let strange = verify(&format!("{export}\nnothing of ours\n")).ends(2);
    assert!(strange.err.contains(&format!("line {}", export.lines().count() + 1)), "{}", strange.err);
    verify("").ends(2);

    let one = shop.plain("max", &["audit", "export", "--ledger", "approvals"]).ends(0).out;
    assert!(export.ends_with(&one) && one.lines().count() == 2, "{one}");
    shop.plain("max", &["audit", "export", "-o", "csv"]).ends(2);
    shop.close();
}
