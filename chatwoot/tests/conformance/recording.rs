//! The recordings as they lie on disk.

use std::path::PathBuf;

use chatwoot::Secret;
use serde_json::Value;

/// One scenario played against one real server.
pub(crate) struct Recording {
    /// Folder and file.
    pub(crate) name: String,
    value: Value,
}

/// One request with its answer and everything that followed.
pub(crate) struct Step<'a>(&'a Value);

/// An HTTP answer.
pub(crate) struct Recorded {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// A webhook as it arrived.
pub(crate) struct Hook {
    pub(crate) event: String,
    pub(crate) receiver: String,
    pub(crate) raw: String,
    pub(crate) timestamp: Option<String>,
    pub(crate) signature: Option<String>,
}

/// All recordings of both servers.
///
/// # Panics
/// Where `AFENDA_CONFORMANCE` does not name the folder: a test that cannot run has not passed.
pub(crate) fn load() -> Vec<Recording> {
    let root = std::env::var_os("AFENDA_CONFORMANCE").expect("set AFENDA_CONFORMANCE to the folder of the recordings");
    let mut all = Vec::new();
    for (folder, at_least) in [("recordings", 72), ("recordings-4.6.0", 18)] {
        let path = PathBuf::from(&root).join(folder);
        let files = std::fs::read_dir(&path).unwrap_or_else(|err| panic!("{}: {err}", path.display()));
        let mut names: Vec<PathBuf> = files.map(|file| file.expect("a folder entry").path()).collect();
        names.retain(|name| name.extension().is_some_and(|ending| ending == "json"));
        names.sort();
        assert!(names.len() >= at_least, "{} holds {} recordings, not {at_least}", path.display(), names.len());
        for file in names {
            let text = std::fs::read_to_string(&file).expect("a recording is readable");
            let value = serde_json::from_str(&text).unwrap_or_else(|err| panic!("{}: {err}", file.display()));
            all.push(Recording { name: format!("{folder}/{}", file.file_stem().unwrap_or_default().display()), value });
        }
    }
    all
}

impl Recording {
    pub(crate) fn steps(&self) -> impl Iterator<Item = Step<'_>> {
        self.value["steps"].as_array().expect("a recording has steps").iter().map(Step)
    }

    /// The secret that signs what this receiver gets. `moved` is where one webhook's redirect led: the account's, or the inbox's.
    pub(crate) fn secret_of(&self, receiver: &str) -> Secret {
        let name = match receiver {
            "inbox" | "moved" => "secret_api".to_owned(),
            other => format!("secret_{other}"),
        };
        Secret::new(self.value["vars"][&name].as_str().unwrap_or_else(|| panic!("{}: no {name}", self.name)))
    }
}

impl Step<'_> {
    pub(crate) fn number(&self) -> i64 {
        self.0["n"].as_i64().unwrap_or_default()
    }

    /// The request body, null if none.
    pub(crate) fn sent(&self) -> &Value {
        &self.0["request"]["body"]
    }

    /// Whether the request was a form with files.
    pub(crate) fn is_form(&self) -> bool {
        !self.0["request"]["files"].is_null() || !self.0["request"]["form"].is_null()
    }

    /// Method and path with query.
    pub(crate) fn line(&self) -> (String, String) {
        let text = |key: &str| self.0["request"][key].as_str().unwrap_or_default().to_owned();
        (text("method"), text("path"))
    }

    pub(crate) fn answer(&self) -> Option<Recorded> {
        let answer = &self.0["answer"];
        let header = |name: &str| answer["headers"][name].as_str().map(str::to_owned);
        let body = match answer.get("body") {
            Some(json) => json.to_string().into_bytes(),
            None => answer["text"].as_str().unwrap_or_default().as_bytes().to_vec(),
        };
        let status = u16::try_from(answer["status"].as_u64()?).expect("a status");
        Some(Recorded { status, content_type: header("content-type"), location: header("location"), body })
    }

    pub(crate) fn hooks(&self) -> Vec<Hook> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let hooks = self.0["hooks"].as_array().into_iter().flatten();
        hooks
            .map(|hook| Hook {
                event: text(&hook["event"]).expect("a webhook has an event"),
                receiver: text(&hook["to"][0]).expect("a webhook has a receiver"),
                raw: text(&hook["raw"]).expect("a webhook has a body"),
                timestamp: text(&hook["headers"]["x-chatwoot-timestamp"]),
                signature: text(&hook["headers"]["x-chatwoot-signature"]),
            })
            .collect()
    }

    /// Event and data of each frame.
    pub(crate) fn frames(&self) -> Vec<(String, Value)> {
        let frames = self.0["frames"].as_array().into_iter().flatten();
        frames.map(|frame| (frame["event"].as_str().expect("a frame has an event").to_owned(), frame["data"].clone())).collect()
    }
}

/// A path without query, ids (what begins with a digit, and the recorded uuids and identifiers) replaced.
pub(crate) fn template(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.split('/').collect();
    let shown = parts.iter().enumerate().map(|(at, part)| {
        let before = at.checked_sub(1).map(|at| parts[at]).unwrap_or_default();
        let id = part.starts_with(|c: char| c.is_ascii_digit() || c == '-')
            || matches!(before, "inboxes" | "csat_survey") && path.starts_with("/public/")
            || before == "contacts" && path.starts_with("/public/");
        if id { ":id" } else { part }
    });
    shown.collect::<Vec<_>>().join("/")
}

/// The ids in a path, in order.
pub(crate) fn ids(path: &str) -> Vec<i64> {
    let path = path.split('?').next().unwrap_or_default();
    let digits = |part: &str| part.chars().take_while(char::is_ascii_digit).collect::<String>();
    path.split('/').filter(|part| *part != "v1" && *part != "v2").filter_map(|part| digits(part).parse().ok()).collect()
}
