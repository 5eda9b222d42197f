//! A service that fails as it is told.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use ember::{Error, prelude::*};

#[service]
#[derive(Default)]
pub struct Fragile {
    fails_to_start: bool,
}

#[rpc]
impl Fragile {
    #[on(start)]
    async fn start(&mut self) -> Result<(), Error> {
        if self.fails_to_start { Err(Error::Configuration("as asked".into())) } else { Ok(()) }
    }

    pub async fn rpc_break(&mut self) {
        panic!("as asked");
    }

    pub async fn rpc_rest(&mut self) {}
}

/// One that is registered.
pub fn fragile(fails_to_start: bool) -> Hosted<Fragile> {
    Hosted::new(Fragile { fails_to_start }).on_panic(OnPanic::Stop).id("the one").register()
}
