"""What Wirewatch knows: feeds, topics, stories, rules, alerts and their delivery.

Nothing in here knows the stream processor; `agents` runs this package on streams.
"""
