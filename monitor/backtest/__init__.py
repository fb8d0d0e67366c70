"""Run the whole line over what was seen before, on a virtual clock.

Nothing is fetched and nobody is told: entries go through the same `pipeline` as live
ones, over a state in memory, and what would have been told is written down. The clock
is the time of the entries, so the answer is the same on every run.
"""
