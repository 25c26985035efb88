//! Keys typed and screens compared.

mod behaviour;
mod composing;
mod safety;
mod screens;
mod unlost;
mod world;
