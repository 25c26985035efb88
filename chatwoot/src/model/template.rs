//! Message templates of a WhatsApp inbox, as Chatwoot passes them on from WhatsApp. In no recording: the shape is upstream's
//! `_inbox.json.jbuilder` and what its dashboard reads (4.15.1), and WhatsApp Cloud's own list of templates.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::de;

/// A text that WhatsApp approved, to be sent outside of the 24 hours after a customer's message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct MessageTemplate {
    /// Its name; unique together with the language.
    pub name: String,
    /// Such as "en" or "en_US".
    #[serde(default, deserialize_with = "de::or_default")]
    pub language: String,
    /// "APPROVED" (may be sent), "PENDING", "REJECTED" and others; some providers write it in lower case.
    #[serde(default, deserialize_with = "de::or_default")]
    pub status: String,
    /// "UTILITY", "MARKETING" or "AUTHENTICATION".
    #[serde(default, deserialize_with = "de::or_default")]
    pub category: String,
    /// Of the business; 360dialog has it, WhatsApp Cloud does not.
    pub namespace: Option<String>,
    /// Header, body, footer and buttons, each at most once.
    #[serde(default, deserialize_with = "readable")]
    pub components: Vec<TemplateComponent>,
}

/// One part of a template.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct TemplateComponent {
    /// "HEADER", "BODY", "FOOTER", "BUTTONS", and others such as "LIST" and "CAROUSEL".
    #[serde(rename = "type")]
    pub kind: String,
    /// Of a header: "TEXT", "IMAGE", "VIDEO", "DOCUMENT" or "LOCATION".
    pub format: Option<String>,
    /// Its text, with `{{1}}` or `{{name}}` where values go.
    pub text: Option<String>,
    /// Buttons.
    #[serde(default, deserialize_with = "readable")]
    pub buttons: Vec<TemplateButton>,
}

/// A button below a template.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct TemplateButton {
    /// "QUICK_REPLY", "URL", "PHONE_NUMBER", "COPY_CODE" and others.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it says.
    #[serde(default, deserialize_with = "de::or_default")]
    pub text: String,
    /// Of a "URL" button; a value goes where it has `{{1}}`.
    pub url: Option<String>,
}

/// A list of which what cannot be read is left out; null and anything else reads as empty.
pub(super) fn readable<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    Ok(match Value::deserialize(deserializer)? {
        Value::Array(items) => items.into_iter().filter_map(|item| serde_json::from_value(item).ok()).collect(),
        _ => Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use crate::model::Inbox;

    #[test]
    fn templates_of_any_shape_never_cost_the_inbox() {
        for (written, want) in [
            (r#"null"#, vec![]),
            (r#"{}"#, vec![]),
            (r#""x""#, vec![]),
            (r#"[null, 5, {"language":"en"}, {"name":7}]"#, vec![]),
            (r#"[{"name":"a","components":null},{"name":"b","language":null,"components":[{"text":"no type"},7]}]"#, vec!["a", "b"]),
        ] {
            let inbox: Inbox = serde_json::from_str(&format!(r#"{{"id":1,"message_templates":{written}}}"#)).unwrap();
            let names: Vec<&str> = inbox.message_templates.iter().map(|t| t.name.as_str()).collect();
            assert_eq!(names, want, "{written}");
            assert!(inbox.message_templates.iter().all(|t| t.components.is_empty()), "{written}");
        }
        let body = r#"{"id":1,"message_templates":[{"name":"t","language":"en","status":"APPROVED","category":"UTILITY","parameter_format":"POSITIONAL",
            "components":[{"type":"BODY","text":"Hi {{1}}","example":{"body_text":[["Ann"]]}},
            {"type":"BUTTONS","buttons":[{"type":"URL","text":"Track","url":"https://x.example/{{1}}"},{"text":"no type"}]}]}]}"#;
        let inbox: Inbox = serde_json::from_str(body).unwrap();
        let template = &inbox.message_templates[0];
        assert_eq!((template.components.len(), template.components[0].text.as_deref()), (2, Some("Hi {{1}}")));
        assert_eq!(template.components[1].buttons.iter().map(|b| b.kind.as_str()).collect::<Vec<_>>(), ["URL"]);
    }
}
