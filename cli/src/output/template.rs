//! `--template`: a MiniJinja template.

use std::fmt;

use jiff::Timestamp;
use minijinja::{Environment, UndefinedBehavior, context};
use serde_json::Value;

use crate::error::CliError;

/// A template that was understood.
pub(crate) struct Template(Environment<'static>);

/// Its name in messages.
const NAME: &str = "--template";

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Template")
    }
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// What is wrong with it, and in which line.
    pub(crate) fn new(text: &str) -> Result<Self, CliError> {
        let mut env = Environment::new();
        // A name that is not there is a slip, not an empty text.
        env.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        env.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        // What there is not is no text, instead of a word of the template language.
        env.set_formatter(|out, state, value| if value.is_none() { Ok(()) } else { minijinja::escape_formatter(out, state, value) });
        env.add_filter("age", age);
        env.add_template_owned(NAME, text.to_owned()).map_err(|err| {
            CliError::usage(format!("--template: {}", said(&err)))
                .hint("as in '{% for c in data %}{{ c.id }} {{ c.contact.name }}{% endfor %}'")
        })?;
        Ok(Self(env))
    }

    /// What it makes of a value.
    ///
    /// # Errors
    /// What the template says of this value.
    pub(crate) fn run(&self, value: &Value) -> Result<String, CliError> {
        let made = self.0.get_template(NAME).and_then(|template| template.render(context! { data => minijinja::value::Serde(value) }));
        made.map_err(|err| CliError::failed(format!("--template: {}", said(&err))))
    }
}

fn said(err: &minijinja::Error) -> String {
    err.line().map_or_else(|| err.to_string(), |line| format!("{err}, line {line}"))
}

/// A time as an age, such as `41m`.
fn age(at: &str) -> Result<String, minijinja::Error> {
    let at: Timestamp = at.parse().map_err(|_| minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, "age takes a time"))?;
    Ok(crate::time::short(Timestamp::now().duration_since(at)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;
    use serde_json::json;

    #[test]
    fn a_template_has_the_data_and_the_usual_filters() {
        let data = json!([{"id": 1, "name": "<Ada>"}, {"id": 2, "name": null}]);
        for (text, want) in [
            ("{% for c in data %}{{ c.id }}:{{ c.name }} {% endfor %}", "1:<Ada> 2: "),
            ("{{ data | length }}", "2"),
            ("{{ data[0] | tojson }}", r#"{"id": 1, "name": "\u003cAda\u003e"}"#),
        ] {
            assert_eq!(Template::new(text).unwrap().run(&data).unwrap(), want);
        }
        assert!(Template::new("{{ data | age }}").unwrap().run(&json!("2020-01-01T00:00:00Z")).unwrap().ends_with('y'));
    }

    #[test]
    fn a_slip_is_named() {
        assert_eq!(Template::new("{% for %}").unwrap_err().exit, Exit::Usage);
        let err = Template::new("a\n{{ data.nmae }}").unwrap().run(&json!({"name": 1})).unwrap_err();
        assert!(err.message.contains("undefined") && err.message.contains("line 2"), "{}", err.message);
    }
}
