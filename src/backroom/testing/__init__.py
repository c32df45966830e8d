"""What a test can set: time, the pace of jobs, faults; and what it can see: requests."""
