//! The elected service: it writes to the vault under its fence, and notes each call before it does anything.

use std::{fs::File, io::Write, path::Path, time::Duration};

use ember::prelude::*;

use crate::vault::Door;

#[service(name = "ledger", elected)]
pub(crate) struct Ledger {
    node: String,
    record: File,
    vault: Door,
}

/// Another master has come meanwhile.
#[message]
#[derive(Debug, Clone, thiserror::Error)]
#[error("fenced")]
pub(crate) struct Fenced;

impl Ledger {
    pub(crate) fn new(node: &str, folder: &Path) -> std::io::Result<Self> {
        let record = File::options().create(true).append(true).open(folder.join(format!("{node}.acts")))?;
        Ok(Self { node: node.into(), record, vault: Door::of(folder)? })
    }
}

#[rpc]
impl Ledger {
    #[on(master)]
    async fn lead(&mut self, cx: &mut Cx<'_, Self>) -> ember::Result<()> {
        let fence = cx.fence()?;
        let first = self.vault.raise(fence.number(), &self.node).map_err(ember::Error::other)?;
        if first { Ok(()) } else { Err(ember::Error::other("another master has come meanwhile")) }
    }

    /// Takes its fence, works for some milliseconds, and writes: a process may be stopped between the two.
    pub(crate) async fn rpc_act(
        &mut self,
        cx: &mut Cx<'_, Self>,
        request: String,
        work: u64,
    ) -> Result<String, Fenced> {
        let fence = cx.fence().map_err(|_| Fenced)?;
        self.record.write_all(format!("{request}\n").as_bytes()).expect("to write the record");
        if work > 0 {
            // tidy: sleep: the work that a call stands for
            tokio::time::sleep(Duration::from_millis(work)).await;
        }
        let taken = self.vault.write(fence.number(), &self.node, &request).expect("the vault");
        if taken { Ok(self.node.clone()) } else { Err(Fenced) }
    }
}
