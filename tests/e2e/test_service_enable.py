# SPDX-License-Identifier: GPL-3.0-or-later
"""jauthctl service enable, confirm, disable: jauth comes into a PAM file, and goes again by itself."""

import contextlib
import datetime
import json
import os
import pathlib
import resource
import signal
import subprocess
import time

import pytest

import configs
from conftest import PASSWORD
from house import SSHD_OPTIONS, wait_until
from killed import FAR, Countdown
from people import expect_shell, type_password
from screen import Terminal
from service import run

DONE, NO, USAGE, NOT_REACHED, REFUSED = range(5)

PAM = pathlib.Path("/etc/pam.d")
KEPT = pathlib.Path("/etc/jauth/services")
SSHD_CONFIG = pathlib.Path("/etc/ssh/sshd_config")
CRON = pathlib.Path("/etc/cron.d/jauth-service")
BOOT_ID = "/proc/sys/kernel/random/boot_id"
SYSTEMD = pathlib.Path("/run/systemd/system")

QUESTION = r"A user, or Enter for nobody: "
AS_NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]

CONFIGURATION = configs.head() + configs.PASSWORD + "".join(
    configs.service(name, "password") for name in ("login", "sshd", "su", "passwd", "mine"))


def sshd_config(**options):
    lines = {**SSHD_OPTIONS, "LoginGraceTime": "180", **options}
    SSHD_CONFIG.write_text("".join(f"{key} {value}\n" for key, value in lines.items()))


@pytest.fixture(scope="module", autouse=True)
def jauth(house):
    PAM.joinpath("jauth-remote").unlink(missing_ok=True)
    PAM.joinpath("jauth-console").unlink(missing_ok=True)
    pathlib.Path("/etc/cron.d").mkdir(exist_ok=True)
    run(["ssh-keygen", "-A"])
    sshd_config()
    house.configure(CONFIGURATION)
    yield house
    house.stop_jauth()


@pytest.fixture(autouse=True)
def before(house):
    """Every file as it was; whatever a test does, this must hold after it."""
    files = pam_files()
    yield files
    ctl("rollback")
    for name in ("sshd", "su", "login", "passwd"):
        ctl("disable", name)
    for path in PAM.glob("jauth-*"):
        path.unlink()
    assert pam_files() == files
    no_guards()


@pytest.fixture(scope="module")
def jane(house):
    name = house.add_user(password=PASSWORD)
    yield name
    house.remove_user(name)


def pam_files():
    files = {}
    for path in PAM.iterdir():
        with contextlib.suppress(FileNotFoundError):
            files[path.name] = (path.read_text(), path.stat().st_mode)
    return files


def ctl(*words, stdin="", before=(), **options):
    done = subprocess.run([*before, "jauthctl", "service", *words], input=stdin, text=True,
                          timeout=60, capture_output=True, start_new_session=True, check=False,
                          env={"PATH": "/usr/sbin:/usr/bin", "LANG": "C.UTF-8", "TZ": "UTC"},
                          **options)
    return done.returncode, done.stdout, done.stderr


def right(*words):
    code, out, complaints = ctl(*words)
    assert (code, complaints) == (DONE, ""), complaints
    return out


def refused(*words, code=NO, **options):
    """Why not; and nothing has happened."""
    files = pam_files()
    found, out, complaints = ctl(*words, **options)
    assert (found, out) == (code, ""), complaints
    assert pam_files() == files
    no_guards()
    return complaints


def state(name="sshd"):
    rows = {row["service"]: row for row in json.loads(right("list", "--json"))}
    return rows[name]["state"]


def has_jauth(name="sshd"):
    return "jauth-" in PAM.joinpath(name).read_text()


def guards():
    """The processes that wait to undo something, and those that become such."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if {b"rollback", b"enable"} & set(path.read_bytes().split(b"\0")[2:4]):
                found.append(int(path.parent.name))
    return found


def enabling(*words):
    return Terminal(["jauthctl", "service", "enable", "sshd", *words])


# --- the whole way ---

def test_a_trial_then_a_real_login_then_it_stays(house, before, jane):
    with enabling("--for", "10s") as terminal:
        terminal.wait_for(QUESTION)
        assert not has_jauth()
        terminal.send_line(jane)
        type_password(terminal, PASSWORD)
        terminal.wait_for("That worked.*service confirm sshd.*as before at 20")
        assert terminal.wait_end() == DONE
        assert PASSWORD not in terminal.seen
    assert state() == "pending" and has_jauth()
    n_before = len(house.audit(jane, service="sshd"))
    with house.sshd().login(jane) as terminal:
        type_password(terminal, PASSWORD)
        expect_shell(terminal, jane)
    assert len(house.audit(jane, service="sshd")) > n_before

    right("confirm")
    no_guards()
    assert state() == "enabled" and not CRON.exists()
    assert KEPT.joinpath("sshd.before").read_text() == before["sshd"][0]
    assert not list(KEPT.glob("*.pending"))
    assert "already" in refused("enable", "sshd")
    right("disable", "sshd")
    assert pam_files() == before
    assert not list(KEPT.glob("sshd*"))


def test_nobody_confirms(house, before, jane):
    code, out, complaints = ctl("enable", "sshd", "--for", "3s", "--json")
    assert code == DONE, complaints
    said = json.loads(out)
    assert (said["state"], said["stack"], said["tried"]) == ("pending", "jauth-remote", False)
    assert 1 <= said["until"] - time.time() <= 4
    row, = (line.split() for line in right("list").splitlines() if line.startswith("sshd "))
    assert abs(datetime.datetime.fromisoformat(row[-1]).timestamp() - said["until"]) <= 1
    assert "auth substack jauth-remote" in PAM.joinpath("sshd").read_text()
    assert PAM.joinpath("jauth-remote").read_text() == \
        pathlib.Path("/usr/share/jauth/pam/jauth-remote").read_text()
    assert CRON.read_text().endswith("service rollback\n")
    wait_until(lambda: pam_files() == before, 9, "the rollback")
    no_guards()
    assert not list(KEPT.iterdir()) and not CRON.exists()
    assert "waits for nothing" in refused("confirm", "sshd")
    n_before = len(house.audit(jane))
    with house.sshd().login(jane) as terminal:
        type_password(terminal, PASSWORD)
        expect_shell(terminal, jane)
    assert len(house.audit(jane)) == n_before


CHINESE = {"LANG": "zh_CN.UTF-8", "LC_ALL": "zh_CN.UTF-8"}


def test_in_chinese(before, jane):
    def begun(*words):
        return Terminal(["jauthctl", "service", "enable", "sshd", "--for", "1h", *words],
                        env=CHINESE)
    question = "先让谁试着登录？请输入用户名，直接回车则不试："
    with begun() as terminal:
        terminal.wait_for(question)
        terminal.send_line(jane)
        terminal.wait_for(f"用户 {jane} 正通过 sshd 登录：")
        terminal.wait_for("密码|[Pp]assword")
        terminal.send_line(PASSWORD)
        terminal.wait_for("登录成功。.*jauthctl service confirm sshd.*一切恢复原状")
        assert terminal.wait_end() == DONE
    right("rollback", "sshd")
    with begun() as terminal:
        terminal.wait_for(question)
        terminal.send("\x03")
        terminal.wait_for("没有做任何更改")
        terminal.wait_end()
    with begun("--user", jane) as terminal:
        terminal.wait_for("密码|[Pp]assword")
        terminal.send("\x03")
        terminal.wait_for("sshd 已恢复原状")
        terminal.wait_end()
    assert pam_files() == before
    no_guards()


def said_in_chinese(*words):
    """On a terminal, whose lines are joined where they were too long."""
    with Terminal(["jauthctl", "service", *words], env={"LANG": "zh_CN.UTF-8"},
                  columns=300) as terminal:
        code = terminal.wait_end()
        return code, terminal.seen


def test_refusals_in_chinese(before):
    right("enable", "su", "--for", "1h")
    for words, code, text in (
            (["enable", "nosuch"], NO, "/etc/pam.d/nosuch：No such file"),
            (["enable", "cron"], NO, "jauth 不应加入 cron：它被其他服务依赖"),
            (["enable", "sudo"], NO, "没有 [service sudo] 一节"),
            (["enable", "../x"], USAGE, "“../x”不是 PAM 服务的名称"),
            (["enable", "sshd", "--for", "soon"], USAGE, "--for 的取值为 3s 到 1d"),
            (["enable", "sshd", "--user", "nosuchuser"], NO, "没有用户 nosuchuser"),
            (["enable", "su"], NO, "su 已在等待 jauthctl service confirm su，3"),
            (["confirm", "sshd"], NO, "sshd 没有待确认的更改"),
            (["disable", "sshd"], NO, "sshd 不询问 jauth")):
        found, said = said_in_chinese(*words)
        assert found == code and text in said and said.count("\n") == 1, said
    right("rollback", "su")
    assert "没有服务在等待" in said_in_chinese("confirm")[1]
    sshd_config(UsePAM="no", LoginGraceTime="30")
    try:
        code, said = said_in_chinese("enable", "sshd")
    finally:
        sshd_config()
    assert code == NO
    assert "sshd 不使用任何 PAM 模块。请在 /etc/ssh/sshd_config 中写入：UsePAM yes" in said
    assert "注意：logingracetime 是 30 秒：还在找手机的人会被中断。请在" in said
    assert pam_files() == before


def test_nobody_is_named_and_nobody_tries(before):
    with enabling("--for", "1h") as terminal:
        terminal.wait_for(QUESTION)
        terminal.send_line("")
        terminal.wait_for("asks jauth now")
        assert terminal.wait_end() == DONE
    assert state() == "pending"


def test_a_trial_that_fails_is_the_end_of_it(before, jane):
    with enabling("--user", jane) as terminal:
        for _ in range(3):
            type_password(terminal, "wrong")
        terminal.wait_for("did not work.*as it was")
        assert terminal.wait_end() == NO
    assert pam_files() == before
    no_guards()


def test_what_lets_root_in_unasked_proves_nothing(jane):
    """su has pam_rootok(8) before jauth, and who tries is root."""
    with Terminal(["jauthctl", "service", "enable", "su", "--user", jane]) as terminal:
        terminal.wait_for("let in unasked.*service confirm su")
        assert terminal.wait_end() == DONE
        assert "That worked" not in terminal.seen
    right("rollback", "su")
    code, out, _ = ctl("enable", "su", "--user", jane, "--json")
    assert (code, json.loads(out)["tried"]) == (DONE, False)


def test_the_console_gets_its_own_stack():
    right("enable", "login", "--for", "1min")
    text = PAM.joinpath("login").read_text()
    assert text.count("substack jauth-console") == 3 and "include common-auth" not in text
    assert "pam_faildelay" in text.split("jauth-console")[0]


def test_each_stack_goes_with_its_last_service(before):
    right("enable", "login", "--for", "1min")
    right("enable", "su", "--for", "1min")
    right("disable", "su")
    assert not PAM.joinpath("jauth-remote").exists() and PAM.joinpath("jauth-console").exists()
    right("disable", "login")
    assert pam_files() == before


def test_a_stack_of_the_sysadmin_is_left_alone():
    mine = "auth required pam_jauth.so break_glass=wheel\n"
    PAM.joinpath("jauth-remote").write_text(mine)
    right("enable", "su", "--for", "1min")
    right("disable", "su")
    assert PAM.joinpath("jauth-remote").read_text() == mine


# --- interrupted ---

def test_ctrl_c_at_the_question_changes_nothing(before):
    for key in ("\x03", "\x04"):
        with enabling() as terminal:
            terminal.wait_for(QUESTION)
            terminal.send(key)
            terminal.wait_for("nothing is changed")
            assert terminal.wait_end() in (-signal.SIGINT, NO)
        assert pam_files() == before and not guards()


@pytest.mark.parametrize("key,end", [("\x03", -signal.SIGINT), ("\x1c", -signal.SIGQUIT)])
def test_ctrl_c_in_the_trial_undoes_everything_at_once(before, jane, key, end):
    with enabling("--user", jane) as terminal:
        terminal.wait_for("[Pp]assword[^\n]*: ")
        assert has_jauth()
        terminal.send(key)
        terminal.wait_for("as it was")
        assert terminal.wait_end() == end
    assert pam_files() == before
    no_guards()


def test_a_terminal_that_goes_away(before, jane):
    with enabling("--user", jane, "--for", "1min") as terminal:
        terminal.wait_for("[Pp]assword[^\n]*: ")
        terminal.kill(signal.SIGHUP)
        terminal.wait_end()
    wait_until(lambda: pam_files() == before, 5, "the rollback")


def test_killed_in_the_trial(before, jane):
    with enabling("--user", jane, "--for", "3s") as terminal:
        terminal.wait_for("[Pp]assword[^\n]*: ")
        terminal.kill(signal.SIGKILL)
        terminal.wait_end()
    assert has_jauth() and state() == "pending"
    wait_until(lambda: pam_files() == before, 9, "the rollback")


@pytest.fixture
def countdown(tmp_path):
    counted = Countdown(tmp_path)
    yield counted
    counted.close()


def steps_of(countdown, words):
    """How many calls that others see the command makes."""
    countdown.arm()
    done = run_counted(countdown, words)
    assert done.returncode == DONE, done.stderr
    return FAR - countdown.disarm()


def run_counted(countdown, words):
    return subprocess.run(["jauthctl", "service", *words], text=True, capture_output=True,
                          check=False, timeout=30, stdin=subprocess.DEVNULL,
                          start_new_session=True, env={"PATH": "/usr/bin", **countdown.env})


def killed_at(countdown, words, number):
    countdown.arm(number)
    return run_counted(countdown, words).returncode == -signal.SIGKILL


def no_guards():
    wait_until(lambda: not guards(), 5, "the guard's end")


def kill_guards():
    def killed():
        for pid in guards():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not guards()
    wait_until(killed, 5, "the guards' end")


@contextlib.contextmanager
def another_boot(tmp_path):
    other = tmp_path / "boot_id"
    other.write_text("11111111-2222-3333-4444-555555555555\n")
    run(["mount", "--bind", str(other), BOOT_ID])
    try:
        yield
    finally:
        run(["umount", BOOT_ID])


def test_killed_at_each_step_and_the_machine_too(before, countdown, tmp_path):
    """There is the old file or the new one, whole; after a new start the old one."""
    words = ["enable", "sshd", "--for", "1h"]
    n_steps = steps_of(countdown, words)
    new = PAM.joinpath("sshd").read_text()
    ctl("rollback", "sshd")
    assert n_steps >= 8 and new != before["sshd"][0]
    seen = set()
    for number in range(1, n_steps + 1):
        assert killed_at(countdown, words, number)
        kill_guards()
        now = PAM.joinpath("sshd").read_text()
        assert now in (new, before["sshd"][0])
        if now == new:
            assert (PAM / "jauth-remote").exists() and state() == "pending"
        seen.add(now)
        with another_boot(tmp_path):
            right("rollback")
        assert pam_files() == before, number
        assert not list(KEPT.glob("*.pending"))
        CRON.unlink(missing_ok=True)
    assert len(seen) == 2


def test_killed_at_each_step_of_the_end(before, countdown):
    """confirm, rollback, disable: run again, they come to their end."""
    for words, end in ((["confirm", "sshd"], True), (["rollback", "sshd"], False),
                       (["disable", "sshd"], False)):
        right("enable", "sshd", "--for", "1h")
        n_steps = steps_of(countdown, words)
        assert has_jauth() == end
        ctl("disable", "sshd")
        for number in range(1, n_steps + 1):
            right("enable", "sshd", "--for", "1h")
            assert killed_at(countdown, words, number)
            ctl(*words)
            assert has_jauth() == end and state() == ("enabled" if end else "disabled")
            ctl("disable", "sshd")
            assert pam_files() == before


def test_going_back_needs_no_room(before):
    """Not even one byte can be written, as on a disk that is full."""
    def nothing_fits():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    for words in (["rollback", "sshd"], ["disable", "sshd"]):
        right("enable", "sshd", "--for", "1h")
        if words[0] == "disable":
            right("confirm", "sshd")
        subprocess.run(["jauthctl", "service", *words], check=True, timeout=30,
                       stdin=subprocess.DEVNULL, preexec_fn=nothing_fits)
        assert pam_files() == before


def test_what_cannot_be_undone_yet_is_tried_again(before):
    right("enable", "sshd", "--for", "3s")
    run(["mount", "-o", "bind,ro", str(PAM), str(PAM)])
    try:
        time.sleep(4)
        assert has_jauth() and state() == "pending"
    finally:
        run(["umount", str(PAM)])
    wait_until(lambda: pam_files() == before, 9, "the rollback")
    no_guards()


def test_what_a_link_leads_to_may_name_the_sample(before, tmp_path):
    """Nobody would log in there without it."""
    right("enable", "sshd", "--for", "1h")
    right("confirm", "sshd")
    link = PAM / "elsewhere"
    (tmp_path / "elsewhere").write_text("auth include jauth-remote\n")
    link.symlink_to(tmp_path / "elsewhere")
    try:
        right("disable", "sshd")
        assert PAM.joinpath("jauth-remote").exists()
    finally:
        link.unlink()
    PAM.joinpath("jauth-remote").unlink()
    assert pam_files() == before


def test_without_a_new_start_the_time_alone_is_enough(before):
    right("enable", "sshd", "--for", "3s")
    kill_guards()
    time.sleep(3.1)
    assert has_jauth()
    assert "too late" in ctl("confirm", "sshd")[2]
    assert pam_files() == before
    right("enable", "su", "--for", "3s")
    kill_guards()
    time.sleep(3.1)
    assert "no section" in refused_after_undoing("enable", "sudo")
    assert pam_files() == before


def refused_after_undoing(*words):
    code, _, complaints = ctl(*words)
    assert code == NO
    return complaints


def test_a_pending_file_that_makes_no_sense(before):
    right("enable", "sshd", "--for", "1h")
    KEPT.joinpath("sshd.pending").write_text("{\"token\": 7")
    kill_guards()
    right("rollback")
    ours = PAM.joinpath("jauth-remote")
    assert ours.exists()            # whether we made it is not known any more
    ours.unlink()
    assert pam_files() == before


# --- others at work ---

def test_two_at_once(before):
    right("enable", "sshd", "--for", "1min")
    text = PAM.joinpath("sshd").read_text()
    assert "waits already" in ctl("enable", "sshd")[2]
    right("enable", "su", "--for", "1min")
    assert "say which one" in ctl("confirm")[2]
    assert PAM.joinpath("sshd").read_text() == text
    right("rollback", "su")
    assert state("su") == "disabled" and state("sshd") == "pending"
    assert PAM.joinpath("jauth-remote").exists()        # sshd's
    right("rollback", "sshd")
    assert pam_files() == before

    KEPT.mkdir(mode=0o700, exist_ok=True)
    with subprocess.Popen(["flock", str(KEPT), "sleep", "60"], start_new_session=True) as holder:
        try:
            wait_until(lambda: ctl("confirm", "sshd")[2].count("at work"), 5, "the lock")
            assert "at work" in refused("enable", "sshd")
        finally:
            os.killpg(holder.pid, signal.SIGKILL)


def test_an_old_guard_does_not_touch_a_new_attempt():
    right("enable", "sshd", "--for", "1min")
    token = json.loads(KEPT.joinpath("sshd.pending").read_text())["token"]
    right("rollback", "sshd")
    right("enable", "sshd", "--for", "1min")
    right("rollback", "sshd", "--token", token)
    assert state() == "pending"


def test_who_changes_the_file_meanwhile_keeps_his_change(before):
    for end in ("rollback", "disable"):
        right("enable", "sshd", "--for", "1min")
        if end == "disable":
            right("confirm", "sshd")
        path = PAM.joinpath("sshd")
        path.write_text(path.read_text() + "session optional pam_echo.so hello\n")
        right(end, "sshd")
        assert path.read_text() == before["sshd"][0] + "session optional pam_echo.so hello\n"
        path.write_text(before["sshd"][0])
        PAM.joinpath("jauth-remote").unlink(missing_ok=True)


# --- what is refused before anything is changed ---

def test_only_root(before):
    for words in (["enable", "sshd"], ["confirm"], ["disable", "sshd"], ["rollback"],
                  ["rollback", "sshd"]):
        assert "only root" in refused(*words, code=REFUSED, before=AS_NOBODY)
    code, out, _ = ctl("list", before=AS_NOBODY)
    assert code == DONE and "sshd" in out


@pytest.mark.parametrize("name,why", [
    ("nosuch", "No such file"), ("common-auth", "does not belong"), ("cron", "does not belong"),
    ("other", "does not belong"), ("jauth-remote", "does not belong"), ("sudo", "no section"),
    ("mine", "no line"), ("linked", "symbolic link")])
def test_services_that_are_refused(name, why):
    PAM.joinpath("mine").write_text("auth required pam_unix.so\n")
    PAM.joinpath("linked").symlink_to("/etc/pam.d/sshd")
    try:
        assert why in ctl("enable", name)[2]
        assert not guards()
    finally:
        PAM.joinpath("mine").unlink()
        PAM.joinpath("linked").unlink()


def test_wrong_usage():
    for words in (["enable"], ["enable", "../x"], ["enable", "sshd", "--for", "soon"],
                  ["enable", "sshd", "--for", "1s"], ["enable", "sshd", "--for", "2d"],
                  ["disable"], ["rollback", "a/b"], ["list", "x"], ["confirm", "a", "b"]):
        assert ctl(*words)[0] == USAGE, words


@pytest.mark.parametrize("options,why", [
    ({"UsePAM": "no"}, "usepam is no"),
    ({"KbdInteractiveAuthentication": "no"}, "kbdinteractiveauthentication is no"),
    ({"AuthenticationMethods": "publickey"}, "jauth is never asked"),
    ({"Nonsense": "yes"}, "Nonsense")])
def test_an_sshd_that_would_not_ask(options, why):
    sshd_config(**options)
    try:
        assert why in refused("enable", "sshd")
    finally:
        sshd_config()


def test_an_sshd_that_is_only_unwise_is_told():
    sshd_config(PasswordAuthentication="yes", MaxStartups="10:30:100", LoginGraceTime="30")
    try:
        code, _, complaints = ctl("enable", "sshd", "--for", "1min")
        assert code == DONE
        for what in ("PasswordAuthentication no", "MaxStartups", "LoginGraceTime"):
            assert what in complaints
    finally:
        sshd_config()


def test_without_jauthd(house):
    house.jauthd.stop()
    try:
        assert "cannot be reached" in refused("enable", "sshd", code=NOT_REACHED)
        assert "无法连接 jauthd：" in said_in_chinese("enable", "sshd")[1]
    finally:
        house.jauthd.start()


def test_a_trial_that_would_show_nothing(house):
    for user, why in (("nosuchuser", "no user"), ("root", "no say about root")):
        house.reload(CONFIGURATION.replace("[service sshd]\n", "[service sshd]\nusers = jane\n"))
        try:
            assert why in refused("enable", "sshd", "--user", user)
        finally:
            house.reload(CONFIGURATION)


def test_a_disk_that_takes_nothing(before):
    run(["mount", "--bind", "/etc/pam.d", "/etc/pam.d"])
    run(["mount", "-o", "remount,ro,bind", "/etc/pam.d"])
    try:
        code, out, complaints = ctl("enable", "sshd")
        assert (code, out) == (NO, "") and "Read-only" in complaints
    finally:
        run(["umount", "/etc/pam.d"])
    assert pam_files() == before and state() == "disabled"
    no_guards()


# --- with systemd ---

RUN = """#!/bin/sh
echo "$@" >> /run/house/systemd-run
[ ! -e /run/house/no-timer ] || {{ echo no timer today >&2; exit 1; }}
while [ "$1" != -- ]; do
	case $1 in --on-active=*) s=${{1#--on-active=}} ;; esac
	shift
done
shift
setsid sh -c 'sleep "$0"; shift 0; "$@"' "${{s%s}}" "$@" >/dev/null 2>&1 &
"""


@pytest.fixture
def systemd():
    """What looks like it: the real one would need to be process 1."""
    fakes = {"/usr/bin/systemd-run": RUN.replace("{{", "{").replace("}}", "}"),
             "/usr/bin/systemctl": "#!/bin/sh\necho \"$@\" >> /run/house/systemctl\n"}
    kept = {}
    SYSTEMD.mkdir(parents=True)
    for path, text in fakes.items():
        path = pathlib.Path(path)
        kept[path] = path.read_bytes() if path.exists() else None
        path.unlink(missing_ok=True)
        path.write_text(text)
        path.chmod(0o755)
    log = {name: pathlib.Path("/run/house", name) for name in ("systemd-run", "systemctl")}
    yield log
    SYSTEMD.rmdir()
    for path, data in kept.items():
        path.unlink()
        if data is not None:
            path.write_bytes(data)
            path.chmod(0o755)
    for path in [*log.values(), pathlib.Path("/run/house/no-timer")]:
        path.unlink(missing_ok=True)


def test_a_timer_of_systemd(before, systemd):
    right("enable", "sshd", "--for", "3s")
    words = systemd["systemd-run"].read_text().split()
    assert words[:2] == ["--quiet", "--collect"] and "--on-active=3s" in words
    assert "/usr/bin/jauthctl" in words and not CRON.exists()
    wait_until(lambda: pam_files() == before, 9, "the rollback")
    right("enable", "sshd", "--for", "3s")
    right("confirm")
    unit = next(word[7:] for word in systemd["systemd-run"].read_text().split()[::-1]
                if word.startswith("--unit="))
    assert f"stop {unit}.timer" in systemd["systemctl"].read_text()
    time.sleep(3.3)
    assert state() == "enabled"
    right("disable", "sshd")


def test_without_a_timer_nothing_is_changed(before, systemd):
    pathlib.Path("/run/house/no-timer").touch()
    assert "no timer today" in ctl("enable", "sshd")[2]
    assert pam_files() == before and not list(KEPT.iterdir())


def test_the_unit_that_looks_after_a_new_start(before, tmp_path):
    folder = pathlib.Path("/usr/lib/systemd/system")
    unit = folder / "jauth-service-rollback.service"
    assert os.path.samefile(folder / "basic.target.wants" / unit.name, unit)
    lines = dict(line.split("=", 1) for line in unit.read_text().splitlines() if "=" in line)
    right("enable", "sshd", "--for", "1h")
    kill_guards()
    assert list(pathlib.Path("/").glob(lines["ConditionPathExistsGlob"].lstrip("/")))
    with another_boot(tmp_path):
        run(lines["ExecStart"].split())
    assert pam_files() == before


def test_cron_looks_after_a_new_start(before, tmp_path):
    """The real cron, where there is no systemd."""
    if not os.path.exists("/usr/sbin/cron"):
        pytest.fail("the package cron is missing")
    right("enable", "sshd", "--for", "1h")
    kill_guards()
    pathlib.Path("/run/crond.reboot").unlink(missing_ok=True)
    with another_boot(tmp_path), subprocess.Popen(["cron", "-f"], start_new_session=True) as cron:
        try:
            wait_until(lambda: pam_files() == before, 10, "cron's @reboot")
        finally:
            os.killpg(cron.pid, signal.SIGKILL)
    assert not CRON.exists()
