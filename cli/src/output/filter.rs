//! `--jq`: a jq filter, by jaq.

use std::fmt;

use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, data};
use jaq_json::{Val, read};

use crate::error::CliError;

/// Ours end one value's output, and say why where it is an error: jq's own end the program, which may have more to do.
const HALTS: &str = "def halt_error($exit_code): error; def halt_error: error;";

/// What writes to stderr past us: a customer's text could steer the terminal there.
const PAST_US: [&str; 4] = ["stderr", "stderr_empty", "halt_error", "debug"];

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
        let defs = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs()).filter(|def| !PAST_US.contains(&def.name));
        let defs = defs.chain(jaq_core::load::parse(HALTS, |parser| parser.defs()).unwrap_or_default());
        let funs = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs()).filter(|(name, ..)| !PAST_US.contains(name));
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

    /// Adds what it makes of a JSON text: a line per output, texts without their quotes.
    ///
    /// # Errors
    /// What the filter says of this value, after the outputs before.
    pub(crate) fn run(&self, json: &str, lines: &mut String) -> Result<(), CliError> {
        let failed = |what: String| CliError::failed(format!("--jq: {what}"));
        let input = read::parse_single(json.as_bytes()).map_err(|err| failed(err.to_string()))?;
        let ctx = Ctx::<data::JustLut<Val>>::new(&self.0.lut, Vars::new([]));
        for output in self.0.id.run((ctx, input)) {
            let text = match output {
                Ok(value) => words(value),
                Err(ended) => match ended.get_err().map_err(jaq_core::Exn::get_halt) {
                    Ok(err) => return Err(failed(words(err.into_val()))),
                    Err(Ok(0)) => break,
                    Err(Ok(code)) => return Err(failed(format!("the filter ended with {code}"))),
                    Err(Err(_)) => return Err(failed("the filter broke off".to_owned())),
                },
            };
            lines.push_str(&crate::text::raw(&text));
            lines.push('\n');
        }
        Ok(())
    }
}

/// A text without its quotes, anything else as JSON.
fn words(value: Val) -> String {
    match value {
        Val::TStr(text) | Val::BStr(text) => String::from_utf8_lossy(&text).into_owned(),
        value => value.to_string(),
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
            (".[].id, halt, .[].name", vec!["1", "2"]),
            (r#".[0] | "\(.id)-\(.name)" | ascii_upcase"#, vec!["1-ADA"]),
        ] {
            let mut got = String::new();
            Filter::new(code).unwrap().run(r#"[{"id":1,"name":"Ada"},{"id":2,"name":"Bo"}]"#, &mut got).unwrap();
            assert_eq!(got.lines().collect::<Vec<_>>(), want, "{code}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_filter_is_said() {
        for (code, part) in [(".[", "not a filter"), ("nonsense", "nonsense"), ("$x", "x"), ("stderr", "stderr")] {
            let err = Filter::new(code).unwrap_err();
            assert_eq!(err.exit, Exit::Usage);
            assert!(err.message.starts_with("--jq: ") && err.message.contains(part), "{}", err.message);
        }
        for (code, said, lines) in [
            (".a", "--jq: cannot index", ""),
            ("1, (\"no\" | halt_error), 2", "--jq: no", "1\n"),
            ("1, (\"no\" | halt_error(3)), 2", "--jq: no", "1\n"),
            ("1, halt(3), 2", "--jq: the filter ended with 3", "1\n"),
        ] {
            let mut printed = String::new();
            let err = Filter::new(code).unwrap().run("[1]", &mut printed).unwrap_err();
            assert!(err.exit == Exit::Failed && err.message.starts_with(said) && printed == lines, "{code}: {} {printed}", err.message);
        }
    }
}
