//! Calls with an id that are made again, long after they were answered too, and calls that outlast a fail-over: whoever is the master by then, and
//! however it has come to its state, the caller is told what is in the log.

use super::*;

/// Longer than a fail-over.
const LONG: Duration = Duration::from_secs(15);

/// One that this node has asked for before, whatever came of it, or a new one.
fn once(user: &Banker, witness: &Witness) -> Op {
    let node = user.node().name().to_owned();
    if let Some(asked) = witness.notes().asked.get(&node)
        && user.below(3) > 0
    {
        return user.pick(asked).clone();
    }
    let op = Op::Once { id: witness.next_id(), to: user.below(2) as u64, gold: 1 + user.below(3) as i64 };
    witness.notes().asked.entry(node).or_default().push(op.clone());
    op
}

async fn asks(user: Banker, witness: Witness) {
    while user.turn().await {
        let bank = user.node().client::<BankClient>();
        match user.below(5) {
            0 | 1 => {
                let (id, to, gold) = (witness.next_id(), user.below(2) as u64, 1 + user.below(3) as i64);
                let call = bank.rpc_pay(id, to, gold, *user.pick(&WAITS)).timeout(LONG);
                let _told = user.call(Op::Pay { id, to, gold }, call).await;
            }
            _ => {
                let op = once(&user, &witness);
                let Op::Once { id, to, gold } = op else { continue };
                let call = bank.rpc_pay_once(id, to, gold).once(id).timeout(LONG);
                let _told = user.call(op, call).await;
            }
        }
    }
}

#[test]
fn what_became_of_a_call_is_known_to_whoever_is_the_master_then() {
    let proof = replicated(&["ada", "bob"], asks).from(&["ada", "bob"]).clients(4).calls(20);
    let report = proof.span(Duration::from_secs(8)).deadline(LONG).seeds(8 * scale()).run();
    println!("{report}");
    assert!(report.done > 300 && report.faults > 15, "{report}");
}
