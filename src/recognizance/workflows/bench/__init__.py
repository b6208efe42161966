"""Measuring the machine that the program runs on: what a search and an enrolment cost here, and what more would."""
