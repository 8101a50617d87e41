"""Tables, engine and the statements that read and write them."""
