"""The Dockerfile and the lock files it installs from."""

from __future__ import annotations

import json
import re
import tomllib
from fnmatch import fnmatch

from tests.edges.deploy.conftest import ROOT
from tests.edges.deploy.test_compose import dockerfile, understood


def test_the_image_installs_the_locked_versions_without_the_tools() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = {name_of(line) for line in project["project"]["dependencies"]}
    tools = {
        name_of(line)
        for line in project["dependency-groups"]["dev"]
        if isinstance(line, str)
    }
    whole, run, build = (
        pins(f"requirements{part}.lock") for part in ("", "-run", "-build")
    )

    assert wanted <= run.keys()
    assert not tools & run.keys()
    assert "hatchling" in build
    assert run.items() <= whole.items()
    assert build.items() <= whole.items()


def test_every_line_of_the_locks_is_hashed() -> None:
    for part in ("", "-run", "-build"):
        text = (ROOT / f"requirements{part}.lock").read_text()
        blocks = re.split(r"\n(?=\S)", text.strip())

        assert all("--hash=sha256:" in block for block in blocks)
        assert "://" not in text


def test_nothing_is_installed_without_hashes_but_the_program_itself() -> None:
    installs = [line for line in steps() if "pip" in line and " install " in line]

    assert len(installs) == 3
    for line in installs:
        assert "--require-hashes -r requirements-" in line or "--no-deps" in line


def test_the_image_runs_as_a_number_and_ends_on_sigterm() -> None:
    last = dockerfile().split("\nFROM ")[-1]
    said = dict(
        re.findall(r"^(USER|STOPSIGNAL|ENTRYPOINT|CMD) (.+)$", last, re.MULTILINE)
    )
    health = re.search(
        r"^HEALTHCHECK .*?CMD (\[.*?\])$", last, re.MULTILINE | re.DOTALL
    )

    assert said["USER"] == "10001:10001"
    assert said["STOPSIGNAL"] == "SIGTERM"
    assert json.loads(said["ENTRYPOINT"]) == ["wirewatch"]
    assert understood(json.loads(said["CMD"]))
    assert health is not None
    assert understood(json.loads(health[1])[1:])


def test_both_stages_stand_on_one_pinned_python() -> None:
    bases = re.findall(r"^FROM (\S+)", dockerfile(), re.MULTILINE)

    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", bases[0])


def test_what_is_copied_exists_and_passes_the_ignore_file() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    kept = {line.removeprefix("!") for line in lines if line.startswith("!")}
    copied = {
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile(), re.MULTILINE)
        for source in line.split()[:-1]
    }

    assert "*" in lines
    assert copied == kept
    assert all((ROOT / source).exists() for source in copied)


def test_no_data_and_no_secret_gets_into_the_build() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    patterns = [line.removeprefix("!") for line in lines if line.startswith("!")]

    for path in ("var", ".git", "deploy", "deploy/secrets", ".venv", ".env", "tests"):
        assert not any(fnmatch(path, pattern) for pattern in patterns), path


def steps() -> list[str]:
    """Return the commands of the RUN instructions, one a line."""
    joined = re.sub(r"\\\n\s*", " ", dockerfile())
    runs = re.findall(r"^RUN (.+)$", joined, re.MULTILINE)
    return [step.strip() for run in runs for step in run.split("&&")]


def pins(name: str) -> dict[str, str]:
    """Return the versions of a lock file by package."""
    text = (ROOT / name).read_text()
    return dict(re.findall(r"^([a-z0-9._-]+)(?:\[[^]]*\])?==(\S+)", text, re.MULTILINE))


def name_of(requirement: str) -> str:
    """Return the package of a requirement."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found is not None
    return re.sub(r"[-_.]+", "-", found[0]).lower()
