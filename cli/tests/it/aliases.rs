//! A person's own words for command lines, and programs on PATH that are commands.

use std::os::unix::fs::PermissionsExt as _;

use crate::harness::{Home, Ran, ran};

/// Writes a program that tells its name and its arguments, and ends with 7.
fn program(home: &Home, name: &str) {
    let folder = home.path().join("bin");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, "#!/bin/sh\necho \"${0##*/}\"\nfor arg; do echo \"[$arg]\"; done\nexit 7\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Runs it with that folder on PATH, last.
fn with_path(home: &Home, args: &[&str]) -> Ran {
    let path = format!("/usr/bin:/bin:{}", home.path().join("bin").display());
    ran(home.command(args).env("PATH", path).output().unwrap())
}

#[test]
fn an_alias_is_set_used_listed_and_removed() {
    let home = Home::new();
    assert_eq!(home.run(&["alias", "list", "--json"]).ends(0).out, "[]\n");
    home.run(&["alias", "set", "where", "config path"]).ends(0);
    assert!(home.run(&["where"]).ends(0).out.ends_with("config.toml\n"));
    home.run(&["alias", "set", "config of", "config get"]).ends(0);
    let value = home.run(&["--json", "config", "of", "data_dir"]).ends(0).json();
    assert_eq!(value["origin"], "AFENDA_DATA_DIR");
    let changed = home.run(&["alias", "set", "where", "config list"]).ends(0);
    assert!(changed.err.contains("it was `config path`"), "{}", changed.err);
    assert_eq!(home.run(&["alias", "list"]).ends(0).out, "config of\tconfig get\nwhere\tconfig list\n");
    assert!(home.run(&["help", "where"]).ends(0).out.contains("stands for `config list`"));
    home.run(&["alias", "rm", "where"]).ends(0);
    home.run(&["alias", "rm", "where"]).ends(6);
    home.run(&["where"]).ends(2);
    for args in [["alias", "set", "conv", "conv list"], ["alias", "set", "conv list", "x"], ["alias", "set", "x", "nonsense"]] {
        home.run(&args).ends(2);
    }
}

#[test]
fn what_a_person_wrote_in_the_file_stays() {
    let home = Home::new();
    let folder = home.path().join(".config/afenda");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("aliases.toml");
    std::fs::write(&file, "# mine\nwhere = 'config path'\n").unwrap();
    home.run(&["alias", "set", "other", "config list"]).ends(0);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "# mine\nwhere = 'config path'\nother = \"config list\"\n");
    // A file that cannot be read says so, and only where it would count.
    std::fs::write(&file, "where = 3\n").unwrap();
    let error = home.run(&["where", "--json"]).ends(2).error();
    assert!(error["message"].as_str().unwrap().contains("line 1"), "{error}");
    home.run(&["config", "path"]).ends(0);
}

#[test]
fn the_shell_gets_arguments_and_no_text() {
    let home = Home::new();
    home.run(&["alias", "set", "sh", "!printf '<%s>' \"$@\"; exit 5"]).ends(0);
    let ran = home.run(&["sh", "a b", "$(echo x)", "; echo y", "--json"]).ends(5);
    assert_eq!(ran.out, "<a b><$(echo x)><; echo y><--json>");
    home.run(&["-q", "sh"]).ends(2);
}

#[test]
fn a_program_on_the_path_is_a_command_unless_there_is_one() {
    let home = Home::new();
    for name in ["afenda-hello", "afenda-config", "afenda-where"] {
        program(&home, name);
    }
    let ran = with_path(&home, &["hello", "--json", "a b", "$x", "-P"]).ends(7);
    assert_eq!(ran.out, "afenda-hello\n[--json]\n[a b]\n[$x]\n[-P]\n");
    assert!(with_path(&home, &["config", "path"]).ends(0).out.ends_with("config.toml\n"));
    home.run(&["alias", "set", "where", "config path"]).ends(0);
    assert!(with_path(&home, &["where"]).ends(0).out.ends_with("config.toml\n"), "an alias comes first");
    for args in [&["-q", "hello"][..], &["../bin/afenda-hello"], &["hell"], &["--", "hello"]] {
        with_path(&home, args).ends(2);
    }
    // One that PATH names from where one stands is not found.
    let output = home.command(&["hello"]).current_dir(home.path()).env("PATH", "bin::/usr/bin").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_shell_completes_them() {
    let home = Home::new();
    program(&home, "afenda-hello");
    home.run(&["alias", "set", "mine", "conv list -a me"]).ends(0);
    let path = format!("/usr/bin:{}", home.path().join("bin").display());
    let asked = |shell: &str, words: &[&str]| {
        let mut command = home.command(&[&["--", "afenda"], words].concat());
        command.env("AFENDA_COMPLETE", shell).env("_CLAP_IFS", "\n").env("_CLAP_COMPLETE_INDEX", words.len().to_string());
        ran(command.env("PATH", &path).output().unwrap()).ends(0).out
    };
    for shell in ["bash", "zsh", "fish"] {
        assert!(asked(shell, &["min"]).starts_with("mine"), "{shell}");
        assert!(asked(shell, &["mine", "--assi"]).starts_with("--assignee"), "{shell}");
        assert!(asked(shell, &["hell"]).starts_with("hello"), "{shell}");
        assert!(asked(shell, &["alias", "rm", "m"]).starts_with("mine"), "{shell}");
        assert!(asked(shell, &["approvals", "app"]).starts_with("approve"), "{shell}");
    }
}
