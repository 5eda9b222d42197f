use ember::prelude::*;

#[service(elected)]
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

#[rpc]
impl Ledger {
    #[rpc(read)]
    pub async fn rpc_get(&self, cx: &mut Cx<'_, Self>) -> u64 {
        if *cx.state() == 0 { cx.commit(1) } else { *cx.state() }
    }

    #[rpc(read)]
    pub async fn rpc_all(&self, cx: &mut Cx<'_, Self>) {
        assert_eq!(cx.commit_all([1, 2]).len(), 2);
    }
}

fn main() {}
