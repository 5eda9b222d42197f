//! What of a state need not be written, and what can be made of the rest.

use std::{
    collections::{BTreeMap, HashMap},
    marker::PhantomData,
};

use ember::prelude::*;

/// As it is written.
#[message]
pub struct Written(BTreeMap<u64, String>);

/// With an index that is made anew where it is read.
#[message]
#[derive(Default, Clone)]
#[serde(from = "Written", into = "Written")]
pub struct Accounts {
    names: BTreeMap<u64, String>,
    by_name: HashMap<String, u64>,
}

impl From<Written> for Accounts {
    fn from(Written(names): Written) -> Self {
        Self { by_name: names.iter().map(|(id, name)| (name.clone(), *id)).collect(), names }
    }
}

impl From<Accounts> for Written {
    fn from(accounts: Accounts) -> Self {
        Self(accounts.names)
    }
}

#[message]
pub struct Open<T: Send + Sync + 'static> {
    name: String,
    #[serde(skip)]
    of: PhantomData<fn() -> T>,
    #[serde(skip)]
    nothing: (),
}

#[service(elected)]
#[derive(Default)]
pub struct Bank;

impl Replicated for Bank {
    type State = Accounts;
    type Entry = Open<u8>;
    type Output = bool;

    fn apply(state: &mut Accounts, open: &Open<u8>) -> bool {
        let id = state.names.len() as u64;
        let is_new = !state.by_name.contains_key(&open.name);
        if is_new {
            state.by_name.insert(open.name.clone(), id);
            state.names.insert(id, open.name.clone());
        }
        is_new
    }
}

/// What is skipped counts only where it is replicated.
#[message]
pub struct Plain {
    #[serde(skip)]
    seen: bool,
}

#[rpc]
impl Bank {
    pub async fn rpc_open(&mut self, cx: &mut Cx<'_, Self>, name: String, _plain: Plain) -> bool {
        cx.commit(Open { name, of: PhantomData, nothing: () })
    }

    #[rpc(read)]
    pub async fn rpc_count(&self, cx: &mut Cx<'_, Self>) -> u64 {
        let log = Log;
        log.commit();
        cx.state().names.len() as u64
    }
}

struct Log;

impl Log {
    fn commit(&self) {}
}

fn main() {}
