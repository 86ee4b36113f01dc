# SPDX-License-Identifier: GPL-3.0-or-later
"""jauthctl method add, show, set, disable, enable, remove: by questions on a terminal, in English and
Chinese, and by options; left at each question, wrong, refused, killed: all of it, or nothing."""

import fcntl
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import time

import pytest

import configs
from apps import on_best_behaviour
from conftest import PASSWORD
from house import CONFIG, JAUTHD, run, wait_until
from killed import Countdown
from linked import relay_section
from setting_up import (DROP_INS, LANGUAGES, SECRETS, Sysadmin, ctl, drop_in, expect_guarded,
                        expect_readable, keys_of, picture)

DONE, NO, USAGE, NOT_REACHED, REFUSED = range(5)

SECRET = "s3cret-of-the-app"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
SID = "0123456789abcdef" * 2


@pytest.fixture(scope="module", autouse=True)
def jauth(house, double):
    house.configure(configs.head() + configs.PASSWORD + relay_section(double)
                    + configs.service("login", "password"))
    yield house
    house.stop_jauth()


@pytest.fixture(autouse=True)
def as_it_was(house):
    """Every test begins with the configuration of the module, and ends with it."""
    before = CONFIG.read_text()
    kept = set(os.listdir(SECRETS))
    yield
    shutil.rmtree(DROP_INS, ignore_errors=True)
    for name in set(os.listdir(SECRETS)) - kept:
        (SECRETS / name).unlink()
    house.reload(before)


@pytest.fixture
def vendor(wecom):
    with on_best_behaviour(wecom):
        wecom.add_member("ZhangSan", name="张三")
        yield wecom


def methods():
    code, out, _ = ctl("list", "--json")
    assert code == DONE
    return {row["method"]: row for row in json.loads(out)}


def secret_file(tmp_path, content=SECRET):
    path = tmp_path / f"given-{len(list(tmp_path.iterdir()))}"
    path.write_text(content + "\n")
    return str(path)


# --- every type ---

# Type, kind of its vendor, and what is answered; names with ! are secret.
TYPES = [
    ("password", None, {"length_min": "12"}),
    ("totp", None, {"issuer": "Example"}),
    ("oidc", None, {"issuer": "https://id.example.org/realms/staff", "client_id": "hosts",
                    "client_secret!": SECRET, "map": "{username}"}),
    ("google", None, {"client_id": "1.apps.example.com", "client_secret!": SECRET,
                      "hosted_domains": "example.org"}),
    ("github", None, {"client_id": "Iv1.0123456789abcdef", "organization": "example",
                      "organization_id": "9919"}),
    ("wecom", None, {"corp_id": "ww1a2b3c4d5e6f7081", "agent_id": "1000002", "secret!": SECRET,
                     "map": "{userid}"}),
    ("dingtalk", None, {"corp_id": "ding1a2b3c4d5e6f7081", "app_key": "dingabcdefgh12345678",
                        "app_secret!": SECRET, "mode": "poll",
                        "redirect_uri": "https://sso.example.org/"}),
    ("wechat", None, {"app_id": "wx0123456789abcdef", "app_secret!": SECRET}),
    ("wechat-official-account", None,
     {"app_id": "wx0123456789abcdef", "app_secret!": SECRET, "mode": "push", "token!": "abc123",
      "aes_key!": AES_KEY, "original_id": "gh_0123456789ab"}),
    ("wechat-mini-program", None, {"app_id": "wx0123456789abcdef", "app_secret!": SECRET}),
    ("sms", "http", {"url": "https://sms.example.org/v1", "body": "to={digits}&text={text}",
                     "authorization!": "App 123", "alone": "yes"}),
    ("sms", "twilio", {"account_sid": "AC" + SID, "api_key_sid": "SK" + SID,
                       "api_key_secret!": SECRET, "from": "+14155550100"}),
    ("sms", "alibaba", {"access_key_id": "LTAI0123", "access_key_secret!": SECRET,
                        "sign_name": "某某科技", "template_code": "SMS_1"}),
    ("sms", "aws-sns", {"access_key_id": "AKIA0123", "secret_access_key!": SECRET,
                        "region": "eu-central-1"}),
]
IDS = [f"{kind}-{vendor}" if vendor else kind for kind, vendor, _ in TYPES]


def expect_method(kind, vendor, answers, name):
    """The drop-in has all of it, secrets lie beside, jauthd has taken it."""
    row = methods()[name]
    assert row["type"] == kind and row["state"] != "disabled"
    own = keys_of(f"method-{name}.conf", f"method {name}")
    of_vendor = keys_of(f"method-{name}.conf", f"sms {vendor}") if vendor else {}
    expect_readable(f"method-{name}.conf")
    for key, value in answers.items():
        place, prefix = ((of_vendor, f"sms.{vendor}") if vendor and key != "alone"
                         else (own, name))
        if key.endswith("!"):
            path = place[key[:-1] + "_file"]
            assert path == f"{SECRETS}/{prefix}-{key[:-1]}"
            expect_guarded(path, value)
        else:
            assert place[key] == value
    text = drop_in(f"method-{name}.conf")
    assert not [value for key, value in answers.items() if key.endswith("!") and value in text]


@pytest.mark.parametrize("kind,vendor,answers", TYPES, ids=IDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_by_questions(kind, vendor, answers, language):
    title = {"en": "Our way in", "zh": "公司登录"}[language]
    name = "our-way-in" if language == "en" else kind + "-2" * (kind == "password")
    with Sysadmin("add", language=language) as admin:
        given = {key.removesuffix("!"): value for key, value in answers.items()}
        status = admin.go_on({"type": [kind, vendor] if vendor else kind, "title": title, **given})
        assert status == DONE, admin.text()[-2000:]
        text = admin.text()
    assert not [value for key, value in answers.items() if key.endswith("!") and value in text]
    assert ("will be written" in text) == (language == "en")
    expect_method(kind, vendor, answers, name)
    assert keys_of(f"method-{name}.conf", f"method {name}")["title"] == title
    assert {"title", "id", "write", "more", "service"} <= set(admin.asked)


@pytest.mark.parametrize("kind,vendor,answers", TYPES, ids=IDS)
def test_by_options(kind, vendor, answers, tmp_path):
    words = ["--gateway", vendor] if vendor else []
    for key, value in answers.items():
        mark = "sms." if vendor and key != "alone" else ""
        words += (["--secret-file", f"{mark}{key[:-1]}={secret_file(tmp_path, value)}"]
                  if key.endswith("!") else ["--set", f"{mark}{key}={value}"])
    code, out, complaints = ctl("add", kind, "--id", "corp", "--yes", "--no-probe", *words)
    assert (code, complaints) == (DONE, ""), complaints
    assert "corp" in out
    expect_method(kind, vendor, answers, "corp")


# --- what a person is told ---

def test_where_things_are_is_told_in_both_languages():
    for language, words in (("en", ["企业ID = corp_id", "at the bottom of the page",
                                    "In the app, 网页授权及JS-SDK → 设置可信域名: relay.example.org"]),
                            ("zh", ["企业ID = corp_id", "页面的最下方",
                                    "在应用中，“网页授权及JS-SDK → 设置可信域名”：relay.example.org"])):
        with Sysadmin("add", "wecom", language=language) as admin:
            admin.go_on({"corp_id": "ww1", "agent_id": "1", "secret": SECRET}, until="write")
            text = admin.text()
            assert not [word for word in words if word not in text], text


def test_the_callback_address_is_told(double):
    with Sysadmin("add", "github") as admin:
        admin.go_on({"id": "gh", "flow": "relay", "client_id": "x", "client_secret": SECRET},
                    until="write")
        assert f"{double.url}/cb/gh" in admin.text()


def test_without_a_relay_the_person_is_told_so(house):
    house.reload(configs.head() + configs.PASSWORD)
    with Sysadmin("add", "wecom") as admin:
        admin.go_on({}, until="title")
        assert "no relay yet" in admin.text()
        admin.terminal.send("\x03")
        admin.terminal.wait_end()


def test_other_keys_can_be_given_and_are_listed():
    with Sysadmin("add", "totp") as admin:
        assert admin.go_on({"more": ["?", "digits=8", "digit=7", "digits=80", ""]}) == DONE
        text = admin.text()
    assert "Periods that the clock" in text and "did you mean \"digits\"" in text
    assert "6 … 8" in text
    assert keys_of("method-totp.conf", "method totp")["digits"] == "8"


# --- IDs ---

@pytest.mark.parametrize("title,expected", [
    ("Our Corp", "our-corp"), ("公司登录", "totp"), ("公司 TOTP 登录!", "totp"), ("--", "totp"),
    ("none", "totp"), ("A" * 60, "a" * 32), ("Müller & Söhne", "m-ller-s-hne"),
])
def test_ids_come_from_names(title, expected):
    code, out, complaints = ctl("add", "totp", "--title", title, "--json")
    assert (code, complaints) == (DONE, "")
    assert json.loads(out) == {"method": expected, "file": f"{DROP_INS}/method-{expected}.conf"}


def test_ids_that_are_taken_get_a_number():
    names = [json.loads(ctl("add", "totp", "--title", "验证器", "--json")[1])["method"]
             for _ in range(3)]
    assert names == ["totp", "totp-2", "totp-3"]
    code, _, complaints = ctl("add", "totp", "--id", "totp-2", "--yes")
    assert code == NO and "already" in complaints
    with Sysadmin("add", "totp", "--title", "X") as admin:
        assert admin.go_on({"id": ["totp", "password", "Ü", "none", "a" * 33, "good"]}) == DONE
        assert admin.text().count("of that ID already") == 2
        assert admin.text().count("An ID is 1 to 32") == 3
    assert "good" in methods()


def test_a_section_of_somebody_else_takes_an_id_too(house):
    house.reload(CONFIG.read_text() + configs.section("method corp", {"type": "totp"}))
    code, _, complaints = ctl("add", "totp", "--id", "corp", "--yes")
    assert code == NO and "already" in complaints
    assert not DROP_INS.exists() or not list(DROP_INS.iterdir())


# --- wrong values ---

WRONG = [
    ("wecom", "corp_id", ["a b", "x" * 65], ["letters and digits", "1 to 64 bytes"]),
    ("wecom", "agent_id", ["x", "0", "99999999999"], ["whole number"] * 3),
    ("wecom", "secret", ["", "x" * 300], ["needed", "1 to 256 bytes"]),
    ("wecom", "mode", ["push"], ["one of: relay, poll"]),
    ("wecom", "map", ["{userid", "x"], ["cannot be right"] * 2),
    ("wecom", "proxy", ["proxy.example.org"], ["http://"]),
    ("oidc", "issuer", ["http://id.example.org", "id"], ["URL"] * 2),
    ("oidc", "mail_domains", ["a,,b", "@example.org"], ["list", "no mail domain"]),
    ("github", "device_flow_alone", ["maybe"], ["yes or no"]),
    ("wechat-official-account", "mode", ["poll"], ["one of"]),
]


@pytest.mark.parametrize("kind,key,values,expected", WRONG, ids=[f"{w[0]}-{w[1]}" for w in WRONG])
def test_a_wrong_value_is_asked_again(kind, key, values, expected):
    right = {"corp_id": "ww1", "agent_id": "1", "secret": SECRET, "client_id": "x", "app_id": "wx1",
             "app_secret": SECRET,
             "issuer": "https://id.example.org", "mode": "relay"}
    with Sysadmin("add", kind) as admin:
        admin.go_on(right, until=key)
        for value, words in zip(values, expected):
            seen = len(admin.text())
            admin.terminal.send_line(value)
            assert admin.next_question() == key
            assert words in admin.text()[seen:], (value, admin.text())
        admin.terminal.send("\x03")
        admin.terminal.wait_end()


def test_what_only_the_whole_shows_can_be_put_right():
    """A remote service refuses a link that can be forwarded."""
    with Sysadmin("add", "github", "--id", "gh", "--service", "sshd") as admin:
        status = admin.go_on({"client_id": "x", "device_flow_alone": ["", "yes"],
                              "change": ["nonsense", "device_flow_alone"]})
        assert status == DONE, admin.text()
        assert "forwarded" in admin.text() and admin.asked.count("change") == 2
    assert keys_of("method-gh.conf", "method gh")["device_flow_alone"] == "yes"
    assert keys_of("service-sshd.conf", "service sshd") == {"methods": "gh"}


def test_whoever_gives_up_then_has_changed_nothing():
    before = picture()
    with Sysadmin("add", "github", "--service", "sshd") as admin:
        assert admin.go_on({"client_id": "x", "client_secret": SECRET}) == NO
        assert "forwarded" in admin.text() and "Nothing was changed" in admin.text()
    assert files_of(before) == files_of(picture())


REFUSED_OPTIONS = [
    (["wecom", "--yes"], USAGE, "corp_id (企业ID), agent_id (AgentId), secret (Secret)"),
    (["wecom", "--set", "secret=abc", "--yes"], USAGE, "--secret-file secret=PATH"),
    (["wecom", "--set", "corp_id", "--yes"], USAGE, "KEY=VALUE"),
    (["wecom", "--set", "corpid=x", "--yes"], USAGE, "did you mean \"corp_id\""),
    (["wecom", "--set", "agent_id=x", "--yes"], USAGE, "whole number"),
    (["wecom", "--secret-file", "secret=/nonexistent", "--yes"], USAGE, "No such file"),
    (["wecom", "--secret-file", "corp_id=/etc/hostname", "--yes"], USAGE, "no secret"),
    (["wecon", "--yes"], USAGE, "did you mean \"wecom\""),
    (["--yes"], USAGE, "say which type"),
    (["totp", "--id", "A B", "--yes"], NO, "a-z"),
    (["totp", "--set", "type=oidc", "--yes"], USAGE, "type"),
    (["totp", "--gateway", "http", "--yes"], USAGE, "type sms"),
    (["sms", "--gateway", "smoke", "--yes"], USAGE, "there is no type"),
    (["totp", "--set", "sms.url=x", "--yes"], USAGE, "--gateway"),
    (["sms", "--yes"], USAGE, "vendors"),
    (["totp", "--directory", "--yes"], NO, "no directory"),
    (["totp", "--service", "a b", "--yes"], USAGE, "PAM service"),
    (["totp", "--service", "sshd", "--behind", "nobody", "--yes"], NO, "unknown method"),
    (["totp", "extra"], USAGE, "Usage"),
    (["totp", "--title", "", "--yes"], NO, "title"),
    (["totp", "--set", "issuer=a\nenabled = no", "--yes"], USAGE, "--set takes text"),
]


def files_of(taken):
    """Empty folders may stay."""
    return {path: value for path, value in taken.items() if value[0].startswith("0o10")}


@pytest.mark.parametrize("words,code,complaint", REFUSED_OPTIONS,
                         ids=[" ".join(row[0])[:40] for row in REFUSED_OPTIONS])
def test_refused_options_change_nothing(words, code, complaint):
    before = files_of(picture())
    found, out, complaints = ctl("add", *words)
    assert found == code and complaint in complaints, (out, complaints)
    assert files_of(picture()) == before


def test_mistakes_elsewhere_stop_it(house):
    """And not even for a moment does jauthd have files that it could not start with."""
    text = CONFIG.read_text()
    house.write_config(text + "[general]\ncolour = red\n")
    DROP_INS.mkdir(exist_ok=True)
    before, touched = files_of(picture()), DROP_INS.stat().st_mtime_ns
    code, _, complaints = ctl("add", "oidc", "--yes", "--set", "issuer=https://id.example.org",
                              "--set", "client_id=x", "--secret-file", "client_secret=/etc/hostname")
    assert code == NO and "colour" in complaints and "jauthd.conf:" in complaints
    assert files_of(picture()) == before and DROP_INS.stat().st_mtime_ns == touched
    house.write_config(text)


# --- left at each question ---

def ways_through():
    """Of two runs: the words, the answers, and how the person leaves."""
    return [
        (["add"], {"type": "wecom", "title": "Corp", "corp_id": "ww1", "agent_id": "1",
                   "secret": SECRET, "service": "sshd"}, "\x03", -signal.SIGINT, 13),
        (["add"], {"type": ["sms", "http"], "url": "https://sms.example.org/", "body": "x={code}",
                   "authorization": "App 1"}, "\x04", NO, 18),
    ]


@pytest.mark.parametrize("words,answers,key,expected,least", ways_through(), ids=["ctrl-c", "eof"])
def test_left_at_each_question_nothing_is_changed(words, answers, key, expected, least):
    before = picture()
    n = 0
    while True:
        n += 1
        with Sysadmin(*words) as admin:
            counted = {name: list(a) if isinstance(a, list) else [a] for name, a in answers.items()}
            for _ in range(n - 1):
                name = admin.next_question()
                left = counted.get(name)
                admin.terminal.send_line(left.pop(0) if left else "")
            name = admin.next_question()
            if name == "write":
                admin.terminal.send(key)
                assert admin.terminal.wait_end() == expected
                break
            admin.terminal.send(key)
            assert admin.terminal.wait_end() == expected, name
            assert "Nothing was changed" in admin.text(), name
        assert picture() == before, name
    assert picture() == before and n >= least


def test_left_after_it_was_written_it_stays():
    with Sysadmin("add", "wecom") as admin:
        admin.go_on({"corp_id": "ww1", "agent_id": "1", "secret": SECRET}, until="probe")
        admin.terminal.send("\x03")
        assert admin.terminal.wait_end() == -signal.SIGINT
        assert "Nothing was changed" not in admin.text()
    assert "wecom" in methods()


def test_the_terminal_gets_its_echo_back():
    import termios
    with Sysadmin("add", "wecom") as admin:
        admin.go_on({"corp_id": "ww1", "agent_id": "1"}, until="secret")
        fd = admin.terminal.child.child_fd
        assert not termios.tcgetattr(fd)[3] & termios.ECHO
        admin.terminal.send("\x03")
        wait_until(lambda: termios.tcgetattr(fd)[3] & termios.ECHO, 5, "the echo")
        admin.terminal.wait_end()


# --- probe and trial ---

def wecom_words(vendor, tmp_path, **more):
    keys = {"corp_id": vendor.corp_id, "agent_id": vendor.agent_id, "api_url": vendor.url, **more}
    return [word for key, value in keys.items() for word in ("--set", f"{key}={value}")] + \
        ["--secret-file", f"secret={secret_file(tmp_path, vendor.secret)}"]


def test_the_probe_shows_that_the_app_is_right(vendor, tmp_path):
    vendor.trusted_domain = "relay.example.org"
    code, out, complaints = ctl("add", "wecom", "--yes", *wecom_words(vendor, tmp_path))
    assert (code, complaints) == (DONE, "") and "takes corp_id and secret" in out
    assert [endpoint for _, endpoint in vendor.requests] == ["gettoken", "agent/get"]
    assert vendor.secret not in out


def test_for_programs_there_is_one_object(vendor, tmp_path):
    vendor.trusted_domain = "relay.example.org"
    code, out, _ = ctl("add", "wecom", "--json", *wecom_words(vendor, tmp_path))
    assert code == DONE
    assert json.loads(out) == {"method": "wecom", "file": f"{DROP_INS}/method-wecom.conf",
                               "probe": "granted"}
    code, out, complaints = ctl("add", "wecom", "--json",
                                *wecom_words(vendor, tmp_path, corp_id="ww0000000000000000"))
    assert code == NO and "40013" in json.loads(out)["probe"] and "probe failed" in complaints


NOWHERE = {"api_url": "https://wecom.example.org:1"}


def test_a_vendor_that_is_not_there(vendor, tmp_path):
    code, _, complaints = ctl("add", "wecom", "--yes", *wecom_words(vendor, tmp_path, **NOWHERE))
    assert code == NO and "gettoken" in complaints and "its probe failed" in complaints
    assert "wecom" in methods()


@pytest.mark.parametrize("keep", ["y", "n"])
def test_after_a_failed_probe_it_can_be_taken_back(vendor, tmp_path, keep):
    run(["jauthctl", "method", "add", "totp", "--yes", "--service", "su"])
    before = files_of(picture())
    with Sysadmin("add", "wecom", "--service", "su", "--behind", "password",
                  *wecom_words(vendor, tmp_path, **NOWHERE)) as admin:
        admin.go_on({"probe": "y", "keep": keep})
        assert "gettoken" in admin.text()
        assert ("taken away again" in admin.text()) == (keep == "n")
    assert ("wecom" in methods()) == (keep == "y")
    if keep == "n":
        assert files_of(picture()) == before
        assert not vendor.requests
    else:
        assert keys_of("service-su.conf", "service su")["methods"] == "totp, password + wecom"


def test_a_whole_login_can_be_tried(house, user):
    with Sysadmin("add", "password", "--id", "shadow", "--set", "sources=shadow") as admin:
        admin.go_on({}, until="trial")
        admin.terminal.send_line(user)
        admin.terminal.wait_for("[Pp]assword[^\n]*: ?$")
        admin.terminal.send_line(PASSWORD)
        assert admin.go_on({}) == DONE
        assert "granted" in admin.text()
    row = house.audit(user)[-1]
    assert (row["method"], row["outcome"]) == ("shadow", "granted")


# --- what stands in the way ---

def remount(*options):
    run(["mount", *options])


def test_a_disk_that_is_read_only_is_told_before_the_questions():
    before = picture()
    remount("--bind", "/etc/jauth", "/etc/jauth")
    try:
        remount("-o", "remount,bind,ro", "/etc/jauth")
        with Sysadmin("add", "wecom") as admin:
            assert admin.go_on({}) == NO
            assert "Read-only file system" in admin.text() and not admin.asked
    finally:
        run(["umount", "/etc/jauth"])
    assert picture() == before


def test_a_disk_that_becomes_so_in_between():
    before = picture()
    with Sysadmin("add", "wecom") as admin:
        admin.go_on({"corp_id": "ww1", "agent_id": "1", "secret": SECRET}, until="write")
        remount("--bind", "/etc/jauth", "/etc/jauth")
        try:
            remount("-o", "remount,bind,ro", "/etc/jauth")
            admin.terminal.send_line("y")
            assert admin.next_question() == "change"
            assert "Read-only file system" in admin.text()
        finally:
            run(["umount", "/etc/jauth"])
        assert picture() == before
        admin.terminal.send_line("agent_id")     # and when it is well again it goes on
        assert admin.go_on({"agent_id": "2"}) == DONE
    assert keys_of("method-wecom.conf", "method wecom")["agent_id"] == "2"


def test_only_root():
    nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    before = picture()
    for words in (["add", "totp", "--yes"], ["set", "password", "length_min=9"],
                  ["disable", "password"], ["enable", "password"], ["remove", "password", "--yes"],
                  ["show", "password"]):
        assert ctl(*words, before=nobody)[0] == REFUSED, words
    assert picture() == before


def test_without_jauthd_nothing_is_written(house):
    before = picture()
    house.jauthd.stop()
    try:
        assert ctl("add", "totp", "--yes")[0] == NOT_REACHED
        assert ctl("set", "password", "length_min=9")[0] == NOT_REACHED
    finally:
        house.jauthd.start()
    wait_until(house.is_on_bus, 20, "jauthd")
    assert picture() == before


def test_jauthd_that_goes_away_between_two_questions(house):
    before = picture()
    with Sysadmin("add", "wecom") as admin:
        admin.go_on({}, until="corp_id")
        house.jauthd.stop()
        try:
            admin.terminal.send_line("ww1")
            assert admin.terminal.wait_end() == NOT_REACHED
            assert "cannot be reached" in admin.text()
        finally:
            house.jauthd.start()
    wait_until(house.is_on_bus, 20, "jauthd")
    assert picture() == before


def test_two_at_once():
    ctl("add", "totp", "--yes")
    before = picture()
    fd = os.open(DROP_INS, os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    try:
        for words in (["add", "totp", "--yes"], ["set", "totp", "digits=8"],
                      ["remove", "totp", "--yes"]):
            code, _, complaints = ctl(*words)
            assert code == NO and "another jauthctl method" in complaints
    finally:
        os.close(fd)
    assert picture() == before


def test_what_others_wrote_meanwhile_is_not_taken_back(vendor, tmp_path):
    """The service has got another way in while the probe was waited for."""
    run(["jauthctl", "method", "add", "totp", "--yes", "--service", "su"])
    with Sysadmin("add", "wecom", "--service", "su", "--behind", "password",
                  *wecom_words(vendor, tmp_path, **NOWHERE)) as admin:
        admin.go_on({"probe": "y"}, until="keep")
        run(["jauthctl", "method", "add", "totp", "--yes", "--id", "other", "--service", "su"])
        admin.terminal.send_line("n")
        admin.terminal.wait_end()
        assert "has changed meanwhile" in admin.text()
        assert "taken away again" not in admin.text()
    ways = keys_of("service-su.conf", "service su")["methods"]
    assert ways == "totp, password + wecom, other" and "wecom" in methods()


def test_killed_before_a_folder_has_its_owner(tmp_path):
    """It gets him later: until then jauthd could not read what is in it."""
    words = ["jauthctl", "method", "add", "totp", "--yes"]
    countdown = Countdown(tmp_path)
    modes = set()
    for number in itertools.count(1):
        shutil.rmtree(DROP_INS, ignore_errors=True)
        countdown.arm(number)
        subprocess.run(words, env={"PATH": "/usr/bin", **countdown.env}, check=False,
                       capture_output=True, timeout=60)
        if countdown.disarm() > 0:
            break
        if DROP_INS.exists():
            modes.add(oct(DROP_INS.stat().st_mode & 0o777))
            ctl("remove", "totp", "--yes")
            assert ctl("add", "totp", "--id", "next", "--yes")[0] == DONE
            assert oct(DROP_INS.stat().st_mode & 0o777) == "0o755"
            assert ctl("remove", "next", "--yes")[0] == DONE
    countdown.close()
    assert modes == {"0o700", "0o755"}


def test_killed_at_any_moment_it_is_whole_or_nothing(tmp_path):
    """Whatever is there afterwards is right, and the same command goes through."""
    words = ["jauthctl", "method", "add", "oidc", "--yes", "--no-probe", "--id", "corp", "--service", "login",
             "--behind", "password", "--set", "issuer=https://id.example.org", "--set",
             "client_id=x", "--secret-file", f"client_secret={secret_file(tmp_path)}"]
    chance = random.Random(6)
    seen = set()
    for _ in range(25):
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.002, 0.06))
        process.kill()
        process.wait()
        run([JAUTHD, "--check"])
        there = (DROP_INS / "method-corp.conf").exists()
        seen.add(there)
        if there:
            section = keys_of("method-corp.conf", "method corp")
            expect_guarded(section["client_secret_file"], SECRET)
            assert ctl("remove", "corp", "--yes")[0] == DONE
        assert ctl("add", "totp", "--id", "between", "--yes")[0] == DONE
        assert ctl("remove", "between", "--yes")[0] == DONE
    assert seen == {True, False}


def test_what_fails_half_way_is_put_back(tmp_path):
    """The second of two files cannot be written; then the first, and the secret, are as before."""
    assert ctl("add", "totp", "--id", "app", "--yes")[0] == DONE
    (DROP_INS / "service-login.conf.tmp").mkdir()
    before = picture()
    code, _, complaints = ctl("add", "oidc", "--yes", "--id", "corp", "--service", "login",
                              "--behind", "password", "--set", "issuer=https://id.example.org",
                              "--set", "client_id=x", "--secret-file",
                              f"client_secret={secret_file(tmp_path)}")
    assert code == NO and "service-login.conf cannot be written" in complaints
    assert picture() == before and "corp" not in methods()


def test_files_that_are_not_ours_are_left_alone():
    DROP_INS.mkdir(exist_ok=True)
    (DROP_INS / "service-sshd.conf").write_text("# by hand\n[service sshd]\nmethods = password\n")
    (DROP_INS / "method-password.conf").symlink_to("/etc/hostname")
    before = picture()
    code, _, complaints = ctl("add", "totp", "--yes", "--service", "sshd", "--behind", "password")
    assert code == NO and "not written by jauthctl" in complaints
    code, _, complaints = ctl("set", "password", "length_min=9")
    assert code == NO
    assert picture() == before


def test_a_secret_file_of_somebody_is_never_replaced(tmp_path):
    mine = SECRETS / "corp-client_secret"
    mine.write_text("mine")
    words = ["add", "oidc", "--yes", "--no-probe", "--id", "corp", "--set",
             "issuer=https://id.example.org", "--set", "client_id=x", "--secret-file", f"client_secret={secret_file(tmp_path)}"]
    assert ctl(*words)[0] == DONE
    path = keys_of("method-corp.conf", "method corp")["client_secret_file"]
    assert path == f"{SECRETS}/corp-client_secret-2"
    expect_guarded(path, SECRET)
    assert ctl("remove", "corp", "--yes")[0] == DONE
    assert mine.read_text() == "mine" and not os.path.exists(path)


def test_a_secret_from_standard_input():
    code, _, complaints = ctl("add", "wecom", "--yes", "--no-probe", "--set", "corp_id=ww1", "--set",
                              "agent_id=1", "--secret-file", "secret=-", stdin=SECRET)
    assert (code, complaints) == (DONE, "")
    expect_guarded(SECRETS / "wecom-secret", SECRET)


# --- services ---

def test_services_get_one_more_way_in(house):
    for words, expected in ((["--id", "one", "--service", "su"], "one"),
                            (["--id", "two", "--service", "su", "--behind", "password"],
                             "one, password + two"),
                            (["--id", "three", "--service", "login"], "password, three")):
        assert ctl("add", "totp", "--yes", *words)[0] == DONE
        service = words[3]
        expect_readable(f"service-{service}.conf")
        assert keys_of(f"service-{service}.conf", f"service {service}")["methods"] == expected
    assert json.loads(ctl("show", "two", "--json")[1])["services"] == "su"
    code, _, complaints = ctl("remove", "one", "--yes")
    assert (code, complaints) == (DONE, "")
    assert keys_of("service-su.conf", "service su")["methods"] == "password + two"
    code, _, complaints = ctl("remove", "two", "--yes")
    assert code == NO and "only way in of [service su]" in complaints
    assert "two" in methods()
    house.write_config(CONFIG.read_text() + configs.service("sudo", "password, three"))
    code, _, complaints = ctl("remove", "three", "--yes")
    assert code == NO and "[service sudo] names \"three\"" in complaints and "jauthd.conf:" in complaints


def test_sections_with_a_label_are_told(house):
    house.reload(CONFIG.read_text() + configs.service("su office", "password", source="192.0.2.0/24"))
    with Sysadmin("add", "totp", "--service", "su", "--behind", "password") as admin:
        admin.go_on({}, until="write")
        assert "decide instead: [service su office]" in admin.text()
        admin.terminal.send_line("y")
        assert admin.go_on({}) == DONE


# --- show, set, disable, enable, remove ---

@pytest.fixture
def corp(tmp_path):
    assert ctl("add", "oidc", "--yes", "--no-probe", "--id", "corp", "--title", "Corp", "--set",
               "issuer=https://id.example.org", "--set", "client_id=x", "--secret-file",
               f"client_secret={secret_file(tmp_path)}")[0] == DONE


def section():
    return keys_of("method-corp.conf", "method corp")


def test_show(corp):
    shown = json.loads(ctl("show", "corp", "--json")[1])
    assert (shown["type"], shown["title"], shown["section"]) == ("oidc", "Corp", "method corp")
    keys = {row["key"]: row for row in shown["keys"]}
    assert keys["client_id"]["value"] == "x"
    assert keys["client_id"]["where"].startswith(f"{DROP_INS}/method-corp.conf:")
    out = ctl("show", "corp")[1]
    assert "client_secret_file" in out and SECRET not in out
    code, _, complaints = ctl("show", "nosuch")
    assert code == NO and "no method" in complaints


def test_set_and_unset(corp):
    before = section()
    assert ctl("set", "corp", "client_id=y", "scopes=openid, email")[0] == DONE
    assert section() == {**before, "client_id": "y", "scopes": "openid, email"}
    assert ctl("set", "corp", "--unset", "scopes")[0] == DONE
    assert section() == {**before, "client_id": "y"}
    expect_readable("method-corp.conf")
    taken = picture()
    for words, complaint in ((["client_id"], "nobody can be asked"), (["issuer=x"], "URL"),
                             (["--unset", "scopes"], "not set"), (["--unset", "issuer"], "needs"),
                             (["client_secret=x"], "--secret-file"), (["type=totp"], "type"),
                             (["flow=relay", "prompt=sideways"], "one of"), ([], "say what"),
                             (["nonsense=1"], "no key")):
        code, _, complaints = ctl("set", "corp", *words)
        assert code in (NO, USAGE) and complaint in complaints, (words, complaints)
        assert picture() == taken, words


def test_a_new_secret_takes_the_place_of_the_old(corp, tmp_path):
    old = section()["client_secret_file"]
    assert ctl("set", "corp", "--secret-file",
               f"client_secret={secret_file(tmp_path, 'another')}")[0] == DONE
    new = section()["client_secret_file"]
    expect_guarded(new, "another")
    assert old != new and not os.path.exists(old)
    with Sysadmin("set", "corp", "client_secret") as admin:
        assert admin.go_on({"client_secret": "a third"}) == DONE
        assert "a third" not in admin.text()
    expect_guarded(section()["client_secret_file"], "a third")
    assert not os.path.exists(new)


def test_set_can_be_left():
    assert ctl("add", "totp", "--id", "app", "--yes")[0] == DONE
    before = picture()
    with Sysadmin("set", "app", "issuer") as admin:
        admin.go_on({}, until="issuer")
        admin.terminal.send("\x03")
        assert admin.terminal.wait_end() == -signal.SIGINT
    assert picture() == before
    with Sysadmin("set", "app", "digits", language="zh") as admin:
        assert admin.go_on({"digits": ["x", "8"]}) == DONE
        assert "必须是整数" in admin.text()
    assert keys_of("method-app.conf", "method app")["digits"] == "8"


def test_sections_by_hand_get_a_drop_in_that_wins(house):
    house.reload(CONFIG.read_text() + configs.section("method app", {"type": "totp", "digits": "6"}))
    assert ctl("set", "app", "digits=8")[0] == DONE
    assert drop_in("method-app.conf").splitlines()[1:] == ["[method app]", "digits = 8"]
    code, _, complaints = ctl("remove", "app", "--yes")
    assert code == NO and "jauthd.conf:" in complaints
    (DROP_INS / "z.conf").write_text("[method app]\ndigits = 7\n")
    code, _, complaints = ctl("set", "app", "digits=6")
    assert code == NO and "z.conf:2 overrides digits" in complaints
    assert ctl("set", "app", "--unset", "digits")[0] == DONE
    assert not (DROP_INS / "method-app.conf").exists()


def test_the_built_in_method_can_be_set_and_not_removed(house):
    house.reload(configs.head())
    assert ctl("set", "password", "length_min=10")[0] == DONE
    assert drop_in("method-password.conf").splitlines()[1:] == ["[method password]", "length_min = 10"]
    house.reload(configs.head())
    (DROP_INS / "method-password.conf").unlink()
    code, _, complaints = ctl("remove", "password", "--yes")
    assert code == NO and "built in" in complaints


def test_a_section_without_an_id_is_named(house):
    house.reload(CONFIG.read_text() + configs.section("method", {"type": "totp", "title": "App"}))
    code, _, complaints = ctl("set", "app", "digits=8")
    assert code == NO and "[method app]" in complaints and "jauthd.conf:" in complaints


def login_state(house, user, method_password=PASSWORD):
    with house.bus_login(user, service="login", rhost=None, surface="terminal") as login:
        step = login.step()
        while step.state == "ask":
            login.answer(method_password)
            step = login.step()
        return step.state


def test_disabled_methods_let_nobody_in(house, user):
    assert login_state(house, user) == "granted"
    code, _, complaints = ctl("disable", "password")
    assert code == DONE and "only way in of login," in complaints
    assert methods()["password"]["state"] == "disabled"
    assert login_state(house, user) == "denied"
    assert ctl("disable", "password")[0] == DONE
    assert ctl("enable", "password")[0] == DONE
    assert methods()["password"]["state"] == "ready"
    assert login_state(house, user) == "granted"
    assert not (DROP_INS / "method-password.conf").exists()


def test_services_go_on_with_their_other_ways(house, user):
    house.reload(CONFIG.read_text().replace("methods = password", "methods = password, password + app")
                 + configs.section("method app", {"type": "totp", "enabled": "no"}))
    assert login_state(house, user) == "granted"
    answer = json.loads(house.ctl("explain", user, "--service", "login", "--json").stdout)
    assert answer["methods"] == "password"
    assert ctl("enable", "app")[0] == DONE
    assert keys_of("method-app.conf", "method app") == {"enabled": "yes"}
    answer = json.loads(house.ctl("explain", user, "--service", "login", "--json").stdout)
    assert answer["methods"] == "password, password + app"
    assert ctl("disable", "app") == (DONE, "", "")


@pytest.mark.parametrize("kind", ["wecom", "dingtalk"])
def test_a_directory_comes_with_its_method(kind, tmp_path):
    answers = next(answers for type_, _, answers in TYPES if type_ == kind)
    words = [word for key, value in answers.items() for word in (
        ["--secret-file", f"{key[:-1]}={secret_file(tmp_path, value)}"] if key.endswith("!")
        else ["--set", f"{key}={value}"])]
    code, _, complaints = ctl("add", kind, "--directory", "--id", "corp", "--yes", "--no-probe",
                              "--set", "sync_every=2h", *words)
    assert (code, complaints) == (DONE, "")
    keys = keys_of("method-corp.conf", "directory corp")
    assert (keys["type"], keys["sync_every"]) == (kind, "2h")
    assert json.loads(ctl("show", "corp", "--json")[1])["section"] == "directory corp"
    assert ctl("set", "corp", "removals_max=5")[0] == DONE
    assert keys_of("method-corp.conf", "directory corp") == {**keys, "removals_max": "5"}
    code, _, complaints = ctl("set", "corp", "sync_every=1s")
    assert code == NO and "by hand only" in complaints
    assert ctl("add", kind, "--id", "corp", "--yes")[0] == NO
    assert ctl("remove", "corp", "--yes")[0] == DONE
    assert not (DROP_INS / "method-corp.conf").exists()


@pytest.mark.parametrize("answer,expected", [("y", "directory"), ("", "method")])
def test_a_directory_is_asked_for(answer, expected):
    with Sysadmin("add", "wecom", "--id", "corp", language="zh") as admin:
        assert admin.go_on({"directory": answer, "corp_id": "ww1", "agent_id": "1",
                            "secret": SECRET}) == DONE
    assert keys_of("method-corp.conf", f"{expected} corp")["corp_id"] == "ww1"


def test_what_is_of_directories_is_none_of_methods():
    before = files_of(picture())
    code, _, complaints = ctl("add", "wecom", "--yes", "--set", "corp_id=ww1", "--set", "agent_id=1",
                              "--secret-file", "secret=/etc/hostname", "--set", "sync_every=2h")
    assert code == NO and "sync_every" in complaints
    assert files_of(picture()) == before


def test_remove_asks(corp):
    secret = section()["client_secret_file"]
    assert ctl("remove", "corp")[0] == USAGE
    for answer, status in (("n", NO), ("", NO), ("y", DONE)):
        with Sysadmin("remove", "corp") as admin:
            assert admin.go_on({"remove": answer}) == status
        assert os.path.exists(secret) == (status == NO)
    assert "corp" not in methods() and not (DROP_INS / "method-corp.conf").exists()
    assert ctl("remove", "corp", "--yes")[0] == NO


def test_no_secret_reaches_the_journal(house):
    journal = house.journal()
    assert "configuration read again" in journal
    assert not [secret for secret in (SECRET, AES_KEY, "a third") if secret in journal]
