use ember::prelude::*;

#[service(elected, acks = "leader")]
pub struct Scheduler;

fn main() {}
