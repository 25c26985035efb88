//! What was said in the demo's shop and is settled by now.

use super::{BARE, DAY, HOUR, Thread};

/// Resolved conversations, oldest first.
pub(super) const THREADS: &[Thread] = &[
    Thread {
        inbox: "mail",
        contact: "olga",
        status: "resolved",
        assignee: "agent2",
        labels: &["shipping"],
        order: "A-0871",
        said: &[
            ("customer", 28 * DAY, "Do you ship to Kazakhstan? The checkout does not offer my country."),
            ("agent2", 28 * DAY - 95, "We do, by registered mail. I have switched your country on; please try again."),
            ("customer", 27 * DAY, "It worked, thank you!"),
            ("activity", 27 * DAY - 10, "Conversation was marked resolved by Kim Okafor"),
        ],
        ..BARE
    },
    Thread {
        contact: "lars",
        status: "resolved",
        assignee: "agent",
        labels: &["warranty"],
        order: "A-0902",
        said: &[
            ("customer", 21 * DAY, "The steam wand of my C-4 drips all day. I bought it in March."),
            ("agent", 21 * DAY - 40, "That is the gasket. It is covered by the warranty; a new one leaves today with a short guide."),
            ("*agent", 21 * DAY - 41, "Third C-4 gasket this month, told repairs."),
            ("customer", 17 * DAY, "Came today, took five minutes, no more dripping. Great service."),
            ("agent", 17 * DAY - 20, "Happy to hear it, Lars. Enjoy your coffee!"),
            ("activity", 17 * DAY - 20, "Conversation was marked resolved by Jo Agent"),
        ],
        ..BARE
    },
    Thread {
        inbox: "web",
        contact: "jack",
        status: "resolved",
        assignee: "agent2",
        said: &[
            ("customer", 15 * DAY, "Which grind for a moka pot?"),
            ("agent2", 15 * DAY - 3, "Fine, but coarser than for espresso: number 6 on our hand grinder, number 9 on the electric one."),
            ("customer", 15 * DAY - 5, "Cheers!"),
            ("activity", 14 * DAY, "Conversation was marked resolved by Kim Okafor"),
        ],
        ..BARE
    },
    Thread {
        inbox: "mail",
        contact: "grace",
        status: "resolved",
        assignee: "agent",
        team: "billing",
        labels: &["refund", "approved"],
        order: "A-0955",
        said: &[
            (
                "customer",
                12 * DAY,
                "I was charged twice for A-0955. Please look at the attached statement lines: 54.90 on the 3rd and again on the 4th.",
            ),
            (
                "*agent",
                12 * DAY - 30,
                "Confirmed in the payment tool: the first attempt timed out but was captured. Asking Ada for the refund.",
            ),
            ("activity", 12 * DAY - 31, "Jo Agent added refund"),
            ("activity", 11 * DAY, "Ada Admin added approved"),
            (
                "agent",
                11 * DAY - 5,
                "You are right, and I am sorry. 54.90 is on its way back to your card; it takes three to five working days.",
            ),
            ("customer", 8 * DAY, "The money is here. Thanks for sorting it out without a fuss."),
            ("activity", 8 * DAY - 2, "Conversation was marked resolved by Jo Agent"),
        ],
        ..BARE
    },
    Thread {
        contact: "mateo",
        status: "resolved",
        assignee: "agent",
        labels: &["refund", "rejected"],
        order: "A-0967",
        said: &[
            ("customer", 11 * DAY, "I want to return the beans I bought. I opened the bag but the taste is not for me."),
            ("agent", 11 * DAY - 60, "I understand. I have asked whether we can make an exception for an opened bag."),
            ("*admin", 10 * DAY, "No for opened food, we cannot sell it again. Offer a voucher for another roast."),
            (
                "agent",
                10 * DAY - 15,
                "We cannot take opened food back, but I have put a voucher for a lighter roast in your account. I think you will like it more.",
            ),
            ("customer", 9 * DAY, "Fair enough. I will try the Ethiopian one."),
            ("activity", 9 * DAY - 8, "Conversation was marked resolved by Jo Agent"),
        ],
        ..BARE
    },
    Thread {
        inbox: "web",
        contact: "seoyeon",
        status: "resolved",
        assignee: "agent2",
        labels: &["shipping"],
        said: &[
            ("customer", 9 * DAY, "안녕하세요. Do you have Korean instructions for the pour-over set?"),
            ("agent2", 9 * DAY - 25, "Hello! Yes, I have sent you the PDF. The drawings are on page 3."),
            ("customer", 9 * DAY - 40, "감사합니다!"),
            ("activity", 8 * DAY, "Conversation was marked resolved by Kim Okafor"),
        ],
        ..BARE
    },
    Thread {
        inbox: "mail",
        contact: "max",
        status: "resolved",
        assignee: "agent2",
        team: "billing",
        labels: &["wholesale"],
        order: "W-0031",
        said: &[
            (
                "customer",
                8 * DAY,
                "We require a pro forma invoice with our cost centre NR-4417 and the VAT number on the first page before we can release the payment.",
            ),
            ("agent2", 8 * DAY - 120, "Attached is the pro forma with cost centre and VAT number. Anything else on it?"),
            ("customer", 7 * DAY, "This is now correct. The payment has been released for the 15th."),
            ("activity", 7 * DAY - 30, "Conversation was marked resolved by Kim Okafor"),
        ],
        ..BARE
    },
    Thread {
        inbox: "web",
        contact: "bob",
        status: "resolved",
        assignee: "agent",
        said: &[
            ("customer", 7 * HOUR, "Do you have a store in Leeds?"),
            ("agent", 7 * HOUR - 2, "Only online, I am afraid. But everything can be returned within thirty days."),
            ("customer", 7 * HOUR - 3, "ok thx"),
            ("activity", 6 * HOUR, "Conversation was marked resolved by Jo Agent"),
        ],
        ..BARE
    },
];
