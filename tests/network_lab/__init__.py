"""A failure lab: a client, a router and a far end in network namespaces of their own."""
