"""How each kind of runtime is driven: a scenario goes in, an observation comes out."""
