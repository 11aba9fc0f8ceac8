"""Mechanism without product nouns: database, unit of work, row scope, jobs, web, errors, clock."""
