"""Integer operators between the crop's bytes and the network's input, each with a C kernel."""
