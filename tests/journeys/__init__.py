"""Real processes on loopback: Kota, desks, and the story of one alert through all of them."""
