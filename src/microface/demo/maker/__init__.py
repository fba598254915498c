"""A face model that draws people who do not exist, for the demo."""
