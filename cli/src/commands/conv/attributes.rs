//! Custom attributes on the command line: `KEY=TEXT`, or `KEY:=JSON` for what is no text.

use api::inbox::AttributeChange;
use serde_json::Value;

use crate::error::CliError;

/// Attributes to set and to remove.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Attributes {
    /// A custom attribute to set: KEY=TEXT, or KEY:=JSON for a number, true, false or a list
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    set: Vec<(String, Value)>,
    /// A custom attribute to remove
    #[arg(long, value_name = "KEY")]
    unset: Vec<String>,
}

/// Reads `KEY=TEXT` or `KEY:=JSON`.
pub(crate) fn pair(text: &str) -> Result<(String, Value), String> {
    let wrong = || "expected KEY=TEXT or KEY:=JSON".to_owned();
    let (key, value) = text.split_once('=').ok_or_else(wrong)?;
    let (key, value) = match key.strip_suffix(':') {
        Some(key) => (key, serde_json::from_str(value).map_err(|err| format!("`{value}` is not JSON: {err}"))?),
        None => (key, Value::String(value.to_owned())),
    };
    if key.trim().is_empty() { Err(wrong()) } else { Ok((key.to_owned(), value)) }
}

impl Attributes {
    /// The change; `None` where nothing was named.
    pub(crate) fn change(self) -> Option<AttributeChange> {
        let change = AttributeChange { set: self.set.into_iter().collect(), unset: self.unset };
        (!change.set.is_empty() || !change.unset.is_empty()).then_some(change)
    }

    /// The change, which must name something.
    pub(crate) fn required(self) -> Result<AttributeChange, CliError> {
        self.change().ok_or_else(|| CliError::usage("what is to change?").hint("--set KEY=TEXT, --set KEY:=JSON or --unset KEY"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_and_values_are_told_apart() {
        for (text, want) in [
            ("order=A=1", Some(("order", json!("A=1")))),
            ("tier:=2", Some(("tier", json!(2)))),
            ("tags:=[\"a\"]", Some(("tags", json!(["a"])))),
            ("empty=", Some(("empty", json!("")))),
            ("tier:=two", None),
            ("=x", None),
            ("order", None),
        ] {
            assert_eq!(pair(text).ok(), want.map(|(key, value)| (key.to_owned(), value)), "{text}");
        }
    }
}
