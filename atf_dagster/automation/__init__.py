"""When a refresh runs by itself. Belongs here: jobs and schedules. Does not belong here: what a refresh does."""
