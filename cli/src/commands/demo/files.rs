//! What a demo leaves on the disk while it runs: its store in a temporary folder and two profiles in the user's data folder. Both go on
//! every exit that a program can see; what a killed one left is removed by the next.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::error::CliError;
use crate::profile::{DEMO, DEMO_AGENT, Profile, Profiles};

/// Begins the name of every demo's folder.
const PREFIX: &str = "afenda-demo-";
/// How long a demo that has just begun may take until its profile is there.
const STARTING: Duration = Duration::from_secs(10);

/// The demo's files. Dropping the last handle that owns them removes them.
#[derive(Debug)]
pub(super) struct Files {
    store: PathBuf,
    shared: Arc<Shared>,
    // Held for as long as the demo runs: two demos cannot begin at once.
    lock: Option<File>,
}

/// What the panic hook and the signal task need of it.
#[derive(Debug)]
struct Shared {
    doomed: Mutex<Vec<PathBuf>>,
}

impl Shared {
    fn remove(&self) {
        let doomed = std::mem::take(&mut *self.doomed.lock().unwrap_or_else(PoisonError::into_inner));
        for path in doomed {
            // What is gone already is as it should be, and nobody is left who could be told otherwise.
            let _ = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        }
    }

    fn add(&self, path: PathBuf) {
        self.doomed.lock().unwrap_or_else(PoisonError::into_inner).push(path);
    }
}

impl Files {
    /// A temporary folder alone: nothing of the user's is touched.
    pub(super) fn temporary() -> Result<Self, CliError> {
        let store = std::env::temp_dir().join(format!("{PREFIX}{}-{}", std::process::id(), api::client::new_key()));
        use std::os::unix::fs::DirBuilderExt;
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&store);
        made.map_err(|err| CliError::failed(format!("cannot make the folder {}", store.display())).because(err))?;
        let shared = Arc::new(Shared { doomed: Mutex::new(vec![store.clone()]) });
        let told = shared.clone();
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            before(info);
            // A panic in a thread of its own, such as the store's writer, ends the process without unwinding; in a task it ends the task.
            let name = std::thread::current().name().map(str::to_owned);
            if name.is_none_or(|name| name != "main" && !name.starts_with("tokio-")) {
                told.remove();
            }
        }));
        Ok(Self { store, shared, lock: None })
    }

    /// A temporary folder, and the place for the two profiles.
    ///
    /// # Errors
    /// When a demo runs already: it is named.
    pub(super) async fn claim(profiles: &Profiles) -> Result<Self, CliError> {
        let lock = lock(profiles)?;
        match lock {
            Some(lock) => {
                if let Some(profile) = alive(profiles).await? {
                    return Err(runs(&profile));
                }
                sweep(profiles)?;
                let mut files = Self::temporary()?;
                files.lock = Some(lock);
                Ok(files)
            }
            None => {
                // Somebody holds the lock: wait until it says who it is, but not for ever.
                let said = tokio::time::timeout(STARTING, async {
                    loop {
                        if let Some(profile) = alive(profiles).await? {
                            return Ok::<_, CliError>(profile);
                        }
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                });
                match said.await {
                    Ok(profile) => Err(runs(&profile?)),
                    Err(_) => Err(CliError::new(crate::exit::Exit::Failed, "DEMO_RUNS", "another demo is starting or ending")
                        .hint("try again in a moment")),
                }
            }
        }
    }

    /// The folder for the store.
    pub(super) fn store(&self) -> &Path {
        &self.store
    }

    /// Writes a profile that goes with the demo.
    pub(super) fn profile(&self, profiles: &Profiles, name: &str, mut profile: Profile) -> Result<(), CliError> {
        profile.pid = Some(std::process::id());
        profile.store = Some(self.store.clone());
        self.shared.add(profiles.path(name));
        profiles.put(name, &profile)
    }

    /// Removes them now, from anywhere.
    pub(super) fn remover(&self) -> impl Fn() + Send + Sync + 'static + use<> {
        let shared = self.shared.clone();
        move || shared.remove()
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        self.shared.remove();
    }
}

/// The lock on the profiles' folder; `None` while another demo has it. The folder itself is locked, so that nothing is left behind.
fn lock(profiles: &Profiles) -> Result<Option<File>, CliError> {
    use std::os::unix::fs::DirBuilderExt;
    let folder = profiles.folder();
    let fail = || CliError::failed(format!("cannot use the folder {}", folder.display())).hint("choose another with AFENDA_DATA_DIR");
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|err| fail().because(err))?;
    let file = File::open(folder).map_err(|err| fail().because(err))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(err)) => Err(fail().because(err)),
    }
}

/// The running demo's profile, found by asking its daemon.
async fn alive(profiles: &Profiles) -> Result<Option<Profile>, CliError> {
    // A profile that cannot be read is nobody's.
    let Ok(Some(profile)) = profiles.get(DEMO) else { return Ok(None) };
    Ok(profile.is_known().await.then_some(profile))
}

fn runs(profile: &Profile) -> CliError {
    let process = profile.pid.map(|pid| format!(", process {pid}")).unwrap_or_default();
    let program = crate::program::name();
    CliError::new(crate::exit::Exit::Failed, "DEMO_RUNS", format!("a demo runs already at {}{process}", profile.url))
        .hint(format!("use it with `{program} -P {DEMO} approvals list`, or leave it first"))
}

/// Removes what a killed demo left.
fn sweep(profiles: &Profiles) -> Result<(), CliError> {
    for name in [DEMO, DEMO_AGENT] {
        if let Ok(Some(Profile { store: Some(store), .. })) = profiles.get(name) {
            // Only what is a demo's folder by name and place: the profile might say anything.
            let own = store.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(PREFIX));
            if own && store.parent() == Some(std::env::temp_dir().as_path()) {
                let _ = std::fs::remove_dir_all(&store);
            }
        }
        let path = profiles.path(name);
        match std::fs::remove_file(&path) {
            Err(err) if err.kind() != std::io::ErrorKind::NotFound => {
                return Err(CliError::failed(format!("cannot remove the old profile {}", path.display())).because(err));
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::Token;

    #[tokio::test]
    async fn what_a_killed_demo_left_is_replaced_and_what_runs_is_removed_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let profiles = Profiles::new(folder.path());
        let left = std::env::temp_dir().join(format!("{PREFIX}test-{}", api::client::new_key()));
        std::fs::create_dir(&left).unwrap();
        let mut stale = Profile::new("http://127.0.0.1:9", &Token::new("t"), "ada");
        stale.store = Some(left.clone());
        profiles.put(DEMO, &stale).unwrap();

        let files = Files::claim(&profiles).await.unwrap();
        assert!(!left.exists());
        assert!(profiles.get(DEMO).unwrap().is_none());
        files.profile(&profiles, DEMO, Profile::new("http://127.0.0.1:9", &Token::new("t"), "ada")).unwrap();
        let store = files.store().to_owned();
        assert!(store.is_dir());
        drop(files);
        assert!(!store.exists());
        assert!(profiles.names().is_empty());
    }

    #[test]
    fn a_panic_that_ends_the_process_removes_them_too() {
        let files = Files::temporary().unwrap();
        let store = files.store().to_owned();
        let writer = std::thread::Builder::new().name("store-writer".to_owned()).spawn(|| panic!("as the store's writer would"));
        assert!(writer.unwrap().join().is_err());
        assert!(!store.exists());
    }

    #[test]
    fn a_profile_cannot_name_another_folder_for_removal() {
        let folder = tempfile::tempdir().unwrap();
        let profiles = Profiles::new(folder.path());
        let other = folder.path().join("afenda-demo-mine");
        std::fs::create_dir(&other).unwrap();
        let mut evil = Profile::new("http://127.0.0.1:9", &Token::new("t"), "ada");
        evil.store = Some(other.clone());
        profiles.put(DEMO, &evil).unwrap();
        sweep(&profiles).unwrap();
        assert!(other.exists());
    }
}
