"""The sentences of the pages on conventions and proofs, and the tests that hold each of them."""
