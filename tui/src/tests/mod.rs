//! Keys typed and screens compared.

mod activity;
mod behaviour;
mod list;
mod reading;
mod safety;
mod screens;
mod seen;
mod world;
