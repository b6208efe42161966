"""The only place that knows the order: photograph, faces, templates, candidates, decision, entry, answer."""
