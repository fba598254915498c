"""What is left for the MAX78000: checkpoint, YAML and sample for the vendor's synthesizer, headers, a C project."""
