//! Groups to which anything happens, in any order.

use super::world::{Checked, Role, World};

const SEEDS: u64 = 400;
const STEPS: usize = 500;

/// What may happen, and how often it does: some runs are calm, some lose nearly everything, in some the set never changes.
struct Weights(Vec<usize>);

const KINDS: usize = 21;

impl Weights {
    fn new(world: &World) -> Self {
        let weight = |kind| match kind {
            // Records, batches, answers, and what is applied.
            0..=5 => [6, 12, 24][world.rng.below(3)],
            // Faults of the network, the set, the log.
            6..=17 => [0, 1, 2, 6][world.rng.below(4)],
            // Masters and members come and go.
            _ => [0, 0, 1, 1][world.rng.below(4)],
        };
        Self((0..KINDS).map(weight).collect())
    }

    fn choose(&self, world: &World) -> usize {
        let mut left = world.rng.below(self.0.iter().sum());
        self.0.iter().position(|weight| left.checked_sub(*weight).map(|less| left = less).is_none()).unwrap_or(0)
    }
}

fn step(world: &mut World, kind: usize) -> Checked {
    let any = world.rng.below(world.nodes.len());
    let other = world.rng.below(world.nodes.len());
    let Some(leads) = world.any_leader() else {
        // Most steps are a master's: then it is time for one.
        world.take_office(any);
        return world.observe();
    };
    let some = world.rng.below(world.net.len());
    match kind {
        0 => {
            let opens = world.rng.below(3) > 0;
            world.commit(leads, opens)?;
        }
        1 | 2 => {
            let bytes = world.rng.below(1000);
            world.ship(leads, other, bytes);
        }
        3 | 4 if some < world.net.len() => {
            let message = world.net.swap_remove(some);
            world.deliver(message)?;
        }
        5 => {
            world.apply(any)?;
            world.apply(leads)?;
        }
        6 => world.open(leads),
        7 if some < world.net.len() => drop(world.net.swap_remove(some)),
        8 if some < world.net.len() => world.repeat(some),
        9 => world.unanswered(leads, other),
        10 => world.trim(any),
        11 => world.shrink(leads, world.nodes[other].me),
        12 => world.shrink_dead(leads),
        13 => world.grow(leads, other),
        14 => world.registry_changes(leads),
        15 => world.learn(leads),
        16 => world.take_office(any),
        17 => world.open(any),
        18 => {
            let running = world.rng.below(2) == 0;
            world.notice(leads, running);
        }
        19 => world.hand_over(leads),
        20 if world.rng.below(2) == 0 => world.record.master = None,
        20 if matches!(world.nodes[any].role, Role::Down) => world.restart(any),
        20 => world.crash(any),
        _ => {}
    }
    world.observe()
}

fn run(seed: u64) -> Checked {
    let mut world = World::new(seed);
    if !seed.is_multiple_of(4) {
        world.settle()?;
    }
    let weights = Weights::new(&world);
    for _ in 0..STEPS {
        let kind = weights.choose(&world);
        step(&mut world, kind)?;
    }
    world.settle()
}

#[test]
fn no_acknowledged_record_is_lost_and_all_come_to_agree() {
    for seed in 0..SEEDS {
        if let Err(broken) = run(seed) {
            panic!("seed {seed}: {broken}");
        }
    }
}
