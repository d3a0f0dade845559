"""Every loss against a slow literal version, pytorch-metric-learning, and finite differences."""

import math
from collections.abc import Callable

import pytest
import torch
from pytorch_metric_learning import distances as pml_distances
from pytorch_metric_learning import losses as pml
from pytorch_metric_learning.reducers import AvgNonZeroReducer, MeanReducer
from torch import Tensor
from torch.nn import functional

from training.losses.arcface import ArcFace
from training.losses.contrastive import LeCun, batch_contrastive, contrastive, pair_flags
from training.losses.distance import DISTANCES, all_pairs
from training.losses.distill import point_distillation, relation_distillation
from training.losses.inverse_distance import InverseDistance
from training.losses.margin_on_both import MarginOnBoth
from training.losses.softmax import SoftmaxClassifier
from training.losses.sphereface import SphereFace, psi
from training.losses.supervised import supervised_contrastive
from training.losses.threshold import LearnedThreshold, fit_threshold

LABELS = torch.tensor([0, 0, 1, 1, 2, 2, 2, 3])


@pytest.fixture
def z() -> Tensor:
    generator = torch.Generator().manual_seed(5)
    return torch.randn(8, 6, generator=generator, dtype=torch.float64, requires_grad=True)


def literal_distance(name: str, a: list[float], b: list[float]) -> float:
    if name == "euclidean":
        return math.sqrt(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)))
    if name == "manhattan":
        return sum(abs(x - y) for x, y in zip(a, b, strict=True))
    dot = sum(x * y for x, y in zip(a, b, strict=True))
    cos = dot / math.sqrt(sum(x * x for x in a)) / math.sqrt(sum(y * y for y in b))
    return 1 - cos if name == "cosine" else math.acos(cos) / math.pi


@pytest.mark.parametrize("name", DISTANCES)
def test_a_distance_is_its_formula_for_rows_and_for_all_pairs(name: str, z: Tensor) -> None:
    matrix = all_pairs(z, DISTANCES[name]).detach()
    rows = z.detach().tolist()
    for i in range(8):
        for j in range(8):
            if i != j:
                expected = literal_distance(name, rows[i], rows[j])
                assert matrix[i, j].item() == pytest.approx(expected, abs=1e-6)
    assert torch.allclose(DISTANCES[name](z[:4], z[4:]), matrix[:4, 4:].diagonal())


@pytest.mark.parametrize("name", DISTANCES)
def test_a_distance_has_a_finite_gradient_between_equal_images(name: str) -> None:
    a = torch.ones(1, 3, requires_grad=True)
    DISTANCES[name](a, torch.ones(1, 3)).sum().backward()  # type: ignore[no-untyped-call]
    assert a.grad is not None
    assert bool(torch.isfinite(a.grad).all())


def test_lecuns_loss_is_the_equation_pair_by_pair() -> None:
    distance = torch.tensor([0.2, 0.9, 0.4, 1.7])
    y = torch.tensor([0, 0, 1, 1])
    expected = (0.2**2 / 2 + 0.9**2 / 2 + (1.0 - 0.4) ** 2 / 2 + 0.0) / 4
    assert contrastive(distance, y, terms=LeCun(1.0)).item() == pytest.approx(expected)


def test_both_conventions_of_y_are_one_loss_when_the_flag_is_turned() -> None:
    distance, y = torch.rand(50), (torch.arange(50) % 3 == 0).long()
    ours = contrastive(distance, y, terms=LeCun(0.7))
    other = contrastive(distance, 1 - y, terms=LeCun(0.7), similar_is=1)
    wrong = contrastive(distance, y, terms=LeCun(0.7), similar_is=1)
    assert ours.item() == pytest.approx(other.item())
    assert ours.item() != pytest.approx(wrong.item())


def test_the_two_variants_are_what_their_docstrings_say() -> None:
    distance = torch.tensor([0.01, 0.3, 0.8, 2.0])
    both, inverse = MarginOnBoth(margin=1.0, slack=0.5), InverseDistance(floor=0.05)
    assert both.similar(distance).tolist() == pytest.approx([0, 0, 0.3**2 / 2, 1.5**2 / 2])
    assert both.dissimilar(distance).tolist() == LeCun(1.0).dissimilar(distance).tolist()
    assert inverse.dissimilar(distance).tolist() == pytest.approx([20, 1 / 0.3, 1 / 0.8, 0.5])
    assert inverse.similar(distance).tolist() == LeCun().similar(distance).tolist()


def test_a_batch_averages_each_kind_of_pair_by_itself(z: Tensor) -> None:
    distances = all_pairs(z, DISTANCES["euclidean"])
    pull, push = [], []
    for i in range(8):
        for j in range(i + 1, 8):
            d = distances[i, j].item()
            if LABELS[i] == LABELS[j]:
                pull.append(d**2 / 2)
            else:
                push.append(max(0.0, 2 - d) ** 2 / 2)
    expected = sum(pull) / len(pull) + sum(push) / len(push)
    assert batch_contrastive(distances, LABELS, terms=LeCun(2.0)).item() == pytest.approx(expected)


def test_the_contrastive_loss_agrees_with_pytorch_metric_learning(z: Tensor) -> None:
    """Theirs has max(0, D) and max(0, m - D) to the first power, so the terms are put in."""

    class Linear:
        def similar(self, distance: Tensor) -> Tensor:
            return distance

        def dissimilar(self, distance: Tensor) -> Tensor:
            return torch.relu(3 - distance)

    theirs = pml.ContrastiveLoss(
        pos_margin=0,
        neg_margin=3,
        distance=pml_distances.LpDistance(normalize_embeddings=False),
        reducer=MeanReducer(),
    )
    ours = batch_contrastive(all_pairs(z, DISTANCES["euclidean"]), LABELS, terms=Linear())
    assert ours.item() == pytest.approx(theirs(z, LABELS).item(), rel=1e-5)


def test_the_supervised_contrastive_loss_is_the_equation_and_theirs(z: Tensor) -> None:
    rows = functional.normalize(z.detach(), dim=1)
    total, anchors = 0.0, 0
    for i in range(8):
        others = [a for a in range(8) if a != i]
        positives = [p for p in others if LABELS[p] == LABELS[i]]
        if positives:
            below = sum(math.exp(float(rows[i] @ rows[a]) / 0.2) for a in others)
            logs = [math.log(math.exp(float(rows[i] @ rows[p]) / 0.2) / below) for p in positives]
            total, anchors = total - sum(logs) / len(logs), anchors + 1
    ours = supervised_contrastive(z, LABELS, temperature=0.2).item()
    theirs = pml.SupConLoss(temperature=0.2, reducer=AvgNonZeroReducer())(z, LABELS).item()
    assert ours == pytest.approx(total / anchors)
    assert ours == pytest.approx(theirs, rel=1e-5)


def test_with_two_views_each_the_supervised_loss_is_nt_xent(z: Tensor) -> None:
    labels = torch.tensor([0, 1, 2, 3, 0, 1, 2, 3])
    theirs = pml.NTXentLoss(temperature=0.3)(z, labels).item()
    assert supervised_contrastive(z, labels, temperature=0.3).item() == pytest.approx(
        theirs, rel=1e-5
    )


def test_nobodys_images_are_nobodys_positives(z: Tensor) -> None:
    alone = torch.full((8,), -1)
    assert supervised_contrastive(z, alone).item() == 0


def test_arcface_agrees_with_pytorch_metric_learning(z: Tensor) -> None:
    ours = ArcFace(4, 6, margin=0.4, scale=20).double()
    theirs = pml.ArcFaceLoss(4, 6, margin=math.degrees(0.4), scale=20).double()
    theirs.W.data = ours.weight.data.T.clone()
    assert ours(z, LABELS).item() == pytest.approx(theirs(z, LABELS).item(), rel=1e-5)


@pytest.mark.filterwarnings("ignore:__array_wrap__:DeprecationWarning")
def test_sphereface_agrees_with_pytorch_metric_learning(z: Tensor) -> None:
    ours = SphereFace(4, 6, m=4).double()
    theirs = pml.SphereFaceLoss(4, 6, margin=4, scale=1).double()
    theirs.W.data = ours.weight.data.T.clone()
    assert ours(z, LABELS).item() == pytest.approx(theirs(z, LABELS).item(), rel=1e-5)


def test_spherefaces_psi_is_its_definition_and_falls_all_the_way() -> None:
    theta = torch.linspace(0.001, math.pi - 0.001, 500, dtype=torch.float64)
    values = psi(theta, m=4)
    for angle, value in zip(theta.tolist(), values.tolist(), strict=True):
        k = int(angle * 4 / math.pi)
        assert value == pytest.approx((-1) ** k * math.cos(4 * angle) - 2 * k, abs=1e-9)
    assert bool((values.diff() < 0).all())


def test_sphereface_is_the_equation_and_with_m_1_the_plain_softmax_on_directions(z: Tensor) -> None:
    loss = SphereFace(4, 6, m=3).double()
    directions = functional.normalize(loss.weight, dim=1)
    total = 0.0
    for row, label in zip(z, LABELS.tolist(), strict=True):
        cos = [(row @ w / row.norm()).item() for w in directions]
        k = int(math.acos(cos[label]) * 3 / math.pi)
        logits = list(cos)
        logits[label] = (-1) ** k * math.cos(3 * math.acos(cos[label])) - 2 * k
        scaled = [row.norm().item() * x for x in logits]
        total += math.log(sum(map(math.exp, scaled))) - scaled[label]
    assert loss(z, LABELS).item() == pytest.approx(total / 8, rel=1e-5)
    plain = SphereFace(4, 6, m=1).double()
    plain_logits = z @ functional.normalize(plain.weight, dim=1).T
    expected = functional.cross_entropy(plain_logits, LABELS).item()
    assert plain(z, LABELS).item() == pytest.approx(expected, rel=1e-5)


def test_cross_entropy_is_the_equation(z: Tensor) -> None:
    loss = SoftmaxClassifier(4, 6).double()
    logits = loss.logits(z).tolist()
    each = [
        math.log(sum(map(math.exp, row))) - row[y]
        for row, y in zip(logits, LABELS.tolist(), strict=True)
    ]
    assert loss(z, LABELS).item() == pytest.approx(sum(each) / 8)


def test_distillation_is_zero_for_the_teacher_itself_and_literal_elsewhere(z: Tensor) -> None:
    teacher = z.detach().roll(1, dims=0)
    assert point_distillation(z, 3 * z.detach()).item() == pytest.approx(0, abs=1e-9)
    assert relation_distillation(z, 3 * z.detach()).item() == pytest.approx(0, abs=1e-9)
    a, b = functional.normalize(z.detach(), dim=1), functional.normalize(teacher, dim=1)
    gaps = [
        (float(a[i] @ a[j]) - float(b[i] @ b[j])) ** 2
        for i in range(8) for j in range(8) if i != j
    ]  # fmt: skip
    assert relation_distillation(z, teacher).item() == pytest.approx(sum(gaps) / 56)
    assert point_distillation(z, teacher).item() == pytest.approx(
        sum(1 - float(a[i] @ b[i]) for i in range(8)) / 8
    )


def contrasted(z: Tensor, name: str) -> Tensor:
    return batch_contrastive(all_pairs(z, DISTANCES[name]), LABELS, terms=LeCun(1.3))


LOSSES: dict[str, Callable[[Tensor], Tensor]] = {
    "contrastive-euclidean": lambda z: contrasted(z, "euclidean"),
    "contrastive-cosine": lambda z: contrasted(z, "cosine"),
    "contrastive-angular": lambda z: contrasted(z, "angular"),
    "contrastive-manhattan": lambda z: batch_contrastive(
        all_pairs(z, DISTANCES["manhattan"]) + torch.eye(8), LABELS, terms=LeCun(9)
    ),
    "margin-on-both": lambda z: batch_contrastive(
        all_pairs(z, DISTANCES["euclidean"]), LABELS, terms=MarginOnBoth(4, 2)
    ),
    "inverse": lambda z: batch_contrastive(
        all_pairs(z, DISTANCES["euclidean"]), LABELS, terms=InverseDistance()
    ),
    "supervised": lambda z: supervised_contrastive(z, LABELS),
    "point": lambda z: point_distillation(z, torch.ones(8, 6, dtype=torch.float64)),
    "relation": lambda z: relation_distillation(z, torch.eye(8, 6, dtype=torch.float64) + 0.1),
}


@pytest.mark.parametrize("name", LOSSES)
def test_the_gradient_is_that_of_finite_differences(name: str, z: Tensor) -> None:
    assert torch.autograd.gradcheck(LOSSES[name], (z,), atol=1e-4)


@pytest.mark.parametrize("kind", ["arcface", "sphereface", "softmax", "threshold"])
def test_the_gradient_reaches_what_is_learned_next_to_the_embedder(kind: str, z: Tensor) -> None:
    torch.manual_seed(0)
    modules = {
        "arcface": ArcFace(4, 6, scale=8),
        "sphereface": SphereFace(4, 6),
        "softmax": SoftmaxClassifier(4, 6),
        "threshold": LearnedThreshold(2.0, 1.5),
    }
    module = modules[kind].double()
    names = [name for name, _ in module.named_parameters()]

    def loss(rows: Tensor, *values: Tensor) -> Tensor:
        given = dict(zip(names, values, strict=True))
        if kind == "threshold":
            upper = torch.ones(8, 8, dtype=torch.bool).triu(1)
            pairs = all_pairs(rows, DISTANCES["euclidean"])[upper]
            args = (pairs, pair_flags(LABELS)[upper])
        else:
            args = (rows, LABELS)
        out: Tensor = torch.func.functional_call(module, given, args)
        return out

    values = [p.detach().clone().requires_grad_() for p in module.parameters()]
    assert torch.autograd.gradcheck(loss, (z, *values), atol=1e-4)


def test_a_fitted_threshold_lies_where_the_two_kinds_of_pairs_part() -> None:
    generator = torch.Generator().manual_seed(2)
    similar = 0.4 + 0.1 * torch.randn(400, generator=generator)
    dissimilar = 1.0 + 0.1 * torch.randn(4000, generator=generator)
    distance = torch.cat([similar, dissimilar]).numpy()
    flags = torch.cat([torch.zeros(400), torch.ones(4000)]).long().numpy()
    fitted = fit_threshold(distance, flags, distance="euclidean")
    assert fitted.threshold == pytest.approx(0.7, abs=0.03)
    assert fitted.slope > 10
