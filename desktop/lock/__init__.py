"""The lock: who sits here. Everything about alerts is behind it, except that the alarm still sounds."""
