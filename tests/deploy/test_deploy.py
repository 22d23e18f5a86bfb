"""The files of deploy/, each checked by the program that reads it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from benchmarks.performance.processes import free_port
from chatbot.settings import SETTINGS, load_settings
from tests.deploy.runbook import ROOT
from tests.nginx import found, write_certificate, write_configuration

DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
CONTAINERFILE = (DEPLOY / "Containerfile").read_text("utf-8")


def run(*command: str | Path) -> str:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, done.stdout
    return done.stdout


def tool(name: str, package: str) -> str:
    path = shutil.which(name)
    return path or pytest.skip(f"there is no {name} here (Debian: apt-get install {package})")


def test_the_containerfile_has_no_finding_of_the_linter() -> None:
    assert run(Path(sys.executable).with_name("hadolint"), DEPLOY / "Containerfile") == ""


def test_the_image_takes_in_all_that_it_copies() -> None:
    allowed = re.findall(r"^!(.+)$", (DEPLOY / "Containerfile.dockerignore").read_text("utf-8"), re.MULTILINE)
    copied = [
        name for line in re.findall(r"^COPY (?!--)(.+)$", CONTAINERFILE, re.MULTILINE) for name in line.split()[:-1]
    ]
    assert sorted(name.rstrip("/") for name in copied) == sorted(allowed)
    assert all((ROOT / name).exists() for name in allowed)


def test_the_image_runs_as_a_plain_user_and_says_whether_it_is_alive() -> None:
    _, final = re.split(r"^FROM .* AS build$", CONTAINERFILE, flags=re.MULTILINE)[1].split("\nFROM ")
    assert "\nUSER 10001:10001\n" in final
    assert "/api/health" in final.split("\nHEALTHCHECK ")[1]
    assert "\nVOLUME /var/lib/footnote\n" in final


def test_compose_gives_the_containers_no_right_that_they_can_do_without() -> None:
    for name, service in COMPOSE["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
    assert COMPOSE["services"]["footnote"]["ports"] == ["127.0.0.1:7860:7860"]
    assert COMPOSE["services"]["proxy"]["profiles"] == ["proxy"]


def test_compose_names_settings_that_there_are_and_trusts_its_own_network() -> None:
    environment = COMPOSE["services"]["footnote"]["environment"]
    assert set(environment) <= {setting.name for setting in SETTINGS}
    (network,) = COMPOSE["networks"]["inside"]["ipam"]["config"]
    trusted = load_settings({"FOOTNOTE_TRUSTED_PROXIES": environment["FOOTNOTE_TRUSTED_PROXIES"]}).trusted_proxies
    assert trusted == (network["subnet"],)


def test_the_services_settings_can_be_read() -> None:
    lines = re.findall(r"^#? ?(FOOTNOTE_\w+)=(.*)$", (DEPLOY / "footnote.env").read_text("utf-8"), re.MULTILINE)
    settings = load_settings(dict(lines))
    assert (settings.host, settings.port, settings.trusted_proxies) == ("127.0.0.1", 7860, ("127.0.0.1/32",))
    assert {name for name, _ in lines} <= {setting.name for setting in SETTINGS}


def test_the_service_is_hardened_and_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    analyze = tool("systemd-analyze", "systemd")
    unit = tmp_path / "footnote.service"
    text = (DEPLOY / "footnote.service").read_text("utf-8")
    unit.write_text(text.replace("/opt/footnote/.venv/bin/footnote", "/bin/true"), "utf-8")
    assert "exposure level" in run(analyze, "security", "--offline=yes", "--threshold=30", "--no-pager", unit)
    assert "footnote.service" not in run(analyze, "verify", "--man=no", unit)


@pytest.mark.parametrize("own_host", [True, False])
def test_nginx_accepts_both_examples(tmp_path: Path, own_host: bool) -> None:
    main = write_configuration(tmp_path, 7860, free_port(), write_certificate(tmp_path), own_host=own_host)
    printed = run(found(), "-e", tmp_path / "error.log", "-t", "-c", main)
    assert "test is successful" in printed
    assert "[warn]" not in printed


def test_caddy_accepts_its_example() -> None:
    caddy = tool("caddy", "caddy")
    assert "Valid configuration" in run(caddy, "validate", "--adapter", "caddyfile", "--config", DEPLOY / "Caddyfile")


def test_the_command_of_the_service_is_a_shell_script() -> None:
    run("/bin/sh", "-n", DEPLOY / "footnote")
