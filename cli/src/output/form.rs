//! In which form data is printed: what the flags ask for, checked before anything is asked of the daemon.

use serde_json::Value;

use super::filter::Filter;
use super::template::Template;
use crate::error::CliError;

/// The forms that `-o` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    // Plain comments: clap would print doc comments as a paragraph each, in every help text.
    // Columns, as on a terminal.
    Table,
    // Tab-separated, as in a pipe.
    Tsv,
    Csv,
    // One JSON value.
    Json,
    // One JSON value a line.
    Jsonl,
    Yaml,
    // What names each row in other commands, one a line.
    Ids,
}

impl Format {
    /// Whether the whole of a value is printed.
    fn is_whole(self) -> bool {
        matches!(self, Self::Json | Self::Jsonl | Self::Yaml)
    }
}

/// The form that AFENDA_OUTPUT names, if it is one.
fn named_in_environment() -> Option<Format> {
    let text = std::env::var("AFENDA_OUTPUT").ok()?;
    <Format as clap::ValueEnum>::from_str(&text, false).ok()
}

/// Whether a command line that cannot be read as a whole asks for errors as JSON, as [`Printing::errors_in_json`] tells it of one that can.
pub(crate) fn wants_json(args: impl Iterator<Item = String>) -> bool {
    let form = |text: &str| <Format as clap::ValueEnum>::from_str(text, false).is_ok_and(Format::is_whole);
    let (mut named, mut form_next) = (false, false);
    for arg in args.take_while(|arg| arg != "--") {
        let (name, value) = arg.split_once('=').map_or((arg.as_str(), None), |(name, value)| (name, Some(value)));
        if matches!(name, "--json" | "--jq" | "--template") || form_next && form(&arg) {
            return true;
        }
        form_next = matches!((name, value), ("-o" | "--output", None));
        let glued = arg.strip_prefix("-o").filter(|_| !arg.starts_with("--")).map(|text| text.trim_start_matches('='));
        let given = value.filter(|_| name == "--output").or(glued).filter(|text| !text.is_empty());
        if given.is_some_and(form) {
            return true;
        }
        named |= form_next || given.is_some();
    }
    !named && named_in_environment().is_some_and(Format::is_whole)
}

/// Flags that say how data is printed.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Printing {
    /// Print JSON: a bare array for lists, one object for a thing; only these fields, where some are named; `help` lists them. Errors are
    /// JSON too, on stderr
    #[arg(long, global = true, value_name = "FIELD,…", num_args = 0..=1, default_missing_value = "", require_equals = true)]
    pub(crate) json: Option<String>,
    /// What this jq filter makes of the JSON; texts without their quotes
    #[arg(long, global = true, value_name = "FILTER", conflicts_with = "template")]
    jq: Option<String>,
    /// What this MiniJinja template makes of the JSON, which it calls `data`
    #[arg(long, global = true, value_name = "TEMPLATE")]
    template: Option<String>,
    /// In which form [default: table on a terminal, tsv in a pipe] [env: AFENDA_OUTPUT]
    #[arg(short, long = "output", global = true, value_name = "FORM", value_enum, conflicts_with_all = ["json", "jq", "template"])]
    output: Option<Format>,
    /// With -o csv: leave cells as they are that a spreadsheet would take for a formula
    #[arg(long, global = true)]
    csv_raw: bool,
    /// Without the line of column names
    #[arg(long, global = true)]
    no_headers: bool,
    /// With JSON, wrap a list: {"data":[…],"meta":{"total":…,"truncated":…}}
    #[arg(long, global = true)]
    json_envelope: bool,
    /// End with 3 when a list is empty
    #[arg(long, global = true)]
    exit_empty: bool,
    /// End with an error when a list was cut
    #[arg(long, global = true)]
    pub(crate) fail_truncated: bool,
}

impl Printing {
    /// The fields that are asked for by name.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &str> {
        self.json.as_deref().unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty())
    }

    /// Whether errors are JSON: where the data is, or is made of it.
    pub(crate) fn errors_in_json(&self) -> bool {
        let whole = self.json.is_some() || self.jq.is_some() || self.template.is_some();
        whole || self.output.map_or_else(|| named_in_environment().is_some_and(Format::is_whole), Format::is_whole)
    }

    /// The form that is asked for.
    ///
    /// # Errors
    /// A filter, a template or a variable that cannot be understood.
    pub(crate) fn form(&self) -> Result<Form, CliError> {
        let fields = Some(self.fields().map(str::to_owned).collect::<Vec<_>>()).filter(|names| !names.is_empty());
        let kind = match (&self.jq, &self.template, &self.json, self.output) {
            (Some(jq), ..) => Kind::Jq(Filter::new(jq)?),
            (_, Some(template), ..) => Kind::Template(Box::new(Template::new(template)?)),
            (_, _, Some(_), _) => Kind::Json,
            (_, _, _, Some(format)) => Kind::from(format),
            _ => Kind::from_environment()?,
        };
        Ok(Form {
            kind,
            fields,
            csv_raw: self.csv_raw,
            headers: !self.no_headers,
            envelope: self.json_envelope,
            exit_empty: self.exit_empty,
        })
    }
}

#[cfg(test)]
fn printing(flags: &[&str]) -> Printing {
    #[derive(clap::Parser)]
    struct Flags {
        #[command(flatten)]
        printing: Printing,
    }
    let flags = std::iter::once("afenda").chain(flags.iter().copied());
    <Flags as clap::Parser>::try_parse_from(flags).unwrap().printing
}

/// How data is printed.
#[derive(Debug)]
pub(crate) struct Form {
    pub(super) kind: Kind,
    /// Only these fields, in this order.
    fields: Option<Vec<String>>,
    pub(super) csv_raw: bool,
    pub(super) headers: bool,
    pub(super) envelope: bool,
    /// An empty list ends with a code of its own.
    pub(super) exit_empty: bool,
}

/// The word after `--json=` that asks for the fields instead of the data.
pub(crate) const FIELDS_HELP: &str = "help";

/// The forms.
#[derive(Debug)]
pub(super) enum Kind {
    /// A table or sentence on a terminal, tab-separated fields in a pipe.
    Usual,
    Table,
    Tsv,
    Csv,
    Json,
    Jsonl,
    Yaml,
    Ids,
    Jq(Filter),
    Template(Box<Template>),
}

impl From<Format> for Kind {
    fn from(format: Format) -> Self {
        match format {
            Format::Table => Self::Table,
            Format::Tsv => Self::Tsv,
            Format::Csv => Self::Csv,
            Format::Json => Self::Json,
            Format::Jsonl => Self::Jsonl,
            Format::Yaml => Self::Yaml,
            Format::Ids => Self::Ids,
        }
    }
}

impl Kind {
    fn from_environment() -> Result<Self, CliError> {
        let Some(text) = std::env::var_os("AFENDA_OUTPUT").filter(|text| !text.is_empty()) else { return Ok(Self::Usual) };
        let text = text.to_string_lossy();
        <Format as clap::ValueEnum>::from_str(&text, false)
            .map(Self::from)
            .map_err(|_| CliError::usage(format!("AFENDA_OUTPUT is `{text}`")).hint("it is table, tsv, csv, json, jsonl, yaml or ids"))
    }
}

impl Form {
    /// The form that these flags ask for.
    #[cfg(test)]
    pub(crate) fn of(flags: &[&str]) -> Self {
        printing(flags).form().unwrap()
    }

    /// Whether the whole of a value is printed, not columns of it or words about it.
    pub(crate) fn is_structured(&self) -> bool {
        matches!(self.kind, Kind::Json | Kind::Jsonl | Kind::Yaml | Kind::Jq(_) | Kind::Template(_))
    }

    /// The value with the fields that are asked for: of an object, or of each object of an array. The names were checked against the
    /// command's fields; an optional one that an object has not is null.
    pub(super) fn select(&self, value: Value) -> Value {
        let Some(fields) = &self.fields else { return value };
        let pick = |value: Value| match value {
            Value::Object(all) => {
                Value::Object(fields.iter().map(|field| (field.clone(), all.get(field).cloned().unwrap_or(Value::Null))).collect())
            }
            other => other,
        };
        match value {
            Value::Array(rows) => Value::Array(rows.into_iter().map(pick).collect()),
            one => pick(one),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_cannot_be_read_asks_for_json_as_one_that_can() {
        for (line, want) in [
            ("approvals list --nope", false),
            ("approvals list --nope --json", true),
            ("approvals list --nope --json=id", true),
            ("approvals list --nope --jq .", true),
            ("approvals list --nope --template=x", true),
            ("approvals list --nope -o json", true),
            ("approvals list --nope -ojsonl", true),
            ("approvals list --nope --output=yaml", true),
            ("approvals list --nope --output csv", false),
            ("approvals list --nope -o table", false),
            ("conv reply 1 -b -- --json", false),
        ] {
            assert_eq!(wants_json(line.split_whitespace().map(str::to_owned)), want, "{line}");
        }
    }

    #[test]
    fn errors_are_json_where_the_data_is() {
        for (flags, want) in [
            (&[][..], false),
            (&["--json"], true),
            (&["--jq", "."], true),
            (&["--template", "x"], true),
            (&["-o", "jsonl"], true),
            (&["-o", "yaml"], true),
            (&["-o", "csv"], false),
            (&["-o", "ids"], false),
        ] {
            assert_eq!(printing(flags).errors_in_json(), want, "{flags:?}");
        }
    }
}
