"""Ways of search that were proposed and not taken, each measured against what stands in its place."""
