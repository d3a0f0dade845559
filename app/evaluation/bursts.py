"""Bursts at a door: how often strangers are named, and people found, by what is decided of several
frames.

The people who can be enrolled are split in two halves by chance. Each half is enrolled in turn, and
everybody else is a stranger to it: so the people who are enrolled and the strangers are never the
same, and each burst of a person who can be enrolled is used twice, once of a mate and once of a
stranger.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from app.decision.burst import AGREE, BurstDecision, BurstOutcome, decide_burst, standing
from app.decision.calibration import Calibration
from app.decision.cohort import Cohort
from app.decision.fusion import fuse_persons
from app.decision.gallery_rates import GalleryRates
from app.decision.rates import MOST_MASKED, GallerySize, ProbeRates
from app.errors import InvalidRequest
from app.evaluation.gallery import Keys, Vectors
from app.evaluation.operating import Verdict, verdict
from app.evaluation.rates import Rate, share
from app.evaluation.trials import Floats

TARGETS: Final = (0.1, 0.01, 0.001)

Rule = Literal["mean", "mean_alone", "single_frame", "maximum"]
"""``mean``: what a door decides. ``mean_alone``: without the rule that frames agree.
``single_frame``: each frame by itself. ``maximum``: any frame that names somebody is enough; of
several the one with the highest score.
"""
RULES: Final[tuple[Rule, ...]] = ("mean", "mean_alone", "single_frame", "maximum")


@dataclass(frozen=True, slots=True)
class Bursts:
    """Unit ``templates`` (n, d) of ``owners`` (n,), and unit ``frames`` (m, d) of ``subjects``
    (m,): positions in ``people``, who have one burst each. No photograph is in both.

    ``offered`` counts the frames that were made, used or not; ``without`` are the people of whom no
    frame could be used.
    """

    templates: Vectors
    owners: Keys
    frames: Vectors
    subjects: Keys
    people: Sequence[str]
    offered: int
    without: int

    @property
    def enrollable(self) -> Keys:
        """The people who have both a template and a frame: mates, when they are enrolled."""
        return np.intersect1d(self.owners, self.subjects)

    @property
    def unseen(self) -> int:
        """The number of people without a frame."""
        return len(self.people) - len(np.unique(self.subjects))

    def __post_init__(self) -> None:
        """``InvalidRequest`` where there are fewer than two such people."""
        if len(self.enrollable) < 2:
            raise InvalidRequest(
                f"{len(self.enrollable)} of {len(self.people)} people here have both a photo to be "
                "enrolled with and another one to be seen on; at least two are needed, for each "
                "half of them is the other's strangers."
            )


@dataclass(frozen=True, slots=True)
class RuleResult:
    """One rule at one target: the strangers named, and the people who were enrolled and found."""

    rule: Rule
    fpir: Rate
    tpir: Rate
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class DoorPoint:
    """A target FPIR and what each rule did at it; ``disagreed`` counts the bursts of people
    enrolled that the mean would have found but for frames that disagree.
    """

    target: float
    rules: list[RuleResult]
    disagreed: int


@dataclass(frozen=True, slots=True)
class DoorEvaluation:
    """Everything that was measured. ``galleries`` are the numbers of people enrolled in the two
    halves; ``frames_used`` of ``frames_offered`` could be compared, and ``bursts_without`` had no
    frame that could be and are in no rate.
    """

    frames: int
    agree: float
    people: int
    galleries: tuple[int, int]
    templates: int
    mated_bursts: int
    stranger_bursts: int
    frames_offered: int
    frames_used: int
    bursts_without: int
    operating_points: list[DoorPoint]


@dataclass(frozen=True, slots=True)
class _Trial:
    """One burst against one half: who is named, by each rule. ``subject`` is whose burst it is,
    and ``nearest`` who is best by the mean.
    """

    subject: int
    mated: bool
    nearest: int
    named: Mapping[Rule, list[int | None]]
    disagreed: bool


def evaluate_bursts(
    bursts: Bursts,
    calibration: Calibration,
    *,
    frames: int,
    seed: int,
    done: Callable[[int], None] = lambda _: None,
) -> DoorEvaluation:
    """Decide every burst against both halves; ``done`` gets the number of further decisions."""
    shuffled = np.random.default_rng(seed).permutation(bursts.enrollable)
    halves = (np.sort(shuffled[::2]), np.sort(shuffled[1::2]))
    galleries = [_Half(bursts, half, calibration) for half in halves]
    subjects = np.unique(bursts.subjects)
    trials: dict[float, list[_Trial]] = {target: [] for target in TARGETS}
    for subject in subjects.tolist():
        probes = bursts.frames[bursts.subjects == subject]
        for gallery in galleries:
            for target, found in gallery.tried(subject, probes).items():
                trials[target].append(found)
        done(1)
    mated = sum(each.mated for each in trials[TARGETS[0]])
    return DoorEvaluation(
        frames=frames,
        agree=AGREE,
        people=len(bursts.people),
        galleries=(len(halves[0]), len(halves[1])),
        templates=len(bursts.owners),
        mated_bursts=mated,
        stranger_bursts=len(trials[TARGETS[0]]) - mated,
        frames_offered=bursts.offered,
        frames_used=len(bursts.frames),
        bursts_without=bursts.without,
        operating_points=[_point(target, found) for target, found in trials.items()],
    )


class _Half:
    """A gallery of one half of the people."""

    def __init__(self, bursts: Bursts, half: Keys, calibration: Calibration) -> None:
        enrolled = np.isin(bursts.owners, half)
        fused = fuse_persons(bursts.templates[enrolled], bursts.owners[enrolled])
        size = GallerySize(len(fused.owners), int(enrolled.sum()))
        self._owners, self._vectors = fused.owners, fused.vectors
        self._rates = GalleryRates(calibration, Cohort.of(fused.vectors), size)
        self._margin = calibration.ambiguity_margin

    def tried(self, subject: int, probes: Vectors) -> dict[float, _Trial]:
        """The burst ``probes`` (k, d) of ``subject`` at each target."""
        similarities = (probes @ self._vectors.T).astype(np.float64)
        order = np.argsort(-similarities, axis=1, kind="stable")[:, :MOST_MASKED]
        nearest = np.take_along_axis(similarities, order, axis=1).tolist()
        proposed = np.unique(order)
        owners = self._owners[proposed]
        found = self._rates.of(probes)
        trials = {}
        for target in TARGETS:
            rates = [each.judging(row, target) for each, row in zip(found, nearest, strict=True)]
            stands = standing(similarities[:, proposed], rates, list(self._vectors[proposed]))
            trials[target] = self._trial(subject, stands, owners, rates, target)
        return trials

    def _trial(
        self, subject: int, seen: Floats, owners: Keys, rates: Sequence[ProbeRates], target: float
    ) -> _Trial:
        mean = decide_burst(seen, rates, target, margin=self._margin)
        alone = decide_burst(seen, rates, target, margin=self._margin, agree=0)
        single = [
            decide_burst(seen[[row]], [each], target, margin=self._margin)
            for row, each in enumerate(rates)
        ]

        def name(found: BurstDecision) -> int | None:
            return None if found.winner is None else int(owners[found.winner])

        best = max(single, key=_naming)
        return _Trial(
            subject,
            bool(np.isin(subject, self._owners)),
            int(owners[mean.best or 0]),
            {
                "mean": [name(mean)],
                "mean_alone": [name(alone)],
                "single_frame": [name(each) for each in single],
                "maximum": [name(best)],
            },
            mean.outcome is BurstOutcome.FRAMES_DISAGREE and name(alone) == subject,
        )


def _naming(decision: BurstDecision) -> tuple[bool, float]:
    """Names somebody, and at how low an FPIR."""
    score = decision.score
    return decision.winner is not None, -1.0 if score is None else -score.fpir


def _point(target: float, trials: Sequence[_Trial]) -> DoorPoint:
    mates = [each for each in trials if each.mated]
    strangers = [each for each in trials if not each.mated]
    rules = []
    for rule in RULES:
        false = [(name is not None, each) for each in strangers for name in each.named[rule]]
        true = [(name == each.subject, each) for each in mates for name in each.named[rule]]
        fpir = share(
            np.array([event for event, _ in false]),
            np.array([each.subject for _, each in false]),
            np.array([each.nearest for _, each in false]),
        )
        tpir = share(
            np.array([event for event, _ in true]), np.array([each.subject for _, each in true])
        )
        rules.append(RuleResult(rule, fpir, tpir, verdict(fpir, target)))
    return DoorPoint(target, rules, sum(each.disagreed for each in mates))
