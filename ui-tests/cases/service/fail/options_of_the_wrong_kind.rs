use ember::prelude::*;

#[service(elected = true, min_in_sync = 2s)]
pub struct Flag;

#[service(elected, acks = leader)]
pub struct Word;

#[service(elected, acks("all"))]
pub struct List;

#[service(replicated, replicas = 3)]
pub struct Elsewhere;

fn main() {}
