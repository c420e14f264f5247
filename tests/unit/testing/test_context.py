"""A feed's surroundings in tests: nothing is in its way, and chance repeats."""

from ingestd.testing.context import feed_context


async def answer() -> int:
    """Something to do."""
    return 7


async def test_context() -> None:
    """The breaker runs what it is given, the budget lets it be asked for, and two contexts draw alike."""
    context = feed_context("demo")
    assert await context.breaker("login").call(answer) == 7
    assert context.budget("key", ()).take("job", 5.0) == 0.0
    assert context.random.random() == feed_context("other").random.random()
