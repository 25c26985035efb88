//! The daemon against a Chatwoot where anything happens: random scripts, each from one seed, and afterwards the store equals the sandbox.
//!
//! | file | owns |
//! |---|---|
//! | `dice` | chance |
//! | `op` | what can happen; a seed becomes a script |
//! | `stage` | sandbox and daemon, killed and started |
//! | `act` | carries out a step |
//! | `expect` | what the store must hold, from Chatwoot's answers alone |
//! | `sends` | messages sent through afenda, counted at the customer's end |
//! | `run` | a seed from the first step to the comparison |
//!
//! | variable | meaning, and what holds without it |
//! |---|---|
//! | `AFENDA_MODEL_SEED` | this seed alone, with its protocol |
//! | `AFENDA_MODEL_SEEDS` | so many seeds from 1 on; 8 |
//! | `AFENDA_MODEL_STEPS` | steps of a script; 150 |
//! | `AFENDA_MODEL_SEND_SEEDS`, `AFENDA_MODEL_SENDS` | seeds of sends, and sends of each; 2 of 100 |
//! | `AFENDA_MODEL_VERSION` | the release of Chatwoot; 4.15.1 and 4.6.0 in turn |
//! | `AFENDA_MODEL_JOBS` | seeds at the same time; 4 |
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "clippy knows only functions marked `#[test]` as tests; their helpers fail the test too, and say how it goes on"
)]

mod act;
mod dice;
mod expect;
mod op;
mod run;
mod sends;
mod stage;

/// A number from the environment.
fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

const STORE_TEST: &str = "the_store_ends_as_chatwoot_is";
const SENDS_TEST: &str = "no_message_is_lost_or_sent_twice";

/// Runs the seeds that the environment names, or as many as `otherwise` says.
fn check(count: &str, otherwise: u64, what: run::What) {
    let only = std::env::var("AFENDA_MODEL_SEED").is_ok();
    let seeds: Vec<u64> = if only { vec![setting("AFENDA_MODEL_SEED", 1)] } else { (1..=setting(count, otherwise)).collect() };
    let failed = run::all(&seeds, |seed| run::one(seed, what, only));
    eprintln!("\nresult: {what:?} of {} seeds: {} failed", seeds.len(), failed.len());
    let compared = run::COMPARED.lock().unwrap().clone();
    if !compared.is_empty() {
        let told: Vec<String> = compared.iter().map(|(table, rows)| format!("{rows} {table}")).collect();
        eprintln!("result: rows compared: {}", told.join(", "));
        // Over some seeds nothing may be compared with nothing.
        assert!(seeds.len() < 60 || compared.values().all(|rows| *rows > 0), "a table without rows was compared");
    }
    assert!(failed.is_empty(), "{} of {} seeds failed", failed.len(), seeds.len());
}

#[test]
fn the_store_ends_as_chatwoot_is() {
    check("AFENDA_MODEL_SEEDS", 8, run::What::Store(setting("AFENDA_MODEL_STEPS", 150)));
}

#[test]
fn no_message_is_lost_or_sent_twice() {
    check("AFENDA_MODEL_SEND_SEEDS", 2, run::What::Sends(setting("AFENDA_MODEL_SENDS", 100)));
}
