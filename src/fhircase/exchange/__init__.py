"""What to send, what news means, who is meant, who wins: decisions only, without clock, store or wire."""
