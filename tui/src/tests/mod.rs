//! Keys typed and screens compared.

mod behaviour;
mod contacting;
mod safety;
mod screens;
mod searching;
mod world;
