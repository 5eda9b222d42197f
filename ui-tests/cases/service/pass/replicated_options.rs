//! What a replicated service says of its group.

use ember::prelude::*;

macro_rules! group {
    ($name:ident: $($option:tt)+) => {
        #[service(elected, $($option)+)]
        pub struct $name;

        impl Replicated for $name {
            type State = u64;
            type Entry = u64;
            type Output = ();

            fn apply(state: &mut u64, entry: &u64) {
                *state += entry;
            }
        }
    };
}
group!(One: min_in_sync = 1);
group!(Two: min_in_sync = 2, acks = "all");
group!(Fast: acks = "leader");

fn main() {
    let _three = Hosted::new(Two).replicas(3);
}
