"""The one place where concrete parts meet."""

import pytest

from fhircase.config import Config
from fhircase.errors import ConfigError
from fhircase.wiring import open_site
from fhircase.worker.texts import mapping_digest


def test_a_site_asks_nothing_before_it_is_used(tmp_path):
    ledger = tmp_path / "ledger"
    with open_site(Config(), "https://nowhere.example/fhir", ledger, fhir="R4B") as site:
        assert site.server.fhir == "R4B"
        assert not ledger.exists()
        assert site.status() == {"servers": {}}


def test_an_unknown_server_is_named(tmp_path):
    with pytest.raises(ConfigError, match="no such server"):
        open_site(Config(), "ehr", tmp_path / "ledger")


def test_overlays_are_part_of_what_makes_records_due_again(tmp_path):
    assert mapping_digest("R4", ()) != mapping_digest("R5", ())
    assert mapping_digest("R4", ()) != mapping_digest("R4", ("us-core",))
