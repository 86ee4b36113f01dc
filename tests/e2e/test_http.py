# SPDX-License-Identifier: GPL-3.0-or-later
"""jauth-http, spoken to as jauthd does, against servers that obey, lie, hang and break off."""

import os
import re
import signal
import socket
import ssl
import struct
import subprocess
import threading
import time

import pytest

from lib_http import (BODY_MAX, BROKEN, CANCEL, DELETE, DONE, NOT_SENT, PONG, POST, PUT, REPLY,
                      REQUEST, TIMED_OUT, Authority, ConnectProxy, JauthHttp, Nginx, RefusingServer,
                      Server, field, frame, keeps, number_field, request_fields, response,
                      wait_until)


@pytest.fixture(name="authority", scope="module")
def fixture_authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(name="certificate", scope="module")
def fixture_certificate(authority):
    return authority.issue("localhost", "127.0.0.1")


@pytest.fixture(name="http")
def fixture_http(tmp_path, authority):
    program = JauthHttp(tmp_path, "--ca-file", str(authority.file), "--allow-loopback",
                        "--debug").start()
    yield program
    assert program.stop() in (0, -signal.SIGKILL)


@pytest.fixture(name="serve")
def fixture_serve(certificate):
    servers = []

    def serve(answer, with_certificate=certificate):
        servers.append(Server(with_certificate, answer))
        return servers[-1]
    yield serve
    for server in servers:
        server.close()


@pytest.fixture(name="tunnel")
def fixture_tunnel():
    proxies = []

    def tunnel(*args, **more):
        proxies.append(ConnectProxy(*args, **more))
        return proxies[-1]
    yield tunnel
    for proxy in proxies:
        proxy.close()
        assert not proxy.wrong


# --- what works ---

def test_a_reply_has_status_body_and_the_named_headers_only(http, serve):
    headers = ["Content-Type: Application/JSON; charset=utf-8", "Cache-Control: max-age=60",
               "Link: <https://example.org/?page=2>; rel=\"next\"", "Retry-After: 7",
               "X-RateLimit-Remaining: 41", "Set-Cookie: a=b",
               "Date: Fri, 02 Jan 2026 03:04:05 GMT"]
    server = serve(keeps(b'{"a":1}', headers=headers))
    reply = http.client().fetch(server.url + "/x?y=z")
    assert (reply.result, reply.status, reply.body) == (DONE, 200, b'{"a":1}')
    assert reply.content_type == "application/json"
    assert reply.cache_control == "max-age=60"
    assert reply.link == '<https://example.org/?page=2>; rel="next"'
    assert reply.retry_after == "7"
    assert reply.ratelimit_remaining == "41"
    assert reply.cookies == "a=b"
    assert reply.date == "Fri, 02 Jan 2026 03:04:05 GMT"
    assert reply.certificate_until == ""
    assert server.requests[0].path == "/x?y=z"


def test_a_request_that_goes_out_once_is_told_how_long_the_certificate_is_good(http, serve):
    server = serve(keeps(b"x"))
    until = http.client().fetch(server.url, once=True).certificate_until
    assert re.fullmatch(r"[A-Z][a-z]{2} [ 0-9]\d \d\d:\d\d:\d\d \d{4} GMT", until)


def test_cookies_are_told_without_what_browsers_do_with_them(http, serve):
    cookies = ["a=b; Path=/; Secure; HttpOnly", "c=", "d=e=f ; Max-Age=0", "=g", "h", "",
               "i=\xe4", "j=" + "k" * 4096, "l=m;"]
    server = serve(keeps(headers=[f"Set-Cookie: {cookie}" for cookie in cookies]))
    assert http.client().fetch(server.url).cookies == "a=b; c=; d=e=f; l=m"


def test_method_headers_and_body_arrive_as_given(http, serve):
    server = serve(keeps())
    client = http.client()
    client.fetch(server.url, method=POST, body=b"a=1&b=2",
                 headers=["Authorization: Bearer t", "Content-Type: application/json"])
    client.fetch(server.url, method=POST)
    client.fetch(server.url, method=DELETE)
    client.fetch(server.url, method=DELETE, body=b"{}")
    client.fetch(server.url, method=PUT, body=b"{1}")
    client.fetch(server.url, method=PUT)
    assert [(r.method, r.body) for r in server.requests] == [
        ("POST", b"a=1&b=2"), ("POST", b""), ("DELETE", b""), ("DELETE", b"{}"), ("PUT", b"{1}"),
        ("PUT", b"")]
    assert server.requests[5].headers["content-length"] == "0"
    assert server.requests[0].headers["authorization"] == "Bearer t"
    assert server.requests[0].headers["content-type"] == "application/json"
    assert server.requests[0].headers["user-agent"].startswith("jauth/")


def test_no_body_has_no_type_but_its_own(http, serve):
    server = serve(keeps())
    client = http.client()
    client.fetch(server.url, method=POST)
    client.fetch(server.url, method=POST, headers=["Content-Type: text/plain"])
    client.fetch(server.url)
    assert [r.headers.get("content-type") for r in server.requests] == [None, "text/plain", None]
    assert server.requests[0].headers["content-length"] == "0"


@pytest.mark.parametrize("status", [204, 400, 401, 404, 429, 500, 503])
def test_any_status_is_a_reply(http, serve, status):
    server = serve(keeps(b"" if status == 204 else b"why", status=status))
    reply = http.client().fetch(server.url)
    assert (reply.result, reply.status) == (DONE, status)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_reply_and_not_followed(http, serve, status):
    server = serve(keeps(status=status, headers=["Location: /elsewhere"]))
    reply = http.client().fetch(server.url)
    assert (reply.result, reply.status) == (DONE, status)
    assert len(server.requests) == 1


def test_a_connection_is_used_again(http, serve):
    server = serve(keeps())
    client = http.client()
    for _ in range(5):
        assert client.fetch(server.url, method=POST, body=b"x").result == DONE
    assert {request.connection for request in server.requests} == {1}


def test_a_pooled_connection_that_died_is_replaced(http, serve):
    def answer(stream, _request):
        stream.sendall(response())
        return False
    server = serve(answer)
    client = http.client()
    for _ in range(3):
        assert client.fetch(server.url).result == DONE
        time.sleep(0.05)
    assert server.n_connections == 3


def test_two_hundred_at_once(http, serve):
    def answer(stream, request):
        time.sleep(0.02)
        stream.sendall(response(body=request.path.encode()))
        return True
    server = serve(answer)
    client = http.client(timeout=30)
    asked = {client.ask(f"{server.url}/{i}", total_ms=30000): f"/{i}" for i in range(200)}
    for _ in range(200):
        number, reply = client.reply()
        assert (reply.result, reply.body.decode()) == (DONE, asked.pop(number))
    assert not asked
    assert server.n_connections <= 32


def test_http2_is_used_where_offered(http, certificate, tmp_path):
    nginx = Nginx(tmp_path / "nginx", certificate, "hello")
    client = http.client()
    try:
        for _ in range(20):
            client.ask(nginx.url, method=POST, body=b"a=b")
        replies = [client.reply()[1] for _ in range(20)]
        assert all((r.result, r.status, r.body) == (DONE, 200, b"hello") for r in replies)
        assert replies[0].content_type == "application/json"
        lines = wait_until(lambda: len(nginx.access()) >= 20 and nginx.access())
        assert {line.split()[0] for line in lines} == {"HTTP/2.0"}
        assert len({line.split()[1] for line in lines}) < 5, "requests share connections"
    finally:
        nginx.close()


# --- what surely reached nobody ---

def test_a_closed_port_is_not_sent(http):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    reply = http.client().fetch(f"https://localhost:{port}/")
    assert reply.result == NOT_SENT
    assert reply.error


def test_an_unknown_name_is_not_sent(http):
    reply = http.client().fetch("https://nosuch.invalid/", connect_ms=3000)
    assert (reply.result, reply.status) == (NOT_SENT, 0)


@pytest.mark.parametrize("names,days", [(["other.example.org"], 1), (["localhost"], -1)],
                         ids=["of another host", "expired"])
def test_a_bad_certificate_is_not_sent(http, serve, authority, names, days):
    server = serve(keeps(), authority.issue(*names, days=days))
    assert http.client().fetch(server.url).result == NOT_SENT
    assert not server.requests


def test_a_foreign_authority_is_not_sent(http, serve, tmp_path):
    foreign = Authority(tmp_path / "foreign")
    server = serve(keeps(), foreign.issue("localhost"))
    assert http.client().fetch(server.url).result == NOT_SENT
    assert not server.requests


def test_plain_http_behind_an_https_url_is_not_sent(http, serve):
    server = serve(keeps(), None)
    assert http.client().fetch(server.url).result == NOT_SENT


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_tls_1_1_is_not_sent(http, serve, certificate):
    server = serve(keeps(), certificate)
    server.context.minimum_version = ssl.TLSVersion.TLSv1
    server.context.maximum_version = ssl.TLSVersion.TLSv1_1
    server.context.set_ciphers("ALL:@SECLEVEL=0")
    assert http.client().fetch(server.url).result == NOT_SENT
    assert not server.requests


def test_a_handshake_that_hangs_ends_by_connect_ms(http):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        reply = http.client().fetch(f"https://localhost:{silent.getsockname()[1]}/",
                                    connect_ms=400)
        assert reply.result == NOT_SENT
        assert 0.3 < time.monotonic() - began < 2


def test_those_that_wait_behind_a_hanging_handshake_end_by_total_ms(http):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = http.client()
        began = time.monotonic()
        for _ in range(5):
            client.ask(f"https://localhost:{silent.getsockname()[1]}/", connect_ms=5000,
                       total_ms=500)
        assert {client.reply()[1].result for _ in range(5)} == {NOT_SENT}
        assert time.monotonic() - began < 2


def test_loopback_is_refused_without_the_test_setting(tmp_path, authority, serve):
    server = serve(keeps())
    http = JauthHttp(tmp_path, "--ca-file", str(authority.file)).start()
    try:
        client = http.client()
        for host in ("localhost", "127.0.0.1", "127.1.2.3", "[::1]", "0.0.0.0", "[::]",
                     "[::ffff:127.0.0.1]", "169.254.169.254", "[fe80::1]"):
            reply = client.fetch(f"https://{host}:{server.port}/")
            assert (host, reply.result) == (host, NOT_SENT)
            assert "local" in reply.error
        assert server.n_connections == 0
    finally:
        http.stop()


def test_the_environment_gives_no_orders(tmp_path, authority, serve, tunnel):
    server, proxy = serve(keeps()), serve(keeps(), None)
    used = tunnel()
    keylog = tmp_path / "keys"
    environment = {"https_proxy": f"http://127.0.0.1:{proxy.port}", "SSLKEYLOGFILE": str(keylog),
                   "ALL_PROXY": f"http://127.0.0.1:{proxy.port}", "no_proxy": "localhost",
                   "NO_PROXY": "*"}
    http = JauthHttp(tmp_path, "--ca-file", str(authority.file), "--allow-loopback",
                     environment=environment).start()
    try:
        assert http.client().fetch(server.url).result == DONE
        assert proxy.n_connections == 0
        assert http.client().fetch(server.url, proxy=used.url).result == DONE
        assert len(used.targets) == 1, "the request's own proxy is used, whatever no_proxy says"
        assert not keylog.exists()
    finally:
        http.stop()


# --- what may have been sent ---

def hangs(stream, _request):
    time.sleep(5)
    stream.close()


def hangs_in_body(stream, request):
    stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    hangs(stream, request)


@pytest.mark.parametrize("answer", [hangs, hangs_in_body])
def test_a_slow_server_times_out(http, serve, answer):
    server = serve(answer)
    began = time.monotonic()
    reply = http.client().fetch(server.url, total_ms=500)
    assert (reply.result, reply.status, reply.body) == (TIMED_OUT, 0, b"")
    assert time.monotonic() - began < 2


BROKEN_REPLIES = {
    "nothing": b"",
    "garbage": b"\x00\x01garbage\r\n\r\n" * 10,
    "no HTTP version": b"hello\r\n\r\n",
    "cut headers": b"HTTP/1.1 200 OK\r\nContent-Le",
    "cut body": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
    "cut chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf",
    "bad chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhalf\r\n",
    "huge header": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200000 + b"\r\n\r\n",
    "many headers": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20000 + b"\r\n",
    "status 999": b"HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n",
    "bad length": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
}


@pytest.mark.parametrize("name", BROKEN_REPLIES)
def test_a_broken_reply_is_broken(http, serve, name):
    def answer(stream, _request):
        stream.sendall(BROKEN_REPLIES[name])
        return False
    reply = http.client().fetch(serve(answer).url)
    assert (reply.result, reply.status, reply.body) == (BROKEN, 0, b"")
    assert reply.error.isprintable()


def test_a_body_may_be_as_long_as_asked_and_no_longer(http, serve):
    server = serve(lambda stream, request:
                   stream.sendall(response(body=b"x" * int(request.path[1:]))) or True)
    client = http.client()
    assert client.fetch(server.url + "/100", max_body=100).body == b"x" * 100
    assert client.fetch(server.url + "/101", max_body=100).result == BROKEN
    assert client.fetch(server.url + "/1", max_body=0).result == BROKEN
    assert len(client.fetch(f"{server.url}/{BODY_MAX}").body) == BODY_MAX
    assert client.fetch(f"{server.url}/{BODY_MAX + 1}").result == BROKEN


def test_an_endless_body_is_stopped(http, serve):
    def answer(stream, _request):
        stream.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(1000):
            stream.sendall(b"x" * 100000)
        return False
    assert http.client().fetch(serve(answer).url).result == BROKEN


def test_header_values_that_fit_no_field_are_dropped(http, serve):
    server = serve(keeps(headers=["Cache-Control: " + "x" * 256, "Content-Type: a\tb",
                                  "Retry-After: \xe4", "Link: one", "Link: two"]))
    reply = http.client().fetch(server.url)
    assert reply.result == DONE
    assert (reply.cache_control, reply.content_type, reply.retry_after) == ("", "", "")
    assert reply.link == "one"


# --- late ---

def test_an_answer_may_be_late_and_holds_nobody_up(http, serve, tunnel):
    """What the calls for a relay's events do; longer than the 30 s of other requests."""
    seconds, n_polls = 31, 20

    def answer(stream, request):
        if request.path.startswith("/poll"):
            time.sleep(seconds)
        stream.sendall(response(body=request.path.encode()))
        return True
    server, proxy = serve(answer), tunnel()
    client, other = http.client(timeout=60), http.client()
    began = time.monotonic()
    asked = {client.ask(f"{server.url}/poll{i}", total_ms=45000,
                        proxy=proxy.url if i % 2 else ""): f"/poll{i}" for i in range(n_polls)}
    wait_until(lambda: len(server.requests) == n_polls)
    while time.monotonic() < began + seconds - 2:
        asked_at = time.monotonic()
        for way in ("", proxy.url):
            assert other.fetch(server.url + "/put", method=PUT, body=b"x", proxy=way).body == \
                b"/put"
        assert time.monotonic() < asked_at + 2
        time.sleep(1)
    for _ in range(n_polls):
        number, reply = client.reply()
        assert (reply.result, reply.body.decode()) == (DONE, asked.pop(number))
    assert time.monotonic() - began < seconds + 5
    assert server.n_connections == n_polls + 2, "the short ones share two connections"
    before = server.n_connections
    assert client.fetch(server.url + "/next", total_ms=45000).result == DONE
    assert server.n_connections == before


# --- by a proxy ---

@pytest.mark.parametrize("by_tls", [False, True], ids=["http", "https"])
def test_a_reply_comes_through_a_tunnel(http, serve, tunnel, certificate, by_tls):
    server = serve(keeps(b"hello", headers=["Retry-After: 7"]))
    proxy = tunnel(certificate if by_tls else None)
    client = http.client()
    for _ in range(2):
        reply = client.fetch(server.url + "/secret-path", method=PUT, body=b"secret-body",
                             headers=["Authorization: Bearer secret-token"], proxy=proxy.url)
        assert (reply.result, reply.status, reply.body) == (DONE, 200, b"hello")
        assert (reply.retry_after, reply.content_type) == ("7", "")
    assert proxy.targets == [f"localhost:{server.port}"], "one tunnel serves both"
    assert server.requests[0].headers["authorization"] == "Bearer secret-token"
    assert "proxy-connection" not in server.requests[0].headers
    assert b"secret" not in proxy.passed


def test_the_certificate_is_that_of_the_server(http, serve, tunnel, authority, tmp_path):
    wrong = [serve(keeps(), authority.issue("other.example.org")),
             serve(keeps(), Authority(tmp_path / "foreign").issue("localhost")),
             serve(keeps(), None)]
    proxy = tunnel()
    for server in wrong:
        reply = http.client().fetch(server.url, proxy=proxy.url)
        assert reply.result == NOT_SENT
        assert reply.error.startswith(f"through {proxy.url}: ")
        assert not server.requests
    assert len(proxy.targets) == 3


def test_the_certificate_of_the_proxy_is_verified_too(http, serve, tunnel, authority, tmp_path):
    server = serve(keeps())
    for certificate in (authority.issue("other.example.org"),
                        Authority(tmp_path / "foreign").issue("localhost")):
        proxy = tunnel(certificate)
        reply = http.client().fetch(server.url, proxy=proxy.url)
        assert (reply.result, proxy.targets) == (NOT_SENT, [])
        assert reply.error.startswith(f"through {proxy.url}: ")
    assert server.n_connections == 0


def test_ways_are_not_mixed(http, serve, tunnel):
    server, one, two = serve(keeps()), tunnel(), tunnel()
    client = http.client()
    for _ in range(3):
        for way in ("", one.url, two.url):
            assert client.fetch(server.url, proxy=way).result == DONE
    assert len(one.targets) == len(two.targets) == 1
    assert [request.connection for request in server.requests] == [1, 2, 3] * 3


def test_ways_are_not_mixed_at_once(http, certificate, tunnel, tmp_path):
    """HTTP/2, where a request joins a connection that is at work."""
    nginx, proxy = Nginx(tmp_path / "nginx", certificate, "hello"), tunnel()
    client = http.client()
    try:
        for i in range(40):
            client.ask(nginx.url + ("/t" if i % 2 else "/d"), proxy=proxy.url if i % 2 else "")
        replies = [client.reply()[1] for _ in range(40)]
        assert not [reply for reply in replies if reply.result != DONE]
        lines = wait_until(lambda: len(nginx.access()) >= 40 and nginx.access())
        connections = {"/t": set(), "/d": set()}
        for line in lines:
            connections[line.split()[4]].add(line.split()[1])
        assert connections["/d"] and connections["/t"].isdisjoint(connections["/d"])
        assert 1 <= len(connections["/t"]) <= len(proxy.targets)    # one may be of no use
        proxy.close()
        proxy.cut()
        assert client.fetch(nginx.url).result == DONE
        assert client.fetch(nginx.url, proxy=proxy.url).result == NOT_SENT
    finally:
        nginx.close()


def test_once_has_a_tunnel_of_its_own(http, serve, tunnel):
    server, proxy = serve(keeps_then_drops()), tunnel()
    client = http.client()
    client.fetch(server.url, proxy=proxy.url)
    for n in range(2, 5):
        reply = client.fetch(server.url, method=POST, body=b"x", once=1, proxy=proxy.url)
        assert reply.result == DONE
        assert len(proxy.targets) == len(server.requests) == n


def says(*lines, body=b""):
    def answer(stream):
        stream.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
    return answer


REFUSALS = {
    "forbidden": says("HTTP/1.1 403 Forbidden", "Content-Length: 2", body=b"no"),
    "asks for a password": says("HTTP/1.1 407 Proxy Authentication Required",
                                "Proxy-Authenticate: Basic realm=\"x\"", "Content-Length: 0"),
    "cannot reach": says("HTTP/1.1 502 Bad Gateway", "Content-Length: 0"),
    "redirects": says("HTTP/1.1 302 Found", "Location: https://localhost/", "Content-Length: 0"),
    "leaves": lambda stream: None,
    "garbage": says("\0garbage"),
    "huge headers": says("HTTP/1.1 200 OK", *["X: " + "y" * 10000] * 100),
    "huge body": says("HTTP/1.1 403 Forbidden", "Content-Length: 100000000", body=b"x" * 1000000),
    "answers itself": says("HTTP/1.1 200 OK", "Content-Length: 2", body=b"ok"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_proxy_that_refuses_is_named(http, serve, tunnel, name):
    server, proxy = serve(keeps()), tunnel(answer=REFUSALS[name])
    client = http.client()
    began = time.monotonic()
    reply = client.fetch(server.url, proxy=proxy.url, method=POST, body=b"x", once=1,
                         connect_ms=3000)
    assert (reply.result, reply.status, reply.body) == (NOT_SENT, 0, b"")
    assert reply.error.startswith(f"through {proxy.url}: ")
    assert time.monotonic() - began < 5
    assert server.n_connections == 0
    assert client.fetch(server.url).result == DONE


def test_a_proxy_that_hangs_ends_by_connect_ms(http, serve, tunnel):
    server = serve(keeps())
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ways = [tunnel(answer=lambda stream: time.sleep(5)).url,
                tunnel(answer=lambda stream: stream.sendall(b"HTTP/1.1 200 OK\r\n") or
                       time.sleep(5)).url,
                f"https://localhost:{silent.getsockname()[1]}"]
        for way in ways:
            began = time.monotonic()
            reply = http.client().fetch(server.url, proxy=way, connect_ms=400)
            assert reply.result == NOT_SENT
            assert way in reply.error
            assert 0.3 < time.monotonic() - began < 2


def test_a_proxy_that_drips_ends_by_connect_ms(http, serve, tunnel):
    def drips(stream):
        for _ in range(100):
            stream.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            time.sleep(0.05)
    proxy = tunnel(answer=drips)
    began = time.monotonic()
    reply = http.client().fetch(serve(keeps()).url, proxy=proxy.url, connect_ms=500)
    assert (reply.result, reply.status) == (NOT_SENT, 0)
    assert time.monotonic() - began < 2


def test_a_proxy_that_is_not_there_is_named(http, serve, tunnel):
    server, proxy = serve(keeps()), tunnel()
    proxy.close()
    reply = http.client().fetch(server.url, proxy=proxy.url)
    assert reply.result == NOT_SENT
    assert proxy.url in reply.error
    reply = http.client().fetch(server.url, proxy="http://nosuch.invalid:3128", connect_ms=3000)
    assert reply.result == NOT_SENT
    assert "through http://nosuch.invalid:3128" in reply.error
    assert server.n_connections == 0


def test_a_proxy_that_vanishes_under_a_request_broke_it(http, serve, tunnel):
    server, proxy = serve(hangs), tunnel()
    client = http.client()
    client.ask(server.url, proxy=proxy.url)
    wait_until(lambda: server.requests)
    proxy.cut()
    assert client.reply()[1].result == BROKEN, "it may have been sent"


def test_a_pooled_tunnel_that_died_is_replaced(http, serve, tunnel):
    server, proxy = serve(keeps()), tunnel()
    client = http.client()
    for n in range(1, 4):
        assert client.fetch(server.url, proxy=proxy.url).result == DONE
        assert len(proxy.targets) == n
        proxy.cut()
        time.sleep(0.05)


def test_a_hanging_proxy_holds_up_no_other_server(http, serve, tunnel):
    server, other = serve(keeps()), serve(keeps())
    proxy = tunnel(answer=lambda stream: time.sleep(5))
    client = http.client()
    began = time.monotonic()
    hanging = client.ask(server.url, proxy=proxy.url, connect_ms=2000)
    wait_until(lambda: proxy.targets)
    assert client.fetch(other.url).result == DONE
    assert time.monotonic() - began < 1.5
    direct = client.ask(server.url)
    replies = dict(client.reply() for _ in range(2))
    assert (replies[hanging].result, replies[direct].result) == (NOT_SENT, DONE)
    assert time.monotonic() - began < 3, "the same server is waited for by connect_ms only"


def test_what_says_that_it_is_local_is_refused_behind_a_proxy(tmp_path, authority, serve, tunnel):
    """The proxy stands elsewhere; 192.0.2.10 does not, but the program cannot know."""
    subprocess.run(["ip", "address", "add", "192.0.2.10/32", "dev", "lo"], check=True)
    http = JauthHttp(tmp_path, "--ca-file", str(authority.file)).start()
    try:
        server, proxy = serve(keeps()), tunnel(address="192.0.2.10")
        client = http.client()
        for host in ("localhost", "a.localhost", "LOCALHOST", "127.0.0.1", "[::1]", "0.0.0.0",
                     "[::ffff:127.0.0.1]", "169.254.169.254", "[fe80::1]"):
            reply = client.fetch(f"https://{host}:{server.port}/", proxy=proxy.url)
            assert (host, reply.result) == (host, NOT_SENT)
            assert reply.error == f"through {proxy.url}: the host is local to the proxy"
        assert not proxy.targets
        reply = client.fetch(f"https://nosuch.invalid:{server.port}/", proxy=proxy.url)
        assert (reply.result, proxy.targets) == (NOT_SENT, [f"nosuch.invalid:{server.port}"]), \
            "other names are the proxy's to look up"
    finally:
        http.stop()
        subprocess.run(["ip", "address", "del", "192.0.2.10/32", "dev", "lo"], check=True)


def test_loopback_is_refused_as_a_proxy(tmp_path, authority, serve, tunnel):
    server, proxy = serve(keeps()), tunnel()
    port = proxy.url.rpartition(":")[2]
    http = JauthHttp(tmp_path, "--ca-file", str(authority.file)).start()
    try:
        client = http.client()
        for host in ("localhost", "127.0.0.1", "[::1]", "0.0.0.0", "[::ffff:127.0.0.1]"):
            reply = client.fetch("https://op.example.org/", proxy=f"http://{host}:{port}")
            assert (host, reply.result) == (host, NOT_SENT)
            assert "address is local" in reply.error
        assert not proxy.targets and not server.requests
    finally:
        http.stop()


# --- once ---

def drops(_stream, _request):
    """Has read the request and leaves without a word."""
    return False


def keeps_then_drops():
    """Answers the first request of every connection, keeps it, and leaves at the second."""
    seen = set()

    def answer(stream, request):
        if request.connection in seen:
            return False
        seen.add(request.connection)
        return keeps()(stream, request)
    return answer


def test_a_post_without_once_is_repeated_by_the_library(http, serve):
    """What `once` is for; should this ever fail, libcurl has changed."""
    server = serve(keeps_then_drops())
    client = http.client()
    client.fetch(server.url)
    client.fetch(server.url, method=POST, body=b"x")
    assert [request.body for request in server.requests] == [b"", b"x", b"x"]


def test_a_post_with_once_does_not_go_out_twice(http, serve):
    server = serve(drops)
    client = http.client()
    for n in range(1, 4):
        assert client.fetch(server.url, method=POST, body=b"x", once=1).result == BROKEN
        assert len(server.requests) == n


def test_a_post_with_once_leaves_pooled_connections_alone(http, serve):
    server = serve(keeps_then_drops())
    client = http.client()
    client.fetch(server.url)
    for n in range(2, 5):
        assert client.fetch(server.url, method=POST, body=b"x", once=1).result == DONE
        assert server.n_connections == len(server.requests) == n
    assert {request.connection for request in server.requests} == {1, 2, 3, 4}


def test_the_connection_of_once_is_not_used_again(http, serve):
    server = serve(keeps())
    client = http.client()
    client.fetch(server.url, method=POST, body=b"x", once=1)
    client.fetch(server.url)
    assert [request.connection for request in server.requests] == [1, 2]


def test_once_is_not_repeated_by_a_refused_stream(http, certificate):
    server = RefusingServer(certificate, drops)
    client = http.client()
    assert client.fetch(server.url, method=POST, body=b"x", once=1).result == BROKEN
    assert (server.n_refused, len(server.requests)) == (0, 1)
    assert client.fetch(server.url, method=POST, body=b"x").result == BROKEN
    assert server.n_refused > 1, "without once it is"
    server.close()


def test_many_with_once_at_a_time(http, serve):
    server = serve(keeps())
    client = http.client(timeout=30)
    for _ in range(100):
        client.ask(server.url, method=POST, body=b"x", once=1, total_ms=30000)
    assert {client.reply()[1].result for _ in range(100)} == {DONE}
    assert len(server.requests) == server.n_connections == 100


# --- clients ---

BAD_FRAMES = {
    "length 0": struct.pack("<I", 0) + b"x" * 20,
    "too long": struct.pack("<I", 16 * 1024 * 1024) + b"\x01" * 20,
    "unknown type": frame(9, 1),
    "a reply": frame(REPLY, 1),
    "a pong": frame(PONG, 1),
    "no fields": frame(REQUEST, 1),
    "random": os.urandom(100) + b"\xff" * 8,
    "http": frame(REQUEST, 1, request_fields("http://localhost/")),
    "file": frame(REQUEST, 1, request_fields("file:///etc/passwd")),
    "number 0": frame(REQUEST, 0, request_fields("https://localhost/")),
    "injected header": frame(REQUEST, 1, request_fields("https://localhost/",
                                                        headers=["A: b\r\nC: d"])),
    "field left over": frame(REQUEST, 1, request_fields("https://localhost/") + field(b"")),
    "a proxy with a password": frame(REQUEST, 1, request_fields("https://localhost/",
                                                                proxy="http://u:p@localhost:1")),
    "a proxy of another kind": frame(REQUEST, 1, request_fields("https://localhost/",
                                                                proxy="socks5://localhost:1")),
    "once 2": frame(REQUEST, 1, request_fields("https://localhost/", once=2)),
    "many headers": frame(REQUEST, 1, number_field(1) + field(b"https://localhost/") +
                          field(b"") + number_field(1 << 31)),
}


@pytest.mark.parametrize("name", BAD_FRAMES)
def test_a_bad_frame_closes_that_client_only(http, serve, name):
    server = serve(keeps())
    good, bad = http.client(), http.client()
    assert good.ping()
    bad.socket.sendall(BAD_FRAMES[name])
    assert bad.is_closed()
    assert good.fetch(server.url).result == DONE


def test_a_number_at_work_is_not_used_twice(http, serve):
    server = serve(hangs)
    client = http.client()
    for _ in range(2):
        client.send(REQUEST, 5, request_fields(server.url))
    assert client.is_closed()


def test_frames_may_come_in_pieces(http, serve):
    server = serve(keeps())
    client = http.client()
    for byte in frame(REQUEST, 3, request_fields(server.url)):
        client.socket.sendall(bytes([byte]))
    number, reply = client.reply()
    assert (number, reply.result) == (3, DONE)


def test_a_cancelled_request_ends_and_gets_no_reply(http, serve):
    gone = threading.Event()

    def answer(stream, request):
        if request.path == "/ok":
            stream.sendall(response())
            return True
        stream.settimeout(5)
        if stream.recv(1) == b"":
            gone.set()
        return False
    server = serve(answer)
    client = http.client()
    number = client.ask(server.url + "/hangs")
    wait_until(lambda: server.requests)
    client.send(CANCEL, number)
    client.send(CANCEL, 999)
    assert gone.wait(3)
    assert client.fetch(server.url + "/ok").result == DONE


def test_what_a_client_asked_for_ends_with_it(http, serve):
    gone = threading.Event()

    def answer(stream, _request):
        stream.settimeout(5)
        if stream.recv(1) == b"":
            gone.set()
        return False
    server = serve(answer)
    client = http.client()
    client.ask(server.url)
    wait_until(lambda: server.requests)
    client.close()
    assert gone.wait(3)
    assert http.client().ping()


def test_a_restarted_jauthd_finds_its_place(http, serve):
    server = serve(keeps())
    for _ in range(20):
        client = http.client()
        assert client.fetch(server.url).result == DONE
        client.close()


def test_clients_are_bounded(http):
    clients = [http.client() for _ in range(4)]
    assert all(client.ping() for client in clients)
    assert http.client().is_closed()
    assert clients[0].ping()


def test_too_many_requests_are_told_so(http, serve):
    server = serve(hangs)
    client = http.client()
    for _ in range(1025):
        client.ask(server.url)
    number, reply = client.reply()
    assert (number, reply.result) == (1025, NOT_SENT)
    assert "too many" in reply.error


def test_another_user_may_not_connect(http):
    os.chmod(http.folder, 0o755)
    os.chmod(http.path, 0o666)
    for parent in http.folder.parents:
        if str(parent) not in ("/", "/tmp", "/run"):
            os.chmod(parent, 0o755)
    code = ("import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); "
            "sys.exit(s.recv(1) != b'')")
    done = subprocess.run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
                           "/usr/bin/python3", "-c", code, str(http.path)], check=False)
    assert done.returncode == 0
    assert "uid 65534 may not connect" in http.log()


# --- the process ---

def test_killed_and_started_again(http, serve):
    server = serve(keeps())
    client = http.client()
    assert client.fetch(server.url).result == DONE
    http.send_signal(signal.SIGKILL)
    assert client.is_closed()
    http.process.wait()
    http.start()
    assert http.client().fetch(server.url).result == DONE


def test_stopped_and_continued_it_goes_on(http, serve):
    server = serve(keeps())
    client = http.client()
    assert client.ping()
    http.send_signal(signal.SIGSTOP)
    client.ask(server.url)
    client.socket.settimeout(0.3)
    with pytest.raises(TimeoutError):
        client.receive()
    client.socket.settimeout(10)
    http.send_signal(signal.SIGCONT)
    assert client.reply()[1].result == DONE


def test_sigterm_is_a_clean_end_with_requests_open(http, serve):
    server = serve(hangs)
    client = http.client()
    client.ask(server.url)
    wait_until(lambda: server.requests)
    http.send_signal(signal.SIGTERM)
    assert http.process.wait(3) == 0
    assert client.is_closed()


def test_it_takes_the_socket_from_systemd(tmp_path, authority, serve):
    server = serve(keeps())
    path = tmp_path / "given"
    http = JauthHttp(tmp_path, "--ca-file", str(authority.file), "--allow-loopback")
    http.path = path
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(str(tmp_path / "notify"))
    notify.settimeout(5)
    script = f'export LISTEN_PID=$$; exec "$@" 3<&{listener.fileno()}'
    http.process = subprocess.Popen(
        ["/bin/bash", "-c", script, "bash", *http.argv], pass_fds=[listener.fileno()],
        env={"LISTEN_FDS": "1", "NOTIFY_SOCKET": str(tmp_path / "notify"),
             "WATCHDOG_USEC": "400000"})
    assert {notify.recv(100) for _ in range(4)} == {b"READY=1", b"WATCHDOG=1"}
    assert http.client().fetch(server.url).result == DONE
    assert http.stop() == 0
    listener.close()


@pytest.mark.parametrize("words", [["--nonsense"], ["word"], ["--socket"]])
def test_wrong_options_are_refused(tmp_path, words):
    http = JauthHttp(tmp_path)
    done = subprocess.run([http.argv[0], *words], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "usage" in done.stderr
