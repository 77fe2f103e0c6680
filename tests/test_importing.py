"""What is not asked for is not loaded: HTTP libraries and `fhir.resources` cost more than all of fhircase."""

import subprocess
import sys

HEAVY = ("fhir", "requests", "httpx", "urllib3", "rich", "typer")


def _loaded(code: str) -> set[str]:
    """The top packages in a fresh process after some code."""
    told = f"{code}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    return set(subprocess.run([sys.executable, "-c", told], capture_output=True, check=True, text=True).stdout.split())


def test_importing_fhircase_loads_nothing_else() -> None:
    assert not _loaded("import fhircase").intersection((*HEAVY, "pydantic", "msgspec", "ruamel"))


def test_mapping_loads_no_http_library_and_no_fhir_resources() -> None:
    code = "from fhircase import Case, Referral, from_bundle, from_fhir, read_records, to_fhir, write_records"
    assert not _loaded(code).intersection(HEAVY)


def test_models_load_neither_mappings_nor_yaml() -> None:
    assert not _loaded("from fhircase import Case, CarePlan, Referral").intersection((*HEAVY, "ruamel"))
