//! What the terminal around the inbox passes on: tmux and screen stand between, and what is not known to arrive is not relied on.

use crate::picture::Drawing;
use crate::settings::{Hyperlinks, Images, TerminalSection};

/// What stands between the inbox and the terminal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Between {
    /// Nothing.
    #[default]
    Nothing,
    /// tmux; whether it passes on what is wrapped for the terminal.
    Tmux(bool),
    /// GNU screen.
    Screen,
    /// A terminal that prints what it does not know: the Linux console, a dumb one.
    Console,
}

/// The surroundings, as far as the environment tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Around {
    between: Between,
    links: bool,
    synchronized: bool,
    pictures: Drawing,
}

/// Names in TERM and programs in TERM_PROGRAM that open links and show a frame at once.
const TERMS: [&str; 5] = ["kitty", "ghostty", "foot", "alacritty", "wezterm"];
const PROGRAMS: [&str; 3] = ["iTerm.app", "WezTerm", "ghostty"];

impl Around {
    /// What the variables say; `var` reads one of them.
    pub fn from_environment(set: &TerminalSection, var: impl Fn(&str) -> Option<String>) -> Self {
        let set_to = |name: &str| var(name).filter(|value| !value.is_empty());
        let term = set_to("TERM").unwrap_or_default();
        let between = if set_to("TMUX").is_some() || term.starts_with("tmux") {
            Between::Tmux(set.passthrough)
        } else if set_to("STY").is_some() || term.starts_with("screen") {
            Between::Screen
        } else if matches!(term.as_str(), "linux" | "dumb" | "") {
            Between::Console
        } else {
            Between::Nothing
        };
        let program = set_to("TERM_PROGRAM").unwrap_or_default();
        let modern = PROGRAMS.contains(&program.as_str()) || TERMS.iter().any(|name| term.contains(name));
        let known = || {
            modern
                || program == "vscode"
                || set_to("VTE_VERSION").and_then(|version| version.parse::<u32>().ok()).is_some_and(|version| version >= 5_000)
                || set_to("WT_SESSION").is_some()
                || set_to("KONSOLE_VERSION").is_some()
        };
        let links = match set.hyperlinks {
            Hyperlinks::On => between != Between::Console,
            Hyperlinks::Off => false,
            Hyperlinks::Auto => between == Between::Nothing && known(),
        };
        let through = matches!(between, Between::Nothing | Between::Tmux(true));
        let remote = ["SSH_CONNECTION", "SSH_TTY"].into_iter().any(|name| set_to(name).is_some());
        // The variables that these terminals set outlive tmux, which gives TERM another value.
        let draws = || {
            ["kitty", "ghostty"].iter().any(|name| term.contains(name))
                || program == "ghostty"
                || set_to("KITTY_WINDOW_ID").is_some()
                || set_to("GHOSTTY_RESOURCES_DIR").is_some()
        };
        let blocks = if between == Between::Console { Drawing::None } else { Drawing::Blocks };
        let pictures = match set.images {
            Images::None => Drawing::None,
            Images::Blocks => blocks,
            Images::Kitty if through => Drawing::Kitty,
            Images::Auto if through && draws() => Drawing::Kitty,
            Images::Auto if remote => Drawing::None,
            Images::Kitty | Images::Auto => blocks,
        };
        Self { between, links, synchronized: between == Between::Nothing && modern, pictures }
    }

    /// How pictures are drawn.
    pub fn pictures(self) -> Drawing {
        self.pictures
    }

    /// The same without pictures.
    #[must_use]
    pub fn without_pictures(self) -> Self {
        Self { pictures: Drawing::None, ..self }
    }

    /// A place where only lines arrive: nothing can be told to a terminal.
    pub(crate) fn lines_only() -> Self {
        Self { between: Between::Console, ..Self::default() }
    }

    /// Whether the terminal is known to show a frame at once that asks for it (mode 2026).
    pub fn synchronized(self) -> bool {
        self.synchronized
    }

    /// Whether links are written so that the terminal can open them.
    pub fn links(self) -> bool {
        self.links
    }

    /// Whether a text that is copied can be relied on to arrive. No terminal confirms it; tmux drops it unless it is set otherwise, screen
    /// always, and the Linux console has no clipboard.
    pub fn copies(self) -> bool {
        matches!(self.between, Between::Nothing | Between::Tmux(true))
    }

    /// A command to the terminal, as it has to be written to get there; none: it would not.
    pub(crate) fn wrapped(self, command: &str) -> Option<String> {
        match self.between {
            Between::Nothing => Some(command.to_owned()),
            Between::Tmux(true) => Some(format!("\x1bPtmux;{}\x1b\\", command.replace('\x1b', "\x1b\x1b"))),
            Between::Tmux(false) | Between::Screen | Between::Console => None,
        }
    }

    /// The same for the clipboard: tmux itself understands that one, if it is set to.
    pub(crate) fn clipboard(self, command: &str) -> Option<String> {
        self.wrapped(command).or_else(|| (self.between == Between::Tmux(false)).then(|| command.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(set: TerminalSection, vars: &'static [(&'static str, &'static str)]) -> Around {
        Around::from_environment(&set, |name| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
    }

    #[test]
    fn what_stands_between_is_noticed() {
        let set = TerminalSection::default;
        let through = || TerminalSection { passthrough: true, ..TerminalSection::default() };
        for (around, copies, wrapped) in [
            (with(set(), &[("TERM", "xterm-256color")]), true, Some("\x1b]9;x\x07")),
            (with(set(), &[("TERM", "tmux-256color")]), false, None),
            (with(set(), &[("TERM", "screen-256color"), ("TMUX", "/tmp/x,1,0")]), false, None),
            (with(through(), &[("TERM", "screen-256color"), ("TMUX", "/tmp/x,1,0")]), true, Some("\x1bPtmux;\x1b\x1b]9;x\x07\x1b\\")),
            (with(through(), &[("TERM", "screen")]), false, None),
            (with(set(), &[("TERM", "xterm"), ("STY", "1.a")]), false, None),
            (with(set(), &[("TERM", "linux")]), false, None),
            (with(set(), &[]), false, None),
        ] {
            assert_eq!((around.copies(), around.wrapped("\x1b]9;x\x07").as_deref()), (copies, wrapped), "{around:?}");
        }
        assert_eq!(with(set(), &[("TMUX", "x")]).clipboard("c").as_deref(), Some("c"));
        assert_eq!(with(set(), &[("TERM", "screen")]).clipboard("c"), None);
    }

    #[test]
    fn pictures_are_drawn_as_the_terminal_is_known_to() {
        let check = |images, passthrough, vars: &'static [(&'static str, &'static str)], want| {
            let set = TerminalSection { images, passthrough, ..TerminalSection::default() };
            assert_eq!(with(set, vars).pictures(), want, "{images:?} {passthrough} {vars:?}");
        };
        use Drawing::{Blocks, Kitty};
        use Images::Auto;
        check(Auto, false, &[("TERM", "xterm-kitty")], Kitty);
        check(Auto, false, &[("TERM", "xterm-ghostty"), ("SSH_TTY", "/dev/pts/1")], Kitty);
        check(Auto, false, &[("TERM", "xterm-256color"), ("KITTY_WINDOW_ID", "1")], Kitty);
        check(Auto, false, &[("TERM", "xterm-256color")], Blocks);
        check(Auto, false, &[("TERM", "xterm-256color"), ("SSH_CONNECTION", "1 2 3 4")], Drawing::None);
        check(Auto, false, &[("TERM", "tmux-256color"), ("TMUX", "x"), ("KITTY_WINDOW_ID", "1")], Blocks);
        check(Auto, true, &[("TERM", "tmux-256color"), ("TMUX", "x"), ("KITTY_WINDOW_ID", "1")], Kitty);
        check(Auto, true, &[("TERM", "screen-256color"), ("STY", "1.a"), ("KITTY_WINDOW_ID", "1")], Blocks);
        check(Auto, false, &[("TERM", "linux")], Drawing::None);
        check(Images::Kitty, false, &[("TERM", "xterm-256color")], Kitty);
        check(Images::Kitty, false, &[("TMUX", "x"), ("TERM", "tmux-256color")], Blocks);
        check(Images::Blocks, false, &[("TERM", "xterm-kitty"), ("SSH_TTY", "x")], Blocks);
        check(Images::None, true, &[("TERM", "xterm-kitty")], Drawing::None);
    }

    #[test]
    fn links_are_written_where_the_terminal_is_known_to_open_them() {
        let set = TerminalSection::default;
        let hyperlinks = |hyperlinks| TerminalSection { hyperlinks, ..TerminalSection::default() };
        assert!(with(set(), &[("TERM", "xterm-kitty")]).links());
        assert!(with(set(), &[("TERM", "xterm-256color"), ("VTE_VERSION", "7200")]).links());
        assert!(!with(set(), &[("TERM", "xterm-256color")]).links());
        assert!(!with(set(), &[("TERM", "xterm-kitty"), ("TMUX", "x")]).links());
        assert!(
            with(set(), &[("TERM", "xterm-kitty")]).synchronized()
                && with(set(), &[("TERM", "xterm"), ("TERM_PROGRAM", "WezTerm")]).synchronized()
        );
        assert!(
            !with(set(), &[("TERM", "xterm-256color")]).synchronized()
                && !with(set(), &[("TERM", "xterm-kitty"), ("TMUX", "x")]).synchronized()
        );
        assert!(with(hyperlinks(Hyperlinks::On), &[("TERM", "tmux-256color")]).links());
        assert!(!with(hyperlinks(Hyperlinks::On), &[("TERM", "linux")]).links());
        assert!(!with(hyperlinks(Hyperlinks::Off), &[("TERM", "xterm-kitty")]).links());
    }
}
