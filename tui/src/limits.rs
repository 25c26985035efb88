//! `[waiting]` of `config.toml`: when a waiting customer's age is marked, and when it counts as late; for each inbox if it has its own.

use api::inbox::InboxView;
use serde::{Deserialize, Serialize};

/// Minutes that can be set at most: a hundred days.
const MINUTES_MAX: u32 = 144_000;
/// Inboxes with limits of their own at most.
const INBOXES_MAX: usize = 200;

/// The limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// After so many minutes the age is marked: `18m^`.
    pub ageing_minutes: u32,
    /// After so many it is late: `41m^^`.
    pub late_minutes: u32,
    /// Inboxes with limits of their own; the first that fits counts.
    pub inboxes: Vec<InboxLimits>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { ageing_minutes: 15, late_minutes: 30, inboxes: Vec::new() }
    }
}

/// One of `[[waiting.inboxes]]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InboxLimits {
    /// The inbox's name, whatever the case, or its id.
    pub inbox: String,
    /// As everywhere, where absent.
    pub ageing_minutes: Option<u32>,
    /// As everywhere, where absent.
    pub late_minutes: Option<u32>,
}

impl Limits {
    /// What serde cannot check.
    ///
    /// # Errors
    /// The first field that is wrong, by its name, with what it can be.
    pub fn check(&self) -> Result<(), String> {
        if self.inboxes.len() > INBOXES_MAX {
            return Err(format!("waiting.inboxes: at most {INBOXES_MAX}"));
        }
        let bounds = |name: &str, ageing: u32, late: u32| {
            for (field, minutes) in [("ageing_minutes", ageing), ("late_minutes", late)] {
                if !(1..=MINUTES_MAX).contains(&minutes) {
                    return Err(format!("{name}.{field}: 1 to {MINUTES_MAX} (minutes)"));
                }
            }
            if late < ageing { Err(format!("{name}.late_minutes: {late} is before ageing_minutes, {ageing}")) } else { Ok(()) }
        };
        bounds("waiting", self.ageing_minutes, self.late_minutes)?;
        for (n, own) in self.inboxes.iter().enumerate() {
            let name = format!("waiting.inboxes[{}]", n + 1);
            if own.inbox.trim().is_empty() {
                return Err(format!("{name}.inbox: the name or the id of an inbox"));
            }
            let (ageing, late) = self.with(own);
            bounds(&name, ageing, late)?;
        }
        Ok(())
    }

    fn with(&self, own: &InboxLimits) -> (u32, u32) {
        (own.ageing_minutes.unwrap_or(self.ageing_minutes), own.late_minutes.unwrap_or(self.late_minutes))
    }

    /// Minutes after which an age in an inbox is marked, and is late.
    pub fn of(&self, inbox: &InboxView) -> (i64, i64) {
        let fits = |own: &&InboxLimits| {
            let wanted = own.inbox.trim();
            wanted.to_lowercase() == inbox.name.trim().to_lowercase() || wanted.parse() == Ok(inbox.id)
        };
        let (ageing, late) = self.inboxes.iter().find(fits).map_or((self.ageing_minutes, self.late_minutes), |own| self.with(own));
        (i64::from(ageing), i64::from(late))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(inbox: &str, ageing: Option<u32>, late: Option<u32>) -> InboxLimits {
        InboxLimits { inbox: inbox.into(), ageing_minutes: ageing, late_minutes: late }
    }

    #[test]
    fn an_inbox_has_its_own_limits_by_name_or_id() {
        let inboxes = vec![own("shop MAIL", Some(60), Some(240)), own("7", None, Some(20)), own("7", Some(1), Some(2))];
        let limits = Limits { inboxes, ..Limits::default() };
        assert_eq!(limits.check(), Ok(()));
        let inbox = |id: i64, name: &str| InboxView { id, name: name.into(), channel: "Api".into(), email: None };
        assert_eq!(limits.of(&inbox(1, "Shop API")), (15, 30));
        assert_eq!(limits.of(&inbox(2, "Shop Mail ")), (60, 240));
        assert_eq!(limits.of(&inbox(7, "Chat")), (15, 20), "the first that fits");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |limits: Limits, want: &str| assert_eq!(limits.check(), Err(want.to_owned()));
        check(Limits { ageing_minutes: 0, ..Limits::default() }, "waiting.ageing_minutes: 1 to 144000 (minutes)");
        check(Limits { late_minutes: 10, ..Limits::default() }, "waiting.late_minutes: 10 is before ageing_minutes, 15");
        let with = |own: InboxLimits| Limits { inboxes: vec![own], ..Limits::default() };
        check(with(own("Mail", Some(40), None)), "waiting.inboxes[1].late_minutes: 30 is before ageing_minutes, 40");
        check(with(own("Mail", None, Some(999_999))), "waiting.inboxes[1].late_minutes: 1 to 144000 (minutes)");
        check(with(own(" ", None, None)), "waiting.inboxes[1].inbox: the name or the id of an inbox");
    }
}
