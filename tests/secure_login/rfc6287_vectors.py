"""The seventy test vectors of RFC 6287 appendix C."""

from __future__ import annotations

from itertools import chain
from typing import NamedTuple

KEY_20 = b"12345678901234567890"
KEY_32 = b"12345678901234567890123456789012"
KEY_64 = b"1234567890123456789012345678901234567890123456789012345678901234"
PIN = "1234"
TIMESTAMP = 0x132D0B6 * 60  # 2008-03-25 12:06 UTC


class Vector(NamedTuple):
    """One line of the appendix: inputs that respond() takes by name, and the response."""

    suite: str
    key: bytes
    question: str
    inputs: dict[str, object]
    response: str


def _block(suite: str, key: bytes, lines: str, **inputs: object) -> list[Vector]:
    pairs = [line.split() for line in lines.strip().splitlines()]
    return [Vector(suite, key, question, dict(inputs), response) for question, response in pairs]


def _counted(vectors: list[Vector]) -> list[Vector]:
    return [
        vector._replace(inputs={**vector.inputs, "counter": counter})
        for counter, vector in enumerate(vectors)
    ]


ONE_WAY = list(
    chain(
        _block(
            "OCRA-1:HOTP-SHA1-6:QN08",
            KEY_20,
            """
            00000000 237653
            11111111 243178
            22222222 653583
            33333333 740991
            44444444 608993
            55555555 388898
            66666666 816933
            77777777 224598
            88888888 750600
            99999999 294470
            """,
        ),
        _counted(
            _block(
                "OCRA-1:HOTP-SHA256-8:C-QN08-PSHA1",
                KEY_32,
                """
                12345678 65347737
                12345678 86775851
                12345678 78192410
                12345678 71565254
                12345678 10104329
                12345678 65983500
                12345678 70069104
                12345678 91771096
                12345678 75011558
                12345678 08522129
                """,
                pin=PIN,
            )
        ),
        _block(
            "OCRA-1:HOTP-SHA256-8:QN08-PSHA1",
            KEY_32,
            """
            00000000 83238735
            11111111 01501458
            22222222 17957585
            33333333 86776967
            44444444 86807031
            """,
            pin=PIN,
        ),
        _counted(
            _block(
                "OCRA-1:HOTP-SHA512-8:C-QN08",
                KEY_64,
                """
                00000000 07016083
                11111111 63947962
                22222222 70123924
                33333333 25341727
                44444444 33203315
                55555555 34205738
                66666666 44343969
                77777777 51946085
                88888888 20403879
                99999999 31409299
                """,
            )
        ),
        _block(
            "OCRA-1:HOTP-SHA512-8:QN08-T1M",
            KEY_64,
            """
            00000000 95209754
            11111111 55907591
            22222222 22048402
            33333333 24218844
            44444444 36209546
            """,
            timestamp=TIMESTAMP,
        ),
    )
)

MUTUAL_SERVER = list(
    chain(
        _block(
            "OCRA-1:HOTP-SHA256-8:QA08",
            KEY_32,
            """
            CLI22220SRV11110 28247970
            CLI22221SRV11111 01984843
            CLI22222SRV11112 65387857
            CLI22223SRV11113 03351211
            CLI22224SRV11114 83412541
            """,
        ),
        _block(
            "OCRA-1:HOTP-SHA512-8:QA08",
            KEY_64,
            """
            CLI22220SRV11110 79496648
            CLI22221SRV11111 76831980
            CLI22222SRV11112 12250499
            CLI22223SRV11113 90856481
            CLI22224SRV11114 12761449
            """,
        ),
    )
)

MUTUAL_CLIENT = list(
    chain(
        _block(
            "OCRA-1:HOTP-SHA256-8:QA08",
            KEY_32,
            """
            SRV11110CLI22220 15510767
            SRV11111CLI22221 90175646
            SRV11112CLI22222 33777207
            SRV11113CLI22223 95285278
            SRV11114CLI22224 28934924
            """,
        ),
        _block(
            "OCRA-1:HOTP-SHA512-8:QA08-PSHA1",
            KEY_64,
            """
            SRV11110CLI22220 18806276
            SRV11111CLI22221 70020315
            SRV11112CLI22222 01600026
            SRV11113CLI22223 18951020
            SRV11114CLI22224 32528969
            """,
            pin=PIN,
        ),
    )
)

SIGNATURE = list(
    chain(
        _block(
            "OCRA-1:HOTP-SHA256-8:QA08",
            KEY_32,
            """
            SIG10000 53095496
            SIG11000 04110475
            SIG12000 31331128
            SIG13000 76028668
            SIG14000 46554205
            """,
        ),
        _block(
            "OCRA-1:HOTP-SHA512-8:QA10-T1M",
            KEY_64,
            """
            SIG1000000 77537423
            SIG1100000 31970405
            SIG1200000 10235557
            SIG1300000 95213541
            SIG1400000 65360607
            """,
            timestamp=TIMESTAMP,
        ),
    )
)
