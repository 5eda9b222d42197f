use ember::prelude::*;

// Nodes know an event by one name.
#[message(event)]
struct Reading<T>(T);

#[message(event, name = "")]
struct Rain(u32);

#[message(event, name = rain)]
struct Snow(u32);

#[message(event = true)]
struct Hail(u32);

#[message(name = "wind")]
struct Wind(u32);

#[message(events)]
struct Fog(u32);

fn main() {}
