"""When people can meet: slots, and the asks that gather them."""
