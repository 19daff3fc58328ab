#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""small_files.py DIR COUNT: makes COUNT files of 4 to 16 KiB of noise below DIR, a hundred to a
directory."""

import os
import random
import sys


def main():
    random.seed(1)
    noise = os.urandom(16384)
    for number in range(int(sys.argv[2])):
        folder = "%s/%03d" % (sys.argv[1], number // 100)
        os.makedirs(folder, exist_ok=True)
        with open("%s/%05d" % (folder, number), "wb") as file:
            file.write(noise[:random.randint(4096, 16384)])


if __name__ == "__main__":
    main()
