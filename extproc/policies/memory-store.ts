// A state store in the memory of a process. It holds the units of the plans that are open and no others, so its size is that of the
// plans: what others have learned of further units is dropped.
import type { BranchState, Learner, Lesson, OpenState, StateStore } from './state-store.ts';

interface Branch {
  tries: number;
  successes: number;
  /** Of that, what was learned here and not taken yet. */
  newTries: number;
  newSuccesses: number;
  /** The states that have it open. */
  opens: number;
}

interface Unit {
  readonly branches: Map<string, Branch>;
  version: number;
}

export class MemoryStore implements StateStore {
  readonly #units = new Map<string, Unit>();
  readonly #onLesson: () => void;

  /** `onLesson`: called after each lesson that was learned here. */
  constructor(onLesson: () => void = () => {}) {
    this.#onLesson = onLesson;
  }

  open(learner: Learner): OpenState {
    const key = unitKey(learner);
    const unit = this.#units.get(key) ?? { branches: new Map<string, Branch>(), version: 0 };
    this.#units.set(key, unit);
    const branches = learner.children.map((child) => openBranch(unit, child));
    return {
      state: {
        branches,
        get version() {
          return unit.version;
        },
      },
      learn: (position, tries, successes) => {
        const branch = branches[position];
        if (branch === undefined) return;
        add(unit, branch, { tries, successes });
        branch.newTries += tries;
        branch.newSuccesses += successes;
        this.#onLesson();
      },
      close: () => {
        for (const child of learner.children) closeBranch(unit, child);
        if (unit.branches.size === 0) this.#units.delete(key);
      },
    };
  }

  /** Adds what was learned elsewhere. */
  add(lessons: readonly Lesson[]): void {
    for (const lesson of lessons) {
      const unit = this.#units.get(lesson.unit);
      const branch = unit?.branches.get(lesson.child);
      if (unit !== undefined && branch !== undefined) add(unit, branch, lesson);
    }
  }

  /** What was learned here since the last time: one lesson for each branch at most. */
  take(): Lesson[] {
    const lessons: Lesson[] = [];
    for (const [unit, { branches }] of this.#units)
      for (const [child, branch] of branches) {
        if (branch.newTries === 0) continue;
        lessons.push({ unit, child, tries: branch.newTries, successes: branch.newSuccesses });
        branch.newTries = 0;
        branch.newSuccesses = 0;
      }
    return lessons;
  }

  /** All that is known, for a process that begins. */
  list(): Lesson[] {
    const lessons: Lesson[] = [];
    for (const [unit, { branches }] of this.#units)
      for (const [child, { tries, successes }] of branches)
        if (tries > 0) lessons.push({ unit, child, tries, successes });
    return lessons;
  }
}

function unitKey({ namespace, deployment, predictor, unit }: Learner): string {
  return `${namespace}/${deployment}/${predictor}/${unit}`;
}

function openBranch({ branches }: Unit, child: string): Branch {
  const branch = branches.get(child) ?? {
    tries: 0,
    successes: 0,
    newTries: 0,
    newSuccesses: 0,
    opens: 0,
  };
  branch.opens++;
  branches.set(child, branch);
  return branch;
}

function closeBranch({ branches }: Unit, child: string): void {
  const branch = branches.get(child);
  if (branch !== undefined && --branch.opens === 0) branches.delete(child);
}

function add(unit: Unit, branch: Branch, { tries, successes }: BranchState): void {
  branch.tries += tries;
  branch.successes += successes;
  unit.version++;
}
