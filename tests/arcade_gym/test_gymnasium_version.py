"""Versions of Gymnasium that are too old say so."""

import importlib

import gymnasium
import pytest

from arcade_gym import gymnasium_version


@pytest.mark.parametrize("version", ["0.29.1", "1.1.1", "1.2.0", "1.2.1", "1.2"])
def test_old_versions_are_refused_when_the_package_is_imported(monkeypatch, version):
    monkeypatch.setattr(gymnasium, "__version__", version)
    with pytest.raises(
        ImportError, match=rf"needs gymnasium>=1\.2\.2, found {version}"
    ):
        importlib.reload(gymnasium_version)


@pytest.mark.parametrize("version", ["1.2.2", "1.10.0", "1.3.0a1", "2.0.0.dev0"])
def test_others_are_taken(version):
    gymnasium_version.check(version)
