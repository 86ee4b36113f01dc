# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon speaks the language of each login, several at once, on screens of 80 columns."""

import pytest

import configs
from conftest import PASSWORD
from people import code_in, expect_shell
from screen import Terminal

GATE = "Work: 输入 y 显示二维码，q 退出："
CODE_PROMPT = "确认后请按回车，i 反色，q 退出："
PASSWORD_PROMPT = "密码："
CHINESE = {"LANG": "zh_CN.UTF-8"}


def config_text(op, language, methods):
    return (f"[general]\nlanguage = {language}\n" + configs.head() + configs.PASSWORD
            + configs.oidc(op) + configs.service("sshd", methods)
            + configs.service("login", "password"))


@pytest.fixture(scope="module", autouse=True)
def stacks(house):
    house.use_jauth("sshd", "login")
    yield
    house.use_debian("sshd", "login")
    house.stop_jauth()


@pytest.fixture
def linked(house, polite, user):
    sub = polite.add_person("sub-of-" + user)
    return user, sub


def test_code_over_ssh_in_chinese(house, polite, linked):
    """sshd names no language, so the configuration's counts."""
    user, sub = linked
    house.configure(config_text(polite, "zh_CN", "work"))
    house.add_link(user, polite.issuer, sub)
    with house.sshd().login(user) as ssh:
        ssh.wait_for(GATE)
        ssh.send_line("y")
        ssh.wait_for(CODE_PROMPT)
        link = ssh.read_qr()
        code = code_in(link)
        assert "代码：" + code in ssh.text()
        assert "请扫描二维码或打开链接，核对页面上的代码后确认登录。" in ssh.text()
        polite.approve(code, sub)
        ssh.send_line()
        expect_shell(ssh, user)


def test_a_refusal_in_chinese(house, polite, user):
    house.configure(config_text(polite, "zh_CN", "password"))
    with house.sshd().login(user) as ssh:
        ssh.wait_for(PASSWORD_PROMPT)
        ssh.send_line("wrong")
        ssh.wait_for("登录信息有误。")


def test_two_languages_at_once(house, polite, user):
    house.configure(config_text(polite, "en", "password"))
    with (Terminal(["/bin/login", user], env=CHINESE) as chinese,
          Terminal(["/bin/login", user]) as english):
        chinese.wait_for(PASSWORD_PROMPT)
        english.wait_for("Password: ")
        chinese.send_line(PASSWORD)
        english.send_line(PASSWORD)
        expect_shell(chinese, user)
        expect_shell(english, user)


@pytest.mark.parametrize("language", ["zh_TW.UTF-8", "zh_CN.GB18030", "C", "xx_YY.UTF-8"])
def test_other_languages_get_english(house, polite, user, language):
    house.configure(config_text(polite, "en", "password"))
    with Terminal(["/bin/login", user], env={"LANG": language}) as login:
        login.wait_for("Password: ")


def test_a_client_without_utf8_gets_english(house, polite, user):
    """The characters would arrive as octal numbers."""
    house.use_jauth("sshd", options="charset=ascii")
    try:
        house.configure(config_text(polite, "zh_CN", "password"))
        with house.sshd().login(user) as ssh:
            ssh.wait_for("Password: ")
    finally:
        house.use_jauth("sshd")
