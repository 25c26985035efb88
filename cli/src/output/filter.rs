//! `--jq`: a jq filter, by jaq.

use std::fmt;

use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, data, unwrap_valr};
use jaq_json::{Val, read};

use crate::error::CliError;

/// A filter that compiled.
pub(crate) struct Filter(jaq_core::Filter<data::JustLut<Val>>);

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Filter")
    }
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub(crate) fn new(code: &str) -> Result<Self, CliError> {
        let arena = Arena::default();
        let defs = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
        let funs = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
        let bad =
            |what: String| CliError::usage(format!("--jq: {what}")).hint("the filter is written as jq's are: https://jqlang.org/manual");
        let modules = Loader::new(defs).load(&arena, File { code, path: () }).map_err(|errors| {
            let first = errors.into_iter().next().map(|(_, error)| format!("{error:?}")).unwrap_or_default();
            bad(format!("`{code}` is not a filter: {}", crate::text::truncate(&first, 200)))
        })?;
        let filter = Compiler::default().with_funs(funs).compile(modules).map_err(|errors| {
            let unknown: Vec<String> =
                errors.into_iter().flat_map(|(_, errors)| errors).map(|(name, what)| format!("{what:?} `{name}`").to_lowercase()).collect();
            bad(format!("undefined {}", unknown.join(", ")))
        })?;
        Ok(Self(filter))
    }

    /// What it makes of a JSON text: a text per output, texts without their quotes.
    ///
    /// # Errors
    /// What the filter says of this value.
    pub(crate) fn run(&self, json: &str) -> Result<Vec<String>, CliError> {
        let failed = |what: String| CliError::failed(format!("--jq: {what}"));
        let input = read::parse_single(json.as_bytes()).map_err(|err| failed(err.to_string()))?;
        let ctx = Ctx::<data::JustLut<Val>>::new(&self.0.lut, Vars::new([]));
        let outputs = self.0.id.run((ctx, input)).map(unwrap_valr);
        outputs
            .map(|output| match output {
                Ok(Val::TStr(text) | Val::BStr(text)) => Ok(String::from_utf8_lossy(&text).into_owned()),
                Ok(value) => Ok(value.to_string()),
                Err(err) => Err(failed(err.to_string())),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    #[test]
    fn filters_as_jq_writes_them() {
        for (code, want) in [
            (".[].id", vec!["1", "2"]),
            ("map(select(.id > 1)) | length", vec!["1"]),
            (".[0]", vec![r#"{"id":1,"name":"Ada"}"#]),
            (".[] | .name", vec!["Ada", "Bo"]),
            ("empty", vec![]),
            (r#".[0] | "\(.id)-\(.name)" | ascii_upcase"#, vec!["1-ADA"]),
        ] {
            let got = Filter::new(code).unwrap().run(r#"[{"id":1,"name":"Ada"},{"id":2,"name":"Bo"}]"#).unwrap();
            assert_eq!(got, want, "{code}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_filter_is_said() {
        for (code, part) in [(".[", "not a filter"), ("nonsense", "nonsense"), ("$x", "x")] {
            let err = Filter::new(code).unwrap_err();
            assert_eq!(err.exit, Exit::Usage);
            assert!(err.message.starts_with("--jq: ") && err.message.contains(part), "{}", err.message);
        }
        let err = Filter::new(".a").unwrap().run("[1]").unwrap_err();
        assert_eq!(err.exit, Exit::Failed);
    }
}
