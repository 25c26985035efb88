//! `--watch`: a list that follows what happens. On a terminal it is drawn anew in its place; elsewhere each row that is new or changed is a
//! line of JSON, and one that left the list is `{"left": …}` with what named it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use crate::commands::events::{Follow, Heard};
use crate::context::{Context, Session};
use crate::error::CliError;
use crate::output::Column;

/// What happens within this time of the first event is read together: one change is often several events.
const TOGETHER: Duration = Duration::from_millis(150);

/// The flag.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Watch {
    /// Follow it until Ctrl-C: drawn anew on a terminal; elsewhere a line of JSON for each row that is new or changed, {"left":ID} for one that left
    #[arg(long)]
    pub(crate) watch: bool,
}

/// Shows the list now, and again after whatever may have changed it.
///
/// # Errors
/// What ends it: a daemon that refuses, output that is closed.
pub(crate) async fn follow<T: Serialize>(
    ctx: &mut Context,
    session: &Session,
    columns: &[Column<T>],
    empty: &str,
    name: impl Fn(&T) -> String,
    read: impl AsyncFn(&Session) -> Result<(Vec<T>, u64), CliError>,
) -> Result<(), CliError> {
    let mut events = Follow::new(session, None);
    let mut known = BTreeMap::new();
    loop {
        // Ready and reset too: what happened while nobody listened is in the list that is read now.
        let heard = events.next(ctx).await?;
        if matches!(heard, Heard::Activity(_)) {
            let until = tokio::time::Instant::now() + TOGETHER;
            while let Ok(more) = tokio::time::timeout_at(until, events.next(ctx)).await {
                more?;
            }
        }
        let (rows, total) = read(session).await?;
        if ctx.out.is_for_people() {
            ctx.out.frame(&rows, total, columns, empty)?;
        } else {
            known = lines(ctx, &rows, &known, &name)?;
        }
    }
}

/// Prints what is new, changed or gone; the rows as they are now, by name.
fn lines<T: Serialize>(
    ctx: &mut Context,
    rows: &[T],
    known: &BTreeMap<String, Value>,
    name: &impl Fn(&T) -> String,
) -> Result<BTreeMap<String, Value>, CliError> {
    let mut now = BTreeMap::new();
    for row in rows {
        let value = serde_json::to_value(row).map_err(|err| CliError::failed("cannot write the answer as JSON").because(err))?;
        let name = name(row);
        if known.get(&name) != Some(&value) {
            ctx.out.json_line(row)?;
        }
        now.insert(name, value);
    }
    for left in known.keys().filter(|name| !now.contains_key(*name)) {
        // No row, so no fields are chosen from it.
        ctx.out.raw(&format!("{}\n", crate::text::json(&json!({ "left": left }).to_string())))?;
    }
    Ok(now)
}
