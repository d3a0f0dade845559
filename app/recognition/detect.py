"""Finds the faces of an image without identities, and embeds one of them."""

from app.inference.analyser import Analyser
from app.inference.subject import Select, largest_faces
from app.recognition.image_results import DetectedFaces, EmbeddedFace
from app.recognition.schemas.faces import DetectOptions, EmbeddingOptions
from app.recognition.subject import SeenFace, TakenFace, image_of, take_face, take_selected


class DetectionService:
    """Finds and embeds faces without any gallery. Thread-safe."""

    def __init__(self, analyser: Analyser) -> None:
        self._analyser = analyser
        self.contract_id = analyser.pipeline.contract_id

    def detect(self, image: bytes, options: DetectOptions) -> DetectedFaces:
        """The largest faces of the image."""
        select = largest_faces(options.max_faces, min_face_size=options.min_face_size)
        with image_of("image"):
            analysis = self._analyser.analyse(
                image, select, embed=False, least=options.min_face_size
            )
        return DetectedFaces(
            self.contract_id,
            analysis.width,
            analysis.height,
            analysis.found,
            tuple(SeenFace.of(face.sample) for face in analysis.faces),
        )

    def embed(self, image: bytes, options: EmbeddingOptions) -> EmbeddedFace:
        """The embedding of the face that is meant; ``NoFace`` where there is none."""
        taken = take_face(self._analyser.analyse, image, options.subject)
        seen, vector = taken.needed("image", "the image")
        return EmbeddedFace(self.contract_id, taken, seen, vector)

    def embed_each(self, image: bytes, select: Select) -> list[TakenFace]:
        """The faces that ``select`` means, embedded, by one analysis of the image."""
        return take_selected(self._analyser.analyse, image, select)
