"""Windows of pictures that show a face or none: drawn at random, labelled by a rule, split by picture."""
