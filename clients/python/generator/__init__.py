"""Writes the parts of ``kith_client`` that follow from the OpenAPI document of the service."""
