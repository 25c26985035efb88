//! The websocket (Action Cable): what an agent's dashboard sees, as it happens.
//!
//! [`Machine`] knows the protocol and the time limits and does no IO; [`connect`] drives one connection with it. Frames lost while
//! disconnected are lost for good (section 11.3), so the caller reconnects (with [`Backoff`]) and then reads what it missed.

mod backoff;
mod driver;
mod event;
mod machine;

pub use backoff::Backoff;
pub use driver::{Cable, CableConfig, CableItem, connect};
pub use event::{CableEvent, Notification, NotificationChange};
pub use machine::{Action, Closed, Limits, Machine, Subscription};
