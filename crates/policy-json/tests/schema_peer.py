"""Judges arguments by the `jsonschema` package: lines of {"schema", "instances"} in, lines of [bool, ...] out."""

import json
import sys

from jsonschema import Draft7Validator, Draft201909Validator, Draft202012Validator, FormatChecker

DIALECTS = {
    "http://json-schema.org/draft-07/schema": Draft7Validator,
    "https://json-schema.org/draft/2019-09/schema": Draft201909Validator,
    "https://json-schema.org/draft/2020-12/schema": Draft202012Validator,
}
# Those that both implement.
FORMATS = FormatChecker(formats=("date", "date-time", "ipv4", "ipv6", "uri", "uuid"))

with open(sys.argv[1], encoding="utf-8") as lines:
    for line in lines:
        case = json.loads(line)
        address = case["schema"].get("$schema", "https://json-schema.org/draft/2020-12/schema").removesuffix("#")
        validator = DIALECTS[address](case["schema"], format_checker=FORMATS)
        print(json.dumps([validator.is_valid(instance) for instance in case["instances"]]))
