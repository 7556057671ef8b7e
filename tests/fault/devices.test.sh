#!/usr/bin/env bash
# The short form of `make fault`'s device sessions, under sanitizers, with a new seed each time, which a failure prints.
cd "$(dirname "$0")/../.." || exit 1
exec tools/fault 0 --devices 400 --san
