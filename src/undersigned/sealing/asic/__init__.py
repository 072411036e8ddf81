"""Containers: ASiC-E with CAdES signatures (EN 319 162-1 clause 4.4), written and judged.

`manifest` and `container` run where the keys are and parse nothing; `reading` and `validation` look at what others may have made and run in
the bounded process.
"""
