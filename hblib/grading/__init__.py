"""Grading notebooks that nobody trusts.

In the order in which a notebook passes through them:

`cli`            the command `hblib`
`collect`        what a class has handed in
`submission`     the code in a file
`inputs`         what a submission is asked
`sandbox_files`  what it sees of the course
`isolation`      what it runs in: bubblewrap, a container, or nothing
`sandbox`        running it within limits, and reading what it sends
`inside`         all that runs in there, on the hostile side; nothing here imports more of it than `codec`
`verdicts`       what its answers are worth
`grade`, `batch` one notebook, and a class
`report`         what teachers and students read
"""
