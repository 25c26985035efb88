//! E-mail: addresses as a person writes them, and whom a reply goes to. For daemon, inbox and command line.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::inbox::MessageType;

/// Addresses in one field of a message: a mail to more is a campaign, not a reply.
pub const ADDRESSES_MAX: usize = 50;
/// Bytes of one address at most (RFC 5321, 4.5.3.1.3).
const ADDRESS_BYTES_MAX: usize = 254;
/// Characters of what is said of an address that is none.
const SAID_CHARS: usize = 60;

/// What stands over an e-mail, as Chatwoot keeps it: untrusted text, at most 50 addresses a field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MailView {
    /// Whom a received one is from; of one that was sent Chatwoot keeps nothing here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<String>,
    /// Whom it is to; of one that was sent, empty means the conversation's contact.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<String>,
    /// Who has a copy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cc: Vec<String>,
    /// Who has a copy that the others do not know of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bcc: Vec<String>,
    /// The subject of a received one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

impl MailView {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.subject.is_none() && [&self.from, &self.to, &self.cc, &self.bcc].into_iter().all(Vec::is_empty)
    }
}

/// Whom an e-mail goes to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipients {
    /// To.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<String>,
    /// Copies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cc: Vec<String>,
    /// Copies that the others do not know of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bcc: Vec<String>,
}

impl Recipients {
    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.to.is_empty() && self.cc.is_empty() && self.bcc.is_empty()
    }
}

/// Whom a reply goes to unless somebody says otherwise: as Chatwoot's own page fills it in (4.15, `getRecipients` of `@chatwoot/utils`).
///
/// `last` is the newest message that is no note. Received, its sender gets the reply, and who else had it gets a copy; the contact too where
/// they did not write it. Sent, the same people get the next one. `own` is the inbox's address, which is never written to; nor are Chatwoot's
/// own `reply+…` ones. An address that is none is left out: Chatwoot would refuse the whole message for it.
pub fn reply_to(last: Option<(MessageType, &MailView)>, contact: Option<&str>, own: Option<&str>) -> Recipients {
    let contact = contact.filter(|address| is_address(address));
    let known = |list: &mut Vec<String>, address: &str| {
        let ours = own.is_some_and(|own| same(own, address)) || is_reply_address(address);
        if list.len() < ADDRESSES_MAX && is_address(address) && !ours && !list.iter().any(|known| same(known, address)) {
            list.push(address.to_owned());
        }
    };
    let mut out = Recipients::default();
    let put = |list: &mut Vec<String>, all: &[String]| all.iter().for_each(|address| known(list, address));
    match last {
        Some((MessageType::Incoming, mail)) => {
            put(&mut out.to, &mail.from);
            put(&mut out.cc, &mail.cc);
            put(&mut out.cc, &mail.to);
            if let Some(contact) = contact.filter(|_| !out.to.is_empty()) {
                known(&mut out.cc, contact);
            }
            put(&mut out.bcc, &mail.bcc);
        }
        Some((_, mail)) => {
            put(&mut out.to, &mail.to);
            put(&mut out.cc, &mail.cc);
            put(&mut out.bcc, &mail.bcc);
        }
        None => {}
    }
    if let Some(contact) = contact.filter(|_| out.to.is_empty()) {
        out.to.push(contact.to_owned());
    }
    let to = out.to.clone();
    out.cc.retain(|address| !to.iter().any(|known| same(known, address)));
    let cc = out.cc.clone();
    out.bcc.retain(|address| !to.iter().chain(&cc).any(|known| same(known, address)));
    out
}

fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

/// Chatwoot's own address for answers by mail: `reply+UUID@…`.
fn is_reply_address(address: &str) -> bool {
    let id = address.split_once('@').and_then(|(local, _)| local.get(6..).filter(|_| local.to_ascii_lowercase().starts_with("reply+")));
    id.is_some_and(|id| id.len() == 36 && id.chars().all(|c| c.is_ascii_hexdigit() || c == '-'))
}

/// Whether Chatwoot takes it: `URI::MailTo::EMAIL_REGEXP`, and no longer than mail servers take.
pub fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@').filter(|_| text.len() <= ADDRESS_BYTES_MAX) else { return false };
    let in_local = |c: char| c.is_ascii_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c);
    let label = |label: &str| {
        let ends = !label.starts_with('-') && !label.ends_with('-');
        (1..=63).contains(&label.len()) && ends && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    !local.is_empty() && local.chars().all(in_local) && domain.split('.').all(label)
}

/// Reads a line of addresses, between commas, semicolons or spaces; `Name <address>` is taken as the address.
///
/// # Errors
/// Which one is no address, or that there are too many.
pub fn addresses(line: &str) -> Result<Vec<String>, String> {
    let mut out: Vec<String> = Vec::new();
    for part in line.split([',', ';']).map(str::trim).filter(|part| !part.is_empty()) {
        let named = part.strip_suffix('>').and_then(|part| Some(part.rsplit_once('<')?.1));
        let pieces: Vec<&str> = named.map_or_else(|| part.split_whitespace().collect(), |address| vec![address.trim()]);
        for address in pieces {
            check(address)?;
            if !out.iter().any(|known| same(known, address)) {
                out.push(address.to_owned());
            }
        }
    }
    if out.len() > ADDRESSES_MAX { Err(format!("at most {ADDRESSES_MAX} addresses")) } else { Ok(out) }
}

/// Says what is wrong with an address.
///
/// # Errors
/// The words.
pub fn check(address: &str) -> Result<(), String> {
    if is_address(address) {
        return Ok(());
    }
    let said: String = address.chars().take(SAID_CHARS).map(|c| if c.is_control() { '?' } else { c }).collect();
    let more = if said.chars().count() < address.chars().count() { "…" } else { "" };
    Err(format!("`{said}{more}` is no e-mail address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn an_address_is_what_chatwoot_takes() {
        for good in ["a@b", "ann@example.com", "a.b+c!#$%&'*/=?^_`{|}~-@sub-1.example.co"] {
            assert!(is_address(good), "{good}");
        }
        let long = format!("{}@example.com", "a".repeat(250));
        let label = format!("a@{}.com", "b".repeat(64));
        for bad in
            ["", "a", "@b", "a@", "a@b@c", "a b@c", "a@-b.c", "a@b-.c", "a@b..c", "a@b.", "ä@b.c", "a@bü.c", "a@b\u{202e}.c", &long, &label]
        {
            assert!(!is_address(bad), "{bad}");
        }
    }

    #[test]
    fn a_line_of_addresses_is_read_as_people_write_it() {
        let line = "Ann Buyer <ann@example.com>, boss@example.com; x@y.z  w@y.z, ANN@example.com,";
        assert_eq!(addresses(line).unwrap(), list("ann@example.com boss@example.com x@y.z w@y.z"));
        assert_eq!(addresses("  ").unwrap(), list(""));
        assert_eq!(addresses("ann@example.com, nobody").unwrap_err(), "`nobody` is no e-mail address");
        let said = addresses(&format!("\u{1b}[31m{}", "x".repeat(99))).unwrap_err();
        assert!(said.starts_with("`?[31mxx") && said.contains("x…`"), "{said}");
        let many = (0..51).map(|n| format!("a{n}@b.c")).collect::<Vec<_>>().join(",");
        assert_eq!(addresses(&many).unwrap_err(), "at most 50 addresses");
    }

    #[test]
    fn a_reply_goes_to_whom_chatwoots_page_would_send_it() {
        let mail = |from: &str, to: &str, cc: &str, bcc: &str| MailView {
            from: list(from),
            to: list(to),
            cc: list(cc),
            bcc: list(bcc),
            subject: None,
        };
        let check = |last: Option<(MessageType, MailView)>, want: (&str, &str, &str)| {
            let last = last.as_ref().map(|(kind, mail)| (*kind, mail));
            let got = reply_to(last, Some("ann@example.com"), Some("help@shop.example"));
            assert_eq!(got, Recipients { to: list(want.0), cc: list(want.1), bcc: list(want.2) }, "{last:?}");
        };
        let incoming = MessageType::Incoming;
        check(None, ("ann@example.com", "", ""));
        check(Some((incoming, mail("ann@example.com", "help@shop.example", "", ""))), ("ann@example.com", "", ""));
        // All who had it, but neither ourselves nor Chatwoot's own addresses.
        let reply = "reply+0190a5f0-0000-7000-8000-000000000001@mail.shop.example";
        let all = mail("ann@example.com", &format!("Help@shop.example x@y.z {reply}"), "boss@example.com X@y.z", "");
        check(Some((incoming, all)), ("ann@example.com", "boss@example.com X@y.z", ""));
        // Somebody else answered for the contact: the contact stays in.
        check(Some((incoming, mail("bob@example.com", "help@shop.example", "", ""))), ("bob@example.com", "ann@example.com", ""));
        // A message that was no mail, and one that only the contact got.
        check(Some((incoming, MailView::default())), ("ann@example.com", "", ""));
        check(Some((MessageType::Outgoing, MailView::default())), ("ann@example.com", "", ""));
        let sent = mail("", "bob@example.com", "boss@example.com", "secret@example.com bob@example.com");
        check(Some((MessageType::Outgoing, sent)), ("bob@example.com", "boss@example.com", "secret@example.com"));
        // What Chatwoot would refuse is left out.
        check(Some((incoming, mail("ann@example.com", "undisclosed-recipients:;", "a\u{202e}@b.c", ""))), ("ann@example.com", "", ""));
        assert_eq!(reply_to(None, None, None), Recipients::default());
    }
}
