"""Networks of other tools: read into integer networks and written from them."""
