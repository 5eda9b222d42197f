use ember::{EntryGap, Follow, GroupName, Position, Posted, Snapshot, prelude::*};

#[service(elected)]
#[derive(Default)]
pub struct Ledger {
    last: Position,
}

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
    // Its own.
    #[on(entry)]
    fn own(&mut self, posted: &Posted<Self>) {
        self.last = posted.at;
    }

    #[on(gap)]
    fn own_gap(&mut self, cx: &mut Cx<'_, Self>, gap: &EntryGap<Self>) {
        cx.follow::<Self>().after(gap.to);
    }
}

#[service(elected)]
#[derive(Default)]
pub struct Other;

impl Replicated for Other {
    type State = String;
    type Entry = String;
    type Output = ();

    fn apply(state: &mut String, entry: &String) {
        state.push_str(entry);
    }
}

#[service]
pub struct Reader {
    sum: u64,
    last: Position,
    #[module]
    page: Module<Page<u8>>,
}

#[module]
pub struct Page<T: Send + 'static> {
    text: String,
    more: Option<T>,
}

#[rpc]
impl Reader {
    #[on(start)]
    fn begin(&mut self, cx: &mut Cx<'_, Self>) {
        cx.follow::<Ledger>().group(GroupName::of("Ledger").server_id(3)).after(self.last);
    }

    #[on(entry)]
    async fn posted(&mut self, _cx: &mut Cx<'_, Self>, posted: &Posted<Ledger>) -> ember::Result<()> {
        self.sum += posted.entry;
        self.last = posted.at;
        Ok(())
    }

    #[on(gap)]
    async fn gap(&mut self, cx: &mut Cx<'_, Self>, gap: &EntryGap<Ledger>) -> ember::Result<()> {
        let ledger: Follow<Ledger> = cx.follow();
        let Snapshot { state, at, .. } = ledger.snapshot().await?;
        assert!(at >= gap.to);
        (self.sum, self.last) = (state, at);
        cx.follow::<Ledger>().after(at);
        Ok(())
    }
}

#[rpc]
impl<T: Send + 'static> Page<T> {
    #[on(start)]
    async fn begin(&mut self, cx: &mut Cx<'_, Self>) {
        cx.follow::<Other>().all();
        self.more = None;
    }

    #[on(entry)]
    async fn posted(&mut self, posted: &Posted<Other>) {
        self.text += &posted.entry;
    }
}

fn main() {}
