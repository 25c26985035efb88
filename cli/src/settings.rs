//! The inbox's sections of `config.toml`, and its theme: read here, since the inbox reads no files. What is wrong is said in the inbox,
//! which opens nevertheless.

use std::path::{Path, PathBuf};

use tui::{Choice, Settings, ThemeFile};

/// Both files are written by hand: longer ones are something else.
const BYTES_MAX: u64 = 256 * 1024;

/// A variable of the environment that is set to something.
pub(crate) fn var(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

/// The settings, the theme they name, and what is wrong with them.
pub(crate) fn load() -> (Settings, Choice, Option<String>) {
    let folder = daemon::config::config_dir(&var);
    let named = var("AFENDA_CONFIG").map(PathBuf::from);
    let path = named.or_else(|| folder.as_ref().map(|dir| dir.join("config.toml")));
    let (mut settings, mut wrong) = match path.as_deref().map(settings) {
        Some(Ok(settings)) => (settings, None),
        Some(Err(why)) => (Settings::default(), Some(format!("{why}; the usual settings count"))),
        None => (Settings::default(), None),
    };
    if let Some(asked) = lines_asked() {
        settings.ui.accessible = asked;
    }
    if var("AFENDA_NO_MOTION").is_some() {
        settings.ui.motion = false;
    }
    let choice = match theme(&settings.ui.theme, folder.as_deref()) {
        Ok(choice) => choice,
        Err(why) => {
            wrong.get_or_insert(format!("{why}; the usual theme counts"));
            Choice::Auto
        }
    };
    (settings, choice, wrong)
}

/// What the environment says of lines instead of a screen, bars and pagers.
fn lines_asked() -> Option<bool> {
    var("AFENDA_ACCESSIBLE").map(|value| value.trim() != "0")
}

/// Whether lines are wanted instead of a screen, bars and pagers; not where the settings cannot be read, which others say.
pub(crate) fn is_accessible() -> bool {
    let set = || settings(&crate::commands::config::file().ok()?).ok();
    lines_asked().unwrap_or_else(|| set().is_some_and(|settings| settings.ui.accessible))
}

/// The pager that is set; none also where the settings cannot be read, which others say.
pub(crate) fn pager() -> Option<String> {
    settings(&crate::commands::config::file().ok()?).ok()?.ui.pager
}

/// What a file holds; none: there is no such file.
fn text(path: &Path) -> Result<Option<String>, String> {
    let said = |why: String| format!("{}: {why}", path.display());
    match std::fs::metadata(path) {
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Ok(file) if file.len() > BYTES_MAX => return Err(said("the file is too large".into())),
        _ => {}
    }
    std::fs::read_to_string(path).map(Some).map_err(|err| said(err.to_string()))
}

/// Whether the inbox takes a file.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check(path: &Path) -> Result<(), String> {
    settings(path).map(drop)
}

fn settings(path: &Path) -> Result<Settings, String> {
    let Some(text) = text(path)? else { return Ok(Settings::default()) };
    let said = |why: String| format!("{}: {why}", path.display());
    let settings: Settings = toml::from_str(&text).map_err(|err| said(daemon::config::explain(&text, &err)))?;
    settings.check().map_err(said)?;
    Ok(settings)
}

/// The theme of a name: one of ours, a path, or a file in `themes/`.
fn theme(name: &str, folder: Option<&Path>) -> Result<Choice, String> {
    if let Some(choice) = Choice::named(name) {
        return Ok(choice);
    }
    let path = if name.contains('/') || name.ends_with(".toml") {
        PathBuf::from(name)
    } else {
        folder.map(|dir| dir.join("themes").join(format!("{name}.toml"))).unwrap_or_default()
    };
    let none = || format!("ui.theme: there is no theme `{name}`: use auto, dark, light, 16, none, or a file as {}", path.display());
    let text = text(&path).map_err(|why| format!("ui.theme: {why}"))?.ok_or_else(none)?;
    let said = |why: String| format!("ui.theme: {}: {why}", path.display());
    let file: ThemeFile = toml::from_str(&text).map_err(|err| said(daemon::config::explain(&text, &err)))?;
    file.theme(tui::Depth::True).map_err(said)?;
    Ok(Choice::File(Box::new(file)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_shows_every_setting_of_the_inbox_at_its_default() {
        let text = include_str!("../../config.example.toml");
        // What is commented out with `#key` is a setting; `# ` begins prose.
        let live: String = text
            .lines()
            .map(|line| {
                line.strip_prefix('#').filter(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '[')).unwrap_or(line)
            })
            .map(|line| format!("{line}\n"))
            .collect();
        let mut shown: Settings = toml::from_str(&live).unwrap();
        // Without a value their default depends on something else.
        assert_eq!(shown.ui.esc_timeout_ms.take(), Some(50));
        assert_eq!(shown.ui.downloads.take().as_deref(), Some("~/Downloads"));
        assert_eq!(shown.ui.pager.take().as_deref(), Some("less"));
        assert_eq!(shown.editor.mode.take(), Some(tui::settings::EditorMode::Readline));
        assert_eq!(shown.composer.hold_seconds.take(), Some(5));
        assert_eq!(shown.notifications.rules.len(), 1);
        shown.notifications.rules.clear();
        assert_eq!(shown.waiting.inboxes.len(), 1);
        shown.waiting.inboxes.clear();
        assert_eq!(shown, Settings::default());
        for name in [
            "theme",
            "glyphs",
            "ambiguous_width",
            "motion",
            "mouse",
            "which_key_delay_ms",
            "esc_timeout_ms",
            "read_after_ms",
            "downloads",
            "accessible",
            "pager",
            "preset",
            "mode",
            "enter_sends",
            "hold_seconds",
            "signature",
            "passthrough",
            "hyperlinks",
            "images",
            "ways",
            "events",
            "ageing_minutes",
            "late_minutes",
        ] {
            let stands = |line: &str| line.trim_start_matches('#').strip_prefix(name).is_some_and(|rest| rest.starts_with(" = "));
            assert!(text.lines().any(stands), "{name} is not in the example");
        }
    }

    #[test]
    fn what_is_wrong_names_its_field() {
        let folder = tempfile::tempdir().unwrap();
        let check = |text: &str, want: &str| {
            let path = folder.path().join("config.toml");
            std::fs::write(&path, text).unwrap();
            let said = settings(&path).err().unwrap_or_default();
            assert!(said.contains(want), "{text}: {said:?}");
        };
        check("[ui]\nglyfs = \"ascii\"\n", "line 2: unknown field `glyfs`");
        check("[ui]\nglyfs = \"ascii\"\n", "did you mean `glyphs`?");
        check("[ui]\nglyphs = \"fancy\"\n", "unknown variant `fancy`, expected `unicode` or `ascii`");
        check("[ui]\nambiguous_width = 4\n", "ui.ambiguous_width: 4 is neither 1 nor 2");
        check("[keys]\npreset = \"emacs\"\n", "unknown variant `emacs`");
        assert_eq!(settings(&folder.path().join("none.toml")), Ok(Settings::default()));
        check("[waiting]\nlate_minute = 45\n", "late_minutes");
        check("[waiting]\nlate_minutes = 5\n", "waiting.late_minutes: 5 is before ageing_minutes, 15");
        check("[waiting]\nlate_minutes = \"soon\"\n", "line 2");
        // The daemon's sections are passed over.
        let path = folder.path().join("config.toml");
        std::fs::write(&path, "listen = \"127.0.0.1:1\"\n[ui]\nglyphs = \"ascii\"\n[sync]\nwebsocket = false\n").unwrap();
        assert_eq!(settings(&path).unwrap().ui.glyphs, tui::settings::Glyphs::Ascii);
    }

    #[test]
    fn a_theme_is_found_by_name_and_checked() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("themes")).unwrap();
        let themes = |name: &str, text: &str| std::fs::write(folder.path().join("themes").join(name), text).unwrap();
        themes("sea.toml", "base = \"light\"\naccent = \"#0000aa\"\n");
        themes("bad.toml", "accent = \"blue\"\n");
        themes("worse.toml", "acent = \"#0000aa\"\n");
        assert!(matches!(theme("sea", Some(folder.path())), Ok(Choice::File(_))));
        assert_eq!(theme("dark", None), Ok(Choice::Dark));
        for (name, want) in
            [("bad", "accent: `blue` is no colour"), ("worse", "did you mean `accent`?"), ("lost", "there is no theme `lost`")]
        {
            let said = theme(name, Some(folder.path())).unwrap_err();
            assert!(said.starts_with("ui.theme: ") && said.contains(want), "{said}");
        }
    }
}
