"""Small jobs in the background, so that no request does them: writing what memory has counted,
deleting what has expired, snapshots. A job knows nothing of this room.

The follower of ``app.replication`` has a thread of its own: it waits for notifications, and other
replicas' removals must not wait for a job. Observers of decisions have their own too.
"""
