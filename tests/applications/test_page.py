"""The page of the applications: it names each of them, what each can do, and attacks each."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import pytest
import zeta.applications
from zeta.app import Application

PAGE = Path(__file__).resolve().parents[2] / "docs/applications.md"
MODULES = [
    module.name
    for module in pkgutil.iter_modules(zeta.applications.__path__)
    if module.name not in ("key_value", "ordered_store")
]


@pytest.mark.parametrize("name", MODULES)
def test_the_page_shows_an_application_and_an_attack_on_it(name: str) -> None:
    module = importlib.import_module(f"zeta.applications.{name}")
    [app] = [
        found
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, Application) and found is not Application
    ]
    title = name.replace("_", " ").capitalize()
    assert f"| [`{name}.{app.__name__}`](#{name.replace('_', '-')}) |" in PAGE.read_text()
    section = PAGE.read_text().split(f"\n## {title}\n")[1].split("\n## ")[0]
    assert f"import {app.__name__}" in section or f", {app.__name__}" in section
    assert section.rstrip().count("assert is_caught(store)") == 1
    assert all(re.search(rf"\b{transition}\b", section) for transition in app.transitions)
