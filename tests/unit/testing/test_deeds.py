"""What was done, in order, and the parts of an image."""

from ingestd.testing.deeds import BEGIN, END, ONE, OPENED, Deeds, Says, parts


def test_deeds_are_dated_in_order() -> None:
    """As they are noted."""
    deeds = Deeds()
    deeds.note("met")
    deeds.note("sent", Says(OPENED))
    assert [(deed.did, deed.says.what) for deed in deeds.done] == [("met", ""), ("sent", OPENED)]
    assert deeds.done[0].at <= deeds.done[1].at


def test_an_image_has_a_beginning_and_an_end() -> None:
    """Both at once where it has one part."""
    assert list(parts("a")) == [("a", ONE)]
    assert list(parts("abc")) == [("a", BEGIN), ("b", ""), ("c", END)]
    assert list(parts("")) == []
