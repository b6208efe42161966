import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.making import BARE, DESCRIPTION, RULES, SOURCE, bare, pack
from recognizance.errors import PackError
from recognizance.policy import BrokenPack, Pack, PackText, read_or_refuse, read_pack


def problems(description: str = DESCRIPTION, rules: str = RULES) -> tuple[str, ...]:
    with pytest.raises(PackError) as found:
        pack(description, rules)
    return found.value.problems


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        ('permit(principal, action, resource == Gallery::"x");', True),
        ('permit(principal, action, resource) unless { [Gallery::"x"].contains(resource) };', True),
        ('permit(principal, action, resource) when { resource in [Gallery::"x", Gallery::"y"] };', True),
        ('permit(principal, action, resource) when { context.purpose == "Gallery" }; // Gallery', False),
        ("permit(principal, action, resource is Gallery);", False),
    ],
)
def test_rules_that_name_a_gallery_are_known(rule: str, named: bool) -> None:
    assert bool(bare("county", f'@id("all") {rule}').rules.names_gallery) is named


def test_a_pack_tells_what_it_says() -> None:
    read = pack()
    assert read.id == "county"
    assert dict(read.rules.effects) == {
        "everything": "permit",
        "trained": "forbid",
        "theft": "forbid",
        "look-first": "forbid",
    }
    reason = read.reason("trained")
    assert (reason.rule, reason.pack, reason.source) == ("county/trained", "county", "The county's manual, page 1")


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('disclaimer = "Not legal advice."', 'disclaimer = "Trust us."', "“Not legal advice”"),
        ('status = "model"', 'status = "great"', "status"),
        ('status = "model"', 'status = "model"\ncolour = "red"', "colour"),
        ("percent = 95.0", f"percent = {'9' * 5_000}", "cannot be read"),
        ("percent = 95.0", f"percent = {'[' * 5_000}{']' * 5_000}", "too deep"),
        ('id = "county"', 'id = "standing"', "no pack can be called standing"),
        ('id = "county"', 'id = "Big County"', "id"),
        ('status = "model"', 'status = "model"\neffective_from = 2026-02-01\neffective_until = 2026-01-01', "before"),
        ('id = "theft"\nsource = "manual"', 'id = "theft"\nsource = "rumour"', "rumour"),
        ('id = "theft"', 'id = "trained"', "two rules or floors are called trained"),
        ('id = "theft"', 'id = "stealing"', "stealing, which rules.cedar has not"),
        ('id = "least"', 'id = "trained"', "two rules or floors are called trained"),
        ("percent = 95.0", "percent = 95.0\nfmr = 1e-6", "both percent and fmr"),
        ("percent = 95.0", "percent = 101", "percent"),
        ("percent = 95.0", "percent = nan", "percent"),
        ("percent = 95.0", "fmr = 0.5", "fmr"),
        ("percent = 95.0\n", 'roles = ["sheriff"]\npercent = 95.0\n', "sheriff, which is no role"),
        ('percent = 95.0\neffect = "raise"\ncandidates_max = 10', "", "sets neither"),
        ('key = "manual"', 'key = "manual"\nverified = true', "nothing of it is quoted"),
        ('effect = "raise"', 'effect = "wink"', "effect"),
    ],
)
def test_what_is_wrong_with_the_description_is_told(before: str, after: str, told: str) -> None:
    assert before in DESCRIPTION
    assert any(told in problem for problem in problems(DESCRIPTION.replace(before, after, 1)))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("context.training", "context.moustache", "moustache"),
        ('context.training != "current"', "context.training < 3", "trained"),
        ('@id("trained")', "", 'no @id("…")'),
        ('@id("trained")', '@id("theft")', "two rules are called theft"),
        ('@id("trained")', '@id("wise")', "no [[rule]] for it"),
        ("permit(principal,", "permit(principal == ?principal,", "template"),
        ("permit(", "allow(", "cannot be read"),
        ('Action::"ask"', 'Action::"think"', "think"),
        ("context.training", "context.result.known && context.training", "result"),
    ],
)
def test_what_is_wrong_with_the_rules_is_told(before: str, after: str, told: str) -> None:
    assert before in RULES
    assert any(told in problem for problem in problems(rules=RULES.replace(before, after, 1)))


def test_all_problems_are_told_at_once() -> None:
    found = problems(
        DESCRIPTION.replace("percent = 95.0", "percent = 0").replace('status = "model"', 'status = "x"'),
        RULES.replace("context.training", "context.nothing"),
    )
    assert len(found) == 3
    assert len(problems("not toml at all", "nor this cedar")) == 2


@pytest.mark.parametrize(
    "result",
    ["context.result", '(if true then context else context)["result"]', '{"all": context}.all.result'],
)
def test_who_withholds_may_not_look_at_the_result(result: str) -> None:
    rules = f'@id("look") forbid(principal, action == Action::"release", resource) when {{ {result}.candidates > 0 }};'
    described = BARE.format(id="oracle") + SOURCE + '[[rule]]\nid = "look"\nsource = "s"\nwords = "w"\n'
    assert isinstance(pack(described, rules), Pack)
    assert any("looks at the result" in told for told in problems(described + "[review]\nwithhold = true\n", rules))


def test_a_digest_stands_for_both_texts() -> None:
    texts = [PackText("a", "b"), PackText("a", "c"), PackText("ab", ""), PackText("", "ab"), PackText("b", "a")]
    assert len({text.digest for text in texts}) == len(texts)


def test_what_cannot_be_read_is_a_pack_that_refuses() -> None:
    broken = read_or_refuse("county", PackText("", ""))
    assert isinstance(broken, BrokenPack)
    assert broken.problems


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ('context.training == "curent"', "context.training is never 'curent'"),
        ('"curent" != context.training', "'curent'"),
        ('["search", "serch"].contains(context.act)', "context.act is never 'serch'"),
        ('!(context.has_case && context.roles.contains("sheriff"))', "'sheriff'"),
        ('context.roles.containsAny(["examiner", "sheriff"])', "'sheriff'"),
        ('if context.source == "film" then true else false', "'film'"),
        ('context.authority_state == "valid" && context.authority_kind == "whim"', "'whim'"),
    ],
)
def test_a_word_that_no_fact_can_be_is_told(condition: str, told: str) -> None:
    rules = RULES.replace('context.training != "current"', condition)
    (problem,) = problems(rules=rules)
    assert told in problem
    assert "trained" in problem


def test_words_of_ones_own_are_ones_own() -> None:
    free = 'context.offence == "rustling" && context.purpose == "ours" && context.edits.contains("sharpened")'
    free += ' && context.authority_kind == "" && context.agency == "Yard" && context.training_kind == "FISWG"'
    assert pack(rules=RULES.replace('context.training != "current"', free))


@pytest.mark.parametrize("times", [30, 300, 1_000, 20_000])
@pytest.mark.parametrize(
    ("opening", "middle", "closing"),
    [
        ("(", "true", ")"),
        ("!(", "true", ")"),
        ("[", "1", "]"),
        ("{a: ", "1", "}"),
        ("if true then true else ", "true", ""),
        ("true && ", "true", ""),
        ("1 + ", "1 == 1", ""),
        ("", "context", ".a"),
        ("", "context has a", ".a"),
        ("", "context", '["a"]'),
        ("", "context.roles", ".contains(1)"),
        ("!", "true", ""),
        ('// "\r(', "true", ")"),
        (")(", "true", "))"),
        ('"\\"" == "(" && (', "true", ")"),
    ],
)
def test_rules_that_are_too_deep_end_nothing(opening: str, middle: str, closing: str, times: int) -> None:
    rules = f'@id("a") permit(principal, action, resource) when {{ {opening * times}{middle}{closing * times} }};'
    problems(rules=rules)


def test_a_long_pack_of_many_rules_is_read() -> None:
    offences = ", ".join(f'"offence-{number}"' for number in range(200))
    rules = f'@id("all") permit(principal, action, resource) when {{ [{offences}].contains(context.offence) }};\n'
    rules += "".join(
        f'// rule {number}, (((((((((((((((((((((((((((((((((\n@id("r{number}") forbid(principal, action, resource) '
        f'when {{ context.offence == "o{number}" && !(context.has_case && (context.purpose == "current;")) }};\n'
        for number in range(100)
    )
    assert len(bare("long", rules).rules.effects) == 101


@given(st.text(), st.text())
def test_no_text_does_anything_but_be_told_wrong(description: str, rules: str) -> None:
    with pytest.raises(PackError) as found:
        read_pack(PackText(description, rules))
    assert found.value.problems


@given(st.data())
def test_no_damage_does_anything_but_be_told_wrong(data: st.DataObject) -> None:
    damaged = []
    for text in (DESCRIPTION, RULES):
        start, end = sorted((data.draw(st.integers(0, len(text))), data.draw(st.integers(0, len(text)))))
        damaged.append(text[:start] + data.draw(st.text(max_size=8)) + text[end:])
    with contextlib.suppress(PackError):
        read_pack(PackText(*damaged))
