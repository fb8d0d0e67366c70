"""One module per change of the tables, oldest number first."""
