"""``kith models calibrate``: a calibration from an operator's own photos."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from app.analysis import build_analyser
from app.bundles import writing
from app.bundles.bundle import Bundle
from app.bundles.manifest import CALIBRATION
from app.cli.left_out import left_out_lines, walked
from app.cli.progress import count_progress
from app.core.files import try_to_write, write_whole
from app.core.names import one_spelling
from app.core.terminal import say
from app.decision.calibration_file import to_json
from app.decision.fit import fit
from app.decision.noise import score_noise
from app.decision.recognisability_fit import fit_recognisability
from app.errors import InvalidRequest
from app.inference.folders import EmbeddedFolder, embed_photos
from app.inference.pipeline import Pipeline
from app.inference.spoilt_faces import SpoiltFaces, embed_spoilt, one_each
from app.inference.subject import sole_subject
from app.inference.walk import Photo
from app.settings import Settings, load_settings


def calibrate(
    folder: Annotated[
        Path, typer.Argument(help="Photos, one folder a person.", exists=True, file_okay=False)
    ],
    data: Annotated[str, typer.Option(help="Description of the photos, for the record.")],
    bundle_dir: Annotated[
        Path | None,
        typer.Option("--bundle", help="The bundle's folder or name; default: KITH_MODEL."),
    ] = None,
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("calibration.json"),
    exclude: Annotated[
        list[Path] | None,
        typer.Option(
            help="File of names to leave out: folders or files, one a line. May be repeated.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
) -> None:
    """Calibrate a bundle: measure how often strangers look alike, on photos of many people, and
    learn, from the same photos spoilt in many ways, in which faces nobody can be recognised.

    The bundle does not change, unless --out names its own calibration.json: then its manifest is
    written too. use-calibration puts a calibration from another file into the bundle.
    """
    data.encode()  # what is no text is refused before the work and not after it
    try_to_write(out)
    settings = load_settings()
    bundle = Bundle.load(chosen_bundle(settings, bundle_dir))
    people = walked(folder)
    photos = _without(people.photos, exclude or [])
    analyser = build_analyser(bundle, settings)
    pipeline = analyser.pipeline
    with count_progress("Embedding", len(photos)) as step:
        found = embed_photos(
            analyser,
            photos,
            threads=settings.threads,
            choose=sole_subject,
            done=step,
        )
    some = one_each(found.photos) if bundle.detector is not None else []
    with count_progress("Spoiling", len(some)) as step:
        spoilt = embed_spoilt(analyser, some, threads=settings.threads, done=step)
    calibration = _calibrated(pipeline, found, spoilt, data)
    text = json.dumps(calibration) + "\n"
    if out.resolve() == (bundle.folder / CALIBRATION).resolve():
        writing.use_calibration(bundle.folder, text.encode())
    else:
        write_whole(out, text)
    for line in left_out_lines(people.counts):
        say(line)
    say(f"{len(found.photos)} photos, {len(found.refused)} refused; wrote {out}.")


def _calibrated(
    pipeline: Pipeline, found: EmbeddedFolder, spoilt: SpoiltFaces, data: str
) -> dict[str, object]:
    try:
        margin = score_noise(found.embeddings, found.again, found.labels)
        fitted = fit(
            found.embeddings,
            found.labels,
            contract_id=pipeline.contract_id,
            data=data,
            margin=margin,
        )
    except ValueError as error:
        raise InvalidRequest(f"These photos cannot calibrate: {error}.") from None
    learned = fit_recognisability(found.embeddings, spoilt.embeddings, spoilt.kinds, spoilt.same)
    return to_json(replace(fitted, recognisability=learned))


def _without(photos: list[Photo], exclude: list[Path]) -> list[Photo]:
    """The photos that no line of the files names; a line may end in ``#`` and a comment."""
    there = {photo.person for photo in photos} | {_stem(photo) for photo in photos}
    names = {_named(line, there) for file in exclude for line in _lines(file)}
    return [each for each in photos if each.person not in names and _stem(each) not in names]


def _named(line: str, there: set[str]) -> str:
    line = one_spelling(line)
    whole = (each for each in (line, line.strip()) if each in there)
    return next(whole, line.partition("#")[0].strip())


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise InvalidRequest(f"{file} is not UTF-8 text.") from None


def _stem(photo: Photo) -> str:
    return one_spelling(photo.file.stem)


def chosen_bundle(settings: Settings, named: Path | None) -> Path:
    """The folder of the bundle that ``named`` names, or of the configured one."""
    return settings.bundle_dir if named is None else settings.bundle_named(named)
