"""Makes the Grafana dashboards: each module is one, and the JSON beside this folder its output."""
