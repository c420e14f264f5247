"""A book: what it knows, from when on, and what it is compared with."""

from ingestd.sources.feeds.polymarket.book import BUY, SELL, Book


def imaged() -> Book:
    """One bid, two asks."""
    book = Book()
    book.replace({0.48: 100.0}, {0.52: 90.0, 0.56: 300.0}, 5)
    return book


def test_an_image_is_all_there_is() -> None:
    """What was there before is gone; the best is the highest bid and the lowest ask."""
    book = imaged()
    book.replace({0.4: 1.0}, {}, 7)
    assert (book.best_bid(), book.best_ask(), book.based, book.image_at, book.at) == ((0.4, 1.0), None, True, 7, 7)


def test_a_change_is_the_new_total() -> None:
    """Not a difference; zero removes, whether there was anything or not."""
    book = imaged()
    book.change(BUY, 0.49, 10)
    book.change(SELL, 0.52, 5)
    assert (book.best_bid(), book.best_ask()) == ((0.49, 10), (0.52, 5))
    book.change(SELL, 0.52, 0)
    book.change(SELL, 0.51, 0)
    assert book.best_ask() == (0.56, 300)


def test_it_agrees_or_not() -> None:
    """With the best prices of both sides; none is 0."""
    book = imaged()
    assert book.agrees(0.48, 0.52)
    assert not book.agrees(0.47, 0.52)
    assert not book.agrees(0.48, 0.0)
    book.change(BUY, 0.48, 0)
    assert book.agrees(0.0, 0.52)
    book.replace({}, {1.0: 5.0}, 9)
    assert book.agrees(0.0, 0.0)


def test_without_a_base_what_was_stated_counts() -> None:
    """A size only where the level is known; forgetting forgets both."""
    book = Book(stated=(0.48, 0.0))
    book.change(BUY, 0.47, 10)
    assert (book.best_bid(), book.best_ask()) == ((0.48, None), None)
    book.change(BUY, 0.48, 3)
    assert book.best_bid() == (0.48, 3)
    book.forget()
    assert (book.best_bid(), book.based) == (None, False)
