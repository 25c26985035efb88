//! Keys for fingers that come from another program: a file of keys that lies in the program, before a person's own.

use serde::{Deserialize, Serialize};

use super::{File, Keys, Problem};

/// Whose fingers the keys are for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// The table as it is.
    #[default]
    Default,
    /// chatwoot/cli: `r` reads again, `R` replies.
    ChatwootCli,
    /// aerc: `r r` replies, `r q` quotes, `A` archives.
    Aerc,
    /// zulip-terminal: `Ctrl+D` and `Alt+Enter` send.
    Zulip,
    /// vim: `g t` and `g T` go through the tabs, `Z Z` leaves; texts are edited with modes.
    Vim,
}

/// Place, key, action.
type Entry = (&'static str, &'static str, &'static str);

impl Preset {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Default, Self::ChatwootCli, Self::Aerc, Self::Zulip, Self::Vim];

    /// Its name, as `keys.preset` has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::ChatwootCli => "chatwoot-cli",
            Self::Aerc => "aerc",
            Self::Zulip => "zulip",
            Self::Vim => "vim",
        }
    }

    /// What it changes, for people.
    pub fn about(self) -> &'static str {
        match self {
            Self::Default => "the keys as they come",
            Self::ChatwootCli => "as chatwoot/cli: r reads again, R replies",
            Self::Aerc => "as aerc: r r replies, r q quotes, A resolves",
            Self::Zulip => "as zulip-terminal: Ctrl+D and Alt+Enter send",
            Self::Vim => "as vim: g t and g T go through the tabs, Z Z leaves; texts are edited with modes",
        }
    }

    fn entries(self) -> &'static [Entry] {
        match self {
            Self::Default => &[],
            Self::ChatwootCli => &[("list", "r", "refetch"), ("thread", "r", "refetch")],
            Self::Aerc => &[
                ("list", "r", "noop"),
                ("list", "r r", "conversation.reply"),
                ("list", "A", "conversation.resolve"),
                ("thread", "r", "noop"),
                ("thread", "r r", "conversation.reply"),
                ("thread", "r q", "message.quote"),
                ("thread", "A", "conversation.resolve"),
            ],
            Self::Zulip => &[("composer", "Ctrl+D", "composer.send"), ("composer", "Alt+Enter", "composer.send")],
            Self::Vim => &[
                ("list", "g t", "tab.next"),
                ("list", "g T", "tab.previous"),
                ("queue", "g t", "tab.next"),
                ("queue", "g T", "tab.previous"),
                ("list", "Z Z", "quit"),
                ("thread", "Z Z", "quit"),
            ],
        }
    }

    /// Its keys, with those that Enter needs where it sends.
    fn file(self, enter_sends: bool) -> File {
        let enter: &[Entry] = if enter_sends {
            &[("composer", "Enter", "composer.send"), ("composer", "Alt+Enter", "edit.newline"), ("composer", "Ctrl+J", "edit.newline")]
        } else {
            &[]
        };
        let mut file = File::new();
        for (place, key, id) in self.entries().iter().chain(enter) {
            file.entry((*place).to_owned()).or_default().insert((*key).to_owned(), (*id).to_owned());
        }
        file
    }
}

impl Keys {
    /// The keys of a preset, changed by a person's file. Only what is wrong with that file is named.
    pub fn with_preset(preset: Preset, enter_sends: bool, own: &File) -> (Self, Vec<Problem>) {
        let mut file = preset.file(enter_sends);
        let (_, known) = Self::load(&file);
        for (place, entries) in own {
            file.entry(place.clone()).or_default().extend(entries.iter().map(|(key, id)| (key.clone(), id.clone())));
        }
        let (keys, mut problems) = Self::load(&file);
        problems.retain(|problem| !known.contains(problem));
        (keys, problems)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keymap::{Command, Context, Found};

    #[test]
    fn every_entry_of_every_preset_counts() {
        for preset in Preset::ALL {
            for enter_sends in [false, true] {
                let (_, problems) = Keys::load(&preset.file(enter_sends));
                let unused: Vec<_> = problems.into_iter().filter(|problem| !problem.used).collect();
                assert_eq!(unused, [], "{preset:?}");
            }
        }
    }

    #[test]
    fn a_preset_has_the_name_that_the_settings_know() {
        for preset in Preset::ALL {
            assert_eq!(serde_json::to_value(preset).unwrap(), preset.name());
        }
    }

    #[test]
    fn a_preset_is_changed_by_the_file() {
        let (keys, problems) = Keys::with_preset(Preset::Zulip, false, &File::new());
        assert_eq!(problems, []);
        assert_eq!(keys.find(Context::Composer, "Ctrl+D"), Found::Command(Command::Send));
        let own = File::from([("composer".to_owned(), [("Ctrl+D".to_owned(), "edit.delete".to_owned())].into())]);
        let (keys, _) = Keys::with_preset(Preset::Zulip, false, &own);
        assert_eq!(keys.find(Context::Composer, "Alt+Enter"), Found::Command(Command::Send));
        assert_ne!(keys.find(Context::Composer, "Ctrl+D"), Found::Command(Command::Send));
    }

    #[test]
    fn where_enter_sends_a_new_line_has_keys() {
        let (keys, problems) = Keys::with_preset(Preset::Default, true, &File::new());
        assert_eq!(problems, []);
        let newline = Found::Command(Command::Edit(crate::Edit::Newline));
        assert_eq!(keys.find(Context::Composer, "Enter"), Found::Command(Command::Send));
        assert_eq!((keys.find(Context::Composer, "Alt+Enter"), keys.find(Context::Composer, "Ctrl+J")), (newline, newline));
    }
}
