#![deny(warnings)]

use ember::prelude::*;

#[message]
#[derive(Debug, Clone, Default)]
pub struct Page<T> {
    pub items: Vec<T>,
    #[serde(default)]
    pub more: bool,
}

#[message]
pub enum Command {
    Go { to: u32 },
    Say(String),
    Stop,
}

#[message]
#[serde(rename_all = "lowercase")]
struct Unit;

pub fn all() -> impl ember::Message {
    (Page::<u8>::default(), Command::Stop, Command::Go { to: 1 }, Command::Say(String::new()), Unit)
}

fn main() {}
