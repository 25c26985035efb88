//! How to call this very program from another terminal: `afenda` where that is it, else its path.

use std::path::{Path, PathBuf};

/// What to type to run this program.
pub(crate) fn name() -> String {
    let Ok(me) = std::env::current_exe() else { return "afenda".to_owned() };
    let path = std::env::var_os("PATH").unwrap_or_default();
    if std::env::split_paths(&path).map(|dir| dir.join("afenda")).find(|file| file.is_file()).is_some_and(|file| same(&file, &me)) {
        return "afenda".to_owned();
    }
    let here = std::env::current_dir().ok();
    let shown = here.and_then(|here| me.strip_prefix(here).map(Path::to_owned).ok()).unwrap_or(me);
    quoted(&shown)
}

fn same(a: &Path, b: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| PathBuf::from(path));
    real(a) == real(b)
}

/// A path as a shell takes it.
pub(crate) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = text.chars().all(|c| c.is_alphanumeric() || "/._-+".contains(c));
    if plain { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_quoted_where_a_shell_would_split_it() {
        assert_eq!(quoted(Path::new("target/release/afenda")), "target/release/afenda");
        assert_eq!(quoted(Path::new("/a b/it's")), r"'/a b/it'\''s'");
    }
}
