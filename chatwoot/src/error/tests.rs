use super::*;

fn call(writes: bool) -> Call {
    Call { method: if writes { "POST" } else { "GET" }, path: "/api/v1/accounts/1/conversations".to_owned(), writes }
}

fn answered(status: u16, content_type: &str, body: &str) -> Error {
    let answer = Answer { status, content_type: Some(content_type), body: body.as_bytes(), ..Answer::default() };
    Error::from_answer(call(false), &answer)
}

fn json(status: u16, body: &str) -> ErrorKind {
    answered(status, "application/json; charset=utf-8", body).kind
}

#[test]
fn a_401_is_told_apart_by_its_text() {
    let refused = |text: &str| match json(401, &format!("{{\"error\":\"{text}\"}}")) {
        ErrorKind::Forbidden { refusal, .. } => Some(refusal),
        _ => None,
    };
    assert_eq!(refused("You are not authorized to do this action"), Some(Refusal::NotAllowed));
    assert_eq!(refused("You are not authorized to access this account"), Some(Refusal::NotMember));
    assert_eq!(refused("Account is suspended"), Some(Refusal::Suspended));
    assert_eq!(refused("Access to this endpoint is not authorized for bots"), Some(Refusal::Bot));
    assert_eq!(refused("Invalid Access Token"), None);
}

#[test]
fn a_dead_token_and_a_lost_header_look_different() {
    let doubt = |body: &str| match json(401, body) {
        ErrorKind::Unauthorized { doubt, .. } => Some(doubt),
        _ => None,
    };
    assert_eq!(doubt(r#"{"error":"Invalid Access Token"}"#), Some(TokenDoubt::Unknown));
    assert_eq!(doubt(r#"{"errors":["You need to sign in or sign up before continuing."]}"#), Some(TokenDoubt::NotReceived));
    assert_eq!(doubt(""), Some(TokenDoubt::Unclear));
}

#[test]
fn only_a_record_that_was_looked_for_is_gone() {
    assert!(answered(404, "application/json", r#"{"error":"Resource could not be found"}"#).is_gone());
    assert!(!answered(404, "application/json", r#"{"status":404,"error":"Not Found"}"#).is_gone());
    assert!(!answered(404, "application/json", "").is_gone());
    assert!(!answered(404, "text/html", "<!DOCTYPE html><title>Nope</title>").is_gone());
}

#[test]
fn every_shape_is_read() {
    let check = |body: &str, shape: Shape, message: &str| {
        let got = ErrorBody::parse(None, body.as_bytes());
        assert_eq!((got.shape, got.message.as_str()), (shape, message), "{body}");
    };
    check(r#"{"error":"text"}"#, Shape::Error, "text");
    check(r#"{"success":false,"errors":["a","b"]}"#, Shape::Errors, "a; b");
    check(r#"{"message":"Title is bad","attributes":["title"]}"#, Shape::Validation, "Title is bad");
    check(r#"{"error":{"actions":["is bad"]}}"#, Shape::Fields, "actions is bad");
    check(r#"{"status":500,"error":"Internal Server Error"}"#, Shape::Page, "Internal Server Error");
    check(r#"{"message":"text"}"#, Shape::Message, "text");
    check(r#"{"success":false}"#, Shape::Success, "no reason given");
    check("  \n", Shape::Empty, "no reason given");
    check("Retry later\n", Shape::Text, "Retry later");
    check("<html><title> Log in </title>", Shape::Html, "a web page named “Log in”");
    check(r#"{"x":1}"#, Shape::Unknown, "no reason given");
}

#[test]
fn validation_names_the_fields() {
    let kind = json(422, r#"{"message":"Title has already been taken","attributes":["title"]}"#);
    assert!(matches!(kind, ErrorKind::Invalid { status: 422, attributes, .. } if attributes == ["title"]));
}

#[test]
fn server_text_cannot_drive_a_terminal_or_fill_a_log() {
    let body = format!(r#"{{"error":"\u001b[2J{}"}}"#, "x".repeat(5_000));
    let message = ErrorBody::parse(None, body.as_bytes()).message;
    assert!(!message.contains('\u{1b}'));
    assert!(message.chars().count() <= 301);
}

#[test]
fn a_throttle_waits_for_the_next_window() {
    let err = answered(429, "text/plain", "Retry later\n");
    assert_eq!(err.retry(), Retry::AfterWindow(Duration::from_secs(60)));
    assert_eq!(until_next_window(Duration::from_secs(60), 1_750_000_019), Duration::from_secs(2));
    assert_eq!(until_next_window(Duration::from_secs(60), 1_749_999_960), Duration::from_secs(61));
    let answer = Answer { status: 429, retry_after: Some("7"), ..Answer::default() };
    assert_eq!(Error::from_answer(call(true), &answer).retry(), Retry::After(Duration::from_secs(7)));
}

#[test]
fn too_many_messages_is_a_throttle() {
    let kind = json(422, r#"{"error":"Validation failed: Too many messages"}"#);
    assert!(matches!(kind, ErrorKind::RateLimited { .. }));
}

#[test]
fn a_failed_write_is_looked_up_before_it_is_sent_again() {
    let err = |kind: ErrorKind, writes| Error::new(kind).during(call(writes));
    for kind in [ErrorKind::Timeout, ErrorKind::Interrupted, ErrorKind::Server { status: 502, message: String::new() }] {
        assert_eq!(err(kind.clone(), true).retry(), Retry::LookFirst, "{kind}");
        assert_eq!(err(kind.clone(), false).retry(), Retry::Backoff, "{kind}");
    }
    assert_eq!(err(ErrorKind::Connect, true).retry(), Retry::Backoff);
    assert!(!err(ErrorKind::Connect, true).outcome_unknown());
}

#[test]
fn a_redirect_names_the_way_out_without_its_query() {
    let answer = Answer { status: 302, location: Some("https://login.example.com/sso?session=abc"), ..Answer::default() };
    let text = Error::from_answer(call(false), &answer).to_string();
    assert!(text.contains("https://login.example.com/sso;") && !text.contains("abc"), "{text}");
}

#[test]
fn a_gateway_page_is_a_server_failure() {
    assert!(matches!(answered(502, "text/html", "<html>Bad Gateway").kind, ErrorKind::Server { status: 502, .. }));
}
