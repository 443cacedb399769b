"""The case: one alert on one page, with what to do now, who, where, what happened, and what to write down."""
