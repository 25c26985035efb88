//! Where no daemon answers and somebody sits there: one is started if they want, and the command begins again.

use std::os::unix::process::CommandExt as _;

use crate::commands::daemon::start_default;
use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::profile::{DEFAULT, Profiles, is_local};

/// Asks, where that makes sense; comes back with why the command failed unless it was begun again.
pub(crate) async fn to_start(ctx: &Context, path: &str, err: CliError) -> CliError {
    if !makes_sense(ctx, path, &err) {
        return err;
    }
    ctx.report(&err);
    let told = CliError::told(err.exit);
    match crate::ask::yes("\nStart a daemon here now? [y/N] ") {
        Ok(true) => {}
        Ok(false) => return told,
        Err(err) => return err,
    }
    if let Err(err) = start_default(ctx).await {
        return err;
    }
    // Nothing was carried out: nobody was there. So the same command line begins again, as another process.
    let again = std::env::current_exe().map(|program| std::process::Command::new(program).args(std::env::args_os().skip(1)).exec());
    CliError::failed("the daemon runs, and the command could not begin again: type it once more").because(again.unwrap_or_else(|err| err))
}

/// The daemon of this machine is meant, nobody answers there, and somebody can be asked.
fn makes_sense(ctx: &Context, path: &str, err: &CliError) -> bool {
    let nobody = err.exit == Exit::Unreachable && ["DAEMON_UNREACHABLE", "NO_DAEMON"].contains(&err.code.as_str());
    let elsewhere = ctx.globals.url.is_some() || crate::settings::var("AFENDA_TOKEN").is_some();
    let about_daemons = ["daemon", "auth", "demo", "doctor"].iter().any(|noun| path.split(' ').next() == Some(noun));
    nobody && !elsewhere && !about_daemons && ctx.can_ask() && is_of_this_machine(ctx)
}

fn is_of_this_machine(ctx: &Context) -> bool {
    let Ok(profiles) = Context::data_dir().map(|dir| Profiles::new(&dir)) else { return false };
    let chosen = ctx.named_profile().map(str::to_owned).or_else(|| profiles.current().ok().flatten());
    chosen.is_none_or(|name| name == DEFAULT)
        && profiles.get(DEFAULT).is_ok_and(|profile| profile.is_none_or(|profile| is_local(&profile.url)))
}
