use ember::prelude::*;

#[service(elected, min_in_sync = 2)]
pub struct Scheduler;

fn main() {}
