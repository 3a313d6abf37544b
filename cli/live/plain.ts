// Texts that clients chose, for the terminal: without what would steer it.

export function plain(words: string): string {
  return words.replaceAll(/\p{Cc}/gu, ' ');
}
