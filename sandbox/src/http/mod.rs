//! HTTP as Rails speaks it: requests read into a [`Call`], answers and refusals in Chatwoot's shapes.

mod call;
mod reply;

pub(crate) use call::Call;
pub(crate) use reply::{Outcome, Refusal, Reply, respond};
