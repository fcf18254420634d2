# SPDX-License-Identifier: BSD-2-Clause
"""The progress bar, with the time that is left. Where nobody looks on it writes a line an experiment."""
import sys
import time


class Progress:
    """`plan`: {experiment: seconds that it is thought to take}."""

    def __init__(self, plan, out=sys.stderr, clock=time.monotonic):
        self.plan, self.out, self.clock = plan, out, clock
        self.total = sum(plan.values()) or 1
        self.done = 0.0            # seconds of the plan that are behind us
        self.name, self.share, self.text = "", 0.0, ""
        self.began = clock()
        self.live = out.isatty()

    def start(self, name):
        self.name, self.share, self.text = name, 0.0, ""
        self.experiment_began = self.clock()
        if not self.live:
            print(f"bench: {name} ...", file=self.out, flush=True)
        self.draw()

    def step(self, share, text):
        """`share` of this experiment is done, 0 to 1."""
        self.share, self.text = min(1.0, share), text
        self.draw()

    def end(self, how):
        self.done += self.plan[self.name]
        self.clear()
        print(f"bench: {self.name}: {how}, {self.clock() - self.experiment_began:.0f} s",
              file=self.out, flush=True)
        self.share = 0.0

    def left(self):
        """Seconds that are left, by the plan and by how it has held so far."""
        behind = self.done + self.share * self.plan.get(self.name, 0)
        spent = self.clock() - self.began
        pace = spent / behind if behind > 0.05 * self.total else 1
        return max(0.0, (self.total - behind) * pace)

    def draw(self):
        if not self.live:
            return
        behind = (self.done + self.share * self.plan.get(self.name, 0)) / self.total
        width = 24
        full = int(width * behind)
        left = round(self.left())
        line = (f"[{'#' * full}{'.' * (width - full)}] {100 * behind:3.0f} %  {left // 60}:{left % 60:02d}"
                f" left  {self.name}: {self.text}")
        self.out.write("\r\x1b[K" + line[:110])
        self.out.flush()

    def clear(self):
        if self.live:
            self.out.write("\r\x1b[K")
