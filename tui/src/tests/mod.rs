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
mod hands;
mod list;
mod looks;
mod news;
mod reading;
mod safety;
mod screens;
mod scripts;
mod searching;
mod seen;
mod unlost;
mod vim;
mod waiting;
mod world;
