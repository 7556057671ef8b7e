#!/usr/bin/env bash
# The short form of `make fault`'s device sessions, under sanitizers; always the same ones, so that it fails for a reason.
cd "$(dirname "$0")/../.." || exit 1
exec tools/fault 0 --devices 400 --san --seed 3
