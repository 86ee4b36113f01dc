# SPDX-License-Identifier: GPL-3.0-or-later
EXTRA_DIST += runtests bootstrap tests/common.sh tests/packages tests/layers \
	tests/check-installed tests/junit-cases tests/e2e
