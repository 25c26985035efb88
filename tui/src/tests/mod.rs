//! Keys typed and screens compared.

mod actions;
mod behaviour;
mod safety;
mod screens;
mod world;
