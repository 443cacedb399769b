# One command for each task; every one brings what it needs (.ci/tools).
RUN = .venv/bin/python -m

.PHONY: run test check bench words tools

run: tools            ## play one alert from Meta's report to the officer's desk and back to Kota
	@$(RUN) tests.journeys.story

test:                 ## every test; `make test ONLY="-m 'not slow'"` leaves out real processes and the frozen build
	@.ci/tools test
	@$(RUN) pytest --numprocesses=auto $(ONLY)

check: tools          ## lint, format, types and the dependency rule
	@.venv/bin/ruff check --no-cache --quiet
	@.venv/bin/ruff format --check --quiet
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-cache | tail -n 2

bench: tools          ## what it costs, one line of JSON for each figure; `make bench ONLY="W3 W5"`
	@$(RUN) tests.bench $(ONLY)

words: tools          ## collect the sentences for the translators and compile what they wrote
	@mkdir -p build
	@.venv/bin/pybabel -q extract -k text -k count:1,2 -k mark --no-location --sort-output \
	    --project kota -o build/kota.pot sync desktop
	@.venv/bin/pybabel -q update -d resources/translations -D kota -i build/kota.pot -N --ignore-pot-creation-date --width 100
	@.venv/bin/pybabel -q compile -d resources/translations -D kota

tools:
	@.ci/tools
