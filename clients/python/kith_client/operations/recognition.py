"""Recognition. Written by ``make client`` from the service's OpenAPI document."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from kith_client.calls import UNSET, Call, Unset, call, part
from kith_client.images import Image
from kith_client.methods import method
from kith_client.models import (
    ClusterReport,
    Comparison,
    Detection,
    DistanceMatrix,
    EmbeddingView,
    FeedbackView,
    Identification,
    ModelList,
    ThresholdView,
    Verification,
)


class RecognitionRoutes:
    """A method for each route of ``recognition``."""

    @method
    def identify(
        self,
        collection_id: str,
        image: Image,
        *,
        max_faces: int | Unset = UNSET,
        min_face_size: int | Unset = UNSET,
        max_candidates: int | Unset = UNSET,
        target_fpir: float | Unset | None = UNSET,
        min_similarity: float | Unset | None = UNSET,
        source: str | Unset | None = UNSET,
    ) -> Call[Identification]:
        """Identify the faces of an image: each is identified, unknown, ambiguous or rejected.

        collection_id: Id of the collection.
        image: The image: JPEG, PNG, WebP, BMP, GIF (its first frame) or TIFF.
        max_faces: Most faces that are answered: the largest.
        min_face_size: Pixels of the shorter side of a face's box: smaller ones are not
            answered, nor counted in `faces_found`.
        max_candidates: Most candidates of each face.
        target_fpir: A stricter rate than the collection's, for this request; null: that one.
            For keys that do not get exact values by the bundle's threshold, up to the next step
            of 0.05.
        min_similarity: A least cosine in addition to the threshold; null: the threshold alone.
            For keys that do not get exact values up to the next step of 0.05.
        source: Where the image is from, such as a camera: a label of the metrics.
        """
        return call(
            Identification,
            "POST",
            f"/v1/collections/{part(collection_id)}/identify",
            body={
                "max_faces": max_faces,
                "min_face_size": min_face_size,
                "max_candidates": max_candidates,
                "target_fpir": target_fpir,
                "min_similarity": min_similarity,
                "source": source,
            },
            files={"image": image},
        )

    @method
    def verify(
        self,
        collection_id: str,
        person_id: str,
        image: Image,
        *,
        target_fmr: float | Unset | None = UNSET,
        subject: Literal["only", "largest", "central", "main"]
        | str
        | Mapping[str, Any]
        | Unset = UNSET,
    ) -> Call[Verification]:
        """Whether one face of the image, the main one unless `subject` says another, is this
        person.

        collection_id: Id of the collection.
        person_id: Id of the person.
        image: The image: JPEG, PNG, WebP, BMP, GIF (its first frame) or TIFF.
        target_fmr: A stricter rate than the collection's; null: the collection's.
        subject: Which face of an image is taken. `only`: the largest, but none
            (`multiple_faces`) where another has 0.7 of its width or more. `largest`. `central`:
            the one whose middle is nearest to the image's. `main`: the one that is large and
            near the middle, by its area, which fades to 0 from the middle to the corners. Of
            equals the larger. Or a box in pixels of the upright image, `x,y,width,height` or an
            object of these: the face that overlaps it most, by an intersection over union of
            0.3 at least, else none (`no_face`). A box is read with one image only.
        """
        return call(
            Verification,
            "POST",
            f"/v1/collections/{part(collection_id)}/persons/{part(person_id)}/verify",
            body={"target_fmr": target_fmr, "subject": subject},
            files={"image": image},
        )

    @method
    def compare(
        self,
        source: Image,
        target: Image,
        *,
        target_fmr: float | Unset = UNSET,
        subject: Literal["only", "largest", "central", "main"] | Unset = UNSET,
        source_subject: Literal["only", "largest", "central", "main"]
        | str
        | Mapping[str, Any]
        | Unset
        | None = UNSET,
        target_subject: Literal["only", "largest", "central", "main"]
        | str
        | Mapping[str, Any]
        | Unset
        | None = UNSET,
    ) -> Call[Comparison]:
        """Whether one face each of two images, the main one unless said otherwise, are one
        person's.

        source: The one image: JPEG, PNG, WebP, BMP, GIF (its first frame) or TIFF.
        target: The other image: JPEG, PNG, WebP, BMP, GIF (its first frame) or TIFF.
        target_fmr: False-match rate of a 1:1 verification.
        subject: Which face of an image is taken. `only`: the largest, but none
            (`multiple_faces`) where another has 0.7 of its width or more. `largest`. `central`:
            the one whose middle is nearest to the image's. `main`: the one that is large and
            near the middle, by its area, which fades to 0 from the middle to the corners. Of
            equals the larger.
        source_subject: As `subject`, for the source alone; null: as `subject` says.
        target_subject: As `subject`, for the target alone; null: as `subject` says.
        """
        return call(
            Comparison,
            "POST",
            "/v1/compare",
            body={
                "target_fmr": target_fmr,
                "subject": subject,
                "source_subject": source_subject,
                "target_subject": target_subject,
            },
            files={"source": source, "target": target},
        )

    @method
    def detect(
        self, image: Image, *, max_faces: int | Unset = UNSET, min_face_size: int | Unset = UNSET
    ) -> Call[Detection]:
        """The faces of the image, largest first, without identities.

        image: The image: JPEG, PNG, WebP, BMP, GIF (its first frame) or TIFF.
        max_faces: Most faces that are answered: the largest.
        min_face_size: Pixels of the shorter side of a face's box: smaller ones are not
            answered, nor counted in `faces_found`.
        """
        return call(
            Detection,
            "POST",
            "/v1/detect",
            body={"max_faces": max_faces, "min_face_size": min_face_size},
            files={"image": image},
        )

    @method
    def embeddings(
        self,
        image: Image,
        *,
        subject: Literal["only", "largest", "central", "main"]
        | str
        | Mapping[str, Any]
        | Unset = UNSET,
    ) -> Call[EmbeddingView]:
        """The embedding of one face, of unit length: biometric data, for administrators.

        image: The image: JPEG, PNG, WebP, BMP, GIF (its first frame) or TIFF.
        subject: Which face of an image is taken. `only`: the largest, but none
            (`multiple_faces`) where another has 0.7 of its width or more. `largest`. `central`:
            the one whose middle is nearest to the image's. `main`: the one that is large and
            near the middle, by its area, which fades to 0 from the middle to the corners. Of
            equals the larger. Or a box in pixels of the upright image, `x,y,width,height` or an
            object of these: the face that overlaps it most, by an intersection over union of
            0.3 at least, else none (`no_face`). A box is read with one image only.
        """
        return call(
            EmbeddingView,
            "POST",
            "/v1/embeddings",
            body={"subject": subject},
            files={"image": image},
        )

    @method
    def distances(
        self,
        collection_id: str,
        *,
        person_ids: Sequence[str] | Unset | None = UNSET,
        metric: Literal["cosine", "euclidean", "manhattan"] | Unset = UNSET,
        subject: Literal["only", "largest", "central", "main"] | Unset = UNSET,
        images: Iterable[Image] | Unset = UNSET,
    ) -> Call[DistanceMatrix]:
        """The distance matrix of 2 to 64 images, or of persons of the collection.

        collection_id: Id of the collection.
        person_ids: 2 to 64 persons of the collection, instead of images.
        metric: The measure of distance between embeddings of length 1.
        subject: Which face of an image is taken. `only`: the largest, but none
            (`multiple_faces`) where another has 0.7 of its width or more. `largest`. `central`:
            the one whose middle is nearest to the image's. `main`: the one that is large and
            near the middle, by its area, which fades to 0 from the middle to the corners. Of
            equals the larger.
        images: The images: JPEG, PNG, WebP, BMP, GIF (its first frame) or TIFF.
        """
        return call(
            DistanceMatrix,
            "POST",
            f"/v1/collections/{part(collection_id)}/distances",
            body={"person_ids": person_ids, "metric": metric, "subject": subject},
            files={"images": images},
        )

    @method
    def cluster(
        self,
        collection_id: str,
        *,
        stored_probes: bool | Unset = UNSET,
        subject: Literal["only", "largest", "central", "main"] | Unset = UNSET,
        images: Iterable[Image] | Unset = UNSET,
    ) -> Call[ClusterReport]:
        """Group 2 to 64 images, or the stored probes, by person, and say who each person is.
        Two groups are joined where at most `max_fmr` of strangers are as near to each other.

        collection_id: Id of the collection.
        stored_probes: The collection's stored probes.
        subject: Which face of an image is taken. `only`: the largest, but none
            (`multiple_faces`) where another has 0.7 of its width or more. `largest`. `central`:
            the one whose middle is nearest to the image's. `main`: the one that is large and
            near the middle, by its area, which fades to 0 from the middle to the corners. Of
            equals the larger.
        images: The images: JPEG, PNG, WebP, BMP, GIF (its first frame) or TIFF.
        """
        return call(
            ClusterReport,
            "POST",
            f"/v1/collections/{part(collection_id)}/clusters",
            body={"stored_probes": stored_probes, "subject": subject},
            files={"images": images},
        )

    @method
    def give_feedback(
        self,
        collection_id: str,
        *,
        person_id: str,
        verdict: Literal["them", "not_them"],
        idempotency_key: str | None = None,
        probe_id: str | Unset | None = UNSET,
        source: str | Unset | None = UNSET,
        subject: Literal["only", "largest", "central", "main"]
        | str
        | Mapping[str, Any]
        | Unset = UNSET,
        image: Image | Unset = UNSET,
    ) -> Call[FeedbackView]:
        """Report that a face of an identified image is, or is not, of a person. Instead of an
        image, `probe_id` of an identification names a stored probe. The embedding is kept, the
        image is not. A later verdict on the same image replaces the first. A face reported
        `not_them` is never named as that person again; more such reports than the stated rate
        allows raise the threshold. `them` is kept for evaluation.

        collection_id: Id of the collection.
        person_id: The person whom the verdict is about.
        verdict: Whether the face is this person (`them`) or not (`not_them`).
        idempotency_key: The same key and body within 24 h get the first answer again, with the
            header `Idempotent-Replayed: true`. If its row was deleted since, it is created
            again.
        probe_id: A stored probe, instead of an image.
        source: Where the image is from, such as a camera.
        subject: Which face of an image is taken. `only`: the largest, but none
            (`multiple_faces`) where another has 0.7 of its width or more. `largest`. `central`:
            the one whose middle is nearest to the image's. `main`: the one that is large and
            near the middle, by its area, which fades to 0 from the middle to the corners. Of
            equals the larger. Or a box in pixels of the upright image, `x,y,width,height` or an
            object of these: the face that overlaps it most, by an intersection over union of
            0.3 at least, else none (`no_face`). A box is read with one image only.
        image: The image: JPEG, PNG, WebP, BMP, GIF (its first frame) or TIFF.
        """
        return call(
            FeedbackView,
            "POST",
            f"/v1/collections/{part(collection_id)}/feedback",
            headers={"Idempotency-Key": idempotency_key},
            body={
                "person_id": person_id,
                "verdict": verdict,
                "probe_id": probe_id,
                "source": source,
                "subject": subject,
            },
            files={"image": image},
        )

    @method
    def threshold(self, collection_id: str) -> Call[ThresholdView]:
        """The present similarity above which strangers are named at a rate of at most
        `target_fpir`. `evidence` has the threshold of the bundle's calibration alone, the
        statistics of the gallery's own people, and a `warning` where the two are far apart.

        collection_id: Id of the collection.
        """
        return call(ThresholdView, "GET", f"/v1/collections/{part(collection_id)}/threshold")

    @method
    def models(self) -> Call[ModelList]:
        """The model bundle that this service runs."""
        return call(ModelList, "GET", "/v1/models")
