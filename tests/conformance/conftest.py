"""Judges that nobody here wrote: HAPI FHIR servers, and HL7's instance validator."""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import requests

SOURCES = Path(__file__).with_name("java")
BUILDS = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fhircase-interop"
FRUGAL = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"]

HAPI_MEMORY = "-Xmx1500m"  # R4 does with 512, but loading R5's definitions does not


@dataclass(frozen=True)
class Issue:
    """What the validator says about one place in a resource."""

    severity: str
    path: str
    message: str

    @property
    def is_error(self) -> bool:
        return self.severity in {"error", "fatal"}


@pytest.fixture(scope="session")
def java() -> list[str]:
    """The start of a command line that has the judges on its class path, built when they changed."""
    pom = SOURCES / "pom.xml"
    libraries = _built(
        [pom],
        lambda into: [
            *("mvn", "--quiet", "--batch-mode", "--file", str(pom), "dependency:copy-dependencies"),
            *("-DincludeScope=runtime", f"-DoutputDirectory={into}"),
        ],
    )
    programs = sorted(SOURCES.glob("*.java"))
    classes = _built(
        [pom, *programs],
        lambda into: [
            *("javac", "-proc:none", "-nowarn", "-cp", f"{libraries}/*", "-d", str(into)),
            *map(str, programs),
        ],
    )
    return ["java", *FRUGAL, "-cp", f"{classes}{os.pathsep}{libraries}/*"]


@pytest.fixture(scope="session")
def hapi(java: list[str]) -> Iterator[Callable[..., str]]:
    """`hapi("R4")` is the base URL of a server; with `validating=True` it refuses what is not valid."""
    with ExitStack() as running:

        @cache
        def server(fhir: str = "R4", *, validating: bool = False) -> str:
            settings = [HAPI_MEMORY, "-Dport=0", f"-Dfhir={fhir}", f"-Dvalidate={str(validating).lower()}"]
            program = running.enter_context(_program([*java[:-2], *settings, *java[-2:], "HapiServer"]))
            ready = next((line for line in program.stdout if " ready on " in line), None)
            assert ready, f"HAPI {fhir} ended with {program.wait()} before it was ready"
            base = ready.split()[-1]
            requests.get(f"{base}/metadata", timeout=60).raise_for_status()
            return base

        yield server


@pytest.fixture(scope="session")
def validate(java: list[str]) -> Iterator[Callable[..., Mapping[Path, list[Issue]]]]:
    """`validate(folder, fhir="R5", guides=[package])` is the issues of each JSON file in the folder."""
    with ExitStack() as running:

        @cache
        def validator(fhir: str, guides: tuple[str, ...]) -> subprocess.Popen[str]:
            options = ["-fhir", fhir, *(word for guide in guides for word in ("-ig", guide))]
            return running.enter_context(_program([*java[:-2], "-Xmx3g", *java[-2:], "Validate", *options]))

        def issues(folder: Path, fhir: str = "R4", guides: tuple[Path, ...] = ()) -> dict[Path, list[Issue]]:
            program = validator(fhir, tuple(map(str, guides)))
            program.stdin.write(f"{folder}\n")
            program.stdin.flush()
            answers = []
            while line := program.stdout.readline().strip():
                answers.append(json.loads(line))
            assert program.poll() is None, f"the validator ended with {program.returncode}"
            return {Path(answer["file"]): [Issue(**issue) for issue in answer["issues"]] for answer in answers}

        yield issues


def _built(sources: list[Path], command: Callable[[Path], list[str]]) -> Path:
    """Run a build whose result is kept under its sources' digest, whole or not at all."""
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:16]
    result = BUILDS / digest
    if not result.is_dir():
        BUILDS.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=BUILDS) as folder:
            subprocess.run(command(Path(folder) / "built"), check=True)
            shutil.move(Path(folder) / "built", result)
    return result


@contextmanager
def _program(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """A program that ends when its standard input does."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as program:
        yield program
