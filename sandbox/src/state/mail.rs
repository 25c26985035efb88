//! What an e-mail inbox adds to a message: addresses, and the text as HTML.

use serde_json::{Value, json};

use super::NewMessage;
use crate::{http::Refusal, version::Version};

/// The parameters only e-mail inboxes read.
#[derive(Debug, Clone, Default)]
pub(crate) struct MailFields {
    pub(crate) to: String,
    pub(crate) cc: String,
    pub(crate) bcc: String,
    /// HTML that replaces the generated one.
    pub(crate) html: Option<String>,
}

/// Writes addresses and, for what is sent, both forms of the text into the content attributes.
///
/// # Errors
/// 422 for an address that is none.
pub(super) fn address(new: &mut NewMessage, version: Version) -> Result<(), Refusal> {
    for (key, list) in [("cc_emails", &new.mail.cc), ("bcc_emails", &new.mail.bcc), ("to_emails", &new.mail.to)] {
        let addresses: Vec<&str> = list.split(',').map(str::trim).filter(|a| !a.is_empty()).collect();
        if addresses.iter().any(|a| !a.contains('@')) {
            return Err(Refusal::unprocessable("Invalid email address"));
        }
        new.content_attributes.insert(key.to_owned(), json!(addresses));
    }
    if !new.private && version.keeps_mail_texts() {
        let text = new.content.clone().unwrap_or_default();
        let html = new.mail.html.clone().unwrap_or_else(|| html(&text));
        let both = |t: &str| -> Value { json!({"full": t, "reply": t}) };
        new.content_attributes.insert("email".into(), json!({"html_content": both(&html), "text_content": both(&text)}));
    }
    Ok(())
}

/// Paragraphs and bold words of Markdown; no more is needed here.
fn html(text: &str) -> String {
    let mut out = String::new();
    for paragraph in text.split("\n\n").filter(|p| !p.trim().is_empty()) {
        let safe = paragraph.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        out.push_str("<p>");
        for (n, piece) in safe.split("**").enumerate() {
            if n > 0 {
                out.push_str(if n % 2 == 1 { "<strong>" } else { "</strong>" });
            }
            out.push_str(piece);
        }
        out.push_str("</p>\n");
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn paragraphs_and_bold_words_become_html() {
        // Recorded in msg-mail of 4.15.1.
        assert_eq!(super::html("Hello **Ann Buyer**\n\nsecond line"), "<p>Hello <strong>Ann Buyer</strong></p>\n<p>second line</p>\n");
    }
}
