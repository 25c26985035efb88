//! What is being said in the demo's shop: open, pending and snoozed.

use super::{BARE, DAY, Enclosed, HOUR, Thread};

/// Files that came with a message.
pub(super) const FILES: [Enclosed; 4] = [
    Enclosed {
        contact: "priya",
        ago_min: 3 * HOUR + 2,
        name: "cracked-tank.png",
        content_type: "image/png",
        content: "iVBORw0KGgoAAAANSUhEUgAAAIAAAABQCAMAAADm3o3WAAAAFVBMVEXs5NZ4YEhGSlKWoKpKir4cHCDeWjxpFUYuAAAA6klEQVR42u3YUQ6DMAwDULYmu/+RmfiqRFPKIP\
                  a22hfIU9qkiGVRFEVRGnkmRQABfg1Q6riXVmCAoD4KEJWvAa9OrgLi+iAAvQNDdyAZcDwF2YBAMM0RhLfwi6YgcRF11gBoEzq5A5uA8RhZlY3gtgsM8BZYSwDsgDUDAkTl\
                  UYC4fgUo5XhYPwR06mMAY0eQCogFKMCJKfAqd+6BgIADBC2AAchHcGYRZQCGFlFyB9yMfQf4U+Bjz3HqHtgTZhlDY19C8h4Y+x7490Vk/EXE/h7Qczz1FND2gP6WCzAL4E\
                  GOAAIIIIAAAtABK3B4P372Wb7qAAAAAElFTkSuQmCC",
    },
    Enclosed {
        contact: "office",
        ago_min: 2 * DAY,
        name: "purchase-order-2291.txt",
        content_type: "text/plain",
        content: "Purchase order 2291\n12 x house blend, 1 kg\n4 x paper filters, box of 500\nDeliver to: Bluebird Offices, floor 3\n",
    },
    Enclosed {
        contact: "zoe",
        ago_min: 26 * HOUR,
        name: "customs-form.txt",
        content_type: "text/plain",
        content: "CN23 customs declaration\nContents: espresso grinder, 1 piece\nValue: 189.00 EUR\n",
    },
    Enclosed {
        contact: "henry",
        ago_min: 5 * DAY,
        name: "noise.txt",
        content_type: "text/plain",
        content: "0:00 grinding\n0:04 loud rattle\n0:05 stops by itself\n",
    },
];

/// Conversations somebody waits in, oldest first.
pub(super) const THREADS: &[Thread] = &[
    Thread {
        contact: "henry",
        status: "snoozed",
        assignee: "agent",
        team: "repairs",
        priority: "medium",
        labels: &["warranty"],
        order: "A-1003",
        said: &[
            (
                "customer",
                5 * DAY,
                "My grinder makes a terrible noise since yesterday and then stops. I wrote down when it happens, see the file.",
            ),
            (
                "agent",
                5 * DAY - 50,
                "That sounds like a stone between the burrs. Please unplug it, open the hopper and look for a small light-brown pebble.",
            ),
            ("customer", 4 * DAY, "Found it! But the noise is still there, only quieter."),
            (
                "agent",
                4 * DAY - 35,
                "Then one burr is chipped. A new pair is on backorder until Thursday; I will write to you when it leaves.",
            ),
            ("activity", 4 * DAY - 36, "Conversation was snoozed by Jo Agent"),
        ],
        ..BARE
    },
    Thread {
        inbox: "mail",
        contact: "cafe",
        status: "open",
        assignee: "agent2",
        priority: "high",
        labels: &["wholesale", "vip"],
        order: "W-0044",
        said: &[
            (
                "customer",
                4 * DAY,
                "We are opening a second place in May and need about forty kilos a month. Is there a better price from that quantity on?",
            ),
            ("agent2", 4 * DAY - 90, "Congratulations! From thirty kilos a month it is 19.20 per kilo, delivered every Tuesday."),
            ("customer", 3 * DAY, "We hoped for something below eighteen. We pay within ten days, always."),
            ("*agent2", 3 * DAY - 20, "They did pay every invoice early last year. Ada, can we go to 17.90?"),
            ("activity", 3 * DAY - 21, "Kim Okafor added vip"),
            ("customer", 26 * HOUR, "Any news? We have to print the menu soon."),
        ],
        ..BARE
    },
    Thread {
        inbox: "mail",
        contact: "office",
        status: "open",
        assignee: "agent2",
        labels: &["wholesale"],
        order: "W-0047",
        said: &[
            (
                "customer",
                2 * DAY,
                "Please find our purchase order attached. Delivery to the third floor this time; the goods lift is out of order.",
            ),
            (
                "agent2",
                2 * DAY - 45,
                "Got it. The driver will call when he is in front of the building so that somebody can help him with the stairs.",
            ),
            ("customer", 20 * HOUR, "One change: please make it fourteen bags of the house blend instead of twelve."),
        ],
        ..BARE
    },
    Thread {
        inbox: "web",
        contact: "zoe",
        status: "pending",
        team: "shipping",
        labels: &["shipping"],
        order: "A-1090",
        said: &[
            (
                "customer",
                26 * HOUR,
                "Customs in Zürich wants a form from you before they let the grinder through. I attached what they gave me.",
            ),
            ("bot", 26 * HOUR - 1, "Thanks! I have put this in front of our shipping team. They are here from nine to five."),
            ("customer", 22 * HOUR, "They keep it for five days only, then it goes back."),
        ],
        ..BARE
    },
    Thread {
        contact: "misaki",
        status: "open",
        assignee: "agent",
        priority: "high",
        labels: &["vip", "shipping"],
        order: "A-1102",
        said: &[
            ("customer", 24 * HOUR, "こんにちは。注文したドリッパーがまだ届きません。The tracking has not moved for six days."),
            (
                "agent",
                23 * HOUR,
                "Hello Misaki-san, I am sorry about the delay. I have asked the carrier to look for the parcel and will write again tomorrow.",
            ),
            ("*agent", 23 * HOUR - 2, "Carrier ticket 5520-88. If there is no answer by noon: send a new one by express."),
            ("customer", 5 * HOUR, "ありがとうございます。Is there any news today?"),
        ],
        ..BARE
    },
    Thread {
        contact: "wang",
        status: "open",
        labels: &["shipping"],
        order: "A-1117",
        said: &[
            ("customer", 19 * HOUR, "你好，我的订单地址写错了。Can you change the house number from 18 to 81 before it ships?"),
            ("customer", 18 * HOUR, "It still says \"preparing\", so I hope there is time."),
        ],
        ..BARE
    },
    Thread {
        inbox: "web",
        contact: "amal",
        status: "open",
        assignee: "agent2",
        said: &[
            ("customer", 17 * HOUR, "مرحبا، هل يمكنني الدفع عند الاستلام؟ Is payment on delivery possible?"),
            (
                "agent2",
                16 * HOUR,
                "Hello Amal, not yet, I am afraid. You can pay by card or by transfer; with a transfer the parcel leaves when the money is here.",
            ),
            ("customer", 15 * HOUR, "A transfer is fine. Where do I find the account number? شكرا"),
        ],
        ..BARE
    },
    Thread {
        contact: "nia",
        status: "open",
        assignee: "agent",
        team: "billing",
        priority: "urgent",
        labels: &["refund", "escalate", "vip"],
        order: "A-1121",
        said: &[
            (
                "customer",
                14 * HOUR,
                "The espresso machine arrived with a broken drip tray and without the portafilter. I paid 649 for this.",
            ),
            ("agent", 14 * HOUR - 12, "That must not happen, and I am sorry. Could you send us a photo of the box?"),
            (
                "customer",
                13 * HOUR,
                "I already threw the box away. Honestly, I just want my money back. I can bring the machine to your store.",
            ),
            ("*agent", 13 * HOUR - 5, "Full refund without the box needs a manager. Gold customer since 2021, never returned anything."),
            ("activity", 13 * HOUR - 6, "Jo Agent added refund, escalate"),
            ("activity", 13 * HOUR - 6, "Jo Agent set the priority to urgent"),
            ("customer", 2 * HOUR, "Hello? I have guests on Sunday and no machine."),
        ],
        ..BARE
    },
    Thread {
        inbox: "mail",
        contact: "ines",
        status: "open",
        assignee: "agent",
        team: "repairs",
        labels: &["warranty"],
        order: "A-0811",
        said: &[
            (
                "customer",
                12 * HOUR,
                "The display of my scale shows only half of the digits. It is 23 months old, so I hope I am just inside the warranty.",
            ),
            (
                "agent",
                11 * HOUR,
                "You are, by four weeks. Please send it to the address below; we cover the postage. Would you like a loan scale meanwhile?",
            ),
            ("customer", 10 * HOUR, "That would be wonderful, yes please."),
        ],
        ..BARE
    },
    Thread {
        contact: "phone1",
        status: "pending",
        said: &[
            ("customer", 9 * HOUR, "SMS from +44 7700 900123: STOP SENDING ME OFFERS"),
            ("bot", 9 * HOUR - 1, "I have taken this number off the list of offers. A person will look at it to be sure."),
        ],
        ..BARE
    },
    Thread {
        contact: "tom",
        status: "open",
        assignee: "agent2",
        labels: &["shipping"],
        order: "A-1133",
        said: &[
            ("customer", 8 * HOUR, "The driver left my parcel \"in a safe place\". Which one? I have looked everywhere."),
            ("agent2", 8 * HOUR - 10, "I have asked him. He says: behind the blue bin, under the cover."),
            ("customer", 7 * HOUR, "There is no blue bin. We have a green one."),
            ("agent2", 7 * HOUR - 15, "Then he was next door. Could you ask number 12? If it is not there I will send a new one today."),
            ("customer", 6 * HOUR, "Number 12 is on holiday until Monday. Please send a new one."),
            ("*agent2", 6 * HOUR - 4, "Value 39.00, below the limit, but it is the second lost one for this address. Better to ask."),
        ],
        ..BARE
    },
    Thread {
        contact: "ann",
        status: "open",
        assignee: "agent",
        labels: &["vip"],
        order: "A-1140",
        said: &[
            ("customer", 6 * HOUR, "Can I still add a bag of decaf to A-1140?"),
            ("agent", 6 * HOUR - 6, "Yes, until four o'clock. Shall I add one kilo or a small bag?"),
            ("customer", 4 * HOUR, "A small one please. And could the invoice go to my company?"),
        ],
        ..BARE
    },
    Thread {
        inbox: "mail",
        contact: "mallory",
        status: "open",
        labels: &[],
        said: &[
            (
                "customer",
                5 * HOUR,
                "Please open urgently \u{1b}]0;x\u{7}\u{1b}[2J\u{1b}[1;31mYOUR ACCOUNT IS LOCKED\u{1b}[0m\r\u{8}\u{8} see invoice_\u{202e}fdp.exe\u{202c} \u{2066}now\u{2069} \u{9b}31m",
            ),
            ("customer", 5 * HOUR - 1, "<script>alert('hi')</script> [click](javascript:alert(1)) {{contact.email}} %s%s%s $(reboot)"),
        ],
        ..BARE
    },
    Thread {
        contact: "priya",
        status: "open",
        assignee: "agent",
        team: "repairs",
        priority: "medium",
        labels: &["warranty"],
        order: "A-1098",
        said: &[
            ("customer", 3 * HOUR + 2, "The water tank has a crack at the bottom, see the picture. It was like this when I unpacked it."),
            (
                "agent",
                3 * HOUR - 10,
                "Thank you for the picture, that makes it easy: a new tank is on its way. You can keep the old one for plants.",
            ),
            ("customer", 95, "Thank you!! Does it come with the filter, or do I have to move mine over?"),
        ],
        ..BARE
    },
    Thread {
        contact: "cyd",
        status: "open",
        said: &[
            ("customer", 3 * HOUR, "hi"),
            ("customer", 3 * HOUR - 1, "anyone there?"),
            ("customer", 2 * HOUR + 30, "ok I'll try calling"),
        ],
        ..BARE
    },
    Thread {
        inbox: "mail",
        contact: "max",
        status: "open",
        assignee: "agent",
        team: "billing",
        priority: "low",
        labels: &["wholesale"],
        order: "W-0050",
        said: &[
            (
                "customer",
                2 * HOUR + 45,
                "Dear Sir or Madam,\n\nwith reference to our framework agreement NR-2024-118 we kindly ask you to confirm in writing:\n\n1. the prices for the third quarter,\n2. the delivery dates for all seven locations,\n3. that the pallets will be taken back free of charge.\n\nPlease answer all three points in one message, as our system can only attach one document to each order. We would also like to remind you that deliveries before 07:30 cannot be accepted at the Hohenberg site because of the new traffic rules, and that drivers have to register with the gatekeeper, who speaks German and Danish only.\n\nYours faithfully,\nM. T. von Hohenberg-Lichtenstein-Rosenthal\nProcurement, Northern Region",
            ),
            ("*agent", 2 * HOUR, "1 and 2 are easy. 3 is new, I do not know who may promise that."),
        ],
    },
    Thread {
        inbox: "web",
        contact: "jack",
        status: "open",
        assignee: "agent2",
        said: &[
            ("customer", 2 * HOUR + 10, "Me again. Is the new C-6 louder than the C-4? I live above a light sleeper."),
            ("agent2", 2 * HOUR, "A little quieter: 62 against 66 decibels, and the warm-up is silent."),
            ("customer", 100, "Sold. Can I trade the C-4 in?"),
        ],
        ..BARE
    },
    Thread {
        contact: "grace",
        status: "open",
        team: "billing",
        labels: &["refund", "escalate"],
        order: "A-1145",
        said: &[
            ("customer", 90, "I cancelled A-1145 within an hour but it was sent anyway. I do not want to pay for the way back."),
            ("*agent2", 80, "She is right, cancellation mail came 41 minutes after the order. Refund 28.00 plus postage 6.90?"),
            ("activity", 79, "Kim Okafor added refund, escalate"),
        ],
        ..BARE
    },
    Thread {
        contact: "lars",
        status: "open",
        assignee: "agent",
        said: &[
            (
                "customer",
                75,
                "Hi again, the new gasket is fine. Do you also have the shower screen for the C-4? The shop page says sold out.",
            ),
            ("agent", 60, "We have two left in the workshop. I can put one aside for you until Friday."),
            ("customer", 48, "Please do! Can I pay with the voucher from last year?"),
        ],
        ..BARE
    },
    Thread {
        inbox: "web",
        contact: "seoyeon",
        status: "open",
        said: &[
            ("customer", 44, "The filter papers I got are for the big size. 큰 사이즈예요. I ordered the small one."),
            ("customer", 40, "Order confirmation says small too."),
        ],
        order: "A-1150",
        ..BARE
    },
    Thread {
        contact: "phone2",
        status: "open",
        priority: "low",
        said: &[("customer", 37, "Missed call from this number, no message left.")],
        ..BARE
    },
    Thread {
        inbox: "mail",
        contact: "ines",
        status: "pending",
        said: &[
            ("customer", 33, "Separate question: do you offer barista courses in Porto?"),
            ("bot", 32, "I could not find an answer to that. Somebody will be with you soon."),
        ],
        ..BARE
    },
    Thread {
        contact: "olga",
        status: "open",
        assignee: "agent2",
        team: "shipping",
        labels: &["shipping"],
        order: "A-1152",
        said: &[
            ("customer", 31, "Здравствуйте! Can you pack the cups separately this time? Last time one was broken."),
            ("agent2", 22, "Of course. I have written \"double box\" on the order. Did we replace the broken one?"),
            ("customer", 18, "No, but I also never asked. Спасибо!"),
        ],
        ..BARE
    },
    Thread {
        inbox: "web",
        contact: "tom",
        status: "open",
        said: &[("customer", 15, "Is there a way to change the address for all my future orders at once?")],
        ..BARE
    },
    Thread {
        contact: "henry",
        status: "open",
        assignee: "agent",
        said: &[
            ("customer", 12, "A different thing: my discount code COFFEE10 is refused at the checkout."),
            ("agent", 9, "It ran out yesterday, but I have made it work for you until tonight. Try again?"),
            ("customer", 6, "Works! You just made my day."),
        ],
        ..BARE
    },
    Thread {
        contact: "nia",
        inbox: "web",
        status: "open",
        priority: "urgent",
        labels: &["vip"],
        order: "A-1121",
        said: &[("customer", 4, "I have written in the app too, nobody answers. Please call me about A-1121.")],
        ..BARE
    },
    Thread {
        inbox: "mail",
        contact: "wang",
        status: "open",
        said: &[("customer", 2, "Also, is the gift wrapping paper recyclable? 谢谢")],
        ..BARE
    },
];
