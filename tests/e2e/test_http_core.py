# SPDX-License-Identifier: GPL-3.0-or-later
"""Once a request is done, the memory of jauth-http holds nothing of it."""

import secrets

import pytest

from lib_http import DONE, POST, Authority, JauthHttp, Nginx, Server, keeps

PIECE = 16                       # a trace this long of a secret is too much


class Secrets:
    """What a request and its reply carry; never in the test program's arguments or environment."""

    def __init__(self):
        self.header = secrets.token_hex(32)
        self.body = secrets.token_hex(600)
        self.reply = secrets.token_hex(600)
        self.path = secrets.token_hex(32)

    def fetch(self, client, url, **more):
        return client.fetch(f"{url}/{self.path}", method=POST, body=self.body.encode(),
                            headers=[f"Authorization: Bearer {self.header}"], **more)

    def traces_in(self, core):
        """Secrets a piece of which lies in the core: how many pieces, and the first's bytes."""
        traces = {}
        for name, value in vars(self).items():
            pieces = (value[i:i + PIECE].encode() for i in range(0, len(value), PIECE))
            found = [core.find(piece) for piece in pieces if piece in core]
            if found:
                traces[name] = len(found), core[found[0] - 40:found[0] + 40]
        return traces


def core_after(http):
    """A reply is here before the program that sent it goes on; with the answer to a ping it has."""
    assert http.client().ping()
    return http.core()


@pytest.fixture(name="authority", scope="module")
def fixture_authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(name="http")
def fixture_http(tmp_path, authority):
    program = JauthHttp(tmp_path, "--ca-file", str(authority.file), "--allow-loopback").start()
    yield program
    program.stop()


@pytest.fixture(name="certificate", scope="module")
def fixture_certificate(authority):
    return authority.issue("localhost")


def test_the_search_finds_what_is_there(http, certificate):
    """While the request is at work they are in memory: the others look at the right place."""
    secret = Secrets()
    cores = []

    def answer(stream, _request):
        cores.append(http.core())
        return keeps()(stream, _request)
    server = Server(certificate, answer)
    assert secret.fetch(http.client(), server.url).result == DONE
    assert {"header", "body", "path"} <= set(secret.traces_in(cores[0]))
    server.close()


@pytest.mark.parametrize("n_requests", [1, 3])
def test_http1_leaves_nothing_in_a_pooled_connection(http, certificate, n_requests):
    secret = Secrets()
    server = Server(certificate, keeps(secret.reply.encode(),
                                       headers=["Content-Type: application/json"]))
    client = http.client()
    for _ in range(n_requests):
        assert secret.fetch(client, server.url).body == secret.reply.encode()
    assert server.n_connections == 1
    assert not secret.traces_in(core_after(http))
    server.close()


def test_http2_leaves_nothing(http, certificate, tmp_path):
    secret = Secrets()
    nginx = Nginx(tmp_path / "nginx", certificate, secret.reply)
    client = http.client()
    for _ in range(3):
        assert secret.fetch(client, nginx.url).body == secret.reply.encode()
    assert not secret.traces_in(core_after(http))
    nginx.close()


def test_http2_with_many_at_once_leaves_nothing(http, certificate, tmp_path):
    secret = Secrets()
    nginx = Nginx(tmp_path / "nginx", certificate, secret.reply)
    client = http.client()
    for _ in range(30):
        client.ask(f"{nginx.url}/{secret.path}", method=POST, body=secret.body.encode(),
                   headers=[f"Authorization: Bearer {secret.header}"])
    assert {client.reply()[1].result for _ in range(30)} == {DONE}
    assert not secret.traces_in(core_after(http))
    nginx.close()


def hang_up(stream, _request):
    stream.close()


def half_a_reply(reply):
    def answer(stream, _request):
        stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + reply.encode())
        return False
    return answer


@pytest.mark.parametrize("ending", ["hang up", "half a reply", "too long"])
def test_a_failed_request_leaves_nothing(http, certificate, ending):
    secret = Secrets()
    answers = {"hang up": hang_up, "half a reply": half_a_reply(secret.reply),
               "too long": keeps(secret.reply.encode())}
    server = Server(certificate, answers[ending])
    assert secret.fetch(http.client(), server.url, max_body=1000).result != DONE
    assert not secret.traces_in(core_after(http))
    server.close()


def test_a_client_that_left_leaves_nothing(http, certificate):
    secret = Secrets()
    server = Server(certificate, keeps(secret.reply.encode()))
    client = http.client()
    assert secret.fetch(client, server.url).result == DONE
    client.close()
    assert not secret.traces_in(core_after(http))
    server.close()
