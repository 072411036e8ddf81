"""Pages and endpoints without a login, one module a topic."""
