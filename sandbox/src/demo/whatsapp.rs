//! The demo's WhatsApp inbox: a conversation whose reply window is closed, and templates of every kind that matters.

use serde_json::{Value, json};

use super::{BARE, DAY, Thread};

/// A customer who wrote more than 24 hours ago and waits for nothing. After all others, so that their ids stay.
pub(super) const THREADS: &[Thread] = &[Thread {
    inbox: "whatsapp",
    contact: "tom",
    status: "open",
    assignee: "agent",
    labels: &["shipping"],
    order: "A-1096",
    said: &[
        ("customer", 3 * DAY, "Hi, the portafilter of order A-1096 came without its basket."),
        ("agent", 3 * DAY - 12, "Sorry about that, Tom. I have asked the warehouse to send one and will tell you when it leaves."),
    ],
    ..BARE
}];

/// As WhatsApp Cloud lists them: one that is only text, one with two values, and some that cannot be sent from here.
pub(super) fn templates() -> Vec<Value> {
    let template = |name: &str, language: &str, status: &str, category: &str, components: Value| {
        json!({"name": name, "language": language, "status": status, "category": category, "parameter_format": "POSITIONAL",
               "components": components})
    };
    vec![
        template(
            "reply_wanted",
            "en",
            "APPROVED",
            "UTILITY",
            json!([
                {"type": "BODY", "text": "We have an answer to your question. Reply to this message to read it."},
                {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Tell me"}]},
            ]),
        ),
        template(
            "parcel_sent",
            "en",
            "APPROVED",
            "UTILITY",
            json!([
                {"type": "HEADER", "format": "TEXT", "text": "Your parcel"},
                {"type": "BODY", "text": "Hi {{1}}, your order {{2}} is on its way.",
                 "example": {"body_text": [["Ann", "A-1001"]]}},
                {"type": "FOOTER", "text": "Acme Coffee Gear"},
            ]),
        ),
        template(
            "parcel_sent",
            "de",
            "APPROVED",
            "UTILITY",
            json!([{"type": "BODY", "text": "Hallo {{1}}, deine Bestellung {{2}} ist unterwegs."}]),
        ),
        template(
            "invoice",
            "en",
            "APPROVED",
            "UTILITY",
            json!([{"type": "HEADER", "format": "DOCUMENT"}, {"type": "BODY", "text": "Hi {{1}}, here is your invoice."}]),
        ),
        template(
            "track",
            "en",
            "APPROVED",
            "UTILITY",
            json!([
                {"type": "BODY", "text": "Follow your parcel here."},
                {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Follow", "url": "https://shop.example/t/{{1}}"}]},
            ]),
        ),
        template("spring_sale", "en", "PENDING", "MARKETING", json!([{"type": "BODY", "text": "Spring is here: 10 % off all grinders."}])),
    ]
}
