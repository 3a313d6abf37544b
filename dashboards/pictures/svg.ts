// Pieces of SVG: colours of a theme, text with its characters escaped, and how wide text will be, which nobody can measure here.

export type Theme = 'light' | 'dark';

export interface Colours {
  readonly page: string;
  readonly panel: string;
  readonly border: string;
  readonly text: string;
  readonly quiet: string;
  readonly grid: string;
}

/** Near to Grafana's own themes. */
export const COLOURS: Readonly<Record<Theme, Colours>> = {
  light: {
    page: '#f4f5f5',
    panel: '#ffffff',
    border: '#d9dbde',
    text: '#24292e',
    quiet: '#57606a',
    grid: '#e6e8ea',
  },
  dark: {
    page: '#111217',
    panel: '#181b1f',
    border: '#2c3036',
    text: '#d5d9e0',
    quiet: '#9aa1ab',
    grid: '#2a2e34',
  },
};

/** Of series, in turn; they tell apart on both themes. */
export const LINE_COLOURS: readonly string[] = [
  '#56a64b',
  '#e0a800',
  '#3d8bd9',
  '#f2711c',
  '#e02f44',
  '#8f5fd1',
  '#12a5a5',
  '#c15c93',
  '#7c8b2f',
  '#7b6a5d',
];

export const FONT =
  "font-family='Inter, -apple-system, BlinkMacSystemFont, Segoe UI, Noto Sans, Helvetica, Arial, sans-serif'";
/** Width of a character by the size of the font: that of the widest of these fonts, so that no words run into each other. */
const CHARACTER = 0.58;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&#39;',
  '"': '&quot;',
};

export function escape(text: string): string {
  return text.replace(/[&<>'"]/g, (character) => ENTITIES[character] ?? character);
}

export function textWidth(text: string, size: number): number {
  return text.length * size * CHARACTER;
}

/** Text that is wider than there is room ends with an ellipsis. */
export function shorten(text: string, size: number, room: number): string {
  const most = Math.floor(room / (size * CHARACTER));
  return text.length <= most ? text : `${text.slice(0, Math.max(most - 1, 0))}…`;
}

/** Coordinates to a tenth: finer is seen by nobody. */
export const round = (value: number): number => Math.round(value * 10) / 10;
