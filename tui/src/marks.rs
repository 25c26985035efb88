//! What could deceive a reader who has to decide, made visible: turned reading direction, characters that show nothing, words whose letters
//! come from scripts that are not written together. Pure; marks are text, never only colour.

use api::approval::ApprovalView;
use unicode_script::{Script, UnicodeScript as _};

use crate::text;

/// Words of one text that are named; more only repeat the warning.
const NAMED_MAX: usize = 3;
/// Characters of a named word.
const WORD_MAX: usize = 24;

/// Untrusted text over several lines as [`text::clean`] makes it, with what that would drop silently shown as `⟨U+202E⟩`.
pub(crate) fn clean(raw: &str) -> String {
    text::clean(&shown(raw))
}

/// The same in one line.
pub(crate) fn line(raw: &str) -> String {
    text::line(&shown(raw))
}

/// Which words of a text mix scripts, in a sentence; none where none does.
pub(crate) fn mixed<'a>(texts: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut found: Vec<String> = Vec::new();
    let mut more = 0;
    for text in texts {
        for word in text.split(|c: char| !c.is_alphanumeric() && !is_joined(c)) {
            let Some(names) = scripts(word) else { continue };
            let word: String = text::line(word).chars().take(WORD_MAX).collect();
            let said = format!("{names} in “{word}”");
            if found.contains(&said) {
                continue;
            }
            if found.len() < NAMED_MAX {
                found.push(said);
            } else {
                more += 1;
            }
        }
    }
    let rest = if more > 0 { format!(", and {more} more") } else { String::new() };
    (!found.is_empty()).then(|| format!("mixed scripts: {}{rest}", found.join(", ")))
}

/// The texts of an approval that people wrote.
pub(crate) fn fields(a: &ApprovalView) -> impl Iterator<Item = &str> {
    let whole = [a.requester.name.as_str(), a.contact.as_deref().unwrap_or_default(), &a.title, &a.description];
    let excerpt = a.excerpt.iter().flat_map(|line| [line.from.as_str(), &line.text]);
    whole.into_iter().chain(a.comment.as_deref()).chain(excerpt)
}

/// The scripts of a word that are not written in one word: `Latin with Cyrillic`.
fn scripts(word: &str) -> Option<String> {
    let mut all: Vec<Script> = Vec::new();
    for script in word.chars().map(|c| c.script()) {
        if !matches!(script, Script::Common | Script::Inherited | Script::Unknown) && !all.contains(&script) {
            all.push(script);
        }
    }
    let within = |set: &[Script]| all.iter().all(|script| set.contains(script));
    // What Unicode's "highly restrictive" level allows together (UTS #39, 5.2).
    let fine = all.len() <= 1
        || within(&[Script::Latin, Script::Han, Script::Hiragana, Script::Katakana])
        || within(&[Script::Latin, Script::Han, Script::Bopomofo])
        || within(&[Script::Latin, Script::Han, Script::Hangul]);
    (!fine).then(|| all.iter().map(|script| script.full_name()).collect::<Vec<_>>().join(" with "))
}

/// Characters that stand inside a word without showing there.
fn is_joined(c: char) -> bool {
    is_marked(c) || matches!(c, '\u{200c}' | '\u{200d}') || c.script() == Script::Inherited
}

/// Whether a character turns, hides or splits what stands around it.
fn is_marked(c: char) -> bool {
    let breaks = matches!(c, '\u{2028}' | '\u{2029}');
    let fills =
        matches!(c, '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}' | '\u{3164}' | '\u{ffa0}');
    !breaks && (fills || (!c.is_control() && text::is_harmful(c)))
}

/// Marks every such character; a run of one is one mark.
fn shown(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        // A joiner is part of how some scripts are written, and of emoji; between other letters it only hides.
        let hidden_joiner = matches!(c, '\u{200c}' | '\u{200d}')
            && out.chars().next_back().is_some_and(|before| before.is_ascii_alphanumeric())
            && chars.peek().is_some_and(char::is_ascii_alphanumeric);
        if !is_marked(c) && !hidden_joiner {
            out.push(c);
            continue;
        }
        let mut times = 1;
        while chars.next_if_eq(&c).is_some() {
            times += 1;
        }
        out.push_str(&match times {
            1 => format!("⟨U+{:04X}⟩", u32::from(c)),
            _ => format!("⟨U+{:04X} ×{times}⟩", u32::from(c)),
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_or_hides_is_shown() {
        for (raw, shown) in [
            ("refund \u{202e}EUR 042\u{202c}", "refund ⟨U+202E⟩EUR 042⟨U+202C⟩"),
            ("pay\u{200b}pal", "pay⟨U+200B⟩pal"),
            ("a\u{200d}b", "a⟨U+200D⟩b"),
            ("x\u{2066}\u{2066}\u{2066}y", "x⟨U+2066 ×3⟩y"),
            ("soft\u{ad}hyphen \u{3164}", "soft⟨U+00AD⟩hyphen ⟨U+3164⟩"),
            ("می\u{200c}خواهم", "می\u{200c}خواهم"),
            ("plain, 240 €, שלום 李小龙", "plain, 240 €, שלום 李小龙"),
        ] {
            assert_eq!(line(raw), shown, "{raw:?}");
        }
        assert_eq!(clean("one\n\u{202e}two"), "one\n⟨U+202E⟩two");
        assert!(clean("\u{1b}[2J").chars().all(text::is_safe));
    }

    #[test]
    fn a_word_of_several_scripts_is_named() {
        assert_eq!(mixed(["pay раypal now"]).unwrap(), "mixed scripts: Cyrillic with Latin in “раypal”");
        assert_eq!(mixed(["Αpple", "Аpple"]).unwrap(), "mixed scripts: Greek with Latin in “Αpple”, Cyrillic with Latin in “Аpple”");
        // Hidden between its letters, it is one word still.
        assert!(mixed(["р\u{200b}aypal"]).is_some());
        let many = "aб bб cб dб eб";
        assert!(mixed([many]).unwrap().ends_with("and 2 more"));
        for fine in
            ["Привет Dee", "Dee 李小龙", "東京タワーへ", "Tシャツ", "서울大", "שלום2", "naïve café", "e\u{301}te", "हिन्दी", "αβγ", ""]
        {
            assert_eq!(mixed([fine]), None, "{fine}");
        }
    }
}
