"""Speed against named peers, side by side in one run: ratios, never absolute promises."""
