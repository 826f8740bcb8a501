/**
 * arm64's /proc/cpuinfo has numbers for names. Those of MIDR_EL1, as arch/arm64/include/asm/cputype.h of Linux lists them,
 * for cores that Linux test machines have.
 */
const ARM_PARTS: Readonly<Record<string, string>> = {
  "0xd03": "Cortex-A53",
  "0xd04": "Cortex-A35",
  "0xd05": "Cortex-A55",
  "0xd07": "Cortex-A57",
  "0xd08": "Cortex-A72",
  "0xd09": "Cortex-A73",
  "0xd0a": "Cortex-A75",
  "0xd0b": "Cortex-A76",
  "0xd0c": "Neoverse N1",
  "0xd0d": "Cortex-A77",
  "0xd0e": "Cortex-A76AE",
  "0xd40": "Neoverse V1",
  "0xd41": "Cortex-A78",
  "0xd42": "Cortex-A78AE",
  "0xd44": "Cortex-X1",
  "0xd46": "Cortex-A510",
  "0xd47": "Cortex-A710",
  "0xd48": "Cortex-X2",
  "0xd49": "Neoverse N2",
  "0xd4b": "Cortex-A78C",
  "0xd4f": "Neoverse V2",
  "0xd80": "Cortex-A520",
  "0xd81": "Cortex-A720",
  "0xd83": "Neoverse V3AE",
  "0xd84": "Neoverse V3",
  "0xd8e": "Neoverse N3",
};

const IMPLEMENTERS: Readonly<Record<string, string>> = {
  "0x41": "ARM",
  "0x46": "Fujitsu",
  "0x48": "HiSilicon",
  "0x4e": "NVIDIA",
  "0x51": "Qualcomm",
  "0x61": "Apple",
  "0xc0": "Ampere",
};

/** "ARM Cortex-A72"; "Qualcomm part 0x802" where only the maker is known. */
export function armPartName(implementer: string, part: string): string {
  const maker = IMPLEMENTERS[implementer] ?? `implementer ${implementer}`;
  const name = implementer === "0x41" ? ARM_PARTS[part] : undefined;
  return `${maker} ${name ?? `part ${part}`}`;
}
