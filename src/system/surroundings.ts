/** What surrounds the process: a container, a virtual machine. */

import { isKnown, type KernelFiles, type Known, UNKNOWN } from "./kernel-files.ts";

/** Words in a control group's path that container engines leave there; the more particular first. */
const CGROUP_SIGNS: readonly (readonly [RegExp, string])[] = [
  [/kubepods/, "kubernetes"],
  [/libpod/, "podman"],
  [/docker/, "docker"],
  [/crio/, "cri-o"],
  [/containerd/, "containerd"],
  [/\/lxc[./]|lxc\.payload/, "lxc"],
  [/machine\.slice\/systemd-nspawn/, "systemd-nspawn"],
];

/** Directories of container engines: where the root's layers, or the files that they put over those of an image, come from. */
const MOUNT_SIGNS: readonly (readonly [RegExp, string])[] = [
  [/\/kubelet\/pods\//, "kubernetes"],
  [/\/containers\/storage\//, "podman"],
  [/\/docker\/|\/containers\/[0-9a-f]{64}\//, "docker"],
  [/\/(io\.)?containerd[./]/, "containerd"],
];
const MOUNTED_BY_ENGINES = ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf"];

interface Mount {
  /** What of its file system is mounted. */
  readonly directory: string;
  readonly at: string;
  readonly kind: string;
  readonly source: string;
  readonly options: string;
}

/** man 5 proc, /proc/pid/mountinfo. */
function mountsOf(files: KernelFiles): Mount[] {
  const text = files.text("proc/self/mountinfo");
  if (!isKnown(text)) return [];
  return text.split("\n").flatMap((line) => {
    const [, , , directory, at] = line.split(" ");
    const [kind, source, options] = line.split(" - ")[1]?.split(" ") ?? [];
    if (!directory || !at || !kind || !source) return [];
    return [{ directory, at, kind, source, options: options ?? "" }];
  });
}

/** Only the root and what lies over its files: a host that runs containers has mounts of theirs elsewhere. */
function byMounts(mounts: readonly Mount[]): string | undefined {
  const origins = mounts
    .filter(({ at }) => at === "/" || MOUNTED_BY_ENGINES.includes(at))
    .map(({ directory, options }) => `${directory} ${options}`)
    .join("\n");
  return MOUNT_SIGNS.find(([sign]) => sign.test(origins))?.[1];
}

/**
 * What to make of Docker's mark without any other sign of it: a virtual machine that was made from an image has it too. The last
 * mount of the root counts, since it lies over the others.
 */
function byMark(mounts: readonly Mount[]): Known<string> {
  const root = mounts.findLast(({ at }) => at === "/");
  if (root?.kind === "overlay") return "docker";
  return root?.source.startsWith("/dev/") ? "none" : UNKNOWN;
}

/** The container engine, "none" if nothing points to one; unknown where /proc is missing or what there is proves nothing. */
export function detectContainer(files: KernelFiles): Known<string> {
  if (files.has("run/.containerenv")) return "podman";
  const cgroups = [files.text("proc/self/cgroup"), files.text("proc/1/cgroup")].filter(isKnown).join("\n");
  const byCgroup = CGROUP_SIGNS.find(([sign]) => sign.test(cgroups))?.[1];
  if (byCgroup !== undefined) return byCgroup;
  const mounts = mountsOf(files);
  const mounted = byMounts(mounts);
  if (mounted !== undefined) return mounted;
  const manager = files.text("run/host/container-manager");
  if (isKnown(manager) && manager !== "") return manager;
  const systemd = files.text("run/systemd/container");
  if (isKnown(systemd) && systemd !== "") return systemd;
  const init = files.text("proc/1/environ");
  const named = /(?:^| )container=(\S+)/.exec(isKnown(init) ? init : "")?.[1];
  if (named !== undefined) return named;
  if (files.has(".dockerenv")) return byMark(mounts);
  return files.has("proc/self/cgroup") ? "none" : UNKNOWN;
}

/** Vendors and products that hypervisors put into DMI; as systemd-detect-virt knows them. */
const DMI_SIGNS: readonly (readonly [RegExp, string])[] = [
  [/\bKVM\b/i, "kvm"],
  [/OpenStack|RHEV|oVirt/i, "kvm"],
  [/Amazon EC2(?!.*metal)/i, "amazon"],
  [/Google Compute Engine/i, "google"],
  [/QEMU/i, "qemu"],
  [/VMware|VMW/i, "vmware"],
  [/VirtualBox|innotek/i, "oracle"],
  [/\bXen\b/i, "xen"],
  [/Bochs/i, "bochs"],
  [/Parallels/i, "parallels"],
  [/BHYVE/i, "bhyve"],
  [/Hyper-V|Microsoft Corporation.*Virtual Machine/i, "microsoft"],
  [/Apple Virtualization/i, "apple"],
  [/Firecracker/i, "firecracker"],
];

const CLOCK_SIGNS: readonly (readonly [RegExp, string])[] = [
  [/kvm-clock/, "kvm"],
  [/hyperv/, "microsoft"],
  [/\bxen\b/, "xen"],
];

function byHypervisorFiles(files: KernelFiles): string | undefined {
  const type = files.text("sys/hypervisor/type");
  if (isKnown(type) && type !== "") return type;
  const compatible = files.text("proc/device-tree/hypervisor/compatible");
  if (!isKnown(compatible)) return undefined;
  return /kvm/.test(compatible) ? "kvm" : /xen/.test(compatible) ? "xen" : "yes";
}

const signed = (signs: readonly (readonly [RegExp, string])[], text: Known<string>) =>
  isKnown(text) ? signs.find(([sign]) => sign.test(text))?.[1] : undefined;

/** What the firmware says of the machine. */
export function readDmi(files: KernelFiles): { product: Known<string>; vendor: Known<string> } {
  const directory = "sys/class/dmi/id";
  return { product: files.text(`${directory}/product_name`), vendor: files.text(`${directory}/sys_vendor`) };
}

/**
 * The hypervisor, "yes" where only its presence shows, "none" where the processor or the firmware say so. x86 has a
 * processor flag for it; arm64 has not, so without firmware to ask it stays unknown there.
 */
export function detectHypervisor(files: KernelFiles): Known<string> {
  const { product, vendor } = readDmi(files);
  const dmi = [vendor, product].filter(isKnown).join(" ");
  const clocks = files.text("sys/devices/system/clocksource/clocksource0/available_clocksource");
  const named = byHypervisorFiles(files) ?? signed(DMI_SIGNS, dmi) ?? signed(CLOCK_SIGNS, clocks);
  if (named !== undefined) return named;
  const flags = /^flags\s*:(.*)$/m.exec(files.text("proc/cpuinfo"))?.[1];
  if (flags !== undefined) return /\shypervisor(\s|$)/.test(flags) ? "yes" : "none";
  return dmi === "" ? UNKNOWN : "none";
}
