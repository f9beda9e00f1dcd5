"""The same two networks, trained in many ways: each module here is one way, and answers `train`."""
