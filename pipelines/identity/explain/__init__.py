"""Why two records or customers are one, or are not, and how a customer came together; reads, decides nothing."""
