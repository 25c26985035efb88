//! The settings file: which value counts and why, and changing it in an editor.

use std::path::PathBuf;

use crate::harness::{Home, Ran, ran};

/// A home with this as its settings file, and the file.
fn with(text: &str) -> (Home, PathBuf) {
    let home = Home::new();
    let folder = home.path().join(".config/afenda");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("config.toml");
    std::fs::write(&file, text).unwrap();
    (home, file)
}

#[test]
fn the_value_that_counts_says_where_it_comes_from() {
    let (home, file) = with("hold_seconds = 9\n[ui]\nmotion = true\n");
    let home = home.with("AFENDA_NO_MOTION", "1").with("CHATWOOT_API_TOKEN", "s3cret");
    let file = file.display().to_string();
    for (key, value, from, origin) in [
        ("hold_seconds", "9", "file", file.as_str()),
        ("ui.motion", "false", "env", "AFENDA_NO_MOTION"),
        ("ui.glyphs", "unicode", "default", ""),
        ("composer.hold_seconds", "9", "file", file.as_str()),
        ("chatwoot.token", "set; it is not shown", "env", "CHATWOOT_API_TOKEN"),
    ] {
        assert_eq!(home.run(&["config", "get", key, "--origin"]).ends(0).out, format!("{value}\t{from}\t{origin}\n"));
        let rows = home.run(&["config", "list", "--resolved", "--json"]).ends(0).json();
        let row = rows.as_array().unwrap().iter().find(|row| row["key"] == key).unwrap().clone();
        assert_eq!(row, serde_json::json!({"key": key, "value": value, "from": from, "origin": origin}));
    }
    home.run(&["config", "get", "ui.glyphs"]).ends(6);
    home.run(&["config", "get", "ui.nonsense", "--origin"]).ends(6);
    let set = home.run(&["config", "list"]).ends(0).out;
    assert!(set.contains("hold_seconds\t9\n") && !set.contains("glyphs") && !set.contains("s3cret"), "{set}");
    assert!(home.run(&["config", "list", "--resolved"]).ends(0).err.contains("chatwoot.url"), "what is wrong is said");
}

#[test]
fn an_edited_file_counts_once_the_programs_take_it() {
    let (home, file) = with("# mine\nhold_seconds = 9\n");
    let beside = || std::fs::read_dir(file.parent().unwrap()).unwrap().count();
    let edit = |script: &str| -> Ran {
        let editor = format!("f() {{ {script}; }}; f");
        ran(home.command(&["config", "edit"]).env("EDITOR", editor).output().unwrap())
    };
    assert!(edit("true").ends(0).err.contains("nothing was changed"));
    edit("sed -i s/9/7/ \"$1\"").ends(0);
    let text = || std::fs::read_to_string(&file).unwrap();
    assert_eq!(text(), "# mine\nhold_seconds = 7\n");
    assert_eq!(beside(), 1, "nothing is left beside it");
    for (script, code, says) in [
        ("echo 'hold_second = 1' >> \"$1\"", 2, "did you mean `hold_seconds`"),
        ("printf '\\377' > \"$1\"", 2, "UTF-8"),
        ("echo 'hold_seconds = 1' > \"$1\"; false", 1, "the editor ended with"),
        ("echo 'hold_seconds = 1' > \"$1\"; echo '# theirs' >> .config/afenda/config.toml", 7, "somebody else"),
    ] {
        let editor = format!("f() {{ {script}; }}; f");
        let ran = ran(home.command(&["config", "edit"]).env("EDITOR", editor).current_dir(home.path()).output().unwrap()).ends(code);
        assert!(ran.err.contains(says), "{script}: {}", ran.err);
        let kept = ran.err.rsplit("kept in ").next().unwrap().trim();
        assert!(kept.ends_with(".rejected") && std::path::Path::new(kept).exists(), "{}", ran.err);
        std::fs::remove_file(kept).unwrap();
        assert!(text().starts_with("# mine\nhold_seconds = 7\n") && beside() == 1, "{script}");
    }
    assert!(edit("rm \"$1\"").ends(1).err.contains("took the file away"));
    assert!(edit("false").ends(1).err.contains("the editor ended with"));
    assert_eq!(beside(), 1);
    assert!(home.run(&["config", "edit"]).ends(2).err.contains("AFENDA_EDITOR"));
    // What was written is not lost where the file cannot be read any more.
    let ran = edit("echo 'hold_seconds = 1' > \"$1\"; rm \"${1%/*}/config.toml\"; mkdir \"${1%/*}/config.toml\"").ends(7);
    let kept = ran.err.rsplit("kept in ").next().unwrap().trim();
    assert_eq!(std::fs::read_to_string(kept).unwrap(), "hold_seconds = 1\n");
}

#[test]
fn a_link_and_a_mode_stay() {
    use std::os::unix::fs::PermissionsExt as _;
    let (home, file) = with("hold_seconds = 9\n");
    let real = home.path().join("dotfiles.toml");
    std::fs::rename(&file, &real).unwrap();
    std::os::unix::fs::symlink(&real, &file).unwrap();
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o644)).unwrap();
    home.run(&["config", "set", "hold_seconds", "3"]).ends(0);
    ran(home.command(&["config", "edit"]).env("EDITOR", "sed -i s/3/4/").output().unwrap()).ends(0);
    assert!(std::fs::symlink_metadata(&file).unwrap().is_symlink());
    assert_eq!(std::fs::read_to_string(&real).unwrap(), "hold_seconds = 4\n");
    assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o644);
}

#[test]
fn a_preset_of_keys_is_listed_and_chosen() {
    let (home, file) = with("# mine\n");
    let in_use = || {
        let rows = home.run(&["keys", "preset", "--json"]).ends(0).json();
        let rows = rows.as_array().unwrap().iter().filter(|row| row["in_use"] == true).map(|row| row["name"].clone());
        rows.collect::<Vec<_>>()
    };
    assert_eq!(in_use(), ["default"]);
    home.run(&["keys", "preset", "aerc"]).ends(0);
    assert_eq!(in_use(), ["aerc"]);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("# mine") && text.contains("preset = \"aerc\""), "{text}");
    let keys = home.run(&["keys", "list"]).ends(0).out;
    assert!(keys.lines().any(|line| line.starts_with("list\t") && line.contains("r r")), "{keys}");
    assert!(home.run(&["keys", "preset", "emacs"]).ends(2).err.contains("chatwoot-cli"));
    assert_eq!(in_use(), ["aerc"]);
}
