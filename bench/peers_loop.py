"""The loop that a programmer would write with OpenCV's own classes, for ``bench.peers``.

It is a process of its own, which needs OpenCV and numpy alone, not Kith. Arguments: YuNet's file,
SFace's file, and the longest side in pixels at which faces are looked for (0: that of the picture).
Each line of its input names a picture; for each it prints the number of faces, the milliseconds of
all cores and those of the clock.
"""

import sys
import time

import cv2
import numpy as np

PEOPLE = 1_000


def main() -> None:
    """Answer each line."""
    yunet, sface, longest = sys.argv[1:]
    detector = cv2.FaceDetectorYN.create(yunet, "", (320, 320), 0.6)
    recogniser = cv2.FaceRecognizerSF.create(sface, "")
    people = np.random.default_rng(0).normal(size=(PEOPLE, 128)).astype(np.float32)
    people /= np.linalg.norm(people, axis=1, keepdims=True)
    for line in sys.stdin:
        began, used = time.perf_counter(), time.process_time()
        image = cv2.imread(line.strip())
        assert image is not None
        height, width = image.shape[:2]
        scale = min(1.0, int(longest) / max(height, width)) if int(longest) else 1.0
        small = cv2.resize(image, None, fx=scale, fy=scale) if scale < 1 else image
        detector.setInputSize((small.shape[1], small.shape[0]))
        _, faces = detector.detect(small)
        found = [] if faces is None else list(faces)
        for face in found:
            face[:14] /= scale
            row = recogniser.feature(recogniser.alignCrop(image, face))[0]
            (people @ (row / np.linalg.norm(row))).argmax()
        cpu, wall = time.process_time() - used, time.perf_counter() - began
        print(len(found), cpu * 1e3, wall * 1e3, flush=True)


if __name__ == "__main__":
    main()
