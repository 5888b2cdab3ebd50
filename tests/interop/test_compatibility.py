# SPDX-License-Identifier: GPL-2.0-only
"""docs/compatibility.md says what the source offers and refuses now."""
import compatibility


def test_page_is_current():
    assert compatibility.is_current(), "run tests/interop/compatibility.py after make test-interop, and commit docs/compatibility.md"
