import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from recognizance.ledger.commitments import canonical_text

TEXTS = st.text(st.characters(exclude_categories=("Cs",)))
KEYS = st.text(st.characters(max_codepoint=127), max_size=8) | TEXTS
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
@example({"\ufb00": 1, "\U00010400": 2})
def test_values_are_written_as_rfc_8785_asks(value: object) -> None:
    assert canonical_text(value) == rfc8785.dumps(value)  # type: ignore[arg-type]
