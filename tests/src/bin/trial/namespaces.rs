//! Network namespaces of one machine, joined by a bridge: each is a host with an address of its own, and what it sends to another can be
//! dropped or slowed. All of it is gone when it is dropped.

use std::{collections::BTreeMap, process::Command};

/// The host of whoever made the namespaces.
pub(crate) const HERE: &str = "here";
/// Nobody has it: what is sent there is lost on the way, and the sender is not told.
const NOBODY: &str = "02:00:00:00:00:99";

#[derive(Debug)]
pub(crate) struct Namespaces {
    bridge: String,
    /// The first three numbers of their addresses.
    net: String,
    /// Addresses.
    hosts: BTreeMap<String, String>,
}

impl Namespaces {
    /// A bridge, with this process at it.
    ///
    /// # Errors
    /// What is needed, where it is not there.
    pub(crate) fn open() -> Result<Self, String> {
        if !rustix::process::geteuid().is_root() {
            return Err("network namespaces need root: run `cargo xtask soak networks` as root".into());
        }
        for program in ["ip", "tc"] {
            let there = Command::new(program).arg("-V").output();
            there.map_err(|error| format!("`{program}` did not start ({error}): install iproute2"))?;
        }
        let id = std::process::id();
        let (bridge, net) = (format!("ember{id}"), format!("10.231.{}", id % 250));
        let mut all = Self { bridge, net, hosts: BTreeMap::new() };
        let (bridge, address) = (all.bridge.clone(), all.take(HERE));
        run(&format!("ip link add {bridge} type bridge"))?;
        run(&format!("ip address add {address}/24 dev {bridge}"))?;
        run(&format!("ip link set {bridge} up"))?;
        Ok(all)
    }

    fn take(&mut self, host: &str) -> String {
        let address = format!("{}.{}", self.net, self.hosts.len() + 1);
        self.hosts.insert(host.into(), address.clone());
        address
    }

    /// Adds a host; its address.
    pub(crate) fn add(&mut self, host: &str) -> Result<String, String> {
        let (address, bridge) = (self.take(host), &self.bridge);
        let (namespace, near) = (self.namespace(host), self.near(host));
        run(&format!("ip netns add {namespace}"))?;
        run(&format!("ip link add {near} type veth peer name eth0 netns {namespace}"))?;
        run(&format!("ip link set {near} master {bridge} up"))?;
        run(&format!("ip -n {namespace} address add {address}/24 dev eth0"))?;
        run(&format!("ip -n {namespace} link set eth0 up"))?;
        run(&format!("ip -n {namespace} link set lo up"))?;
        Ok(address)
    }

    /// What `ip netns` calls it.
    pub(crate) fn namespace(&self, host: &str) -> String {
        format!("{}-{host}", self.bridge)
    }

    /// The end of its cable that is here.
    fn near(&self, host: &str) -> String {
        let place = self.hosts[host].rsplit('.').next().unwrap_or_default();
        format!("{}p{place}", self.bridge)
    }

    pub(crate) fn address(&self, host: &str) -> &str {
        &self.hosts[host]
    }

    /// From now on all that `from` sends to `to` is lost.
    pub(crate) fn cut(&self, from: &str, to: &str) -> Result<(), String> {
        let address = self.address(to);
        self.neighbour(from, &format!("replace {address} lladdr {NOBODY} nud permanent"))
    }

    /// It arrives again.
    pub(crate) fn mend(&self, from: &str, to: &str) -> Result<(), String> {
        self.neighbour(from, &format!("del {}", self.address(to)))
    }

    fn neighbour(&self, of: &str, what: &str) -> Result<(), String> {
        if of == HERE {
            run(&format!("ip neighbour {what} dev {}", self.bridge))
        } else {
            run(&format!("ip -n {} neighbour {what} dev eth0", self.namespace(of)))
        }
    }

    /// What a host sends and what it is sent has so many kbit a second, each.
    pub(crate) fn slow(&self, host: &str, kbit: u32) -> Result<(), String> {
        let limit = format!("root tbf rate {kbit}kbit burst 16kb latency 400ms");
        if host == HERE {
            return run(&format!("tc qdisc add dev {} {limit}", self.bridge));
        }
        run(&format!("tc -n {} qdisc add dev eth0 {limit}", self.namespace(host)))?;
        run(&format!("tc qdisc add dev {} {limit}", self.near(host)))
    }

    /// As much as the machine can again.
    pub(crate) fn fast(&self, host: &str) -> Result<(), String> {
        if host == HERE {
            return run(&format!("tc qdisc del dev {} root", self.bridge));
        }
        run(&format!("tc -n {} qdisc del dev eth0 root", self.namespace(host)))?;
        run(&format!("tc qdisc del dev {} root", self.near(host)))
    }
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        // With a namespace goes its cable.
        for host in self.hosts.keys().filter(|host| *host != HERE) {
            let _ = run(&format!("ip netns del {}", self.namespace(host)));
        }
        let _ = run(&format!("ip link del {}", self.bridge));
    }
}

fn run(line: &str) -> Result<(), String> {
    let mut words = line.split(' ');
    let done = Command::new(words.next().unwrap_or_default()).args(words).output();
    let done = done.map_err(|error| format!("`{line}` did not start: {error}"))?;
    if done.status.success() {
        return Ok(());
    }
    Err(format!("`{line}` failed: {}", String::from_utf8_lossy(&done.stderr).trim()))
}
