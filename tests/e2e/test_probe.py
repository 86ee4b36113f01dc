# SPDX-License-Identifier: GPL-3.0-or-later
"""jauthctl method list and probe: what methods can do, and what is wrong with their apps."""

import json
import subprocess

import pytest

import configs
from apps import on_best_behaviour
from house import wait_until
from linked import relay_section, wecom_section
from screen import Terminal

DONE, NO, USAGE, NOT_REACHED, REFUSED = range(5)


def text_of(double, wecom, gateway, op, **more):
    return (configs.head() + configs.PASSWORD + configs.oidc(op) + relay_section(double)
            + wecom_section(wecom, title="Our corp", **more)
            + wecom_section(wecom, name="spare", **more) + configs.totp()
            + configs.sms_gateway(gateway) + configs.sms(vendors="gateway") + configs.service("sshd", "wecom"))


@pytest.fixture(scope="module", autouse=True)
def jauth(house, double, wecom, gateway, op):
    house.configure(text_of(double, wecom, gateway, op))
    yield house
    house.stop_jauth()


@pytest.fixture
def vendor(relay, wecom):
    with on_best_behaviour(wecom):
        wecom.trusted_domain = relay.url.removeprefix("https://")
        wecom.add_member("ZhangSan", name="张三")
        yield wecom


@pytest.fixture
def with_section(house, double, wecom, gateway, op):
    """Other keys of the section, for one test."""
    yield lambda **more: house.reload(text_of(double, wecom, gateway, op, **more))
    house.reload(text_of(double, wecom, gateway, op))


def ctl(*words, before=()):
    done = subprocess.run([*before, "jauthctl", "method", *words], text=True, timeout=60,
                          capture_output=True, stdin=subprocess.DEVNULL, start_new_session=True,
                          check=False, env={"PATH": "/usr/sbin:/usr/bin", "LANG": "C.UTF-8"})
    return done.returncode, done.stdout, done.stderr


def calls(vendor):
    return [endpoint for _, endpoint in vendor.requests]


# --- list ---

def test_what_methods_can_do():
    code, out, complaints = ctl("list", "--json")
    assert (code, complaints) == (DONE, "")
    rows = {row["method"]: row for row in json.loads(out)}
    assert set(rows) == {"password", "work", "wecom", "spare", "app", "phone"}
    assert [(name, row["type"], row["relay"], row["test"], row["enrol"])
            for name, row in sorted(rows.items())] == [
        ("app", "totp", False, False, True), ("password", "password", False, False, False),
        ("phone", "sms", False, True, True), ("spare", "wecom", True, True, False),
        ("wecom", "wecom", True, True, False), ("work", "oidc", False, True, False)]
    assert {"relay", "confirms-here", "silent", "contacts", "delivers"} \
        == set(rows["wecom"]["features"].split(", "))
    assert "changes-password" in rows["password"]["features"]
    assert rows["wecom"]["title"] == "Our corp" and rows["password"]["state"] == "ready"
    text = ctl("list")[1]
    assert "FEATURES" in text and "Our corp" in text


# --- probe ---

def test_a_right_app(house, vendor):
    code, out, complaints = ctl("probe", "wecom")
    assert (code, complaints) == (DONE, "")
    lines = out.splitlines()
    assert "takes corp_id and secret" in lines[0]
    assert str(vendor.agent_id) in lines[1] and vendor.app_name in lines[1]
    assert any(vendor.trusted_domain in line for line in lines)
    assert any(line.split() == ["outcome", "granted"] for line in lines)
    assert calls(vendor) == ["gettoken", "agent/get"]
    row = house.audit()[-1]
    assert (row["kind"], row["method"], row["outcome"], row["user"]) \
        == ("test", "wecom", "granted", "")
    assert not [secret for secret in vendor.secrets_made if secret in out + house.journal()]


def test_for_programs(vendor):
    code, out, _ = ctl("probe", "wecom", "--json")
    assert code == DONE and json.loads(out)["outcome"] == "granted"
    vendor.is_closed = True
    code, out, complaints = ctl("probe", "wecom", "--json")
    assert code == NO and json.loads(out)["outcome"] == "failed"
    assert "disabled" in complaints


def test_what_the_vendor_says_of_the_app_is_cleaned(vendor):
    vendor.app_name = "Log\x1b[31m in"
    code, out, _ = ctl("probe", "wecom")
    assert code == DONE and "\x1b" not in out


def mistake(method="wecom"):
    """What the sysadmin reads."""
    code, out, complaints = ctl("probe", method)
    assert code == NO
    return out + complaints


def test_a_wrong_secret(vendor, with_section, tmp_path):
    path = "/etc/jauth/wrong-secret"
    with open(path, "w", encoding="ascii") as file:
        file.write("another secret\n")
    subprocess.run(["chown", "jauth", path], check=True)
    subprocess.run(["chmod", "600", path], check=True)
    with_section(secret_file=path)
    text = mistake()
    assert "40001" in text and "the secret is not of this app" in text
    assert "another secret" not in text and "takes corp_id" not in text
    with_section()
    assert ctl("probe", "wecom")[0] == DONE        # at once, whatever logins are told meanwhile


def test_a_wrong_corp(vendor, with_section):
    with_section(corp_id="ww0000000000000000")
    assert "40013" in mistake()


def test_an_address_that_is_not_allowed(vendor):
    vendor.trusted_ips = {"203.0.113.7"}
    text = mistake()
    assert "takes corp_id and secret" in text
    assert "allow 127.0.0.1 in 企业可信IP" in text


def test_a_wrong_agent(vendor, with_section):
    with_section(agent_id="1000003")
    assert "301002" in mistake()


def test_nobody_may_use_the_app(vendor):
    people, vendor.persons = vendor.persons, {}
    try:
        assert "可见范围" in mistake()
    finally:
        vendor.persons = people


def test_a_vendor_that_is_not_there(vendor, with_section):
    with_section(api_url="https://wecom.example.org:1")
    assert "gettoken" in mistake()


def outcome_of(method):
    code, out, complaints = ctl("probe", method)
    return code, out + complaints


def test_a_provider_of_openid(polite):
    """What it says of itself, its keys, a code, and that nobody has approved it yet."""
    code, text = outcome_of("work")
    assert code == DONE, text
    steps = ["says who it is", "keys can be read", "gave a code", "takes the client"]
    assert [step for step in steps if step in text] == steps


def with_oidc(house, double, wecom, gateway, provider, **more):
    text = text_of(double, wecom, gateway, provider)
    house.reload(text + configs.oidc(provider, name="other", **more))


def test_a_client_that_the_provider_does_not_know(house, double, wecom, gateway, polite):
    with_oidc(house, double, wecom, gateway, polite, client_id="stranger")
    code, text = outcome_of("other")
    assert code == NO and "keys can be read" in text and "takes the client" not in text
    polite.complaints.clear()
    house.reload(text_of(double, wecom, gateway, polite))


def test_an_issuer_that_says_to_be_another(house, double, wecom, gateway, polite):
    class Elsewhere:
        issuer = polite.issuer + "/"

    house.reload(text_of(double, wecom, gateway, polite) + configs.oidc(Elsewhere, name="other"))
    code, text = outcome_of("other")
    assert code == NO and "keys can be read" not in text
    house.reload(text_of(double, wecom, gateway, polite))


def test_by_the_relay_it_ends_with_the_keys(house, double, wecom, gateway, polite):
    house.reload(text_of(double, wecom, gateway, polite) + configs.oidc_relay(polite, name="other"))
    code, text = outcome_of("other")
    assert code == DONE and "keys can be read" in text and "only a login shows" in text
    house.reload(text_of(double, wecom, gateway, polite))


def test_the_id_counts_and_not_the_type(vendor):
    assert ctl("probe", "spare")[0] == DONE
    for name in ("sms", "oidc", "WeCom", ""):
        code, out, complaints = ctl("probe", name)
        assert (code, out) == (NO, "") and "no method" in complaints, name
    assert ctl("probe")[0] == USAGE


@pytest.mark.parametrize("method,kind", [("password", "password"), ("app", "totp")])
def test_types_without_a_test(method, kind):
    code, out, complaints = ctl("probe", method)
    assert (code, out) == (NO, "")
    assert f"type {kind} have no test" in complaints
    assert f"jauthctl try USER --method {method}" in complaints


def test_only_root(vendor):
    nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    assert ctl("list", before=nobody)[0] == REFUSED
    assert ctl("probe", "wecom", before=nobody)[0] == REFUSED
    assert not calls(vendor)


def test_a_probe_that_asks(house):
    with Terminal(["jauthctl", "method", "probe", "phone"]) as terminal:
        terminal.wait_for("Mobile number: ")
        terminal.send("\x03")
        terminal.wait_for("cancelled")
        terminal.wait_end()
    wait_until(lambda: house.waiting() == 0, 5, "its end")
