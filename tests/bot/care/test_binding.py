"""Binding a team to its chat; the ways there are tested with the admin's commands."""

from __future__ import annotations

import pytest

from bot.care import binding
from tests.bot.ward import Ward


def test_a_private_chat_is_no_teams_chat(ward: Ward) -> None:
    team = ward.team("Spine team", bound=False)
    mora = ward.staff("Mora", team, role="admin")
    with pytest.raises(binding.CannotBind, match="group"):
        binding.bind(ward.session, mora, team, ward.chat(), public=False, now=ward.now)


def test_an_admin_who_left_binds_nothing_with_an_old_code(ward: Ward) -> None:
    team = ward.team("Spine team", bound=False)
    mora = ward.staff("Mora", team, role="admin")
    code = binding.code_for_channel(ward.session, mora, team, ward.chat(), ward.now)
    mora.state = "left"
    maker = binding.by_code(ward.session, code, ward.now)
    assert maker is not None
    with pytest.raises(binding.CannotBind, match="Only an admin"):
        binding.bind(ward.session, *maker, ward.chat("channel"), public=False, now=ward.now)


def test_a_code_is_compared_whatever_it_is_made_of(ward: Ward) -> None:
    team = ward.team("Spine team", bound=False)
    binding.code_for_channel(ward.session, ward.staff("Mora", team, role="admin"), team, ward.chat(), ward.now)
    for code in ("", "é", "x" * 5000):
        assert binding.by_code(ward.session, code, ward.now) is None
