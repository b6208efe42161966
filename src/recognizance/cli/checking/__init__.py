"""Run the test vectors of rule packs against a real server, through the wire."""
