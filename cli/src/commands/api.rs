//! `afenda api`: any call of the daemon's API, with the profile's token, for what has no command of its own.

use std::path::PathBuf;

use serde_json::{Map, Value};

use crate::context::Context;
use crate::error::CliError;

/// Where `--paginate` stops, as `--all` does elsewhere.
const ROWS_MAX: usize = 100_000;

/// Make any call of the API; prints its JSON
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples: afenda api GET /conversations -f status=open --paginate --jq '.[].id'
          afenda api POST /approvals -f title=Refund -f description=Why -F amount=@amount.json
The paths are those of `GET /api/v1/openapi.json`.")]
pub(crate) struct Api {
    /// GET, POST, PUT, PATCH or DELETE
    #[arg(value_name = "METHOD", value_parser = method)]
    method: String,
    /// Such as /conversations or /api/v1/conversations
    #[arg(value_name = "PATH", value_parser = path)]
    path: String,
    /// A text: a parameter of a GET, else a field of the body; again for each
    #[arg(short = 'f', long, value_name = "NAME=TEXT", value_parser = pair)]
    raw_field: Vec<(String, String)>,
    /// The same as JSON where it is some (true, 7, null, a list); @FILE is what a file holds, @- standard input
    #[arg(short = 'F', long, value_name = "NAME=VALUE", value_parser = pair)]
    field: Vec<(String, String)>,
    /// The whole body: a file with JSON; - reads standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["raw_field", "field"])]
    input: Option<PathBuf>,
    /// With GET: all pages of a list, as one array of up to 100,000 rows
    #[arg(long)]
    paginate: bool,
}

fn method(text: &str) -> Result<String, String> {
    let method = text.to_ascii_uppercase();
    if ["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&method.as_str()) {
        Ok(method)
    } else {
        Err("expected GET, POST, PUT, PATCH or DELETE".to_owned())
    }
}

/// A path below `/api/v1`: the token goes to the daemon's own address and nowhere else.
fn path(text: &str) -> Result<String, String> {
    let path = text.strip_prefix("/api/v1").unwrap_or(text);
    let path = format!("/{}", path.trim_start_matches('/'));
    let outside = path.contains("://")
        || path.split(['/', '?']).any(|part| part == "..")
        || path.chars().any(|c| c.is_control() || c == ' ' || c == '#');
    if outside { Err("expected a path of the API, such as /conversations".to_owned()) } else { Ok(path) }
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

impl Api {
    pub(crate) async fn run(self, ctx: &mut Context) -> Result<(), CliError> {
        ctx.out.is_no_list("the API's own answer")?;
        let get = self.method == "GET";
        if self.paginate && !get {
            return Err(CliError::usage("--paginate is for GET"));
        }
        let mut fields: Map<String, Value> = self.raw_field.into_iter().map(|(name, text)| (name, Value::String(text))).collect();
        for (name, text) in self.field {
            fields.insert(name, value(text)?);
        }
        let body = match self.input {
            Some(file) => {
                let text = crate::body::read(None, Some(file))?.unwrap_or_default();
                Some(serde_json::from_str(&text).map_err(|err| CliError::usage("--input: it is not JSON").because(err))?)
            }
            None => (!get).then(|| Value::Object(fields.clone())),
        };
        let mut query: Vec<(String, String)> =
            if get { fields.iter().map(|(name, value)| (name.clone(), plain(value))).collect() } else { Vec::new() };
        let session = ctx.session().await?;
        let key = ctx.key("api", false);
        if !self.paginate {
            let call = async |client: &api::Client| client.raw(&self.method, &self.path, &query, body.as_ref(), &key).await;
            let answer = if get { session.call(call).await } else { session.change("afenda audit list", call).await };
            return ctx.out.json(&answer?);
        }
        let mut rows = Vec::new();
        loop {
            let mut page = session.call(async |client| client.raw("GET", &self.path, &query, None, &key).await).await?;
            let next = page.pointer("/meta/next_cursor").and_then(Value::as_str).map(str::to_owned);
            let Value::Array(got) = page["data"].take() else {
                return Err(CliError::usage("--paginate: the answer is no list"));
            };
            let ended = got.is_empty();
            rows.extend(got);
            let Some(next) = next.filter(|_| !ended && rows.len() < ROWS_MAX) else { break };
            query.retain(|(name, _)| name != "cursor");
            query.push(("cursor".to_owned(), next));
        }
        ctx.out.json(&rows)
    }
}

/// What a typed field says.
fn value(text: String) -> Result<Value, CliError> {
    if let Some(file) = text.strip_prefix('@') {
        let text = crate::body::read(None, Some(PathBuf::from(file)))?.unwrap_or_default();
        return Ok(serde_json::from_str(&text).unwrap_or(Value::String(text)));
    }
    Ok(serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_below_the_api() {
        for (text, want) in [
            ("conversations", Some("/conversations")),
            ("/api/v1/me", Some("/me")),
            ("/conversations?status=all", Some("/conversations?status=all")),
            ("https://elsewhere.example/x", None),
            ("/../../healthz", None),
            ("/a b", None),
        ] {
            assert_eq!(path(text).ok().as_deref(), want, "{text}");
        }
    }
}
