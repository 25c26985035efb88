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
mod logout;
mod looks;
mod news;
mod reading;
mod safety;
mod screens;
mod scripts;
mod searching;
mod seen;
mod shelf;
mod unlost;
mod views;
mod vim;
mod waiting;
mod world;
