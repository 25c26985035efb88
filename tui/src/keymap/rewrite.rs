//! One key changed from within the inbox: what it would mean, and the line of `keys.toml` that says so.

use super::{Context, File, Keys, Problem, registry};

/// The word that takes a key away, as in the file.
const NOTHING: &str = "noop";

impl Keys {
    /// These keys with one more, and what a person should know of that: a problem that is not `used` means that it cannot be.
    pub fn with_key(&self, context: Context, key: &str, id: &str) -> (Self, Vec<Problem>) {
        let mut file = self.file();
        let (_, before) = Self::load(&file);
        file.entry(context.name().to_owned()).or_default().insert(key.to_owned(), id.to_owned());
        let (keys, mut problems) = Self::load(&file);
        problems.retain(|problem| !before.contains(problem));
        (keys, problems)
    }

    /// What a file would have to say for these keys.
    fn file(&self) -> File {
        let mut file = File::new();
        for (context, key, command) in self.changes() {
            let id = command.map_or(NOTHING, |command| registry::action(command).id);
            file.entry(context.name().to_owned()).or_default().insert(key.to_owned(), id.to_owned());
        }
        file
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The text of a file of keys with one entry more, or in the place of the one for the same key; all else stays as a person wrote it.
pub(crate) fn with_entry(text: &str, place: &str, key: &str, id: &str) -> String {
    let entry = format!("{} = {}", quoted(key), quoted(id));
    let header = |line: &str| line.split('#').next().unwrap_or_default().trim().to_owned();
    let own = |line: &str| {
        let name = line.split('=').next().unwrap_or_default().trim();
        name == quoted(key) || name == key || name == format!("'{key}'")
    };
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let Some(start) = lines.iter().position(|line| header(line) == format!("[{place}]")) else {
        if lines.last().is_some_and(|line| !line.is_empty()) {
            lines.push(String::new());
        }
        lines.push(format!("[{place}]"));
        lines.push(entry);
        return lines.join("\n") + "\n";
    };
    let stop = lines.iter().skip(start + 1).position(|line| line.trim_start().starts_with('[')).map_or(lines.len(), |at| start + 1 + at);
    let known = (start + 1..stop).find(|at| lines.get(*at).is_some_and(|line| own(line)));
    match known.and_then(|at| lines.get_mut(at)) {
        Some(line) => *line = entry,
        None => lines.insert(start + 1, entry),
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keymap::{Command, Found};

    #[test]
    fn an_entry_is_added_or_replaced_and_the_rest_stays() {
        for (text, expected) in [
            ("", "[list]\n\"x\" = \"undo\"\n"),
            ("# mine\n[list]\n\"e\" = \"noop\"\n", "# mine\n[list]\n\"x\" = \"undo\"\n\"e\" = \"noop\"\n"),
            ("[list] # here\nx = \"noop\"\n\n[thread]\nx = \"noop\"\n", "[list] # here\n\"x\" = \"undo\"\n\n[thread]\nx = \"noop\"\n"),
            ("[thread]\n\"x\" = \"noop\"", "[thread]\n\"x\" = \"noop\"\n\n[list]\n\"x\" = \"undo\"\n"),
        ] {
            assert_eq!(with_entry(text, "list", "x", "undo"), expected, "{text}");
        }
        assert_eq!(with_entry("", "list", "\"", "undo"), "[list]\n\"\\\"\" = \"undo\"\n");
        assert_eq!(with_entry("", "list", "\\", "undo"), "[list]\n\"\\\\\" = \"undo\"\n");
    }

    #[test]
    fn a_key_is_tried_before_it_is_written() {
        let (keys, problems) = Keys::default().with_key(Context::List, "x", "conversation.resolve");
        assert_eq!((keys.find(Context::List, "x"), problems), (Found::Command(Command::Resolve), Vec::new()));
        // What it took before is still so, and is not said again.
        let (keys, problems) = keys.with_key(Context::List, "a", "conversation.resolve");
        assert!(problems.iter().all(|problem| problem.used) && problems.len() == 1, "{problems:?}");
        let (again, problems) = keys.with_key(Context::List, "Ctrl+E", "conversation.snooze");
        assert_eq!((again.find(Context::List, "a"), problems), (Found::Command(Command::Resolve), Vec::new()));
        let (same, problems) = again.with_key(Context::List, "g", "conversation.resolve");
        assert!(problems.iter().any(|problem| !problem.used), "{problems:?}");
        assert_eq!(same.find(Context::List, "g"), Found::Prefix);
    }
}
