//! What the program says of itself.

use crate::harness::Home;

#[test]
fn the_version_is_told() {
    assert!(Home::new().run(&["--version"]).ends(0).out.starts_with("afenda "));
}

#[test]
fn help_is_told_by_flag_and_by_word() {
    let home = Home::new();
    let by_flag = home.run(&["approvals", "approve", "--help"]).ends(0).out;
    assert!(by_flag.contains("--rev"), "{by_flag}");
    assert_eq!(home.run(&["help", "approvals", "approve"]).ends(0).out, by_flag);
    assert!(home.run(&["help", "exit-codes"]).ends(0).out.contains("141"));
    home.run(&["help", "nonsense"]).ends(2);
}

#[test]
fn a_shell_gets_its_script_and_completes_commands() {
    let home = Home::new().with("AFENDA_COMPLETE", "fish");
    for shell in ["bash", "zsh", "fish"] {
        let script = Home::new().run(&["completion", shell]).ends(0).out;
        assert!(script.contains("AFENDA_COMPLETE"), "{shell}: {script}");
    }
    let words = home.run(&["--", "afenda", "approvals", "app"]).ends(0).out;
    assert!(words.starts_with("approve"), "{words}");
}

#[test]
fn types_and_fields_are_told_without_a_daemon() {
    let home = Home::new();
    let fields = home.run(&["approvals", "list", "--json=help"]).ends(0).out;
    assert!(fields.lines().any(|line| line == "revision\tinteger"), "{fields}");
    let schema: serde_json::Value = serde_json::from_str(&home.run(&["schema", "ApprovalView"]).ends(0).out).unwrap();
    assert_eq!(schema["$ref"], "#/$defs/ApprovalView");
    assert!(home.run(&["schema"]).ends(0).out.lines().any(|line| line == "ConversationView"));
    home.run(&["schema", "Nonsense"]).ends(6);
    let wrong = home.run(&["approvals", "list", "--json=revison"]).ends(2);
    assert!(wrong.err.contains("revision"), "those there are: {}", wrong.err);
    home.run(&["approvals", "list", "--jq", ".["]).ends(2);
    home.run(&["approvals", "list", "--template", "{% for %}"]).ends(2);
    home.run(&["approvals", "list", "-o", "csv", "--json"]).ends(2);
    Home::new().with("AFENDA_OUTPUT", "nonsense").run(&["approvals", "list"]).ends(2);
}

#[test]
fn manual_pages_are_written() {
    let home = Home::new();
    let folder = home.path().join("man");
    home.run(&["man", folder.to_str().unwrap()]).ends(0);
    let page = std::fs::read_to_string(folder.join("afenda-approvals-approve.1")).unwrap();
    assert!(page.contains(".TH") && page.contains("rev"), "{page}");
}

#[test]
fn singular_nouns_are_understood() {
    let home = Home::new();
    for args in [["approval", "--help"], ["conversation", "--help"], ["webhook", "--help"]] {
        home.run(&args).ends(0);
    }
}
