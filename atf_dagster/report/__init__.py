"""Makes what people read, from a published release alone."""
