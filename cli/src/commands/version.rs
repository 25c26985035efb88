//! `afenda version`: this program's, and the daemon's where one answers.

use std::time::Duration;

use serde::Serialize;

use crate::context::Context;
use crate::error::CliError;

/// A daemon that takes longer is not waited for.
const ANSWER_LIMIT: Duration = Duration::from_millis(300);

/// Show the version of this program, and of the daemon where one answers
#[derive(Debug, clap::Args)]
pub(crate) struct Version {}

#[derive(Debug, Serialize)]
struct View {
    version: &'static str,
    /// Of the API.
    protocol: u32,
    daemon: Option<Daemon>,
}

#[derive(Debug, Serialize)]
struct Daemon {
    url: String,
    version: String,
    protocol: u32,
}

impl Version {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        let daemon = tokio::time::timeout(ANSWER_LIMIT, daemon(ctx)).await.ok().flatten();
        let view = View { version: env!("CARGO_PKG_VERSION"), protocol: api::PROTOCOL, daemon };
        ctx.out.thing(&view, |_| {
            let daemon =
                view.daemon.as_ref().map(|daemon| format!("daemon {} (protocol {}) at {}\n", daemon.version, daemon.protocol, daemon.url));
            crate::text::clean(&format!("afenda {} (protocol {})\n{}", view.version, view.protocol, daemon.unwrap_or_default()))
        })
    }
}

async fn daemon(ctx: &Context) -> Option<Daemon> {
    let session = ctx.session().await.ok()?;
    let status = session.client.status().await.ok()?;
    Some(Daemon { url: session.client.base().to_owned(), version: status.version, protocol: status.protocol })
}
