"""The second party of the log: a witness that remembers it and cosigns its growth, and the client that asks one.

C2SP tlog-witness and tlog-cosignature. A witness needs nothing of the server whose log it watches: neither its home
folder nor its models.
"""
