"""The program next to a camera: it finds sharp frames, asks a service at its door, and shows the
decisions. It runs apart from the service, which fetches no picture and opens no stream itself.
"""
