"""An invented province for showing and measuring: real commune names, nobody's real data."""
