use ember::prelude::*;
use ember::Streaming;

#[message]
struct Tail {
    lines: Streaming<String>,
}
#[message]
enum Part {
    Some(Vec<Streaming<String>>),
}

#[message]
struct Read {
    at: std::time::Instant,
    why: std::io::Error,
    any: Box<dyn std::error::Error>,
}

fn main() {}
