"""What rivals' prices mean and what to charge: pure stages, frames in, frames out."""
