use ember::{asked::InGroup, prelude::*};

#[service(elected)]
pub struct Counter {
    #[module]
    page: Module<Page>,
}

#[module(parent = Counter)]
pub struct Page;

#[module]
pub struct Anywhere;

/// Bounded as what a context has of the state.
fn state<U: InGroup<Root = R>, R: Replicated>(_: &Cx<'_, U>) {}

#[rpc]
impl Counter {
    pub async fn rpc_a(&mut self, cx: &mut Cx<'_, Self>) {
        state(cx);
    }
}

#[rpc]
impl Page {
    pub async fn rpc_a(&mut self, cx: &mut Cx<'_, Self>) {
        state(cx);
    }
}

#[rpc]
impl Anywhere {
    pub async fn rpc_a(&mut self, cx: &mut Cx<'_, Self>) {
        state(cx);
    }
}

fn main() {}
