"""Benchmarks of jaxqkd against the fastest ways that other libraries offer; `python -m benchmarks --help`.

`work` is what is timed, `ours`, `floor` and `peers` do it, `worker` measures one of them in a process of its own,
`measurement` asks for that and compares, `parts` says what is measured, and `report` writes it down.
"""
