// Counts feedback and rewards of each unit that a feedback passes, in Seldon's names. In: the branches that a feedback took and its
// reward; out: totals by labels, which belong to the labels and not to a plan, so that a swap of plans goes on counting.
import { unitNameOf } from '../../graph/plan/queries.ts';
import type { Plan, Step } from '../../graph/plan/plan.ts';
import { splitImage } from '../../graph/plan/split-image.ts';
import { findOnTheWay } from './on-the-way.ts';

export type UnitLabels = Readonly<Record<string, string>>;

export interface UnitTotals {
  readonly labels: UnitLabels;
  feedback: number;
  /** Rewards above 0. */
  reward: number;
  /** What rewards are below 0, without its sign: a counter only grows. */
  penalty: number;
}

/** A child of a unit that chooses. */
export interface BranchLabels {
  readonly labels: UnitLabels;
}

/** The feedback of one plan. */
export interface FeedbackTally {
  /** `choices`: of each unit, as a walk keeps them; a reward that is no number is not added. */
  add(choices: Int32Array, reward: number): void;
  /** No more of it will come. */
  close(): void;
}

export class FeedbackTotals {
  readonly #series = new Map<string, UnitTotals>();
  /** Of the plans that are open: each branch, and how many of them have it. */
  readonly #branches = new Map<string, { readonly labels: UnitLabels; plans: number }>();

  open(plan: Plan): FeedbackTally {
    const series = plan.units.map(({ name, image }) => this.#seriesOf(labelsOf(plan, name, image)));
    const findUnits = findOnTheWay(plan);
    const keys = listBranches(plan).map((labels) => this.#openBranch(labels));
    return {
      add: (choices, reward) => {
        const isOnTheWay = findUnits(choices);
        for (const [unit, totals] of series.entries())
          if (isOnTheWay[unit] === true) addTo(totals, reward);
      },
      close: () => {
        for (const key of keys.splice(0)) this.#closeBranch(key);
      },
    };
  }

  units(): readonly UnitTotals[] {
    return [...this.#series.values()].map((totals) => ({ ...totals }));
  }

  branches(): readonly UnitLabels[] {
    return [...this.#branches.values()].map(({ labels }) => labels);
  }

  #seriesOf(labels: UnitLabels): UnitTotals {
    const key = JSON.stringify(labels);
    let totals = this.#series.get(key);
    if (totals === undefined) {
      totals = { labels, feedback: 0, reward: 0, penalty: 0 };
      this.#series.set(key, totals);
    }
    return totals;
  }

  #openBranch(labels: UnitLabels): string {
    const key = JSON.stringify(labels);
    const branch = this.#branches.get(key) ?? { labels, plans: 0 };
    branch.plans++;
    this.#branches.set(key, branch);
    return key;
  }

  #closeBranch(key: string): void {
    const branch = this.#branches.get(key);
    if (branch !== undefined && --branch.plans === 0) this.#branches.delete(key);
  }
}

function addTo(totals: UnitTotals, reward: number): void {
  totals.feedback++;
  if (!Number.isFinite(reward)) return;
  if (reward > 0) totals.reward += reward;
  else totals.penalty -= reward;
}

/** Seldon's labels of a unit, in alphabetical order. */
function labelsOf(plan: Plan, name: string, unitImage: string): UnitLabels {
  const { image, version } = splitImage(unitImage);
  return {
    deployment_name: plan.deployment,
    model_image: image,
    model_name: name,
    model_version: version,
    predictor_name: plan.predictor,
    predictor_version: plan.predictorVersion,
  };
}

function listBranches(plan: Plan): UnitLabels[] {
  const found: UnitLabels[] = [];
  const nameOf = (unit: number): string => unitNameOf(plan, unit);
  const visit = ({ unit, choose, children }: Step): void => {
    for (const [position, child] of children.entries()) {
      if (choose !== null && choose.kind !== 'all')
        found.push({
          branch: String(position),
          deployment_name: plan.deployment,
          model_name: nameOf(child.unit),
          predictor_name: plan.predictor,
          router: nameOf(unit),
        });
      visit(child);
    }
  };
  visit(plan.walk);
  return found;
}
