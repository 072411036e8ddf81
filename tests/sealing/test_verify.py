from __future__ import annotations
import json
from pathlib import Path
import pytest
from undersigned.sealing.authority import root_certificates
from undersigned.sealing.verify import verify_pdf
from undersigned.sealing.pdf import validation

pytestmark = [pytest.mark.django_db]


def test_scratch(stages: list[Path]) -> None:
    import shutil, time

    for s in stages:
        shutil.copy(s, "/tmp/v/")
        t = time.time()
        r = verify_pdf(s, root_certificates())
        print(s.name, time.time() - t, r.verdict, r.reason)
        for x in r.signatures:
            print(
                "  ",
                x.field,
                x.verdict,
                x.reason,
                x.level,
                x.modification,
                x.sub_indication,
                x.confirmed_at,
                x.signer,
                x.identified_by,
                x.intact,
            )
    r = verify_pdf(stages[-1])
    print(json.dumps(r.as_json(), indent=1))
    print(validation.analyse(str(stages[-1]), [], [])["verdict"])
    assert 0
