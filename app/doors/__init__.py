"""The decision at a door: frames, the person in them, the policy, one answer."""
