"""docker-compose.yml, held to the Compose schema and to the program it starts."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

from monitor.cli import app
from monitor.cli.run import Role
from monitor.config import load
from monitor.config.environment import DATA_DIR, OVERRIDES
from tests.edges.deploy.conftest import DEPLOY, ROOT, read_yaml

OURS = ("poll", "classify", "assess", "notify", "web")
SECRETS = DEPLOY / "secrets" / "create.py"


def test_the_file_keeps_to_the_compose_schema() -> None:
    program = Path(sys.executable).parent / "check-jsonschema"
    verdict = subprocess.run(
        [program, "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert verdict.returncode == 0, verdict.stdout


def test_there_is_one_service_per_role(compose: Any) -> None:
    roles = {
        name: service["command"][service["command"].index("--role") + 1]
        for name, service in compose["services"].items()
        if is_ours(service)
    }

    assert roles == {role.value: role.value for role in Role}


@pytest.mark.parametrize("name", OURS)
def test_the_program_understands_its_command_and_health_check(
    compose: Any, name: str
) -> None:
    service = compose["services"][name]
    command = understood(service["command"])
    kind, program, *health = service["healthcheck"]["test"]

    assert command["config"] == Path("/etc/wirewatch/alerts.yaml")
    assert [role.value for role in command["role"]] == [name]
    assert (kind, program) == ("CMD", "wirewatch")
    assert understood(health)


def test_a_misspelt_command_would_be_noticed() -> None:
    for wrong in (["rum"], ["run", "--roll", "poll"], ["run", "--role", "pole"]):
        with pytest.raises(typer.TyperException):
            understood(wrong)


def test_every_variable_is_one_the_program_reads(compose: Any) -> None:
    named = {
        variable
        for name in OURS
        for variable in compose["services"][name]["environment"]
    }
    named |= set(re.findall(r"\b(WIREWATCH_\w+)=", dockerfile()))

    assert named - variables() == set()
    assert "WIREWATCH_STATE_FILE" in named


def test_the_shipped_configuration_loads_as_the_containers_see_it(
    compose: Any, tmp_path: Path
) -> None:
    subprocess.run([sys.executable, SECRETS, tmp_path], check=True, timeout=30)
    environ = dict(compose["services"]["poll"]["environment"])
    secret = Path(environ["WIREWATCH_STATE_FILE"])
    environ["WIREWATCH_STATE_FILE"] = str(tmp_path / secret.name)
    settings = load(ROOT / "alerts.yaml", environ=environ)

    password = (tmp_path / "postgres_password").read_text()
    database = compose["services"]["postgres"]["environment"]
    assert secret.parent == Path("/run/secrets")
    assert settings.state_url.removeprefix("postgresql://") == (
        f"{database['POSTGRES_USER']}:{password}@postgres:5432/{database['POSTGRES_DB']}"
    )
    assert settings.log_url == "kafka://kafka:9092"
    assert (settings.host, settings.port) == ("0.0.0.0", 8480)  # noqa: S104


def test_the_secrets_are_made_once_and_never_shown(tmp_path: Path) -> None:
    command = [sys.executable, str(SECRETS), str(tmp_path)]
    first = subprocess.run(command, check=True, capture_output=True, timeout=30)
    made = {file.name: file.read_text() for file in tmp_path.iterdir()}
    second = subprocess.run(command, check=True, capture_output=True, timeout=30)

    assert made.keys() == read_yaml(ROOT / "docker-compose.yml")["secrets"].keys()
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == made
    assert second.stdout == b""
    assert not any(secret.encode() in first.stdout for secret in made.values())
    assert tmp_path.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o444}


def test_what_is_mounted_exists(compose: Any) -> None:
    mounts = [
        mount.split(":")
        for service in compose["services"].values()
        for mount in service.get("volumes", ())
    ]
    missing = [
        source
        for source, *_ in mounts
        if not (ROOT / source).exists()
        and source not in compose["volumes"]
        and not source.startswith("/")
    ]
    asked = {
        secret
        for service in compose["services"].values()
        for secret in service.get("secrets", ())
    }

    assert missing == []
    assert all(
        mode == ["ro"] for source, _, *mode in mounts if source.startswith(("./", "/"))
    )
    assert asked == compose["secrets"].keys()


def test_every_container_is_fenced_in(compose: Any) -> None:
    for name, service in compose["services"].items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["restart"] == "unless-stopped", name
        assert service["deploy"]["resources"]["limits"].keys() == {
            "cpus",
            "memory",
            "pids",
        }, name
        assert service["healthcheck"]["test"], name
        assert not service.get("privileged"), name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    for name in OURS:
        assert compose["services"][name]["read_only"] is True
        assert compose["services"][name]["user"] == "10001:10001"


def test_every_image_is_pinned_and_kafka_is_the_one_we_test_with(compose: Any) -> None:
    images = {
        name: service["image"]
        for name, service in compose["services"].items()
        if not is_ours(service)
    }
    pom = (DEPLOY / "kafka" / "pom.xml").read_text()
    tested = re.search(r"kafka_2\.13</artifactId>\s*<version>([\d.]+)<", pom)

    assert {
        name for name, image in images.items() if not re.search(r":v?\d+\.\d+", image)
    } == set()
    assert tested is not None
    assert images["kafka"] == f"apache/kafka:{tested[1]}"


def test_kafka_takes_what_the_tested_one_takes(compose: Any) -> None:
    environment = compose["services"]["kafka"]["environment"]
    lines = (DEPLOY / "kafka" / "server.properties").read_text().splitlines()
    tested = dict(line.split("=", 1) for line in lines if re.match(r"\w.*=", line))

    for key in (
        "auto.create.topics.enable",
        "message.max.bytes",
        "replica.fetch.max.bytes",
        "offsets.topic.replication.factor",
        "transaction.state.log.replication.factor",
        "transaction.state.log.min.isr",
        "share.coordinator.state.topic.replication.factor",
        "share.coordinator.state.topic.min.isr",
        "group.initial.rebalance.delay.ms",
    ):
        variable = "KAFKA_" + key.upper().replace(".", "_")
        assert str(environment[variable]) == tested[key], variable
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", environment["CLUSTER_ID"])
    assert environment["KAFKA_LOG_DIRS"] == "/var/lib/kafka/data"


def test_prometheus_looks_for_every_process(compose: Any) -> None:
    config = read_yaml(DEPLOY / "prometheus" / "prometheus.yml")
    job = next(
        job for job in config["scrape_configs"] if job["job_name"] == "wirewatch"
    )
    found = job["dns_sd_configs"][0]

    assert set(found["names"]) == set(OURS)
    assert str(found["port"]) in compose["services"]["web"]["expose"]


def is_ours(service: dict[str, Any]) -> bool:
    """Say whether a service runs the image built here."""
    return str(service["image"]).startswith("wirewatch:")


def understood(arguments: list[str]) -> dict[str, Any]:
    """Return the settings that a command line of the program comes to.

    Raises:
        typer.TyperException: the program has no such command, option or choice.
    """
    group = command_tree()
    with typer.Context(group, info_name="wirewatch") as context:
        name, command, rest = group.resolve_command(context, list(arguments))
        assert command is not None
        with command.make_context(name, rest, parent=context) as inner:
            return dict(inner.params)


def variables() -> set[str]:
    """Return every WIREWATCH_* variable that the program reads."""
    settings = {*OVERRIDES, DATA_DIR}
    options = {
        parameter.envvar
        for command in command_tree().commands.values()
        for parameter in command.params
        if isinstance(parameter.envvar, str)
    }
    return settings | {f"{name}_FILE" for name in settings} | options


def command_tree() -> TyperGroup:
    """Return the program's commands."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return group


def dockerfile() -> str:
    """Return the Dockerfile."""
    return (ROOT / "Dockerfile").read_text()
