// The few shapes of Markdown that the generated parts of the docs have.

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

export function code(text: string): string {
  return `\`${text}\``;
}

export function block(text: string): string {
  return `\`\`\`text\n${text.trimEnd()}\n\`\`\``;
}

/** A value of a table; a bar would end it. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

/** A number with the unit that its name ends with: `MAX_HEAD_BYTES`, `restTimeoutMs`. */
export function amount(name: string, value: number): string {
  if (/(_BYTES|Bytes)$/.test(name)) return bytes(value);
  if (/(_MS|Ms)$/.test(name)) return value % 1000 === 0 ? `${value / 1000} s` : `${value} ms`;
  if (name.endsWith('_SECONDS')) return `${value} s`;
  return plain(value);
}

export function bytes(value: number): string {
  if (value >= GIB && value % GIB === 0) return `${value / GIB} GiB`;
  if (value >= MIB && value % MIB === 0) return `${value / MIB} MiB`;
  if (value >= 1024 && value % 1024 === 0) return `${value / 1024} KiB`;
  return `${plain(value)} byte${value === 1 ? '' : 's'}`;
}

/** `50 000`: no separator that is a decimal point elsewhere. */
export function plain(value: number): string {
  return value < 10_000 ? String(value) : String(value).replace(/\B(?=(\d{3})+$)/g, ' ');
}
