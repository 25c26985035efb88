//! The system's keychain (Secret Service on Linux, Keychain Services on macOS), for the tokens of profiles. Where there is none, or
//! AFENDA_KEYCHAIN is `off`, tokens lie in the profiles' files.

use std::sync::mpsc;
use std::time::Duration;

use api::Token;
use keyring::v1::Entry;

/// What our entries are filed under.
const SERVICE: &str = "afenda";
/// A keychain that is locked asks its owner first; one that nobody answers is not waited for longer.
const LIMIT: Duration = Duration::from_secs(30);

/// Keeps a token; `account` is what it is found by.
///
/// # Errors
/// Why there is no keychain that takes it, in words.
pub(crate) fn keep(account: &str, token: &Token) -> Result<(), String> {
    let secret = token.clone();
    ask(account, move |entry| entry.set_password(secret.expose()))
}

/// The token that was kept.
///
/// # Errors
/// Why it cannot be had, in words.
pub(crate) fn get(account: &str) -> Result<Token, String> {
    ask(account, |entry| entry.get_password()).map(Token::new)
}

/// Forgets a token; one that is gone already is as good.
///
/// # Errors
/// Why the keychain cannot be asked, in words.
pub(crate) fn forget(account: &str) -> Result<(), String> {
    ask(account, |entry| match entry.delete_credential() {
        Err(keyring::v1::Error::NoEntry) => Ok(()),
        done => done,
    })
}

/// On a thread of its own: the library waits there, and runs what it needs for that.
fn ask<T: Send + 'static>(account: &str, work: impl FnOnce(&Entry) -> keyring::v1::Result<T> + Send + 'static) -> Result<T, String> {
    if crate::settings::var("AFENDA_KEYCHAIN").is_some_and(|value| value == "off") {
        return Err("AFENDA_KEYCHAIN is off".to_owned());
    }
    let (account, (tell, told)) = (account.to_owned(), mpsc::sync_channel(1));
    std::thread::spawn(move || {
        let done = Entry::new(SERVICE, &account).and_then(|entry| work(&entry)).map_err(|err| why(&err));
        // Nobody waits any more: then nobody is told.
        let _ = tell.send(done);
    });
    told.recv_timeout(LIMIT).unwrap_or_else(|_| Err(format!("it did not answer within {} s", LIMIT.as_secs())))
}

fn why(err: &keyring::v1::Error) -> String {
    match (err, Entry::store_status()) {
        (keyring::v1::Error::NoDefaultStore, Err(why)) => format!("there is none: {why}"),
        (keyring::v1::Error::NoEntry, _) => "it has no such entry".to_owned(),
        _ => err.to_string(),
    }
}
