//! What of an approval is another than it was, line by line.

use std::time::Duration;

use api::approval::{ApprovalChanges, ApprovalView, ExcerptLine, FieldChange, Money};
use serde::de::DeserializeOwned;
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use crate::{money, text};

/// How long the fewest changes are looked for; after it more lines may be shown as changed than need be. Texts are somebody else's.
const LIMIT: Duration = Duration::from_millis(500);
/// Unchanged lines that are shown around changed ones.
const AROUND: usize = 3;

/// The approval's name, and each changed field with what left it and what came.
pub(super) fn diff(now: &ApprovalView, changes: &ApprovalChanges, color: bool) -> String {
    let (read, current) = (changes.read, changes.current);
    let revisions = if read == current { format!("revision {current}") } else { format!("revision {read} → {current}") };
    let mut out = format!("{} · {}\n{revisions}\n", now.reference, text::line(&now.title));
    for change in &changes.changed {
        out.push_str(&format!("\n{}\n", text::line(&change.field)));
        lines(&mut out, change, color);
    }
    if changes.changed.is_empty() {
        out.push_str("\nnothing of what it shows was changed\n");
    }
    out
}

fn lines(out: &mut String, change: &FieldChange, color: bool) {
    let [from, to] = [&change.from, &change.to].map(|value| words(&change.field, value));
    let diff = TextDiff::configure().timeout(LIMIT).diff_lines(&from, &to);
    for (at, group) in diff.grouped_ops(AROUND).iter().enumerate() {
        if at > 0 {
            out.push_str("  …\n");
        }
        for line in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let (sign, hue) = match line.tag() {
                ChangeTag::Equal => (' ', None),
                ChangeTag::Delete => ('-', Some(31)),
                ChangeTag::Insert => ('+', Some(32)),
            };
            let line = format!("{sign} {}", line.value().trim_end_matches('\n'));
            let line = line.trim_end();
            match hue.filter(|_| color) {
                Some(hue) => out.push_str(&format!("\x1b[{hue}m{line}\x1b[0m\n")),
                None => out.push_str(&format!("{line}\n")),
            }
        }
    }
}

/// A field's value as the card shows it, harmless.
fn words(field: &str, value: &Value) -> String {
    fn of<T: DeserializeOwned>(value: &Value) -> Option<T> {
        serde_json::from_value(value.clone()).ok()
    }
    let shown = match field {
        _ if value.is_null() => Some(String::new()),
        "amount" => of::<Money>(value).map(|amount| money::show(&amount)),
        "excerpt" => {
            of::<Vec<ExcerptLine>>(value).map(|lines| lines.iter().map(|line| format!("{}: {}\n", line.from, line.text)).collect())
        }
        _ => value.as_str().map(str::to_owned),
    };
    // What a newer daemon shows, in its own words.
    let shown = shown.unwrap_or_else(|| value.to_string());
    text::clean(&shown).lines().map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_field_is_compared_line_by_line_and_harmless() {
        let long: String = (1..=12).map(|n| format!("line {n}\n")).collect();
        for (field, from, to, shown) in [
            ("title", json!("Old"), json!("New \u{1b}[31m"), "- Old\n+ New ␛[31m\n"),
            ("amount", json!(null), json!({"minor_units": 24000, "currency": "EUR"}), "+ 240.00 EUR\n"),
            ("description", json!("a\nb\nc"), json!("a\nB\nc"), "  a\n- b\n+ B\n  c\n"),
            (
                "description",
                json!(long),
                json!(long.replace("line 1\n", "first\n").replace("line 12", "last")),
                "- line 1\n+ first\n  line 2\n  line 3\n  line 4\n  …\n  line 9\n  line 10\n  line 11\n- line 12\n+ last\n",
            ),
            ("colour", json!(1), json!([2]), "- 1\n+ [2]\n"),
        ] {
            let mut out = String::new();
            lines(&mut out, &FieldChange { field: field.to_owned(), from, to }, false);
            assert_eq!(out, shown, "{field}");
        }
    }
}
