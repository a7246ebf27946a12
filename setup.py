"""What pyproject.toml cannot say: packages are found, and one more, hblib.solutions, lies outside the folder hblib."""

from setuptools import find_namespace_packages, setup

setup(packages=[*find_namespace_packages(include=["hblib*"], exclude=["*.__pycache__*"]), "hblib.solutions"])
