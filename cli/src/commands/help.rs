//! `afenda help`: of a command, or about what all commands share.

use clap::CommandFactory;

use crate::context::Context;
use crate::error::CliError;

/// Topics: their names, what they are about, and their texts, which are the files in `docs/`.
const TOPICS: &[(&str, &str, &str)] = &[
    ("exit-codes", "what each exit code means", include_str!("../../../docs/exit-codes.md")),
    ("environment", "variables and files", include_str!("../../../docs/environment.md")),
    ("formatting", "--json, --jq, --template, -o", include_str!("../../../docs/formatting.md")),
    ("query", "what search understands", include_str!("../../../docs/query.md")),
];

/// Help about a command, or about exit-codes, environment, formatting or query
#[derive(Debug, clap::Args)]
pub(crate) struct Help {
    /// A command, such as `approvals approve`, or a topic
    #[arg(value_name = "COMMAND|TOPIC")]
    about: Vec<String>,
}

impl Help {
    pub(crate) fn run(&self, ctx: &mut Context) -> Result<(), CliError> {
        let text = self.text()?;
        ctx.out.raw(&text)
    }

    fn text(&self) -> Result<String, CliError> {
        if let [word] = self.about.as_slice()
            && let Some((.., text)) = TOPICS.iter().find(|(name, ..)| name == word)
        {
            return Ok((*text).to_owned());
        }
        let mut whole = crate::Cli::command();
        let name = self.about.join(" ");
        if self.about.first().is_some_and(|first| whole.find_subcommand(first).is_none())
            && let Some(expansion) = crate::aliases::read()?.get(&name)
        {
            return Ok(format!("`{}` is an alias: it stands for `{}`\n", crate::text::line(&name), crate::text::line(expansion)));
        }
        whole.build();
        let mut command = &mut whole;
        for word in &self.about {
            command = command.find_subcommand_mut(word).ok_or_else(|| {
                let topics: Vec<String> = TOPICS.iter().map(|(name, about, _)| format!("{name} ({about})")).collect();
                CliError::usage(format!("there is no command or topic `{word}`"))
                    .hint(format!("`afenda --help` lists the commands; topics: {}", topics.join(", ")))
            })?;
        }
        Ok(command.render_help().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn help(words: &[&str]) -> Result<String, CliError> {
        Help { about: words.iter().map(|word| (*word).to_owned()).collect() }.text()
    }

    #[test]
    fn of_commands_and_topics() {
        assert!(help(&[]).unwrap().contains("approvals"));
        assert!(help(&["approvals", "approve"]).unwrap().contains("--rev"));
        assert!(help(&["approval", "wait"]).unwrap().contains("--timeout"), "an alias");
        assert!(help(&["exit-codes"]).unwrap().contains("141"));
        assert!(help(&["nonsense"]).unwrap_err().hint.unwrap().contains("formatting"));
    }
}
