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
        Self::many_of_words(conversations, messages, 0)
    }

    /// The same, every fourth word one of `words` made-up ones, the first of them the most frequent, as in a language (Zipf): for searching.
    #[must_use]
    pub fn many_of_words(conversations: u32, messages: u32, words: u32) -> Self {
        let shop = World::demo_shop();
        let contacts = (0..conversations.div_ceil(EACH)).map(contact).collect();
        let conversations = (0..conversations).map(|n| conversation(n, conversations, messages, words)).collect();
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

fn conversation(n: u32, all: u32, messages: u32, words: u32) -> ConversationSeed {
    let assignee = if n.is_multiple_of(10) { None } else { Some(if n.is_multiple_of(2) { "agent" } else { "agent2" }.to_owned()) };
    let start = SPAN_MIN - i64::from(n) * SPAN_MIN / i64::from(all.max(1)) + i64::from(messages);
    ConversationSeed {
        // Mail needs an address that the anonymous do not have.
        inbox: if n.is_multiple_of(3) { "web" } else { "api" }.to_owned(),
        contact: format!("c{}", n / EACH),
        status: if n.is_multiple_of(4) { "open" } else { "resolved" }.to_owned(),
        labels: if n.is_multiple_of(5) { vec!["shipping".to_owned()] } else { Vec::new() },
        messages: (0..messages).map(|m| message(n, m, assignee.as_deref(), start, words)).collect(),
        assignee,
        ..ConversationSeed::default()
    }
}

fn message(n: u32, m: u32, assignee: Option<&str>, start: i64, vocabulary: u32) -> MessageSeed {
    let agent = assignee.unwrap_or("agent2");
    let (from, private) = match m % 10 {
        3 => (agent, true),
        9 => ("activity", false),
        even if even % 2 == 0 => ("customer", false),
        _ => (agent, false),
    };
    let words = if m % 7 == 5 { 60 } else { 8 + (n + m) % 12 };
    let word = |w: u32| {
        let common = WORDS[((n * 7 + m * 13 + w * 5) as usize) % WORDS.len()];
        if vocabulary > 0 && w % 4 == 3 { made_up(rank(mixed(n, m, w), vocabulary)) } else { common.to_owned() }
    };
    let text: Vec<String> = (0..words).map(word).collect();
    MessageSeed { from: from.to_owned(), text: text.join(" "), ago_min: start - i64::from(m), private, ..MessageSeed::default() }
}

/// Three numbers mixed into one that looks random (the end of SplitMix64).
fn mixed(n: u32, m: u32, w: u32) -> u64 {
    let mut z = (u64::from(n) << 32 | u64::from(m) << 16 | u64::from(w)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A place in a vocabulary, half as often at twice the place.
fn rank(random: u64, vocabulary: u32) -> u32 {
    let part = f64::from((random >> 32) as u32) / f64::from(u32::MAX);
    (f64::from(vocabulary).powf(part) as u32).clamp(1, vocabulary) - 1
}

/// The word at a place: two syllables or more, no two the same.
fn made_up(mut place: u32) -> String {
    const SYLLABLES: [&str; 20] =
        ["ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu", "va", "we", "xi", "yo", "zu"];
    let mut word = String::new();
    loop {
        word.push_str(SYLLABLES[(place % 20) as usize]);
        place /= 20;
        if place == 0 {
            return word + "th";
        }
    }
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

    #[test]
    fn a_world_of_words_has_frequent_and_rare_ones() {
        let world = World::many_of_words(500, 20, 2_000);
        world.check().unwrap();
        let mut counts = std::collections::HashMap::new();
        for message in world.conversations.iter().flat_map(|c| &c.messages) {
            for word in message.text.split(' ').filter(|word| word.ends_with("th")) {
                *counts.entry(word.to_owned()).or_insert(0_u32) += 1;
            }
        }
        let of = |place| counts.get(&made_up(place)).copied().unwrap_or_default();
        assert!(counts.len() > 1_800 && of(0) > 20 * of(100) && of(100) > of(1_900), "{} {} {}", counts.len(), of(0), of(100));
        let all: std::collections::HashSet<String> = (0..20_000).map(made_up).collect();
        assert_eq!(all.len(), 20_000);
    }
}
