# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody who sets methods up: at a terminal with jauthctl method add, or by its options."""

import os
import pathlib
import pwd
import re
import subprocess

from house import CONFIG
from screen import Gone, Terminal

DROP_INS = pathlib.Path(f"{CONFIG}.d")
SECRETS = pathlib.Path("/etc/jauth/secrets")

# A question stands at the end of what was printed.
PROMPT = r"([^\r\n]*(?:: |： |\[[Yy]/[Nn]\] ))\Z"

# Questions that are about no key, by how they begin in each language.
QUESTIONS = {
    "type": ("Number or name", "编号或名称"),
    "title": ("Name that people see", "菜单中显示给用户"),
    "id": ("ID, by which", "配置中用来指称"),
    "another": ("Set up another vendor", "同时再设置"),
    "directory": ("Take its members", "是否也把其中的成员"),
    "more": ("Other keys", "其他键"),
    "service": ("Service to let people in", "用它登录的服务"),
    "behind": ("Method that comes before", "排在它前面的方式"),
    "write": ("Write it?", "写入吗"),
    "change": ("Key to change", "要修改的键"),
    "probe": ("Try it at the vendor", "现在向服务商"),
    "keep": ("It did not work", "没有成功"),
    "trial": ("Unix user, for a whole", "现在用它完整登录"),
    "remove": ("Take \"", "删除“"),
}
LANGUAGES = {"en": 0, "zh": 1}
LOCALES = {"en": "C.UTF-8", "zh": "zh_CN.UTF-8"}


def ctl(*words, stdin="", before=(), **env):
    """Exit code, output and complaints; no terminal anywhere."""
    done = subprocess.run([*before, "jauthctl", "method", *words], input=stdin, text=True,
                          timeout=60, capture_output=True, start_new_session=True, check=False,
                          env={"PATH": "/usr/sbin:/usr/bin", "LANG": "C.UTF-8", **env})
    return done.returncode, done.stdout, done.stderr


def picture(folder="/etc/jauth"):
    """Every file with its mode, owner and content: what must not change by half."""
    return {str(path): (oct(path.stat().st_mode), path.stat().st_uid, path.stat().st_gid,
                        path.read_bytes() if path.is_file() else b"")
            for path in sorted(pathlib.Path(folder).rglob("*"))}


def words_of(prompt):
    """The question's name: that of the key, or of QUESTIONS."""
    for name, beginnings in QUESTIONS.items():
        if prompt.startswith(beginnings):
            return name
    return re.match(r"\w+", prompt).group(0)


class Sysadmin:
    """Answers the questions of one command; what he has no answer for he leaves as it is."""

    def __init__(self, *words, language="en"):
        self.terminal = Terminal(["jauthctl", "method", *words], columns=110, rows=60,
                                 env={"LANG": LOCALES[language]})
        self.language = language
        self.asked = []          # names of the questions, in their order

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.terminal.close()

    def next_question(self):
        """Its name, or None when the command ended."""
        try:
            prompt = self.terminal.wait_for(PROMPT).group(1)
        except Gone:
            return None
        name = words_of(prompt)
        if name in QUESTIONS:
            assert prompt.startswith(QUESTIONS[name][LANGUAGES[self.language]]), prompt
        self.asked.append(name)
        assert self.asked.count(name) < 9, f"{name} again and again:\n{self.text()[-3000:]}"
        return name

    def go_on(self, answers, until=None):
        """To the question `until`, or to the end: then the exit status. An answer is a text, or a
        list of them for a question that comes again."""
        answers = {name: list(answer) if isinstance(answer, (list, tuple)) else [answer]
                   for name, answer in answers.items()}
        while True:
            name = self.next_question()
            if name is None:
                return self.terminal.wait_end()
            if name == until:
                return None
            left = answers.get(name)
            self.terminal.send_line(left.pop(0) if left else "n" if name == "probe" else "")

    def text(self):
        return self.terminal.seen.replace("\r\n", "\n")


def drop_in(name):
    return (DROP_INS / name).read_text()


def keys_of(name, section):
    """The keys of a section of a drop-in."""
    text = drop_in(name).partition(f"[{section}]\n")[2].partition("[")[0]
    return dict(line.split(" = ", 1) for line in text.splitlines())


def expect_guarded(path, content):
    """A secret: whole, for the daemon's group and nobody else."""
    found = os.stat(path)
    assert (found.st_uid, oct(found.st_mode & 0o7777)) == (0, "0o640"), path
    assert found.st_gid == pwd.getpwnam("jauth").pw_gid
    assert pathlib.Path(path).read_text() == content


def expect_readable(name):
    found = os.stat(DROP_INS / name)
    assert (found.st_uid, found.st_gid, oct(found.st_mode & 0o7777)) == (0, 0, "0o644")
