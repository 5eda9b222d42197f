//! An etcd of three members, which a test kills, freezes, empties and restores.

use std::{ops::Index, path::Path, time::Duration};

use etcd_client::{Client, ConnectOptions, Error};
use tokio::runtime::Runtime;

use crate::{etcd_process::EtcdProcess, wait::until};

/// Three members, each at its own address.
#[derive(Debug)]
pub struct EtcdMembers {
    members: [EtcdProcess; 3],
    runtime: Runtime,
}

impl EtcdMembers {
    /// Starts three, and waits until they have a leader.
    ///
    /// # Panics
    /// If there is no etcd on this machine, or it does not come up.
    pub fn start() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let members = Self { members: EtcdProcess::start_three(), runtime };
        members.leader();
        members
    }

    /// All addresses, `host:port`.
    pub fn addresses(&self) -> Vec<String> {
        self.members.iter().map(EtcdProcess::address).collect()
    }

    /// Waits until the members that answer name one of themselves as the leader; which one that is.
    pub fn leader(&self) -> usize {
        until("etcd to have a leader", || (0..3).find(|place| self.leads(*place).unwrap_or(false)))
    }

    /// A member.
    pub fn member(&mut self, place: usize) -> &mut EtcdProcess {
        &mut self.members[place]
    }

    /// Kills all that `of` names.
    pub fn stop(&mut self, of: &[usize]) {
        of.iter().for_each(|place| self.members[*place].stop());
    }

    /// Starts those again, with the data that they had.
    pub fn start_again(&mut self, of: &[usize]) {
        of.iter().for_each(|place| self.members[*place].start_again());
    }

    /// Starts all again after [`stop`](Self::stop) of all, with nothing.
    pub fn start_empty(&mut self) {
        self.members.iter_mut().for_each(EtcdProcess::start_empty);
    }

    /// Keeps what etcd holds in a file.
    ///
    /// # Panics
    /// If it cannot.
    pub fn save(&self, file: &Path) {
        let leader = self.leader();
        let saved = self.runtime.block_on(async {
            let mut bytes = Vec::new();
            let mut stream = self.client(leader).await?.snapshot().await?;
            while let Some(part) = stream.message().await? {
                bytes.extend_from_slice(part.blob());
            }
            Ok::<_, Error>(bytes)
        });
        std::fs::write(file, saved.expect("a snapshot of etcd")).expect("to write the snapshot");
    }

    /// Starts all again after [`stop`](Self::stop) of all, with what [`save`](Self::save) kept.
    pub fn start_restored(&mut self, file: &Path) {
        self.members.iter_mut().for_each(|member| member.start_restored(file));
    }

    /// Forgets the history.
    pub fn compact(&self) {
        until("etcd to compact", || {
            let leader = self.leader();
            let compacted = self.runtime.block_on(async {
                let mut client = self.client(leader).await?;
                let revision = client.get("nothing", None).await?.header().map_or(0, |header| header.revision());
                client.compact(revision, None).await
            });
            compacted.ok()
        });
    }

    /// Waits until etcd answers; the keys that begin with `prefix`.
    pub fn keys(&self, prefix: &str) -> Vec<String> {
        until("etcd to list keys", || {
            let leader = self.leader();
            self.runtime.block_on(async {
                let options = etcd_client::GetOptions::new().with_prefix().with_keys_only();
                let found = self.client(leader).await.ok()?.get(prefix, Some(options)).await.ok()?;
                Some(found.kvs().iter().map(|it| String::from_utf8_lossy(it.key()).into_owned()).collect())
            })
        })
    }

    /// Waits until etcd answers; the keys that begin with `prefix`, and their values, as they are at one time.
    pub fn entries(&self, prefix: &str) -> Vec<(String, String)> {
        until("etcd to list entries", || {
            self.runtime.block_on(async {
                let options = etcd_client::GetOptions::new().with_prefix();
                let found = self.client(0).await.ok()?.get(prefix, Some(options)).await.ok()?;
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                Some(found.kvs().iter().map(|it| (text(it.key()), text(it.value()))).collect())
            })
        })
    }

    fn leads(&self, place: usize) -> Result<bool, Error> {
        self.runtime.block_on(async {
            let status = self.client(place).await?.status().await?;
            Ok(status.leader() != 0 && status.header().is_some_and(|header| header.member_id() == status.leader()))
        })
    }

    async fn client(&self, place: usize) -> Result<Client, Error> {
        let patience = Duration::from_secs(1);
        let options = ConnectOptions::new().with_connect_timeout(patience).with_timeout(patience);
        Client::connect([self.members[place].address()], Some(options)).await
    }
}

impl Index<usize> for EtcdMembers {
    type Output = EtcdProcess;

    fn index(&self, place: usize) -> &EtcdProcess {
        &self.members[place]
    }
}
