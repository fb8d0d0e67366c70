"""Stories: which entries tell the same news.

For now a story holds exact copies of one text and the later revisions of its entries;
near-copies and rewrites are still told apart.
"""
