//! Keys typed and screens compared.

mod actions;
mod activity;
mod behaviour;
mod composing;
mod list;
mod reading;
mod safety;
mod screens;
mod seen;
mod unlost;
mod world;
