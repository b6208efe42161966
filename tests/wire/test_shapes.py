"""The model's constraints hold, one by one, for every operation about faces."""

import base64
import json
from datetime import UTC, datetime

import msgspec
import pytest
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from recognizance.wire import Answer, Fault, Override, Service, ShapeError, load_model, load_service, serialize
from recognizance.wire.shapes import Compiler
from wire.violations import FACE_OPERATIONS, valid_input, violations

MODEL = load_model("rekognition")
SERVICE = load_service(
    "rekognition",
    dict.fromkeys(FACE_OPERATIONS, lambda call: Answer()),
    overrides={("ImageBlob", "max"): Override("ImageTooLargeException", "Image size is too large")},
)

# Every kind of shape, including those that Rekognition's own inputs lack.
OWN_MODEL = ServiceModel(
    {
        "metadata": {"targetPrefix": "Own", "protocol": "json", "endpointPrefix": "own", "signatureVersion": "v4"},
        "operations": {"Do": {"name": "Do", "input": {"shape": "In"}, "output": {"shape": "In"}}},
        "shapes": {
            "In": {
                "type": "structure",
                "members": {
                    "When": {"shape": "Time"},
                    "One": {"shape": "Either"},
                    "Tree": {"shape": "Tree"},
                    "Secret": {"shape": "Secret"},
                    "Free": {"shape": "Free"},
                    "Big": {"shape": "Big"},
                    "Sure": {"shape": "Sure"},
                    "Data": {"shape": "Data"},
                    "Ratio": {"shape": "Ratio"},
                },
            },
            "Time": {"type": "timestamp"},
            "Either": {"type": "structure", "union": True, "members": {"A": {"shape": "Big"}, "B": {"shape": "Sure"}}},
            "Tree": {
                "type": "structure",
                "required": ["Leaf"],
                "members": {"Leaf": {"shape": "Big"}, "Branches": {"shape": "Trees"}},
            },
            "Trees": {"type": "list", "member": {"shape": "Tree"}},
            "Secret": {"type": "string", "sensitive": True, "max": 3},
            "Free": {"type": "structure", "document": True, "members": {}},
            "Big": {"type": "long"},
            "Sure": {"type": "boolean"},
            "Data": {"type": "blob", "min": 2, "max": 4},
            "Ratio": {"type": "double", "min": 0, "max": 1},
        },
    },
    "own",
)  # fmt: skip
OWN = OWN_MODEL.operation_model("Do").input_shape


def own(value: dict[str, object]) -> object:
    return Compiler().parse(OWN, value)


@pytest.mark.parametrize("operation", FACE_OPERATIONS)
def test_valid_input_passes(operation: str) -> None:
    parsed = SERVICE.parse(operation, json.loads(json.dumps(valid_input(MODEL, operation))))
    report = ParamValidator().validate(parsed, MODEL.operation_model(operation).input_shape)
    assert not report.has_errors()


@pytest.mark.parametrize("operation", FACE_OPERATIONS)
def test_every_single_violation_is_refused_where_it_is(operation: str) -> None:
    seen = 0
    for violation in violations(MODEL, operation):
        seen += 1
        with pytest.raises((ShapeError, Fault)) as caught:
            SERVICE.parse(operation, violation.input)
        if isinstance(caught.value, ShapeError):
            assert {each.path for each in caught.value.violations} == {violation.path}, violation.description
            assert violation.code == "InvalidParameterException"
            assert " detected: Value" in caught.value.message
            assert f"at '{violation.path}' failed to satisfy constraint: Member must" in caught.value.message
        else:
            assert caught.value.code == violation.code == "ImageTooLargeException"
    assert seen > 3


def test_the_generator_reaches_every_constraint_of_the_model() -> None:
    paths = {(each.operation, each.path) for name in FACE_OPERATIONS for each in violations(MODEL, name)}
    assert ("CompareFaces", "targetImage.s3Object.bucket") in paths
    assert ("TagResource", "tags.1.key") in paths
    assert ("IndexFaces", "detectionAttributes.2.member") in paths
    assert ("ListFaces", "faceIds.2.member") in paths


def test_all_violations_are_told_at_once() -> None:
    with pytest.raises(ShapeError) as caught:
        SERVICE.parse("SearchFaces", {"CollectionId": "bad name!", "MaxFaces": 5000})
    assert caught.value.message == (
        "3 validation errors detected: Value 'bad name!' at 'collectionId' failed to satisfy constraint: Member must "
        r"satisfy regular expression pattern: [a-zA-Z0-9_.\-]+; Value null at 'faceId' failed to satisfy constraint: "
        "Member must not be null; Value '5000' at 'maxFaces' failed to satisfy constraint: Member must have value less "
        "than or equal to 4096"
    )


def test_an_oversized_photograph_beside_another_violation_is_an_invalid_parameter() -> None:
    image = {"Bytes": "A" * 8_000_000}
    with pytest.raises(ShapeError):
        SERVICE.parse("IndexFaces", {"CollectionId": "bad name!", "Image": image})


def test_thousands_of_violations_make_a_short_message() -> None:
    with pytest.raises(ShapeError) as caught:
        SERVICE.parse("DeleteFaces", {"CollectionId": "c", "FaceIds": ["x" * 1_000] * 4096})
    assert caught.value.message.startswith("4096 validation errors detected: ")
    assert len(caught.value.message) < 5_000


def test_blobs_and_sensitive_values_are_never_echoed() -> None:
    for value, secret in (
        ({"Secret": "hunter2"}, "hunter2"),
        ({"Data": "aGVs!"}, "aGVs"),
        ({"Data": "aGVsbG8="}, "aGVs"),
    ):
        with pytest.raises(ShapeError) as caught:
            own(value)
        assert secret not in caught.value.message


def test_unknown_and_null_members_are_dropped() -> None:
    parsed = SERVICE.parse("ListCollections", {"MaxResults": None, "Other": {"deep": [1]}})
    assert parsed == {}


def test_blobs_arrive_decoded_and_limits_count_decoded_bytes() -> None:
    for size in (2, 3, 4):
        assert own({"Data": base64.b64encode(b"x" * size).decode()}) == {"Data": b"x" * size}
    for size in (0, 1, 5, 6, 7):
        with pytest.raises(ShapeError):
            own({"Data": base64.b64encode(b"x" * size).decode()})


def test_the_largest_photograph_passes() -> None:
    image = b"x" * 5_242_880
    parsed = SERVICE.parse("DetectFaces", {"Image": {"Bytes": base64.b64encode(image).decode()}})
    assert parsed["Image"]["Bytes"] == image


def test_unions_hold_exactly_one() -> None:
    assert own({"One": {"A": 1, "B": None}}) == {"One": {"A": 1}}
    for wrong in ({}, {"A": 1, "B": True}, {"C": 1}):
        with pytest.raises(ShapeError, match=r"exactly one of \[A, B\]"):
            own({"One": wrong})


def test_shapes_that_contain_themselves_are_judged_at_depth() -> None:
    assert own({"Tree": {"Leaf": 1, "Branches": [{"Leaf": 2}]}}) == {"Tree": {"Leaf": 1, "Branches": [{"Leaf": 2}]}}
    with pytest.raises(ShapeError) as caught:
        own({"Tree": {"Leaf": 1, "Branches": [{"Leaf": 2, "Branches": [{}]}]}})
    assert caught.value.violations[0].path == "tree.branches.1.member.branches.1.member.leaf"


def test_numbers_are_finite_and_not_booleans() -> None:
    assert own({"Ratio": 1}) == {"Ratio": 1.0}
    for wrong in (float("nan"), float("inf"), 10**400, True, "1"):
        with pytest.raises(ShapeError):
            own({"Ratio": wrong})


def test_times_and_free_documents() -> None:
    assert own({"When": 1.5, "Free": {"any": [None]}}) == {
        "When": datetime(1970, 1, 1, 0, 0, 1, 500_000, UTC),
        "Free": {"any": [None]},
    }
    for wrong in ("1970", 1e300, True, float("nan")):
        with pytest.raises(ShapeError):
            own({"When": wrong})


def test_answers_are_spelt_by_the_output_shape() -> None:
    value = {
        "When": datetime(1970, 1, 1, 0, 0, 2, tzinfo=UTC),
        "Data": b"abc",
        "Secret": None,
        "Ratio": 1,
        "Sure": True,
    }
    spelt = serialize(OWN, value)
    assert msgspec.json.encode(spelt) == b'{"When":2.0,"Data":"YWJj","Ratio":1.0,"Sure":true}'


@pytest.mark.parametrize(
    "value", [{"Ratio": float("nan")}, {"Other": 1}, {"When": datetime(2026, 1, 1)}, {"Tree": {"Twig": 1}}]
)  # fmt: skip
def test_answers_outside_their_model_are_not_sent(value: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"has no|finite|zone"):
        serialize(OWN, value)


def test_photograph_operations_are_found_from_the_model() -> None:
    assert SERVICE.photograph_operations == {
        "IndexFaces", "SearchFacesByImage", "SearchUsersByImage", "CompareFaces", "DetectFaces"
    }  # fmt: skip
    assert Service(OWN_MODEL, {"Do": lambda call: Answer()}).photograph_operations == {"Do"}


def test_operations_without_an_answer_are_named() -> None:
    with pytest.raises(Fault, match=r"UnsupportedOperationException: DetectLabels is not offered by Recognizance: "):
        SERVICE.handler("DetectLabels")
    with pytest.raises(Fault, match="UnknownOperationException"):
        SERVICE.handler("DetectDragons")
    with pytest.raises(ValueError, match="has no DetectDragons"):
        load_service("rekognition", {"DetectDragons": lambda call: Answer()})
