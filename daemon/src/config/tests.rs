use std::collections::HashMap;

use super::*;

fn load(text: &str, env: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    std::fs::write(&path, text).unwrap();
    std::fs::write(folder.path().join("token"), "t0ken\n").unwrap();
    let env: HashMap<String, String> =
        env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).chain([("AFENDA_DATA_DIR".to_owned(), "d".to_owned())]).collect();
    Config::load(&Overrides { config: Some(path), ..Overrides::default() }, &|key| env.get(key).cloned())
}

fn refused(text: &str, env: &[(&str, &str)]) -> String {
    load(text, env).unwrap_err().to_string()
}

#[test]
fn nothing_set_gives_the_defaults() {
    let config = load("", &[]).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8000");
    assert_eq!((config.hold_seconds, config.sse.heartbeat_interval_ms, config.sse.max_connections), (5, 30_000, 1000));
    assert_eq!(config.tenants.len(), 1);
    assert!(config.tenants[0].chatwoot.is_none() && config.warnings.is_empty());
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_name() {
    let said = refused("\nlistn = \"127.0.0.1:1\"\n", &[]);
    assert!(said.contains("line 2") && said.contains("`listn`") && said.contains("did you mean `listen`"), "{said}");
    let said = refused("[sync]\nrequest_max = 3\n", &[]);
    assert!(said.contains("did you mean `requests_max`"), "{said}");
    let said = refused("[[users]]\nname = \"a\"\nroll = \"viewer\"\n", &[]);
    assert!(said.contains("did you mean `role`"), "{said}");
}

#[test]
fn the_environment_outranks_the_file_and_flags_outrank_both() {
    let text = "listen = \"127.0.0.1:1\"\n[chatwoot]\nurl = \"http://a\"\naccount_id = 1\ntoken_file = \"token\"\n";
    let config = load(text, &[("AFENDA_LISTEN", "127.0.0.1:2"), ("CHATWOOT_API_URL", "http://b"), ("CHATWOOT_API_TOKEN", "x")]).unwrap();
    let chatwoot = config.tenants[0].chatwoot.as_ref().unwrap();
    assert_eq!((config.listen.port(), chatwoot.url.as_str(), chatwoot.token.expose()), (2, "http://b", "x"));
    let from_file = load(text, &[]).unwrap();
    assert_eq!(from_file.tenants[0].chatwoot.as_ref().unwrap().token.expose(), "t0ken");
}

#[test]
fn a_mistake_names_its_key_and_the_way_out() {
    for (text, env, want) in [
        ("[chatwoot]\nurl = \"http://a\"\n", &[][..], "chatwoot.account_id: missing"),
        ("", &[("CHATWOOT_API_URL", "http://a"), ("CHATWOOT_ACCOUNT_ID", "one")][..], "CHATWOOT_ACCOUNT_ID: `one` is not a number"),
        ("[chatwoot]\nurl = \"http://a\"\naccount_id = 1\n", &[][..], "chatwoot.token_file: missing"),
        ("[chatwoot]\nurl = \"http://a\"\naccount_id = 1\ntoken_file = \"no\"\n", &[][..], "chatwoot.token_file"),
        ("", &[("SSE_MAX_CONNECTIONS", "many")][..], "SSE_MAX_CONNECTIONS: `many`"),
        ("[[users]]\nname = \"owner\"\nrole = \"viewer\"\n", &[][..], "users[0].name: `owner` is taken"),
        ("[[users]]\nname = \"jo\"\nrole = \"viewer\"\ntenants = [\"x\"]\n", &[][..], "users[0].tenants: there is no tenant `x`"),
        ("[[tenants]]\nslug = \"A B\"\n", &[][..], "tenants[0].slug: use a-z"),
        ("hold_seconds = 99999\n", &[][..], "hold_seconds: at most"),
        ("[sync]\nrate_share = 101\n", &[][..], "sync.rate_share: must be 1 to 100"),
        ("[sync]\nrate_limit_per_minute = 0\n", &[][..], "sync.rate_limit_per_minute: must be at least 1"),
    ] {
        let said = refused(text, env);
        assert!(said.contains(want), "{text}: {said}");
    }
}

#[test]
fn jwt_secret_is_accepted_and_said_to_have_no_effect() {
    assert!(load("", &[("JWT_SECRET", "s3cret")]).unwrap().warnings[0].contains("JWT_SECRET"));
}

#[test]
fn secrets_do_not_print() {
    let env = [("CHATWOOT_API_URL", "http://a"), ("CHATWOOT_API_TOKEN", "s3cret"), ("CHATWOOT_ACCOUNT_ID", "1")];
    let config = load("", &[&env[..], &[("CHATWOOT_WEBHOOK_SECRET", "s3cret")]].concat()).unwrap();
    assert!(!format!("{config:?}").contains("s3cret"));
}

#[test]
fn the_example_shows_every_setting_at_its_default() {
    let text = include_str!("../../../config.example.toml");
    // What is commented out with `#key` is a setting; `# ` begins prose.
    let live: String = text
        .lines()
        .map(|line| line.strip_prefix('#').filter(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '[')).unwrap_or(line))
        .map(|line| format!("{line}\n"))
        .collect();
    let mut file: File = toml::from_str(&live).unwrap_or_else(|err| panic!("{}", explain(&live, &err)));
    let defaults = load("", &[]).unwrap();
    assert_eq!(file.listen, Some(defaults.listen));
    assert_eq!(file.hold_seconds, Some(defaults.hold_seconds));
    assert_eq!(format!("{:?}", file.sse), format!("{:?}", defaults.sse));
    // Its default depends on where the server is.
    assert_eq!(file.sync.rate_limit_per_minute.take(), Some(crate::domain::rate::ALL));
    assert_eq!(format!("{:?}", file.sync), format!("{:?}", defaults.sync));
    assert!(file.chatwoot.is_some() && !file.tenants.is_empty() && !file.users.is_empty() && !file.approval_types.is_empty());
}
