//! The keys as they are on this machine: the table, changed by what `keys.toml` says.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::{Binding, Command, Context, Found, bindings, find, name, parse, registry};

/// The table with a person's changes. Without changes it is the table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Keys {
    /// By place and key: what it does, or that it does nothing.
    changed: BTreeMap<Context, BTreeMap<String, Option<Command>>>,
}

impl Keys {
    /// Looks keys up: one name, or a pair separated by a space.
    pub fn find(&self, context: Context, keys: &str) -> Found {
        let Some(changed) = self.changed.get(&context) else { return find(context, keys) };
        match changed.get(keys) {
            Some(Some(command)) => return Found::Command(*command),
            Some(None) => return Found::Nothing,
            None => {}
        }
        let starts = |key: &str| key.strip_prefix(keys).is_some_and(|rest| rest.starts_with(' '));
        if changed.iter().any(|(key, command)| command.is_some() && starts(key)) {
            return Found::Prefix;
        }
        match find(context, keys) {
            // All of its pairs may have been taken away.
            Found::Prefix if !bindings(context).flat_map(|row| row.keys).any(|key| starts(key) && !changed.contains_key(*key)) => {
                Found::Nothing
            }
            found => found,
        }
    }

    /// What differs from the table: place, key, and what it does there, if anything.
    pub(super) fn changes(&self) -> impl Iterator<Item = (Context, &str, Option<Command>)> {
        self.changed.iter().flat_map(|(context, keys)| keys.iter().map(|(key, command)| (*context, key.as_str(), *command)))
    }

    /// How many keys a person changed.
    pub fn count_changed(&self) -> usize {
        self.changed.values().map(BTreeMap::len).sum()
    }

    /// The keys of a row in one of its places, a person's own first.
    pub fn of(&self, context: Context, row: &Binding) -> Vec<&str> {
        let Some(changed) = self.changed.get(&context) else { return row.keys.to_vec() };
        let own = changed.iter().filter(|(_, command)| **command == Some(row.command)).map(|(key, _)| key.as_str());
        own.chain(row.keys.iter().copied().filter(|key| !changed.contains_key(*key))).collect()
    }

    /// The keys of an action seen from a place: there, else where it is done.
    pub fn of_action(&self, context: Context, command: Command) -> Vec<&str> {
        let here = self.of_command(context, command);
        let holds = |place: &&Context| bindings(**place).any(|row| row.command == command);
        match Context::ALL.iter().find(holds) {
            Some(place) if !bindings(context).any(|row| row.command == command) => self.of_command(*place, command),
            _ => here,
        }
    }

    /// The keys of a command in a place.
    pub fn of_command(&self, context: Context, command: Command) -> Vec<&str> {
        bindings(context).find(|row| row.command == command).map_or_else(Vec::new, |row| self.of(context, row))
    }
}

/// What `keys.toml` holds: by place, which key does which action.
pub type File = BTreeMap<String, BTreeMap<String, String>>;

/// The word that takes a key away.
const NOTHING: &str = "noop";

/// Something in `keys.toml` that a person should know of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, in plain words, with the place and the key.
    pub text: String,
    /// Whether the entry counts nevertheless.
    pub used: bool,
}

/// One answer and what it answers: the key that opens never is the key that confirms.
const SHEETS: [(Context, Command, Context, Command); 4] = [
    (Context::Card, Command::Approve, Context::Sheet, Command::Yes),
    (Context::Card, Command::Reject, Context::Composer, Command::Send),
    (Context::Composer, Command::Discard, Context::Question, Command::Yes),
    (Context::Composer, Command::ToReply, Context::Question, Command::Yes),
];

impl Keys {
    /// Takes a file in. Entries that cannot count are left out and named; so is what an entry takes away.
    pub fn load(file: &File) -> (Self, Vec<Problem>) {
        let mut keys = Self::default();
        let mut problems = Vec::new();
        for (place, entries) in file {
            let Some(context) = Context::ALL.iter().copied().find(|context| context.name() == place) else {
                let places: Vec<&str> = Context::ALL.iter().map(|context| context.name()).collect();
                problems.push(unused(format!("[{place}]: there is no such place; there are {}", places.join(", "))));
                continue;
            };
            for (key, id) in entries {
                match entry(context, key, id) {
                    Ok((name, command)) => match keys.changed.entry(context).or_default().entry(name) {
                        Entry::Vacant(free) => {
                            free.insert(command);
                        }
                        Entry::Occupied(taken) => {
                            let name = taken.key();
                            problems.push(unused(format!("`{key}` in [{place}]: the same key, {name}, stands there twice")));
                        }
                    },
                    Err(why) => problems.push(unused(format!("`{key}` in [{place}]: {why}"))),
                }
            }
        }
        keys.keep_pairs(&mut problems);
        keys.keep_sheets(&mut problems);
        keys.name_collisions(&mut problems);
        (keys, problems)
    }

    /// All keys that mean something in a place.
    fn all(&self, context: Context) -> Vec<String> {
        bindings(context).flat_map(|row| self.of(context, row)).map(str::to_owned).collect()
    }

    /// A key that is the first of a pair cannot do something by itself: the later pair would never be reached.
    fn keep_pairs(&mut self, problems: &mut Vec<Problem>) {
        for context in Context::ALL {
            let all = self.all(*context);
            let Some(changed) = self.changed.get_mut(context) else { continue };
            let first = |key: &str| key.split(' ').next().unwrap_or_default().to_owned();
            changed.retain(|key, command| {
                let pair = all.iter().find(|other| *other != key && (first(other) == *key || **other == first(key)));
                let keeps = command.is_none() || pair.is_none();
                if let (false, Some(pair)) = (keeps, pair) {
                    let text = format!("`{key}` in [{}]: collides with `{pair}`, one begins with the other", context.name());
                    problems.push(unused(text));
                }
                keeps
            });
        }
    }

    /// What opens a sheet must not confirm it.
    fn keep_sheets(&mut self, problems: &mut Vec<Problem>) {
        for (place, opens, sheet, confirms) in SHEETS {
            let second = |key: &str| key.rsplit(' ').next().unwrap_or_default().to_owned();
            let opening: Vec<String> = self.of_command(place, opens).into_iter().map(second).collect();
            let confirming: Vec<String> = self.of_command(sheet, confirms).into_iter().map(str::to_owned).collect();
            let bad = |key: &str| {
                opening.contains(&second(key)) && confirming.contains(&second(key)) || (confirms == Command::Yes && key == "Enter")
            };
            for (context, command) in [(place, opens), (sheet, confirms)] {
                let Some(changed) = self.changed.get_mut(&context) else { continue };
                changed.retain(|key, own| {
                    let keeps = *own != Some(command) || !bad(key);
                    if !keeps {
                        let why = "what opens a question must not answer it, and Enter never does";
                        problems.push(unused(format!("`{key}` in [{}]: {why}", context.name())));
                    }
                    keeps
                });
            }
        }
    }

    /// Names what a key meant before, and what has no key left.
    fn name_collisions(&self, problems: &mut Vec<Problem>) {
        for (context, changed) in &self.changed {
            for (key, command) in changed {
                let (Found::Command(before), Some(command)) = (find(*context, key), command) else { continue };
                // Given another key in the same file, it was moved on purpose.
                if before == *command || changed.values().any(|other| *other == Some(before)) {
                    continue;
                }
                let title = registry::action(before).title;
                let left = self.of_command(*context, before);
                let left = if left.is_empty() { "which has no key there now".to_owned() } else { format!("still on {}", left.join(", ")) };
                let text = format!("`{key}` in [{}]: collides with “{title}”, {left}", context.name());
                problems.push(Problem { text, used: true });
            }
        }
    }
}

fn unused(text: String) -> Problem {
    Problem { text: format!("{text}; left out"), used: false }
}

/// One entry of the file.
fn entry(context: Context, key: &str, id: &str) -> Result<(String, Option<Command>), String> {
    let name = canonical(key).ok_or("there is no such key; `afenda keys list` shows how they are written")?;
    if name.split(' ').any(|part| part == "Ctrl+C") {
        return Err("Ctrl+C always leaves".into());
    }
    let known = find(context, &name) != Found::Nothing;
    let first = name.split(' ').next().unwrap_or_default();
    if context.is_text() && !known && (first == "Space" || first.chars().count() == 1) {
        return Err("it is text there".into());
    }
    if id == NOTHING {
        return if known { Ok((name, None)) } else { Err("it means nothing there anyway".into()) };
    }
    let action = registry::by_id(id).ok_or_else(|| format!("there is no action `{id}`; `afenda keys list` names them all"))?;
    if !bindings(context).any(|row| row.command == action.command) {
        return Err(format!("“{}” is done {}", action.title, registry::only(action.command)));
    }
    Ok((name, Some(action.command)))
}

/// A key as the table writes it, however a person wrote it: `ctrl+s`, `esc`, `g  i`.
fn canonical(key: &str) -> Option<String> {
    let parts: Vec<String> = key.split_whitespace().map(one).collect::<Option<_>>()?;
    (1..=2).contains(&parts.len()).then(|| parts.join(" "))
}

fn one(key: &str) -> Option<String> {
    if let Some(event) = parse(key) {
        return Some(name(event));
    }
    let mut out = String::new();
    let mut parts = key.split('+').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_some() {
            out.push_str(match part.to_lowercase().as_str() {
                "ctrl" | "control" => "Ctrl+",
                "alt" | "meta" => "Alt+",
                "shift" => "Shift+",
                _ => return None,
            });
            continue;
        }
        let named = match part.to_lowercase().as_str() {
            "up" => "↑",
            "down" => "↓",
            "left" => "←",
            "right" => "→",
            "enter" | "return" => "Enter",
            "esc" | "escape" => "Esc",
            "tab" => "Tab",
            "space" => "Space",
            "backspace" => "Backspace",
            "delete" | "del" => "Delete",
            "home" => "Home",
            "end" => "End",
            "pgup" | "pageup" => "PgUp",
            "pgdn" | "pagedown" => "PgDn",
            _ => part,
        };
        out.push_str(named);
    }
    parse(&out).map(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &[(&str, &str, &str)]) -> (Keys, Vec<Problem>) {
        let mut file = File::new();
        for (place, key, id) in text {
            file.entry((*place).to_owned()).or_default().insert((*key).to_owned(), (*id).to_owned());
        }
        Keys::load(&file)
    }

    /// One entry, and what is said of it; an entry that counts and takes nothing away is not spoken of.
    fn check(place: &str, key: &str, id: &str, said: &str) {
        let (_, problems) = load(&[(place, key, id)]);
        let all = problems.into_iter().map(|problem| problem.text).collect::<Vec<_>>().join("\n");
        assert!(if said.is_empty() { all.is_empty() } else { all.contains(said) }, "{place} {key} {id}: {all:?}, expected {said:?}");
    }

    #[test]
    fn a_key_is_added_moved_and_taken_away() {
        let (keys, problems) = load(&[
            ("list", "x", "conversation.resolve"),
            ("list", "e", "noop"),
            ("list", "ctrl+e", "conversation.snooze"),
            ("list", "g x", "go.approvals"),
        ]);
        assert_eq!(problems, []);
        assert_eq!(keys.find(Context::List, "x"), Found::Command(Command::Resolve));
        assert_eq!(keys.find(Context::List, "e"), Found::Nothing);
        assert_eq!(keys.find(Context::Thread, "e"), Found::Command(Command::Resolve));
        assert_eq!(keys.find(Context::List, "Ctrl+E"), Found::Command(Command::Snooze));
        assert_eq!(keys.find(Context::List, "g"), Found::Prefix);
        assert_eq!(keys.find(Context::List, "g x"), Found::Command(Command::Approvals));
        assert_eq!(keys.of_command(Context::List, Command::Resolve), ["x", "Alt+E"]);
    }

    #[test]
    fn what_cannot_count_is_said_in_plain_words() {
        check("list", "x", "conversation.resolve", "");
        check("lists", "x", "conversation.resolve", "there is no such place");
        check("list", "Hyper+x", "conversation.resolve", "there is no such key");
        check("list", "x", "conversation.resolv", "there is no action `conversation.resolv`");
        check("queue", "x", "conversation.resolve", "“Resolve” is done only in the inbox");
        check("composer", "x", "composer.send", "it is text there");
        check("composer", "F2", "composer.send", "");
        check("list", "Ctrl+C", "noop", "Ctrl+C always leaves");
        check("list", "x", "noop", "it means nothing there anyway");
        check("list", "g", "conversation.resolve", "collides with `g g`");
        check("list", "e e", "conversation.snooze", "collides with `e`");
        check("list", "a", "conversation.resolve", "collides with “Assign”, which has no key there now");
        check("list", "z", "conversation.resolve", "collides with “Snooze”, still on Alt+M");
        check("card", "y", "approval.approve", "what opens a question must not answer it");
        check("sheet", "a", "answer.yes", "what opens a question must not answer it");
        check("sheet", "Enter", "answer.yes", "Enter never does");
    }

    #[test]
    fn a_pair_may_be_given_up_for_its_first_key() {
        let pairs: Vec<String> =
            bindings(Context::List).flat_map(|row| row.keys).filter(|key| key.starts_with("g ")).map(|key| (*key).to_owned()).collect();
        let mut entries: Vec<(&str, &str, &str)> = pairs.iter().map(|pair| ("list", pair.as_str(), "noop")).collect();
        entries.push(("list", "g", "move.top"));
        let (keys, problems) = load(&entries);
        assert_eq!(problems, []);
        assert_eq!(keys.find(Context::List, "g"), Found::Command(Command::Top));
    }
}
