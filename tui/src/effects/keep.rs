//! What the inbox keeps in files: drafts, what was seen last, keys, and files that a customer sent.

use std::path::PathBuf;
use std::sync::PoisonError;

use super::Runtime;
use crate::drafts::{self, Draft};
use crate::event::{Answer, Event};
use crate::seen::{self, Seen};
use crate::state::StoredFile;
use crate::{fetch, files};

impl Runtime {
    pub(super) fn load_drafts(&mut self, owner: &str) {
        let path = self.data_dir.as_ref().map(|dir| drafts::path(dir, &self.profile, owner));
        self.drafts.lock().unwrap_or_else(PoisonError::into_inner).path.clone_from(&path);
        let (events, drafts, read_only) = (self.events.clone(), self.drafts.clone(), self.read_only);
        let read = move |path: PathBuf| {
            let loaded = drafts::load(&path, !read_only);
            drafts.lock().unwrap_or_else(PoisonError::into_inner).saved.clone_from(&loaded.0);
            loaded
        };
        tokio::spawn(async move {
            let loaded = match path {
                Some(path) => tokio::task::spawn_blocking(move || read(path)).await.unwrap_or_default(),
                None => (Vec::new(), None),
            };
            let _ = events.send(Event::Answer(Box::new(Answer::Drafts(loaded.0, loaded.1)))).await;
        });
    }

    pub(super) fn save_drafts(&mut self, list: Vec<(String, Draft)>) {
        self.saves += 1;
        let (number, drafts, events) = (self.saves, self.drafts.clone(), self.events.clone());
        self.writes.spawn(async move {
            let saved = tokio::task::spawn_blocking(move || {
                let mut drafts = drafts.lock().unwrap_or_else(PoisonError::into_inner);
                match drafts.path.clone() {
                    Some(path) if drafts.written < number && !drafts.forgotten => {
                        let all = drafts::merge(&path, &mut drafts.saved, list.clone()).map_err(|err| err.to_string())?;
                        drafts.written = number;
                        Ok(Some((list, all)))
                    }
                    _ => Ok(None),
                }
            })
            .await;
            let saved = saved.unwrap_or_else(|err| Err(err.to_string()));
            let (result, merged) = match saved {
                Ok(merged) => (Ok(()), merged.filter(|(ours, all)| !drafts::same(ours, all))),
                Err(problem) => (Err(problem), None),
            };
            if let Some((ours, all)) = merged {
                let _ = events.send(Event::Answer(Box::new(Answer::DraftsMerged { ours, all }))).await;
            }
            let _ = events.send(Event::Answer(Box::new(Answer::DraftsSaved(result)))).await;
        });
    }

    pub(super) fn save_file(&mut self, number: u64, file: StoredFile, into: Option<String>) {
        self.saving = self.stop.child_token();
        let (client, events, stop) = (self.client.clone(), self.events.clone(), self.saving.clone());
        // Kept track of: when the inbox ends, what has come of it is removed first.
        self.writes.spawn(async move {
            let saved = stop.run_until_cancelled(async {
                let folder = tokio::task::spawn_blocking(move || fetch::folder(into.as_deref())).await.ok().flatten();
                let folder = folder.ok_or("no folder for it is known; ui.downloads names one")?;
                // What finds no room is not said: the next one is.
                let told = |done, total| drop(events.try_send(Event::Answer(Box::new(Answer::Saving { number, done, total }))));
                let path = fetch::save(&client, &file, &folder, told).await?;
                Ok(path.to_string_lossy().into_owned())
            });
            if let Some(result) = saved.await {
                let _ = events.send(Event::Answer(Box::new(Answer::FileSaved(number, result)))).await;
            }
        });
    }

    pub(super) fn save_key(&self, place: &'static str, key: String, id: &'static str) {
        let (file, events) = (self.keys_file.clone(), self.events.clone());
        self.writes.spawn(async move {
            let saved = tokio::task::spawn_blocking(move || match file {
                Some(path) => files::change_key(&path, place, &key, id).map_err(|err| format!("{}: {err}", path.display())),
                None => Err("no folder for it is known".into()),
            })
            .await;
            let result = saved.unwrap_or_else(|err| Err(err.to_string()));
            let _ = events.send(Event::Answer(Box::new(Answer::KeySaved(result)))).await;
        });
    }

    /// Removes the files while nothing is written, and lets nothing be written after that.
    pub(super) fn forget(&mut self) {
        let seen = self.data_dir.as_ref().map(|dir| seen::path(dir, &self.profile));
        let (drafts, events) = (self.drafts.clone(), self.events.clone());
        self.writes.spawn(async move {
            let done = tokio::task::spawn_blocking(move || {
                let mut drafts = drafts.lock().unwrap_or_else(PoisonError::into_inner);
                let paths = [drafts.path.clone(), seen];
                paths.into_iter().flatten().try_for_each(|path| drafts::remove(&path)).map_err(|err| err.to_string())?;
                drafts.forgotten = true;
                Ok(())
            })
            .await;
            let result = done.unwrap_or_else(|err| Err(err.to_string()));
            let _ = events.send(Event::Answer(Box::new(Answer::Forgot(result)))).await;
        });
    }

    /// A cache: what cannot be written is written the next time.
    pub(super) fn save_seen(&self, seen: Seen) {
        let Some(path) = self.data_dir.as_ref().map(|dir| seen::path(dir, &self.profile)) else { return };
        let drafts = self.drafts.clone();
        self.writes.spawn(async move {
            let save = move || {
                // Held meanwhile: nothing is written once it is forgotten.
                let drafts = drafts.lock().unwrap_or_else(PoisonError::into_inner);
                if drafts.forgotten { Ok(()) } else { seen::save(&path, &seen) }
            };
            if let Ok(Err(err)) = tokio::task::spawn_blocking(save).await {
                tracing::debug!(%err, "what was seen last could not be kept");
            }
        });
    }
}
