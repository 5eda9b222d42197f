use ember::prelude::*;

#[service]
pub struct Player {
    name: String,
}

#[rpc]
impl Player {
    pub async fn api_rename(&mut self, name: &str) {
        self.name = name.to_owned();
    }
}

fn main() {}
