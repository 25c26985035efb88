//! The daemon in the background: started, asked how it stands, started again, stopped; and offered where somebody needs one.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use crate::harness::{Home, until};
use crate::pty::Pty;
use crate::shop::Shop;

/// A machine whose daemon, if one was started, is stopped when the test ends.
struct Machine(Arc<Home>);

impl Machine {
    fn new() -> Self {
        let home = Home::new();
        let folder = home.path().join(".config/afenda");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("config.toml"), "listen = \"127.0.0.1:0\"\n").unwrap();
        Self(Arc::new(home))
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.0.run(&["daemon", "stop"]);
    }
}

#[test]
fn a_daemon_is_started_looked_at_started_again_and_stopped() {
    let machine = Machine::new();
    let home = &machine.0;
    home.run(&["daemon", "status"]).ends(9);
    assert!(home.run(&["daemon", "stop"]).ends(0).err.contains("no daemon runs"));
    home.run(&["daemon", "logs"]).ends(6);
    home.run(&["daemon", "start"]).ends(0);
    let url = || home.run(&["daemon", "status", "--jq", ".url"]).ends(0).out;
    let first = url();
    assert!(home.run(&["daemon", "start"]).ends(0).err.contains("runs already"));
    until("the log", || home.run(&["daemon", "logs", "-n", "5"]).ends(0).out.contains("serves").then_some(()));
    let mode = std::fs::metadata(home.path().join("daemon.log")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    home.run(&["daemon", "restart"]).ends(0);
    assert_eq!(url(), first, "at the same address");
    home.run(&["daemon", "stop"]).ends(0);
    home.run(&["daemon", "status"]).ends(9);
}

#[test]
fn a_log_that_has_grown_large_makes_room_while_the_daemon_runs() {
    let machine = Machine::new();
    let home = &machine.0;
    home.run(&["daemon", "start"]).ends(0);
    let log = home.path().join("daemon.log");
    let mut file = std::fs::OpenOptions::new().append(true).open(&log).unwrap();
    for _ in 0..110 {
        file.write_all(&[b"x".repeat(99_999).as_slice(), b"\n"].concat()).unwrap();
    }
    // Logs a line; there is no Chatwoot to compare with.
    home.run(&["cache", "rebuild"]).ends(11);
    assert!(std::fs::read_to_string(&log).unwrap().contains("made anew"));
    assert!(std::fs::metadata(home.path().join("daemon.log.old")).unwrap().len() > 10 << 20);
    assert_eq!(std::fs::metadata(&log).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(home.run(&["daemon", "logs", "-n", "1"]).ends(0).out.contains("made anew"));
    // What is said besides the log is in the new one too.
    home.run(&["daemon", "restart"]).ends(0);
    until("the log", || home.run(&["daemon", "logs", "-n", "2"]).ends(0).out.contains("afenda listens").then_some(()));
}

#[test]
fn one_that_hangs_is_ended_and_started_again_where_that_is_forced() {
    let machine = Machine::new();
    let home = &machine.0;
    home.run(&["daemon", "start"]).ends(0);
    let stands = || home.run(&["daemon", "status", "--jq", "[.url, .pid]"]).ends(0).json();
    let first = stands();
    let process = rustix::process::Pid::from_raw(first[1].as_i64().unwrap().try_into().unwrap()).unwrap();
    rustix::process::kill_process(process, rustix::process::Signal::STOP).unwrap();
    // It holds its data folder and answers nobody.
    home.run(&["daemon", "start"]).ends(1);
    let forced = home.run(&["daemon", "restart", "--force"]).ends(0);
    assert!(forced.err.contains("does not answer") && forced.err.contains(&format!("process {} is ended", first[1])), "{}", forced.err);
    let second = stands();
    assert_eq!(first[0], second[0], "at the same address");
    assert_ne!(first[1], second[1]);
    assert!(home.run(&["-P", "default", "daemon", "restart", "--force"]).ends(2).err.contains("--data-dir"));
    // What answers is asked first.
    let forced = home.run(&["daemon", "restart", "--force"]).ends(0);
    assert!(forced.err.contains("stopped") && !forced.err.contains("is ended"), "{}", forced.err);
    let third = stands();
    assert_ne!(third[1], second[1]);
    // One from before it wrote down which process it is stops and starts as well; only ending it is a person's.
    std::fs::write(home.path().join("afenda.lock"), "").unwrap();
    home.run(&["daemon", "restart"]).ends(0);
    assert_ne!(stands()[1], third[1]);
}

#[test]
fn every_verb_means_the_daemon_of_the_folder_that_is_named() {
    let (machine, other) = (Machine::new(), tempfile::tempdir().unwrap());
    let home = &machine.0;
    let folder = other.path().to_str().unwrap();
    home.run(&["daemon", "start"]).ends(0);
    home.run(&["daemon", "start", "--data-dir", folder]).ends(0);
    let url = |more: &[&str]| home.run(&[&["daemon", "status", "--jq", ".url"], more].concat());
    let (first, second) = (url(&[]).ends(0).out, url(&["--data-dir", folder]).ends(0).out);
    assert_ne!(first, second);
    home.run(&["daemon", "restart", "--data-dir", folder]).ends(0);
    assert_eq!(url(&["--data-dir", folder]).ends(0).out, second, "at the same address");
    home.run(&["daemon", "stop", "--data-dir", folder]).ends(0);
    let error = url(&["--data-dir", folder]).ends(9).error();
    assert_eq!(error["code"], "DAEMON_UNREACHABLE", "{error}");
    assert_eq!(url(&[]).ends(0).out, first, "the other one goes on");
}

#[test]
fn a_daemon_of_another_folder_is_not_started_again_as_ones_own() {
    let (machine, other) = (Machine::new(), Machine::new());
    other.0.run(&["daemon", "start"]).ends(0);
    let profile: serde_json::Value = serde_json::from_slice(&std::fs::read(other.0.profiles().join("default.json")).unwrap()).unwrap();
    let (url, token) = (profile["url"].as_str().unwrap(), profile["token"].as_str().unwrap());
    machine.0.profile("other", url, token);
    machine.0.run(&["-P", "other", "daemon", "status"]).ends(0);
    let refused = machine.0.run(&["-P", "other", "daemon", "restart"]).ends(2);
    assert!(refused.err.contains("is not the daemon of") && refused.err.contains("--data-dir"), "{refused:?}");
    other.0.run(&["daemon", "status"]).ends(0);
    machine.0.run(&["daemon", "status"]).ends(9);
    machine.0.run(&["-P", "other", "daemon", "stop"]).ends(0);
    other.0.run(&["daemon", "status"]).ends(9);
}

#[test]
fn a_daemon_that_does_not_start_says_why() {
    let machine = Machine::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let failed = machine.0.run(&["daemon", "start", "--listen", &address]).ends(1);
    assert!(failed.err.contains("the daemon did not start") && failed.err.contains(&address), "{}", failed.err);
    assert!(failed.err.contains("daemon.log"), "{}", failed.err);
}

#[test]
fn only_its_owner_stops_it() {
    let shop = Shop::open();
    for user in ["jo", "ada", "max"] {
        assert_eq!(shop.run(user, &["daemon", "stop"]).ends(5).error()["code"], "FORBIDDEN", "{user}");
    }
    shop.run("jo", &["daemon", "status"]).ends(0);
    shop.close();
}

#[test]
fn where_none_answers_and_somebody_sits_there_one_is_offered() {
    let machine = Machine::new();
    let mut pty = Pty::of(&machine.0, "status");
    pty.shows("Start a daemon here now? [y/N]");
    pty.types("\r");
    assert_eq!(pty.code(), 9);
    // A question takes no longer than the command may, whatever was typed before Enter.
    let mut pty = Pty::of(&machine.0, "--timeout 1s status");
    pty.shows("[y/N]");
    pty.types("y");
    assert_eq!(pty.code(), 124, "{}", pty.raw());
    pty.shows("not done within 1s");
    let mut pty = Pty::of(&machine.0, "--timeout 1000s status");
    pty.shows("[y/N]");
    pty.types("n\r");
    assert_eq!(pty.code(), 9);
    let mut pty = Pty::of(&machine.0, "status");
    pty.shows("[y/N]");
    pty.types("y\r");
    pty.shows("user       Owner (owner), owner");
    assert_eq!(pty.code(), 0, "{}", pty.raw());
    machine.0.run(&["daemon", "stop"]).ends(0);
    let (code, raw) = Pty::of(&machine.0, "--no-input status").ends_badly();
    assert!(code == 9 && !raw.contains("[y/N]"), "{code}: {raw}");
}

#[test]
fn a_unit_is_printed_written_once_and_never_over_another() {
    let machine = Machine::new();
    let home = &machine.0;
    let text = home.run(&["daemon", "install", "--print"]).ends(0).out;
    assert!(text.contains("\"daemon\" \"start\" \"--foreground\""), "{text}");
    assert_ne!(home.run(&["daemon", "install", "--system", "--print"]).ends(0).out, text);
    let written = home.run(&["daemon", "install"]).ends(0);
    assert!(written.out.contains("systemctl --user"), "{written:?}");
    assert_eq!(std::fs::read_to_string(home.path().join(".config/systemd/user/afenda.service")).unwrap(), text);
    assert!(home.run(&["daemon", "install"]).ends(0).err.contains("already"));
    std::fs::write(home.path().join(".config/systemd/user/afenda.service"), "mine").unwrap();
    home.run(&["daemon", "install"]).ends(1);
}
