# SPDX-License-Identifier: GPL-3.0-or-later
"""Several relays that share a Redis, as hosts and phones see them: a login may use all of them, one
may die in the middle, the Redis may go and come back."""

import signal
import threading
import time

import pytest

from house import wait_until
from relay import HostClient, Phone, Relay, words
from test_relay_store import Redis


@pytest.fixture(name="redis")
def fixture_redis(tmp_path_factory):
    folder = tmp_path_factory.mktemp("redis")
    for path in (folder, folder.parent):
        path.chmod(0o755)
    made = Redis(folder).start("--unixsocketperm", "777")
    yield made
    made.stop()


@pytest.fixture(name="relays")
def fixture_relays(authority, house, redis):
    """Three of them under one name, each with hosts' records of its own."""
    made = []
    for i in range(3):
        relay = Relay(house.folder, authority, f"shared{i}", tls=False, unknown_per_minute=100000,
                      redis=f"[redis]\naddress = {redis.socket}\n")
        if relay.hosts.exists():
            relay.hosts.unlink()
        relay.keys["url"] = made[0].url if made else relay.url
        relay.write_config()
        made.append(relay.start())
    for relay in made:
        wait_until(lambda r=relay: healthy(r), 10, "the store")
    yield made
    for relay in made:
        relay.stop()
    assert all(relay.service.watchdog_kills == 0 for relay in made)


def healthy(relay):
    return Phone(relay, plain=True).get("/healthz").status == 200


def at(thing, relay):
    """The same host or phone at another relay."""
    thing.relay = relay
    return thing


def enrol(relay, name="web1.example.org"):
    return HostClient(relay, name, plain=True).enrol()


def known_to(host, relays):
    """Waits until each relay knows the host's key."""
    for relay in relays:
        wait_until(lambda r=relay: at(host, r).call("GET", "/v1/host").status == 200, 5, "the key")
    at(host, relays[0])


def test_opened_at_one_scanned_at_another_waited_for_at_a_third(relays):
    host = enrol(relays[0])
    known_to(host, relays)
    link = host.open()
    phone = Phone(relays[1], "wecom", plain=True)
    page = phone.open(link)
    assert page.methods == ["work"]
    answer = {}
    pressing = threading.Thread(target=lambda: answer.update(sent=phone.press(link, page=page)))
    pressing.start()
    event = at(host, relays[2]).next_event(link)
    assert (event["presses"], event["method"]) == (1, "work")
    began = time.monotonic()
    link.set_target()                                    # at the third
    pressing.join()
    assert answer["sent"].status == 303 and time.monotonic() - began < 2
    at(phone, relays[0])
    coming = threading.Thread(target=lambda: answer.update(page=phone.come_back(link)))
    coming.start()
    event = at(host, relays[1]).next_event(link)
    assert event["callback"] == f"code=code-1&state={link.state}"
    at(host, relays[2])
    began = time.monotonic()
    link.set_result("digits", digits="90")
    coming.join()
    assert answer["page"].digits == "90" and time.monotonic() - began < 2
    assert at(phone, relays[1]).come_back(link).digits == "90"


def test_one_callback_over_all_relays(relays):
    """Phones come back at the same moment at different relays: one completes."""
    host = enrol(relays[0])
    known_to(host, relays)
    for _ in range(5):
        link = host.open()
        link.set_target()
        phones = [Phone(relays[i % 3], "wecom", plain=True) for i in range(6)]
        assert [phone.press(link).status for phone in phones] == [303] * 6
        link.set_result("digits", digits="12")
        pages = []
        threads = [threading.Thread(target=lambda p=phone, r=relays[(i + 1) % 3]:
                                    pages.append(at(p, r).come_back(link)))
                   for i, phone in enumerate(phones)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(page.status for page in pages) == [200] + [410] * 5
        assert [page.digits for page in pages if page.digits] == ["12"]


def test_an_invitation_is_for_one_key_over_all_relays(relays):
    host = HostClient(relays[0], "race.example.org", plain=True)
    invitation = relays[0].invite(host.name)
    for relay in relays:
        wait_until(lambda r=relay: at(host, r).call(
            "POST", "/v1/enrol", {}, token=invitation).status == 400, 5, "the invitation")
    keys, statuses = [host.new_key() for _ in range(9)], []

    def try_one(i):
        client = HostClient(relays[i % 3], host.name, plain=True)
        statuses.append((client.call("POST", "/v1/enrol", keys[i][1], token=invitation).status, i))

    threads = [threading.Thread(target=try_one, args=[i]) for i in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(status for status, _ in statuses) == [200] + [401] * 8
    host.token = keys[min(statuses)[1]][0]
    known_to(host, relays)


def test_a_key_revoked_at_one_is_refused_by_all(relays):
    host = enrol(relays[1], "leaver.example.org")
    known_to(host, relays)
    relays[2].command("revoke", host.name)
    for relay in relays:
        wait_until(lambda r=relay: at(host, r).call("GET", "/v1/host").status == 401, 5, "401")


def test_a_relay_dies_in_the_middle_of_a_login(relays):
    """Host and phone go on at another one within seconds; nothing is lost or taken twice."""
    host = enrol(relays[0])
    known_to(host, relays)
    link = host.open()
    link.set_target()
    phone = Phone(relays[0], "wecom", plain=True)
    assert phone.press(link).status == 303
    relays[0].service.kill()
    at(phone, relays[1])
    at(host, relays[2])
    link.set_result("digits", digits="55")
    assert phone.come_back(link).digits == "55"
    events = host.all_events(link)
    assert [event["callback"] for event in events] == [f"code=code-1&state={link.state}"]


def test_the_store_is_away_for_a_while(relays, redis):
    """Clear errors at once or soon, and it recovers by itself."""
    host = enrol(relays[0])
    link = host.open()
    link.set_target()
    phone = Phone(relays[0], "wecom", plain=True)
    page = phone.open(link)
    redis.signal(signal.SIGSTOP)
    began = time.monotonic()
    reply = phone.open(link)
    assert (reply.status, reply.head) == (503, "Out of order") and reply.headers["Retry-After"]
    reply = host.open().opened
    assert reply.status == 503 and reply.headers["Retry-After"] and "error" in reply.json
    assert host.call("GET", "/v1/events?wait=20").status == 503
    assert phone.press(link, page=page).status == 503
    assert time.monotonic() - began < 12
    assert not healthy(relays[0])
    redis.signal(signal.SIGCONT)
    wait_until(lambda: healthy(relays[0]), 10, "the store coming back")
    assert phone.press(link, page=page).status == 303


def test_a_store_that_lost_everything(relays, redis):
    """Another instance, links gone, hosts still known: the relays fill it again."""
    host = enrol(relays[0])
    known_to(host, relays)
    link = host.open()
    before = host.call("GET", "/v1/host").json["instance"]
    redis.stop()
    wait_until(lambda: not healthy(relays[0]), 10, "the store being missed")
    redis.start("--unixsocketperm", "777")
    for relay in relays:
        wait_until(lambda r=relay: healthy(r), 10, "the store coming back")
    wait_until(lambda: host.call("GET", "/v1/host").json.get("instance") not in (None, before), 5,
               "another instance")
    assert Phone(relays[1], "wecom", plain=True).open(link).status == 404
    assert host.open(link.id).opened.status == 200
    assert Phone(relays[1], "wecom", plain=True).open(link).status == 200
    newcomer = enrol(relays[2], f"new-{words(6)}.example.org")
    known_to(newcomer, relays)
