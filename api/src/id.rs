//! One newtype per id, so that a message's number is never taken for a conversation's.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                s.parse().map(Self)
            }
        }
    };
}

number_id!(
    /// Chatwoot's display id of a conversation: unique inside one account, what its web page shows as `#12`.
    ConversationId
);
number_id!(
    /// Chatwoot's id of a message: unique on one installation.
    MessageId
);
uuid_id!(
    /// An approval.
    ApprovalId
);
uuid_id!(
    /// One write waiting for, or done in, Chatwoot.
    OutboxId
);
uuid_id!(
    /// A tenant.
    TenantId
);
uuid_id!(
    /// One row of the activity feed.
    ActivityId
);

uuid_id!(
    /// A webhook that was kept.
    WebhookId
);

/// The short name that people use for an approval, `AP-42`: counted per tenant from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference(pub u32);

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AP-{}", self.0)
    }
}

/// The text is not of the form `AP-42`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a reference such as AP-42")]
pub struct NotAReference;

impl FromStr for Reference {
    type Err = NotAReference;

    /// Reads `AP-42`, in any case.
    fn from_str(s: &str) -> Result<Self, NotAReference> {
        let digits = s.get(..3).filter(|p| p.eq_ignore_ascii_case("ap-")).and_then(|_| s.get(3..)).ok_or(NotAReference)?;
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NotAReference);
        }
        digits.parse().map(Self).map_err(|_| NotAReference)
    }
}

impl Serialize for Reference {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_read_as_people_type_them() {
        for (text, want) in [
            ("AP-42", Some(42)),
            ("ap-7", Some(7)),
            ("AP-", None),
            ("42", None),
            ("AP--1", None),
            ("AP-+1", None),
            ("AP-99999999999", None),
            ("é", None),
        ] {
            assert_eq!(text.parse::<Reference>().ok().map(|r| r.0), want, "{text}");
        }
        assert_eq!(Reference(42).to_string(), "AP-42");
    }
}
