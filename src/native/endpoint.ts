import { native } from "./library.ts";

const nulTerminated = (text: string) => Buffer.from(`${text}\0`);

/** Removes a name that a peer left in the system. @param mechanism one of MECHANISM */
export function removeEndpoint(mechanism: number, endpoint: string): void {
  native().endpoint_remove(mechanism, nulTerminated(endpoint));
}

/** Makes room under a name where a dead server left something: 0, or an error of errno.ts. @param mechanism one of MECHANISM */
export function takeOverEndpoint(mechanism: number, endpoint: string): number {
  return native().endpoint_take_over(mechanism, nulTerminated(endpoint));
}
