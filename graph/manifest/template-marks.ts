// Manifests that a tool was to fill in first: the marks that Helm, Jinja, envsubst, kustomize and others leave where they
// were not run.

interface Mark {
  readonly mark: string;
  readonly tool: string;
}

/** No YAML of ours begins a value with one of these outside quotes. */
const BLOCKS: readonly Mark[] = [
  { mark: '{{', tool: 'Helm or Jinja' },
  { mark: '{%', tool: 'Jinja' },
  { mark: '{#', tool: 'Jinja' },
  { mark: '<%', tool: 'ERB' },
];
/** Ordinary text to YAML, but nothing that a name, number or host could hold. */
const VARIABLES: readonly Mark[] = [
  { mark: '${', tool: 'envsubst or Terraform' },
  { mark: '$(', tool: 'kustomize' },
];

export const TEMPLATE_ADVICE =
  'render it first (helm template, kustomize build, envsubst …) and name what comes out';

export interface FoundMark {
  /** From 1. */
  readonly line: number;
  /** What is there, in words. */
  readonly words: string;
}

/** The first line on which a mark is outside quotes and comments; `near` is a line, from 1, on which a variable would do too. */
export function findTemplateLine(text: string, near: number | undefined): FoundMark | undefined {
  let line = 0;
  for (let start = 0; start <= text.length; ) {
    line += 1;
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    const content = text.slice(start, Math.min(end, start + MAX_LINE_LENGTH));
    const found = findMark(unquoted(content), line === near ? [...BLOCKS, ...VARIABLES] : BLOCKS);
    if (found !== undefined)
      return { line, words: `${describe(found)}: ${content.trim().slice(0, 100)}` };
    start = end + 1;
  }
  return undefined;
}

/** In words, the mark in a value that should have been a name, a number, a host; undefined when there is none. */
export function describeTemplateMark(value: string): string | undefined {
  const found = findMark(value, [...BLOCKS, ...VARIABLES]);
  return found === undefined ? undefined : describe(found);
}

/** Longer lines are looked at up to here. */
const MAX_LINE_LENGTH = 1000;

function findMark(text: string, marks: readonly Mark[]): Mark | undefined {
  return marks.find(({ mark }) => text.includes(mark));
}

function describe({ mark, tool }: Mark): string {
  return `${mark} is a mark of ${tool} that was not filled in`;
}

/** A line up to its first quote or comment. */
function unquoted(line: string): string {
  const end = line.search(/["']|(?:^|\s)#/);
  return end < 0 ? line : line.slice(0, end);
}
