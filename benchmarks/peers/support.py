"""Refusal of works that a peer does not do."""

from benchmarks.work import Work


def check(
    work: Work, *, encodings: tuple[str, ...], has_input: bool = False, noise: tuple[str, ...] = ("",)
) -> None:
    """Checks that a peer does the work.

    Args:
        work: The work.
        encodings: The encodings that the peer does.
        has_input: Whether the peer does works with an input layer.
        noise: The noise that the peer does.

    Raises:
        NotImplementedError: If the peer does not do the work.
    """
    if work.encoding not in encodings:
        raise NotImplementedError(f"This peer does the encodings {', '.join(encodings)}, not {work.encoding}.")
    if work.has_input and not has_input:
        raise NotImplementedError("This peer does no input layer.")
    if work.noise not in noise:
        raise NotImplementedError("This peer does not do this noise.")
