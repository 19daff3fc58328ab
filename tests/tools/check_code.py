#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""check_code.py PREFIX/SERIAL…: each with its check characters: cp:PREFIX/SERIAL-CC.

Written from ISO/IEC 7064 and DESIGN 5 alone, so that it can judge what cpid does."""

import re
import sys

VALUES = {c: n for n, c in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
VALUES.update({".": VALUES["I"], "/": VALUES["O"]})  # letters that a serial cannot hold
LETTERS = "0-9A-HJKMNP-TV-Z"
ARC = "(?:0|[1-9][0-9]{0,9})"
BODY = ARC + r"(?:\." + ARC + "){0,7}/[" + LETTERS + "]{4,32}"
FORM = re.compile("cp:(" + BODY + ")-([" + LETTERS + "]{2})")


def check_characters(body):
    """The pure system with modulus 1271 and radix 36: the sum of value × 36^(place from the right,
    from 0), check characters included, is 1 modulo 1271."""
    remainder = 0
    for character in body:
        remainder = (remainder + VALUES[character]) * 36 % 1271
    first, second = divmod((1 - remainder * 36) % 1271, 36)
    symbols = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return symbols[first] + symbols[second]


def fault(identifier):
    """What is wrong with IDENTIFIER, which should be canonical; None when nothing is."""
    match = FORM.fullmatch(identifier)
    if not match:
        return "it is not of the form cp:PREFIX/SERIAL-CC"
    wanted = check_characters(match.group(1))
    return None if match.group(2) == wanted else "its check characters should be %s" % wanted


def main(bodies):
    for body in bodies:
        if not re.fullmatch(BODY, body):
            print("check_code.py: %s is no PREFIX/SERIAL" % body, file=sys.stderr)
            return 65
        print("cp:%s-%s" % (body, check_characters(body)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
