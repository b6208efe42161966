"""Who searches or examines in one gallery alone is kept from what reviews withhold as all others who do."""

import json
import uuid

import pytest
from botocore.exceptions import ClientError

from review.office import Office
from review.test_ways_out import found_on_record


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
    with pytest.raises(ClientError, match="nobody who searches, examines"):
        kim.disclose_entry(Index=entry, Fields=["candidates"])
    assert office.native("otto").disclose_entry(Index=entry, Fields=["candidates"])["Disclosure"]


def test_an_auditor_who_works_on_the_case_is_told_what_was_released_and_no_more(office: Office) -> None:
    kim = hire(office, "auditor")
    case, person = office.case("ivy", kim), next(iter(office.people))
    review = office.lead(case, office.probe(person))
    office.agree(review)
    office.release(review, [])
    search = found_on_record(office, review)
    seen = {who: office.native(who).get_search(SearchId=search)["Search"] for who in (kim, "otto")}
    assert {who: each["CandidatesWithheld"] for who, each in seen.items()} == {kim: True, "otto": False}
    facts = json.loads(office.native(kim).explain_decision(SearchId=search)["Explanation"]["Facts"])
    assert facts["result"] is None
    with pytest.raises(ClientError, match="works on the case"):
        office.native(kim).disclose_entry(Index=seen["otto"]["Entry"], Fields=["candidates"])


def test_an_examiner_of_one_gallery_examines_no_reviews(office: Office) -> None:
    case, person = office.case("ivy"), next(iter(office.people))
    review = office.lead(case, office.probe(person))
    kim = office.native(hire(office, f"examiner@{office.gallery}", f"supervisor@{office.gallery}"))
    with pytest.raises(ClientError, match="standing/role"):
        kim.show_review(ReviewId=review)
