"""WallyHome: REST for state, HTTP callbacks for the vendor's alerts."""
