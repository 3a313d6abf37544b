"""A ROUTER that learns from feedback: epsilon-greedy.

A share `epsilon` of the requests goes to a branch drawn at random; the others go to the branch with the best mean reward
so far. A branch without feedback counts as mean 0, ties go to the lower number. Its memory is one process: a second
replica would learn by itself.
"""

import random


class Bandit:
    def __init__(self, n_branches=2, epsilon=0.1, seed=7):
        self.rewards = [0.0] * n_branches
        self.trials = [0] * n_branches
        self.epsilon = epsilon
        self.random = random.Random(seed)

    def means(self):
        return [reward / trials if trials else 0.0 for reward, trials in zip(self.rewards, self.trials)]

    def route(self, features, names=None, meta=None):
        branches = len(self.trials)
        if self.random.random() < self.epsilon:
            return self.random.randrange(branches)
        means = self.means()
        return max(range(branches), key=lambda branch: (means[branch], -branch))

    def send_feedback(self, features, names, reward, truth, routing=None):
        if routing is not None and 0 <= routing < len(self.trials):
            self.rewards[routing] += reward
            self.trials[routing] += 1

    def tags(self):
        return {"means": [round(mean, 6) for mean in self.means()]}
