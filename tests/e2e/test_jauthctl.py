# SPDX-License-Identifier: GPL-3.0-or-later
"""jauthctl against the real jauthd: every subcommand, its exit code, a terminal left in order."""

import json
import os
import pathlib
import signal
import subprocess
import termios

import pytest

import configs
from conftest import PASSWORD
from house import wait_until
from people import GATE, code_in
from screen import Terminal

ISSUER = "https://id.example.org"
AS_NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]

PASSWORD_QUESTION = r"[Pp]assword[^\n]*: ?$"

DONE, NO, USAGE, NOT_REACHED, REFUSED = range(5)


CONFIGURATION = configs.head() + configs.PASSWORD + "".join(
    configs.service(name, "password") for name in ("login", "sshd", "jauthctl"))


@pytest.fixture(scope="module", autouse=True)
def jauth(house):
    house.configure(CONFIGURATION)
    yield house
    house.stop_jauth()


@pytest.fixture(autouse=True)
def clean(house):
    yield
    if house.is_on_bus():
        house.unlock_limits()
        house.remove_links("")


@pytest.fixture
def other(house):
    name = house.add_user()
    yield name
    house.remove_user(name)


def ctl(*words, stdin="", before=()):
    """Exit code, output and complaints; no terminal anywhere."""
    done = subprocess.run([*before, "jauthctl", *words], input=stdin, text=True, timeout=60,
                          capture_output=True, start_new_session=True, check=False,
                          env={"PATH": "/usr/sbin:/usr/bin", "LANG": "C.UTF-8", "TZ": "UTC"})
    return done.returncode, done.stdout, done.stderr


def right(*words, stdin=""):
    """The output of a command that must be right."""
    code, out, complaints = ctl(*words, stdin=stdin)
    assert (code, complaints) == (DONE, "")
    return out


def right_json(*words, stdin=""):
    return json.loads(right(*words, "--json", stdin=stdin))


# --- jauthd ---

def test_status_is_printed_for_people_and_for_programs():
    status = right_json("status")
    assert status["configuration"] == "/etc/jauth/jauthd.conf"
    assert status["methods"][0]["method"] == "password"
    text = right("status")
    assert "configuration" in text and "METHOD" in text


def test_check_passes_on_the_verdict_of_jauthd():
    assert ctl("check")[0] == DONE
    wrong = pathlib.Path("/etc/jauth/wrong.conf")
    wrong.write_text("[general]\ncolour = red\n")
    code, out, complaints = ctl("check", str(wrong))
    assert code == NO
    assert f"{wrong}:2" in out + complaints
    wrong.chmod(0o600)
    code, out, complaints = ctl("check", str(wrong))
    assert code == NO and "by user jauth" in out + complaints
    wrong.unlink()


def test_a_wrong_configuration_is_not_loaded(house):
    house.write_config(CONFIGURATION + "[general]\ncolour = red\nshape = round\n")
    assert ctl("reload")[0] == NO
    code, out, complaints = ctl("check")
    house.write_config(CONFIGURATION)
    assert code == NO
    assert "colour" in out + complaints and "shape" in out + complaints
    right("reload")


def test_explain_says_what_a_login_meets(user):
    answer = right_json("explain", user, "--service", "sshd", "--source", "192.0.2.7")
    assert answer["scope"] == "inside" and "password" in answer["methods"]
    assert right_json("explain", user, "--service", "cron")["scope"] == "outside"
    assert "scope" in right("explain", user, "--service", "sshd", "--local", "--ssh-key")
    assert right_json("explain", "nosuchuser", "--service", "sshd")["exists"] is False


def test_nobody_may_ask_nothing(user):
    for words in (["status"], ["explain", user, "--service", "sshd"], ["log"], ["reload"],
                  ["unlock-limits", user], ["link", "list", user], ["link", "add", ISSUER, "1", user],
                  ["user", "list"], ["user", "add", user],
                  ["user", "set", user, "--must-change", "yes"], ["user", "lock", user],
                  ["user", "unlock", user], ["user", "remove", user], ["link", "requests"],
                  ["link", "add", "--request", "0123456789abcdef", user], ["method", "list"],
                  ["method", "probe", "password"]):
        code, out, complaints = ctl(*words, before=AS_NOBODY)
        assert (code, out) == (REFUSED, ""), (words, complaints)
    code, _, _ = ctl("link", "import", "--apply", before=AS_NOBODY,
                     stdin=f"issuer,subject,user\n{ISSUER},1,{user}\n")
    assert code == REFUSED
    assert ctl("try", user, before=AS_NOBODY)[0] == REFUSED
    assert ctl("user", "password", user, before=AS_NOBODY)[0] == REFUSED


def test_without_a_bus_the_exit_code_is_3(house, user):
    house.bus.stop()
    try:
        assert ctl("status")[0] == NOT_REACHED
        assert ctl("try", user)[0] == NOT_REACHED
        assert ctl("check")[0] == DONE
    finally:
        house.start_bus()
    wait_until(house.is_on_bus, 20, "jauthd on the new bus")


def test_wrong_usage_is_2():
    for words in ([], ["nonsense"], ["link"], ["link", "add", "one"], ["user", "set", "x"],
                  ["unlock-limits"], ["log", "--since", "yesterday"], ["link", "remove", "x"],
                  ["method"], ["method", "probe"], ["method", "list", "x"],
                  ["explain", "x"], ["status", "--unknown"]):
        assert ctl(*words)[0] == USAGE, words


# --- links ---

def test_links_are_added_listed_and_removed(house, user):
    link = right_json("link", "add", ISSUER, "1001", user, "--note", "the first")
    rows = right_json("link", "list", user)
    assert [(row["id"], row["issuer"], row["subject"], row["user"], row["note"]) for row in rows] \
        == [(link, ISSUER, "1001", user, "the first")]
    assert rows[0]["uid"] == house.uid(user)
    assert "the first" in right("link", "list")
    assert ctl("link", "add", ISSUER, "1001", user)[0] == NO
    right("link", "remove", str(link))
    assert right_json("link", "list", user) == []
    assert ctl("link", "remove", str(link))[0] == NO


def test_a_privileged_user_is_linked_on_purpose_only():
    assert ctl("link", "add", ISSUER, "1", "root")[0] == NO
    right("link", "add", ISSUER, "1", "root", "--privileged")


def test_import_changes_nothing_before_it_is_applied(user, other, tmp_path):
    table = tmp_path / "links.csv"
    table.write_text(f"issuer,subject,user,note\n{ISSUER},1,{user},\n{ISSUER},2,{other},\"a, b\"\n")
    rows = right_json("link", "import", str(table))
    assert [row["action"] for row in rows] == ["add", "add"]
    assert "--apply" in right("link", "import", str(table))
    assert right_json("link", "list") == []

    right("link", "import", str(table), "--apply")
    assert {row["note"] for row in right_json("link", "list")} == {"", "a, b"}
    assert [row["action"] for row in right_json("link", "import", str(table))] == ["same", "same"]


def test_import_is_all_or_nothing(user):
    code, out, complaints = ctl("link", "import", "--apply",
                                stdin=f"issuer,subject,user\n{ISSUER},1,{user}\n{ISSUER},2,root\n")
    assert code == NO
    assert "refused" in out and "nothing is changed" in complaints
    assert right_json("link", "list") == []


def test_import_names_every_mistake_with_its_line():
    code, _, complaints = ctl("link", "import", "-", stdin="issuer,subject,user\na,b\na,,c\n")
    assert code == NO
    assert "-:2:" in complaints and "-:3:" in complaints


def test_import_asks_in_a_terminal(user, tmp_path):
    table = tmp_path / "links.csv"
    table.write_text(f"issuer,subject,user\n{ISSUER},1,{user}\n")
    for answer, n_links in (("n", 0), ("", 0), ("y", 1)):
        with Terminal(["jauthctl", "link", "import", str(table)]) as terminal:
            terminal.wait_for(r"Add 1 links\? \[y/N\]")
            terminal.send_line(answer)
            assert terminal.wait_end() == DONE
        assert len(right_json("link", "list")) == n_links


def test_what_is_exported_can_be_imported(user, other):
    right("link", "add", ISSUER, "1", user, "--note", "say \"hi\", you")
    right("link", "add", ISSUER, "2", other)
    for words in (["link", "export"], ["link", "export", "--json"]):
        text = right(*words)
        assert [row["action"] for row in right_json("link", "import", stdin=text)] \
            == ["same", "same"]


# --- accounts ---

def test_an_account_from_its_beginning_to_its_end(other):
    right("user", "add", other, "--expires", "2030-01-31")
    account = next(row for row in right_json("user", "list") if row["user"] == other)
    assert not account["has-password"] and account["expires"] == 1896048000
    assert "2030-01-31T00:00:00+00:00" in right("user", "list")

    right("user", "set", other, "--expires", "never", "--must-change", "yes")
    account = next(row for row in right_json("user", "list") if row["user"] == other)
    assert account["expires"] == 0 and account["must-change"]
    right("user", "lock", other)
    assert next(row for row in right_json("user", "list") if row["user"] == other)["locked"]
    right("user", "unlock", other)
    right("user", "remove", other)
    assert other not in right("user", "list")
    assert ctl("user", "remove", other)[0] == NO
    assert ctl("user", "add", "nosuchuser")[0] == NO


def echo_is_on(terminal):
    return bool(termios.tcgetattr(terminal.child.child_fd)[3] & termios.ECHO)


def test_a_password_is_set_and_then_logs_in(other):
    right("user", "add", other)
    with Terminal(["jauthctl", "user", "password", other]) as terminal:
        for _ in range(2):
            terminal.wait_for(PASSWORD_QUESTION)
            assert not echo_is_on(terminal)
            terminal.send_line(PASSWORD)
        terminal.wait_for("granted")
        assert terminal.wait_end() == DONE
        assert PASSWORD not in terminal.seen
    with Terminal(["jauthctl", "try", other]) as terminal:
        terminal.wait_for(PASSWORD_QUESTION)
        terminal.send_line(PASSWORD)
        terminal.wait_for("granted")
        assert terminal.wait_end() == DONE


# --- try ---

def test_try_ends_with_outcome_and_request_id(user):
    code, out, _ = ctl("try", user, "--service", "sshd", "--json", stdin=PASSWORD + "\n")
    assert code == DONE
    outcome = json.loads(out)
    assert outcome["outcome"] == "granted"
    rows = right_json("log", "--request", outcome["request"])
    assert [(row["user"], row["outcome"]) for row in rows] == [(user, "granted")]


def test_try_denies_a_wrong_password(user):
    with Terminal(["jauthctl", "try", user]) as terminal:
        for _ in range(3):
            terminal.wait_for(PASSWORD_QUESTION)
            terminal.send_line("wrong")
        terminal.wait_for("denied|enough")
        assert terminal.wait_end() == NO


def test_an_interrupt_cancels_and_restores_the_terminal(house, user):
    with Terminal(["jauthctl", "try", user]) as terminal:
        terminal.wait_for(PASSWORD_QUESTION)
        assert not echo_is_on(terminal)
        terminal.send("\x03")
        terminal.wait_for("cancelled")
        assert echo_is_on(terminal)
        assert terminal.wait_end() == -signal.SIGINT
    assert house.waiting() == 0


def test_try_shows_a_code_and_goes_on_by_itself(house, polite, user):
    house.configure(configs.head() + configs.oidc(polite) + configs.service("login", "work"))
    polite.add_person("1001")
    right("link", "add", polite.issuer, "1001", user)
    try:
        with Terminal(["jauthctl", "try", user], rows=50) as terminal:
            terminal.wait_for(GATE)
            terminal.send_line("y")
            terminal.wait_for("[A-Z]{4}-[A-Z]{4}")
            polite.approve(code_in(terminal.read_qr()), "1001")
            terminal.wait_for("granted")
            assert terminal.wait_end() == DONE
    finally:
        house.configure(CONFIGURATION)


# --- log ---

def test_the_log_is_filtered(user, other):
    ctl("try", user, "--service", "sshd", stdin=PASSWORD + "\n")
    ctl("try", other, "--service", "login", stdin="wrong\nwrong\nwrong\n")
    assert {row["user"] for row in right_json("log", "--user", user)} == {user}
    assert all(row["service"] == "sshd" for row in right_json("log", "--service", "sshd"))
    assert all(row["outcome"] == "granted" for row in right_json("log", "--outcome", "granted"))
    assert len(right_json("log", "--lines", "1")) == 1
    assert right_json("log", "--since", "2099-01-01") == []
    assert user in right("log", "--since", "1h")


def test_the_log_is_followed(user):
    follow = subprocess.Popen(["jauthctl", "log", "--follow", "--json", "--user", user],
                              stdout=subprocess.PIPE, text=True)
    try:
        ctl("try", user, stdin=PASSWORD + "\n")
        row = json.loads(follow.stdout.readline())
        assert (row["user"], row["outcome"]) == (user, "granted")
    finally:
        os.kill(follow.pid, signal.SIGTERM)
        follow.wait(10)


def test_limits_are_unlocked(user):
    for _ in range(2):
        ctl("try", user, stdin="wrong\nwrong\nwrong\n")
    rows = [row for row in right_json("limits", user) if row["scope"] == "password"]
    assert [row["user"] for row in rows] == [user] and rows[0]["wait-until"] > 0
    assert rows[0] in right_json("explain", user, "--service", "sshd")["limits"]
    assert right_json("unlock-limits", user) > 0
    assert not [row for row in right_json("limits", user) if row["user-hash"]]
    assert right_json("unlock-limits", "--all") == 0
