//! An approval as text: everything that the digest covers, so that what is decided is what was read.

use api::approval::{ApprovalView, Hindrance, WriteBack};

use crate::output::Shown;
use crate::{money, text};

/// The card.
pub(crate) fn card(a: &ApprovalView, shown: &Shown) -> String {
    let mut facts = vec![
        ("type", a.kind.clone()),
        ("state", a.status.to_string()),
        ("revision", a.revision.to_string()),
        ("digest", a.digest.clone()),
        ("asked by", a.requester.name.clone()),
        ("asked", shown.clock(a.submitted_at.unwrap_or(a.created_at))),
    ];
    if let Some(at) = a.expires_at {
        facts.push(("expires", shown.clock(at)));
    }
    if let Some(amount) = &a.amount {
        facts.push(("amount", money::show(amount)));
    }
    if let Some(id) = a.conversation_id {
        facts.push(("about", format!("#{id} {}", a.contact.as_deref().unwrap_or_default())));
    }
    if let (Some(by), Some(at)) = (&a.decided_by, a.decided_at) {
        facts.push(("decided", format!("by {} {}", by.name, shown.clock(at))));
    }
    if let Some(comment) = &a.comment {
        facts.push(("comment", comment.clone()));
    }
    if a.write_back != WriteBack::None {
        facts.push(("in Chatwoot", a.write_back.to_string()));
    }
    if let Some(why) = a.hindrance {
        facts.push(("you", hindrance(why).to_owned()));
    }
    let mut out = format!("{} · {}\n", a.reference, text::line(&a.title));
    for (name, value) in facts {
        out.push_str(&format!("{name:<11} {}\n", text::line(&value)));
    }
    if !a.description.is_empty() {
        out.push('\n');
        indent(&mut out, &a.description);
    }
    for line in &a.excerpt {
        let audience = if line.private { " · TEAM ONLY" } else { "" };
        out.push_str(&format!("\n{}\n", text::line(&format!("{} {} · {}{audience}", shown.clock(line.at), line.from, line.message_type))));
        indent(&mut out, &line.text);
    }
    out
}

fn indent(out: &mut String, words: &str) {
    for line in text::clean(words).lines() {
        out.push_str(format!("  {line}").trim_end());
        out.push('\n');
    }
}

/// Why the reader may not decide it.
pub(super) fn hindrance(why: Hindrance) -> &'static str {
    match why {
        Hindrance::OwnRequest => "cannot decide it: it is your own request",
        Hindrance::OwnRevision => "cannot decide it: you changed it last",
        Hindrance::NotAnApprover => "cannot decide it: your role does not decide this type",
        Hindrance::MaybeOwnRequest => "cannot decide it: nobody knows who asked, and the conversation is yours",
        Hindrance::NotWaiting => "cannot decide it: it does not wait for a decision",
    }
}
