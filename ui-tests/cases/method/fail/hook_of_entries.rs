use ember::{EntryGap, Posted, prelude::*};

#[service(elected)]
#[derive(Default)]
pub struct Ledger;

impl Replicated for Ledger {
    type State = u64;
    type Entry = u64;
    type Output = u64;

    fn apply(state: &mut u64, entry: &u64) -> u64 {
        *state += entry;
        *state
    }
}

#[service]
pub struct Reader;

#[rpc]
impl Reader {
    #[on(entry)]
    async fn nothing(&mut self) {}

    #[on(entry)]
    async fn owned(&mut self, _posted: Posted<Ledger>) {}

    #[on(gap)]
    async fn mutable(&mut self, _gap: &mut EntryGap<Ledger>) {}

    #[on(entry)]
    #[on(entry)]
    async fn twice(&mut self, _posted: &Posted<Ledger>) {}

    #[on(entry)]
    #[on(gap)]
    async fn both(&mut self, _posted: &Posted<Ledger>) {}

    #[on(entry)]
    #[on(event)]
    async fn event(&mut self, _posted: &Posted<Ledger>) {}

    #[on(gap)]
    #[every("1s")]
    async fn timer(&mut self, _gap: &EntryGap<Ledger>) {}
}

fn main() {}
