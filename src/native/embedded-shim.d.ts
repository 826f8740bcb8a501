/** The shim that the build embeds for its target; run from source, the host's own (tsconfig `paths`). */
declare module "embedded-shim" {
  /** Path by which its bytes are read; in a compiled program it names no file of the system. */
  const path: string;
  export default path;
}
