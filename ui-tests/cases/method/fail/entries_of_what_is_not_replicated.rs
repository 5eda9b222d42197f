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
pub struct Plain;

#[rpc]
impl Plain {
    #[on(entry)]
    async fn the_entry_itself(&mut self, _entry: &u64) {}
}

#[service]
pub struct Gaps;

#[rpc]
impl Gaps {
    #[on(gap)]
    async fn not_a_gap(&mut self, _gap: &Posted<Ledger>) {}
}

#[service]
pub struct Deaf;

#[rpc]
impl Deaf {
    #[on(start)]
    async fn begin(&mut self, cx: &mut Cx<'_, Self>) {
        cx.follow::<Ledger>().all();
    }

    #[on(gap)]
    async fn gap(&mut self, _gap: &EntryGap<Ledger>) {}
}

fn main() {}
