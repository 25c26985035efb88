//! `afenda sandbox`: the stand-in Chatwoot alone, until it is told to stop.

use std::net::SocketAddr;
use std::path::PathBuf;

use ::sandbox::{Options, Version, World};
use reqwest::Url;
use serde_json::json;

use crate::context::Context;
use crate::error::CliError;
use crate::stop::Stop;

/// Run the stand-in Chatwoot alone
#[derive(Debug, clap::Args)]
pub(crate) struct Sandbox {
    /// The world to load [default: the demo shop]
    #[arg(long, value_name = "FILE")]
    world: Option<PathBuf>,
    /// A world of so many conversations with so many messages each, such as 10000x20
    #[arg(long, value_name = "NxM", conflicts_with = "world", value_parser = many)]
    generate: Option<(u32, u32)>,
    /// The Chatwoot release to behave as, 4.6.0 to 4.15.1
    #[arg(long, value_name = "VERSION", default_value_t)]
    as_version: Version,
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where webhooks go, on this machine only; without it none are delivered
    #[arg(long, value_name = "URL")]
    hooks: Option<Url>,
    /// Write addresses and tokens to this file once it listens
    #[arg(long, value_name = "FILE")]
    env_out: Option<PathBuf>,
}

/// The memory it takes is the limit: a million messages are about 2 GiB.
const MANY_MAX: u64 = 1_000_000;

fn many(text: &str) -> Result<(u32, u32), String> {
    let parts = text.split_once('x').and_then(|(n, m)| Some((n.parse().ok()?, m.parse().ok()?)));
    let (n, m): (u32, u32) = parts.ok_or("two numbers with an x between, such as 10000x20")?;
    if u64::from(n) * u64::from(m.max(1)) > MANY_MAX {
        return Err(format!("at most {MANY_MAX} messages in all"));
    }
    Ok((n, m))
}

impl Sandbox {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        crate::log::to_stderr();
        let fail = || CliError::failed("the sandbox did not start");
        let world = match (self.world, self.generate) {
            (Some(path), _) => World::from_file(path).map_err(|err| fail().because(err))?,
            (None, Some((conversations, messages))) => World::many(conversations, messages),
            (None, None) => World::demo_shop(),
        };
        let stop = Stop::listen(|| ()).map_err(|err| CliError::failed("cannot listen for signals").because(err))?;
        let mut options = Options::new(world);
        options.version = self.as_version;
        options.listen = self.listen;
        options.hooks = self.hooks;
        options.env_out = self.env_out;
        options.run_script = true;
        let running = ::sandbox::start(options).await.map_err(|err| fail().because(err))?;
        let base = running.base_url();
        if ctx.out.is_structured() {
            ctx.out.json_line(&json!({ "base": base }))?;
        } else {
            ctx.out.line(&base)?;
        }
        stop.token.cancelled().await;
        running.shutdown().await;
        Ok(())
    }
}
