//! The log of a long-running command: on stderr, as much as AFENDA_LOG asks for.

use std::io::IsTerminal;
use std::sync::Mutex;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// What is logged unless AFENDA_LOG says otherwise.
const FILTER_DEFAULT: &str = "info,hyper=warn,reqwest=warn,tungstenite=warn";

/// Logs to stderr from now on.
pub(crate) fn to_stderr() {
    to(std::io::stderr);
}

/// Logs from now on to a file that makes room for a new one when it has grown large.
pub(crate) fn to_file(file: impl std::io::Write + Send + 'static) {
    to(Mutex::new(file));
}

fn to(out: impl for<'a> MakeWriter<'a> + Send + Sync + 'static) {
    let filter = EnvFilter::try_from_env("AFENDA_LOG").unwrap_or_else(|_| EnvFilter::new(FILTER_DEFAULT));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(out);
    // Fails only when there is one already, which is as good.
    let _ = log.with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()).try_init();
}

/// Logs the calls of the API to stderr, and unless `only` what libraries say of them. Tokens and bodies are in neither.
pub(crate) fn of_calls(only: bool) {
    let filter = if only { "afenda_api=debug,api=debug" } else { "debug" };
    let log = tracing_subscriber::fmt().with_env_filter(EnvFilter::new(filter)).with_writer(std::io::stderr).without_time();
    // Fails only when there is one already, which is as good.
    let _ = log.with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()).try_init();
}

/// Logs to stderr only where that was asked for: the terminal belongs to something else.
pub(crate) fn if_asked() {
    if std::env::var_os("AFENDA_LOG").is_some_and(|filter| !filter.is_empty()) {
        to_stderr();
    }
}
