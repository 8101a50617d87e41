"""The JSON call that brings a page its price: found in what the browser recorded, asked again by plain requests."""
