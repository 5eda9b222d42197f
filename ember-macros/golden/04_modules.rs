//! A service with a module, and with modules under keys.

#[service]
pub struct Player {
    name: String,
    #[module]
    bag: Module<Bag>,
    #[module]
    pets: Modules<u32, Pet>,
}

#[rpc]
impl Player {}
