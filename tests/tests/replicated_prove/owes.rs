//! Two replicated services, one of which owes calls to the other: each sale is paid once, in the order of the sales, and nothing is paid that was not sold,
//! whatever becomes of the masters of both.

use super::*;

/// The ids of sales; and of payments.
#[message]
#[derive(Debug, Clone, Default)]
pub(crate) struct Lines(Vec<u64>);

fn add(state: &mut Lines, id: u64) -> u64 {
    state.0.push(id);
    state.0.len() as u64
}

#[service(elected)]
#[derive(Default)]
pub(crate) struct Vault;

impl Replicated for Vault {
    type State = Lines;
    type Entry = u64;
    type Output = u64;

    fn apply(state: &mut Lines, id: &u64) -> u64 {
        add(state, *id)
    }
}

#[rpc]
impl Vault {
    pub(crate) async fn rpc_pay(&mut self, cx: &mut Cx<'_, Self>, id: u64) -> u64 {
        // So that some sales wait to be paid.
        if id.is_multiple_of(4) {
            sleep(Duration::from_millis(200)).await; // tidy: sleep: virtual time that a handler takes
        }
        cx.commit(id)
    }

    /// Of the master.
    pub(crate) async fn rpc_paid(&mut self, cx: &mut Cx<'_, Self>) -> Vec<u64> {
        cx.state().0.clone()
    }
}

#[service(elected)]
#[derive(Default)]
pub(crate) struct Shop;

impl Replicated for Shop {
    type State = Lines;
    type Entry = u64;
    type Output = u64;

    fn apply(state: &mut Lines, id: &u64) -> u64 {
        add(state, *id)
    }
}

#[rpc]
impl Shop {
    pub(crate) async fn rpc_sell(&mut self, cx: &mut Cx<'_, Self>, id: u64) -> u64 {
        let vault = cx.client::<VaultClient>();
        cx.commit_and_send(id, vault.rpc_pay(id))
    }

    /// Of the master.
    pub(crate) async fn rpc_sold(&mut self, cx: &mut Cx<'_, Self>) -> Vec<u64> {
        cx.state().0.clone()
    }
}

type Buyer = User<u64, u64>;

#[derive(Debug, Default)]
struct Seen {
    ids: u64,
    /// What the vault has said at any time.
    paid: Vec<Vec<u64>>,
    /// What was sold, at the end.
    sold: Option<Vec<u64>>,
}

type Shared = Rc<RefCell<Seen>>;

async fn paid(user: &Buyer, seen: &Shared) -> Result<Vec<u64>, String> {
    let paid = user.node().client::<VaultClient>().rpc_paid().await.map_err(|error| error.to_string())?;
    seen.borrow_mut().paid.push(paid.clone());
    Ok(paid)
}

async fn buys(user: Buyer, seen: Shared) {
    while user.turn().await {
        if user.below(4) == 0 {
            let _paid = paid(&user, &seen).await;
            continue;
        }
        let id = {
            let mut seen = seen.borrow_mut();
            seen.ids += 1;
            seen.ids
        };
        let _told = user.call(id, user.node().client::<ShopClient>().rpc_sell(id)).await;
    }
}

/// All that was sold has been paid, and nothing else.
async fn evens_out(user: Buyer, seen: Shared) -> Result<(), String> {
    let sold = user.node().client::<ShopClient>().rpc_sold().await.map_err(|error| error.to_string())?;
    seen.borrow_mut().sold = Some(sold.clone());
    let paid = paid(&user, &seen).await?;
    if sold == paid { Ok(()) } else { Err(format!("sold were {sold:?}, and paid {paid:?}")) }
}

/// What was sold is at least what was told, and the vault has never said what is not so at the end.
fn is_even(history: &History<u64, u64>, seen: &Seen) -> Result<(), String> {
    let Some(sold) = &seen.sold else { return Ok(()) };
    for call in history.calls() {
        let place = sold.iter().position(|id| *id == call.op).map(|at| at as u64 + 1);
        let fits = match &call.outcome {
            Outcome::Done(told) => place == Some(*told),
            Outcome::NotExecuted(_) => place.is_none(),
            Outcome::MaybeExecuted(why) => place.is_none() || *why != LostReason::NothingCommitted.to_string(),
        };
        if !fits {
            return Err(format!("the sale {} by {} has the place {place:?}: {:?}", call.op, call.client, call.outcome));
        }
    }
    let wrong = seen.paid.iter().find(|paid| !sold.starts_with(paid));
    wrong.map_or(Ok(()), |paid| Err(format!("the vault has said that {paid:?} were paid, and sold were {sold:?}")))
}

fn town() -> Prove<u64, u64> {
    let last = Rc::new(RefCell::new(Shared::default()));
    let [this, probed, seen] = [Rc::clone(&last), Rc::clone(&last), Rc::clone(&last)];
    let proof = prove(move |seed| {
        *last.borrow_mut() = Shared::default();
        let cluster =
            MEMBERS.into_iter().fold(cluster(seed), |cluster, name| cluster.node(name, |node| node.service(Shop)));
        ["ada", "bob"].into_iter().fold(cluster, |cluster, name| cluster.node(name, |node| node.service(Vault)))
    });
    let sold = model(0, |sold: &mut u64, _: &u64| {
        *sold += 1;
        *sold
    });
    proof
        .model(sold)
        .invariant("what is sold is paid", move |history| is_even(history, &seen.borrow().borrow()))
        .workload(move |user| buys(user, this.borrow().clone()))
        .probe(move |user| evens_out(user, probed.borrow().clone()))
        .around_masters()
        .from(&["ada", "bob"])
        .clients(4)
        .calls(16)
        .span(Duration::from_secs(8))
        .recovers_within(Duration::from_secs(60))
}

#[test]
fn a_registry_that_is_restored_between_two_watches_and_has_written_as_much_again_was_away() {
    // The master is elected, its view does not show it yet, and the registry forgets it and goes on.
    let restored =
        "seed=264 clients=1 calls=1 faults=kill(*slave)@1601+265;kill(*master)@2312+2560;registry(older)@3047+1220";
    assert!(town().replay(restored).run().done > 0);
}

#[test]
fn a_call_that_is_committed_with_an_entry_is_made_once_and_none_that_is_not() {
    let report = town().seeds(8 * scale()).run();
    println!("{report}");
    assert!(report.done > 200 && report.faults > 15, "{report}");
}
