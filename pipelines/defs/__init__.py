"""What runs and when: thin modules, one per group of assets. How it is done lies in the plain packages beside."""
