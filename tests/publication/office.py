"""A server with people and galleries, for requests that do what they ask for."""

import random
import uuid
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from policy.making import write_pack
from rekognition import pictures
from review.office import RULES as REVIEWED
from review.office import findings, reviewing
from sts.staff import CASE, Staff
from wire.signing import SigningKey

Input = dict[str, Any]
ROLES = {"una": "supervisor", "otto": "auditor", "eve": "examiner", "eli": "examiner", "abe": "administrator"}


@dataclass
class Office:
    """What requests can name; each property or method makes something new where an act uses it up."""

    staff: Staff
    faces: Path

    def __post_init__(self) -> None:
        ada = self.staff.native("ada")
        self.suffix = uuid.uuid4().hex[:8]
        self.names = {name: f"{name}-{self.suffix}" for name in ROLES}
        for name, role in ROLES.items():
            ada.create_operator(Operator=self.names[name], Name=name.title(), Roles=[role])
            self.staff.keys[name] = self.staff.issue(self.names[name], by="ada")
        self.photograph = b64encode(pictures.upright(self.faces)).decode()

    def key(self, name: str) -> SigningKey:
        return self.staff.keys[name]

    def native(self, name: str) -> Any:
        return self.staff.native(name)

    def _rekognition(self, name: str) -> Any:
        return self.staff.client("rekognition", self.key(name))

    def new(self) -> str:
        return f"every-{uuid.uuid4().hex[:12]}"

    def collection(self) -> str:
        """Make an empty collection."""
        name = self.new()
        self._rekognition("ada").create_collection(CollectionId=name)
        return name

    @cached_property
    def full(self) -> str:
        """A collection with one face and one user; nothing is taken out of it."""
        name = self.collection()
        ivy = self._rekognition("ivy")
        found = ivy.index_faces(CollectionId=name, Image={"Bytes": pictures.upright(self.faces)})["FaceRecords"][0]
        self.face, self.image = found["Face"]["FaceId"], found["Face"]["ImageId"]
        ivy.create_user(CollectionId=name, UserId="someone")
        ivy.associate_faces(CollectionId=name, UserId="someone", FaceIds=[self.face])
        return name

    @property
    def face_of_full(self) -> str:
        assert self.full
        return self.face

    def another_face(self) -> Input:
        """Make a collection with a face that belongs to nobody."""
        name = self.collection()
        found = self._rekognition("ivy").index_faces(CollectionId=name, Image={"Bytes": pictures.upright(self.faces)})[
            "FaceRecords"
        ][0]
        return {"CollectionId": name, "FaceIds": [found["Face"]["FaceId"]]}

    def another_user(self) -> Input:
        """Make a user in the full collection."""
        user = self.new()
        self._rekognition("ivy").create_user(CollectionId=self.full, UserId=user)
        return {"CollectionId": self.full, "UserId": user}

    def user_to_be(self, *, member: bool) -> Input:
        """Make a collection with a user and a face, which is theirs or not."""
        made = self.another_face()
        ivy = self._rekognition("ivy")
        ivy.create_user(CollectionId=made["CollectionId"], UserId="someone")
        if member:
            ivy.associate_faces(**made, UserId="someone")
        return {**made, "UserId": "someone"}

    def arn(self) -> str:
        name = self.collection()
        return f"arn:aws:rekognition:us-east-1:000000000000:collection/{name}"

    def export(self) -> Input:
        """Give one exported reference, as if it came from elsewhere."""
        from publication.asking import ask

        found = ask(
            self.staff.server, self.key("ivy"), "ExportReferences", {"Gallery": self.full}, service="recognizance"
        ).json()
        reference = {**found["References"][0], "FaceId": str(uuid.uuid4()), "ImageId": str(uuid.uuid4())}
        reference.pop("Subject", None)
        return {"Gallery": self.collection(), "Model": found["Model"], "References": [reference]}

    def named_photograph(self) -> Input:
        """Give a photograph with a face that another service has named."""
        box = {"Left": 0.2, "Top": 0.2, "Width": 0.6, "Height": 0.6}
        named = [{"FaceId": str(uuid.uuid4()), "Box": box}]
        return {
            "Gallery": self.collection(),
            "Photograph": self.photograph,
            "ImageId": str(uuid.uuid4()),
            "Faces": named,
        }

    def erasable(self) -> Input:
        made = self.user_to_be(member=True)
        return {"Gallery": made["CollectionId"], "Subject": made["UserId"]}

    def hold(self) -> Input:
        """Place a hold, as sue."""
        placed = self.native("sue").place_hold(**self.erasable(), Reason="an appeal")
        return {"HoldId": placed["Hold"]["HoldId"]}

    def approved_release(self) -> Input:
        hold = self.hold()
        approval = self.native("sue").request_release(**hold)["ApprovalId"]
        self.native("una").approve_request(ApprovalId=approval)
        return {**hold, "ApprovalId": approval}

    def request(self) -> Input:
        """Ask for a second person, as sue."""
        return {"ApprovalId": self.native("sue").request_release(**self.hold())["ApprovalId"]}

    def operator(self, **known: Any) -> Input:
        name = self.new()
        self.native("ada").create_operator(Operator=name, Name="Somebody", Roles=["examiner"])
        return {"Operator": name, **known}

    def spare_key(self) -> Input:
        made = self.native("ada").issue_access_key(**self.operator())
        return {"AccessKeyId": made["AccessKeyId"]}

    def session(self) -> Input:
        return {"SessionId": self.staff.session("ivy")["SessionId"]}

    def role(self) -> Input:
        return {"RoleArn": self.staff.session("ivy")["RoleArn"], "RoleSessionName": "every"}

    def pack(self) -> Input:
        """Write a rule pack."""
        name = self.new()
        write_pack(self.staff.server.settings.home.with_name("packs"), name)
        return {"Pack": name}

    def enabled_pack(self) -> Input:
        made = self.pack()
        self.native("ada").enable_pack(**made)
        return made

    def back(self) -> Input:
        """Turn to enforcing, and have going back approved."""
        ada = self.native("ada")
        ada.set_policy_mode(Mode="enforce")
        approval = ada.request_policy_change(Change="observe")["ApprovalId"]
        self.native("sue").approve_request(ApprovalId=approval)
        return {"Mode": "observe", "ApprovalId": approval}

    def searched(self) -> Input:
        """Search, as ivy."""
        done = self.native("ivy").search_gallery(Gallery=self.full, Photograph=pictures.upright(self.faces))
        return {"SearchId": done["SearchId"]}

    def lead(self) -> Input:
        """Search as ivy, while rules send what is found to reviewers."""
        name, ada = self.new(), self.native("ada")
        write_pack(self.staff.server.settings.home.with_name("packs"), name, reviewing("county"), REVIEWED)
        for other in ada.list_packs()["Packs"]:
            if other["Enabled"]:
                ada.disable_pack(Pack=other["Id"])
        ada.enable_pack(Pack=name)
        back = self.back()
        client = self._rekognition("ivy")
        asked = {"CollectionId": self.full, "Image": {"Bytes": pictures.upright(self.faces)}}
        with pytest.raises(ClientError, match="goes to reviewers") as found:
            client.search_faces_by_image(**asked, FaceMatchThreshold=random.uniform(1, 99))
        ada.set_policy_mode(**back)
        ada.disable_pack(Pack=name)
        return {"ReviewId": found.value.response["ResponseMetadata"]["HTTPHeaders"]["x-recognizance-review"]}

    def conclusion(self) -> Input:
        """Examine a lead, as eve."""
        made = self.lead()
        shown = self.native("eve").show_review(**made)["Review"]["Candidates"]
        positions = [line["Position"] for line in shown]
        return {**made, "Findings": findings(positions, "support-same"), "Stated": True}

    def concluded(self) -> Input:
        """Have two examiners conclude on a lead."""
        examined = self.conclusion()
        for name in ("eve", "eli"):
            self.native(name).conclude_review(**examined)
        return {"ReviewId": examined["ReviewId"], "Positions": []}

    def case(self) -> str:
        number = self.new()
        self.native("ada").open_case(Number=number, Members=["ivy"])
        return number

    def purpose(self) -> str:
        code = self.new()
        self.native("ada").add_purpose(Code=code, Title="Theft", LegalBasis="Code 1")
        return code

    def warrant(self) -> Input:
        """Record a warrant that ends tomorrow."""
        named = {"Case": self.case(), "Document": self.new()}
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        self.native("ada").add_authority(**named, Kind="warrant", Issuer="Judge", Until=tomorrow)
        return named

    def emergency(self) -> Input:
        """Declare an emergency, as ivy."""
        named = {"Case": CASE, "Document": self.new()}
        self.native("ivy").declare_emergency(**named, Reason="A child is missing.")
        return named

    def entry_of_case(self) -> int:
        """Give an entry that commits to a case number."""
        opened = self.native("ada").open_case(Number=self.new())
        return int(opened["ResponseMetadata"]["HTTPHeaders"]["x-recognizance-entry"])

    def entry_of_ada(self) -> int:
        listed = self.native("ada").list_cases()
        return int(listed["ResponseMetadata"]["HTTPHeaders"]["x-recognizance-entry"])


CASE_OF_IVY = CASE
