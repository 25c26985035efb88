//! Day one: what keeps the daemon from starting, and what does not.

use daemon::{Clock, StartError};

use crate::harness::{Bench, chatwoot, config};

#[tokio::test]
async fn a_second_daemon_and_a_port_in_use_each_say_the_way_out() {
    let bench = Bench::new().await;
    let second = daemon::start(bench.config.clone(), Clock::system()).await.unwrap_err();
    assert!(matches!(second, StartError::SecondDaemon { .. }));
    assert!(second.to_string().contains("--data-dir"), "{second}");
    let folder = tempfile::tempdir().unwrap();
    let mut other = config(folder.path());
    other.listen = bench.daemon.addr();
    let in_use = daemon::start(other, Clock::system()).await.unwrap_err();
    assert!(matches!(in_use, StartError::PortInUse { .. }));
    assert!(in_use.to_string().contains("--listen"), "{in_use}");
}

#[tokio::test]
async fn a_store_from_a_newer_version_and_an_unusable_folder_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let settings = config(folder.path());
    daemon::start(settings.clone(), Clock::system()).await.unwrap().stop().await;
    let conn = rusqlite::Connection::open(settings.data_dir.join("afenda.db")).unwrap();
    conn.pragma_update(None, "user_version", 99).unwrap();
    drop(conn);
    let newer = daemon::start(settings.clone(), Clock::system()).await.unwrap_err();
    assert!(newer.to_string().contains("newer afenda"), "{newer}");
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let mut on_a_file = settings;
    on_a_file.data_dir = file;
    let unusable = daemon::start(on_a_file, Clock::system()).await.unwrap_err();
    assert!(unusable.to_string().contains("AFENDA_DATA_DIR"), "{unusable}");
}

#[tokio::test]
async fn with_chatwoot_down_it_starts_serves_and_keeps_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = config(folder.path());
    settings.tenants[0].chatwoot = Some(chatwoot("http://127.0.0.1:9"));
    let clock = Clock::system();
    let first = daemon::start(settings.clone(), clock.clone()).await.unwrap();
    let token = daemon::mint_token(&settings, "jo", &clock).await.unwrap();
    let jo = api::Client::new(&first.base_url(), token.clone()).unwrap();
    let new = api::approval::NewApproval {
        kind: None,
        title: "kept".to_owned(),
        description: String::new(),
        conversation_id: None,
        amount: None,
        expires_at: None,
        draft: false,
    };
    jo.create_approval(&new, &api::client::new_key()).await.unwrap();
    assert_ne!(jo.status().await.unwrap().chatwoot.state, api::status::LinkState::Live);
    first.stop().await;
    let second = daemon::start(settings, clock).await.unwrap();
    let jo = api::Client::new(&second.base_url(), token).unwrap();
    assert_eq!(jo.approval("AP-1").await.unwrap().title, "kept");
    second.stop().await;
}

#[tokio::test]
async fn the_owners_profile_is_made_once_private_and_follows_the_address() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let settings = config(folder.path());
    let path = settings.data_dir.join("profiles/default.json");
    let mut seen = Vec::new();
    for _ in 0..2 {
        let daemon = daemon::start(settings.clone(), Clock::system()).await.unwrap();
        let profile: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(profile["url"], daemon.base_url());
        let owner = api::Client::new(&daemon.base_url(), api::Token::new(profile["token"].as_str().unwrap())).unwrap();
        assert_eq!(owner.tenants().await.unwrap().len(), 2);
        seen.push(profile["token"].clone());
        daemon.stop().await;
    }
    assert_eq!(seen[0], seen[1]);
    for private in [path, settings.data_dir.join("afenda.db")] {
        assert_eq!(std::fs::metadata(&private).unwrap().permissions().mode() & 0o777, 0o600, "{}", private.display());
    }
    let said = daemon::mint_token(&settings, "nobody", &Clock::system()).await.unwrap_err().to_string();
    assert!(said.contains("`nobody`") && said.contains("ada"), "{said}");
}
