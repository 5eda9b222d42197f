//! How nodes come and go: restarts one by one, exit codes, messages, and strangers at the door.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    thread,
    time::Duration,
};

use ember_tests::{
    etcd_process::free_port,
    faults::{ANY, Executed, Kind, Member, Place, Stage, await_calls, await_view, expect_definite, expect_no_flap},
    wait::until,
};
use tokio::time::Instant;

const LONG: Duration = Duration::from_secs(25);

fn stage(kind: Kind) -> Stage {
    Stage::new(env!("CARGO_BIN_EXE_fault-node"), kind)
}

/// Restarts every node once while all call all; no call fails.
fn rolling_restart(kind: Kind) {
    const NAMES: [&str; 4] = ["n0", "n1", "n2", "n3"];
    let stage = stage(kind);
    // The first one to start hosts the embedded registry.
    let mut nodes = NAMES.map(|name| stage.counter(name));
    let mut caller = stage.caller("caller");
    let caller_member = Member::caller(&caller);
    caller.steady(8, ANY, 1, LONG);
    let started = Instant::now();
    let mut of_nodes = Vec::new();
    for index in 0..NAMES.len() {
        nodes[index].steady(1, ANY, 2, LONG);
        await_calls(&mut caller, "calls to all", |it| NAMES.iter().all(|name| it.done_by(name) > 10));
        let summary = nodes[index].stop();
        assert_eq!(summary.failed(), 0, "{summary:?}");
        of_nodes.extend(nodes[index].outcomes());
        nodes[index].terminate();
        assert!(nodes[index].exit().success(), "`{}` did not exit with 0", NAMES[index]);
        nodes[index] = stage.counter(NAMES[index]);
        let members = nodes.each_ref().map(Member::counter);
        let mut wanted: Vec<_> = members.iter().collect();
        wanted.push(&caller_member);
        await_view(&mut caller, &wanted);
        let before = caller.summary().done_by(NAMES[index]);
        await_calls(&mut caller, "calls to the restarted node", |it| it.done_by(NAMES[index]) > before + 10);
    }
    let took = started.elapsed();
    let summary = caller.stop();
    let calls = caller.outcomes();
    expect_definite(&calls);
    let failed: Vec<_> =
        calls.iter().filter(|it| !matches!(it.outcome, ember_tests::faults::Outcome::Done(_))).take(5).collect();
    assert_eq!(summary.failed(), 0, "{failed:?}");
    let executed = Executed::read(stage.folder());
    executed.expect_truth(&calls);
    executed.expect_truth(&of_nodes);
    println!(
        "measured: 4 nodes restarted in {took:?} ({kind:?}): {} calls, the slowest {} ms",
        summary.all_done(),
        summary.slowest_ms
    );
}

#[test]
fn a_rolling_restart_fails_no_call_embedded() {
    rolling_restart(Kind::Embedded);
}

#[test]
fn a_rolling_restart_fails_no_call_etcd() {
    rolling_restart(Kind::Etcd);
}

#[test]
fn a_node_that_leaves_is_gone_from_the_views_at_once_and_exits_with_0() {
    for kind in [Kind::Embedded, Kind::Etcd] {
        let stage = stage(kind);
        let [mut a, mut b] = ["a", "b"].map(|name| stage.counter(name));
        let mut long = stage.configuration("c");
        long.lease = Duration::from_secs(60);
        let mut c = stage.ready(&long);
        let members = [&a, &b, &c].map(Member::counter);
        for node in [&mut a, &mut b, &mut c] {
            await_view(node, &members.each_ref());
        }
        // One of them has a link to it, the other has none.
        a.burst(10, "c", 0, LONG);
        await_calls(&mut a, "calls to the node that leaves", |it| it.done_by("c") == 10);
        c.terminate();
        let left = Instant::now();
        for node in [&mut a, &mut b] {
            await_view(node, &[&members[0], &members[1]]);
        }
        let gone = left.elapsed();
        assert!(gone < Duration::from_secs(10), "still in the views after {gone:?}, with a lease of 60 s");
        assert!(c.exit().success());
        let exited = left.elapsed();
        expect_no_flap(&mut a, &[&members[0], &members[1]]);
        println!("measured: graceful leave ({kind:?}): out of the views in {gone:?}, exit in {exited:?}");
    }
}

#[test]
fn a_node_that_retires_on_a_signal_is_chosen_no_more_fails_no_call_and_goes_on() {
    let stage = stage(Kind::Embedded);
    let [mut b, c] = ["b", "c"].map(|name| stage.counter(name));
    let mut a = stage.caller("a");
    let members = [Member::caller(&a), Member::counter(&b), Member::counter(&c)];
    await_view(&mut a, &members.each_ref());
    a.steady(8, ANY, 1, LONG);
    await_calls(&mut a, "calls to both", |it| it.done_by("b") > 100 && it.done_by("c") > 100);
    b.retire();
    until("a hundred calls to the other, and none to this", || {
        let before = a.summary();
        await_calls(&mut a, "calls to the other one", |it| it.done_by("c") > before.done_by("c") + 100);
        (a.summary().done_by("b") == before.done_by("b")).then_some(())
    });
    assert!(b.log().contains("retires"), "{}", b.log());
    // It runs, calls others, and is a member.
    b.burst(10, "c", 0, LONG);
    await_calls(&mut b, "its own calls", |it| it.done_by("c") == 10);
    assert!(a.members().iter().any(|it| **it == b.member()));
    b.terminate();
    assert!(b.exit().success());
    let summary = a.stop();
    assert_eq!(summary.failed(), 0, "{summary:?}");
    Executed::read(stage.folder()).expect_truth(&a.outcomes());
}

#[test]
fn a_node_that_leaves_while_the_registry_is_away_fails_no_call_and_exits_with_0() {
    let mut stage = stage(Kind::Etcd);
    let [mut b, c] = ["b", "c"].map(|name| stage.counter(name));
    let mut a = stage.caller("a");
    let members = [Member::caller(&a), Member::counter(&b), Member::counter(&c)];
    await_view(&mut a, &members.each_ref());
    a.steady(8, ANY, 1, LONG);
    await_calls(&mut a, "calls to both", |it| it.done_by("b") > 100 && it.done_by("c") > 100);
    stage.etcd().stop();
    b.terminate();
    let left = Instant::now();
    assert!(b.exit().success());
    let exited = left.elapsed();
    assert!(exited < Duration::from_secs(10), "it took {exited:?}");
    let before = a.summary().done_by("c");
    await_calls(&mut a, "calls to the other one", |it| it.done_by("c") > before + 100);
    let summary = a.stop();
    assert_eq!(summary.failed(), 0, "{summary:?}");
    Executed::read(stage.folder()).expect_truth(&a.outcomes());
    println!("measured: graceful leave with etcd away: exit in {exited:?}, the slowest call {} ms", summary.slowest_ms);
}

#[test]
fn a_shutdown_that_is_cut_short_says_so_and_does_not_exit_with_0() {
    let stage = stage(Kind::Embedded);
    let mut a = stage.caller("a");
    let mut hurried = stage.configuration("hurried");
    hurried.drain = Duration::from_millis(300);
    let mut b = stage.ready(&hurried);
    let members = [Member::caller(&a), Member::counter(&b)];
    await_view(&mut a, &members.each_ref());
    a.burst(1, "hurried", 20_000, LONG);
    let record = stage.folder().join("hurried.record");
    until("the call to run", || std::fs::read_to_string(&record).ok().filter(|text| !text.is_empty()));
    b.terminate();
    let status = b.exit();
    assert_eq!(status.code(), Some(1), "{status:?}");
    let log = b.log();
    assert!(log.contains("cut short") && log.contains("counter"), "{log}");
    await_calls(&mut a, "the outcome of the call that was cut", |it| it.pending == 0);
    let calls = a.outcomes();
    Executed::read(stage.folder()).expect_truth(&calls);
    assert_eq!(a.summary().maybe_executed, 1, "{calls:?}");
}

/// Starts a node that cannot join; the last line that it says.
fn refused_start(registry: &Place) -> String {
    let mut stage = stage(Kind::Embedded);
    stage.registry = registry.clone();
    let mut node = stage.launch(&stage.configuration("lonely"));
    let status = node.exit();
    assert_eq!(status.code(), Some(1), "{status:?}");
    node.log().lines().last().unwrap_or_default().to_owned()
}

#[test]
fn a_node_whose_registry_does_not_answer_fails_to_start_and_says_what_to_do() {
    // One port at which nobody listens, and one at which somebody listens and never answers.
    let mute = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addresses = [format!("127.0.0.1:{}", free_port()), mute.local_addr().expect("its address").to_string()];
    thread::scope(|scope| {
        for address in addresses {
            scope.spawn(move || {
                let last = refused_start(&Place::Etcd(vec![address.clone()]));
                assert!(last.contains(&address), "it does not say which registry: {last}");
                assert!(last.contains("is it running"), "it does not say what to look at: {last}");
            });
        }
    });
}

#[test]
fn a_node_whose_registry_is_served_by_a_stopped_process_fails_to_start_and_names_that_process() {
    let stage = stage(Kind::Embedded);
    let host = stage.counter("host");
    host.freeze();
    let mut node = stage.launch(&stage.configuration("lonely"));
    assert_eq!(node.exit().code(), Some(1));
    host.thaw();
    let (log, pid) = (node.log(), host.pid());
    let last = log.lines().last().unwrap_or_default();
    assert!(last.contains(&format!("process {pid}, `fault-node`")) && last.contains("is stopped"), "who? {last}");
    assert!(last.contains(&format!("`kill -CONT {pid}`")), "what to do? {last}");
    assert!(!last.contains("its address"), "nobody gave one: {last}");
}

#[test]
fn a_node_whose_registry_folder_is_open_to_others_fails_to_start_and_says_what_to_do() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("to open the folder");
    let last = refused_start(&Place::Embedded(folder.path().into()));
    assert!(last.contains("chmod 700"), "{last}");
}

#[test]
fn nodes_of_different_clusters_see_nothing_of_each_other() {
    let stage = stage(Kind::Etcd);
    let mut ours = stage.counter("ours");
    let mut theirs = stage.configuration("theirs");
    theirs.cluster = "faults2".into();
    let mut theirs = stage.ready(&theirs);
    for node in [&mut ours, &mut theirs] {
        let own = Member::counter(node);
        await_view(node, &[&own]);
    }
    let other = theirs.name().to_owned();
    ours.burst(3, &other, 0, LONG);
    await_calls(&mut ours, "calls into another cluster to be refused", |it| it.not_executed == 3);
    let own = Member::counter(&ours);
    let views = ours.views();
    assert!(views.iter().flatten().all(|member| !member.contains("theirs")), "{views:?}");
    await_view(&mut ours, &[&own]);
}

#[test]
fn strangers_at_the_door_of_a_link_do_no_harm() {
    let stage = stage(Kind::Embedded);
    let [mut a, mut b] = ["a", "b"].map(|name| stage.counter(name));
    let mut wired = stage.configuration("door");
    let address = format!("127.0.0.1:{}", free_port());
    wired.listen = Some(address.clone());
    let mut door = stage.ready(&wired);
    let members = [&a, &b, &door].map(Member::counter);
    for node in [&mut a, &mut b, &mut door] {
        await_view(node, &members.each_ref());
    }
    a.steady(4, "door", 1, LONG);
    await_calls(&mut a, "the first calls", |it| it.done_by("door") > 10);
    let noise: Vec<u8> = (0..60_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let greetings: [&[u8]; 5] = [
        b"GET / HTTP/1.1\r\nHost: ember\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        &noise,
        b"",
    ];
    thread::scope(|scope| {
        for greeting in greetings.iter().cycle().take(50) {
            let address = &address;
            scope.spawn(move || {
                let mut stranger = TcpStream::connect(address).expect("to connect");
                stranger.set_read_timeout(Some(Duration::from_secs(20))).expect("a time-out");
                let _ = stranger.write_all(greeting);
                // Whoever says nothing sensible is hung up on.
                let mut answer = Vec::new();
                if let Err(error) = stranger.read_to_end(&mut answer) {
                    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "still connected after 20 s");
                }
            });
        }
    });
    let before = a.summary();
    await_calls(&mut a, "calls afterwards", |it| it.done_by("door") > before.done_by("door") + 100);
    b.burst(10, "door", 0, LONG);
    await_calls(&mut b, "calls over a new link", |it| it.done_by("door") == 10);
    let summary = a.stop();
    assert_eq!(summary.failed(), 0, "{summary:?}");
    expect_no_flap(&mut a, &members.each_ref());
}

#[test]
fn a_second_signal_ends_a_shutdown_at_once_and_the_exit_code_and_the_log_say_so() {
    const VERY_LONG: Duration = Duration::from_secs(300);
    for first_is_ctrl_c in [true, false] {
        let stage = stage(Kind::Embedded);
        let mut configuration = stage.configuration("a");
        configuration.drain = VERY_LONG;
        let mut a = stage.ready(&configuration);
        a.burst(1, "a", VERY_LONG.as_millis() as u64, VERY_LONG);
        let record = configuration.record.clone().expect("a counter has one");
        until("the call to be under way", || std::fs::read_to_string(&record).ok().filter(|lines| !lines.is_empty()));
        if first_is_ctrl_c {
            a.interrupt();
            a.terminate();
        } else {
            a.terminate();
            a.interrupt();
        }
        assert!(!a.exit().success(), "it was cut short");
        let log = a.log();
        assert!(log.contains("a second signal came, and `counter` had not finished"), "{log}");
    }
}
