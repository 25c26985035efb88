//! Where a conversation with a contact can be begun, and why not.

/// A template is what WhatsApp wants first.
const TEMPLATE: &str = "WhatsApp lets a business begin only with an approved template: begin it in Chatwoot";

/// What an inbox's kind alone refuses, whoever the contact is. `channel` is without `Channel::`.
pub fn never(channel: &str) -> Option<&'static str> {
    (channel == "Whatsapp").then_some(TEMPLATE)
}

/// Why no conversation can be begun in an inbox of this kind; `None`: it can.
///
/// `source_id` is the contact's address there, where Chatwoot says that the contact can be written to; `email` and `phone` whether the
/// contact has one. A Twilio number speaks SMS or WhatsApp, which its addresses tell.
pub fn refusal(channel: &str, source_id: Option<&str>, email: bool, phone: bool) -> Option<&'static str> {
    const STRANGER: &str = "you are no member of it in Chatwoot";
    if let Some(why) = never(channel) {
        return Some(why);
    }
    match (channel, source_id) {
        ("TwilioSms", Some(address)) if address.starts_with("whatsapp:") => Some(TEMPLATE),
        ("FacebookPage" | "Instagram" | "Tiktok" | "Line" | "Telegram" | "TwitterProfile", _) => Some("only the customer can begin here"),
        (_, Some(_)) => None,
        ("Email", None) if !email => Some("the contact has no e-mail address"),
        ("Sms" | "TwilioSms", None) if !phone => Some("the contact has no phone number"),
        ("WebWidget", None) => Some("the customer was never on this website"),
        (_, None) => Some(STRANGER),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inbox_is_offered_or_says_why_not() {
        for (channel, source, email, phone, want) in [
            ("Api", Some("a-1"), false, false, None),
            ("Email", Some("a@b.c"), true, false, None),
            ("Email", None, false, true, Some("the contact has no e-mail address")),
            ("Email", None, true, true, Some("you are no member of it in Chatwoot")),
            ("Sms", None, true, false, Some("the contact has no phone number")),
            ("TwilioSms", Some("+49301"), true, true, None),
            ("TwilioSms", Some("whatsapp:+49301"), true, true, Some(TEMPLATE)),
            ("Whatsapp", Some("49301"), true, true, Some(TEMPLATE)),
            ("WebWidget", Some("w"), true, true, None),
            ("WebWidget", None, true, true, Some("the customer was never on this website")),
            ("Telegram", Some("1"), true, true, Some("only the customer can begin here")),
            ("Api", None, true, true, Some("you are no member of it in Chatwoot")),
        ] {
            assert_eq!(refusal(channel, source, email, phone), want, "{channel} {source:?}");
        }
    }
}
