"""The rows of Kota: what the database promises whatever the program believes."""
