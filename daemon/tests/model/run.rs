//! One seed from the first step to the comparison, and many seeds side by side.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use crate::act::{Actor, Silent};
use crate::dice::Dice;
use crate::expect::{Difference, differences, kept, truth};
use crate::op::{Op, Wrong, script};
use crate::setting;
use crate::stage::{LIMIT, Stage};

/// Differences that are printed of a seed.
const SHOWN: usize = 12;
/// Steps of the protocol that are printed.
const LAST: usize = 60;

/// Runs every seed; returns what the failed ones say.
pub(crate) fn all(seeds: &[u64], one: impl Fn(u64) -> Result<(), String> + Sync) -> Vec<String> {
    let (next, failed, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()), AtomicUsize::new(0));
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..setting("AFENDA_MODEL_JOBS", 4).max(1) {
            scope.spawn(|| {
                while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) {
                    // A panic is one seed's failure; what it printed stands above.
                    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| one(*seed)));
                    if let Err(why) = result.unwrap_or_else(|_| Err(format!("seed {seed} panicked"))) {
                        eprintln!("{why}");
                        failed.lock().unwrap().push(why);
                    }
                    let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                    if done.is_multiple_of(25) {
                        eprintln!("{done} of {} seeds in {} s", seeds.len(), began.elapsed().as_secs());
                    }
                }
            });
        }
    });
    failed.into_inner().unwrap()
}

/// The release whose quirks differ most (section 13).
pub(crate) const OLDEST: &str = "4.6.0";
const NEWEST: &str = "4.15.1";

/// Which release a seed plays: `AFENDA_MODEL_VERSION`, else the two in turn.
fn version_of(seed: u64) -> String {
    std::env::var("AFENDA_MODEL_VERSION").unwrap_or_else(|_| if seed.is_multiple_of(2) { OLDEST } else { NEWEST }.to_owned())
}

/// What is run of a seed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum What {
    /// A script of so many steps, and the comparison.
    Store(u64),
    /// So many sends, and the count.
    Sends(u64),
}

/// One seed; the last steps and how to replay it when it fails, all steps when `loud`.
pub(crate) fn one(seed: u64, what: What, loud: bool) -> Result<(), String> {
    let version = version_of(seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut dice = Dice::new(seed);
        let mut protocol = Vec::new();
        let mut stage = Stage::new(seed, &version).await;
        let mut result = match what {
            What::Store(steps) => {
                let ops = script(&mut dice, steps);
                play(&mut stage, &mut dice, &ops, &mut protocol).await
            }
            What::Sends(sends) => crate::sends::play(&mut stage, &mut dice, sends, version == OLDEST, &mut protocol).await,
        };
        stage.end().await;
        if loud {
            eprintln!("{}", protocol.join("\n"));
        }
        if let Err(why) = &mut result {
            let last = protocol.len().saturating_sub(LAST);
            let tail = if loud { String::new() } else { format!("the last steps:\n{}\n", protocol[last..].join("\n")) };
            *why = format!(
                "seed {seed} ({version}) failed: {why}\n{tail}replay: {} cargo test -p afenda-daemon --test model {}",
                what.setting(seed),
                what.test()
            );
        }
        result
    })
}

impl What {
    fn setting(self, seed: u64) -> String {
        match self {
            Self::Store(steps) => format!("AFENDA_MODEL_SEED={seed} AFENDA_MODEL_STEPS={steps}"),
            Self::Sends(sends) => format!("AFENDA_MODEL_SEED={seed} AFENDA_MODEL_SENDS={sends}"),
        }
    }

    fn test(self) -> &'static str {
        match self {
            Self::Store(_) => crate::STORE_TEST,
            Self::Sends(_) => crate::SENDS_TEST,
        }
    }
}

async fn play(stage: &mut Stage, dice: &mut Dice, ops: &[Op], protocol: &mut Vec<String>) -> Result<(), String> {
    let mut actor = Actor::new(stage).await;
    // Some begin while the first copy still runs.
    stage.start().await;
    if dice.chance(50) {
        until("the first copy", || async { ready(stage).await.then_some(()) }).await?;
    }
    for (at, op) in ops.iter().enumerate() {
        let came = actor.act(stage, op).await;
        protocol.push(format!("{:>4} {op:?}: {came}", at + 1));
        if dice.chance(30) {
            // Time for something to be on its way when the next thing happens.
            tokio::time::sleep(Duration::from_millis(dice.below(40))).await;
        }
    }
    actor.act(stage, &Op::Wrong(Wrong::Nothing)).await;
    stage.start().await;
    settled(stage).await?;
    equal(stage, Some(&actor.silent)).await.map_err(|why| format!("before the deep round: {why}"))?;
    deep(stage).await?;
    settled(stage).await?;
    equal(stage, None).await.map_err(|why| format!("after the deep round: {why}"))
}

async fn ready(stage: &Stage) -> bool {
    let status = stage.ask_ours(Method::GET, "/status", json!(null)).await;
    status.is_some_and(|(_, s)| s["data"]["first_copy"]["done"] == true)
}

/// Waits until the daemon is connected, has copied everything, and nothing it knows of is left to do.
pub(crate) async fn settled(stage: &Stage) -> Result<(), String> {
    let quiet = until("quiet", || async {
        let (_, s) = stage.ask_ours(Method::GET, "/status", json!(null)).await?;
        let s = &s["data"];
        let quiet = s["chatwoot"]["state"] == "live" && s["first_copy"]["done"] == true && s["outbox"]["queued"] == 0;
        (quiet && at_rest(&stage.store_path())).then_some(())
    })
    .await;
    let Err(why) = quiet else { return Ok(()) };
    let status = stage.ask_ours(Method::GET, "/status", json!(null)).await.map(|(_, status)| status["data"].to_string());
    let outbox = stage.ask_ours(Method::GET, "/outbox", json!(null)).await.map(|(_, outbox)| outbox["data"].to_string());
    Err(format!("{why}: at rest {}; status {status:?}; outbox {outbox:?}", at_rest(&stage.store_path())))
}

/// No object is marked to be read again, no webhook is left.
fn at_rest(path: &std::path::Path) -> bool {
    let look = || {
        let conn = rusqlite::Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        conn.query_row(
            "select (select count(*) from rereads) + (select count(*) from webhook_events where state = 'received')",
            [],
            |row| row.get::<_, i64>(0),
        )
    };
    look().is_ok_and(|left| left == 0)
}

/// Asks for a round through everything.
async fn deep(stage: &Stage) -> Result<(), String> {
    let asked = stage.ask_ours(Method::POST, "/sync/reconcile", json!({"deep": true})).await;
    if asked.is_some_and(|(status, _)| (200..300).contains(&status)) {
        return until("the deep round", || async {
            let (_, s) = stage.ask_ours(Method::GET, "/sync", json!(null)).await?;
            (s["data"]["deep"]["count"].as_u64() > Some(0) && s["data"]["deep"]["running"] == false).then_some(())
        })
        .await;
    }
    // A label that goes makes the daemon walk everything.
    let (_, made) = stage.call("admin", Method::POST, "/labels", Some(json!({"title": "walk-now"}))).await;
    until("the label", || async {
        kept(&stage.store_path()).ok().and_then(|tables| tables["labels"].contains_key("\"walk-now\"").then_some(()))
    })
    .await?;
    stage.call("admin", Method::DELETE, &format!("/labels/{}", made["id"]), None).await;
    Ok(())
}

/// Rows of each table that were the same on both sides after a deep round, over all seeds.
pub(crate) static COMPARED: Mutex<BTreeMap<&str, usize>> = Mutex::new(BTreeMap::new());

/// Waits until both hold the same.
async fn equal(stage: &Stage, silent: Option<&Silent>) -> Result<(), String> {
    let began = Instant::now();
    loop {
        let here = kept(&stage.store_path()).map_err(|err| format!("the store cannot be read: {err}"))?;
        let found = differences(&truth(stage, &here).await, &here, silent, stage.all_contacts);
        if found.is_empty() {
            let mut compared = COMPARED.lock().unwrap();
            for (table, rows) in here.iter().filter(|_| silent.is_none()) {
                *compared.entry(table).or_default() += rows.len();
            }
            return Ok(());
        }
        if began.elapsed() > LIMIT / 4 {
            return Err(told(&found));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn told(found: &[Difference]) -> String {
    let shown: Vec<String> = found.iter().take(SHOWN).map(Difference::to_string).collect();
    format!("{} differences\n{}", found.len(), shown.join("\n"))
}

/// Waits for something, with a limit.
pub(crate) async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> Result<T, String> {
    let began = Instant::now();
    loop {
        if let Some(found) = look().await {
            return Ok(found);
        }
        if began.elapsed() > LIMIT {
            return Err(format!("waited for {what}"));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
