"""Stories: which entries tell the same news.

`clusterer` decides, over an `index` with twins in memory and on the database; `sketch`
and `wording` say what of an entry is compared, `likeness` what comparing means.
"""
