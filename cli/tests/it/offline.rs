//! Without a daemon: usage errors, exit codes and what is said.

use crate::harness::{Home, nobody};

#[test]
fn wrong_usage_is_2_and_says_what_to_do() {
    let home = Home::new();
    let cases: &[(&[&str], &str)] = &[
        (&["nonsense"], "nonsense"),
        (&["conv", "list", "--nonsense"], "--nonsense"),
        (&["conv", "list", "-s", "lost"], "resolved"),
        (&["conv", "view", "abc"], "#123"),
        (&["approvals", "approve", "AP-3@1", "AP-3@9", "-y"], "named twice"),
        (&["conv", "reply", "12"], "--body"),
        (&["conv", "reply", "12", "-b", "x", "-F", "-"], "cannot be used with"),
        (&["conv", "reply", "12", "-b", " \n"], "empty"),
        (&["conv", "reply", "12", "-b", "x", "--template-name", "hello"], "whole reply"),
        (&["conv", "reply", "12", "-b", "x", "--language", "en"], "--template-name"),
        (&["conv", "reply", "12", "-F", "/nowhere/at-all"], "/nowhere/at-all"),
        (&["conv", "reply", "12", "-b", "x", "--to", "a@b.c,d@e.f"], "no e-mail address"),
        (&["conv", "reply", "12", "-b", "x", "--cc", "nobody"], "`nobody` is no e-mail address"),
        (&["conv", "reply", "12", "-b", "x", "--bcc", ""], "no e-mail address"),
        (&["conv", "assign", "12"], "to whom"),
        (&["conv", "assign", "@me"], "which conversation"),
        (&["conv", "assign", "12", "@me", "@kim"], "one person"),
        (&["conv", "label", "12"], "--add"),
        (&["conv", "status", "12"], "<STATUS>"),
        (&["conv", "status", "12", "open", "--until", "2h"], "snoozed"),
        (&["conv", "escalate", "12"], "--reason"),
        (&["approvals", "list", "-s", "maybe"], "pending"),
        (&["approvals", "view", "42"], "AP-42"),
        (&["approvals", "approve", "AP-42"], "ssh -t"),
        (&["approvals", "approve", "AP-42"], "AP-42@REV -y"),
        (&["approvals", "approve", "AP-42", "-y"], "needs the revision"),
        (&["approvals", "approve", "AP-42@2"], "AP-42@2 -y"),
        (&["approvals", "approve", "AP-42", "AP-43", "--rev", "2", "-y"], "AP-42@2 AP-43@1"),
        (&["approvals", "approve", "AP-42@1", "--rev", "2", "-y"], "disagree"),
        (&["approvals", "approve", "AP-42@0", "-y"], "AP-42@2"),
        (&["approvals", "reject", "AP-42@2", "-y"], "--message"),
        (&["approvals", "reject", "AP-42@2", "-y", "-m", " "], "needs a reason"),
        (&["approvals", "wait", "AP-1", "--timeout", "soon"], "30m"),
        (&["approvals", "request", "-t", "x", "--amount", "1,5"], "240.00 EUR"),
        (&["outbox", "cancel", "12"], "UUID"),
        (&["events", "--types", "nothing.happened"], "message.created"),
        (&["-P", "../x", "status"], "not a profile's name"),
        (&["-P", "nobody", "status"], "no profile `nobody`"),
        (&["--json"], "inbox is not JSON"),
        (&["demo", "--repeat", "3"], "--headless"),
    ];
    for (args, says) in cases {
        let ran = home.run(args).ends(2);
        assert!(ran.out.is_empty(), "{args:?}: {}", ran.out);
        assert!(ran.err.contains(says), "{args:?} should say {says:?}:\n{}", ran.err);
    }
}

#[test]
fn the_keys_are_listed_and_their_file_is_checked() {
    let home = Home::new();
    let home = {
        let folder = home.path().to_str().unwrap().to_owned();
        home.with("AFENDA_CONFIG_DIR", &folder)
    };
    home.run(&["keys", "check"]).ends(0);
    let file = home.path().join("keys.toml");
    std::fs::write(&file, "[list]\n\"x\" = \"conversation.resolve\"\n").unwrap();
    home.run(&["keys", "check"]).ends(0);
    let listed: serde_json::Value = serde_json::from_str(&home.run(&["keys", "list", "--json"]).ends(0).out).unwrap();
    let resolve = listed.as_array().unwrap().iter().find(|row| row["place"] == "list" && row["action"] == "conversation.resolve").unwrap();
    assert_eq!(resolve["keys"], serde_json::json!(["x", "e", "Alt+E"]));
    assert_eq!(resolve["cli"], "afenda conv status 123 resolved");
    std::fs::write(&file, "[list]\nx = \"conversation.close\"\na = \"conversation.resolve\"\n").unwrap();
    let ran = home.run(&["keys", "check"]).ends(1);
    assert!(ran.out.contains("there is no action `conversation.close`") && ran.out.contains("collides with “Assign”"), "{}", ran.out);
    assert!(ran.err.contains("one entry of keys.toml does not count"), "{}", ran.err);
    std::fs::write(&file, "[list]\nx = \n").unwrap();
    assert!(home.run(&["keys", "check"]).ends(1).err.contains("line 2"));
}

#[test]
fn usage_errors_are_json_when_asked_for() {
    let home = Home::new();
    for args in [&["--json", "nonsense"][..], &["conv", "view", "abc", "--json"], &["approvals", "approve", "AP-42", "--json"]] {
        let error = home.run(args).ends(2).error();
        assert_eq!(error["code"], "USAGE", "{args:?}");
        assert_eq!(error["exit_code"], 2);
        assert!(!error["message"].as_str().unwrap().is_empty());
    }
}

#[test]
fn without_a_daemon_every_command_is_9_and_offers_two_ways_on() {
    let known = Home::new();
    known.profile("default", &nobody(), "t");
    let commands: &[&[&str]] = &[
        &["status"],
        &["conv", "list"],
        &["conv", "view", "1"],
        &["conv", "messages", "1"],
        &["conv", "reply", "1", "-b", "x"],
        &["conv", "note", "1", "-b", "x"],
        &["conv", "assign", "1", "@me"],
        &["conv", "label", "1", "--add", "x"],
        &["conv", "status", "1", "open"],
        &["conv", "escalate", "1", "-m", "x"],
        &["approvals", "list"],
        &["approvals", "view", "AP-1"],
        &["approvals", "approve", "AP-1@1", "-y"],
        &["approvals", "reject", "AP-1@1", "-y", "-m", "no"],
        &["approvals", "withdraw", "AP-1"],
        &["approvals", "wait", "AP-1"],
        &["approvals", "request", "-t", "x"],
        &["outbox", "list"],
        &["outbox", "cancel", "01926f3e-0000-7000-8000-000000000001"],
        &["outbox", "retry", "01926f3e-0000-7000-8000-000000000001"],
        &["events"],
        &["audit", "list"],
    ];
    let empty = Home::new();
    for args in commands {
        for home in [&known, &empty] {
            let ran = home.run(args).ends(9);
            assert!(ran.out.is_empty(), "{args:?}: {}", ran.out);
            assert!(ran.err.contains("afenda daemon") && ran.err.contains("afenda demo"), "{args:?}: {}", ran.err);
        }
        let json: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
        let error = known.run(&json).ends(9).error();
        assert_eq!(error["code"], "DAEMON_UNREACHABLE", "{args:?}");
    }
}

#[test]
fn a_stale_demo_profile_and_none_at_all_say_how_to_start_one() {
    let home = Home::new();
    assert!(home.run(&["-P", "demo", "status"]).ends(9).err.contains("no demo is running"));
    home.profile("demo", &nobody(), "t");
    for args in [&["status"][..], &["-P", "demo", "status"]] {
        assert!(home.run(args).ends(9).err.contains("afenda demo"));
    }
}

#[test]
fn a_token_is_sent_to_its_own_address_only() {
    let home = Home::new();
    home.profile("default", "http://127.0.0.1:1", "t");
    let error = home.run(&["--url", &nobody(), "status", "--json"]).ends(4).error();
    assert_eq!(error["code"], "NO_TOKEN");
    assert!(error["hint"].as_str().unwrap().contains("AFENDA_TOKEN"));
    let home = home.with("AFENDA_TOKEN", "t").with("AFENDA_URL", &nobody());
    home.run(&["status"]).ends(9);
}

#[test]
fn another_program_at_the_address_is_9() {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let served = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let _ = socket.read(&mut [0; 4096]);
        socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello").unwrap();
    });
    let home = Home::new();
    home.profile("default", &url, "t");
    let error = home.run(&["status", "--json"]).ends(9).error();
    assert_eq!(error["code"], "WRONG_PROTOCOL");
    served.join().unwrap();
}

#[test]
fn a_lost_answer_is_asked_for_once_more_under_the_same_key() {
    use std::io::Read;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let served = std::thread::spawn(move || {
        let mut keys = Vec::new();
        for _ in 0..2 {
            let (mut socket, _) = listener.accept().unwrap();
            let mut request = String::new();
            // Read until the body's end, then hang up without an answer.
            while !request.ends_with('}') {
                let mut bytes = [0; 4096];
                let read = socket.read(&mut bytes).unwrap();
                assert!(read > 0, "{request}");
                request.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
            }
            keys.push(request.lines().find(|line| line.starts_with("idempotency-key: ")).unwrap().to_owned());
        }
        keys
    });
    let home = Home::new();
    home.profile("default", &url, "t");
    let error = home.run(&["conv", "label", "1", "--add", "x", "--json"]).ends(9).error();
    assert_eq!(error["code"], "DAEMON_LOST");
    let keys = served.join().unwrap();
    assert_eq!(keys[0], keys[1]);
}

#[test]
fn alone_in_a_pipe_it_says_how_it_stands_and_helps() {
    let ran = Home::new().run(&[]).ends(0);
    assert!(ran.out.starts_with("no daemon is known here"), "{}", ran.out);
    assert!(ran.out.contains("afenda daemon") && ran.out.contains("Usage: afenda"));
    assert!(ran.err.is_empty(), "{}", ran.err);
}

#[test]
fn a_closed_output_ends_it_silently_with_141() {
    use std::process::{Command, Stdio};
    let home = Home::new();
    // `true` ends at once and closes the pipe; the program has to notice when it writes.
    let mut reader = Command::new("true").stdin(Stdio::piped()).spawn().unwrap();
    let pipe = reader.stdin.take().unwrap();
    reader.wait().unwrap();
    let output = home.command(&[]).stdout(pipe).output().unwrap();
    assert_eq!(output.status.code(), Some(141));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn nothing_in_a_pipe_has_colour() {
    let home = Home::new();
    for args in [&["--help"][..], &[], &["status"], &["nonsense"]] {
        let ran = home.run(args);
        assert!(!ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'), "{args:?}");
    }
}

#[test]
fn wrong_settings_are_2_with_the_nearest_name() {
    let home = Home::new();
    let path = home.path().join("config.toml");
    std::fs::write(&path, "listn = \"127.0.0.1:0\"\n").unwrap();
    let ran = home.run(&["daemon", "--config", path.to_str().unwrap()]).ends(2);
    assert!(ran.err.contains("did you mean `listen`"), "{}", ran.err);
}

#[test]
fn a_sandbox_says_where_it_is_and_ends_in_order() {
    let home = Home::new();
    let env = home.path().join("env.json");
    let running = home.start(&["sandbox", "--env-out", env.to_str().unwrap()]);
    let text = crate::harness::until("the environment file", || std::fs::read_to_string(&env).ok());
    let written: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(written["base"].as_str().unwrap().starts_with("http://127.0.0.1:"));
    running.signal("TERM");
    assert_eq!(running.end(), 143);
}

#[test]
fn doctor_says_what_is_wrong_without_a_daemon() {
    let home = Home::new();
    let ran = home.run(&["doctor"]).ends(1);
    assert!(ran.out.starts_with("daemon\tfail\tno daemon is known here\t") && ran.err.is_empty(), "{}{}", ran.out, ran.err);
    home.profile("default", &nobody(), "t");
    let checks = home.run(&["doctor", "--json"]).ends(1).json();
    assert_eq!((&checks[0]["name"], &checks[0]["state"]), (&"daemon".into(), &"fail".into()));
    assert!(checks[0]["repair"].as_str().unwrap().contains("afenda daemon"), "{checks}");

    // What others can read is told, and put right where that is asked for.
    let named =
        |checks: &serde_json::Value, name: &str| checks.as_array().unwrap().iter().find(|check| check["name"] == name).unwrap().clone();
    let path = home.profiles().join("default.json");
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    assert_eq!(named(&home.run(&["doctor", "--json"]).ends(1).json(), "profiles")["state"], "warn");
    let fixed = home.run(&["doctor", "--json", "--fix"]).ends(1);
    assert!(fixed.err.contains("default.json"), "{}", fixed.err);
    assert_eq!(named(&home.run(&["doctor", "--json"]).ends(1).json(), "profiles")["state"], "ok");
    // A settings file that the daemon would refuse.
    let folder = home.path().join(".config/afenda");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.toml"), "hold_second = 5\n").unwrap();
    let settings = named(&home.run(&["doctor", "--json"]).ends(1).json(), "settings");
    assert!(settings["state"] == "fail" && settings["message"].as_str().unwrap().contains("hold_seconds"), "{settings}");
    std::fs::remove_file(folder.join("config.toml")).unwrap();
    let secret = crate::harness::ran(home.command(&["doctor"]).env("AFENDA_TOKEN", "s3cret").output().unwrap());
    assert!(secret.out.contains("AFENDA_TOKEN") && !secret.out.contains("s3cret"), "{}", secret.out);
}

#[test]
fn what_took_too_long_tells_the_key_of_a_change() {
    // Takes calls, and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let home = Home::new();
    home.profile("default", &format!("http://{}", silent.local_addr().unwrap()), "t");
    let late = home.run(&["conv", "priority", "44", "high", "--json", "--timeout", "1s"]).ends(124).error();
    assert_eq!((&late["code"], &late["outcome"]), (&"TIMED_OUT".into(), &"unknown".into()));
    let key = late["details"]["idempotency_key"].as_str().unwrap();
    assert!(key.parse::<uuid::Uuid>().is_ok() && late["hint"].as_str().unwrap().contains(key), "{late}");
    // Of several and of steps too it is the command's, which repeats all of them.
    let twice = ["conv", "priority", "44", "45", "high", "--idempotency-key", "mine", "--json", "--timeout", "1s"];
    assert_eq!(home.run(&twice).ends(124).error()["details"]["idempotency_key"], "mine");
    let late = home.run(&["conv", "priority", "44", "high", "--wait", "--json", "--timeout", "1s"]).ends(124).error();
    assert!(late["outcome"].is_null(), "nothing was asked for yet: {late}");
    let late = home.run(&["conv", "list", "--json", "--timeout", "1s"]).ends(124).error();
    assert!(late["outcome"].is_null() && late["hint"].is_null(), "{late}");
    // What is busy, and what waits for text, too.
    let late = home.run(&["version", "--jq", "last(range(1000000000000))", "--timeout", "1s"]).ends(124);
    assert_eq!(late.error()["code"], "TIMED_OUT");
    let mut reads = home.command(&["conv", "note", "44", "-F", "-", "--json", "--timeout", "1s"]);
    let mut reads = reads.stdin(std::process::Stdio::piped()).spawn().unwrap();
    let held = reads.stdin.take();
    let ended = crate::harness::ran(reads.wait_with_output().unwrap()).ends(124);
    drop(held);
    assert_eq!(ended.error()["code"], "TIMED_OUT");
}

#[test]
fn a_key_or_token_that_no_header_can_have_is_no_lost_daemon() {
    let home = Home::new();
    home.profile("default", &nobody(), "t");
    home.run(&["conv", "resolve", "44", "--idempotency-key", "a\nb", "--json"]).ends(2);
    let home = home.with("AFENDA_TOKEN", "a\nb");
    let refused = home.run(&["conv", "list", "--json"]).ends(2);
    assert!(refused.error()["hint"].as_str().unwrap().contains("AFENDA_TOKEN"), "{}", refused.err);
}
