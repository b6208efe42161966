"""Who searches or examines in one gallery alone is kept from what reviews withhold as all others who do."""

import uuid

import pytest
from botocore.exceptions import ClientError

from review.office import Office


def hire(office: Office, *roles: str) -> str:
    name = f"kim-{uuid.uuid4().hex[:8]}"
    office.native("ada").create_operator(Operator=name, Name="Kim", Roles=list(roles))
    office.keys[name] = office.issue(name, by="ada")
    return name


@pytest.mark.parametrize("role", ["investigator", "examiner"])
def test_an_auditor_who_searches_or_examines_somewhere_is_told_nothing(office: Office, role: str) -> None:
    case, person = office.case("ivy"), next(iter(office.people))
    review = office.lead(case, office.probe(person))
    office.release(review, office.agree(review)[:1])
    (entry,) = [
        each["index"]
        for each in office.server.entries()
        if each["details"].get("lead") == review and "search" in each["details"]
    ]
    kim = office.native(hire(office, "auditor", f"{role}@{office.gallery}"))
    with pytest.raises(ClientError, match="nobody who searches or examines"):
        kim.disclose_entry(Index=entry, Fields=["candidates"])
    assert office.native("otto").disclose_entry(Index=entry, Fields=["candidates"])["Disclosure"]


def test_an_examiner_of_one_gallery_examines_no_reviews(office: Office) -> None:
    case, person = office.case("ivy"), next(iter(office.people))
    review = office.lead(case, office.probe(person))
    kim = office.native(hire(office, f"examiner@{office.gallery}", f"supervisor@{office.gallery}"))
    with pytest.raises(ClientError, match="standing/role"):
        kim.show_review(ReviewId=review)
