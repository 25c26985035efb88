//! Keys typed and screens compared.

mod actions;
mod activity;
mod anything;
mod behaviour;
mod bytes;
mod composing;
mod contacting;
mod contrast;
mod gallery;
mod list;
mod reading;
mod safety;
mod screens;
mod scripts;
mod searching;
mod seen;
mod spoken;
mod unlost;
mod waiting;
mod world;
