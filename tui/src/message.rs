//! A text and what goes with it as the API takes it: what the inbox and `afenda conv draft send` hand in is the same to the letter, so
//! that the daemon carries a text out once under its key, whichever of the two repeats it. Pure.

use std::path::PathBuf;

use api::client::FileToSend;
use api::id::ConversationId;
use api::inbox::NewMessage;
use api::template::UseTemplate;

use crate::event::Purpose;
use crate::mention;
use crate::state::{Attached, With};

/// What Chatwoot's own page puts between a text and its signature (4.15).
pub(crate) const DELIMITER: &str = "\n\n--\n\n";

/// The message that a reply, a note or a template is, and its files; `None` for what is no message. `hold` is in seconds; notes have none.
pub fn message(purpose: Purpose, text: &str, with: &With, hold: Option<u32>) -> Option<(ConversationId, NewMessage, Vec<FileToSend>)> {
    let (id, private) = match purpose {
        Purpose::Reply(id) => (id, false),
        Purpose::Note(id) => (id, true),
        Purpose::Template(id) => {
            let template = with.template.as_deref().map(|chosen| UseTemplate {
                name: chosen.template.name.clone(),
                language: Some(chosen.template.language.clone()),
                vars: chosen.vars.clone(),
            });
            let in_reply_to = with.answers.map(|id| id.0);
            return Some((id, NewMessage { template, in_reply_to, hold_seconds: hold, ..NewMessage::default() }, Vec::new()));
        }
        Purpose::Escalate(_) | Purpose::Reject(..) | Purpose::ContactNote(_) | Purpose::Begin(..) => return None,
    };
    let whom = with.mail.clone().filter(|_| !private).unwrap_or_default();
    let message = NewMessage {
        content: text.to_owned(),
        private,
        hold_seconds: hold.filter(|_| !private),
        in_reply_to: with.answers.map(|id| id.0),
        mentions: if private { mention::kept(text, &with.mentions) } else { Vec::new() },
        to: whom.to,
        cc: whom.cc,
        bcc: whom.bcc,
        ..NewMessage::default()
    };
    let file = |file: &Attached| FileToSend { path: PathBuf::from(&file.path), name: file.name.clone(), content_type: file.kind.clone() };
    Some((id, message, with.files.iter().map(file).collect()))
}

/// A signature as Chatwoot has it, made fit to stand under a text; `None` where nothing is left of it.
pub fn signature(kept: &str) -> Option<String> {
    let clean = kept.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim().to_owned();
    (!clean.is_empty()).then_some(clean)
}

/// The text with the signature under it, unless it ends with it.
pub fn signed(text: &str, signature: Option<&str>) -> String {
    let text = text.trim_end();
    match signature.filter(|signature| !text.ends_with(signature)) {
        Some(signature) => format!("{text}{DELIMITER}{signature}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::mail::Recipients;

    #[test]
    fn only_a_reply_is_held_and_addressed_and_only_a_message_is_one() {
        let id = ConversationId(4);
        let mail = Recipients { to: vec!["a@example.com".into()], ..Recipients::default() };
        let file = Attached { path: "/tmp/a.txt".into(), name: "a.txt".into(), bytes: 1, kind: "text/plain".into() };
        let with = With { mail: Some(mail), files: vec![file], ..With::default() };
        let (to, reply, files) = message(Purpose::Reply(id), "Hello", &with, Some(9)).unwrap();
        assert_eq!((to, reply.hold_seconds, reply.to.len(), files.len(), reply.private), (id, Some(9), 1, 1, false));
        let (_, note, _) = message(Purpose::Note(id), "Hello", &with, Some(9)).unwrap();
        assert_eq!((note.hold_seconds, note.to.len(), note.private), (None, 0, true));
        assert!(message(Purpose::Escalate(id), "Hello", &with, None).is_none());
    }

    #[test]
    fn a_signature_stands_under_a_text_once() {
        assert_eq!(signature(" \n"), None);
        let own = signature("Jo  \nShop\n\n").unwrap();
        let once = signed("Hello \n", Some(&own));
        assert_eq!(once, "Hello\n\n--\n\nJo\nShop");
        assert_eq!(signed(&once, Some(&own)), once);
        assert_eq!(signed("Hello ", None), "Hello");
    }
}
