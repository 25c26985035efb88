//! What a person can set about the inbox, in `config.toml`: one struct per section, checked, each at its default without a file.
//!
//! Reads no file: whoever starts the inbox does, and hands the sections in. `config.example.toml` shows each at its default.

use serde::{Deserialize, Serialize};

use crate::keymap::Preset;
use crate::limits::Limits;

/// Milliseconds that a wait can be set to at most: more would look like a hang.
const WAIT_MS_MAX: u32 = 60_000;
/// Seconds that a reply can be held back at most, as in the daemon.
const HOLD_SECONDS_MAX: u32 = 3_600;
/// Rules of notifications at most.
const RULES_MAX: usize = 100;

/// All sections that the inbox reads; it passes over those of the daemon.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// How it looks and how long it waits.
    pub ui: Ui,
    /// The keys it begins with.
    pub keys: KeySection,
    /// How text is edited.
    pub editor: EditorSection,
    /// What becomes of a text.
    pub composer: ComposerSection,
    /// What the terminal is let to do.
    pub terminal: TerminalSection,
    /// What is told of news, and how.
    pub notifications: Notifications,
    /// When a waiting customer's age is marked.
    pub waiting: Limits,
}

/// `[ui]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ui {
    /// `auto`, `dark`, `light`, `16`, `none`, or a file: the name of one in `themes/`, or a path.
    pub theme: String,
    /// Lines, dots and arrows.
    pub glyphs: Glyphs,
    /// Cells of a character whose width Unicode leaves open: 1, or 2 in some East Asian terminals.
    pub ambiguous_width: u8,
    /// Whether numbers may count down.
    pub motion: bool,
    /// Whether it begins with the mouse on.
    pub mouse: bool,
    /// Milliseconds after the first key of a pair until what can follow is listed.
    pub which_key_delay_ms: u32,
    /// Milliseconds that an Esc waits for the rest of a sequence. Absent: 50, over SSH 200.
    pub esc_timeout_ms: Option<u32>,
    /// Milliseconds that the newest message has to be on the screen to count as read.
    pub read_after_ms: u32,
    /// The folder that files are saved in; `~` is the home folder. Absent: the person's own for downloads, else their home.
    pub downloads: Option<String>,
    /// Whether the inbox opens line by line, for screen readers; the command line then shows no pager and no bars.
    pub accessible: bool,
    /// What the command line shows long lists through; empty or `cat`: nothing. Absent: PAGER, else `less`. The inbox has no use for it.
    pub pager: Option<String>,
}

impl Default for Ui {
    fn default() -> Self {
        Self {
            theme: "auto".into(),
            glyphs: Glyphs::Unicode,
            ambiguous_width: 1,
            motion: true,
            mouse: false,
            which_key_delay_ms: 300,
            esc_timeout_ms: None,
            read_after_ms: 2_000,
            downloads: None,
            accessible: false,
            pager: None,
        }
    }
}

/// With which characters lines, dots and arrows are drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Glyphs {
    /// Box drawing, arrows, dots.
    #[default]
    Unicode,
    /// What a typewriter has.
    Ascii,
}

/// `[keys]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KeySection {
    /// Whose fingers the keys are for; `keys.toml` then changes single ones.
    pub preset: Preset,
}

/// `[editor]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EditorSection {
    /// How the composer is edited. Absent: `readline`, with the preset `vim` that.
    pub mode: Option<EditorMode>,
}

/// How the composer is edited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EditorMode {
    /// Letters are text, Ctrl and Alt move.
    #[default]
    Readline,
    /// Letters are text only while inserting.
    Vim,
}

/// `[composer]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ComposerSection {
    /// Enter sends; Alt+Enter and Ctrl+J begin a new line.
    pub enter_sends: bool,
    /// Seconds that a reply from here waits in the outbox. Absent: as the daemon has it.
    pub hold_seconds: Option<u32>,
    /// The signature that the person has in Chatwoot goes under replies by e-mail.
    pub signature: bool,
}

impl Default for ComposerSection {
    fn default() -> Self {
        Self { enter_sends: false, hold_seconds: None, signature: true }
    }
}

/// `[terminal]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TerminalSection {
    /// tmux passes on what is wrapped for the terminal around it (`allow-passthrough on`).
    pub passthrough: bool,
    /// Whether links can be clicked (OSC 8).
    pub hyperlinks: Hyperlinks,
    /// How pictures in threads are drawn.
    pub images: Images,
}

/// How pictures in threads are drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Images {
    /// As the terminal is known to; over SSH only where that costs the line little.
    #[default]
    Auto,
    /// By the terminal itself (kitty, Ghostty).
    Kitty,
    /// As half blocks.
    Blocks,
    /// Not.
    None,
}

/// Whether links are written so that the terminal can open them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Hyperlinks {
    /// Where the terminal is known to do it.
    #[default]
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

/// `[notifications]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Notifications {
    /// How news is told.
    pub ways: Vec<Way>,
    /// What is told.
    pub events: Vec<News>,
    /// Exceptions; the first whose inbox fits counts.
    pub rules: Vec<Rule>,
}

impl Default for Notifications {
    fn default() -> Self {
        Self { ways: vec![Way::Toast], events: News::ALL.to_vec(), rules: Vec::new() }
    }
}

/// One of `[[notifications.rules]]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The inbox's name; case does not count.
    pub inbox: String,
    /// How its news is told. Absent: as everywhere.
    pub ways: Option<Vec<Way>>,
    /// What of it is told. Absent: as everywhere.
    pub events: Option<Vec<News>>,
}

/// How news is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// A line in the inbox.
    Toast,
    /// The terminal's bell.
    Bell,
    /// `OSC 9`: iTerm2, WezTerm, Windows Terminal.
    Osc9,
    /// `OSC 777`: urxvt, foot, Ghostty, WezTerm.
    Osc777,
    /// `OSC 99`: kitty, foot.
    Osc99,
    /// `notify-send` of this machine; never over SSH.
    Desktop,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum News {
    /// A note names me.
    Mention,
    /// A conversation is mine now.
    Assigned,
    /// A customer writes in one of mine.
    Customer,
    /// An approval waits for me.
    Approval,
    /// One of mine was decided.
    Decision,
}

impl News {
    /// All of it.
    pub const ALL: [Self; 5] = [Self::Mention, Self::Assigned, Self::Customer, Self::Approval, Self::Decision];
}

/// A value for people: `toast, bell`; a list of tables as its length.
fn words(value: &serde_json::Value) -> String {
    use serde_json::Value as V;
    match value {
        V::Null => "not set".into(),
        V::Bool(on) => if *on { "on" } else { "off" }.into(),
        V::String(text) => text.clone(),
        V::Array(items) if items.is_empty() => "none".into(),
        V::Array(items) if items.iter().all(V::is_string) => items.iter().filter_map(V::as_str).collect::<Vec<_>>().join(", "),
        V::Array(items) => format!("{} set", items.len()),
        other => other.to_string(),
    }
}

impl Settings {
    /// What serde cannot check.
    ///
    /// # Errors
    /// The first setting that is wrong, by its name, with what it can be.
    pub fn check(&self) -> Result<(), String> {
        let Ui { ambiguous_width, which_key_delay_ms, esc_timeout_ms, read_after_ms, .. } = &self.ui;
        if !(1..=2).contains(ambiguous_width) {
            return Err(format!("ui.ambiguous_width: {ambiguous_width} is neither 1 nor 2"));
        }
        for (name, value) in [
            ("which_key_delay_ms", *which_key_delay_ms),
            ("esc_timeout_ms", esc_timeout_ms.unwrap_or(0)),
            ("read_after_ms", *read_after_ms),
        ] {
            if value > WAIT_MS_MAX {
                return Err(format!("ui.{name}: at most {WAIT_MS_MAX} (milliseconds)"));
            }
        }
        if self.composer.hold_seconds.is_some_and(|seconds| seconds > HOLD_SECONDS_MAX) {
            return Err(format!("composer.hold_seconds: at most {HOLD_SECONDS_MAX}"));
        }
        if self.notifications.rules.len() > RULES_MAX {
            return Err(format!("notifications.rules: at most {RULES_MAX}"));
        }
        self.waiting.check()
    }

    /// Each setting by its name, as the file writes it, and whether it is not the usual one.
    pub fn rows(&self) -> Vec<(String, String, bool)> {
        let usual = serde_json::to_value(Self::default()).unwrap_or_default();
        let sections = serde_json::to_value(self).unwrap_or_default();
        let mut out = Vec::new();
        for (section, fields) in sections.as_object().into_iter().flatten() {
            for (field, value) in fields.as_object().into_iter().flatten() {
                let own = usual.get(section).and_then(|fields| fields.get(field)) != Some(value);
                out.push((format!("{section}.{field}"), words(value), own));
            }
        }
        out
    }

    /// How the composer is edited.
    pub fn editor_mode(&self) -> EditorMode {
        let preset = if self.keys.preset == Preset::Vim { EditorMode::Vim } else { EditorMode::Readline };
        self.editor.mode.unwrap_or(preset)
    }

    pub(crate) fn look(&self) -> crate::glyphs::Look {
        crate::glyphs::Look { ascii: self.ui.glyphs == Glyphs::Ascii, wide: self.ui.ambiguous_width == 2 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_bounds_is_named() {
        let check = |set: fn(&mut Settings), want: &str| {
            let mut settings = Settings::default();
            set(&mut settings);
            let said = settings.check().err().unwrap_or_default();
            assert!(said.starts_with(want) && said.is_empty() == want.is_empty(), "{said:?}, expected {want:?}");
        };
        check(|_| {}, "");
        check(|s| s.ui.ambiguous_width = 3, "ui.ambiguous_width");
        check(|s| s.ui.esc_timeout_ms = Some(90_000), "ui.esc_timeout_ms");
        check(|s| s.ui.read_after_ms = 90_000, "ui.read_after_ms");
        check(|s| s.composer.hold_seconds = Some(9_000), "composer.hold_seconds");
    }

    #[test]
    fn the_preset_for_vim_edits_like_it_unless_told_otherwise() {
        let mut settings = Settings::default();
        assert_eq!(settings.editor_mode(), EditorMode::Readline);
        settings.keys.preset = Preset::Vim;
        assert_eq!(settings.editor_mode(), EditorMode::Vim);
        settings.editor.mode = Some(EditorMode::Readline);
        assert_eq!(settings.editor_mode(), EditorMode::Readline);
    }
}
