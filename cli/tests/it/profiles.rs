//! Several daemons and people: kept, chosen, forgotten; tokens come from standard input and stand nowhere else.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::harness::{Home, Ran, nobody};
use crate::pty::Pty;
use crate::shop::Shop;

fn token_of(shop: &Shop, user: &str) -> String {
    let profile: Value = serde_json::from_slice(&std::fs::read(shop.home.profiles().join(format!("{user}.json"))).unwrap()).unwrap();
    profile["token"].as_str().unwrap().to_owned()
}

#[test]
fn a_profile_is_made_chosen_and_forgotten() {
    let shop = Shop::open();
    let url = shop.daemon.base_url();
    let token = token_of(&shop, "jo");
    let login = |home: &Home, name: &str, url: &str, token: &str| -> Ran {
        home.run_with_input(&["-P", name, "--url", url, "auth", "login", "--with-token"], &format!("{token}\n"))
    };
    let made = login(&shop.home, "work", &url, &token).ends(0);
    assert!(made.err.contains("only you can read") && !made.err.contains(&token) && !made.out.contains(&token), "{made:?}");
    let mode = std::fs::metadata(shop.home.profiles().join("work.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    // Nothing is kept that the daemon does not know, of another address, or without a token.
    assert!(login(&shop.home, "bad", &url, "nonsense").ends(4).err.contains("not known"));
    assert!(login(&shop.home, "bad", &nobody(), &token).ends(9).err.contains("nothing was kept"));
    assert!(login(&shop.home, "work", &nobody(), &token).ends(2).err.contains("is of"));
    assert!(login(&shop.home, "bad", &url, "").ends(2).err.contains("standard input is empty"));
    assert!(!shop.home.profiles().join("bad.json").exists());

    let home = &shop.home;
    home.run(&["auth", "switch", "work"]).ends(0);
    assert_eq!(home.run(&["auth", "whoami", "--json"]).ends(0).json()["user"], "jo");
    assert_eq!(home.run(&["-P", "ada", "auth", "whoami", "--json"]).ends(0).json()["user"], "ada", "a name outweighs the choice");
    assert_eq!(home.run(&["auth", "token"]).ends(0).out.trim(), token);
    let all = home.run(&["auth", "status", "--json"]).ends(0);
    assert!(!all.out.contains(&token), "{}", all.out);
    let active = |all: &Value| all.as_array().unwrap().iter().find(|row| row["active"] == true).unwrap().clone();
    assert_eq!((&active(&all.json())["profile"], &active(&all.json())["state"]), (&"work".into(), &"ok".into()));
    assert!(home.run(&["auth", "switch", "wrok"]).ends(2).err.contains("work"));

    home.run(&["tenant", "switch", "nobody"]).ends(6);
    home.run(&["tenant", "switch", "main"]).ends(0);
    assert_eq!(active(&home.run(&["auth", "status", "--json"]).ends(0).json())["tenant"], "main");
    home.run(&["--tenant", "nobody", "label", "list"]).ends(6);

    home.run(&["-P", "work", "auth", "logout"]).ends(0);
    assert!(!home.profiles().join("work.json").exists() && !home.profiles().join("current").exists());
    home.run(&["-P", "work", "auth", "whoami"]).ends(2);
    shop.close();
}

#[test]
fn of_several_people_at_an_address_the_current_profile_counts_and_nobody_is_chosen_by_their_name() {
    let shop = Shop::open();
    let url = shop.daemon.base_url();
    let whoami = || shop.home.run(&["--url", &url, "auth", "whoami", "--json"]);
    let error = whoami().ends(2).error();
    assert!(error["hint"].as_str().unwrap().contains("ada, jo, max, vi"), "{error}");
    shop.home.run(&["auth", "switch", "jo"]).ends(0);
    assert_eq!(whoami().ends(0).json()["user"], "jo");
    assert_eq!(shop.home.run(&["-P", "vi", "--url", &url, "auth", "whoami", "--json"]).ends(0).json()["user"], "vi");
    let secret = url.replace("://", "://jo:hunter2@");
    let refused = shop.home.run(&["--url", &secret, "status", "--json"]).ends(2);
    assert!(!refused.err.contains("hunter2"), "{}", refused.err);
    shop.close();
}

#[test]
fn how_the_active_profile_stands_is_the_exit_code() {
    let shop = Shop::open();
    let home = &shop.home;
    home.profile("stale", &shop.daemon.base_url(), "nonsense");
    home.run(&["auth", "switch", "stale"]).ends(0);
    let stale = home.run(&["auth", "status"]).ends(4);
    assert!(stale.out.contains("afenda -P stale auth login --with-token"), "{}", stale.out);
    home.profile("away", &nobody(), "nonsense");
    home.run(&["auth", "switch", "away"]).ends(0);
    home.run(&["auth", "status"]).ends(9);
    assert!(Home::new().run(&["auth", "status"]).ends(9).err.contains("afenda demo"));
    let outweighed = home.command(&["auth", "login", "--with-token"]).env("AFENDA_TOKEN", "x").output().unwrap();
    assert!(crate::harness::ran(outweighed).ends(2).err.contains("unset AFENDA_TOKEN"));
    shop.close();
}

#[test]
fn a_token_is_shown_on_a_terminal_only_when_that_is_said() {
    let shop = Shop::open();
    let token = token_of(&shop, "jo");
    let (code, raw) = Pty::of(&shop.home, "-P jo auth token").ends_badly();
    assert!(code == 2 && !raw.contains(&token) && raw.contains("--show"), "{code}: {raw}");
    let mut pty = Pty::of(&shop.home, "-P jo auth token --show");
    pty.shows(&token[..40]);
    assert_eq!(pty.code(), 0);
    shop.close();
}
