//! How the inbox is set: each setting with its value, and where that came from.

use super::State;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Nobody chose it.
    Default,
    /// A file.
    File(String),
    /// A variable of the environment.
    Environment(&'static str),
    /// A flag of the command line.
    Flag(&'static str),
    /// The daemon says so.
    Daemon,
    /// The terminal and its environment show it.
    Terminal,
    /// A key, since the inbox was opened.
    Key,
}

impl Source {
    /// In a word or two.
    pub fn words(&self) -> String {
        match self {
            Self::Default => "default".into(),
            Self::File(path) => format!("file {path}"),
            Self::Environment(name) => format!("environment {name}"),
            Self::Flag(name) => format!("flag {name}"),
            Self::Daemon => "the daemon".into(),
            Self::Terminal => "the terminal".into(),
            Self::Key => "a key".into(),
        }
    }
}

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its name; no two have the same.
    pub name: String,
    /// Its value, for people. Never a secret.
    pub value: String,
    /// Where that came from.
    pub source: Source,
    /// Where it is changed.
    pub edit: String,
}

impl Setting {
    /// A setting.
    pub fn new(name: impl Into<String>, value: impl Into<String>, source: Source, edit: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into(), source, edit: edit.into() }
    }

    /// All of them: what the inbox was started with, what is chosen in it, what the daemon says.
    pub fn all(state: &State) -> Vec<Self> {
        let mut out = state.set_by.clone();
        let shown = |on: Option<bool>| match on {
            None => ("where there is room", Source::Default),
            Some(true) => ("shown", Source::Key),
            Some(false) => ("hidden", Source::Key),
        };
        let limits = &state.settings.waiting;
        let file = |own: bool| if own { Source::File("config.toml".into()) } else { Source::Default };
        for (n, inbox) in limits.inboxes.iter().enumerate() {
            let minutes = |set: Option<u32>, usual: u32| set.unwrap_or(usual);
            let (ageing, late) = (minutes(inbox.ageing_minutes, limits.ageing_minutes), minutes(inbox.late_minutes, limits.late_minutes));
            let name = format!("waiting in {}. {}", n + 1, inbox.inbox);
            out.push(Self::new(name, format!("{ageing} m ^, {late} m ^^"), file(true), "[[waiting.inboxes]] in config.toml"));
        }
        let (panel, source) = shown(state.info);
        out.push(Self::new("contact panel", panel, source, "i in a conversation"));
        let sort = crate::update::sort_word(state.list.filter.sort);
        let source = if state.list.filter.sort == api::inbox::Sort::Waiting { Source::Default } else { Source::Key };
        out.push(Self::new("order of the list", sort, source, "f then s in the list"));
        if let Some(me) = &state.me {
            out.push(Self::new(
                "user",
                format!("{} ({}), {}", me.name, me.user, me.role),
                Source::Daemon,
                "`users` in the daemon's config.toml",
            ));
            out.push(Self::new("tenant", me.tenant.name.clone(), Source::Daemon, "--tenant or AFENDA_TENANT"));
            let agent = match &me.agent {
                Some(agent) if agent.own_token => format!("{}, under their own name", agent.name),
                Some(agent) => format!("{}, as the service user", agent.name),
                None => "none: nothing is yours".to_owned(),
            };
            out.push(Self::new("Chatwoot agent", agent, Source::Daemon, "afenda auth link-chatwoot"));
            let hold = format!("{} s", me.hold_seconds);
            out.push(Self::new("hold of a reply", hold, Source::Daemon, "`hold_seconds` in the daemon's config.toml"));
        }
        if let Some(status) = &state.status {
            let version = format!("{}, protocol {}", status.version, status.protocol);
            out.push(Self::new("daemon's version", version, Source::Daemon, ""));
            let chatwoot = status.chatwoot.version.clone().unwrap_or_else(|| "not known yet".into());
            out.push(Self::new("Chatwoot's version", chatwoot, Source::Daemon, ""));
            if let Some(url) = &status.chatwoot.url {
                out.push(Self::new("Chatwoot's address", url.clone(), Source::Daemon, "`chatwoot.url` in the daemon's config.toml"));
            }
        }
        out.push(Self::new("inbox's version", format!("{}, protocol {}", env!("CARGO_PKG_VERSION"), api::PROTOCOL), Source::Default, ""));
        for (name, value, own) in state.settings.rows() {
            // What a variable outweighs is known from the start.
            if !state.set_by.iter().any(|setting| setting.name == name) {
                out.push(Self::new(&*name, value, file(own), format!("`{name}` in config.toml")));
            }
        }
        out
    }
}
