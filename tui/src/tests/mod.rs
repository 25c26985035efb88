//! Keys typed and screens compared.

mod actions;
mod activity;
mod acts;
mod anything;
mod behaviour;
mod bytes;
mod composing;
mod contact_editing;
mod contacting;
mod contrast;
mod deciding;
mod erasing;
mod gallery;
mod hands;
mod list;
mod logout;
mod looks;
mod news;
mod reading;
#[cfg(target_os = "linux")]
mod restoring;
mod safety;
mod screens;
mod scripts;
mod searching;
mod seen;
mod shelf;
mod spoken;
mod templates;
mod unlost;
mod views;
mod vim;
mod waiting;
mod world;
