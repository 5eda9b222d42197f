//! One waits from when it is woken until it is polled, and is counted in one place at a time.

use std::time::Duration;

use super::asked::*;

const MS: Duration = Duration::from_millis(1);

#[tokio::test(start_paused = true)]
async fn one_waits_from_when_it_is_woken_until_it_has_been_polled() {
    let asks = Asks::new();
    let ask = asks.enter(0);
    assert_eq!(asks.waiting(), [], "it is polled soon");
    tokio::time::advance(3 * MS).await;
    assert_eq!(asks.waiting(), [3 * MS]);
    ask.woken();
    assert_eq!((ask.works(), asks.waiting()), (Some(3 * MS), vec![]));
    ask.rests();
    tokio::time::advance(3 * MS).await;
    assert_eq!(asks.waiting(), [], "nobody has woken it");
    ask.woken();
    assert_eq!((ask.works(), asks.waiting()), (None, vec![]), "it has not waited");
    asks.leave(0, &ask);
}

#[tokio::test(start_paused = true)]
async fn one_that_goes_on_waits_at_once_and_one_in_line_is_counted_there() {
    let asks = Asks::new();
    let [goes_on, in_line, left] = [0, 1, 2].map(|who| asks.enter(who));
    asks.leave(2, &left);
    let _waited = goes_on.works();
    goes_on.woken();
    tokio::time::advance(MS).await;
    assert_eq!(asks.waiting(), [MS], "the other one: this one is at work");
    assert_eq!(in_line.stands(), MS);
    in_line.woken();
    goes_on.rests();
    assert_eq!(asks.waiting(), [Duration::ZERO]);
    tokio::time::advance(MS).await;
    assert_eq!((in_line.works(), goes_on.works()), (None, Some(MS)));
}
