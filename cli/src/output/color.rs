//! When to colour.

/// What `--color` says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Color {
    // Plain comments: clap would print doc comments as a paragraph each, in every help text.
    // On a terminal, unless the environment says otherwise.
    #[default]
    Auto,
    Always,
    Never,
}

impl Color {
    /// Whether to colour. The flag outranks NO_COLOR, that CLICOLOR_FORCE, that CLICOLOR, that the terminal. A variable that is set and
    /// empty says nothing.
    pub(crate) fn wanted(self, terminal: bool, var: impl Fn(&str) -> Option<String>) -> bool {
        let var = |key: &str| var(key).filter(|value| !value.is_empty());
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto if var("NO_COLOR").is_some() => false,
            Self::Auto if var("CLICOLOR_FORCE").is_some_and(|value| value != "0") => true,
            Self::Auto if var("CLICOLOR").is_some_and(|value| value == "0") => false,
            Self::Auto => terminal && var("TERM").is_none_or(|term| term != "dumb"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_outranks_no_color_that_the_force_that_the_wish_that_the_terminal() {
        use Color::{Always, Auto, Never};
        for (flag, terminal, environment, want) in [
            (Auto, true, "", true),
            (Auto, false, "", false),
            (Auto, true, "TERM=dumb", false),
            (Auto, true, "CLICOLOR=0", false),
            (Auto, true, "CLICOLOR=1", true),
            (Auto, false, "CLICOLOR=1", false),
            (Auto, true, "CLICOLOR=", true),
            (Auto, false, "CLICOLOR_FORCE=1", true),
            (Auto, false, "CLICOLOR_FORCE=0", false),
            (Auto, false, "CLICOLOR_FORCE=", false),
            (Auto, true, "CLICOLOR_FORCE=0", true),
            (Auto, false, "CLICOLOR=0 CLICOLOR_FORCE=1", true),
            (Auto, true, "TERM=dumb CLICOLOR_FORCE=1", true),
            (Auto, true, "NO_COLOR=1", false),
            (Auto, true, "NO_COLOR=0", false),
            (Auto, true, "NO_COLOR=", true),
            (Auto, true, "NO_COLOR=1 CLICOLOR_FORCE=1", false),
            (Always, false, "NO_COLOR=1 CLICOLOR=0", true),
            (Never, true, "CLICOLOR_FORCE=1", false),
        ] {
            let var = |key: &str| environment.split(' ').find_map(|one| one.strip_prefix(key)?.strip_prefix('=').map(str::to_owned));
            assert_eq!(flag.wanted(terminal, var), want, "{flag:?}, terminal {terminal}, {environment:?}");
        }
    }
}
