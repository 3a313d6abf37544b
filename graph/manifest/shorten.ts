// What somebody wrote, as it is quoted in a message: names of hostile length are cut.

const MAX_SHOWN = 80;

export function shorten(text: string): string {
  return JSON.stringify(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);
}
