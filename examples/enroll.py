"""A folder of photos: KITH_KEY=... python examples/enroll.py http://kith:8000 hq FOLDER"""

import sys

from kith_client import Kith, people_in_folder

url, collection, folder = sys.argv[1:]
with Kith(url) as kith:
    for result in kith.enroll(collection, people_in_folder(folder), progress=True):
        print(result.outcome, result.person.name, result.added, "new")
        for image in result.rejected:
            print("  refused:", image.file, image.detail)
