//! What a simulation can be told: what it cannot do is refused by name where it is said. It panics: tests do.

use std::{ops::RangeInclusive, time::Duration};

const LATENCY: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(60 * 60);
const TICK: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(1);
const TTL: RangeInclusive<Duration> = Duration::from_secs(2)..=Duration::from_secs(365 * 24 * 60 * 60);

#[track_caller]
fn whole(named: &str, value: Duration, unit: Duration, among: RangeInclusive<Duration>) {
    let is_whole = value.as_nanos().is_multiple_of(unit.as_nanos());
    assert!(
        is_whole && among.contains(&value),
        "`{named}({value:?})` cannot be: write whole units of {unit:?}, from {:?} to {:?}",
        among.start(),
        among.end()
    );
}

#[track_caller]
pub(super) fn latency(latency: Duration) {
    whole(".latency", latency, Duration::from_millis(1), LATENCY);
}

#[track_caller]
pub(super) fn latencies(among: &RangeInclusive<Duration>) {
    latency(*among.start());
    latency(*among.end());
    assert!(!among.is_empty(), "`.latency({among:?})` cannot be: the shortest comes first");
}

#[track_caller]
pub(super) fn tick(tick: Duration) {
    whole(".tick", tick, Duration::from_millis(1), TICK);
}

#[track_caller]
pub(super) fn ttl(ttl: Duration) {
    whole(".ttl", ttl, Duration::from_secs(1), TTL);
}

#[track_caller]
pub(super) fn limit(limit: Duration) {
    assert!(
        !limit.is_zero(),
        "`.limit({limit:?})` cannot be: write how much virtual time a run may take; an hour is the default"
    );
}

#[track_caller]
pub(super) fn kept_records(records: u64) {
    assert!(records > 0, "`.kept_records(0)` cannot be: a log has at least its last record; write 1 or more");
}

#[track_caller]
pub(super) fn loss(share: f64) {
    assert!((0.0..=1.0).contains(&share), "`.loss({share})` cannot be: write the share that is lost, from 0.0 to 1.0");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Cluster;

    fn refusal(say: impl FnOnce(Cluster) -> Cluster) -> Option<String> {
        let said = crate::panics::attempt(|| drop(say(Cluster::seed(1))));
        said.err().map(|panic| panic.to_string())
    }

    #[test]
    fn what_cannot_be_is_refused_by_name_where_it_is_said() {
        type Say = fn(Cluster) -> Cluster;
        let ms = Duration::from_millis;
        let refused: [(Say, &str); 17] = [
            (|it| it.latency(Duration::ZERO..=Duration::ZERO), "`.latency(0ns)`"),
            (|it| it.latency(Duration::from_millis(1)..=Duration::MAX), "`.latency("),
            (|it| it.latency(Duration::from_micros(1500)..=Duration::from_millis(5)), "`.latency(1.5ms)`"),
            (|it| it.latency(Duration::from_millis(5)..=Duration::from_millis(1)), "the shortest comes first"),
            (|it| it.tick(Duration::ZERO), "`.tick(0ns)`"),
            (|it| it.tick(Duration::from_nanos(1_000_001)), "`.tick(1.000001ms)`"),
            (|it| it.tick(Duration::MAX), "`.tick("),
            (|it| it.ttl(Duration::ZERO), "`.ttl(0ns)`"),
            (|it| it.ttl(Duration::from_secs(1)), "`.ttl(1s)`"),
            (|it| it.ttl(Duration::from_millis(2500)), "`.ttl(2.5s)`"),
            (|it| it.ttl(Duration::MAX), "`.ttl("),
            (|it| it.limit(Duration::ZERO), "`.limit(0ns)`"),
            (|it| it.kept_records(0), "`.kept_records(0)`"),
            (|it| it.loss(-0.1), "`.loss(-0.1)`"),
            (|it| it.loss(1.5), "`.loss(1.5)`"),
            (|it| it.loss(f64::NAN), "`.loss(NaN)`"),
            (|it| it.loss(f64::INFINITY), "`.loss(inf)`"),
        ];
        for (say, named) in refused {
            let text = refusal(say).expect(named);
            assert!(text.contains(named) && text.contains("cannot be"), "{named}: {text}");
        }
        let taken: [Say; 4] = [
            |it| it.latency(Duration::from_millis(1)..=Duration::from_secs(60 * 60)),
            |it| it.tick(Duration::from_secs(1)).loss(1.0),
            |it| it.ttl(Duration::from_secs(2)).limit(Duration::from_nanos(1)),
            |it| it.ttl(Duration::from_secs(365 * 24 * 60 * 60)).limit(Duration::MAX),
        ];
        assert!(taken.into_iter().all(|say| refusal(say).is_none()));
        assert_eq!(Cluster::seed(1).limit(Duration::MAX).node("one", |node| node).run(|_| async { 7 }), 7);
        latencies(&(ms(3)..=ms(3)));
    }
}
