//! One script of operations, run by `etcdctl` and by the public client of etcd, against the embedded registry, at the same
//! time: both must see the same.

use std::process::Stdio;

use ember_runtime::registry::Embedded;
use ember_tests::{
    embedded_node::private_folder,
    programs,
    registry::{etcd_client, open_ready},
    wait::within,
};
use etcd_client::{
    Client, Compare, CompareOp, DeleteOptions, EventType, GetOptions, LeaseTimeToLiveOptions, PutOptions, Txn, TxnOp,
    TxnOpResponse, WatchOptions,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::Command,
};

/// A client under test; each operation says what it saw.
trait Tool {
    async fn put(&mut self, key: &str, value: &str, lease: Option<i64>);
    /// `key=value` for each key that starts with `prefix`, as of `revision` (0: now).
    async fn list(&mut self, prefix: &str, revision: i64) -> Vec<String>;
    async fn delete(&mut self, prefix: &str) -> i64;
    async fn grant(&mut self, seconds: i64) -> i64;
    /// The granted seconds and the keys, or `None` if the lease is not known.
    async fn lease(&mut self, id: i64) -> Option<(i64, Vec<String>)>;
    async fn revoke(&mut self, id: i64);
    /// Creates the key if it is absent. Whether it did; if not, the value that it has.
    async fn create(&mut self, key: &str, value: &str) -> Result<(), String>;
}

struct Ctl {
    /// `etcdctl --endpoints='<endpoint>'`, as `Embedded::etcdctl` gives it.
    command: String,
}

impl Ctl {
    fn command(&self, arguments: &[&str]) -> Command {
        let program = programs::find("EMBER_TEST_ETCDCTL", "etcdctl", "etcd-client");
        let flags = self.command.strip_prefix("etcdctl ").expect("a command of etcdctl");
        let mut command = Command::new("sh");
        command.env("ETCDCTL_API", "3").args(["-c", &format!("exec \"$0\" {flags} \"$@\"")]);
        command.arg(program).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    async fn run(&self, arguments: &[&str], input: &str) -> Vec<String> {
        let mut child = self.command(arguments).spawn().expect("to start etcdctl");
        child.stdin.take().expect("its input").write_all(input.as_bytes()).await.expect("etcdctl to read");
        let output = within("etcdctl", child.wait_with_output()).await.expect("its output");
        assert!(output.status.success(), "etcdctl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text").lines().map(str::to_owned).collect()
    }
}

impl Tool for Ctl {
    async fn put(&mut self, key: &str, value: &str, lease: Option<i64>) {
        let lease = format!("--lease={:x}", lease.unwrap_or(0));
        assert_eq!(self.run(&["put", &lease, key, value], "").await, ["OK"]);
    }

    async fn list(&mut self, prefix: &str, revision: i64) -> Vec<String> {
        let lines = self.run(&["get", "--prefix", prefix, &format!("--rev={revision}")], "").await;
        lines.chunks(2).map(|pair| format!("{}={}", pair[0], pair[1])).collect()
    }

    async fn delete(&mut self, prefix: &str) -> i64 {
        self.run(&["del", "--prefix", prefix], "").await[0].parse().expect("a number")
    }

    async fn grant(&mut self, seconds: i64) -> i64 {
        let lines = self.run(&["lease", "grant", &seconds.to_string()], "").await;
        i64::from_str_radix(lines[0].split(' ').nth(1).expect("an id"), 16).expect("a hexadecimal number")
    }

    async fn lease(&mut self, id: i64) -> Option<(i64, Vec<String>)> {
        let line = self.run(&["lease", "timetolive", "--keys", &format!("{id:x}")], "").await.remove(0);
        let (_, granted) = line.split_once("granted with TTL(")?;
        let (_, keys) = line.split_once("attached keys([")?;
        let keys = keys.trim_end_matches("])").split(' ').filter(|key| !key.is_empty()).map(str::to_owned).collect();
        Some((granted.split_once("s)").expect("seconds").0.parse().expect("a number"), keys))
    }

    async fn revoke(&mut self, id: i64) {
        self.run(&["lease", "revoke", &format!("{id:x}")], "").await;
    }

    async fn create(&mut self, key: &str, value: &str) -> Result<(), String> {
        let script = format!("create(\"{key}\") = \"0\"\n\nput {key} {value}\n\nget {key}\n\n");
        let mut lines = self.run(&["txn"], &script).await;
        if lines[0] == "SUCCESS" { Ok(()) } else { Err(lines.pop().expect("a value")) }
    }
}

impl Tool for Client {
    async fn put(&mut self, key: &str, value: &str, lease: Option<i64>) {
        let options = PutOptions::new().with_lease(lease.unwrap_or(0));
        Client::put(self, key, value, Some(options)).await.unwrap();
    }

    async fn list(&mut self, prefix: &str, revision: i64) -> Vec<String> {
        let options = GetOptions::new().with_prefix().with_revision(revision);
        let answer = self.get(prefix, Some(options)).await.unwrap();
        let pair = |kv: &etcd_client::KeyValue| format!("{}={}", kv.key_str().unwrap(), kv.value_str().unwrap());
        answer.kvs().iter().map(pair).collect()
    }

    async fn delete(&mut self, prefix: &str) -> i64 {
        Client::delete(self, prefix, Some(DeleteOptions::new().with_prefix())).await.unwrap().deleted()
    }

    async fn grant(&mut self, seconds: i64) -> i64 {
        self.lease_grant(seconds, None).await.unwrap().id()
    }

    async fn lease(&mut self, id: i64) -> Option<(i64, Vec<String>)> {
        let options = LeaseTimeToLiveOptions::new().with_keys();
        let answer = self.lease_time_to_live(id, Some(options)).await.unwrap();
        let keys = answer.keys().iter().map(|key| String::from_utf8(key.clone()).unwrap()).collect();
        (answer.ttl() > 0).then(|| (answer.granted_ttl(), keys))
    }

    async fn revoke(&mut self, id: i64) {
        self.lease_revoke(id).await.unwrap();
    }

    async fn create(&mut self, key: &str, value: &str) -> Result<(), String> {
        let transaction = Txn::new()
            .when([Compare::create_revision(key, CompareOp::Equal, 0)])
            .and_then([TxnOp::put(key, value, None)])
            .or_else([TxnOp::get(key, None)]);
        let answer = self.txn(transaction).await.unwrap();
        match &answer.op_responses()[..] {
            [TxnOpResponse::Get(found)] => Err(found.kvs()[0].value_str().unwrap().to_owned()),
            _ => Ok(()),
        }
    }
}

/// Runs everything below `place`, and tells what was seen, without the name of the place.
async fn script(tool: &mut impl Tool, place: &str) -> Vec<String> {
    let key = |name: &str| format!("{place}/{name}");
    let mut seen = Vec::new();
    seen.push(format!("{:?}", tool.list(place, 0).await));
    for (name, value) in [("b", "2"), ("a", "1"), ("c", "3"), ("a", "one")] {
        tool.put(&key(name), value, None).await;
    }
    seen.push(format!("{:?}", tool.list(place, 0).await));
    seen.push(format!("{:?}", tool.list(&key("a"), 0).await));
    seen.push(format!("{} deleted", tool.delete(&key("b")).await));
    seen.push(format!("{} deleted", tool.delete(&key("b")).await));
    seen.push(format!("{:?}", tool.create(&key("d"), "first").await));
    seen.push(format!("{:?}", tool.create(&key("d"), "second").await));
    let lease = tool.grant(600).await;
    tool.put(&key("e"), "leased", Some(lease)).await;
    seen.push(format!("{:?}", tool.lease(lease).await));
    seen.push(format!("{:?}", tool.list(place, 0).await));
    tool.revoke(lease).await;
    seen.push(format!("{:?}", tool.lease(lease).await));
    seen.push(format!("{:?}", tool.list(place, 0).await));
    seen.into_iter().map(|line| line.replace(place, "place")).collect()
}

/// The next `count` changes that `etcdctl watch` prints: `PUT key value` or `DELETE key`.
async fn changes(mut lines: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>, count: usize) -> Vec<String> {
    let mut changes = Vec::new();
    while changes.len() < count {
        let mut line = async || lines.next_line().await.expect("text").expect("etcdctl to go on");
        let (kind, key, value) = (line().await, line().await, line().await);
        changes.push(format!("{kind} {key} {value}").trim_end().to_owned());
    }
    changes
}

#[tokio::test]
async fn etcdctl_and_the_etcd_client_see_the_same() {
    let folder = private_folder();
    let registry = Embedded::at(folder.path());
    let _host = open_ready(&registry).await;
    let endpoint = registry.endpoint("test").unwrap();
    let (mut ctl, mut lib) = (Ctl { command: registry.etcdctl("test").unwrap() }, etcd_client(&endpoint).await);

    let (by_ctl, by_lib) = tokio::join!(script(&mut ctl, "ctl"), script(&mut lib, "lib"));
    assert_eq!(by_ctl, by_lib);
    let expected = ["place/a=one", "place/c=3", "place/d=first"];
    assert_eq!(by_lib.last().unwrap(), &format!("{expected:?}"));

    for place in ["ctl", "lib", "nothing", ""] {
        assert_eq!(ctl.list(place, 0).await, lib.list(place, 0).await, "{place}");
    }
    let before = lib.get("", Some(GetOptions::new().with_all_keys())).await.unwrap().header().unwrap().revision();
    Tool::delete(&mut lib, "ctl").await;
    assert_eq!(ctl.list("ctl", before).await, lib.list("ctl", before).await, "the past");
    assert!(!ctl.list("ctl", before).await.is_empty() && ctl.list("ctl", 0).await.is_empty());

    let lease = ctl.grant(600).await;
    Tool::put(&mut lib, "shared", "x", Some(lease)).await;
    assert_eq!(ctl.lease(lease).await, lib.lease(lease).await);
    lib.revoke(lease).await;
    assert_eq!((ctl.lease(lease).await, lib.lease(lease).await), (None, None));
    assert_eq!(ctl.create("crown", "ctl").await, Ok(()));
    assert_eq!(lib.create("crown", "lib").await, Err("ctl".into()));
}

#[tokio::test]
async fn watches_of_both_see_every_write_of_both_in_one_order() {
    const WRITES: usize = 20;
    let folder = private_folder();
    let registry = Embedded::at(folder.path());
    let _host = open_ready(&registry).await;
    let endpoint = registry.endpoint("test").unwrap();
    let (mut ctl, mut lib) = (Ctl { command: registry.etcdctl("test").unwrap() }, etcd_client(&endpoint).await);

    let mut watching = ctl.command(&["watch", "--prefix", "w/", "--rev=1"]).spawn().expect("to start etcdctl");
    let lines = BufReader::new(watching.stdout.take().expect("its output")).lines();
    let options = WatchOptions::new().with_prefix().with_start_revision(1);
    let mut stream = lib.watch("w/", Some(options)).await.unwrap();

    let mut writer = lib.clone();
    let by_ctl = async {
        for n in 0..WRITES / 2 {
            ctl.put(&format!("w/ctl{n}"), "c", None).await;
        }
        ctl.delete("w/ctl").await;
    };
    let by_lib = async {
        for n in 0..WRITES / 2 {
            writer.put(format!("w/lib{n}"), "l", None).await.unwrap();
        }
        Tool::delete(&mut writer, "w/lib").await;
    };
    let seen_by_lib = async {
        let mut changes = Vec::new();
        while changes.len() < 2 * WRITES {
            for event in stream.message().await.unwrap().unwrap().events() {
                let kv = event.kv().unwrap();
                let kind = if event.event_type() == EventType::Put { "PUT" } else { "DELETE" };
                let change = format!("{kind} {} {}", kv.key_str().unwrap(), kv.value_str().unwrap());
                changes.push(change.trim_end().to_owned());
            }
        }
        changes
    };
    let all = Box::pin(async { tokio::join!(by_ctl, by_lib, changes(lines, 2 * WRITES), seen_by_lib) });
    let ((), (), seen_by_ctl, seen_by_lib) = within("all writes to be seen by both", all).await;
    assert_eq!(seen_by_ctl, seen_by_lib);
    assert_eq!(seen_by_lib.iter().filter(|change| change.starts_with("DELETE")).count(), WRITES);
}

#[tokio::test]
async fn etcdctl_sees_a_healthy_cluster_of_one() {
    let folder = private_folder();
    let registry = Embedded::at(folder.path());
    let _host = open_ready(&registry).await;
    let endpoint = registry.endpoint("test").unwrap();
    let by_path = registry.etcdctl("test").unwrap();
    // As before etcdctl was accepted from everywhere: in the folder, with the name of the socket alone.
    let by_name = "etcdctl --endpoints=unix://test.sock".to_owned();
    for (command, endpoint) in [(by_path, &*endpoint), (by_name, "unix://test.sock")] {
        let ctl = Ctl { command };
        let run = async |arguments: &[&str]| {
            let mut command = ctl.command(arguments);
            let output = command.current_dir(folder.path()).output().await.expect("to start etcdctl");
            let said = [&output.stdout[..], &output.stderr].concat();
            let said = String::from_utf8(said).expect("text");
            assert!(output.status.success(), "{arguments:?}: {said}");
            said
        };
        assert!(run(&["endpoint", "health"]).await.starts_with(&format!("{endpoint} is healthy")));
        let status = run(&["endpoint", "status"]).await;
        assert!(status.starts_with(&format!("{endpoint}, ")) && status.contains("3.4.23+ember."), "{status}");
        let members = run(&["member", "list"]).await;
        assert!(members.contains("started, ember") && members.contains(folder.path().to_str().unwrap()), "{members}");
        assert_eq!(run(&["alarm", "list"]).await, "");
        assert!(run(&["endpoint", "health", "--cluster"]).await.contains("is healthy"));
    }
}
