"""Secure intelligence case management for a three-tier customs administration."""
