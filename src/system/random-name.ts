/** A name for an object of this run: nobody can know it beforehand, and it is short enough for every platform's limit. */
export const randomName = (): string => `ipcb-${crypto.getRandomValues(new Uint8Array(8)).toHex()}`;
