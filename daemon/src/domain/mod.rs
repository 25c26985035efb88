//! The rules, without IO: facts and time come in as arguments, new state and effects go out as data.
//!
//! Nothing here names tokio, rusqlite, axum or the machine's clock; a test reads the sources and fails if one does.

pub mod approval;
pub mod begin;
pub mod doctor;
pub mod effects;
pub mod filter;
pub mod newer;
pub mod outbox;
pub mod pace;
pub mod rate;
pub mod retry;
pub mod search;
pub mod text;
pub mod versions;
pub mod webhook;

#[cfg(test)]
mod tests {
    #[test]
    fn the_rules_do_no_io() {
        let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src/domain"))];
        let mut paths = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { paths.push(path) }
            }
        }
        let mut read = 0;
        for path in paths {
            if path.file_name().is_some_and(|name| name == "mod.rs") {
                continue; // The words below would find themselves.
            }
            let text = std::fs::read_to_string(&path).unwrap();
            read += 1;
            for word in ["tokio", "rusqlite", "axum", "reqwest", "SystemTime", "Instant::now", "Timestamp::now", "std::fs", "std::net"] {
                assert!(!text.contains(word), "{} names {word}", path.display());
            }
        }
        assert!(read >= 2);
    }
}
