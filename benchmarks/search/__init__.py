"""Measures keyed tokens in a real Elasticsearch against clear fields, over invented documents; see `__main__`."""
