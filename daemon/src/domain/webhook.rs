//! Webhooks: whether one is believed without a signature, what becomes of one that could not be applied, and what Chatwoot will call.

use super::retry::Waits;

/// Tries before an event is a dead letter: the waits between them come to some four minutes, and by then it is the event, not the moment.
pub const ATTEMPTS_MAX: u32 = 8;
/// The waits between them. A store that cannot be written is told within a second; the longest stays below a reconcile's patience.
const WAITS: Waits = Waits { first: 2_000_000, longest: 300_000_000 };

/// The events that the sync learns something from. Typing and opened widgets are not kept here, the `inbox_*` events carry credentials.
pub const EVENTS: [&str; 7] = [
    "conversation_created",
    "conversation_status_changed",
    "conversation_updated",
    "message_created",
    "message_updated",
    "contact_created",
    "contact_updated",
];

/// The first Chatwoot that signs account webhooks and numbers its deliveries (section 10.3).
pub const SIGNS: (u32, u32, u32) = (4, 12, 0);
/// The first Chatwoot that refuses to call private addresses (section 10.2).
pub const GUARDS: (u32, u32, u32) = (4, 14, 0);

/// Major, minor and patch of a Chatwoot; `None` while it has not said it.
pub type Version = Option<(u32, u32, u32)>;

/// Why an event could not be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Its body cannot be read: another try reads the same.
    Unreadable,
    /// The store refused it: that may pass.
    Store,
}

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Tried again after so many microseconds.
    Again(i64),
    /// A dead letter: somebody looks, and replays or purges it.
    Dead,
}

/// What becomes of an event whose try number `attempts` failed. `spread` in 0..=1 is the jitter.
pub fn after_failure(cause: Cause, attempts: u32, spread: f64) -> Next {
    match cause {
        Cause::Unreadable => Next::Dead,
        Cause::Store if attempts >= ATTEMPTS_MAX => Next::Dead,
        Cause::Store => Next::Again(WAITS.before(attempts, spread)),
    }
}

/// Whether this Chatwoot signs its account webhooks.
pub fn signs(version: Version) -> Option<bool> {
    version.map(|version| version >= SIGNS)
}

/// Whether an unsigned webhook is believed: only where the operator said so, and only from a server known to sign none.
pub fn believes_unsigned(allowed: bool, version: Version) -> bool {
    allowed && signs(version) == Some(false)
}

/// Whether this Chatwoot refuses to call private addresses, unless its own settings lift that (4.14.1+).
pub fn guards_private(version: Version) -> bool {
    version.is_some_and(|version| version >= GUARDS)
}

/// Whether an IPv4 address is one that Chatwoot's guard refuses: private, loopback, link-local, CGNAT, documentation, or none at all.
pub fn is_private_v4([a, b, c, _]: [u8; 4]) -> bool {
    matches!(
        (a, b, c),
        (0 | 10 | 127, _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 168, _)
            | (192, 0, 0 | 2)
            | (198, 51, 100)
            | (203, 0, 113)
    )
}

/// The same of an IPv6 address, given as its eight groups.
pub fn is_private_v6(groups: [u16; 8]) -> bool {
    match groups {
        [0, 0, 0, 0, 0, 0xffff, high, low] => {
            let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
            is_private_v4([a, b, c, d])
        }
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => true,
        // fc00::/7, fe80::/10, 2001:db8::/32.
        [first, second, ..] => first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfe80 || (first, second) == (0x2001, 0xdb8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_store_failure_is_tried_again_later_and_later_and_then_dead() {
        let mut waited = 0;
        for attempts in 1..ATTEMPTS_MAX {
            let Next::Again(wait) = after_failure(Cause::Store, attempts, 0.0) else { panic!("dead after {attempts}") };
            waited += wait;
        }
        assert_eq!(waited / 1_000_000, 254);
        assert_eq!(after_failure(Cause::Store, ATTEMPTS_MAX, 0.0), Next::Dead);
        assert_eq!(after_failure(Cause::Unreadable, 1, 0.5), Next::Dead, "another try would read the same");
    }

    #[test]
    fn unsigned_is_believed_only_when_allowed_and_from_a_server_known_to_sign_none() {
        for (allowed, version, believed) in [
            (true, Some((4, 6, 0)), true),
            (true, Some((4, 11, 2)), true),
            (true, Some((4, 12, 0)), false),
            (true, Some((4, 15, 1)), false),
            (true, Some((5, 0, 0)), false),
            (true, None, false),
            (false, Some((4, 6, 0)), false),
            (false, None, false),
        ] {
            assert_eq!(believes_unsigned(allowed, version), believed, "{allowed} {version:?}");
        }
    }

    #[test]
    fn private_addresses_are_those_that_the_guard_refuses() {
        for (address, private) in [
            ([10, 1, 2, 3], true),
            ([127, 0, 0, 1], true),
            ([172, 16, 0, 1], true),
            ([172, 32, 0, 1], false),
            ([192, 168, 1, 1], true),
            ([169, 254, 1, 1], true),
            ([100, 64, 0, 1], true),
            ([100, 128, 0, 1], false),
            ([192, 0, 2, 1], true),
            ([198, 51, 100, 7], true),
            ([203, 0, 113, 7], true),
            ([8, 8, 8, 8], false),
        ] {
            assert_eq!(is_private_v4(address), private, "{address:?}");
        }
        for (groups, private) in [
            ([0, 0, 0, 0, 0, 0, 0, 1], true),
            ([0xfd00, 0, 0, 0, 0, 0, 0, 1], true),
            ([0xfe80, 0, 0, 0, 0, 0, 0, 1], true),
            ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1], true),
            ([0, 0, 0, 0, 0, 0xffff, 0x0a00, 1], true),
            ([0, 0, 0, 0, 0, 0xffff, 0x0808, 0x0808], false),
            ([0x2a00, 0x1450, 0, 0, 0, 0, 0, 1], false),
        ] {
            assert_eq!(is_private_v6(groups), private, "{groups:x?}");
        }
        assert!(guards_private(Some((4, 14, 0))) && !guards_private(Some((4, 13, 9))) && !guards_private(None));
    }

    proptest! {
        #[test]
        fn no_event_is_tried_for_ever(spread in 0.0f64..1.0, attempts in ATTEMPTS_MAX..=u32::MAX) {
            prop_assert_eq!(after_failure(Cause::Store, attempts, spread), Next::Dead);
        }
    }
}
