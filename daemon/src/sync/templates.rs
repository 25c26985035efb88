//! Message templates of WhatsApp inboxes, as they are kept: what can be sent, and why not the rest.
//!
//! The rules are those of Chatwoot's own page (4.15.1, `store/modules/inboxes.js`), and what values can be given here: to the body.

use api::template::{TemplateView, variables};
use chatwoot::model;

use crate::store::TemplateRow;

/// Templates kept of one inbox: WhatsApp itself allows 250 to most businesses; the few with more have them by the language.
const TEMPLATES_MAX: usize = 1_000;
/// Characters of one text of a template. WhatsApp's own limit of a body is 1,024; what is longer is none.
const TEXT_CHARS_MAX: usize = 4_096;
/// Characters of a name or a language; WhatsApp's own limit of a name is 512.
const NAME_CHARS_MAX: usize = 512;
/// Buttons below one template: WhatsApp allows ten.
const BUTTONS_MAX: usize = 10;

/// The templates of all inboxes; those that can be sent first where there are more than are kept.
pub(super) fn of(inboxes: &[model::Inbox]) -> Vec<TemplateRow> {
    let mut all = Vec::new();
    for inbox in inboxes {
        let mut rows: Vec<TemplateRow> = inbox.message_templates.iter().filter_map(|t| row(inbox.id, t)).collect();
        rows.sort_by(|a, b| key(a).cmp(&key(b)));
        rows.dedup_by(|a, b| a.view.name == b.view.name && a.view.language == b.view.language);
        rows.sort_by_key(|row| row.view.unusable.is_some());
        if rows.len() > TEMPLATES_MAX {
            tracing::warn!(inbox = inbox.id, templates = rows.len(), kept = TEMPLATES_MAX, "more templates than are kept");
            rows.truncate(TEMPLATES_MAX);
        }
        all.extend(rows);
    }
    all
}

fn key(row: &TemplateRow) -> (&str, &str, bool) {
    (&row.view.name, &row.view.language, row.view.unusable.is_some())
}

/// One template, or none where it has no name or no bounds.
fn row(inbox_id: i64, from: &model::MessageTemplate) -> Option<TemplateRow> {
    let short = |text: &str, max: usize| text.chars().take(max + 1).count() <= max;
    let part = |kind: &str| from.components.iter().find(|part| part.kind.eq_ignore_ascii_case(kind));
    let text = |kind: &str| part(kind).and_then(|part| part.text.clone()).filter(|text| !text.trim().is_empty());
    let buttons: Vec<&model::TemplateButton> = from.components.iter().flat_map(|part| &part.buttons).take(BUTTONS_MAX).collect();
    let body = text("BODY").unwrap_or_default();
    let texts = [Some(body.clone()), text("HEADER"), text("FOOTER")];
    let names = [&from.name, &from.language, &from.category];
    let fits = texts.iter().flatten().all(|text| short(text, TEXT_CHARS_MAX))
        && buttons.iter().all(|button| short(&button.text, TEXT_CHARS_MAX))
        && names.into_iter().chain(&from.namespace).all(|name| short(name, NAME_CHARS_MAX));
    if from.name.trim().is_empty() || from.language.trim().is_empty() || !fits {
        return None;
    }
    let view = TemplateView {
        name: from.name.clone(),
        language: from.language.clone(),
        category: from.category.clone(),
        header: text("HEADER"),
        variables: variables(&body),
        footer: text("FOOTER"),
        buttons: buttons.iter().map(|button| button.text.clone()).collect(),
        unusable: unusable(from, &body),
        body,
    };
    let namespace = from.namespace.clone().filter(|name| !name.is_empty());
    Some(TemplateRow { inbox_id, namespace, view })
}

/// Why a template cannot be sent from here.
fn unusable(from: &model::MessageTemplate, body: &str) -> Option<String> {
    if !from.status.eq_ignore_ascii_case("approved") {
        let status = if from.status.is_empty() { "status unknown".to_owned() } else { from.status.to_lowercase() };
        return Some(format!("WhatsApp has not approved it ({status})"));
    }
    if from.category.eq_ignore_ascii_case("authentication") {
        return Some("it sends codes to log in with".to_owned());
    }
    if from.name.starts_with("customer_satisfaction_survey") {
        return Some("Chatwoot sends it itself, to ask for a rating".to_owned());
    }
    if body.trim().is_empty() {
        return Some("it has no text".to_owned());
    }
    if variables(body).iter().any(|name| !name.chars().all(|c| c.is_alphanumeric() || c == '_') || name.is_empty()) {
        return Some("its text has a place without a proper name".to_owned());
    }
    from.components.iter().find_map(|part| {
        let header = part.kind.eq_ignore_ascii_case("HEADER");
        let format = part.format.as_deref().unwrap_or("TEXT").to_ascii_uppercase();
        if header && format != "TEXT" {
            return Some(format!("its header is no text ({})", format.to_lowercase()));
        }
        if !part.kind.eq_ignore_ascii_case("BODY") && part.text.as_deref().is_some_and(|text| text.contains("{{")) {
            return Some(format!("its {} wants a value", part.kind.to_lowercase()));
        }
        if !["HEADER", "BODY", "FOOTER", "BUTTONS"].iter().any(|known| part.kind.eq_ignore_ascii_case(known)) {
            return Some(format!("it has a {}", part.kind.to_lowercase().replace('_', " ")));
        }
        part.buttons.iter().find_map(|button| {
            let plain = ["QUICK_REPLY", "PHONE_NUMBER", "URL"].iter().any(|known| button.kind.eq_ignore_ascii_case(known));
            let open = button.url.as_deref().is_some_and(|url| url.contains("{{"));
            (open || !plain).then(|| format!("its button {:?} wants a value", button.text))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(templates: Value) -> Vec<TemplateRow> {
        of(&[serde_json::from_value(json!({"id": 4, "message_templates": templates})).unwrap()])
    }

    fn template(name: &str, status: &str, components: Value) -> Value {
        json!({"name": name, "language": "en", "status": status, "category": "UTILITY", "components": components})
    }

    #[test]
    fn what_can_be_sent_is_told_from_what_cannot_and_why() {
        let body = || json!({"type": "BODY", "text": "Hi {{1}}"});
        let with = |part: Value| json!([body(), part]);
        for (name, status, components, why) in [
            ("plain", "approved", json!([body()]), None),
            ("plain", "APPROVED", with(json!({"type": "HEADER", "format": "TEXT", "text": "News"})), None),
            ("plain", "APPROVED", with(json!({"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Yes"}]})), None),
            ("plain", "PENDING", json!([body()]), Some("not approved it (pending)")),
            ("plain", "", json!([body()]), Some("not approved it (status unknown)")),
            ("customer_satisfaction_survey_3", "APPROVED", json!([body()]), Some("rating")),
            ("plain", "APPROVED", json!([]), Some("no text")),
            ("plain", "APPROVED", json!([{"type": "BODY", "text": "Hi {{a.b}}"}]), Some("proper name")),
            ("plain", "APPROVED", with(json!({"type": "HEADER", "format": "IMAGE"})), Some("header is no text (image)")),
            ("plain", "APPROVED", with(json!({"type": "HEADER", "format": "TEXT", "text": "For {{1}}"})), Some("header wants a value")),
            ("plain", "APPROVED", with(json!({"type": "CAROUSEL"})), Some("it has a carousel")),
            (
                "plain",
                "APPROVED",
                with(json!({"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Go", "url": "https://x.example/{{1}}"}]})),
                Some("button \"Go\""),
            ),
            ("plain", "APPROVED", with(json!({"type": "BUTTONS", "buttons": [{"type": "COPY_CODE", "text": "Copy"}]})), Some("button")),
        ] {
            let rows = read(json!([template(name, status, components.clone())]));
            let said = rows[0].view.unusable.clone();
            assert_eq!(said.is_some(), why.is_some(), "{status} {components}: {said:?}");
            assert!(why.is_none_or(|why| said.as_deref().unwrap_or_default().contains(why)), "{status} {components}: {said:?}");
        }
        let login = json!({"name": "code", "language": "en", "status": "APPROVED", "category": "AUTHENTICATION", "components": [body()]});
        assert!(read(json!([login]))[0].view.unusable.is_some());
    }

    #[test]
    fn each_is_kept_once_and_no_more_than_a_store_can_hold() {
        let body = |text: &str| json!([{"type": "BODY", "text": text}]);
        let twice = read(json!([template("a", "PENDING", body("old")), template("a", "APPROVED", body("new"))]));
        assert_eq!(twice.iter().map(|row| row.view.body.as_str()).collect::<Vec<_>>(), ["new"]);
        assert!(read(json!([template("a", "APPROVED", body(&"x".repeat(TEXT_CHARS_MAX + 1)))])).is_empty());
        assert!(read(json!([template(&"n".repeat(NAME_CHARS_MAX + 1), "APPROVED", body("x"))])).is_empty());
        let many: Vec<Value> =
            (0..=TEMPLATES_MAX).map(|n| template(&format!("t{n}"), if n == 0 { "PENDING" } else { "APPROVED" }, body("x"))).collect();
        let kept = read(json!(many));
        assert!(kept.len() == TEMPLATES_MAX && kept.iter().all(|row| row.view.unusable.is_none()), "what cannot be sent goes first");
    }
}
