"""What an operator looks at: metrics, and whether the service lives and is ready."""
