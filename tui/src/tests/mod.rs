//! Keys typed and screens compared.

mod activity;
mod behaviour;
mod reading;
mod safety;
mod screens;
mod world;
