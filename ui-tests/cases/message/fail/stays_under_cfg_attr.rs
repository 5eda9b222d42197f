use ember::prelude::*;

#[message]
pub struct Outcome {
    #[cfg_attr(any(), serde(skip))]
    of_a_call: CallError<String>,
}

fn main() {}
