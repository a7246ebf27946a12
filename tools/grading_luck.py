"""How often a wrong answer to a value question gets past the grader by luck, over many secrets.

    python tools/grading_luck.py [--secrets 1000] [--out FILE.csv]

For each question: the mistakes that its author lists, the answer to the task's own data typed in, that answer for the
task's data and 0 (or the last one seen) for all others, and a method that forgets to cut at 0. And the right answer.
No sandbox is needed: an answer passes if it agrees with the right one on all inputs that the grader would try.
"""

import argparse
import csv
import sys

import numpy as np

from hblib.coursework import source
from hblib.coursework.questions import Value
from hblib.grading import plan

HEAD = "exercise", "question", "answer", "secrets", "passes"


def values():
    """(exercise, question) for every value that is asked for."""
    for name in source.names():
        exercise = source.load(name)
        yield from ((exercise, each) for each in exercise.questions.values() if isinstance(each, Value))


def answers(exercise, question):
    """{title: answer}: wrong ones, and the right one, each as a function of the inputs."""
    public = question.public(exercise)
    right = question.expected(exercise, public)
    key = plan.key(plan.encode_inputs(public))

    def typed(otherwise):
        return lambda **inputs: right if plan.key(plan.encode_inputs(inputs)) == key else otherwise(**inputs)

    def solution(**inputs):
        return question.expected(exercise, inputs)

    return {
        "right": solution,
        **{each.name: each.answer for each in (*question.mistakes, *question.edges)},
        "typed in": lambda **_: right,
        "typed in, else 0": typed(lambda **_: np.zeros(np.shape(right))),
        "typed in, else nothing": typed(lambda **_: None),
        "right, or 0 where it is not the task's": typed(lambda **inputs: np.multiply(solution(**inputs), 0)),
        "half a per cent off": lambda **inputs: np.multiply(solution(**inputs), 1.005),
    }


def passes(exercise, question, secrets):
    """{title: the number of secrets with which this answer is taken for a right one}"""
    count = dict.fromkeys(made := answers(exercise, question), 0)
    for secret in secrets:
        asked = [question.public(exercise)]
        for seed in plan.telling(exercise, question, secret):
            asked.append(question.case(np.random.default_rng(seed)))
        right = [question.expected(exercise, inputs) for inputs in asked]
        for title, answer in made.items():
            pairs = zip(asked, right, strict=True)
            count[title] += not any(plan.differs(question, answer, each, inputs) for inputs, each in pairs)
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--secrets", type=int, default=1000)
    parser.add_argument("--out", type=argparse.FileType("w"), default=sys.stdout)
    options = parser.parse_args()
    table = csv.writer(options.out, lineterminator="\n")
    table.writerow(HEAD)
    for exercise, question in values():
        for title, count in passes(exercise, question, range(options.secrets)).items():
            table.writerow((exercise.name, question.name, title, options.secrets, count))


if __name__ == "__main__":
    main()
