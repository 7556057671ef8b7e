#!/usr/bin/env bash
# The short form of `make fault`: 25 kills with a new seed each time, which a failure prints.
cd "$(dirname "$0")/../.." || exit 1
exec tools/fault 25
