"""The exchange's memory."""

from ingestd.testing.exchange.window import IMAGES_KEPT, SLACK, Window


def test_the_last_statements_can_be_had_by_number() -> None:
    """What is beyond the window is not reached, though it may still be there."""
    window = Window(10)
    for n in range(1, 3 * SLACK):
        window.append([b"%d" % n])
    last = 3 * SLACK - 1
    assert window.last == last
    assert window.after(last - 3, 2) == [[b"%d" % (last - 2)], [b"%d" % (last - 1)]]
    assert [window.reaches(n) for n in (last - 11, last - 10, last, last + 1)] == [False, True, True, False]
    assert (window.holds(0), window.holds(last - 11), window.holds(last)) == (False, True, True)


def test_images_are_kept_for_a_while() -> None:
    """The last few, and none after ``drop``."""
    window = Window(10)
    window.append([b"1"])
    for n in range(IMAGES_KEPT + 1):
        window.keep_image(n, [b"image"])
    assert (window.image(0), window.image(1)) == (None, [b"image"])
    window.drop()
    assert (window.image(1), window.last, window.reaches(0), window.reaches(1)) == (None, 1, False, True)
