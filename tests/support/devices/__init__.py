"""Programs that behave as doors' devices do, as far as their public descriptions say."""
