"""Alembic's entry: runs on the connection that ``migrations`` gives it."""

from alembic import context

from app.auth import models as _auth
from app.core.db import Base
from app.feedback import models as _feedback
from app.gallery import models as _gallery
from app.receipts import models as _receipts
from app.replication import history as _replication

# Imported so that their tables are in the metadata.
_TABLES = (
    _auth.ApiKey,
    _feedback.Feedback,
    _gallery.Face,
    _replication.Position,
    _receipts.Receipt,
)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
)
context.run_migrations()
