//! Keys typed and screens compared.

mod activity;
mod behaviour;
mod safety;
mod screens;
mod world;
