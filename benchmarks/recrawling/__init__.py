"""Price histories, simulated and real, and the policies that decide on which days to look at them."""
