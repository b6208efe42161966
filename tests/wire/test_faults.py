"""Every error of ours has a row, and every row says what REKOGNITION.md says."""

import json

import pytest

import recognizance.wire
from recognizance import errors
from recognizance.wire import ERROR_TABLE, Fault, fault_from, load_model


def tree(kind: type[errors.RecognizanceError]) -> set[type[errors.RecognizanceError]]:
    return {kind}.union(*(tree(each) for each in kind.__subclasses__()))


def test_every_error_class_has_a_row() -> None:
    assert recognizance.wire
    ours = {
        each
        for each in tree(errors.RecognizanceError)
        if each.__module__ == errors.__name__ or each.__module__.startswith("recognizance.wire.")
    }
    assert ours == ERROR_TABLE.keys()


@pytest.mark.parametrize(
    ("kind", "code", "status"),
    [
        (errors.GalleryNotFoundError, "ResourceNotFoundException", 400),
        (errors.ReferenceNotFoundError, "ResourceNotFoundException", 400),
        (errors.SubjectNotFoundError, "ResourceNotFoundException", 400),
        (errors.GalleryExistsError, "ResourceAlreadyExistsException", 400),
        (errors.SubjectExistsError, "ConflictException", 400),
        (errors.ImageFormatError, "InvalidImageFormatException", 400),
        (errors.ImageTooLargeError, "ImageTooLargeException", 400),
        (errors.ImageTooSmallError, "InvalidParameterException", 400),
        (errors.NoFaceError, "InvalidParameterException", 400),
        (errors.InvalidRequestError, "InvalidParameterException", 400),
        (errors.ImageSourceError, "InvalidS3ObjectException", 400),
        (errors.PageTokenError, "InvalidPaginationTokenException", 400),
        (errors.IdempotencyMismatchError, "IdempotentParameterMismatchException", 400),
        (errors.TooManyReferencesError, "ServiceQuotaExceededException", 400),
        (errors.RefusedError, "AccessDeniedException", 400),
        (errors.BusyError, "ThrottlingException", 400),
        (errors.RecordUnavailableError, "InternalServerError", 500),
        (errors.VectorEngineUnavailableError, "InternalServerError", 500),
    ],
)
def test_rows(kind: type[errors.RecognizanceError], code: str, status: int) -> None:
    fault = fault_from(kind("What happened.", "What to do."), {code})
    assert (fault.code, fault.status, fault.message) == (code, status, "What happened. What to do.")


def test_codes_are_in_rekognitions_model() -> None:
    model = load_model("rekognition")
    for code, _ in ERROR_TABLE.values():
        assert code in model.shape_names


def test_codes_that_the_operation_does_not_list_become_invalid_parameter() -> None:
    assert fault_from(errors.GalleryNotFoundError("x"), frozenset()).code == "InvalidParameterException"
    for common in (errors.RefusedError, errors.BusyError):
        assert fault_from(common("x"), frozenset()).code == ERROR_TABLE[common][0]
    assert fault_from(errors.RecordUnavailableError("x"), frozenset()).status == 500


def test_what_is_wrong_inside_stays_inside() -> None:
    for kind in (errors.KeyFileError, errors.ModelDigestError, errors.SettingsError, errors.VectorEngineError):
        fault = fault_from(kind("/home/ada/keys is unreadable"), frozenset())
        assert (fault.code, fault.status) == ("InternalServerError", 500)
        assert "ada" not in fault.message


def test_errors_of_later_subclasses_are_answered_as_their_nearest_ancestor() -> None:
    class OwnError(errors.PageTokenError):
        pass

    assert fault_from(OwnError("x"), {"InvalidPaginationTokenException"}).code == "InvalidPaginationTokenException"


def test_body() -> None:
    assert json.loads(Fault("Code", "Sentence.").body("id")) == {
        "__type": "Code", "Code": "Code", "Message": "Sentence.", "Logref": "id"
    }  # fmt: skip
