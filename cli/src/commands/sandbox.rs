//! `afenda sandbox`: the stand-in Chatwoot alone, until it is told to stop.

use std::net::SocketAddr;
use std::path::PathBuf;

use ::sandbox::{Options, Version, World};
use reqwest::Url;
use serde_json::json;

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::stop::Stop;

/// Run the stand-in Chatwoot alone
#[derive(Debug, clap::Args)]
pub(crate) struct Sandbox {
    /// The world to load [default: the demo shop]
    #[arg(long, value_name = "FILE")]
    world: Option<PathBuf>,
    /// A world of so many conversations with so many messages each, such as 10000x20; a third number: out of so many words
    #[arg(long, value_name = "NxM", conflicts_with = "world", value_parser = many)]
    generate: Option<Many>,
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

/// More words than a language's dictionary has.
const WORDS_MAX: u32 = 500_000;

/// How large a made-up world is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Many {
    conversations: u32,
    messages: u32,
    words: u32,
}

fn many(text: &str) -> Result<Many, String> {
    let numbers: Option<Vec<u32>> = text.split('x').map(|part| part.parse().ok()).collect();
    let (conversations, messages, words) = match numbers.as_deref() {
        Some([n, m]) => (*n, *m, 0),
        Some([n, m, words]) => (*n, *m, *words),
        _ => return Err("two numbers with an x between, such as 10000x20, or three".to_owned()),
    };
    if u64::from(conversations) * u64::from(messages.max(1)) > MANY_MAX {
        return Err(format!("at most {MANY_MAX} messages in all"));
    }
    if words > WORDS_MAX {
        return Err(format!("at most {WORDS_MAX} words"));
    }
    Ok(Many { conversations, messages, words })
}

impl Sandbox {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        crate::log::to_stderr();
        let fail = || CliError::failed("the sandbox did not start");
        let world = match (self.world, self.generate) {
            (Some(path), _) => World::from_file(path).map_err(|err| fail().because(err))?,
            (None, Some(many)) => World::many_of_words(many.conversations, many.messages, many.words),
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
        Err(CliError::told(stop.by().unwrap_or(Exit::Terminated)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_world_is_two_numbers_or_three() {
        assert_eq!(many("10000x20"), Ok(Many { conversations: 10_000, messages: 20, words: 0 }));
        assert_eq!(many("100000x10x20000"), Ok(Many { conversations: 100_000, messages: 10, words: 20_000 }));
        for wrong in ["", "10", "10x", "axb", "1x2x3x4", "100001x10", "1x1x500001"] {
            assert!(many(wrong).is_err(), "{wrong}");
        }
    }
}
