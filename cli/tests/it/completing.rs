//! What a shell is offered: values of the daemon, asked as each shell asks.

use std::process::Command;

use crate::harness::{Home, Ran, nobody, ran};
use crate::shop::Shop;

/// What may come next, asked as this shell does.
fn asked(home: &Home, shell: &str, words: &[&str]) -> Ran {
    let mut command: Command = home.command(&[&["--", "afenda"], words].concat());
    command.env("AFENDA_COMPLETE", shell).env("_CLAP_IFS", "\n").env("_CLAP_COMPLETE_INDEX", words.len().to_string());
    ran(command.output().unwrap()).ends(0)
}

/// Only what was offered, without what is said about it.
fn offered(home: &Home, shell: &str, words: &[&str]) -> Vec<String> {
    let split = if shell == "zsh" { ':' } else { '\t' };
    asked(home, shell, words).out.lines().map(|line| line.split(split).next().unwrap().to_owned()).collect()
}

#[test]
fn every_shell_is_offered_what_the_daemon_knows() {
    let shop = Shop::open();
    let open = shop.run("jo", &["conv", "list", "-L", "1"]).ends(0).json()[0]["id"].to_string();
    shop.run("jo", &["approvals", "request", "-t", "$(reboot)", "-b", "Why"]).ends(0);
    for shell in ["bash", "zsh", "fish"] {
        for (words, want) in [
            (&["-P", "jo", "conv", "view", &open][..], open.as_str()),
            (&["-P", "ada", "approvals", "approve", "ap"], "AP-1@1"),
            (&["--profile=jo", "approvals", "wait", "AP"], "AP-1"),
            (&["-P", "jo", "conv", "list", "--assignee", "m"], "me"),
            (&["-P", "jo", "conv", "assign", "1", "--to", "Ki"], "Kim"),
            (&["-P", "jo", "conv", "list", "--team", ""], "billing"),
            (&["-P", "jo", "conv", "list", "--label", "vip,re"], "vip,refund"),
            (&["-P", "jo", "conv", "reply", "1", "--canned", "by"], "bye"),
            (&["-P", "m"], "max"),
            (&["-P", "jo", "--tenant", "ma"], "main"),
        ] {
            let offered = offered(&shop.home, shell, words);
            assert!(offered.iter().any(|value| value == want), "{shell} {words:?}: {offered:?}");
        }
    }
    assert!(
        asked(&shop.home, "fish", &["-P", "ada", "approvals", "approve", "AP"]).out.contains("$(reboot)"),
        "its title is told beside it"
    );
    let hostile = ["$(reboot)", "`reboot`", "*", "a;reboot", "a b"];
    for name in hostile {
        assert_eq!(offered(&shop.home, "bash", &["-P", "jo", "conv", "list", "--label", name]), [""; 0], "{name}");
    }

    // bash itself, with the script that it is given.
    let script = "source <(\"$AFENDA\" completion bash); afenda() { \"$AFENDA\" \"$@\"; }; COMP_WORDS=(afenda -P ada approvals approve AP); COMP_CWORD=5; \
                  COMP_TYPE=9; _clap_complete_afenda afenda AP approve; printf '%s\\n' \"${COMPREPLY[@]}\"";
    let link = shop.home.path().join("bin");
    std::fs::create_dir(&link).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_afenda"), link.join("afenda")).unwrap();
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-c", script]).env_clear().env("PATH", format!("{}:/usr/bin:/bin", link.display()));
    bash.env("AFENDA", env!("CARGO_BIN_EXE_afenda")).env("HOME", shop.home.path()).env("AFENDA_DATA_DIR", shop.home.path());
    let said = ran(bash.output().unwrap()).ends(0);
    assert_eq!((said.out.as_str(), said.err.as_str()), ("AP-1@1\n", ""));
    shop.close();
}

#[test]
fn a_daemon_that_does_not_answer_has_no_values_and_says_nothing() {
    let home = Home::new();
    home.profile("gone", &nobody(), "t");
    // One that takes the call and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    home.profile("silent", &format!("http://{}", silent.local_addr().unwrap()), "t");
    for profile in ["gone", "silent", "none"] {
        let ran = asked(&home, "fish", &["-P", profile, "approvals", "approve", "AP"]);
        assert_eq!((ran.out.as_str(), ran.err.as_str()), ("", ""), "{profile}");
    }
}
