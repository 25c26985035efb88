//! Contacts as they are listed, with everything that is known of each.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use crate::inbox::ContactView;

/// A contact with its attributes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContactDetail {
    /// Name and addresses.
    #[serde(flatten)]
    pub contact: ContactView,
    /// Chatwoot's own keys, such as `city` and `company_name`; untrusted.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub additional_attributes: Map<String, Value>,
    /// The account's keys; untrusted.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub custom_attributes: Map<String, Value>,
    /// When the customer was last active; `null`: never, or not said.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_activity_at: Option<Timestamp>,
    /// When Chatwoot made the contact, as far as it said.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub created_at: Option<Timestamp>,
}

/// Which contacts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ContactQuery {
    /// Words that name, e-mail address, phone number or identifier hold; every one of them somewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Rows at most, 1 to 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `meta.next_cursor` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}
