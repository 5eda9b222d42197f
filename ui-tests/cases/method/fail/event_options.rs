use ember::prelude::*;

#[message(event)]
struct Rain(u32);

#[service]
struct Station;

#[rpc]
impl Station {
    #[on(event, scope = "world")]
    async fn one(&mut self, _event: &Rain) {}

    #[on(event, scope = cluster)]
    async fn two(&mut self, _event: &Rain) {}

    #[on(event, retain = true)]
    async fn three(&mut self, _event: &Rain) {}

    #[on(event, retained)]
    async fn four(&mut self, _event: &Rain) {}

    #[on(event, scope = "service", retain)]
    async fn own(&mut self, _event: &Rain) {}

    #[on(event)]
    #[on(event, retain)]
    async fn five(&mut self, _event: &Rain) {}

    #[on(missed)]
    async fn six(&mut self, _missed: Missed) {}

    #[on(missed)]
    async fn seven(&mut self, _missed: &Rain) {}

    #[on(missed)]
    #[on(event)]
    async fn eight(&mut self, _event: &Rain) {}

    #[on(mised)]
    async fn nine(&mut self) {}

    #[on(missed, retain)]
    async fn ten(&mut self) {}

    #[on(event = "server")]
    async fn eleven(&mut self, _event: &Rain) {}

    #[on(event(retain))]
    async fn twelve(&mut self, _event: &Rain) {}

    #[on(down)]
    async fn thirteen(&mut self, _down: &Rain) {}
}

fn main() {}
