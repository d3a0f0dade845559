"""``/v1/collections/{c}/doors``, ``zones``, ``groups``, ``schedules`` and ``rules``: five routes
each, which are alike, and the members of groups.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final, Generic, TypeVar

from fastapi import APIRouter, Depends, Path, Response

from app.access import door_schemas, schemas
from app.access.policy_service import PolicyService
from app.access.services import AccessServices, Provided
from app.auth.guard import MayAdminister, MayEnroll, MayRead, MaySeeEnrolled
from app.core.ids import ID_PATTERN
from app.core.paging import Page
from app.gallery.fields import CollectionPath, PersonPath
from app.web.idempotency import IdempotencyKey, answer_once, ticket_for
from app.web.paging import Paged
from app.web.preconditions import Known, tagged
from app.web.problems import documented
from app.web.rooms import room
from app.web.uploads import NO_IMAGES, Submission, described, submission

New = TypeVar("New", bound=schemas.Named)
Patch = TypeVar("Patch", bound=schemas.Named)

_PREFIX: Final = "/v1/collections/{collection_id}"
router = room("groups", _PREFIX)


@dataclass(frozen=True)
class _Routes(Generic[New, Patch]):
    """The five routes of one kind; ``service`` picks its service."""

    noun: str
    new: type[New]
    patch: type[Patch]
    view: type[schemas.PolicyView]
    page: Any
    service: Callable[[AccessServices], PolicyService[Any, Any]]

    @property
    def router(self) -> APIRouter:
        """The router of all five routes."""
        router = room(f"{self.noun}s", _PREFIX)
        self._create(router)
        self._read(router)
        self._update(router)
        self._delete(router)
        return router

    @property
    def _path(self) -> str:
        return f"/{self.noun}s"

    @property
    def _item(self) -> str:
        return f"/{self.noun}s/{{{self.noun}_id}}"

    @property
    def _id(self) -> Any:  # noqa: ANN401 - the default by which FastAPI knows the parameter
        return Path(
            alias=f"{self.noun}_id", pattern=ID_PATTERN, description=f"Id of the {self.noun}."
        )

    def _create(self, router: APIRouter) -> None:
        read = submission(self.new, NO_IMAGES)

        def create(
            collection_id: CollectionPath,
            caller: MayAdminister,
            services: Provided,
            response: Response,
            body: Annotated[Submission[New], Depends(read)],
            idempotency_key: IdempotencyKey = None,
        ) -> Response | schemas.PolicyView:
            ticket = ticket_for(caller, idempotency_key, lambda: body.fingerprint)
            service = self.service(services)
            made = answer_once(
                services.receipts,
                ticket,
                lambda keep: service.create(collection_id, body.fields, keep),
            )
            if isinstance(made, Response):  # repeated: as it is by now
                tagged(made, self.view.model_validate_json(bytes(made.body)).revision)
            else:
                tagged(response, made.revision)
            return made

        router.add_api_route(
            self._path,
            create,
            methods=["POST"],
            name=f"create_{self.noun}",
            summary=f"Create {self.noun.title()}",
            description=f"Make a {self.noun}.",
            status_code=201,
            response_model=self.view,
            responses=documented(404, 409, 415),
            openapi_extra=described(self.new, NO_IMAGES),
        )

    def _read(self, router: APIRouter) -> None:
        def listed(
            collection_id: CollectionPath, _caller: MayRead, services: Provided, paging: Paged
        ) -> Page[schemas.PolicyView]:
            return self.service(services).list(collection_id, paging)

        def get(
            collection_id: CollectionPath,
            _caller: MayRead,
            services: Provided,
            response: Response,
            item_id: str = self._id,
        ) -> schemas.PolicyView:
            found: schemas.PolicyView = self.service(services).get(collection_id, item_id)
            tagged(response, found.revision)
            return found

        router.add_api_route(
            self._path,
            listed,
            methods=["GET"],
            name=f"list_{self.noun}s",
            summary=f"List {self.noun.title()}s",
            description=f"The {self.noun}s of a collection, oldest first.",
            response_model=self.page,
            responses=documented(404),
        )
        router.add_api_route(
            self._item,
            get,
            methods=["GET"],
            name=f"get_{self.noun}",
            summary=f"Get {self.noun.title()}",
            description=f"One {self.noun}; its `ETag` is for `If-Match`.",
            response_model=self.view,
            responses=documented(404),
        )

    def _update(self, router: APIRouter) -> None:
        read = submission(self.patch, NO_IMAGES)

        def update(
            collection_id: CollectionPath,
            _caller: MayAdminister,
            services: Provided,
            response: Response,
            known: Known,
            body: Annotated[Submission[Patch], Depends(read)],
            item_id: str = self._id,
        ) -> schemas.PolicyView:
            changed: schemas.PolicyView = self.service(services).update(
                collection_id, item_id, body.fields, known
            )
            tagged(response, changed.revision)
            return changed

        router.add_api_route(
            self._item,
            update,
            methods=["PATCH"],
            name=f"update_{self.noun}",
            summary=f"Update {self.noun.title()}",
            description="Change what the body names; it holds from the next decision on.",
            response_model=self.view,
            responses=documented(404, 412, 415, 428),
            openapi_extra=described(self.patch, NO_IMAGES),
        )

    def _delete(self, router: APIRouter) -> None:
        def delete(
            collection_id: CollectionPath,
            _caller: MayAdminister,
            services: Provided,
            known: Known,
            item_id: str = self._id,
        ) -> None:
            self.service(services).delete(collection_id, item_id, known)

        router.add_api_route(
            self._item,
            delete,
            methods=["DELETE"],
            name=f"delete_{self.noun}",
            summary=f"Delete {self.noun.title()}",
            description=f"Delete a {self.noun} that nothing names any more.",
            status_code=204,
            responses=documented(404, 409, 412, 428),
        )


for _each in (
    _Routes(
        "door",
        door_schemas.NewDoor,
        door_schemas.DoorPatch,
        door_schemas.DoorView,
        Page[door_schemas.DoorView],
        lambda services: services.doors,
    ),
    _Routes(
        "zone",
        schemas.NewZone,
        schemas.ZonePatch,
        schemas.ZoneView,
        Page[schemas.ZoneView],
        lambda services: services.zones,
    ),
    _Routes(
        "group",
        schemas.NewGroup,
        schemas.GroupPatch,
        schemas.GroupView,
        Page[schemas.GroupView],
        lambda services: services.groups,
    ),
    _Routes(
        "schedule",
        schemas.NewSchedule,
        schemas.SchedulePatch,
        schemas.ScheduleView,
        Page[schemas.ScheduleView],
        lambda services: services.schedules,
    ),
    _Routes(
        "rule",
        schemas.NewRule,
        schemas.RulePatch,
        schemas.RuleView,
        Page[schemas.RuleView],
        lambda services: services.rules,
    ),
):
    router.routes.extend(_each.router.routes)

GroupPath = Annotated[
    str, Path(alias="group_id", pattern=ID_PATTERN, description="Id of the group.")
]


@router.get("/groups/{group_id}/members", responses=documented(404))
def list_members(
    collection_id: CollectionPath,
    group_id: GroupPath,
    _caller: MaySeeEnrolled,
    services: Provided,
    paging: Paged,
) -> Page[schemas.MemberView]:
    """The members of a group, valid now or not, oldest first."""
    return services.members.list(collection_id, group_id, paging)


@router.put(
    "/groups/{group_id}/members/{person_id}",
    responses=documented(404, 415),
    openapi_extra=described(schemas.MembershipFields, NO_IMAGES),
)
def put_member(
    collection_id: CollectionPath,
    group_id: GroupPath,
    person_id: PersonPath,
    _caller: MayEnroll,
    body: Annotated[
        Submission[schemas.MembershipFields],
        Depends(submission(schemas.MembershipFields, NO_IMAGES)),
    ],
    services: Provided,
) -> schemas.MemberView:
    """Put a person into a group, or change when that counts; a field left out is null."""
    return services.members.put(collection_id, group_id, person_id, body.fields)


@router.delete("/groups/{group_id}/members/{person_id}", status_code=204, responses=documented(404))
def delete_member(
    collection_id: CollectionPath,
    group_id: GroupPath,
    person_id: PersonPath,
    _caller: MayEnroll,
    services: Provided,
) -> None:
    """Take a person out of a group, from the next decision on."""
    services.members.delete(collection_id, group_id, person_id)
