// RANDOM_ABTEST draws between its two children: the first with the probability `ratioA`.
import type { FindingSink } from '../manifest/finding.ts';
import { shorten } from '../manifest/shorten.ts';
import { DEFAULT_RATIO, parseRatio } from './ab-ratio.ts';
import type { BuiltIn, WrittenUse } from './built-in.ts';

export const RANDOM_ABTEST: BuiltIn = {
  name: 'RANDOM_ABTEST',
  type: 'ROUTER',
  children: { least: 2, most: 2 },
  policy: {
    parameters: (written) => ({ ratioA: parseRatio(written) ?? DEFAULT_RATIO }),
    shares: ({ ratioA }) => [Number(ratioA), 1 - Number(ratioA)],
    describe: ({ ratioA }) =>
      `a draw: ${Math.round(Number(ratioA) * 1e6) / 1e4} % the first child, else the second`,
  },
  check: checkRatio,
};

function checkRatio(unit: WrittenUse, sink: FindingSink): void {
  const ratio = parseRatio(unit.parameters);
  if (ratio === undefined) {
    if (sink.hasErrorsAt(`${unit.path}.parameters`)) return;
    sink.add('RATIO_MISSING', `${unit.path}.parameters`, `${unit.name} has no ratioA`);
    return;
  }
  if (!Number.isNaN(ratio)) return;
  const written = unit.parameters.find((parameter) => parameter.name === 'ratioA');
  const place = `${written?.path ?? unit.path}.value`;
  sink.add('RATIO_INVALID', place, `ratioA of ${unit.name} is ${shorten(written?.value ?? '')}`);
}
