//! A world of any size, for measuring: the demo shop's people and inboxes, and as many conversations as asked for.

use crate::world::{ContactSeed, ConversationSeed, MessageSeed, World};

/// Minutes over which the conversations are spread: most of a year, so that all of it is young enough to be copied.
const SPAN_MIN: i64 = 300 * 24 * 60;
/// Conversations of one contact.
const EACH: u32 = 2;
/// Every so many-th contact has no address.
const ANONYMOUS: u32 = 10;

/// Words of which the messages are made; their sizes are those of a shop: a line or two, now and then a paragraph.
const WORDS: [&str; 24] = [
    "order",
    "grinder",
    "arrived",
    "broken",
    "refund",
    "please",
    "kettle",
    "when",
    "will",
    "the",
    "parcel",
    "come",
    "thank",
    "you",
    "beans",
    "invoice",
    "address",
    "changed",
    "again",
    "tracking",
    "number",
    "Grüße",
    "naïve",
    "コーヒー",
];

impl World {
    /// `conversations` with `messages` each: customers' and agents' words, notes and activity lines in turn. The same numbers make the same
    /// world. One in four is open, one in ten of those is nobody's.
    #[must_use]
    pub fn many(conversations: u32, messages: u32) -> Self {
        let shop = World::demo_shop();
        let contacts = (0..conversations.div_ceil(EACH)).map(contact).collect();
        let conversations = (0..conversations).map(|n| conversation(n, conversations, messages)).collect();
        World { contacts, conversations, script: Vec::new(), ..shop }
    }
}

fn contact(n: u32) -> ContactSeed {
    let known = !n.is_multiple_of(ANONYMOUS);
    ContactSeed {
        key: format!("c{n}"),
        name: format!("Customer {n}"),
        email: known.then(|| format!("customer{n}@example.com")),
        ..ContactSeed::default()
    }
}

fn conversation(n: u32, all: u32, messages: u32) -> ConversationSeed {
    let assignee = if n.is_multiple_of(10) { None } else { Some(if n.is_multiple_of(2) { "agent" } else { "agent2" }.to_owned()) };
    let start = SPAN_MIN - i64::from(n) * SPAN_MIN / i64::from(all.max(1)) + i64::from(messages);
    ConversationSeed {
        // Mail needs an address that the anonymous do not have.
        inbox: if n.is_multiple_of(3) { "web" } else { "api" }.to_owned(),
        contact: format!("c{}", n / EACH),
        status: if n.is_multiple_of(4) { "open" } else { "resolved" }.to_owned(),
        labels: if n.is_multiple_of(5) { vec!["shipping".to_owned()] } else { Vec::new() },
        messages: (0..messages).map(|m| message(n, m, assignee.as_deref(), start)).collect(),
        assignee,
        ..ConversationSeed::default()
    }
}

fn message(n: u32, m: u32, assignee: Option<&str>, start: i64) -> MessageSeed {
    let agent = assignee.unwrap_or("agent2");
    let (from, private) = match m % 10 {
        3 => (agent, true),
        9 => ("activity", false),
        even if even % 2 == 0 => ("customer", false),
        _ => (agent, false),
    };
    let words = if m % 7 == 5 { 60 } else { 8 + (n + m) % 12 };
    let text: Vec<&str> = (0..words).map(|w| WORDS[((n * 7 + m * 13 + w * 5) as usize) % WORDS.len()]).collect();
    MessageSeed { from: from.to_owned(), text: text.join(" "), ago_min: start - i64::from(m), private, ..MessageSeed::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_world_of_many_fits_together() {
        let world = World::many(250, 20);
        world.check().unwrap();
        assert_eq!((world.conversations.len(), world.contacts.len()), (250, 125));
        assert!(world.conversations.iter().all(|c| c.messages.len() == 20 && c.messages.iter().all(|m| m.ago_min > 0)));
        assert!(World::many(0, 0).check().is_ok());
    }
}
