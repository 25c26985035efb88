//! Reads the nine shapes of a refusal (section 2) and says what they mean.

use serde_json::Value;

use super::{Answer, Call, ErrorKind, Refusal, TokenDoubt};

/// Longest text of an answer that is kept, in characters: a sentence for people, not a page.
const MESSAGE_CHARS_MAX: usize = 300;

/// Which of the shapes of section 2 an answer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A: `{"error":"text"}`.
    Error,
    /// B: `{"errors":["text"]}`, with or without `success`.
    Errors,
    /// C: `{"message":"text","attributes":[…]}`.
    Validation,
    /// D: `{"error":{"field":["text"]}}`.
    Fields,
    /// E: `{"status":404,"error":"Not Found"}`, Rails' own page.
    Page,
    /// F: `{"message":"text"}`.
    Message,
    /// G: `{"success":false}`.
    Success,
    /// H: nothing.
    Empty,
    /// I: plain text.
    Text,
    /// A web page: not Chatwoot's API.
    Html,
    /// JSON of none of these shapes.
    Unknown,
}

/// The text of a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorBody {
    /// Its shape.
    pub shape: Shape,
    /// Text for people: one line, without control characters, at most 300 characters.
    pub message: String,
    /// Fields at fault, if named.
    pub attributes: Vec<String>,
}

impl ErrorBody {
    /// Reads a body. Never fails: what is unknown has [`Shape::Unknown`].
    pub fn parse(content_type: Option<&str>, body: &[u8]) -> Self {
        let plain = |shape, text: &str| Self { shape, message: sentence(text), attributes: Vec::new() };
        if body.iter().all(u8::is_ascii_whitespace) {
            return plain(Shape::Empty, "no reason given");
        }
        if let Ok(Value::Object(map)) = serde_json::from_slice::<Value>(body) {
            return Self::of_object(&map);
        }
        let text = String::from_utf8_lossy(body);
        let html =
            content_type.is_some_and(|kind| kind.to_ascii_lowercase().starts_with("text/html")) || text.trim_start().starts_with('<');
        if html { plain(Shape::Html, &title(&text)) } else { plain(Shape::Text, &text) }
    }

    fn of_object(map: &serde_json::Map<String, Value>) -> Self {
        let text = |key: &str| map.get(key).and_then(Value::as_str);
        let words = |value: &Value| -> Vec<String> {
            value.as_array().map(|items| items.iter().filter_map(Value::as_str).map(sentence).collect()).unwrap_or_default()
        };
        let (shape, message, attributes) = match (map.get("error"), map.get("errors")) {
            (Some(Value::Object(fields)), _) => {
                let lines: Vec<_> = fields.iter().map(|(field, texts)| format!("{field} {}", words(texts).join(", "))).collect();
                (Shape::Fields, lines.join("; "), fields.keys().cloned().collect())
            }
            (Some(Value::String(error)), _) if map.get("status").is_some_and(Value::is_number) => (Shape::Page, error.clone(), Vec::new()),
            (Some(Value::String(error)), _) => (Shape::Error, error.clone(), Vec::new()),
            (_, Some(errors)) => (Shape::Errors, words(errors).join("; "), Vec::new()),
            _ => match (text("message"), map.get("attributes")) {
                (Some(message), Some(attributes)) => (Shape::Validation, message.to_owned(), words(attributes)),
                (Some(message), None) => (Shape::Message, message.to_owned(), Vec::new()),
                (None, _) if map.get("success") == Some(&Value::Bool(false)) => (Shape::Success, String::new(), Vec::new()),
                _ => (Shape::Unknown, String::new(), Vec::new()),
            },
        };
        let message = if message.trim().is_empty() { "no reason given" } else { &message };
        Self { shape, message: sentence(message), attributes }
    }
}

/// One line of printable text: server text reaches terminals and logs.
fn sentence(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let clean = clean.trim();
    match clean.char_indices().nth(MESSAGE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &clean[..end]),
        None => clean.to_owned(),
    }
}

/// The title of a web page, or that there is none.
fn title(html: &str) -> String {
    let lower = html.to_ascii_lowercase();
    let title = lower.find("<title>").and_then(|start| {
        let rest = html.get(start + "<title>".len()..)?;
        rest.get(..lower.get(start + "<title>".len()..)?.find("</title>")?)
    });
    match title.map(str::trim) {
        Some(title) if !title.is_empty() => format!("a web page named “{title}”"),
        _ => "a web page".to_owned(),
    }
}

/// What an answer outside 200–299 means.
pub(super) fn classify(call: &Call, answer: &Answer<'_>) -> ErrorKind {
    let body = ErrorBody::parse(answer.content_type, answer.body);
    let status = answer.status;
    let message = body.message;
    match (status, body.shape) {
        (300..=399, _) => ErrorKind::NotChatwoot { status, message: redirect(answer.location) },
        (429, _) => rate_limited(call, answer.retry_after),
        // A proxy's or Rails' page for an overloaded or restarting server.
        (500.., Shape::Html) => ErrorKind::Server { status, message },
        (500.., _) => ErrorKind::Server { status, message },
        (_, Shape::Html) => ErrorKind::NotChatwoot { status, message: format!("{message} ({status}); check the address") },
        (401, _) => unauthorized(message),
        (402, _) => ErrorKind::Forbidden { refusal: Refusal::Plan, message },
        (403, Shape::Text | Shape::Empty | Shape::Unknown) => {
            ErrorKind::NotChatwoot { status, message: "something in front of it refuses the request (403)".to_owned() }
        }
        (403, _) => ErrorKind::Forbidden { refusal: Refusal::Feature, message },
        // An empty 404 is `contact_inboxes/filter` and the like; only the text says that a record was looked for.
        (404, shape) => ErrorKind::NotFound { record: shape == Shape::Error, message },
        (422, _) if message.contains("Too many messages") => ErrorKind::RateLimited { retry_after_s: None, window_s: 60 },
        _ => ErrorKind::Invalid { status, message, attributes: body.attributes },
    }
}

/// 401 by its English constant: they do not follow the account's language (section 2).
fn unauthorized(message: String) -> ErrorKind {
    let refused = |refusal, message| ErrorKind::Forbidden { refusal, message };
    match message.as_str() {
        "You are not authorized to do this action" => refused(Refusal::NotAllowed, message),
        "You are not authorized to access this account" | "Bot is not authorized to access this account" => {
            refused(Refusal::NotMember, message)
        }
        "Account is suspended" => refused(Refusal::Suspended, message),
        "Access to this endpoint is not authorized for bots" => refused(Refusal::Bot, message),
        // Of a platform app (section 1.4), and of `team_members` with strangers (section 7.1).
        "Non permissible resource" | "Invalid User IDs" => refused(Refusal::NotAllowed, message),
        "Invalid Access Token" | "Invalid access_token" => ErrorKind::Unauthorized { doubt: TokenDoubt::Unknown, message },
        text if text.starts_with("You need to sign in") => ErrorKind::Unauthorized { doubt: TokenDoubt::NotReceived, message },
        _ => ErrorKind::Unauthorized { doubt: TokenDoubt::Unclear, message },
    }
}

/// Chatwoot's throttles and their periods (section 3); the longest that can apply to the path.
fn rate_limited(call: &Call, retry_after: Option<&str>) -> ErrorKind {
    let window_s = match () {
        () if call.path.ends_with("/transcript") || call.path.ends_with("/upload") => 3_600,
        () if call.path.ends_with("/auth/sign_in") => 900,
        () => 60,
    };
    // Only the form in seconds: a date would need a clock. No proxy may silence us for longer than the longest window.
    let retry_after_s = retry_after.and_then(|text| text.trim().parse::<u64>().ok()).map(|s| s.min(3_600));
    ErrorKind::RateLimited { retry_after_s, window_s }
}

fn redirect(location: Option<&str>) -> String {
    // Origin and path only: a query may carry a session.
    let target = location.map(|text| sentence(text.split(['?', '#']).next().unwrap_or_default()));
    match target {
        Some(target) => format!("it redirects to {target}; if that is the right server, use its address"),
        None => "it redirects without saying where".to_owned(),
    }
}
