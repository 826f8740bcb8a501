/** ANSI colours, by the caller's decision alone: libraries look at the environment once more, each in its own way. */

export function bold(text: string): string {
  return `\u001b[1m${text}\u001b[22m`;
}

export function dim(text: string): string {
  return `\u001b[2m${text}\u001b[22m`;
}

export function red(text: string): string {
  return `\u001b[31m${text}\u001b[39m`;
}
