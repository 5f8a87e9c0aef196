"""The passes: values forward, gradients backward, and the notes on what cannot be trusted."""
