use ember::prelude::*;

#[message(event, retain)]
struct Rain(u32);

#[message(event, scope = "cluster")]
struct Snow(u32);

fn main() {}
