//! Keys typed and screens compared.

mod behaviour;
mod safety;
mod screens;
mod searching;
mod world;
