"""Which of our products a rival's listing is: pure stages, frames in, frames out."""
