// Seldon's FAILURE body for the answers that Envoy gives itself and that have no code of ours (404).

export function failureText(status: number, info: string): string {
  return JSON.stringify({ status: { code: status, info, status: 'FAILURE' } });
}
