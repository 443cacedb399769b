"""The commands of kota-central, a file per theme. Each does one thing and returns an `Answer`; none of them prints."""
