//! All that is wrong with a settings file. The programs name one fault and stop; the next is what they say once the value that is at fault is
//! left out.

use std::path::Path;

use toml_edit::{DocumentMut, Item, Table};

use super::draft::Draft;

/// Faults that are looked for at most: each costs a reading of the file for every value in it.
const FAULTS_MAX: usize = 20;

/// What the programs say against a file.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    /// In their words.
    pub(super) why: String,
}

impl PartialEq for Fault {
    /// The same fault may stand in another line.
    fn eq(&self, other: &Self) -> bool {
        without_line(&self.why) == without_line(&other.why)
    }
}

/// All faults of a file, in the order in which they are met; none of one that is not there.
pub(super) fn all(path: &Path) -> Vec<Fault> {
    let mut found: Vec<Fault> = Vec::new();
    let Some(first) = super::wrong(path) else { return found };
    found.push(Fault { why: first });
    // What is no TOML, or cannot be tried, has its one fault.
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let (Ok(mut file), Ok(attempt)) = (text.parse::<DocumentMut>(), Draft::attempt(path, &text)) else { return found };
    while let Some(fault) = found.last().filter(|_| found.len() < FAULTS_MAX) {
        let Some((rest, next)) = without_cause(&file, fault, &attempt) else { break };
        file = rest;
        match next {
            Some(next) if !found.contains(&next) => found.push(next),
            _ => break,
        }
    }
    found
}

/// The file without the value that a fault is about, and the fault that is met then.
fn without_cause(file: &DocumentMut, fault: &Fault, attempt: &Draft) -> Option<(DocumentMut, Option<Fault>)> {
    let mut keys = Vec::new();
    collect(file.as_table(), &mut Vec::new(), &mut keys);
    // What is named is most likely it; without another value the same may be missing elsewhere.
    keys.sort_by_key(|key| !key.last().is_some_and(|name| fault.why.contains(name.as_str())));
    let mut otherwise = None;
    for key in keys {
        let mut rest = file.clone();
        remove(rest.as_table_mut(), &key)?;
        attempt.rewrite(&rest.to_string()).ok()?;
        match super::wrong(attempt.path()).map(|why| Fault { why }) {
            Some(same) if same == *fault => {}
            // It was needed: without all of its table there may be none that is.
            Some(next) if next.why.contains("missing field") => otherwise = otherwise.or(Some((rest, Some(next)))),
            next => return Some((rest, next)),
        }
    }
    otherwise
}

/// Where each value and each table is, what is within first: names, and places in lists of tables.
fn collect(table: &Table, above: &mut Vec<String>, keys: &mut Vec<Vec<String>>) {
    for (name, item) in table {
        above.push(name.to_owned());
        match item {
            Item::Table(table) => {
                collect(table, above, keys);
                keys.push(above.clone());
            }
            Item::ArrayOfTables(tables) => {
                for (at, table) in tables.iter().enumerate() {
                    above.push(at.to_string());
                    collect(table, above, keys);
                    keys.push(above.clone());
                    above.pop();
                }
            }
            _ => keys.push(above.clone()),
        }
        above.pop();
    }
}

fn remove(table: &mut Table, key: &[String]) -> Option<()> {
    match key {
        [] => None,
        [name] => table.remove(name).map(drop),
        [name, rest @ ..] => match table.get_mut(name)? {
            Item::Table(table) => remove(table, rest),
            Item::ArrayOfTables(tables) => {
                let (at, rest) = rest.split_first()?;
                let at = at.parse().ok()?;
                let table = tables.get_mut(at)?;
                if rest.is_empty() {
                    tables.remove(at);
                    return Some(());
                }
                remove(table, rest)
            }
            _ => None,
        },
    }
}

/// The words without the line that they name.
fn without_line(why: &str) -> String {
    let Some((before, rest)) = why.split_once("line ") else { return why.to_owned() };
    match rest.split_once(": ") {
        Some((number, after)) if number.bytes().all(|b| b.is_ascii_digit()) => format!("{before}{after}"),
        _ => why.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, text).unwrap();
        let found = all(&path).into_iter().map(|fault| fault.why).collect();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
        found
    }

    #[test]
    fn every_fault_is_found_wherever_it_stands() {
        assert_eq!(said("hold_seconds = 5\n"), [""; 0]);
        for (text, words) in [
            ("hold_seconds = 99999999\n", &["hold_seconds"][..]),
            ("hold_seconds = 99999999\n\n[ui]\nglyphs = \"fancy\"\n", &["hold_seconds", "fancy"]),
            ("hold_second = 5\n[sync]\nrequests_max = 0\n[ui]\ntheme = 3\n", &["hold_second`", "requests_max", ""]),
            ("[[users]]\nname = \"jo\"\nrole = \"king\"\n[sync]\nrequests_max = 99\n", &["king", "requests_max"]),
            ("no toml", &[""]),
        ] {
            let found = said(text);
            assert_eq!(found.len(), words.len(), "{text}: {found:?}");
            assert!(found.iter().zip(words).all(|(why, word)| why.contains(word)), "{text}: {found:?}");
        }
    }

    #[test]
    fn a_fault_is_the_same_in_another_line() {
        let fault = |why: &str| Fault { why: why.to_owned() };
        assert_eq!(fault("the file: line 7: unknown field"), fault("the file: line 12: unknown field"));
        assert_ne!(fault("the file: line 7: unknown field"), fault("the file: line 7: another"));
        assert_eq!(without_line("a line of: words"), "a line of: words");
    }
}
