//! The table for people and programs: `docs/keys.md` and `afenda keys list`.

use std::fmt::Write as _;

use serde::Serialize;

use super::registry::{self, Subject};
use super::{Binding, Context, Keys, bindings};

/// A row of the table in one place.
#[derive(Debug, Clone, Serialize)]
pub struct Listed {
    /// The place.
    pub place: &'static str,
    /// The keys; none: only by name.
    pub keys: Vec<String>,
    /// The action's id.
    pub action: &'static str,
    /// What it does there.
    pub help: &'static str,
    /// The command line that does the same, for an example.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cli: Option<String>,
}

/// The whole table, as it is with a person's changes.
pub fn listed(keys: &Keys) -> Vec<Listed> {
    Context::ALL.iter().flat_map(|place| bindings(*place).map(|row| list(keys, *place, row))).collect()
}

fn list(keys: &Keys, place: Context, row: &Binding) -> Listed {
    Listed {
        place: place.name(),
        keys: keys.of(place, row).into_iter().map(str::to_owned).collect(),
        action: registry::action(row.command).id,
        help: row.help,
        cli: registry::cli(row.command, place, &Subject::example()),
    }
}

/// `docs/keys.md`.
pub fn markdown() -> String {
    let everywhere = |row: &&Binding| Context::PANES.iter().all(|pane| row.contexts.contains(pane));
    let mut out = String::from(
        "# Keys\n\n\
         Made from the table in `tui/src/keymap.rs`; a test compares the two and says how to make this file anew. `?` in the inbox shows the\n\
         same, `Ctrl+K` finds every action by its words, and `:` takes its id. `afenda keys list` prints the table as it is on your machine.\n\n\
         A file `keys.toml` in the configuration folder changes keys, a section for each place:\n\n\
         ```toml\n[list]\n\"x\" = \"conversation.resolve\"\n\"e\" = \"noop\"  # takes the key away\n```\n\n\
         What cannot count there is left out and said when the inbox opens, and by `afenda keys check`.\n",
    );
    section(&mut out, "In every pane", Context::List, bindings(Context::List).filter(everywhere));
    for place in Context::ALL {
        let pane = Context::PANES.contains(place);
        let title = format!("{}: `[{}]`", place.title(), place.name());
        section(&mut out, &title, *place, bindings(*place).filter(|row| !pane || !everywhere(row)));
    }
    out
}

fn section(out: &mut String, title: &str, place: Context, rows: impl Iterator<Item = &'static Binding>) {
    // Writing to a String cannot fail.
    let _ = write!(out, "\n## {title}\n\n| Keys | What it does | Action | In a shell |\n| --- | --- | --- | --- |\n");
    for row in rows {
        let code = |text: &str| format!("`{}`", text.replace('|', "\\|"));
        let mut keys: Vec<String> = row.keys.iter().map(|key| code(key)).collect();
        if keys.is_empty() {
            keys.push(code(&format!(":{}", registry::action(row.command).id)));
        }
        let shell = registry::cli(row.command, place, &Subject::example()).map(|cli| code(&cli)).unwrap_or_default();
        let _ = writeln!(
            out,
            "| {} | {} | {} | {shell} |",
            keys.join(" "),
            row.help.replace('|', "\\|"),
            code(registry::action(row.command).id)
        );
    }
}
