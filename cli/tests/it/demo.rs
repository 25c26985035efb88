//! The demo: one command, everything at work, nothing left behind.

use crate::harness::{Home, nobody, until};

/// What lies in the data folder: profiles and temporary stores.
fn left(home: &Home) -> Vec<String> {
    let mut names = Vec::new();
    for folder in [home.path(), &home.profiles()] {
        for entry in std::fs::read_dir(folder).unwrap() {
            names.push(entry.unwrap().file_name().into_string().unwrap());
        }
    }
    names.retain(|name| name != "profiles");
    names
}

#[test]
fn headless_walks_the_whole_loop() {
    let home = Home::new();
    let ran = home.run(&["demo", "--headless", "--repeat", "3"]).ends(0);
    for says in ["OWN_REQUEST", "STALE_REVISION", "ALREADY_DECIDED", "median of 3", "steps worked"] {
        assert!(ran.out.contains(says), "{says}: {}", ran.out);
    }
    assert!(std::fs::read_dir(home.path()).unwrap().next().is_none(), "something was left in the user's folder");
}

#[test]
fn the_running_demo_is_used_by_others_and_leaves_nothing() {
    for signal in ["TERM", "INT", "HUP"] {
        let home = Home::new();
        // What a killed demo left: nobody answers there any more.
        home.profile("demo", &nobody(), "t");
        let mut demo = home.start(&["demo"]);
        until("the demo", || {
            assert!(!demo.has_ended(), "the demo ended by itself");
            Some(()).filter(|()| home.run(&["-P", "demo-agent", "status"]).code == 0)
        });
        let waiting = home.run(&["approvals", "list", "--json"]).ends(0).json();
        assert_eq!(waiting[0]["status"], "submitted", "{waiting}");
        // A daemon that is gone does not stand in the way of the demo that runs.
        home.profile("default", &nobody(), "t");
        assert!(home.run(&["approvals", "list"]).ends(0).err.contains("this is the running demo"));
        std::fs::remove_file(home.profiles().join("default.json")).unwrap();
        let read = format!("{}@{}", waiting[0]["reference"].as_str().unwrap(), waiting[0]["revision"]);
        home.run(&["-P", "demo-agent", "approvals", "approve", &read, "-y"]).ends(5);
        home.run(&["-P", "demo", "approvals", "approve", &read, "-y"]).ends(0);
        let second = home.run(&["demo"]).ends(1);
        assert!(second.err.contains("runs already at http://127.0.0.1:"), "{}", second.err);
        demo.signal(signal);
        let code = demo.end();
        assert_eq!(
            code,
            match signal {
                "TERM" => 143,
                "INT" => 130,
                _ => 129,
            }
        );
        assert_eq!(left(&home), Vec::<String>::new());
    }
}
