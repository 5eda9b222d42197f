use std::num::ParseIntError;

use ember::prelude::*;

#[service]
pub struct Clock;

#[rpc]
impl Clock {
    #[on(start)]
    fn wind(&mut self) -> Result<(), String> {
        Err("no key".to_owned())
    }

    #[every("1s")]
    async fn tick(&mut self) -> Result<(), ParseIntError> {
        "7".parse::<u32>().map(drop)
    }
}

fn main() {}
