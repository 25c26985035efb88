//! The demo's world: a shop for coffee gear with a month of history, and customers who keep writing.
//!
//! People and settings are here, the threads in [`past`] and [`today`]. Times are minutes before the start, so the shop is
//! always in the middle of its day.

mod past;
mod today;
mod whatsapp;

use serde_json::{Map, json};

use crate::world::{
    AccountSeed, AttributeSeed, BotSeed, CannedSeed, Channel, ContactSeed, ConversationSeed, CustomerSeed, FileSeed, InboxSeed, LabelSeed,
    MessageSeed, Role, TeamSeed, UserSeed, World,
};

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

/// One conversation, as the table writes it.
struct Thread {
    inbox: &'static str,
    contact: &'static str,
    status: &'static str,
    assignee: &'static str,
    team: &'static str,
    priority: &'static str,
    labels: &'static [&'static str],
    /// Order number; none when empty.
    order: &'static str,
    said: &'static [Line],
}

/// A thread with the usual settings.
const BARE: Thread =
    Thread { inbox: "api", contact: "", status: "open", assignee: "", team: "", priority: "", labels: &[], order: "", said: &[] };

/// Who (`*` before a name marks a note), how many minutes ago, what.
type Line = (&'static str, i64, &'static str);

/// A file of a message: contact and text of the message it belongs to, name, type, content (base64 for pictures).
struct Enclosed {
    contact: &'static str,
    ago_min: i64,
    name: &'static str,
    content_type: &'static str,
    content: &'static str,
}

fn text(words: &str) -> String {
    words.to_owned()
}

fn some(words: &str) -> Option<String> {
    (!words.is_empty()).then(|| words.to_owned())
}

fn texts(words: &[&str]) -> Vec<String> {
    words.iter().map(|w| (*w).to_owned()).collect()
}

impl World {
    /// A shop with thirty-odd conversations in four inboxes, two agents, an approver, and a service administrator
    /// (`sync`) who is a member of no inbox. One message tries to attack the terminal it is shown on.
    #[must_use]
    pub fn demo_shop() -> Self {
        World {
            accounts: vec![
                AccountSeed { key: text("acme"), name: text("Acme Coffee Gear") },
                AccountSeed { key: text("globex"), name: text("Globex") },
            ],
            users: users(),
            inboxes: inboxes(),
            teams: teams(),
            labels: labels(),
            canned_responses: canned(),
            custom_attributes: attributes(),
            bot: Some(BotSeed { name: text("Helper Bot"), description: text("Answers first"), outgoing_url: text("{{hooks}}/hook/bot") }),
            webhook: None,
            contacts: contacts(),
            conversations: past::THREADS.iter().chain(today::THREADS).chain(whatsapp::THREADS).map(conversation).collect(),
            mail_server: true,
            script: script(),
        }
    }
}

fn users() -> Vec<UserSeed> {
    let user = |key: &str, role, name: &str, email: &str| UserSeed {
        key: text(key),
        account: text("acme"),
        role,
        name: text(name),
        email: text(email),
        password: None,
    };
    vec![
        user("admin", Role::Administrator, "Ada Admin", "ada@acme.test"),
        user("agent", Role::Agent, "Jo Agent", "jo@acme.test"),
        user("agent2", Role::Agent, "Kim Okafor", "kim@acme.test"),
        user("sync", Role::Administrator, "Afenda Sync", "sync@acme.test"),
        user("loner", Role::Agent, "Lee Loner", "lee@acme.test"),
        UserSeed { account: text("globex"), ..user("outsider", Role::Administrator, "Gus Outsider", "gus@globex.test") },
    ]
}

fn inboxes() -> Vec<InboxSeed> {
    let inbox = |key: &str, channel, name: &str, members: &[&str]| InboxSeed {
        key: text(key),
        account: text("acme"),
        channel,
        name: text(name),
        webhook_url: None,
        website_url: None,
        email: None,
        phone_number: None,
        message_templates: vec![],
        members: texts(members),
        auto_assignment: true,
    };
    vec![
        inbox("api", Channel::Api, "Shop App", &["agent", "agent2"]),
        InboxSeed { website_url: some("https://shop.example"), ..inbox("web", Channel::WebWidget, "Shop Website", &["agent", "agent2"]) },
        InboxSeed { email: some("help@shop.example"), ..inbox("mail", Channel::Email, "Shop Mail", &["agent", "agent2"]) },
        InboxSeed {
            phone_number: some("+15550100900"),
            message_templates: whatsapp::templates(),
            ..inbox("whatsapp", Channel::Whatsapp, "Shop WhatsApp", &["agent", "agent2"])
        },
    ]
}

fn teams() -> Vec<TeamSeed> {
    let team = |key: &str, name: &str, description: &str, members: &[&str]| TeamSeed {
        key: text(key),
        name: text(name),
        description: text(description),
        members: texts(members),
    };
    vec![
        team("billing", "billing", "Invoices and refunds", &["agent", "admin"]),
        team("shipping", "shipping", "Parcels, customs and carriers", &["agent2"]),
        team("repairs", "repairs", "Warranty and spare parts", &["agent", "agent2"]),
    ]
}

fn labels() -> Vec<LabelSeed> {
    let label =
        |title: &str, color: &str, description: &str| LabelSeed { title: text(title), color: text(color), description: text(description) };
    vec![
        label("approved", "#22aa22", "Approved by a manager"),
        label("rejected", "#aa2222", "Refused by a manager"),
        label("escalate", "#dd2222", "Needs a decision"),
        label("refund", "#1f93ff", "Money back"),
        label("vip", "#ffaa00", "Handle first"),
        label("shipping", "#7c4dff", "On its way, or not"),
        label("warranty", "#009688", "Broken within two years"),
        label("wholesale", "#795548", "Cafés and offices"),
    ]
}

fn canned() -> Vec<CannedSeed> {
    [
        ("hi", "Hello {{contact.first_name}}, thanks for writing. How can we help?"),
        ("refund", "Your refund is on its way. It takes three to five working days to show on your statement."),
        ("tracking", "Your parcel is with the carrier. You can follow it with the number in your shipping mail."),
        ("photo", "Could you send us a photo of the damage and of the label on the box? Then we can decide quickly."),
        ("warranty", "This is covered by the two-year warranty. We will send you a replacement part free of charge."),
        ("descale", "Please run the descaling cycle twice with fresh water afterwards; that solves it nine times out of ten."),
        ("bye", "Happy to help, {{contact.first_name}}. Enjoy your coffee!"),
    ]
    .map(|(short_code, content)| CannedSeed { short_code: text(short_code), content: text(content) })
    .into()
}

fn attributes() -> Vec<AttributeSeed> {
    let attribute = |model: &str, kind: &str, key: &str, name: &str, description: &str, values: &[&str]| AttributeSeed {
        model: text(model),
        display_type: text(kind),
        key: text(key),
        name: text(name),
        description: text(description),
        values: texts(values),
    };
    vec![
        attribute("conversation_attribute", "text", "order_id", "Order", "Order number", &[]),
        attribute("contact_attribute", "list", "plan", "Plan", "Customer plan", &["free", "gold", "wholesale"]),
    ]
}

/// Key, name, address, number, plan.
const CONTACTS: [(&str, &str, &str, &str, &str); 26] = [
    ("ann", "Ann Buyer", "ann@example.com", "+15550100001", "gold"),
    ("bob", "Bob Walker", "bob@example.com", "", "free"),
    ("cyd", "Cyd Silent", "", "+15550100003", ""),
    ("misaki", "田中 美咲", "misaki.tanaka@example.jp", "", "gold"),
    ("wang", "王小明", "xiaoming.wang@example.cn", "", "free"),
    ("seoyeon", "김서연", "seoyeon.kim@example.kr", "", ""),
    ("amal", "أمل حداد", "amal.haddad@example.org", "", "free"),
    (
        "max",
        "Maximiliana Theodora von Hohenberg-Lichtenstein-Rosenthal (Procurement, Northern Region)",
        "procurement-northern-region@longnames.example",
        "",
        "wholesale",
    ),
    ("priya", "Priya Raman", "priya@example.in", "", "gold"),
    ("lars", "Lars Østergård", "lars@example.dk", "", "free"),
    ("zoe", "Zoë Müller-Brandt", "zoe@example.de", "", ""),
    ("mateo", "Mateo García", "mateo@example.es", "", "free"),
    ("olga", "Ольга Петрова", "olga@example.net", "", ""),
    ("tom", "Tom Becker", "tom.becker@example.com", "+4915550100014", "free"),
    ("nia", "Nia Abara", "nia@example.ng", "", "gold"),
    ("phone1", "+44 7700 900123", "", "+447700900123", ""),
    ("phone2", "Unknown caller", "", "+15550100077", ""),
    ("cafe", "Café Mirador", "orders@mirador.example", "", "wholesale"),
    ("office", "Bluebird Offices", "kitchen@bluebird.example", "", "wholesale"),
    ("grace", "Grace Liu", "grace.liu@example.com", "", "free"),
    ("henry", "Henry Adeyemi", "henry@example.co.uk", "", ""),
    ("ines", "Inês Carvalho", "ines@example.pt", "", "gold"),
    ("jack", "Jack O'Neill", "jack@example.ie", "", "free"),
    ("mallory", "Mallory", "mallory@example.invalid", "", ""),
    ("quinn", "Quinn Harper", "quinn@example.com", "", "free"),
    ("rosa", "Rosa Kim-Delgado", "rosa@example.mx", "", "free"),
];

fn contacts() -> Vec<ContactSeed> {
    CONTACTS
        .iter()
        .map(|(key, name, email, phone, plan)| ContactSeed {
            key: text(key),
            name: text(name),
            email: some(email),
            phone_number: some(phone),
            identifier: some(&format!("crm-{key}")),
            inbox: None,
            custom_attributes: some(plan).map(|p| Map::from_iter([(text("plan"), json!(p))])).unwrap_or_default(),
        })
        .collect()
}

fn conversation(t: &Thread) -> ConversationSeed {
    let additional = match t.inbox {
        "mail" => Map::from_iter([(text("mail_subject"), json!(subject(t)))]),
        "web" => Map::from_iter([(text("referer"), json!("https://shop.example/help"))]),
        _ => Map::new(),
    };
    ConversationSeed {
        inbox: text(t.inbox),
        contact: text(t.contact),
        status: text(t.status),
        assignee: some(t.assignee),
        team: some(t.team),
        priority: some(t.priority),
        labels: texts(t.labels),
        snoozed_for_min: (t.status == "snoozed").then_some(16 * 60),
        custom_attributes: some(t.order).map(|o| Map::from_iter([(text("order_id"), json!(o))])).unwrap_or_default(),
        additional_attributes: additional,
        messages: t.said.iter().map(|line| message(t, line)).collect(),
    }
}

/// A mail's subject: its first sentence, or the order.
fn subject(t: &Thread) -> String {
    let first = t.said.first().map_or("", |(_, _, words)| words);
    let sentence = first.split(['.', '?', '!']).next().unwrap_or(first);
    if t.order.is_empty() { sentence.to_owned() } else { format!("Order {}: {sentence}", t.order) }
}

fn message(t: &Thread, (from, ago_min, words): &Line) -> MessageSeed {
    let files = today::FILES.iter().filter(|f| f.contact == t.contact && f.ago_min == *ago_min).map(file).collect();
    MessageSeed { from: text(from.trim_start_matches('*')), text: text(words), ago_min: *ago_min, private: from.starts_with('*'), files }
}

fn file(f: &Enclosed) -> FileSeed {
    let picture = f.content_type.starts_with("image/");
    let (words, raw) = if picture { ("", f.content) } else { (f.content, "") };
    FileSeed { name: text(f.name), content_type: text(f.content_type), text: text(words), base64: text(raw) }
}

/// Customers who keep writing while the demo runs.
fn script() -> Vec<CustomerSeed> {
    let customer = |key: &str, inbox: &str, after_s: u64, every_s: u64, words: &[&str]| CustomerSeed {
        contact: ContactSeed { key: text(key), ..ContactSeed::default() },
        inbox: text(inbox),
        texts: texts(words),
        every_ms: every_s * 1000,
        count: 0,
        after_ms: after_s * 1000,
        new_conversation_each: false,
        mail: crate::world::MailSeed::default(),
    };
    vec![
        customer(
            "quinn",
            "api",
            8,
            25,
            &[
                "Hello, I ordered a hand grinder (A-1188) and the box says express, but nothing has come.",
                "The tracking page still says \"label created\".",
                "It is a birthday present for Saturday, so I am getting a bit nervous.",
                "If it cannot be here by Friday I would rather have the money back.",
            ],
        ),
        customer(
            "rosa",
            "web",
            20,
            40,
            &[
                "Hi! Is the glass carafe of the C-6 dishwasher safe?",
                "And do you sell the lid separately?",
                "Perfect, thank you. I will order one tonight.",
            ],
        ),
        customer(
            "ann",
            "api",
            35,
            60,
            &["One more thing about my order: can you send the invoice to my office instead?", "No hurry, end of the week is fine."],
        ),
        customer(
            "cafe",
            "mail",
            55,
            90,
            &[
                "We would take forty kilos a month if the price per kilo goes below eighteen. Who can decide that?",
                "We have an offer from someone else that runs out tomorrow evening.",
            ],
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_fits_together_and_has_what_it_promises() {
        let world = World::demo_shop();
        world.check().unwrap();
        assert!(world.conversations.len() >= 30);
        let has = |status: &str| world.conversations.iter().any(|c| c.status == status);
        assert!(["open", "pending", "resolved", "snoozed"].into_iter().all(has));
        for inbox in ["api", "web", "mail"] {
            assert!(world.conversations.iter().filter(|c| c.inbox == inbox).count() >= 5, "{inbox}");
        }
        assert!(world.conversations.iter().flat_map(|c| &c.messages).any(|m| m.text.contains("\u{1b}]0;x\u{7}")));
        assert!(world.inboxes.iter().all(|i| !i.members.contains(&"sync".to_owned())));
        let titles: Vec<&String> = world.labels.iter().map(|l| &l.title).collect();
        assert!(world.conversations.iter().flat_map(|c| &c.labels).all(|l| titles.contains(&l)));
        for c in &world.conversations {
            assert!(c.messages.windows(2).all(|w| w[0].ago_min >= w[1].ago_min), "{} is out of order", c.contact);
            assert!(
                c.messages
                    .iter()
                    .all(|m| ["customer", "activity", "bot"].contains(&m.from.as_str()) || world.users.iter().any(|u| u.key == m.from))
            );
        }
        let files = world.conversations.iter().flat_map(|c| &c.messages).map(|m| m.files.len()).sum::<usize>();
        assert_eq!(files, today::FILES.len(), "every file found its message");
    }
}
