"""OCRA against the RFC's vectors, an independent implementation, and what must be refused."""

from __future__ import annotations

import hmac
import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oath import str2ocrasuite

from deskside.foundation.clock import SystemRandomness
from deskside.secure_login.otp.ocra import (
    InputError,
    MissingInputError,
    QuestionError,
    Suite,
    SuiteError,
    TimeStep,
    UnexpectedInputError,
    client_response,
    random_question,
    respond,
    server_response,
    sign,
)

from .rfc6287_vectors import KEY_32, MUTUAL_CLIENT, MUTUAL_SERVER, ONE_WAY, SIGNATURE, Vector

HASHES = ["SHA1", "SHA256", "SHA512"]
SUITES = st.builds(
    Suite,
    hash=st.sampled_from(HASHES),
    digits=st.sampled_from([0, *range(4, 11)]),
    question_format=st.sampled_from("ANH"),
    question_length=st.integers(4, 64),
    counter=st.booleans(),
    pin_hash=st.none() | st.sampled_from(HASHES),
    session_length=st.none() | st.integers(1, 999),
    time_step=st.none()
    | st.builds(TimeStep, st.integers(1, 59), st.sampled_from("SM"))
    | st.builds(TimeStep, st.integers(1, 48), st.just("H")),
)


def test_the_appendix_has_seventy_vectors() -> None:
    assert len(ONE_WAY + MUTUAL_SERVER + MUTUAL_CLIENT + SIGNATURE) == 70


@pytest.mark.parametrize("vector", ONE_WAY, ids=lambda v: f"{v.suite}-{v.question}-{v.response}")
def test_rfc6287_c1_one_way(vector: Vector) -> None:
    suite = Suite.parse(vector.suite)
    assert respond(suite, vector.key, vector.question, **vector.inputs) == vector.response


@pytest.mark.parametrize("vector", MUTUAL_SERVER, ids=lambda v: f"{v.suite}-{v.question}")
def test_rfc6287_c2_mutual_server(vector: Vector) -> None:
    suite = Suite.parse(vector.suite)
    client, server = vector.question[:8], vector.question[8:]
    assert server_response(suite, vector.key, client, server) == vector.response


@pytest.mark.parametrize("vector", MUTUAL_CLIENT, ids=lambda v: f"{v.suite}-{v.question}")
def test_rfc6287_c2_mutual_client(vector: Vector) -> None:
    suite = Suite.parse(vector.suite)
    server, client = vector.question[:8], vector.question[8:]
    given_response = client_response(suite, vector.key, client, server, **vector.inputs)
    assert given_response == vector.response


@pytest.mark.parametrize("vector", SIGNATURE, ids=lambda v: f"{v.suite}-{v.question}")
def test_rfc6287_c3_signature(vector: Vector) -> None:
    suite = Suite.parse(vector.suite)
    assert sign(suite, vector.key, vector.question, **vector.inputs) == vector.response


def _random_suite(dice: random.Random) -> Suite:
    # An untruncated response is left out: there `oath` returns the truncated 31-bit number.
    return Suite(
        hash=dice.choice(HASHES),
        digits=dice.choice([4, 5, 6, 7, 8, 9, 10]),
        question_format=dice.choice("ANH"),
        question_length=dice.randint(4, 64),
        counter=dice.random() < 0.5,
        pin_hash=dice.choice([None, *HASHES]),
        session_length=dice.choice([None, 1, 64, 128, 256, 512, 999]),
        time_step=dice.choice([None, TimeStep(1, "M"), TimeStep(59, "S"), TimeStep(48, "H")]),
    )


def _random_inputs(dice: random.Random, suite: Suite) -> dict[str, object]:
    inputs: dict[str, object] = {}
    if suite.counter:
        inputs["counter"] = dice.choice([0, 1, 2**64 - 1, dice.getrandbits(64)])
    if suite.pin_hash:
        inputs["pin"] = "".join(dice.choices(string.printable, k=dice.randint(1, 12)))
    if suite.session_length:
        # ASCII only: `oath` takes a session as text.
        inputs["session"] = bytes(dice.choices(range(128), k=suite.session_length))
    if suite.time_step:
        inputs["timestamp"] = dice.randint(0, 2**40)
    return inputs


def _as_oath_wants(suite: Suite, inputs: dict[str, object]) -> dict[str, object]:
    theirs = {"C": inputs.get("counter"), "P": inputs.get("pin")}
    if suite.session_length:
        theirs["S"] = inputs["session"].decode("ascii")
    if suite.time_step:
        # Its own division fails on Python 3, so it is given the number of steps.
        seconds = {"1M": 60, "59S": 59, "48H": 172_800}[suite.render().rpartition("T")[2]]
        theirs["T_precomputed"] = inputs["timestamp"] // seconds
    return theirs


def _random_question(dice: random.Random, suite: Suite) -> str:
    alphabet = {"A": string.ascii_letters + string.digits, "N": string.digits}
    length = dice.randint(1, suite.question_length)
    if suite.question_format == "H":
        length += length % 2  # `oath` refuses half a byte
    characters = alphabet.get(suite.question_format, "0123456789abcdefABCDEF")
    return "".join(dice.choices(characters, k=min(length, suite.question_length // 2 * 2)))


def test_ten_thousand_random_cases_agree_with_an_independent_implementation() -> None:
    dice = random.Random(6287)
    suites = [_random_suite(dice) for _ in range(500)]
    for suite in suites:
        reference = str2ocrasuite(suite.render())
        for _ in range(20):
            key = dice.randbytes(dice.randint(16, 140))
            question, inputs = _random_question(dice, suite), _random_inputs(dice, suite)
            theirs = _as_oath_wants(suite, inputs)
            assert respond(suite, key, question, **inputs) == reference(key, Q=question, **theirs)


@given(SUITES)
def test_a_suite_survives_being_written_and_read(suite: Suite) -> None:
    assert Suite.parse(suite.render()) == suite
    assert str(suite) == suite.render()


@given(SUITES, st.integers(0, 60), st.text("CHQNPSTAM-0159", max_size=2), st.integers(0, 2))
def test_any_accepted_text_is_the_only_spelling_of_its_suite(
    suite: Suite, place: int, put: str, cut: int
) -> None:
    written = suite.render()
    text = written[:place] + put + written[place + cut :]
    try:
        suite = Suite.parse(text)
    except SuiteError:
        return
    assert suite.render() == text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "three parts"),
        ("OCRA-1:HOTP-SHA1-6", "three parts"),
        ("OCRA-1:HOTP-SHA1-6:QN08:", "three parts"),
        ("OCRA-2:HOTP-SHA1-6:QN08", "version"),
        ("ocra-1:HOTP-SHA1-6:QN08", "version"),
        ("OCRA-1:TOTP-SHA1-6:QN08", "function"),
        ("OCRA-1:HOTP-SHA1:QN08", "function"),
        ("OCRA-1:HOTP-SHA3-6:QN08", "hash"),
        ("OCRA-1:HOTP-sha1-6:QN08", "hash"),
        ("OCRA-1:HOTP-SHA1-3:QN08", "0 or 4 to 10"),
        ("OCRA-1:HOTP-SHA1-11:QN08", "0 or 4 to 10"),
        ("OCRA-1:HOTP-SHA1-06:QN08", "0 or 4 to 10"),
        ("OCRA-1:HOTP-SHA1-٦:QN08", "0 or 4 to 10"),
        ("OCRA-1:HOTP-SHA1-6:", "none of them"),
        ("OCRA-1:HOTP-SHA1-6:C", "Q is missing"),
        ("OCRA-1:HOTP-SHA1-6:PSHA1", "Q is missing"),
        ("OCRA-1:HOTP-SHA1-6:X-QN08", "none of them"),
        ("OCRA-1:HOTP-SHA1-6:C1-QN08", "none of them"),
        ("OCRA-1:HOTP-SHA1-6:QN08-", "none of them"),
        ("OCRA-1:HOTP-SHA1-6:QN08-C", "order"),
        ("OCRA-1:HOTP-SHA1-6:QN08-T1M-PSHA1", "order"),
        ("OCRA-1:HOTP-SHA1-6:QN08-QN08", "only once"),
        ("OCRA-1:HOTP-SHA1-6:Q", "QN08"),
        ("OCRA-1:HOTP-SHA1-6:QX08", "QN08"),
        ("OCRA-1:HOTP-SHA1-6:QN8", "QN08"),
        ("OCRA-1:HOTP-SHA1-6:QN03", "4 to 64"),
        ("OCRA-1:HOTP-SHA1-6:QN65", "4 to 64"),
        ("OCRA-1:HOTP-SHA1-6:QN08-P", "hash"),
        ("OCRA-1:HOTP-SHA1-6:QN08-PMD5", "hash"),
        ("OCRA-1:HOTP-SHA1-6:QN08-S64", "S064"),
        ("OCRA-1:HOTP-SHA1-6:QN08-S000", "1 to 999"),
        ("OCRA-1:HOTP-SHA1-6:QN08-T", "T1M"),
        ("OCRA-1:HOTP-SHA1-6:QN08-T0H", "T1M"),
        ("OCRA-1:HOTP-SHA1-6:QN08-T01M", "T1M"),
        ("OCRA-1:HOTP-SHA1-6:QN08-T60S", "1 to 59"),
        ("OCRA-1:HOTP-SHA1-6:QN08-T60M", "1 to 59"),
        ("OCRA-1:HOTP-SHA1-6:QN08-T49H", "1 to 48"),
        ("OCRA-1:HOTP-SHA1-6:QN08-T1D", "T1M"),
    ],
)
def test_a_wrong_suite_is_refused_with_its_reason(text: str, says: str) -> None:
    with pytest.raises(SuiteError, match=says):
        Suite.parse(text)


def test_a_suite_cannot_be_built_outside_its_limits() -> None:
    with pytest.raises(SuiteError, match="digits"):
        Suite("SHA1", 11, "N", 8)
    with pytest.raises(SuiteError, match="characters"):
        Suite("SHA1", 6, "N", 65)
    with pytest.raises(SuiteError, match="bytes"):
        Suite("SHA1", 6, "N", 8, session_length=0)


FULL = Suite.parse("OCRA-1:HOTP-SHA256-8:C-QN06-PSHA256-S064-T1M")
PLAIN = Suite.parse("OCRA-1:HOTP-SHA256-8:QN06")
FULL_INPUTS: dict[str, object] = {"counter": 0, "pin": "1234", "session": b"x", "timestamp": 0}


@pytest.mark.parametrize("missing", list(FULL_INPUTS))
def test_each_input_of_the_suite_is_demanded(missing: str) -> None:
    inputs = {name: value for name, value in FULL_INPUTS.items() if name != missing}
    with pytest.raises(MissingInputError):
        respond(FULL, KEY_32, "123456", **inputs)


@pytest.mark.parametrize("extra", list(FULL_INPUTS))
def test_an_input_that_the_suite_does_not_name_is_refused(extra: str) -> None:
    with pytest.raises(UnexpectedInputError):
        respond(PLAIN, KEY_32, "123456", **{extra: FULL_INPUTS[extra]})


@pytest.mark.parametrize(
    "wrong",
    [{"counter": -1}, {"counter": 2**64}, {"session": b"x" * 65}, {"timestamp": -1}],
    ids=str,
)
def test_an_input_out_of_range_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        respond(FULL, KEY_32, "123456", **{**FULL_INPUTS, **wrong})


@pytest.mark.parametrize(
    ("suite", "question"),
    [
        (PLAIN, ""),
        (PLAIN, "1234567"),
        (PLAIN, "12345a"),
        (PLAIN, "12 345"),
        (PLAIN, "-12345"),
        (PLAIN, "١٢٣٤٥٦"),
        (PLAIN, "１２３４５６"),
        (PLAIN, "123456\n"),
        (Suite("SHA1", 6, "H", 8), "0xff"),
        (Suite("SHA1", 6, "A", 8), "a-b"),
        (Suite("SHA1", 6, "A", 8), "é"),
    ],
)
def test_a_malformed_question_is_refused(suite: Suite, question: str) -> None:
    with pytest.raises(QuestionError):
        respond(suite, KEY_32, question)


def test_mutual_mode_wants_questions_of_full_length() -> None:
    with pytest.raises(QuestionError, match="exactly"):
        client_response(PLAIN, KEY_32, "12345", "123456")


def test_the_server_never_uses_a_pin() -> None:
    with pytest.raises(UnexpectedInputError, match="PIN"):
        server_response(Suite.parse("OCRA-1:HOTP-SHA1-6:QN06-PSHA1"), KEY_32, "123456", "123456")


def test_a_signature_carries_no_session() -> None:
    with pytest.raises(UnexpectedInputError, match="session"):
        sign(Suite.parse("OCRA-1:HOTP-SHA1-6:QN06-S064"), KEY_32, "123456")


def test_client_and_server_of_mutual_mode_never_answer_alike() -> None:
    arguments = (PLAIN, KEY_32, "111111", "222222")
    assert client_response(*arguments) != server_response(*arguments)


def test_without_truncation_the_whole_hmac_is_the_response() -> None:
    suite = Suite.parse("OCRA-1:HOTP-SHA256-0:QA04")
    message = b"OCRA-1:HOTP-SHA256-0:QA04\x00" + b"ABCD".ljust(128, b"\x00")
    assert respond(suite, KEY_32, "ABCD") == hmac.digest(KEY_32, message, "sha256").hex()


def test_a_short_session_is_filled_up_on_the_left() -> None:
    suite = Suite.parse("OCRA-1:HOTP-SHA256-8:QN06-S064")
    whole = b"x".rjust(64, b"\x00")
    short = respond(suite, KEY_32, "123456", session=b"x")
    assert short == respond(suite, KEY_32, "123456", session=whole)


def test_half_a_byte_of_a_hexadecimal_question_is_the_high_half() -> None:
    suite = Suite("SHA256", 8, "H", 8)
    assert respond(suite, KEY_32, "abc") == respond(suite, KEY_32, "ABC0")


@given(SUITES)
def test_a_random_question_suits_its_suite(suite: Suite) -> None:
    question = random_question(suite, SystemRandomness())
    assert len(question) == suite.question_length
    bare = Suite("SHA1", 6, suite.question_format, suite.question_length)
    assert len(respond(bare, KEY_32, question)) == 6


def test_random_questions_use_every_digit_evenly() -> None:
    text = "".join(random_question(PLAIN, SystemRandomness()) for _ in range(5000))
    counts = [text.count(digit) for digit in string.digits]
    assert min(counts) > 2700  # 3000 expected, standard deviation 52
    assert max(counts) < 3300
