# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the end-to-end tests. A house lives as long as one run of pytest."""

import os
import sys

import pytest

HERE = os.path.dirname(__file__)
sys.path.insert(0, HERE)

from desk import Evil  # noqa: E402
from house import House  # noqa: E402
from vendors.dingtalk import DingTalk  # noqa: E402
from vendors.dingtalk_login import LoginPages  # noqa: E402
from vendors.glewlwyd import Glewlwyd  # noqa: E402
from vendors.oidc import Provider  # noqa: E402
from vendors.relay import Relay  # noqa: E402
from vendors.relay_hostile import HostileRelay  # noqa: E402
from vendors.sms_gateway import SmsGateway  # noqa: E402
from vendors.tls import Authority  # noqa: E402
from vendors.wechat import WeChat  # noqa: E402
from vendors.wechat_open import OpenPages  # noqa: E402
from vendors.wecom import WeCom  # noqa: E402

PASSWORD = "right horse 7"


def running(server, authority):
    """A fixture's whole life: the server runs as long as somebody may need it."""
    server.ca = authority.ca_path
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def house():
    """The bus runs; what else is needed a test or a fixture of its own starts."""
    here = House().start_bus()
    yield here
    here.stop()


@pytest.fixture
def user(house):
    """A new Unix user with a shadow password."""
    name = house.add_user(password=PASSWORD)
    yield name
    house.remove_user(name)


@pytest.fixture(scope="session")
def authority(house):
    """Who signs the vendors' certificates; jauth-http trusts him in this house."""
    made = Authority(house.folder)
    house.trust(made.ca_path)
    return made


@pytest.fixture(scope="session")
def op(authority):
    """An OpenID provider of ours that runs all the time."""
    yield from running(Provider(authority), authority)


@pytest.fixture(scope="session")
def glewlwyd(house, authority):
    folder = house.folder / "glewlwyd"
    folder.mkdir()
    provider = Glewlwyd(folder, authority).start()
    yield provider
    provider.stop()


@pytest.fixture
def polite(op):
    """The provider on its best behaviour; fails the test when a request was against the rules."""
    op.reset()
    yield op
    complaints = list(op.complaints)
    op.reset()
    assert not complaints


@pytest.fixture
def jane(house, polite):
    """A Unix user and the person at the provider who is linked to him: (user, subject)."""
    user = house.add_user(password=PASSWORD)
    sub = polite.add_person(f"sub-of-{user}", email=f"{user}@example.org", email_verified=True)
    house.add_link(user, polite.issuer, sub)
    yield user, sub
    house.remove_user(user)


@pytest.fixture(scope="session")
def gateway(authority):
    """An SMS gateway that runs all the time; a test that needs it well resets it."""
    yield from running(SmsGateway(authority), authority)


@pytest.fixture(scope="session")
def relay_double(authority):
    """A relay of ours that lies when it is told to; a test that needs it well resets it."""
    yield from running(HostileRelay(authority), authority)


@pytest.fixture(scope="session")
def double(authority):
    """A relay of the tests that checks every request of jauthd."""
    yield from running(Relay(authority), authority)


@pytest.fixture
def relay(double):
    """The double on its best behaviour; the test fails when a request was against the rules."""
    double.reset()
    yield double
    complaints = double.all_complaints()
    double.reset()
    assert not complaints


@pytest.fixture(scope="session")
def evil(authority):
    """A hostile site for browsers."""
    yield from running(Evil(authority), authority)


@pytest.fixture(scope="session")
def dingtalk(authority):
    yield from running(DingTalk(authority), authority)


@pytest.fixture(scope="session")
def pages(dingtalk):
    """DingTalk's for browsers; reset with it."""
    return LoginPages(dingtalk)


@pytest.fixture(scope="session")
def wecom(authority, double):
    """Its trusted domain is the relay of the tests; another one sets its own."""
    yield from running(WeCom(authority, trusted_domain=f"{double.host}:{double.port}"), authority)


@pytest.fixture(scope="session")
def wechat(authority):
    """api.weixin.qq.com, to which tests add apps, people and other parts."""
    yield from running(WeChat(authority), authority)


@pytest.fixture(scope="session")
def wechat_pages(wechat):
    """And open.weixin.qq.com."""
    return wechat.add_part(OpenPages(wechat))
