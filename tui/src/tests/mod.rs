//! Keys typed and screens compared.

mod behaviour;
mod list;
mod safety;
mod screens;
mod seen;
mod world;
