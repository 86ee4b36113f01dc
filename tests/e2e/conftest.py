# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the end-to-end tests. A house lives as long as one run of pytest."""

import os
import sys

import pytest

HERE = os.path.dirname(__file__)
sys.path.insert(0, HERE)

from house import House  # noqa: E402


@pytest.fixture(scope="session")
def house():
    """The bus runs; what else is needed a test or a fixture of its own starts."""
    here = House().start_bus()
    yield here
    here.stop()


@pytest.fixture
def user(house):
    """A new Unix user whose shadow password is "right horse 7"."""
    name = house.add_user(password="right horse 7")
    yield name
    house.remove_user(name)
