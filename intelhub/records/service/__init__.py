"""The use cases of records: drafting, moving up the tree, reading."""
